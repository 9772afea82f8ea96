//! The writer of a live recording: small records go to the tail as frames and wait in memory; a fold turns them into
//! one block of the recording.
//!
//! A file's good length moves only when a write succeeded. After a failed one the file may hold anything beyond it:
//! the next attempt cuts that off first, and encrypts anew under a new nonce.

mod small;

use std::sync::Arc;

use bytes::Bytes;

use crate::block::{BlockHeader, BlockKind, Draft, Worth};
use crate::cipher::DataKeys;
use crate::count::Counts;
use crate::error::RecordError;
use crate::ledger::Hash;
use crate::medium::Medium;
use crate::record::Record;
use crate::seal::{Seal, StreamCount};
use crate::spill::Place;

/// A record of this size becomes a block at once.
pub(crate) const BLOCK_BYTES: usize = 8 * 1024;
/// Pending plaintext is folded at this size.
pub(crate) const FOLD_BYTES: usize = 32 * 1024;
/// What pending buffers keep between folds.
const PENDING_KEPT: usize = 2048;

/// The two files of a live recording.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub chap: Arc<dyn Medium>,
    pub tail: Arc<dyn Medium>,
}

/// Records that are in the tail and not yet in a block.
#[derive(Default)]
struct Pending {
    evidence: Vec<u8>,
    input: Vec<u8>,
    records: u32,
    first_ns: u64,
    last_ns: u64,
    frames: u32,
    /// Chain value of the last frame; that of the last block while there is no frame.
    chain: Hash,
}

/// Everything that changes while a recording is written; behind one lock.
pub(crate) struct Writer {
    files: Files,
    keys: DataKeys,
    recording: [u8; 8],
    /// Chain value and ordinal of the last block.
    pub chain: Hash,
    pub ordinal: u64,
    /// Never reset, never used twice: every attempt takes the next.
    nonce: u64,
    /// Good lengths.
    pub chap_len: u64,
    pub tail_len: u64,
    /// The file may hold bytes beyond its good length.
    chap_unclean: bool,
    tail_unclean: bool,
    /// Bytes ever written to the tail; what durability is measured by.
    pub tail_written: u64,
    pending: Pending,
    pub counts: Counts,
    pub first_ns: Option<u64>,
    pub last_ns: u64,
    /// Blocks at the last checkpoint.
    pub announced: u64,
    /// Wall clock minus the monotonic clock's reckoning, as last recorded.
    pub wall_offset_ns: i128,
    /// Set when sealing begins: nothing is appended any more.
    pub ending: bool,
    pub end_written: bool,
    /// Made once, so that every attempt writes the same seal.
    pub sealing: Option<(Seal, Vec<u8>)>,
    pub sealed: Option<Seal>,
    last_block: Option<Place>,
    worth: Worth,
}

impl Writer {
    pub(crate) fn new(files: Files, keys: DataKeys, chain: Hash, header_len: u64) -> Self {
        Self {
            files,
            keys,
            recording: crate::header::recording_tag(&chain),
            chain,
            ordinal: 0,
            nonce: 1,
            chap_len: header_len,
            tail_len: 0,
            chap_unclean: false,
            tail_unclean: false,
            tail_written: 0,
            pending: Pending { chain, ..Pending::default() },
            counts: Counts::default(),
            first_ns: None,
            last_ns: 0,
            announced: 0,
            wall_offset_ns: 0,
            ending: false,
            end_written: false,
            sealing: None,
            sealed: None,
            last_block: None,
            worth: Worth::default(),
        }
    }

    /// A panic passed through while the lock was held: trust no byte beyond the good lengths.
    pub(crate) fn distrust(&mut self) {
        self.chap_unclean = true;
        self.tail_unclean = true;
    }

    /// Where the newest block stands.
    pub(crate) fn last_block(&self) -> Option<Place> {
        self.last_block
    }

    pub(crate) fn medium(&self) -> Arc<dyn Medium> {
        Arc::clone(&self.files.chap)
    }

    pub(crate) fn keys(&self) -> &DataKeys {
        &self.keys
    }

    /// Whether every frame of the tail is in a block.
    pub(crate) fn is_folded(&self) -> bool {
        self.pending.records == 0
    }

    /// Writes one record; with the kernel when it returns. `apart` is the payload of a typed record, or what that of data
    /// goes on with: a batch that came in pieces is not joined.
    pub(crate) fn record(
        &mut self,
        at_ns: u64,
        record: &Record<'_>,
        apart: &[Bytes],
    ) -> Result<(), RecordError> {
        if self.pending.evidence.len() + self.pending.input.len() >= FOLD_BYTES {
            self.fold()?;
        }
        let at_ns = at_ns.max(self.last_ns);
        let more = apart.iter().map(Bytes::len).sum();
        let payload = record.payload().len() + more;
        if payload >= BLOCK_BYTES {
            self.block_with(at_ns, record, apart, more)?;
        } else {
            self.frame(at_ns, &[(*record, apart)])?;
        }
        self.first_ns.get_or_insert(at_ns);
        self.last_ns = at_ns;
        self.counts.add(record, payload);
        if self.pending.evidence.len() + self.pending.input.len() >= FOLD_BYTES {
            // The record is in the tail: a fold that fails now is tried again before the next one.
            drop(self.fold());
        }
        Ok(())
    }

    fn next_nonce(&mut self) -> u64 {
        let nonce = self.nonce;
        // 2⁶⁴ attempts do not happen in one recording.
        self.nonce = self.nonce.saturating_add(1);
        nonce
    }

    /// Writes the pending records and this one as one block, in one write.
    fn block_with(
        &mut self,
        at_ns: u64,
        record: &Record<'_>,
        apart: &[Bytes],
        more: usize,
    ) -> Result<(), RecordError> {
        let (first_ns, before_ns) = match self.pending.records {
            0 => (at_ns, at_ns),
            _ => (self.pending.first_ns, self.pending.last_ns),
        };
        let mut head = Vec::with_capacity(64);
        record.encode_head(at_ns - before_ns, more, &mut head);
        let pending = std::mem::take(&mut self.pending);
        let (mut evidence, mut input) =
            (vec![pending.evidence.as_slice(), &head, record.payload()], vec![pending.input.as_slice()]);
        let section = if record.is_typed() { &mut input } else { &mut evidence };
        section.extend(apart.iter().map(|piece| &piece[..]));
        let parts = Parts {
            evidence: &evidence,
            input: &input,
            records: pending.records.saturating_add(1),
            first_ns,
            last_ns: at_ns,
        };
        let tries = self.worth.tries();
        let written = self.write_block(&parts, tries).map(|packed| self.worth.learns(packed));
        self.settle(pending, written)
    }

    /// Turns the pending records into a block. Nothing to do when there is none.
    pub(crate) fn fold(&mut self) -> Result<(), RecordError> {
        if self.is_folded() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        let parts = Parts {
            evidence: &[&pending.evidence],
            input: &[&pending.input],
            records: pending.records,
            first_ns: pending.first_ns,
            last_ns: pending.last_ns,
        };
        let written = self.write_block(&parts, true).map(|_| ());
        self.settle(pending, written)
    }

    /// After a block: nothing is pending. After a failure: everything still is.
    fn settle(&mut self, mut pending: Pending, written: Result<(), RecordError>) -> Result<(), RecordError> {
        if written.is_ok() {
            pending.evidence.clear();
            pending.evidence.shrink_to(PENDING_KEPT);
            pending.input.clear();
            pending.input.shrink_to(PENDING_KEPT);
            pending = Pending {
                evidence: pending.evidence,
                input: pending.input,
                chain: self.chain,
                ..Pending::default()
            };
        }
        self.pending = pending;
        written
    }

    /// Whether it is compressed.
    fn write_block(&mut self, parts: &Parts<'_>, tries: bool) -> Result<bool, RecordError> {
        let header = BlockHeader {
            kind: BlockKind::Records,
            flags: 0,
            recording: self.recording,
            ordinal: self.ordinal + 1,
            nonce: self.next_nonce(),
            first_ns: parts.first_ns,
            last_ns: parts.last_ns,
            records: parts.records,
            evidence_len: 0,
            input_len: 0,
            evidence_plain: 0,
            input_plain: 0,
        };
        self.clean_chap()?;
        let draft = Draft { header, evidence: parts.evidence, input: parts.input, tries };
        let (chap, at) = (Arc::clone(&self.files.chap), self.chap_len);
        let written = draft.write(&self.keys, &self.chain, |bytes| {
            chap.write_all_at(bytes, at).map_err(RecordError::medium("write a block"))
        });
        match written {
            Ok((chain, len, packed)) => {
                self.last_block = Some(Place { ordinal: self.ordinal + 1, offset: at, before: self.chain });
                self.chain = chain;
                self.ordinal += 1;
                self.chap_len += len;
                Ok(packed)
            }
            Err(error) => {
                self.chap_unclean = true;
                Err(error)
            }
        }
    }

    /// Writes the seal behind the last block. The caller takes it back with [`Writer::unwrite`] if it does not become
    /// durable.
    pub(crate) fn write_seal(&mut self, seal: &[u8]) -> Result<(), RecordError> {
        self.clean_chap()?;
        self.chap_unclean = true;
        self.files.chap.write_all_at(seal, self.chap_len).map_err(RecordError::medium("write the seal"))?;
        self.chap_unclean = false;
        Ok(())
    }

    /// What stands beyond the good length does not count.
    pub(crate) fn unwrite(&mut self) {
        self.chap_unclean = true;
    }

    fn clean_chap(&mut self) -> Result<(), RecordError> {
        if self.chap_unclean {
            let cut = self.files.chap.set_len(self.chap_len);
            cut.map_err(RecordError::medium("cut the recording to its last good block"))?;
            self.chap_unclean = false;
        }
        Ok(())
    }

    /// Empties the tail. Only for when every frame in it is in a durable block.
    pub(crate) fn empty_tail(&mut self) -> Result<(), RecordError> {
        self.tail_unclean = true;
        self.files.tail.set_len(0).map_err(RecordError::medium("empty the tail"))?;
        self.tail_len = 0;
        self.tail_unclean = false;
        Ok(())
    }

    /// Records the delivered totals that changed since they were last recorded.
    pub(crate) fn state_delivered(&mut self, at_ns: u64) -> Result<(), RecordError> {
        for StreamCount { channel, stream, delivered, .. } in self.counts.unstated() {
            self.record(at_ns, &Record::Delivered { channel, stream, total: delivered }, &[])?;
            self.counts.stated(channel, stream, delivered);
        }
        Ok(())
    }
}

/// What goes into a block.
struct Parts<'p> {
    evidence: &'p [&'p [u8]],
    input: &'p [&'p [u8]],
    records: u32,
    first_ns: u64,
    last_ns: u64,
}
