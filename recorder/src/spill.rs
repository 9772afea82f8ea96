//! Payload that waits in the recording instead of in memory: recorded, not yet delivered, and read back when its turn
//! comes. A slow peer then costs disk that is used anyway.

use bytes::Bytes;

use crate::append::ChannelRecorder;
use crate::block::{BlockHeader, HEADER_LEN, Section, open_section};
use crate::channel::{Recorded, Stream};
use crate::error::{AppendError, RecordError};
use crate::fold::Writer;
use crate::ledger::Hash;

/// A recorded batch.
#[derive(Debug)]
pub enum Kept {
    /// In memory.
    Here(Recorded),
    /// In the recording.
    There(Spilled),
}

/// A recorded batch that is in the recording only.
#[derive(Debug)]
pub struct Spilled {
    recorder: ChannelRecorder,
    stream: Stream,
    len: usize,
    place: Place,
}

/// Where a block stands, and the chain value that it was encrypted under.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub ordinal: u64,
    pub offset: u64,
    pub before: Hash,
}

impl ChannelRecorder {
    /// Records a batch as [`ChannelRecorder::append`] does, and leaves it in the recording where that can be.
    ///
    /// # Errors
    /// As for [`ChannelRecorder::append`].
    pub fn append_spilled(&self, stream: Stream, bytes: Bytes) -> Result<Kept, AppendError> {
        // The record is the last of its block. Where the fold fails it is in the tail, and stays in memory too.
        let fold = |writer: &mut Writer| writer.fold().ok().and_then(|()| writer.last_block());
        match self.take(stream, std::slice::from_ref(&bytes), fold) {
            Ok(Some(Some(place))) => {
                Ok(Kept::There(Spilled { recorder: self.clone(), stream, len: bytes.len(), place }))
            }
            Ok(_) => Ok(Kept::Here(self.recorded(stream, bytes))),
            Err(cause) => Err(AppendError { pieces: vec![bytes], cause }),
        }
    }

    pub(crate) fn is_typed(&self, stream: Stream) -> bool {
        self.typed_input && stream == Stream::Input
    }
}

impl Spilled {
    /// Bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reads the batch back.
    ///
    /// # Errors
    /// When the recording cannot be read, or no longer holds what was written.
    pub fn fetch(&self) -> Result<Recorded, RecordError> {
        let section = if self.recorder.is_typed(self.stream) { Section::Input } else { Section::Evidence };
        let plain = self.recorder.recording.inner.writer().read_back(self.place, section)?;
        let from =
            plain.len().checked_sub(self.len).ok_or(RecordError::Lost { block: self.place.ordinal })?;
        let bytes = Bytes::from(plain).slice(from..);
        let (session, channel) = (self.recorder.recording.session(), self.recorder.number);
        Ok(Recorded { session, channel, stream: self.stream, bytes })
    }
}

impl Writer {
    /// Decrypts one section of a block that this writer wrote.
    fn read_back(&self, place: Place, section: Section) -> Result<Vec<u8>, RecordError> {
        let read = |cause| RecordError::medium("read a block back")(cause);
        let lost = || RecordError::Lost { block: place.ordinal };
        let mut head = [0; HEADER_LEN];
        let chap = self.medium();
        chap.read_exact_at(&mut head, place.offset).map_err(read)?;
        let header = BlockHeader::parse(&head).ok_or_else(lost)?;
        let mut body = vec![0; header.body_len()];
        let body_at = place.offset + u64::try_from(HEADER_LEN).unwrap_or_default();
        chap.read_exact_at(&mut body, body_at).map_err(read)?;
        let keys = self.keys();
        let key = match section {
            Section::Evidence => &keys.evidence,
            Section::Input => &keys.input,
        };
        open_section(&header, &place.before, &body, section, key).ok_or_else(lost)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{ChannelKind, Durability, Ending, Folder, Identity, LiveRecording, Opening, RecordingKeys};
    use crate::{SigningKey, VerifyWith, verify};

    fn start(folder: &Folder, mode: Durability) -> (LiveRecording, VerifyWith) {
        let (evidence, unmask) = (Identity::generate(), Identity::generate());
        let signer = Arc::new(SigningKey::generate().unwrap());
        let keys = RecordingKeys {
            evidence: vec![evidence.recipient()],
            unmask: vec![unmask.recipient()],
            signer: Arc::clone(&signer),
        };
        let opening = Opening { session: Uuid::now_v7(), started: Timestamp::now(), facts: json!({}), mode };
        let with = VerifyWith {
            keys: vec![signer.public()],
            identities: vec![evidence, unmask],
            ..VerifyWith::default()
        };
        (LiveRecording::start(folder, opening, &keys).unwrap(), with)
    }

    #[test]
    fn what_is_left_in_the_recording_comes_back_as_it_was_in_any_order() {
        for mode in [Durability::Prompt, Durability::Durable] {
            for typed in [false, true] {
                let place = tempfile::tempdir().unwrap();
                let folder = Folder::open(place.path()).unwrap();
                let (live, with) = start(&folder, mode);
                let channel = live.open_channel(0, ChannelKind::new("exec", json!({})), typed).unwrap();
                let batches: Vec<Bytes> = [1, 100, 8_191, 8_192, 40_000, 131_072]
                    .into_iter()
                    .enumerate()
                    .map(|(seed, len)| (0..len).map(|n| (n * 7 + seed) as u8).collect::<Vec<u8>>().into())
                    .collect();
                let kept: Vec<Kept> = batches
                    .iter()
                    .flat_map(|batch| {
                        drop(channel.append(Stream::Output, Bytes::from_static(b"between")).unwrap());
                        [channel.append_spilled(Stream::Input, batch.clone()).unwrap()]
                    })
                    .collect();
                for (kept, batch) in kept.iter().zip(&batches).rev() {
                    let Kept::There(spilled) = kept else { panic!("it stayed in memory") };
                    assert_eq!(spilled.len(), batch.len());
                    let back = spilled.fetch().unwrap();
                    assert_eq!((back.stream(), back.into_bytes()), (Stream::Input, batch.clone()));
                }
                let ending = Ending { reason: "test".to_owned(), at: Timestamp::now(), coverage: Vec::new() };
                live.seal(ending).unwrap();
                let verdict = verify(&folder.recording(live.session()), &with);
                assert!(verdict.is_sound(), "{verdict}");
            }
        }
    }
}
