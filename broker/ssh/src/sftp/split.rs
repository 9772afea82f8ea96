//! One direction's bytes as packets, incrementally: small packets whole, large payload as it comes and never copied.
//!
//! ```text
//!   length u32 │ type u8 │ id u32 │ [handle string │ offset u64 │] payload string      the one type with payload
//!   length u32 │ type u8 │ …                                                          every other type
//! ```
//!
//! What is kept of a packet that has not come whole is bounded: 64 KiB of a request, 256 KiB of an answer.

use bytes::{Buf, Bytes, BytesMut};

use super::malformed::Malformed;

/// The longest packet, without its length field: OpenSSH's own limit.
const MOST: u32 = 256 << 10;
/// The longest packet without payload that a client sends: two paths and attributes.
const MOST_OF_A_REQUEST: u32 = 64 << 10;
/// The longest handle (filexfer-02 §6.3).
const HANDLE: u32 = 256;

/// Which direction, and so which type carries payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// `SSH_FXP_WRITE`: a handle and an offset stand before the payload.
    Client,
    /// `SSH_FXP_DATA`.
    Server,
}

/// What comes next in a direction.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A packet without payload, with its length field.
    Packet(Bytes),
    /// Everything of a packet that stands before its payload, with its length field; and the payload's length.
    Head(Bytes, u32),
    /// Payload, as it comes.
    Payload(Bytes),
}

/// Takes bytes and gives parts.
#[derive(Debug)]
pub(crate) struct Splitter {
    side: Side,
    /// The beginning of a packet that has not come whole.
    begun: BytesMut,
    /// Payload of the present packet that is still to come.
    left: u32,
}

impl Splitter {
    pub(crate) fn new(side: Side) -> Self {
        Self { side, begun: BytesMut::new(), left: 0 }
    }

    /// Whether the direction is between two packets.
    pub(crate) fn is_between(&self) -> bool {
        self.begun.is_empty() && self.left == 0
    }

    /// The next part of `input`, which is shortened by it; `None` when all of `input` is taken.
    ///
    /// # Errors
    /// What makes it no SFTP; nothing after that can be split.
    pub(crate) fn next(&mut self, input: &mut Bytes) -> Result<Option<Part>, Malformed> {
        if self.left > 0 {
            if input.is_empty() {
                return Ok(None);
            }
            let len = input.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= u32::try_from(len).unwrap_or(self.left);
            return Ok(Some(Part::Payload(input.split_to(len))));
        }
        let (needed, known) = self.needed(input)?;
        if self.begun.len() + input.len() < needed {
            self.begun.extend_from_slice(input);
            input.clear();
            return Ok(None);
        }
        let raw = if self.begun.is_empty() {
            input.split_to(needed)
        } else {
            self.begun.extend_from_slice(&input.split_to(needed.saturating_sub(self.begun.len())));
            self.begun.split().freeze()
        };
        Ok(Some(match known {
            Known::Whole => Part::Packet(raw),
            Known::Head(payload) => {
                self.left = payload;
                Part::Head(raw, payload)
            }
        }))
    }

    /// How many bytes of the packet are needed before more is known, and what they then are.
    fn needed(&self, input: &Bytes) -> Result<(usize, Known), Malformed> {
        let mut known = (&self.begun[..]).chain(&input[..]);
        if known.remaining() < 5 {
            return Ok((5, Known::Whole));
        }
        let (length, kind) = (known.get_u32(), known.get_u8());
        let bulk = match self.side {
            Side::Client => kind == super::request::WRITE,
            Side::Server => kind == super::answer::DATA,
        };
        let most = if bulk || self.side == Side::Server { MOST } else { MOST_OF_A_REQUEST };
        if length == 0 || length > most {
            return Err(Malformed::Length(length));
        }
        if !bulk {
            return Ok((4 + size(length), Known::Whole));
        }
        let mut head = 13;
        if self.side == Side::Client {
            if known.remaining() < 8 {
                return Ok((13, Known::Whole));
            }
            known.advance(4);
            let handle = known.get_u32();
            if handle > HANDLE {
                return Err(Malformed::Fields(kind));
            }
            head = 13 + size(handle) + 12;
            if known.remaining() < size(handle) + 12 {
                return Ok((head, Known::Whole));
            }
            known.advance(size(handle) + 8);
        } else {
            if known.remaining() < 8 {
                return Ok((head, Known::Whole));
            }
            known.advance(4);
        }
        let payload = known.get_u32();
        if 4 + u64::from(length) != u64::try_from(head).unwrap_or(u64::MAX) + u64::from(payload) {
            return Err(Malformed::Fields(kind));
        }
        Ok((head, Known::Head(payload)))
    }
}

/// What is known of a packet from its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// That it has no payload: it is given whole.
    Whole,
    /// Its payload's length.
    Head(u32),
}

fn size(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
