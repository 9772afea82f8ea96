//! Opens the content of sound blocks: decrypts their sections, and reads the records of them as entries.
//!
//! A block is checked whole before its first entry is given out. Entries are made one by one: a small block may hold
//! half a million of them.

use std::collections::VecDeque;

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
use crate::ledger::is_canonical;
use crate::live::wall_time;
use crate::record::{Record, RecordFault, Records};
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

/// Which typed input is shown, of that which can be opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// Of this channel alone.
    pub channel: Option<u32>,
    /// From this millisecond on, since the start.
    pub from_ms: Option<u64>,
    /// Before this millisecond.
    pub to_ms: Option<u64>,
}

impl Typed {
    fn shows(&self, channel: Option<u32>, at_ms: u64) -> bool {
        self.channel.is_none_or(|only| channel == Some(only))
            && self.from_ms.is_none_or(|from| at_ms >= from)
            && self.to_ms.is_none_or(|to| at_ms < to)
    }
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

    /// The content of a block, checked.
    pub(crate) fn content(&self, block: &SoundBlock) -> Result<BlockContent, BadPlace> {
        self.visited(block, |_| ())
    }

    /// The content of a block, checked; each record is shown to `visit` on the way.
    pub(crate) fn visited(
        &self,
        block: &SoundBlock,
        mut visit: impl FnMut(&Record<'_>),
    ) -> Result<BlockContent, BadPlace> {
        let mut parts = VecDeque::new();
        match block.header.kind {
            BlockKind::Records => {
                let header = &block.header;
                let open = |section, key| {
                    let opened = open_section(header, &block.before, &block.body, section, key);
                    opened.map(Bytes::from).ok_or_else(|| closed(block))
                };
                let evidence = open(Section::Evidence, &self.evidence)?;
                let input = match &self.input {
                    Some(key) => Input::Open(open(Section::Input, key)?),
                    None => Input::Closed(u64::from(header.input_plain)),
                };
                let part = Part { evidence, input, base_ns: header.first_ns };
                part.check(true, (header.last_ns, header.records), &mut visit)
                    .map_err(|why| malformed(block, why))?;
                parts.push_back(part);
            }
            BlockKind::Frames => self.frames(block, &mut parts, &mut visit)?,
        }
        Ok(BlockContent(parts))
    }

    fn frames(
        &self,
        block: &SoundBlock,
        parts: &mut VecDeque<Part>,
        visit: &mut impl FnMut(&Record<'_>),
    ) -> Result<(), BadPlace> {
        let mut before = block.before;
        let mut rest = block.body.as_slice();
        while let Some(frame) = Frame::parse(rest) {
            let open = |section, key| {
                let opened = frame.open(&before, section, key);
                opened.map(Bytes::from).ok_or_else(|| closed(block))
            };
            let evidence = open(Section::Evidence, &self.evidence)?;
            let input = match &self.input {
                Some(key) => Input::Open(open(Section::Input, key)?),
                None => Input::Closed(frame.input_plain()),
            };
            let part = Part { evidence, input, base_ns: frame.header.base_ns };
            let stated = (frame.header.last_ns, frame.header.records);
            part.check(parts.is_empty(), stated, visit).map_err(|why| malformed(block, why))?;
            parts.push_back(part);
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

fn malformed(block: &SoundBlock, why: String) -> BadPlace {
    BadPlace::new(Failure::RecordsMalformed, block.offset, Some(block.header.ordinal), why)
}

/// What is left to be read of a block's entries.
#[derive(Default)]
pub(crate) struct BlockContent(VecDeque<Part>);

impl BlockContent {
    /// The next entry. `None` at the end: that there is nothing wrong before it was checked.
    pub(crate) fn next(&mut self, started: Timestamp, shown: Option<&Typed>) -> Option<Entry> {
        loop {
            let part = self.0.front_mut()?;
            match part.next(started, shown) {
                Some(entry) => return Some(entry),
                None => drop(self.0.pop_front()),
            }
        }
    }

    /// Whether every entry was taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|part| part.evidence.is_empty())
    }
}

/// The records of a block or frame, or those that are left of them.
struct Part {
    evidence: Bytes,
    input: Input,
    /// What the first one's delta counts from.
    base_ns: u64,
}

/// The input section, or its length.
#[derive(Clone)]
enum Input {
    Open(Bytes),
    Closed(u64),
}

impl Input {
    fn len(&self) -> u64 {
        match self {
            Self::Open(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Self::Closed(len) => *len,
        }
    }

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
}

impl Part {
    /// Reads every record, and compares them with what is stated: the last one's time, and how many there are. A
    /// block's first record has the block's first time.
    fn check(
        &self,
        first: bool,
        (last_ns, stated): (u64, u32),
        visit: &mut impl FnMut(&Record<'_>),
    ) -> Result<(), String> {
        let mut records = Records::new(&self.evidence, self.base_ns);
        let (mut count, mut now_ns, mut typed) = (0_u32, self.base_ns, 0_u64);
        while let Some((at_ns, record)) = records.next().map_err(|fault: RecordFault| fault.to_string())? {
            match record {
                Record::Typed { len, .. } => typed = typed.saturating_add(len),
                Record::Event { body, .. } => {
                    is_canonical(body.as_bytes())
                        .then_some(())
                        .ok_or("an event's body is no canonical JSON")?;
                }
                Record::Data { .. } | Record::Delivered { .. } => {}
            }
            if first && count == 0 && at_ns != self.base_ns {
                return Err("the first record has another time than its block".to_owned());
            }
            visit(&record);
            now_ns = at_ns;
            count = count.saturating_add(1);
        }
        if typed > self.input.len() {
            return Err("typed records go past the input section".to_owned());
        }
        if typed < self.input.len() {
            return Err("the input section holds more than was typed".to_owned());
        }
        if count != stated {
            return Err(format!("{count} records where {stated} are stated"));
        }
        if now_ns == last_ns {
            Ok(())
        } else {
            Err("the last record has another time than is stated".to_owned())
        }
    }

    fn next(&mut self, started: Timestamp, shown: Option<&Typed>) -> Option<Entry> {
        let mut records = Records::new(&self.evidence, self.base_ns);
        let (mono_ns, record) = records.next().ok()??;
        let read = records.read();
        let (channel, what) = match record {
            Record::Data { channel, stream, bytes } => {
                (Some(channel), What::Bytes(stream, self.evidence.slice_ref(bytes)))
            }
            Record::Typed { channel, stream, len } => {
                let typed = self.input.take(len, stream)?;
                let is_shown = shown.is_some_and(|shown| shown.shows(Some(channel), mono_ns / 1_000_000));
                (Some(channel), if is_shown { typed } else { What::Masked(stream, len) })
            }
            Record::Delivered { channel, stream, total } => (Some(channel), What::Delivered(stream, total)),
            Record::Event { channel, kind, body } => {
                (channel, What::Event(kind.to_owned(), serde_json::from_str(body).ok()?))
            }
        };
        let entry = Entry { at: wall_time(started, mono_ns), mono_ns, channel, what };
        self.evidence = self.evidence.slice(read..);
        self.base_ns = mono_ns;
        Some(entry)
    }
}
