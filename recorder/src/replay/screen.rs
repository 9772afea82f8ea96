//! A terminal's screen: fed what was written to it, it draws what a person saw. The emulator is vt100; sizes are clamped.

use std::num::NonZeroU16;

use super::MAX_SIDE;

/// An emulated terminal.
pub struct Screen {
    parser: vt100::Parser,
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
        Self { parser: vt100::Parser::new(side(rows), side(columns), 0) }
    }

    /// The terminal has another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.parser.screen_mut().set_size(side(rows), side(columns));
    }

    /// Something is written to it.
    pub fn write(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        let (rows, columns) = self.parser.screen().size();
        (columns.into(), rows.into())
    }

    /// What makes an empty terminal of the same size look like this one, modes and cursor included.
    #[must_use]
    pub fn draw(&self) -> Vec<u8> {
        self.parser.screen().state_formatted().into_bytes()
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
