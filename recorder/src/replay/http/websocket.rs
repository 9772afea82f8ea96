//! WebSocket messages (RFC 6455 §5) out of an upgraded lane's bytes, compressed ones too (RFC 7692). A message that is
//! larger than the bound is cut; a side that breaks the protocol ends there, and its bytes are in the recording.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};
use jiff::Timestamp;

use super::again::{Opens, Way, each};
use super::allowance::{Allowance, Growth};
use super::track::Transaction;
use crate::content::What;
use crate::replay::ReplayError;

/// Bytes of one message that are kept.
const MOST: usize = 1 << 20;
/// The end that a sender leaves out of each compressed message (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The technician's client.
    Client,
    /// The target.
    Target,
}

/// One message, or a control frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// When its last byte passed.
    pub at: Timestamp,
    /// The same, in nanoseconds from the recording's start.
    pub at_ns: u64,
    /// Who sent it.
    pub from: Sender,
    /// Opcode: 1 text, 2 binary, 8 close, 9 ping, 10 pong.
    pub opcode: u8,
    /// Its bytes.
    pub data: Vec<u8>,
    /// Whether there was more of it than is kept.
    pub cut: bool,
}

/// Gives the messages of an upgraded transaction in order of time. `visit` is what may be opened of all that is read.
pub(super) fn messages(
    open: &Opens<'_>,
    of: &Transaction,
    visit: &Allowance,
    give: &mut dyn FnMut(Message) -> io::Result<()>,
) -> Result<(), ReplayError> {
    if of.upgraded.as_deref().is_none_or(|protocol| !protocol.eq_ignore_ascii_case("websocket")) {
        return Ok(());
    }
    let extensions = of.field(Way::Response, "sec-websocket-extensions").unwrap_or_default();
    let (mut client, mut target) = (Side::new(extensions, "client"), Side::new(extensions, "server"));
    let (mut upgraded, growth) = (false, Growth::default());
    each(open, of, &mut |entry| {
        match &entry.what {
            What::Event(kind, _) => upgraded |= kind == "http-upgrade",
            What::Bytes(stream, bytes) if upgraded => {
                let (side, from) = match Way::of(*stream) {
                    Some(Way::Request) => (&mut client, Sender::Client),
                    Some(Way::Response) => (&mut target, Sender::Target),
                    None => return Ok(true),
                };
                growth.recorded(bytes.len());
                side.take(bytes, (&growth, visit), &mut |opcode, data, cut| {
                    give(Message { at: entry.at, at_ns: entry.mono_ns, from, opcode, data, cut })
                })?;
            }
            _ => {}
        }
        Ok(true)
    })
}

/// What one side sends.
struct Side {
    /// Of the next frame's head.
    head: Vec<u8>,
    frame: Option<Frame>,
    message: Vec<u8>,
    opcode: u8,
    compressed: bool,
    cut: bool,
    control: Vec<u8>,
    inflate: Option<Inflate>,
    broken: bool,
}

struct Frame {
    fin: bool,
    opcode: u8,
    left: u64,
    mask: Option<[u8; 4]>,
    /// Bytes of the payload that have passed.
    at: usize,
}

struct Inflate {
    decompress: Decompress,
    /// Whether each message stands alone.
    fresh: bool,
}

impl Side {
    fn new(extensions: &str, who: &str) -> Self {
        let fresh = extensions.contains(&format!("{who}_no_context_takeover"));
        let inflate = extensions
            .contains("permessage-deflate")
            .then(|| Inflate { decompress: Decompress::new(false), fresh });
        Self {
            head: Vec::new(),
            frame: None,
            message: Vec::new(),
            opcode: 0,
            compressed: false,
            cut: false,
            control: Vec::new(),
            inflate,
            broken: false,
        }
    }

    fn take(
        &mut self,
        mut bytes: &[u8],
        opening: (&Growth, &Allowance),
        give: &mut dyn FnMut(u8, Vec<u8>, bool) -> io::Result<()>,
    ) -> io::Result<()> {
        while !bytes.is_empty() && !self.broken {
            let Some(frame) = &mut self.frame else {
                bytes = self.head(bytes);
                // A frame without payload is over with its head.
                if self.frame.as_ref().is_some_and(|frame| frame.left == 0) {
                    self.end_of_frame(opening, give)?;
                }
                continue;
            };
            let len = usize::try_from(frame.left).unwrap_or(usize::MAX).min(bytes.len());
            let (payload, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
            bytes = rest;
            frame.left -= payload.len() as u64;
            let to = if frame.opcode >= 8 { &mut self.control } else { &mut self.message };
            let room = MOST.saturating_sub(to.len());
            self.cut |= payload.len() > room;
            for byte in payload.iter().take(room) {
                let mask = frame.mask.and_then(|mask| mask.get(frame.at % 4).copied()).unwrap_or(0);
                frame.at = (frame.at + 1) % 4;
                to.push(byte ^ mask);
            }
            if frame.left == 0 {
                self.end_of_frame(opening, give)?;
            }
        }
        Ok(())
    }

    /// Takes of a head what is there; returns the rest.
    fn head<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        for (taken, byte) in (1..).zip(bytes) {
            self.head.push(*byte);
            if let Some(frame) = Frame::read(&self.head) {
                self.begin(frame);
                self.head.clear();
                return bytes.get(taken..).unwrap_or_default();
            }
        }
        &[]
    }

    fn begin(&mut self, (frame, reserved): (Frame, u8)) {
        let control = frame.opcode >= 8;
        // RFC 6455 §5.5: a control frame is short and whole. §5.2: no other opcode is defined, nor are other reserved bits.
        let wrong = match frame.opcode {
            0 => self.opcode == 0 || reserved != 0,
            1 | 2 => self.opcode != 0 || reserved & 0x30 != 0,
            8..=10 => !frame.fin || frame.left > 125 || reserved != 0,
            _ => true,
        };
        self.broken = wrong;
        if !control && frame.opcode != 0 {
            self.opcode = frame.opcode;
            self.compressed = reserved & 0x40 != 0;
        }
        self.frame = Some(frame);
    }

    fn end_of_frame(
        &mut self,
        opening: (&Growth, &Allowance),
        give: &mut dyn FnMut(u8, Vec<u8>, bool) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(frame) = self.frame.take().filter(|_| !self.broken) else { return Ok(()) };
        if frame.opcode >= 8 {
            return give(frame.opcode, std::mem::take(&mut self.control), false);
        }
        if !frame.fin {
            return Ok(());
        }
        let (data, cut) = (std::mem::take(&mut self.message), std::mem::take(&mut self.cut));
        let opcode = std::mem::take(&mut self.opcode);
        if !self.compressed {
            return give(opcode, data, cut);
        }
        // What was cut leaves the window of those that follow unknown.
        let opened = self.inflate.as_mut().filter(|_| !cut).and_then(|inflate| inflate.open(data, opening));
        match opened {
            Some((data, cut)) => {
                self.broken = cut;
                give(opcode, data, cut)
            }
            None => {
                self.broken = true;
                Ok(())
            }
        }
    }
}

impl Frame {
    /// The frame that a head is of, with its reserved bits; none while it is not whole.
    fn read(head: &[u8]) -> Option<(Self, u8)> {
        let (first, second) = (*head.first()?, *head.get(1)?);
        let extended = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let length = head.get(2..2 + extended)?;
        let left = match extended {
            0 => u64::from(second & 0x7f),
            _ => length.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
        };
        let mask = match second & 0x80 {
            0 => None,
            _ => Some(<[u8; 4]>::try_from(head.get(2 + extended..6 + extended)?).ok()?),
        };
        let frame = Self { fin: first & 0x80 != 0, opcode: first & 0x0f, left, mask, at: 0 };
        Some((frame, first & 0x70))
    }
}

impl Inflate {
    /// What is under a message, and whether it grows past the bound, or past what may be opened; nothing where it does not
    /// open.
    fn open(&mut self, mut data: Vec<u8>, opening: (&Growth, &Allowance)) -> Option<(Vec<u8>, bool)> {
        data.extend_from_slice(&TAIL);
        if self.fresh {
            self.decompress.reset(false);
        }
        let (mut out, mut rest) = (Vec::new(), data.as_slice());
        loop {
            if out.len() >= MOST {
                return Some((out, true));
            }
            out.reserve(32 << 10);
            let (read, written) = (self.decompress.total_in(), self.decompress.total_out());
            let status = self.decompress.decompress_vec(rest, &mut out, FlushDecompress::Sync).ok()?;
            let taken = usize::try_from(self.decompress.total_in() - read).ok()?;
            rest = rest.get(taken..)?;
            let grown = self.decompress.total_out() - written;
            if !opening.0.opened(usize::try_from(grown).ok()?, opening.1) {
                return Some((out, true));
            }
            let stands = taken == 0 && grown == 0;
            if status == Status::StreamEnd || stands || (rest.is_empty() && out.len() < out.capacity()) {
                return Some((out, false));
            }
        }
    }
}

#[cfg(test)]
mod tests;
