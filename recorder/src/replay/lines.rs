//! The text of a recording for searching: each line that was to be read, with the time when it was first there, and the
//! commands that were run, as far as they can be told.
//!
//! A line that scrolled away or stood on the screen at one of the looks is here once. What flashed by between two looks
//! on a full screen is not: this is a hint where to look, never evidence.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::http::HttpRow;
use super::text::{Scrolled, plain, sides};
use super::{DEFAULT_SIZE, file_words, http_file, is_shown, size_of, terminal_of};
use crate::channel::Stream;
use crate::content::{Entry, What};

/// Lines and bytes of text that are kept of one recording.
const MOST_LINES: usize = 50_000;
const MOST_BYTES: usize = 4 << 20;
/// A line is cut here, in characters.
const MOST_CHARS: usize = 1000;
/// Of a URL this much is in a line, in characters: behind it stand hashes.
const MOST_URL: usize = 700;
/// A line without an end is one after this many bytes.
const MOST_PENDING: usize = 4096;
/// A screen is looked at after this long or this much output, whatever comes first.
const LOOK_EVERY_MS: u64 = 200;
const LOOK_EVERY: usize = 8 << 10;
/// A prompt is at most this long, in bytes.
const MOST_PROMPT: usize = 80;

/// Where a line was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It was shown.
    Screen,
    /// It is the command line of a channel, as the client sent it.
    Command,
    /// It stood behind what looks like a prompt: a guess.
    Guess,
    /// It is a file that passed, with its hash.
    File,
    /// It is an HTTP request, with what came of it.
    Http,
}

impl Seen {
    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Screen => "screen",
            Self::Command => "command",
            Self::Guess => "command-guess",
            Self::File => "file",
            Self::Http => "http",
        }
    }
}

/// A line that was to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was first there, in milliseconds from the start.
    pub at_ms: u64,
    /// On which channel.
    pub channel: u32,
    /// Where.
    pub seen: Seen,
    /// The text, without control characters.
    pub text: String,
}

/// Lines on their way.
#[derive(Default)]
pub(super) struct LineMaker {
    channels: BTreeMap<u32, Channel>,
    pub kept: Kept,
}

/// The lines so far, each once for its channel and place.
#[derive(Default)]
pub(super) struct Kept {
    pub lines: Vec<Line>,
    /// Whether there was more.
    pub capped: bool,
    known: HashSet<u64>,
    bytes: usize,
}

/// What a channel's output goes through.
enum Channel {
    Terminal(Box<Terminal>),
    Plain([Vec<u8>; 2]),
}

struct Terminal {
    parser: vt100::Parser<Scrolled>,
    /// Of a line that scrolled off, what came before its end.
    begun: String,
    looked_ms: u64,
    unseen: usize,
    /// Whether somebody types here.
    typed: bool,
}

impl LineMaker {
    pub(super) fn take(&mut self, entry: &Entry) {
        // Nothing more is kept: there is nothing to look for.
        if self.kept.capped {
            return;
        }
        let Some(number) = entry.channel else { return };
        let at_ms = entry.mono_ns / 1_000_000;
        match &entry.what {
            What::Event(kind, body) => self.event(at_ms, number, kind, body),
            What::Masked(..) | What::Bytes(Stream::Input, _) => {
                if let Some(Channel::Terminal(terminal)) = self.channels.get_mut(&number) {
                    terminal.typed = true;
                }
            }
            What::Bytes(stream @ (Stream::Output | Stream::Stderr | Stream::Gate), bytes) => {
                let Some(channel) = self.channels.get_mut(&number) else { return };
                match channel {
                    Channel::Terminal(terminal) => terminal.output(at_ms, number, bytes, &mut self.kept),
                    Channel::Plain([output, stderr]) => {
                        let pending = if *stream == Stream::Stderr { stderr } else { output };
                        whole_lines(pending, bytes, |line| {
                            self.kept.offer(at_ms, number, Seen::Screen, line)
                        });
                    }
                }
            }
            _ => {}
        }
    }

    /// A transaction: where it went, and the files and hashes of it.
    pub(super) fn transaction(&mut self, row: &HttpRow) {
        let (at_ms, number) = (row.begun_ns / 1_000_000, row.channel);
        let status = row.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let url: String = row.url.chars().take(MOST_URL).collect();
        let mut words = format!("{} {url} {status} {}", row.method, row.media);
        for (way, hash) in [("sent", &row.sent_sha256), ("received", &row.received_sha256)] {
            if let Some(hash) = hash {
                words = format!("{words}, {way} SHA-256 {hash}");
            }
        }
        self.kept.offer(at_ms, number, Seen::Http, &words);
        for file in &row.files {
            self.kept.offer(at_ms, number, Seen::File, &file_words(&http_file(file)));
        }
    }

    fn event(&mut self, at_ms: u64, number: u32, kind: &str, body: &Value) {
        match kind {
            "channel-open" => {
                let command = body.get("about").and_then(|about| about.get("command")?.as_str());
                if let Some(command) = command {
                    self.kept.offer(at_ms, number, Seen::Command, command);
                }
                if is_shown(body) {
                    self.channels.insert(number, Channel::open(body));
                }
            }
            "file" => self.kept.offer(at_ms, number, Seen::File, &file_words(body)),
            "resize" => {
                if let (Some(Channel::Terminal(terminal)), Some(size)) =
                    (self.channels.get_mut(&number), size_of(body))
                {
                    let (columns, rows) = sides(size);
                    terminal.parser.set_size(rows, columns);
                }
            }
            "channel-close" => {
                if let Some(channel) = self.channels.remove(&number) {
                    channel.finish(at_ms, number, &mut self.kept);
                }
            }
            _ => {}
        }
    }

    /// What still stands on the screens.
    pub(super) fn finish(mut self, at_ms: u64) -> Kept {
        for (number, channel) in std::mem::take(&mut self.channels) {
            channel.finish(at_ms, number, &mut self.kept);
        }
        self.kept
    }
}

impl Channel {
    fn open(body: &Value) -> Self {
        let Some(terminal) = terminal_of(body) else { return Self::Plain([Vec::new(), Vec::new()]) };
        let (columns, rows) = sides(size_of(terminal).unwrap_or(DEFAULT_SIZE));
        Self::Terminal(Box::new(Terminal {
            parser: vt100::Parser::new_with_callbacks(rows, columns, 0, Scrolled::default()),
            begun: String::new(),
            looked_ms: 0,
            unseen: 0,
            typed: false,
        }))
    }

    fn finish(self, at_ms: u64, number: u32, kept: &mut Kept) {
        match self {
            Self::Terminal(mut terminal) => {
                terminal.look(at_ms, number, true, kept);
                let begun = std::mem::take(&mut terminal.begun);
                terminal.offer(at_ms, number, &begun, kept);
            }
            Self::Plain(pending) => {
                for line in pending {
                    kept.offer(at_ms, number, Seen::Screen, &String::from_utf8_lossy(&line));
                }
            }
        }
    }
}

impl Terminal {
    fn output(&mut self, at_ms: u64, number: u32, bytes: &[u8], kept: &mut Kept) {
        for part in bytes.chunks(LOOK_EVERY) {
            // What stood there until now is looked at before it is written over.
            if self.unseen > 0 && at_ms.saturating_sub(self.looked_ms) >= LOOK_EVERY_MS {
                self.look(self.looked_ms.max(at_ms.saturating_sub(LOOK_EVERY_MS)), number, false, kept);
            }
            self.parser.process(part);
            self.unseen += part.len();
            self.scrolled(at_ms, number, kept);
            if self.unseen >= LOOK_EVERY {
                self.look(at_ms, number, false, kept);
            }
            self.looked_ms = if self.unseen == part.len() { at_ms } else { self.looked_ms };
        }
    }

    /// Lines that have scrolled off.
    fn scrolled(&mut self, at_ms: u64, number: u32, kept: &mut Kept) {
        let gone = self.parser.callbacks_mut().take();
        if gone.is_empty() {
            return;
        }
        self.begun.push_str(&gone);
        let whole = std::mem::take(&mut self.begun);
        let (lines, rest) = whole.rsplit_once('\n').unwrap_or(("", &whole));
        for line in lines.split('\n') {
            self.offer(at_ms, number, line, kept);
        }
        // A line that never ends is cut all the same.
        self.begun = rest.chars().take(MOST_CHARS).collect();
    }

    /// Lines that stand there; not the one that is being written, unless it is the end.
    fn look(&mut self, at_ms: u64, number: u32, all: bool, kept: &mut Kept) {
        self.unseen = 0;
        let screen = self.parser.screen();
        let cursor = screen.cursor_position().0;
        let columns = screen.size().1.get();
        let mut lines = Vec::new();
        let (mut line, mut holds_cursor) = (String::new(), false);
        for (row, text) in (0_u16..).zip(screen.rows(0, columns)) {
            line.push_str(&text);
            holds_cursor |= row == cursor;
            if screen.row_wrapped(row) {
                continue;
            }
            let whole = std::mem::take(&mut line);
            if all || !std::mem::take(&mut holds_cursor) {
                lines.push(whole);
            }
        }
        lines.push(line);
        for line in lines {
            self.offer(at_ms, number, &line, kept);
        }
    }

    fn offer(&self, at_ms: u64, number: u32, line: &str, kept: &mut Kept) {
        kept.offer(at_ms, number, Seen::Screen, line);
        if let Some(command) = behind_a_prompt(line).filter(|_| self.typed) {
            kept.offer(at_ms, number, Seen::Guess, command);
        }
    }
}

impl Kept {
    fn offer(&mut self, at_ms: u64, channel: u32, seen: Seen, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let mut hasher = DefaultHasher::new();
        (channel, seen.as_str(), text).hash(&mut hasher);
        if self.known.contains(&hasher.finish()) {
            return;
        }
        if self.lines.len() >= MOST_LINES || self.bytes >= MOST_BYTES {
            self.capped = true;
            return;
        }
        self.known.insert(hasher.finish());
        let text: String = plain(text).chars().take(MOST_CHARS).collect();
        self.bytes += text.len();
        self.lines.push(Line { at_ms, channel, seen, text });
    }
}

/// Completes lines with more bytes.
fn whole_lines(pending: &mut Vec<u8>, bytes: &[u8], mut line: impl FnMut(&str)) {
    for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
        pending.extend_from_slice(piece);
        if piece.ends_with(b"\n") || pending.len() >= MOST_PENDING {
            line(&String::from_utf8_lossy(&std::mem::take(pending)));
        }
    }
}

/// What stands behind the first prompt of a line: something short that ends in `$`, `#`, `%` or `>` and a space.
fn behind_a_prompt(line: &str) -> Option<&str> {
    let line = line.trim();
    let at = line.find(['$', '#', '%', '>'])?;
    let (prompt, rest) = line.split_at_checked(at)?;
    let command = rest.get(1..)?.strip_prefix(' ')?.trim();
    let looks = prompt.is_empty() || prompt.contains(['@', ':', '~', '[', '\\']) || !prompt.contains(' ');
    (prompt.len() <= MOST_PROMPT && looks && !command.is_empty()).then_some(command)
}

#[cfg(test)]
mod tests;
