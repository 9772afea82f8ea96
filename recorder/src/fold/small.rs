//! Records that are small: each, or several that belong together, is one frame of the tail, in one write. Several that are
//! no longer small together are one block. Either all of them are in the recording, or none is.

use bytes::Bytes;

use super::{BLOCK_BYTES, FOLD_BYTES, Pending, Writer};
use crate::error::RecordError;
use crate::frame::{self, FrameHeader};
use crate::record::Record;

/// A record, and its payload as far as that is kept apart: all of a typed one, or what that of data goes on with.
pub(crate) type Apart<'r> = (Record<'r>, &'r [Bytes]);

/// What the head of a record takes at most, without the name of an event.
const HEAD_BYTES: usize = 32;

impl Writer {
    /// Writes records at once, which have happened at the same moment; with the kernel when it returns.
    pub(crate) fn records(&mut self, at_ns: u64, records: &[Apart<'_>]) -> Result<(), RecordError> {
        if self.pending.len() >= FOLD_BYTES {
            self.fold()?;
        }
        let at_ns = at_ns.max(self.last_ns);
        if records.iter().map(encoded_len).sum::<usize>() >= BLOCK_BYTES {
            self.block_of(at_ns, records)?;
        } else {
            self.frame(at_ns, records)?;
        }
        self.first_ns.get_or_insert(at_ns);
        self.last_ns = at_ns;
        records.iter().for_each(|one| self.counts.add(&one.0, payload_len(one)));
        if self.pending.len() >= FOLD_BYTES {
            // They are in the tail: a fold that fails now is tried again before the next record.
            drop(self.fold());
        }
        Ok(())
    }

    /// Writes the pending records and these as one block.
    fn block_of(&mut self, at_ns: u64, records: &[Apart<'_>]) -> Result<(), RecordError> {
        let before = self.pending.mark();
        self.pending.take(at_ns, records);
        self.fold().inspect_err(|_| self.pending.back_to(before))
    }

    pub(super) fn frame(&mut self, at_ns: u64, records: &[Apart<'_>]) -> Result<(), RecordError> {
        if self.tail_unclean {
            let cut = self.files.tail.set_len(self.tail_len);
            cut.map_err(RecordError::medium("cut the tail to its last good frame"))?;
            self.tail_unclean = false;
        }
        let before = self.pending.mark();
        let base_ns = self.pending.take(at_ns, records);
        match self.write_frame(base_ns, at_ns, &before) {
            Ok(()) => Ok(()),
            Err(error) => {
                self.pending.back_to(before);
                Err(error)
            }
        }
    }

    /// Encrypts and writes what was taken since `before`.
    fn write_frame(&mut self, base_ns: u64, at_ns: u64, before: &Before) -> Result<(), RecordError> {
        let header = FrameHeader {
            sequence: self.pending.frames,
            recording: self.recording,
            ordinal: self.ordinal + 1,
            nonce: self.next_nonce(),
            base_ns,
            last_ns: at_ns,
            records: self.pending.records - before.records,
            evidence_len: 0,
            input_len: 0,
        };
        let evidence = self.pending.evidence.get(before.evidence..).unwrap_or_default();
        let input = self.pending.input.get(before.input..).unwrap_or_default();
        let (bytes, chain) = frame::write(header, &self.keys, &self.pending.chain, evidence, input)?;
        self.tail_unclean = true;
        let written = self.files.tail.write_all_at(&bytes, self.tail_len);
        written.map_err(RecordError::medium("write a frame"))?;
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.tail_unclean = false;
        self.tail_len += len;
        self.tail_written += len;
        self.pending.frames += 1;
        self.pending.chain = chain;
        Ok(())
    }
}

/// Where the pending records were, to go back to.
struct Before {
    evidence: usize,
    input: usize,
    records: u32,
    first_ns: u64,
    last_ns: u64,
}

impl Pending {
    /// Bytes of plaintext.
    pub(super) fn len(&self) -> usize {
        self.evidence.len() + self.input.len()
    }

    fn mark(&self) -> Before {
        let Self { evidence, input, records, first_ns, last_ns, .. } = self;
        let (evidence, input) = (evidence.len(), input.len());
        Before { evidence, input, records: *records, first_ns: *first_ns, last_ns: *last_ns }
    }

    fn back_to(&mut self, before: Before) {
        self.evidence.truncate(before.evidence);
        self.input.truncate(before.input);
        (self.records, self.first_ns, self.last_ns) = (before.records, before.first_ns, before.last_ns);
    }

    /// Adds records. Returns what the first one's delta counts from.
    fn take(&mut self, at_ns: u64, records: &[Apart<'_>]) -> u64 {
        let base_ns = if self.records == 0 { at_ns } else { self.last_ns };
        if self.records == 0 {
            self.first_ns = at_ns;
        }
        let mut delta_ns = at_ns - base_ns;
        for (record, apart) in records {
            record.encode_head(delta_ns, apart.iter().map(Bytes::len).sum(), &mut self.evidence);
            self.evidence.extend_from_slice(record.payload());
            let section = if record.is_typed() { &mut self.input } else { &mut self.evidence };
            apart.iter().for_each(|piece| section.extend_from_slice(piece));
            self.records = self.records.saturating_add(1);
            delta_ns = 0;
        }
        self.last_ns = at_ns;
        base_ns
    }
}

fn payload_len((record, apart): &Apart<'_>) -> usize {
    record.payload().len() + apart.iter().map(Bytes::len).sum::<usize>()
}

/// At most so many bytes of plaintext.
fn encoded_len(one: &Apart<'_>) -> usize {
    let name = match &one.0 {
        Record::Event { kind, .. } => kind.len(),
        _ => 0,
    };
    payload_len(one) + name + HEAD_BYTES
}
