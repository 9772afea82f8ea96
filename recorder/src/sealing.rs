//! The end of a live recording: end marker, last block durable, seal durable. In that order, and each once.

use std::fs;

use serde_json::json;

use crate::error::RecordError;
use crate::fold::Writer;
use crate::ledger::{Hash, canonical_json};
use crate::live::Inner;
use crate::opening::Ending;
use crate::record::Record;
use crate::seal::{Seal, SealState};

impl Inner {
    /// Ends and seals, as far as it has not been done by an earlier call.
    pub(crate) fn try_seal(&self, ending: &Ending) -> Result<Seal, RecordError> {
        let mut synced = self.lock_sync();
        {
            let mut writer = self.writer();
            if let Some(seal) = &writer.sealed {
                return Ok(seal.clone());
            }
            writer.ending = true;
            if !writer.end_written {
                self.write_end(&mut writer, ending)?;
            }
        }
        // The last block is durable before the seal is written: a seal never stands behind a gap.
        self.heal(&mut synced)?;
        let mut writer = self.writer();
        let (seal, bytes) = match writer.sealing.take() {
            Some(made) => made,
            None => self.make_seal(&writer, ending)?,
        };
        let sealed = writer
            .write_seal(&bytes)
            .and_then(|()| self.files.chap.sync_data().map_err(RecordError::medium("sync the seal")));
        if let Err(error) = sealed {
            writer.unwrite();
            writer.sealing = Some((seal, bytes));
            return Err(error);
        }
        // The commit point. A crash before it leaves the recording to recovery; after it only the empty tail is left,
        // which recovery removes.
        writer.sealed = Some(seal.clone());
        drop(fs::remove_file(self.folder.tail(self.session)));
        Ok(seal)
    }

    /// The end marker: delivered counts, and an `end` event.
    fn write_end(&self, writer: &mut Writer, ending: &Ending) -> Result<(), RecordError> {
        let now_ns = self.now_ns();
        writer.state_delivered(now_ns)?;
        self.state_clock(writer, now_ns)?;
        let body = canonical_json(&json!({ "reason": ending.reason, "at": ending.at }))?;
        writer.record(now_ns, &Record::Event { channel: None, kind: "end", body: &body }, &[])?;
        writer.end_written = true;
        Ok(())
    }

    fn make_seal(&self, writer: &Writer, ending: &Ending) -> Result<(Seal, Vec<u8>), RecordError> {
        let mut seal = Seal {
            session: self.session,
            recording: self.recording,
            state: SealState::Sealed,
            blocks: writer.ordinal,
            chain: writer.chain,
            records: Some(writer.counts.records),
            bytes: Some(writer.counts.bytes),
            first_at: writer.first_ns.map(|ns| self.wall(ns)),
            last_at: writer.first_ns.map(|_| self.wall(writer.last_ns)),
            at: ending.at,
            reason: ending.reason.clone(),
            coverage: ending.coverage.clone(),
            counts: writer.counts.by_stream(),
            recovery: None,
            seal_key: self.signer.public(),
            hash: Hash::default(),
        };
        let written = match seal.write(&self.signer) {
            // Tried again, it would be as long again.
            Err(RecordError::TooLarge { .. }) => {
                seal.abridge();
                seal.write(&self.signer)
            }
            written => written,
        };
        Ok((seal, written?))
    }
}
