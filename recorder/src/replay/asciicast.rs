//! asciicast v3 and v2 (docs.asciinema.org/manual/asciicast): one header line, then `[time, code, data]` lines; in v3 times
//! count from the line before, in v2 from the beginning.
//!
//! A player's terminal interprets the data, as the technician's did. Every line is JSON, so that control characters
//! are escaped in the file itself.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde_json::{Value, json};

use super::{DEFAULT_SIZE, ReplayError, size_of, terminal_of};
use crate::channel::Stream;
use crate::content::{Entry, What};
use crate::header::Header;
use crate::read::Recording;

/// Writes the recording's terminal as asciicast v3: output and what the gate wrote as `o`, input as `i` (a `*` for each
/// byte unless it is unmasked), resizes as `r`, events as markers `m`, the last exit status as `x`. With `channel`, of that channel alone.
///
/// # Errors
/// When the recording is not sound to its end, or `to` cannot be written.
pub fn asciicast_v3(
    recording: &mut Recording,
    channel: Option<u32>,
    to: &mut dyn Write,
) -> Result<(), ReplayError> {
    cast(recording, Version::Three, channel, to)
}

/// Writes it as asciicast v2, for older players: as [`asciicast_v3`], without the exit status, which v2 does not have.
///
/// # Errors
/// As [`asciicast_v3`].
pub fn asciicast_v2(
    recording: &mut Recording,
    channel: Option<u32>,
    to: &mut dyn Write,
) -> Result<(), ReplayError> {
    cast(recording, Version::Two, channel, to)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Two,
    Three,
}

fn cast(
    recording: &mut Recording,
    version: Version,
    channel: Option<u32>,
    to: &mut dyn Write,
) -> Result<(), ReplayError> {
    let mut cast = Cast {
        to,
        version,
        channel,
        before_us: 0,
        exit: None,
        begun: false,
        terminals: BTreeSet::new(),
        cut: BTreeMap::new(),
    };
    let header = recording.header().clone();
    for entry in recording.by_ref() {
        cast.entry(&header, entry?)?;
    }
    cast.begin(&header, DEFAULT_SIZE, None)?;
    if let (Version::Three, Some((at_us, status))) = (version, cast.exit.take()) {
        cast.line(at_us.max(cast.before_us), "x", &status)?;
    }
    Ok(())
}

struct Cast<'w> {
    to: &'w mut dyn Write,
    version: Version,
    channel: Option<u32>,
    /// Time of the last line; the next interval counts from it.
    before_us: u64,
    exit: Option<(u64, String)>,
    begun: bool,
    terminals: BTreeSet<u32>,
    /// The beginning of a character whose end is in the next batch.
    cut: BTreeMap<(Option<u32>, Stream), Vec<u8>>,
}

impl Cast<'_> {
    fn entry(&mut self, header: &Header, entry: Entry) -> Result<(), ReplayError> {
        if self.channel.is_some() && entry.channel.is_some() && entry.channel != self.channel {
            return Ok(());
        }
        let at_us = entry.mono_ns / 1000;
        match entry.what {
            What::Event(kind, body) => self.event(header, at_us, entry.channel, &kind, &body),
            What::Bytes(stream, bytes) => {
                self.begin(header, DEFAULT_SIZE, None)?;
                let text = self.whole_characters((entry.channel, stream), &bytes);
                match stream {
                    Stream::Output | Stream::Stderr | Stream::Gate => {
                        // Without a terminal nothing turns a line feed into a new line.
                        let raw = entry.channel.is_some_and(|channel| self.terminals.contains(&channel));
                        let text = if raw { text } else { text.replace('\n', "\r\n") };
                        self.line(at_us, "o", &text)
                    }
                    Stream::Input => self.line(at_us, "i", &text),
                    Stream::ForwardIn | Stream::ForwardOut => Ok(()),
                }
            }
            What::Masked(_, len) => {
                self.begin(header, DEFAULT_SIZE, None)?;
                let stars = "*".repeat(usize::try_from(len.min(1024)).unwrap_or(1));
                self.line(at_us, "i", &stars)
            }
            What::Delivered(..) => Ok(()),
        }
    }

    fn event(
        &mut self,
        header: &Header,
        at_us: u64,
        channel: Option<u32>,
        kind: &str,
        body: &Value,
    ) -> Result<(), ReplayError> {
        match kind {
            "channel-open" => {
                let terminal = terminal_of(body);
                if let (Some(channel), Some(_)) = (channel, terminal) {
                    self.terminals.insert(channel);
                }
                let size = terminal.and_then(size_of).unwrap_or(DEFAULT_SIZE);
                let first = !self.begun;
                self.begin(header, size, terminal.and_then(|terminal| terminal.get("name")))?;
                if !first && terminal.is_some() {
                    self.line(at_us, "r", &format!("{}x{}", size.0, size.1))?;
                }
                self.line(at_us, "m", &label(kind, body.get("kind")))
            }
            "resize" => {
                let Some((columns, rows)) = size_of(body) else { return Ok(()) };
                self.begin(header, (columns, rows), None)?;
                self.line(at_us, "r", &format!("{columns}x{rows}"))
            }
            "exit-status" => {
                let status = body.get("status").map_or_else(String::new, Value::to_string);
                self.exit = Some((at_us, status));
                Ok(())
            }
            "clock" => Ok(()),
            other => {
                // Before the first channel there is no size yet: a marker would settle it.
                if !self.begun {
                    return Ok(());
                }
                self.line(at_us, "m", &label(other, body.get("reason").or(body.get("signal"))))
            }
        }
    }

    /// The text of a batch, with what the batch before it left of a character; keeps back what this one begins.
    fn whole_characters(&mut self, of: (Option<u32>, Stream), bytes: &[u8]) -> String {
        let mut joined = self.cut.remove(&of).unwrap_or_default();
        joined.extend_from_slice(bytes);
        let mut text = String::new();
        let mut chunks = joined.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let invalid = chunk.invalid();
            let begins = chunks.peek().is_none()
                && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if begins {
                self.cut.insert(of, invalid.to_vec());
            } else if !invalid.is_empty() {
                text.push('\u{fffd}');
            }
        }
        text
    }

    /// Writes the header line, once.
    fn begin(&mut self, header: &Header, size: (u16, u16), name: Option<&Value>) -> Result<(), ReplayError> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        let title = format!("Chaperone session {}", header.session);
        let timestamp = header.started.as_second();
        if self.version == Version::Two {
            let env = json!({ "TERM": name.and_then(Value::as_str).unwrap_or("xterm-256color") });
            let (width, height) = size;
            let line = json!({
                "version": 2, "width": width, "height": height, "timestamp": timestamp, "title": title, "env": env,
            });
            return Ok(writeln!(self.to, "{line}")?);
        }
        let mut term = json!({ "cols": size.0, "rows": size.1 });
        if let (Some(name), Some(term)) = (name.and_then(Value::as_str), term.as_object_mut()) {
            term.insert("type".to_owned(), name.into());
        }
        let line = json!({
            "version": 3,
            "term": term,
            "timestamp": timestamp,
            "title": title,
        });
        writeln!(self.to, "{line}")?;
        Ok(())
    }

    fn line(&mut self, at_us: u64, code: &str, data: &str) -> Result<(), ReplayError> {
        let interval = at_us.saturating_sub(self.before_us);
        self.before_us = self.before_us.max(at_us);
        let time = if self.version == Version::Three { interval } else { self.before_us };
        let data = Value::from(data);
        writeln!(self.to, "[{}.{:06}, \"{code}\", {data}]", time / 1_000_000, time % 1_000_000)?;
        Ok(())
    }
}

/// A marker's label: one line, no control characters.
fn label(kind: &str, more: Option<&Value>) -> String {
    let more = more.and_then(Value::as_str).map(|more| format!(" {more}")).unwrap_or_default();
    format!("{kind}{more}").chars().filter(|c| !c.is_control()).take(200).collect()
}
