//! A recording as a player wants it: which channels there were, what happened when, and keyframes from which any moment is
//! read. The film itself holds nothing of what was shown or typed. It is derived, bounded, and never evidence.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::keyframe::{Keyframe, Keyframes, Stage};
use super::{DEFAULT_SIZE, ReplayError, Screen, size_of, terminal_of};
use crate::channel::Stream;
use crate::content::{Entry, What};
use crate::failure::BadPlace;
use crate::read::Recording;

/// A stretch without output that players may skip, in milliseconds.
const IDLE_MS: u64 = 3_000;
/// Markers, stretches and channels that a film keeps, of each.
const MOST: usize = 20_000;
/// An unpacked film is at most this long, in bytes.
const MOST_UNPACKED: usize = 64 << 20;
/// zstd's level.
const LEVEL: i32 = 3;

/// A film of one recording.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Film {
    /// Length, in milliseconds.
    pub duration_ms: u64,
    /// Its channels, by number.
    pub channels: Vec<FilmChannel>,
    /// What a player marks, in order.
    pub markers: Vec<Marker>,
    /// Stretches without output on any channel, in milliseconds from the start.
    pub idle: Vec<(u64, u64)>,
    /// Whether markers or channels were left out because there are more than a film keeps.
    pub shortened: bool,
    /// Where the recording ceases to be sound, if it does.
    #[serde(skip)]
    pub broken: Option<BadPlace>,
}

/// One channel of a film. Times are milliseconds from the recording's start.
#[derive(Debug, Serialize, Deserialize)]
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
}

/// A moment that a player marks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Milliseconds from the start.
    pub at_ms: u64,
    /// The channel; `None` for the whole visit.
    pub channel: Option<u32>,
    /// `start`, `command`, `resize`, `warning`, `pause`, `resume`, `stop`, `note`, `end`.
    pub kind: Cow<'static, str>,
    /// In words; text from the target or the technician is in it as it came.
    pub text: String,
}

/// A film on its way.
#[derive(Debug, Default)]
pub(super) struct FilmMaker {
    pub film: Film,
    pub keyframes: Keyframes,
    stages: BTreeMap<u32, Stage>,
    /// Time of the last output.
    last_ms: u64,
}

impl FilmMaker {
    /// Before a block is read: perhaps a keyframe.
    pub(super) fn between(&mut self, recording: &Recording) {
        if let Some(mark) = recording.mark() {
            self.keyframes.look(self.film.duration_ms, mark, &self.stages);
        }
    }

    pub(super) fn take(&mut self, entry: &Entry) {
        let Self { film, keyframes, stages, last_ms } = self;
        let at_ms = entry.mono_ns / 1_000_000;
        film.duration_ms = film.duration_ms.max(at_ms);
        match (&entry.what, entry.channel) {
            (What::Event(kind, body), channel) => film.event(at_ms, channel, kind, body, stages),
            (What::Bytes(Stream::Input, bytes), Some(number)) => film.typed(number, bytes.len() as u64),
            (What::Masked(_, len), Some(number)) => film.typed(number, *len),
            (What::Bytes(stream @ (Stream::Output | Stream::Stderr | Stream::Gate), bytes), Some(number)) => {
                if at_ms.saturating_sub(*last_ms) > IDLE_MS {
                    film.rests(*last_ms, at_ms);
                }
                *last_ms = at_ms;
                if *stream == Stream::Gate && film.duration_ms > 0 {
                    film.mark(at_ms, Some(number), "warning", String::from_utf8_lossy(bytes).trim());
                }
                if let Some(channel) = film.channel(number) {
                    channel.bytes_out += bytes.len() as u64;
                }
                if let Some(stage) = stages.get_mut(&number) {
                    stage.write(bytes);
                }
                keyframes.shown(bytes.len());
            }
            _ => {}
        }
    }

    /// The film to its end, and its keyframes.
    pub(super) fn finish(self, broken: Option<BadPlace>) -> (Film, Vec<Keyframe>) {
        let Self { mut film, keyframes, last_ms, .. } = self;
        film.broken = broken;
        let ended_ms = film.duration_ms;
        if ended_ms.saturating_sub(last_ms) > IDLE_MS {
            film.rests(last_ms, ended_ms);
        }
        film.mark(ended_ms, None, "end", "end of the recording");
        (film, keyframes.taken)
    }
}

impl Film {
    /// Derives the film of a recording and its keyframes, as far as it is sound.
    pub fn of(recording: &mut Recording) -> (Self, Vec<Keyframe>) {
        let mut maker = FilmMaker::default();
        let broken = loop {
            maker.between(recording);
            match recording.next() {
                Some(Ok(entry)) => maker.take(&entry),
                Some(Err(bad)) => break Some(bad),
                None => break None,
            }
        };
        maker.finish(broken)
    }

    /// As bytes, to be kept.
    ///
    /// # Errors
    /// When it cannot be packed.
    pub fn pack(&self) -> Result<Vec<u8>, ReplayError> {
        let text = serde_json::to_vec(self).map_err(std::io::Error::from)?;
        Ok(zstd::bulk::compress(&text, LEVEL)?)
    }

    /// What [`Film::pack`] made.
    ///
    /// # Errors
    /// When the bytes are none of its.
    pub fn unpack(bytes: &[u8]) -> Result<Self, ReplayError> {
        let text = zstd::bulk::decompress(bytes, MOST_UNPACKED)?;
        Ok(serde_json::from_slice(&text).map_err(std::io::Error::from)?)
    }

    fn rests(&mut self, from_ms: u64, to_ms: u64) {
        if self.idle.len() < MOST {
            self.idle.push((from_ms, to_ms));
        }
    }

    fn channel(&mut self, number: u32) -> Option<&mut FilmChannel> {
        self.channels.iter_mut().rev().find(|channel| channel.number == number)
    }

    fn typed(&mut self, number: u32, len: u64) {
        if let Some(channel) = self.channel(number) {
            channel.bytes_in += len;
        }
    }

    fn mark(&mut self, at_ms: u64, channel: Option<u32>, kind: &'static str, text: &str) {
        // The end is always marked.
        if self.markers.len() >= MOST && kind != "end" {
            self.shortened = true;
            return;
        }
        let (kind, text) = (Cow::Borrowed(kind), text.chars().take(300).collect());
        self.markers.push(Marker { at_ms, channel, kind, text });
    }

    fn event(
        &mut self,
        at_ms: u64,
        channel: Option<u32>,
        kind: &str,
        body: &Value,
        stages: &mut BTreeMap<u32, Stage>,
    ) {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match (kind, channel) {
            ("channel-open", Some(number)) => self.open(at_ms, number, body, stages),
            ("resize", Some(number)) => {
                let Some((columns, rows)) = size_of(body) else { return };
                if let Some(stage) = stages.get_mut(&number) {
                    stage.resize(columns, rows);
                }
                self.mark(at_ms, channel, "resize", &format!("{columns} × {rows}"));
            }
            ("exit-status", Some(number)) => {
                if let Some(channel) = self.channel(number) {
                    channel.exit = body.get("status").and_then(Value::as_u64);
                }
            }
            ("channel-close", Some(number)) => {
                stages.remove(&number);
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
            ("observer-awaited", _) => self.mark(at_ms, None, "pause", "nobody observes"),
            ("observer-present", _) => self.mark(at_ms, None, "resume", "somebody observes"),
            ("overrun", _) => self.mark(at_ms, None, "warning", "the window has closed: input is over"),
            ("gate-said", _) => self.mark(at_ms, None, "warning", &text("text")),
            ("clock" | "eof" | "end" | "target-leg", _) => {}
            (other, channel) => self.mark(at_ms, channel, "note", other),
        }
    }

    fn open(&mut self, at_ms: u64, number: u32, body: &Value, stages: &mut BTreeMap<u32, Stage>) {
        let terminal = terminal_of(body);
        let size = terminal.and_then(size_of).unwrap_or(DEFAULT_SIZE);
        let about = body.get("about");
        let command = about.and_then(|about| about.get("command")?.as_str()).map(str::to_owned);
        let kind = body.get("kind").and_then(Value::as_str).unwrap_or("channel").to_owned();
        match &command {
            Some(command) => self.mark(at_ms, Some(number), "command", command),
            None => self.mark(at_ms, Some(number), "start", &kind),
        }
        if self.channels.len() >= MOST {
            self.shortened = true;
            return;
        }
        let stage = match terminal {
            Some(_) => Stage::Terminal(Box::new(Screen::new(size.0, size.1))),
            None => Stage::Plain(Vec::new()),
        };
        stages.insert(number, stage);
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
        });
    }
}

#[cfg(test)]
mod tests;
