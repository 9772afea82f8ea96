//! A piece of a channel, to be played from a moment on: what to draw first, and what follows for some minutes. It is read
//! from the recording itself, from the keyframe before it.

use serde_json::Value;

use super::keyframe::{Keyframe, Stage};
use super::{DEFAULT_SIZE, Screen, size_of, terminal_of};
use crate::channel::Stream;
use crate::content::{Entry, What};
use crate::failure::BadPlace;

/// A piece is about this long, in milliseconds and bytes.
const PIECE_MS: u64 = 600_000;
const PIECE_BYTES: usize = 256 << 10;
/// Behind a piece this many bytes of other channels are read to find where it goes on.
const READ_ON: usize = 4 << 20;

/// What is shown at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Output.
    Output(Vec<u8>),
    /// The error stream of a channel without a terminal.
    Error(Vec<u8>),
    /// Another size, columns and rows.
    Size(u16, u16),
}

/// Something shown, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Milliseconds from the recording's start.
    pub at_ms: u64,
    /// What.
    pub shown: Shown,
}

impl Frame {
    fn len(&self) -> usize {
        match &self.shown {
            Shown::Output(bytes) | Shown::Error(bytes) => bytes.len(),
            Shown::Size(..) => 0,
        }
    }
}

/// A piece of a channel.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// Columns and rows at that moment.
    pub size: (u16, u16),
    /// What to draw first; of a channel without a terminal the last that was shown.
    pub screen: Vec<u8>,
    /// What follows.
    pub frames: Vec<Frame>,
    /// From when the next piece is to be had; `None` at the end.
    pub next_ms: Option<u64>,
}

/// Makes the piece of a channel from a moment on, out of the entries that follow a keyframe, or all of them. A recording
/// that is not sound ends where it ceases to be.
pub fn piece(
    entries: impl Iterator<Item = Result<Entry, BadPlace>>,
    keyframe: Option<&Keyframe>,
    channel: u32,
    from_ms: u64,
) -> Piece {
    let mut maker = Maker::new(keyframe, channel, from_ms);
    for entry in entries.map_while(Result::ok) {
        if maker.take(entry) == Then::Enough {
            break;
        }
    }
    let Maker { size, stage, frames, next_ms, .. } = maker;
    Piece { size, screen: stage.draw(), frames, next_ms }
}

#[derive(PartialEq, Eq)]
enum Then {
    More,
    Enough,
}

struct Maker {
    channel: u32,
    from_ms: u64,
    size: (u16, u16),
    stage: Stage,
    frames: Vec<Frame>,
    /// Bytes in `frames`.
    bytes: usize,
    /// Bytes of other channels since the last frame.
    passed: usize,
    next_ms: Option<u64>,
}

impl Maker {
    fn new(keyframe: Option<&Keyframe>, channel: u32, from_ms: u64) -> Self {
        let (size, stage) = match keyframe.and_then(|keyframe| keyframe.still(channel)) {
            Some(still) if still.size != (0, 0) => {
                let mut screen = Screen::new(still.size.0, still.size.1);
                screen.write(&still.drawn);
                (still.size, Stage::Terminal(Box::new(screen)))
            }
            Some(still) => (DEFAULT_SIZE, Stage::Plain(still.drawn)),
            None => (DEFAULT_SIZE, Stage::Plain(Vec::new())),
        };
        Self { channel, from_ms, size, stage, frames: Vec::new(), bytes: 0, passed: 0, next_ms: None }
    }

    fn take(&mut self, entry: Entry) -> Then {
        let at_ms = entry.mono_ns / 1_000_000;
        let len = match &entry.what {
            What::Bytes(_, bytes) => bytes.len(),
            _ => 0,
        };
        if entry.channel != Some(self.channel) {
            return self.pass(at_ms, len);
        }
        let plain = matches!(self.stage, Stage::Plain(_));
        match entry.what {
            What::Event(kind, body) => self.event(at_ms, &kind, &body),
            What::Bytes(Stream::Stderr | Stream::Gate, bytes) if plain => {
                self.show(at_ms, Shown::Error(bytes.to_vec()))
            }
            What::Bytes(Stream::Output | Stream::Stderr | Stream::Gate, bytes) => {
                self.show(at_ms, Shown::Output(bytes.to_vec()))
            }
            _ => self.pass(at_ms, len),
        }
    }

    fn event(&mut self, at_ms: u64, kind: &str, body: &Value) -> Then {
        match kind {
            "channel-open" => {
                if let Some(terminal) = terminal_of(body) {
                    self.size = size_of(terminal).unwrap_or(DEFAULT_SIZE);
                    self.stage = Stage::Terminal(Box::new(Screen::new(self.size.0, self.size.1)));
                }
                Then::More
            }
            "resize" => match size_of(body) {
                Some((columns, rows)) => self.show(at_ms, Shown::Size(columns, rows)),
                None => Then::More,
            },
            "channel-close" => Then::Enough,
            _ => Then::More,
        }
    }

    /// A frame: drawn where it is before the moment, else part of the piece, or where the next one begins.
    fn show(&mut self, at_ms: u64, shown: Shown) -> Then {
        if at_ms < self.from_ms {
            match shown {
                Shown::Size(columns, rows) => {
                    self.size = (columns, rows);
                    self.stage.resize(columns, rows);
                }
                Shown::Output(bytes) | Shown::Error(bytes) => self.stage.write(&bytes),
            }
            return Then::More;
        }
        let full = self.bytes >= PIECE_BYTES || at_ms >= self.from_ms.saturating_add(PIECE_MS);
        // Frames of one moment are not told apart by it: they stay together.
        let together = self.frames.last().is_some_and(|last| last.at_ms == at_ms);
        if full && !together && at_ms > self.from_ms {
            self.next_ms = Some(at_ms);
            return Then::Enough;
        }
        let frame = Frame { at_ms, shown };
        self.bytes += frame.len();
        self.passed = 0;
        self.frames.push(frame);
        Then::More
    }

    /// Something of another channel. Where nothing of this one comes for long, the next piece begins there.
    fn pass(&mut self, at_ms: u64, len: usize) -> Then {
        if at_ms < self.from_ms {
            return Then::More;
        }
        self.passed += len;
        let last_ms = self.frames.last().map_or(self.from_ms, |last| last.at_ms);
        if self.passed > READ_ON && at_ms > last_ms {
            self.next_ms = Some(at_ms);
            return Then::Enough;
        }
        Then::More
    }
}
