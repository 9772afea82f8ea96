//! What a person read on the screen, as plain lines: terminals through an emulator, other channels as they are.
//!
//! Text found here is a hint, not evidence: editors, encodings and scripts hide. No escape sequence leaves it.

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroU16;

use serde_json::Value;
use vt100::capture::{BasicFormattedCaptureState, RowContents, basic_formatted_to_plain};

use super::{DEFAULT_SIZE, ReplayError, is_shown, size_of, terminal_of};
use crate::channel::Stream;
use crate::content::{Entry, What};
use crate::read::Recording;

/// A line of a channel without a terminal is broken here at the latest.
const MAX_LINE: usize = 4096;

/// Writes the recording as text: a heading per channel and event, lines of output as they scrolled away, and the last
/// screen of each terminal. Input is not shown: what was echoed is on the screen.
///
/// # Errors
/// When the recording is not sound to its end, or `to` cannot be written.
pub fn text(recording: &mut Recording, to: &mut dyn Write) -> Result<(), ReplayError> {
    let mut channels: BTreeMap<u32, Channel> = BTreeMap::new();
    for entry in recording.by_ref() {
        show(entry?, &mut channels, to)?;
    }
    for (number, channel) in &mut channels {
        channel.finish(*number, to)?;
    }
    Ok(())
}

fn show(entry: Entry, channels: &mut BTreeMap<u32, Channel>, to: &mut dyn Write) -> Result<(), ReplayError> {
    match (entry.what, entry.channel) {
        (What::Event(kind, body), Some(number)) => {
            if kind == "channel-open" {
                channels.insert(number, Channel::open(&body));
            } else if let Some(channel) = channels.get_mut(&number) {
                channel.event(&kind, &body);
                if kind == "channel-close" {
                    channel.finish(number, to)?;
                    channels.remove(&number);
                }
            }
            writeln!(to, "[{}] channel {number}: {}", entry.at, plain(&describe(&kind, &body)))?;
        }
        (What::Event(kind, body), None) => {
            writeln!(to, "[{}] {}", entry.at, plain(&describe(&kind, &body)))?;
        }
        (What::Bytes(stream @ (Stream::Output | Stream::Stderr | Stream::Gate), bytes), Some(number)) => {
            let channel = channels.entry(number).or_insert_with(|| Channel::Plain(Lines::default()));
            channel.output(number, stream, &bytes, to)?;
        }
        _ => {}
    }
    Ok(())
}

/// What a channel's output goes through.
enum Channel {
    Terminal(Box<vt100::Parser<Scrolled>>),
    Plain(Lines),
    /// Nobody reads it.
    Hidden,
}

/// The lines that are not complete yet, one for each stream.
#[derive(Default)]
struct Lines {
    output: Vec<u8>,
    stderr: Vec<u8>,
}

/// Rows that have scrolled off, as text.
#[derive(Default)]
pub(super) struct Scrolled {
    state: BasicFormattedCaptureState,
    formatted: String,
}

impl Scrolled {
    /// What has scrolled off since the last time, without colours.
    pub(super) fn take(&mut self) -> String {
        basic_formatted_to_plain(&std::mem::take(&mut self.formatted)).collect()
    }
}

impl vt100::Callbacks for Scrolled {
    fn on_scroll(&mut self, contents: RowContents<'_>, alternate_screen: bool) {
        if !alternate_screen {
            let written = contents.write_formatted_basic(&mut self.formatted, &mut self.state);
            debug_assert!(written.is_ok(), "writing to a string does not fail");
        }
    }
}

impl Channel {
    fn open(body: &Value) -> Self {
        if !is_shown(body) {
            return Self::Hidden;
        }
        let Some(terminal) = terminal_of(body) else { return Self::Plain(Lines::default()) };
        let (columns, rows) = sides(size_of(terminal).unwrap_or(DEFAULT_SIZE));
        Self::Terminal(Box::new(vt100::Parser::new_with_callbacks(rows, columns, 0, Scrolled::default())))
    }

    fn event(&mut self, kind: &str, body: &Value) {
        if let (Self::Terminal(parser), "resize", Some(size)) = (self, kind, size_of(body)) {
            let (columns, rows) = sides(size);
            parser.set_size(rows, columns);
        }
    }

    fn output(
        &mut self,
        number: u32,
        stream: Stream,
        bytes: &[u8],
        to: &mut dyn Write,
    ) -> Result<(), ReplayError> {
        match self {
            Self::Terminal(parser) => {
                parser.process(bytes);
                let scrolled = std::mem::take(&mut parser.callbacks_mut().formatted);
                write_lines(number, &scrolled, to)
            }
            Self::Plain(lines) => {
                let pending = if stream == Stream::Output { &mut lines.output } else { &mut lines.stderr };
                for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                    pending.extend_from_slice(piece);
                    if piece.ends_with(b"\n") || pending.len() >= MAX_LINE {
                        let line = std::mem::take(pending);
                        writeln!(to, "{number}| {}", plain(String::from_utf8_lossy(&line).trim_end()))?;
                    }
                }
                Ok(())
            }
            Self::Hidden => Ok(()),
        }
    }

    fn finish(&mut self, number: u32, to: &mut dyn Write) -> Result<(), ReplayError> {
        match self {
            Self::Terminal(parser) => write_lines(number, parser.screen().contents().trim_end(), to),
            Self::Plain(lines) => {
                for pending in
                    [&lines.output, &lines.stderr].into_iter().filter(|pending| !pending.is_empty())
                {
                    writeln!(to, "{number}| {}", plain(&String::from_utf8_lossy(pending)))?;
                }
                Ok(())
            }
            Self::Hidden => Ok(()),
        }
    }
}

pub(super) fn sides((columns, rows): (u16, u16)) -> (NonZeroU16, NonZeroU16) {
    let side = |side: u16| NonZeroU16::new(side).unwrap_or(NonZeroU16::MIN);
    (side(columns), side(rows))
}

fn write_lines(number: u32, formatted: &str, to: &mut dyn Write) -> Result<(), ReplayError> {
    let unformatted: String = basic_formatted_to_plain(formatted).collect();
    for line in unformatted.split('\n').filter(|line| !line.is_empty()) {
        writeln!(to, "{number}| {}", plain(line.trim_end()))?;
    }
    Ok(())
}

fn describe(kind: &str, body: &Value) -> String {
    let said = |name: &str| {
        body.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    // Heads are in the other formats.
    if let ("http-request", Some(method), Some(url)) = (kind, said("method"), said("url")) {
        return format!("{kind} {} {method} {url}", said("n").unwrap_or_default());
    }
    if let ("http-response", Some(status)) = (kind, said("status")) {
        let gate = if said("by").as_deref() == Some("gate") { " by the gate, not by the target" } else { "" };
        let why = said("why").filter(|_| !gate.is_empty()).map(|why| format!(": {why}")).unwrap_or_default();
        return format!("{kind} {} {status}{gate}{why}", said("n").unwrap_or_default());
    }
    match body {
        Value::Object(fields) if fields.is_empty() => kind.to_owned(),
        body => format!("{kind} {body}"),
    }
}

/// One line that moves no cursor, hides nothing and turns no text around.
pub(super) fn plain(line: &str) -> String {
    let shown = line.chars().map(|c| match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}' => {
            '\u{fffd}'
        }
        '\u{2028}' | '\u{2029}' => '\u{fffd}',
        c => c,
    });
    shown.collect()
}
