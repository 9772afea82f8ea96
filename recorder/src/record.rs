//! Records, the plaintext of an evidence section: what passed, when, on which channel.
//!
//! `tag ‖ varint(delta ns) ‖ varint(channel + 1, 0 = the session) ‖ fields`; `recorder/README.md` has the table.

use crate::channel::Stream;

const EVENT: u8 = 0x01;
const DATA: u8 = 0x10;
const TYPED: u8 = 0x20;
const DELIVERED: u8 = 0x30;

/// One record, borrowed from its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record<'s> {
    Data {
        channel: u32,
        stream: Stream,
        bytes: &'s [u8],
    },
    /// Typed input: its bytes are the next `len` of the input section.
    Typed {
        channel: u32,
        stream: Stream,
        len: u64,
    },
    /// Bytes delivered to the other leg so far.
    Delivered {
        channel: u32,
        stream: Stream,
        total: u64,
    },
    Event {
        channel: Option<u32>,
        kind: &'s str,
        body: &'s str,
    },
}

impl Record<'_> {
    /// The channel that the record names; `None` for the session.
    pub(crate) fn channel(&self) -> Option<u32> {
        match *self {
            Self::Data { channel, .. } | Self::Typed { channel, .. } | Self::Delivered { channel, .. } => {
                Some(channel)
            }
            Self::Event { channel, .. } => channel,
        }
    }

    /// Whether its payload is in the input section.
    pub(crate) fn is_typed(&self) -> bool {
        matches!(self, Self::Typed { .. })
    }

    /// What the record ends with: kept apart, so that a large batch is copied once.
    pub(crate) fn payload(&self) -> &[u8] {
        match self {
            Self::Data { bytes, .. } => bytes,
            Self::Event { body, .. } => body.as_bytes(),
            Self::Typed { .. } | Self::Delivered { .. } => &[],
        }
    }

    /// Appends the record without its payload, `delta_ns` after the one before it in its section. The payload of data goes
    /// on for `more` bytes behind those that the record has.
    pub(crate) fn encode_head(&self, delta_ns: u64, more: usize, to: &mut Vec<u8>) {
        let head = |to: &mut Vec<u8>, tag: u8, channel: Option<u32>| {
            to.push(tag);
            put_varint(to, delta_ns);
            put_varint(to, channel.map_or(0, |number| u64::from(number) + 1));
        };
        match *self {
            Self::Data { channel, stream, bytes } => {
                head(to, DATA | stream.code(), Some(channel));
                put_len(to, bytes.len() + more);
            }
            Self::Typed { channel, stream, len } => {
                head(to, TYPED | stream.code(), Some(channel));
                put_varint(to, len);
            }
            Self::Delivered { channel, stream, total } => {
                head(to, DELIVERED | stream.code(), Some(channel));
                put_varint(to, total);
            }
            Self::Event { channel, kind, body } => {
                head(to, EVENT, channel);
                put_len(to, kind.len());
                to.extend_from_slice(kind.as_bytes());
                put_len(to, body.len());
            }
        }
    }
}

/// A section is not a sequence of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record is malformed at byte {at} of its section: {what}")]
pub struct RecordFault {
    /// Offset in the plaintext section.
    pub at: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// Reads the records of one section.
pub(crate) struct Records<'s> {
    section: &'s [u8],
    rest: &'s [u8],
    now_ns: u64,
}

impl<'s> Records<'s> {
    /// `base_ns` is what the first record's delta counts from.
    pub(crate) fn new(section: &'s [u8], base_ns: u64) -> Self {
        Self { section, rest: section, now_ns: base_ns }
    }

    /// Bytes of the section that were read.
    pub(crate) fn read(&self) -> usize {
        self.section.len() - self.rest.len()
    }

    /// The next record with its time.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Record<'s>)>, RecordFault> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let at = self.read();
        self.take().map(Some).map_err(|what| RecordFault { at, what })
    }

    fn take(&mut self) -> Result<(u64, Record<'s>), &'static str> {
        let (tag, rest) = self.rest.split_first().ok_or("no tag")?;
        self.rest = rest;
        let delta = self.varint()?;
        self.now_ns = self.now_ns.checked_add(delta).ok_or("the time is too large")?;
        let channel = match self.varint()? {
            0 => None,
            more => Some(u32::try_from(more - 1).map_err(|_| "the channel is too large")?),
        };
        let record = if *tag == EVENT {
            let kind = std::str::from_utf8(self.bytes()?).map_err(|_| "an event's kind is not UTF-8")?;
            let body = std::str::from_utf8(self.bytes()?).map_err(|_| "an event's body is not UTF-8")?;
            Record::Event { channel, kind, body }
        } else {
            let stream = Stream::from_code(tag & 0x0f).ok_or("an unknown stream")?;
            let channel = channel.ok_or("payload without a channel")?;
            match tag & 0xf0 {
                DATA => Record::Data { channel, stream, bytes: self.bytes()? },
                TYPED => Record::Typed { channel, stream, len: self.varint()? },
                DELIVERED => Record::Delivered { channel, stream, total: self.varint()? },
                _ => return Err("an unknown tag"),
            }
        };
        Ok((self.now_ns, record))
    }

    fn varint(&mut self) -> Result<u64, &'static str> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or("a number is cut off")?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err("a number is too large");
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number is too long")
    }

    fn bytes(&mut self) -> Result<&'s [u8], &'static str> {
        let len = usize::try_from(self.varint()?).map_err(|_| "a length is too large")?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or("a length goes past the section")?;
        self.rest = rest;
        Ok(bytes)
    }
}

/// Unsigned LEB128.
fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return to.push(low & 0x7f);
        }
        to.push(low | 0x80);
    }
}

fn put_len(to: &mut Vec<u8>, len: usize) {
    put_varint(to, u64::try_from(len).unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Record, Records};
    use crate::channel::Stream;

    #[test]
    fn records_come_back_with_their_times() {
        let records = [
            (5, Record::Event { channel: None, kind: "start", body: "{}" }),
            (5, Record::Data { channel: 0, stream: Stream::Output, bytes: b"hello" }),
            (u64::MAX, Record::Typed { channel: u32::MAX, stream: Stream::Input, len: u64::MAX }),
            (u64::MAX, Record::Delivered { channel: 7, stream: Stream::ForwardOut, total: 128 }),
        ];
        let mut section = Vec::new();
        let mut before = 5;
        for (at, record) in &records {
            record.encode_head(at - before, 0, &mut section);
            section.extend_from_slice(record.payload());
            before = *at;
        }
        let mut read = Records::new(&section, 5);
        for expected in records {
            assert_eq!(read.next().unwrap(), Some(expected));
        }
        assert_eq!(read.next().unwrap(), None);
    }

    proptest! {
        #[test]
        fn foreign_bytes_never_panic_or_loop(section in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut records = Records::new(&section, 0);
            let mut count = 0;
            while let Ok(Some(_)) = records.next() {
                count += 1;
                assert!(count <= section.len());
            }
        }
    }
}
