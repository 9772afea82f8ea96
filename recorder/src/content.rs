//! Opens the content of sound blocks: decrypts their sections and reads the records as entries.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use crate::block::{BlockKind, Section, open_section};
use crate::channel::Stream;
use crate::cipher::{DataKey, KeyRole, Unwrapped, unwrap};
use crate::failure::{BadPlace, Failure};
use crate::frame::Frame;
use crate::header::Header;
use crate::key::Identity;
use crate::live::wall_time;
use crate::record::{Record, Records};
use crate::walk::SoundBlock;

/// One thing that happened, as recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Wall time: the start, and what the monotonic clock added.
    pub at: Timestamp,
    /// Nanoseconds since the start, by the monotonic clock.
    pub mono_ns: u64,
    /// The channel; `None` for the session.
    pub channel: Option<u32>,
    /// What it was.
    pub what: What,
}

/// What an entry holds.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Bytes that passed.
    Bytes(Stream, Bytes),
    /// Typed input that was not unmasked: its length alone.
    Masked(Stream, u64),
    /// Bytes of a stream that had been written to the other leg so far.
    Delivered(Stream, u64),
    /// An event with its kind and body.
    Event(String, Value),
}

/// The data keys that could be opened.
pub(crate) struct OpenedKeys {
    pub evidence: DataKey,
    pub input: Option<DataKey>,
}

impl OpenedKeys {
    /// Unwraps with the identities. The evidence key must open; that of typed input may stay closed.
    pub(crate) fn open(header: &Header, identities: &[Identity]) -> Result<Self, BadPlace> {
        let bad = |failure, detail| BadPlace::new(failure, 0, None, detail);
        let open = |key: &crate::header::WrappedKey, role| {
            unwrap(&key.wrapped, identities, role, header.session, &key.commitment)
        };
        let not_committed = "a wrapped key is not the one that the header commits to";
        let evidence = match open(&header.evidence, KeyRole::Evidence) {
            Unwrapped::Key(key) => key,
            Unwrapped::NotForUs => {
                return Err(bad(Failure::WrongIdentity, "no identity opens the evidence key"));
            }
            Unwrapped::NotCommitted => return Err(bad(Failure::KeyCommitmentMismatch, not_committed)),
        };
        let input = match open(&header.input, KeyRole::Input) {
            Unwrapped::Key(key) => Some(key),
            Unwrapped::NotForUs => None,
            Unwrapped::NotCommitted => return Err(bad(Failure::KeyCommitmentMismatch, not_committed)),
        };
        Ok(Self { evidence, input })
    }

    /// The entries of a block, in order.
    pub(crate) fn entries(&self, block: &SoundBlock, started: Timestamp) -> Result<Vec<Entry>, BadPlace> {
        let mut entries = Vec::new();
        match block.header.kind {
            BlockKind::Records => {
                let header = &block.header;
                let open = |section, key| open_section(header, &block.before, &block.body, section, key);
                let evidence = open(Section::Evidence, &self.evidence).ok_or_else(|| closed(block))?;
                let input = match &self.input {
                    Some(key) => Input::Open(open(Section::Input, key).ok_or_else(|| closed(block))?.into()),
                    None => Input::Closed(u64::from(header.input_plain)),
                };
                let times = (header.first_ns, header.last_ns);
                let count = read(evidence.into(), input, times, started, &mut entries);
                check(block, count, header.records)?;
            }
            BlockKind::Frames => self.frames(block, started, &mut entries)?,
        }
        Ok(entries)
    }

    fn frames(
        &self,
        block: &SoundBlock,
        started: Timestamp,
        entries: &mut Vec<Entry>,
    ) -> Result<(), BadPlace> {
        let mut before = block.before;
        let mut rest = block.body.as_slice();
        while let Some(frame) = Frame::parse(rest) {
            let evidence =
                frame.open(&before, Section::Evidence, &self.evidence).ok_or_else(|| closed(block))?;
            let input = match &self.input {
                Some(key) => {
                    Input::Open(frame.open(&before, Section::Input, key).ok_or_else(|| closed(block))?.into())
                }
                None => Input::Closed(frame.input_plain()),
            };
            let times = (frame.header.base_ns, frame.header.last_ns);
            let count = read(evidence.into(), input, times, started, entries);
            check(block, count, frame.header.records)?;
            before = frame.follows(&before).ok_or_else(|| closed(block))?;
            rest = rest.get(frame.whole.len()..).unwrap_or_default();
        }
        Ok(())
    }
}

fn closed(block: &SoundBlock) -> BadPlace {
    let detail = "a section does not decrypt to what the block states";
    BadPlace::new(Failure::ContentBroken, block.offset, Some(block.header.ordinal), detail)
}

fn check(block: &SoundBlock, count: Result<u32, String>, stated: u32) -> Result<(), BadPlace> {
    let malformed = |detail: String| {
        BadPlace::new(Failure::RecordsMalformed, block.offset, Some(block.header.ordinal), detail)
    };
    match count {
        Ok(count) if count == stated => Ok(()),
        Ok(count) => Err(malformed(format!("{count} records where {stated} are stated"))),
        Err(detail) => Err(malformed(detail)),
    }
}

/// The input section, or its length.
enum Input {
    Open(Bytes),
    Closed(u64),
}

impl Input {
    fn take(&mut self, len: u64, stream: Stream) -> Option<What> {
        match self {
            Self::Open(bytes) => {
                let len = usize::try_from(len).ok().filter(|len| *len <= bytes.len())?;
                Some(What::Bytes(stream, bytes.split_to(len)))
            }
            Self::Closed(left) => {
                *left = left.checked_sub(len)?;
                Some(What::Masked(stream, len))
            }
        }
    }

    fn is_used_up(&self) -> bool {
        match self {
            Self::Open(bytes) => bytes.is_empty(),
            Self::Closed(left) => *left == 0,
        }
    }
}

fn read(
    evidence: Bytes,
    mut input: Input,
    (base_ns, last_ns): (u64, u64),
    started: Timestamp,
    entries: &mut Vec<Entry>,
) -> Result<u32, String> {
    let mut records = Records::new(&evidence, base_ns);
    let (mut count, mut now_ns) = (0, base_ns);
    while let Some((mono_ns, record)) = records.next().map_err(|fault| fault.to_string())? {
        let (channel, what) = match record {
            Record::Data { channel, stream, bytes } => {
                (Some(channel), What::Bytes(stream, evidence.slice_ref(bytes)))
            }
            Record::Typed { channel, stream, len } => {
                let what = input.take(len, stream).ok_or("typed records go past the input section")?;
                (Some(channel), what)
            }
            Record::Delivered { channel, stream, total } => (Some(channel), What::Delivered(stream, total)),
            Record::Event { channel, kind, body } => {
                let body = serde_json::from_str(body).map_err(|_| "an event's body is no JSON")?;
                (channel, What::Event(kind.to_owned(), body))
            }
        };
        now_ns = mono_ns;
        entries.push(Entry { at: wall_time(started, mono_ns), mono_ns, channel, what });
        count += 1;
    }
    if !input.is_used_up() {
        return Err("the input section holds more than was typed".to_owned());
    }
    if now_ns == last_ns {
        Ok(count)
    } else {
        Err("the last record has another time than is stated".to_owned())
    }
}
