//! One line, as somebody types it in a terminal whose client echoes nothing: what of it is shown, and when it is done.
//! Escape sequences of arrow and function keys are passed over; a line has a bounded length.

/// Longest line, in characters: a reason for more time in a sentence or two.
const MOST: usize = 200;
/// Longest form of one character in UTF-8.
const UTF8: usize = 4;

/// A line in the making.
#[derive(Debug, Default)]
pub(super) struct Typing {
    line: String,
    /// The beginning of a character whose rest has not come.
    begun: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After a carriage return: the line feed that some clients add is no second line.
    Returned,
    /// After ESC.
    Escape,
    /// In a control sequence (ECMA-48 §5.4), up to its final octet.
    Sequence,
}

/// What an octet came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Show this.
    Echo(String),
    /// The line is done.
    Line(String),
    /// Ctrl-C, or Ctrl-D on an empty line.
    Leave,
    /// Nothing.
    Nothing,
}

impl Typing {
    /// What stands in the line so far.
    pub(super) fn line(&self) -> &str {
        &self.line
    }

    /// Takes one octet.
    pub(super) fn take(&mut self, octet: u8) -> Typed {
        let state = std::mem::take(&mut self.state);
        match (state, octet) {
            (State::Escape, b'[' | b'O') => self.state = State::Sequence,
            (State::Escape, _) | (State::Sequence, 0x40..=0x7e) => {}
            (State::Sequence, 0x20..=0x3f) => self.state = State::Sequence,
            (State::Returned, b'\n') => {}
            _ => return self.take_text(octet),
        }
        Typed::Nothing
    }

    fn take_text(&mut self, octet: u8) -> Typed {
        if octet >= 0x80 {
            return self.take_part(octet);
        }
        self.begun.clear();
        match octet {
            b'\r' | b'\n' => {
                self.state = if octet == b'\r' { State::Returned } else { State::Text };
                Typed::Line(std::mem::take(&mut self.line))
            }
            0x03 => Typed::Leave,
            0x04 if self.line.is_empty() => Typed::Leave,
            0x08 | 0x7f if self.line.pop().is_some() => Typed::Echo("\x08 \x08".to_owned()),
            0x15 => {
                let wiped = "\x08 \x08".repeat(self.line.chars().count());
                self.line.clear();
                Typed::Echo(wiped)
            }
            0x1b => {
                self.state = State::Escape;
                Typed::Nothing
            }
            0x20..=0x7e => self.push(char::from(octet)),
            _ => Typed::Nothing,
        }
    }

    /// A part of a character beyond ASCII.
    fn take_part(&mut self, octet: u8) -> Typed {
        self.begun.push(octet);
        match std::str::from_utf8(&self.begun).map(|text| text.chars().next()) {
            Ok(whole) => {
                self.begun.clear();
                whole.map_or(Typed::Nothing, |letter| self.push(letter))
            }
            Err(fault) => {
                if fault.error_len().is_some() || self.begun.len() >= UTF8 {
                    self.begun.clear();
                }
                Typed::Nothing
            }
        }
    }

    fn push(&mut self, letter: char) -> Typed {
        if letter.is_control() || self.line.chars().count() >= MOST {
            return Typed::Nothing;
        }
        self.line.push(letter);
        Typed::Echo(letter.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lines that some octets make, what was shown, and whether somebody left.
    fn typed(octets: &[u8]) -> (Vec<String>, String, bool) {
        let (mut typing, mut lines, mut shown) = (Typing::default(), Vec::new(), String::new());
        for octet in octets {
            match typing.take(*octet) {
                Typed::Echo(text) => shown.push_str(&text),
                Typed::Line(line) => lines.push(line),
                Typed::Leave => return (lines, shown, true),
                Typed::Nothing => {}
            }
        }
        (lines, shown, false)
    }

    #[test]
    fn a_line_ends_with_return_feed_or_both() {
        assert_eq!(typed(b"1\r").0, ["1"]);
        assert_eq!(typed(b"1\n2\r\n3\r\r").0, ["1", "2", "3", ""]);
    }

    #[test]
    fn what_is_typed_is_shown_and_can_be_taken_back() {
        assert_eq!(typed(b"12\x7f3\r"), (vec!["13".into()], "12\x08 \x083".into(), false));
        assert_eq!(typed("Müller\x15x\r".as_bytes()).0, ["x"]);
        assert_eq!(typed(b"\x7f\x7f1\r").0, ["1"]);
    }

    #[test]
    fn keys_that_are_no_letters_do_nothing() {
        assert_eq!(typed(b"\x1b[A\x1b[1;5C\x1bOP1\x1bx\x01\x00\r").0, ["1"]);
    }

    #[test]
    fn control_c_leaves_and_control_d_leaves_an_empty_line() {
        assert!(typed(b"12\x03").2 && typed(b"\x04").2);
        assert!(!typed(b"1\x04").2);
    }

    proptest! {
        #[test]
        fn no_octets_make_a_long_line_or_one_that_acts_on_a_terminal(octets in prop::collection::vec(any::<u8>(), 0..2000)) {
            let (lines, shown, _) = typed(&octets);
            for line in lines {
                prop_assert!(line.chars().count() <= MOST && !line.chars().any(char::is_control));
            }
            prop_assert!(!shown.replace('\x08', "").chars().any(char::is_control));
        }
    }
}
