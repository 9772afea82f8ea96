//! A terminal's screen: fed what was written to it, it draws what a person saw. The emulator is vt100; sizes are clamped.

use std::num::NonZeroU16;

use super::MAX_SIDE;
use super::sequence::{ESC, Sequence};

/// Of an unfinished sequence this much is kept, in bytes; a longer one is a string that no screen shows.
const MOST_BEGUN: usize = 4 << 10;

/// An emulated terminal.
pub struct Screen {
    parser: vt100::Parser,
    sequence: Sequence,
    /// What was written of a sequence or character that is not complete.
    begun: Vec<u8>,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Screen(..)")
    }
}

fn side(wanted: u16) -> NonZeroU16 {
    NonZeroU16::new(wanted.clamp(1, MAX_SIDE)).unwrap_or(NonZeroU16::MIN)
}

impl Screen {
    /// An empty screen.
    #[must_use]
    pub fn new(columns: u16, rows: u16) -> Self {
        let parser = vt100::Parser::new(side(rows), side(columns), 0);
        Self { parser, sequence: Sequence::Rest, begun: Vec::new() }
    }

    /// The terminal has another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.parser.screen_mut().set_size(side(rows), side(columns));
    }

    /// Something is written to it.
    pub fn write(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        for &byte in bytes {
            let after = self.sequence.after(byte);
            let lead = matches!(after, Sequence::Character(_)) && byte >= 0xc2;
            if after == Sequence::Rest || self.sequence == Sequence::Rest || byte == ESC || lead {
                self.begun.clear();
            }
            if after != Sequence::Rest && !self.sequence.carries_out(byte) && self.begun.len() < MOST_BEGUN {
                self.begun.push(byte);
            }
            self.sequence = after;
        }
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        let (rows, columns) = self.parser.screen().size();
        (columns.into(), rows.into())
    }

    /// What makes an empty terminal of the same size look like this one, modes and cursor included, and what was begun
    /// of a sequence: what follows is understood as it would have been. A saved cursor, scroll margins and the screen
    /// under an alternate one are not in it.
    #[must_use]
    pub fn draw(&self) -> Vec<u8> {
        let mut drawn = self.parser.screen().state_formatted().into_bytes();
        drawn.extend_from_slice(&self.begun);
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_makes_an_empty_terminal_look_the_same() {
        let mut screen = Screen::new(40, 5);
        screen.write(b"one\r\n\x1b[1;31mtwo\x1b[0m\r\n\x1b[2;5Hthree\x1b[?25l");
        let mut again = Screen::new(40, 5);
        again.write(&screen.draw());
        assert_eq!(again.parser.screen().contents_formatted(), screen.parser.screen().contents_formatted());
        assert!(again.parser.screen().hide_cursor());
        assert!(again.parser.screen().contents().contains("three"));
    }

    #[test]
    fn absurd_sizes_are_clamped() {
        let mut screen = Screen::new(0, u16::MAX);
        screen.resize(u16::MAX, 0);
        screen.write(b"x");
        assert_eq!(screen.size(), (MAX_SIDE, 1));
    }
}
