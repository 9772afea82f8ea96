//! A recording as a player wants it: which channels there were, what happened when, and keyframes from which any moment is
//! read. The film itself holds nothing of what was shown or typed. It is derived, bounded, and never evidence.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::http::{HttpRow, RowMaker};
use super::keyframe::{Keyframe, Keyframes, Stage};
use super::{DEFAULT_SIZE, ReplayError, Screen, file_words, http_file, is_shown, size_of, terminal_of};
use crate::channel::Stream;
use crate::content::{Entry, What};
use crate::failure::BadPlace;
use crate::mark::Mark;
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
    /// Its HTTP transactions, by when they began.
    #[serde(default)]
    pub transactions: Vec<HttpRow>,
    /// Stretches without output on any channel, in milliseconds from the start.
    pub idle: Vec<(u64, u64)>,
    /// Whether markers, channels or transactions were left out because there are more than a film keeps.
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
    /// Why it is not more, in words.
    #[serde(default)]
    pub why: Option<String>,
}

/// A moment that a player marks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Milliseconds from the start.
    pub at_ms: u64,
    /// The channel; `None` for the whole visit.
    pub channel: Option<u32>,
    /// `start`, `command`, `file`, `resize`, `warning`, `pause`, `resume`, `stop`, `note`, `end`.
    pub kind: Cow<'static, str>,
    /// In words; text from the target or the technician is in it as it came.
    pub text: String,
}

/// A film on its way.
#[derive(Default)]
pub(super) struct FilmMaker {
    pub film: Film,
    pub keyframes: Keyframes,
    stages: BTreeMap<u32, Stage>,
    rows: RowMaker,
    /// Before the block that is being read.
    mark: Option<Mark>,
    /// Time of the last output.
    last_ms: u64,
}

impl FilmMaker {
    /// Before a block is read: perhaps a keyframe.
    pub(super) fn between(&mut self, recording: &Recording) {
        if let Some(mark) = recording.mark() {
            self.mark = Some(mark);
            self.keyframes.look(self.film.duration_ms, mark, &self.stages);
        }
    }

    /// Takes an entry; returns the transaction that it ends.
    pub(super) fn take(&mut self, entry: &Entry) -> Option<HttpRow> {
        let Self { film, keyframes, stages, last_ms, .. } = self;
        let at_ms = entry.mono_ns / 1_000_000;
        film.duration_ms = film.duration_ms.max(at_ms);
        match (&entry.what, entry.channel) {
            (What::Event(kind, body), channel) => {
                if kind == "http-request" || kind == "http-response-end" {
                    film.acts(last_ms, at_ms);
                }
                film.event(at_ms, channel, kind, body, stages);
            }
            (What::Bytes(Stream::Input | Stream::ForwardIn, bytes), Some(number)) => {
                film.typed(number, bytes.len() as u64);
            }
            (What::Bytes(Stream::ForwardOut, bytes), Some(number)) => film.shown(number, bytes.len() as u64),
            (What::Masked(_, len), Some(number)) => film.typed(number, *len),
            (What::Bytes(stream @ (Stream::Output | Stream::Stderr | Stream::Gate), bytes), Some(number)) => {
                film.acts(last_ms, at_ms);
                let shown = stages.contains_key(&number);
                if *stream == Stream::Gate && film.duration_ms > 0 && shown {
                    film.mark(at_ms, Some(number), "warning", String::from_utf8_lossy(bytes).trim());
                }
                film.shown(number, bytes.len() as u64);
                if let Some(stage) = stages.get_mut(&number) {
                    stage.write(bytes);
                }
                keyframes.shown(bytes.len());
            }
            _ => {}
        }
        let row = self.rows.take(entry, self.mark)?;
        self.film.transaction(&row);
        Some(row)
    }

    /// The transactions that the recording does not end.
    pub(super) fn unfinished(&mut self) -> Vec<HttpRow> {
        let rows = self.rows.rest();
        rows.iter().for_each(|row| self.film.transaction(row));
        rows
    }

    /// The film to its end, and its keyframes.
    pub(super) fn finish(mut self, broken: Option<BadPlace>) -> (Film, Vec<Keyframe>) {
        self.unfinished();
        let Self { mut film, keyframes, last_ms, .. } = self;
        film.broken = broken;
        let ended_ms = film.duration_ms;
        if ended_ms.saturating_sub(last_ms) > IDLE_MS {
            film.rests(last_ms, ended_ms);
        }
        film.mark(ended_ms, None, "end", "end of the recording");
        film.transactions.sort_by_key(|row| (row.begun_ns, row.number));
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
                Some(Ok(entry)) => drop(maker.take(&entry)),
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

    /// Something happens; what was before it without anything is a rest.
    fn acts(&mut self, last_ms: &mut u64, at_ms: u64) {
        if at_ms.saturating_sub(*last_ms) > IDLE_MS {
            self.rests(*last_ms, at_ms);
        }
        *last_ms = at_ms;
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

    fn shown(&mut self, number: u32, len: u64) {
        if let Some(channel) = self.channel(number) {
            channel.bytes_out += len;
        }
    }

    fn transaction(&mut self, row: &HttpRow) {
        for file in &row.files {
            let at_ms = row.ended_ns.unwrap_or(row.begun_ns) / 1_000_000;
            self.mark(at_ms, Some(row.channel), "file", &file_words(&http_file(file)));
        }
        if self.transactions.len() < MOST {
            self.transactions.push(row.clone());
        } else {
            self.shortened = true;
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
                    channel.why = Some(text("why")).filter(|said| !said.is_empty());
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
            ("gate-said", channel) => self.mark(at_ms, channel, "warning", &text("text")),
            ("file", _) => self.mark(at_ms, channel, "file", &file_words(body)),
            ("sftp-malformed", _) => self.mark(at_ms, channel, "note", &text("malformed")),
            ("clock" | "eof" | "end" | "target-leg" | "sftp-request" | "sftp-answer" | "scp", _) => {}
            (other, _) if other.starts_with("http-") => {}
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
        if is_shown(body) {
            stages.insert(number, stage);
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
            why: None,
        });
    }
}

#[cfg(test)]
mod tests;
