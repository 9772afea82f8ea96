//! Durability: one sync at a time, without holding up appends, and the repair after one that failed.
//!
//! After a failed fsync the kernel may have dropped what it could not write, and the next fsync succeeds without it.
//! So a repair reads back what is not yet durable, checks it against the chain, writes it again, and syncs again.
//! Frames need no such care: their records are in memory, and the repair folds them into a block.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use crate::block::{BlockHeader, CHAIN_LEN, HEADER_LEN};
use crate::error::RecordError;
use crate::fold::{Files, Writer};
use crate::ledger::Hash;
use crate::live::Inner;

/// A tail of this size is folded, made durable and emptied.
pub(crate) const TAIL_BYTES: u64 = 1 << 20;

/// What is known to be durable. Behind its own lock, which is taken before the writer's.
pub(crate) struct SyncState {
    chap: u64,
    chain: Hash,
    ordinal: u64,
    /// Measured in bytes ever written to the tail.
    tail: u64,
    chap_failed: bool,
}

impl SyncState {
    pub(crate) fn new(header_len: u64, chain: Hash) -> Self {
        Self { chap: header_len, chain, ordinal: 0, tail: 0, chap_failed: false }
    }

    fn reached(&mut self, writer: &Mark) {
        self.chap = writer.chap;
        self.chain = writer.chain;
        self.ordinal = writer.ordinal;
        self.chap_failed = false;
    }
}

/// How far the writer was.
struct Mark {
    chap: u64,
    chain: Hash,
    ordinal: u64,
    tail: u64,
}

impl Mark {
    fn of(writer: &Writer) -> Self {
        Self {
            chap: writer.chap_len,
            chain: writer.chain,
            ordinal: writer.ordinal,
            tail: writer.tail_written,
        }
    }
}

impl Inner {
    /// Makes durable what was appended before the call. Appends go on meanwhile.
    pub(crate) fn sync(&self, state: &mut MutexGuard<'_, SyncState>) -> Result<(), RecordError> {
        // Cleared before it is looked how far the writer is: what is written after that look is seen by the next sync.
        self.unsynced.store(false, Ordering::Release);
        self.sync_all(state).inspect_err(|_| self.unsynced.store(true, Ordering::Release))
    }

    fn sync_all(&self, state: &mut MutexGuard<'_, SyncState>) -> Result<(), RecordError> {
        if self.sync_failed.load(Ordering::Acquire) {
            return self.heal(state);
        }
        let mark = Mark::of(&self.writer());
        if mark.chap > state.chap {
            self.files.chap.sync_data().map_err(|cause| {
                state.chap_failed = true;
                self.sync_failed(cause, "sync the recording")
            })?;
            state.reached(&mark);
        }
        {
            let mut writer = self.writer();
            if writer.is_folded() && writer.chap_len == state.chap {
                state.tail = writer.tail_written;
                if writer.tail_len > 0 {
                    writer.empty_tail()?;
                }
                return Ok(());
            }
        }
        if mark.tail > state.tail {
            self.files.tail.sync_data().map_err(|cause| self.sync_failed(cause, "sync the tail"))?;
            state.tail = mark.tail;
        }
        Ok(())
    }

    /// Folds, makes everything durable and empties the tail; repairs what a failed sync left open. Appends wait.
    pub(crate) fn heal(&self, state: &mut MutexGuard<'_, SyncState>) -> Result<(), RecordError> {
        let mut writer = self.writer();
        writer.fold()?;
        let mark = Mark::of(&writer);
        if state.chap_failed {
            rewrite(&self.files, state, &mark)?;
        }
        if mark.chap > state.chap || state.chap_failed {
            self.files.chap.sync_data().map_err(|cause| {
                state.chap_failed = true;
                self.sync_failed(cause, "sync the recording")
            })?;
        }
        state.reached(&mark);
        writer.empty_tail()?;
        state.tail = writer.tail_written;
        self.sync_failed.store(false, Ordering::Release);
        Ok(())
    }

    fn sync_failed(&self, cause: std::io::Error, operation: &'static str) -> RecordError {
        self.sync_failed.store(true, Ordering::Release);
        RecordError::Medium { operation, cause }
    }
}

/// Reads back the blocks between what is durable and `mark`, and writes them again where they are what was written.
fn rewrite(files: &Files, state: &SyncState, mark: &Mark) -> Result<(), RecordError> {
    let (mut at, mut chain, mut block) = (state.chap, state.chain, state.ordinal);
    while at < mark.chap {
        block += 1;
        let lost = || RecordError::Lost { block };
        let mut header = [0; HEADER_LEN];
        let read = |buffer: &mut [u8], at| {
            files.chap.read_exact_at(buffer, at).map_err(RecordError::medium("read back the recording"))
        };
        read(&mut header, at)?;
        let parsed = BlockHeader::parse(&header).ok_or_else(lost)?;
        let total = usize::try_from(parsed.total_len()).map_err(|_| lost())?;
        let mut bytes = vec![0; total];
        read(&mut bytes, at)?;
        let (rest, stored) = bytes.split_last_chunk::<CHAIN_LEN>().ok_or_else(lost)?;
        let computed = parsed.chain(&chain, rest.get(HEADER_LEN..).ok_or_else(lost)?);
        if computed != *stored {
            return Err(lost());
        }
        files.chap.write_all_at(&bytes, at).map_err(RecordError::medium("write the recording again"))?;
        chain = computed;
        at += parsed.total_len();
    }
    if at == mark.chap && chain == mark.chain { Ok(()) } else { Err(RecordError::Lost { block: block + 1 }) }
}
