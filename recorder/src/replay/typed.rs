//! What was typed, line by line, where it is unmasked. Whether a line came back as output is a hint: a proxy cannot see the
//! target's echo setting, so a password shows as a line that did not.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;

use jiff::Timestamp;

use super::text::plain;
use super::{ReplayError, Sequence};
use crate::channel::Stream;
use crate::content::What;
use crate::read::Recording;

/// How long after its end a line is waited for in the output, in nanoseconds.
const ECHO_NS: u64 = 500_000_000;
/// A line is cut here at the latest.
const MAX_LINE: usize = 8 * 1024;
/// Lines of a paste that wait for their echo at once; those beyond are told without a hint.
const WAITING: usize = 256;
/// Output that is looked through for a line's echo beyond its own length, in bytes.
const BESIDE: usize = 256;

/// Writes every typed line with its time and channel; what did not come back is marked as not echoed, and what stays
/// masked is told by its length.
///
/// # Errors
/// When the recording is not sound to its end, or `to` cannot be written.
pub fn typed(recording: &mut Recording, to: &mut dyn Write) -> Result<(), ReplayError> {
    let mut channels: BTreeMap<u32, Keyboard> = BTreeMap::new();
    for entry in recording.by_ref() {
        let entry = entry?;
        let Some(number) = entry.channel else { continue };
        let now = entry.mono_ns;
        match entry.what {
            What::Event(kind, body) if kind == "channel-open" => {
                let is_typed = body.get("typed_input").and_then(serde_json::Value::as_bool) == Some(true);
                if is_typed {
                    channels.insert(number, Keyboard::default());
                }
            }
            What::Event(kind, _) if kind == "channel-close" => {
                if let Some(mut keyboard) = channels.remove(&number) {
                    keyboard.finish(number, to)?;
                }
            }
            What::Bytes(Stream::Input, bytes) => {
                if let Some(keyboard) = channels.get_mut(&number) {
                    keyboard.pressed(entry.at, now, &bytes);
                    keyboard.tell(number, now, to)?;
                }
            }
            What::Masked(_, len) => {
                writeln!(to, "[{}] channel {number} typed: {len} bytes, masked", entry.at)?;
            }
            What::Bytes(Stream::Output | Stream::Stderr, bytes) => {
                if let Some(keyboard) = channels.get_mut(&number) {
                    keyboard.tell(number, now, to)?;
                    keyboard.shown(&bytes);
                }
            }
            _ => {}
        }
    }
    for (number, keyboard) in &mut channels {
        keyboard.finish(*number, to)?;
    }
    Ok(())
}

/// The typed lines of a channel that are not told yet.
#[derive(Default)]
struct Keyboard {
    /// Complete or not; only the last one may be incomplete.
    lines: VecDeque<Line>,
    /// How far the output is in a control sequence.
    sequence: Sequence,
}

struct Line {
    at: Timestamp,
    typed: Vec<u8>,
    /// Until when its echo is waited for; `None` while it is being typed.
    until_ns: Option<u64>,
    /// Output since it was begun, without control sequences.
    output: Vec<u8>,
}

impl Keyboard {
    fn pressed(&mut self, at: Timestamp, now: u64, bytes: &[u8]) {
        for byte in bytes {
            if self.lines.back().is_none_or(|line| line.until_ns.is_some()) {
                self.lines.push_back(Line { at, typed: Vec::new(), until_ns: None, output: Vec::new() });
            }
            let Some(line) = self.lines.back_mut() else { continue };
            let ends = matches!(byte, b'\r' | b'\n');
            if !ends {
                line.typed.push(*byte);
            }
            if ends || line.typed.len() >= MAX_LINE {
                line.until_ns = Some(now.saturating_add(ECHO_NS));
            }
        }
    }

    fn shown(&mut self, bytes: &[u8]) {
        let mut seen = Vec::with_capacity(bytes.len());
        for byte in bytes {
            let before = self.sequence;
            self.sequence = before.after(*byte);
            let text = matches!(before, Sequence::Rest | Sequence::Character(_))
                && matches!(self.sequence, Sequence::Rest | Sequence::Character(_));
            if text && *byte >= 0x20 {
                seen.push(*byte);
            }
        }
        for line in &mut self.lines {
            let room = (4 * line.typed.len() + BESIDE).saturating_sub(line.output.len());
            line.output.extend(seen.iter().take(room));
        }
    }

    /// Tells the lines whose echo is not waited for any more.
    fn tell(&mut self, number: u32, now: u64, to: &mut dyn Write) -> Result<(), ReplayError> {
        while let Some(line) = self.lines.pop_front_if(|line| line.until_ns.is_some_and(|until| until < now))
        {
            line.tell(number, true, to)?;
        }
        while self.lines.len() > WAITING {
            if let Some(line) = self.lines.pop_front() {
                line.tell(number, false, to)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, number: u32, to: &mut dyn Write) -> Result<(), ReplayError> {
        self.lines.drain(..).try_for_each(|line| line.tell(number, true, to))
    }
}

impl Line {
    fn tell(&self, number: u32, hint: bool, to: &mut dyn Write) -> Result<(), ReplayError> {
        let mark = if hint && !self.came_back() { " (not echoed: a hint)" } else { "" };
        writeln!(to, "[{}] channel {number} typed: {}{mark}", self.at, plain(&carets(&self.typed)))?;
        Ok(())
    }

    /// Whether what was typed is in the output since, in one piece or letter by letter.
    fn came_back(&self) -> bool {
        let typed = edited(&self.typed);
        let mut output = self.output.iter();
        typed.is_empty() || typed.iter().all(|letter| output.any(|shown| shown == letter))
    }
}

/// What a line editor makes of the keys: erased letters are gone, and keys that are no letters.
fn edited(typed: &[u8]) -> Vec<u8> {
    let mut line = Vec::new();
    let mut sequence = Sequence::Rest;
    for byte in typed {
        let before = sequence;
        sequence = before.after(*byte);
        match byte {
            0x08 | 0x7f => drop(line.pop()),
            0x15 => line.clear(),
            0x20.. if matches!(before, Sequence::Rest | Sequence::Character(_)) => line.push(*byte),
            _ => {}
        }
    }
    line
}

/// Keys that are no letters in caret notation, as terminals show them.
fn carets(typed: &[u8]) -> String {
    let text = String::from_utf8_lossy(typed);
    let shown = text.chars().flat_map(|c| {
        let caret = u32::from(c) < 0x20 || c == '\u{7f}';
        let letter = if caret { char::from_u32(u32::from(c) ^ 0x40).unwrap_or('?') } else { c };
        caret.then_some('^').into_iter().chain([letter])
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(keys: &[(&[u8], &[u8])]) -> String {
        let (mut keyboard, mut out) = (Keyboard::default(), Vec::new());
        for (second, (typed, shown)) in keys.iter().enumerate() {
            let now = second as u64 * 1_000_000_000;
            keyboard.pressed(Timestamp::UNIX_EPOCH, now, typed);
            keyboard.tell(3, now, &mut out).unwrap();
            keyboard.shown(shown);
        }
        keyboard.finish(3, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_that_comes_back_is_told_and_one_that_does_not_is_marked() {
        let said = told(&[(b"ls\r", b"ls\r\n$ "), (b"hunter2\r", b"\r\n15 characters\r\n")]);
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines[0].ends_with("channel 3 typed: ls"), "{said}");
        assert!(lines[1].ends_with("channel 3 typed: hunter2 (not echoed: a hint)"), "{said}");
    }

    #[test]
    fn a_pasted_command_an_erased_letter_and_a_coloured_echo_came_back() {
        let said = told(&[
            (b"one\rtwo\r", b"one\r\ntwo\r\n"),
            (b"lx\x7fs\r", b"l\x1b[31mx\x08 \x08s\x1b[0m\r\n"),
            (b"\r", b"\r\n$ "),
        ]);
        assert!(!said.contains("not echoed"), "{said}");
        assert!(said.contains("typed: lx^?s"), "{said}");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_and_shown_each_line_is_plain_text(
            keys in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), prop::collection::vec(any::<u8>(), 0..80)), 0..20),
        ) {
            let keys: Vec<(&[u8], &[u8])> = keys.iter().map(|(typed, shown)| (typed.as_slice(), shown.as_slice())).collect();
            let said = told(&keys);
            prop_assert!(said.chars().all(|c| c == '\n' || !c.is_control()));
        }
    }
}
