//! A recording as a player wants it: what each channel showed and when, with a drawn screen every so often, so that any
//! moment of a long visit is shown at once.
//!
//! A film holds what was shown, not what was typed. It is derived, bounded, and never evidence.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Screen, size_of, terminal_of};
use crate::channel::Stream;
use crate::content::{Entry, What};
use crate::failure::BadPlace;
use crate::read::Recording;

/// Output that a film keeps, in bytes; of a channel without a terminal less, since nobody watches a file go by.
const KEPT_BYTES: usize = 48 << 20;
const KEPT_PLAIN_BYTES: usize = 2 << 20;
/// A screen is drawn again after this much output.
const DRAWN_EVERY: usize = 128 << 10;
/// The terminal's size where no channel asked for one.
const DEFAULT_SIZE: (u16, u16) = (80, 24);
/// A stretch without output that players may skip, in milliseconds.
const IDLE_MS: u64 = 3_000;

/// A piece is about this long, in milliseconds and bytes.
const PIECE_MS: u64 = 600_000;
const PIECE_BYTES: usize = 256 << 10;

/// A film of one recording.
#[derive(Debug, Default)]
pub struct Film {
    /// Length, in milliseconds.
    pub duration_ms: u64,
    /// Its channels, by number.
    pub channels: Vec<FilmChannel>,
    /// What a player marks, in order.
    pub markers: Vec<Marker>,
    /// Stretches without output on any channel, in milliseconds from the start.
    pub idle: Vec<(u64, u64)>,
    /// Whether output was left out because there is more than a film keeps.
    pub shortened: bool,
    /// Where the recording ceases to be sound, if it does.
    pub broken: Option<BadPlace>,
    kept: usize,
}

/// One channel of a film. Times are milliseconds from the recording's start.
#[derive(Debug)]
pub struct FilmChannel {
    /// Its number.
    pub number: u32,
    /// `shell`, `exec`, …
    pub kind: String,
    /// The command, if it runs one.
    pub command: Option<String>,
    /// Whether it has a terminal.
    pub terminal: bool,
    /// Columns and rows at its opening.
    pub size: (u16, u16),
    /// When it opened.
    pub began_ms: u64,
    /// When it closed.
    pub ended_ms: Option<u64>,
    /// Its exit status.
    pub exit: Option<u64>,
    /// Payload bytes from the technician.
    pub bytes_in: u64,
    /// Payload bytes to the technician.
    pub bytes_out: u64,
    /// What was captured of it, as its close says.
    pub coverage: Option<String>,
    frames: Vec<Frame>,
    drawn: Vec<Drawn>,
    kept: usize,
}

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

/// A screen as it was before a frame.
#[derive(Debug)]
struct Drawn {
    before: usize,
    at_ms: u64,
    size: (u16, u16),
    screen: Vec<u8>,
    /// Output before it, in bytes.
    kept: usize,
}

/// A moment that a player marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Milliseconds from the start.
    pub at_ms: u64,
    /// The channel; `None` for the whole visit.
    pub channel: Option<u32>,
    /// `start`, `command`, `resize`, `warning`, `pause`, `resume`, `stop`, `note`, `end`.
    pub kind: &'static str,
    /// In words; text from the target or the technician is in it as it came.
    pub text: String,
}

/// A piece of a channel, to be played from a moment on.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// Columns and rows at that moment.
    pub size: (u16, u16),
    /// What to draw first.
    pub screen: Vec<u8>,
    /// What follows.
    pub frames: Vec<Frame>,
    /// From when the next piece is to be had; `None` at the end.
    pub next_ms: Option<u64>,
}

impl Film {
    /// Derives the film of a recording, as far as it is sound.
    pub fn of(recording: &mut Recording) -> Self {
        let mut film = Self::default();
        let mut screens = BTreeMap::new();
        let mut last_ms = 0;
        for entry in recording.by_ref() {
            match entry {
                Ok(entry) => film.take(entry, &mut screens, &mut last_ms),
                Err(bad) => {
                    film.broken = Some(bad);
                    break;
                }
            }
        }
        if film.duration_ms.saturating_sub(last_ms) > IDLE_MS {
            film.idle.push((last_ms, film.duration_ms));
        }
        film.markers.push(Marker {
            at_ms: film.duration_ms,
            channel: None,
            kind: "end",
            text: "end of the recording".to_owned(),
        });
        film
    }

    fn take(&mut self, entry: Entry, screens: &mut BTreeMap<u32, Screen>, last_ms: &mut u64) {
        let at_ms = entry.mono_ns / 1_000_000;
        self.duration_ms = self.duration_ms.max(at_ms);
        match (entry.what, entry.channel) {
            (What::Event(kind, body), channel) => self.event(at_ms, channel, &kind, &body, screens),
            (What::Bytes(Stream::Input, bytes), Some(number)) => self.typed(number, bytes.len() as u64),
            (What::Masked(_, len), Some(number)) => self.typed(number, len),
            (What::Bytes(stream @ (Stream::Output | Stream::Stderr | Stream::Gate), bytes), Some(number)) => {
                if at_ms.saturating_sub(*last_ms) > IDLE_MS {
                    self.idle.push((*last_ms, at_ms));
                }
                *last_ms = at_ms;
                if stream == Stream::Gate && self.duration_ms > 0 {
                    self.mark(at_ms, Some(number), "warning", String::from_utf8_lossy(&bytes).trim());
                }
                self.output(at_ms, number, stream, &bytes, screens);
            }
            _ => {}
        }
    }

    fn channel(&mut self, number: u32) -> Option<&mut FilmChannel> {
        self.channels.iter_mut().find(|channel| channel.number == number)
    }

    fn typed(&mut self, number: u32, len: u64) {
        if let Some(channel) = self.channel(number) {
            channel.bytes_in += len;
        }
    }

    fn mark(&mut self, at_ms: u64, channel: Option<u32>, kind: &'static str, text: &str) {
        self.markers.push(Marker { at_ms, channel, kind, text: text.chars().take(300).collect() });
    }

    fn event(
        &mut self,
        at_ms: u64,
        channel: Option<u32>,
        kind: &str,
        body: &Value,
        screens: &mut BTreeMap<u32, Screen>,
    ) {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match (kind, channel) {
            ("channel-open", Some(number)) => self.open(at_ms, number, body, screens),
            ("resize", Some(number)) => {
                let Some((columns, rows)) = size_of(body) else { return };
                if let Some(screen) = screens.get_mut(&number) {
                    screen.resize(columns, rows);
                }
                if let Some(channel) = self.channel(number) {
                    channel.frames.push(Frame { at_ms, shown: Shown::Size(columns, rows) });
                }
                self.mark(at_ms, channel, "resize", &format!("{columns} × {rows}"));
            }
            ("exit-status", Some(number)) => {
                if let Some(channel) = self.channel(number) {
                    channel.exit = body.get("status").and_then(Value::as_u64);
                }
            }
            ("channel-close", Some(number)) => {
                if let Some(channel) = self.channel(number) {
                    channel.ended_ms = Some(at_ms);
                    channel.coverage = Some(text("coverage")).filter(|said| !said.is_empty());
                }
            }
            ("order", _) => {
                let kind = match text("order").as_str() {
                    "session-paused" => "pause",
                    "session-resumed" => "resume",
                    _ => "stop",
                };
                self.mark(at_ms, None, kind, &format!("{}: {}", text("by"), text("reason")));
            }
            ("clock" | "eof" | "end" | "target-leg", _) => {}
            (other, channel) => self.mark(at_ms, channel, "note", other),
        }
    }

    fn open(&mut self, at_ms: u64, number: u32, body: &Value, screens: &mut BTreeMap<u32, Screen>) {
        let terminal = terminal_of(body);
        let size = terminal.and_then(size_of).unwrap_or(DEFAULT_SIZE);
        let about = body.get("about");
        let command = about.and_then(|about| about.get("command")?.as_str()).map(str::to_owned);
        let kind = body.get("kind").and_then(Value::as_str).unwrap_or("channel").to_owned();
        match &command {
            Some(command) => self.mark(at_ms, Some(number), "command", command),
            None => self.mark(at_ms, Some(number), "start", &kind),
        }
        if terminal.is_some() {
            screens.insert(number, Screen::new(size.0, size.1));
        }
        self.channels.push(FilmChannel {
            number,
            kind,
            command,
            terminal: terminal.is_some(),
            size,
            began_ms: at_ms,
            ended_ms: None,
            exit: None,
            bytes_in: 0,
            bytes_out: 0,
            coverage: None,
            frames: Vec::new(),
            drawn: Vec::new(),
            kept: 0,
        });
    }

    fn output(
        &mut self,
        at_ms: u64,
        number: u32,
        stream: Stream,
        bytes: &[u8],
        screens: &mut BTreeMap<u32, Screen>,
    ) {
        let whole = self.kept;
        let Some(channel) = self.channels.iter_mut().find(|channel| channel.number == number) else { return };
        channel.bytes_out += bytes.len() as u64;
        let most = if channel.terminal { KEPT_BYTES } else { KEPT_PLAIN_BYTES };
        if channel.kept + bytes.len() > most || whole + bytes.len() > KEPT_BYTES {
            self.shortened = true;
            return;
        }
        if let Some(screen) = screens.get_mut(&number) {
            let drawn_at = channel.drawn.last().map_or(0, |drawn| drawn.kept);
            if channel.kept - drawn_at >= DRAWN_EVERY {
                channel.drawn.push(Drawn {
                    before: channel.frames.len(),
                    at_ms,
                    size: screen.size(),
                    screen: screen.draw(),
                    kept: channel.kept,
                });
            }
            screen.write(bytes);
        }
        channel.kept += bytes.len();
        self.kept += bytes.len();
        let error = stream == Stream::Stderr && !channel.terminal;
        let shown = if error { Shown::Error(bytes.to_vec()) } else { Shown::Output(bytes.to_vec()) };
        channel.frames.push(Frame { at_ms, shown });
    }
}

impl FilmChannel {
    /// What to draw at a moment, and what follows, for about ten minutes or a quarter of a mebibyte.
    #[must_use]
    pub fn piece(&self, from_ms: u64) -> Piece {
        let drawn = self.drawn.iter().rev().find(|drawn| drawn.at_ms < from_ms);
        let (first, mut size) = drawn.map_or((0, self.size), |drawn| (drawn.before, drawn.size));
        let mut screen = Screen::new(size.0, size.1);
        if let Some(drawn) = drawn {
            screen.write(&drawn.screen);
        }
        let mut frames = self.frames.iter().skip(first).peekable();
        let mut plain = Vec::new();
        while let Some(frame) = frames.next_if(|frame| frame.at_ms < from_ms) {
            match &frame.shown {
                Shown::Size(columns, rows) => {
                    size = (*columns, *rows);
                    screen.resize(*columns, *rows);
                }
                Shown::Output(bytes) | Shown::Error(bytes) if self.terminal => screen.write(bytes),
                // Without a terminal there is no screen: what was shown is all that there is to draw.
                Shown::Output(bytes) | Shown::Error(bytes) => plain.extend_from_slice(bytes),
            }
        }
        let (mut piece, mut bytes) = (Vec::new(), 0);
        let until_ms = from_ms.saturating_add(PIECE_MS);
        while let Some(frame) = frames.next_if(|frame| frame.at_ms < until_ms && bytes < PIECE_BYTES) {
            bytes += frame.len();
            piece.push(frame.clone());
        }
        // Frames of one moment are not told apart by it: they stay together.
        if let (Some(last), Some(next)) = (piece.last().map(|frame| frame.at_ms), frames.peek())
            && last == next.at_ms
        {
            while let Some(frame) = frames.next_if(|frame| frame.at_ms == last) {
                piece.push(frame.clone());
            }
        }
        let next_ms = frames.peek().map(|frame| frame.at_ms);
        Piece { size, screen: if self.terminal { screen.draw() } else { plain }, frames: piece, next_ms }
    }
}

impl Frame {
    fn len(&self) -> usize {
        match &self.shown {
            Shown::Output(bytes) | Shown::Error(bytes) => bytes.len(),
            Shown::Size(..) => 0,
        }
    }
}

#[cfg(test)]
mod tests;
