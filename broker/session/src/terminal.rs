//! When the gate may write into a terminal: only while the target's output is not inside an escape sequence or a
//! multi-byte character, so that a warning never breaks a full-screen program's drawing.
//!
//! This is no terminal emulator. It looks at the tail of each chunk from the last ESC on, which costs nothing on bulk
//! output, and remembers whether a program uses the alternate screen.

use chaperone_recorder::replay::Sequence;

/// Tracks one terminal's output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    sequence: Sequence,
    full_screen: bool,
}

const ESC: u8 = 0x1b;

impl Terminal {
    /// Takes note of output that goes to the terminal.
    pub fn saw(&mut self, output: &[u8]) {
        if let Some(on) = alternate_screen(output) {
            self.full_screen = on;
        }
        let from = output.iter().rposition(|&byte| byte == ESC);
        let (start, tail) = match from {
            Some(at) if at > 0 => (Sequence::Rest, output.get(at..).unwrap_or_default()),
            // No ESC: either the old sequence ends in here, or only the last character matters.
            None if self.sequence == Sequence::Rest => (Sequence::Rest, last_character(output)),
            _ => (self.sequence, output),
        };
        // `ESC \` ends a string; where the chunk's last ESC is inside a string, it ends or cancels it.
        self.sequence = tail.iter().fold(start, |sequence, &byte| sequence.after(byte));
    }

    /// Whether the gate may write now.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.sequence == Sequence::Rest
    }

    /// A notice in the form that suits the screen: lines of its own, or title and bell for a full-screen program.
    #[must_use]
    pub fn notice(&self, text: &str) -> String {
        let plain: String = text.chars().filter(|c| !c.is_control()).collect();
        if self.full_screen {
            format!("\x1b]0;{plain}\x07\x07")
        } else {
            format!("\r\n\x1b[7m {plain} \x1b[0m\r\n")
        }
    }
}

fn last_character(output: &[u8]) -> &[u8] {
    output.get(output.len().saturating_sub(4)..).unwrap_or_default()
}

/// The last switch of the alternate screen in the chunk (xterm's private modes 47, 1047 and 1049).
fn alternate_screen(output: &[u8]) -> Option<bool> {
    const MODES: [&[u8]; 3] = [b"1049", b"1047", b"47"];
    let mut rest = output;
    let mut last = None;
    while let Some(at) = rest.iter().position(|&byte| byte == ESC) {
        rest = rest.get(at + 1..).unwrap_or_default();
        let mode =
            rest.strip_prefix(b"[?").and_then(|rest| MODES.iter().find_map(|mode| rest.strip_prefix(*mode)));
        match mode.and_then(|rest| rest.first()) {
            Some(b'h') => last = Some(true),
            Some(b'l') => last = Some(false),
            _ => {}
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(chunks: &[&[u8]]) -> Terminal {
        let mut terminal = Terminal::default();
        chunks.iter().for_each(|chunk| terminal.saw(chunk));
        terminal
    }

    #[test]
    fn a_terminal_rests_between_sequences_and_not_inside_them() {
        let table: &[(&[&[u8]], bool)] = &[
            (&[b"plain\r\n"], true),
            (&[b"red \x1b[31"], false),
            (&[b"red \x1b[31", b"m text"], true),
            (&[b"\x1b"], false),
            (&[b"\x1b", b"c"], true),
            (&[b"\x1b]0;title"], false),
            (&[b"\x1b]0;title", b" goes on"], false),
            (&[b"\x1b]0;title", b" ends\x07"], true),
            (&[b"\x1b]0;title\x1b\\"], true),
            (&[b"\x1bPdevice", b"\x1b\\x"], true),
            (&["caf\u{e9}".as_bytes()], true),
            (&[b"caf\xc3"], false),
            (&[b"caf\xc3", b"\xa9"], true),
            (&[b"\xf0\x9f\x98"], false),
            (&[b"\x1b(B"], true),
        ];
        for (chunks, rests) in table {
            assert_eq!(after(chunks).rests(), *rests, "{chunks:?}");
        }
    }

    #[test]
    fn a_notice_for_a_full_screen_program_is_title_and_bell() {
        assert!(after(&[b"\x1b[?1049h~\r\n"]).notice("closing").starts_with("\x1b]0;closing\x07"));
        assert!(after(&[b"\x1b[?1049h", b"\x1b[?1049l$ "]).notice("closing").contains(" closing "));
        assert!(!Terminal::default().notice("a\x1b]b\nc").contains("\x1b]"));
    }

    /// Bytes as hostile programs send them: mostly escapes and what belongs to them.
    fn output() -> impl Strategy<Value = Vec<u8>> {
        let escapes = prop::sample::select(b"\x1b[]?()\\;0149hlPX^_c\x07\x18\x9b\xc3\xa9\xf0 a\n".to_vec());
        prop::collection::vec(prop_oneof![3 => escapes, 1 => any::<u8>()], 0..200)
    }

    proptest! {
        #[test]
        fn any_output_is_taken_and_a_notice_stays_plain(chunks in prop::collection::vec(output(), 0..6), text in "(?s:.){0,300}") {
            let mut terminal = Terminal::default();
            for chunk in &chunks {
                terminal.saw(chunk);
            }
            let notice = terminal.notice(&text);
            let inner = notice.trim_start_matches("\x1b]0;").trim_start_matches("\r\n\x1b[7m ");
            let inner = inner.trim_end_matches("\x07\x07").trim_end_matches(" \x1b[0m\r\n");
            prop_assert!(!inner.chars().any(char::is_control), "{:?}", notice);
        }

        #[test]
        fn a_chunk_after_which_the_terminal_rests_may_be_seen_byte_by_byte(chunk in output()) {
            let (mut whole, mut single) = (Terminal::default(), Terminal::default());
            whole.saw(&chunk);
            chunk.iter().for_each(|byte| single.saw(&[*byte]));
            // Whoever cuts it differently must not find a place inside a sequence to write into.
            prop_assert!(!whole.rests() || single.rests(), "{:?}", chunk);
        }
    }
}
