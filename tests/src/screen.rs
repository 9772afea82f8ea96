//! What a terminal looks like after everything that was written to it.

use std::num::NonZero;
use std::time::{Duration, Instant};

use vt100::Parser;

use crate::patience::PATIENCE;
use crate::terminal::Terminal;

/// A screen that is the same for so long is still.
const STILL: Duration = Duration::from_millis(200);

/// What stands on a screen, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct Screen {
    /// Its lines, without spaces at their ends.
    pub lines: Vec<String>,
    /// Where the cursor is: row and column, from 0.
    pub cursor: (u16, u16),
    /// Everything that an eye would see of it, with colours.
    drawn: Vec<u8>,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cursor {:?}\n{}", self.cursor, self.lines.join("\n"))
    }
}

impl Terminal {
    /// What it shows now. `sizes` are the sizes that it has had, each with how much had been shown when it got it.
    ///
    /// # Panics
    /// When it has had no size.
    #[must_use]
    pub fn looks(&self, sizes: &[(usize, (u16, u16))]) -> Screen {
        let bytes = self.bytes();
        let cells = |count: u16| NonZero::new(count).expect("a terminal has columns and rows");
        let (_, (columns, rows)) = *sizes.first().expect("a terminal has a size");
        let mut parser = Parser::new(cells(rows), cells(columns), 0);
        let ends = sizes.iter().skip(1).map(|(at, _)| *at).chain([bytes.len()]);
        let mut from = 0;
        for (end, (_, (columns, rows))) in ends.zip(sizes) {
            parser.screen_mut().set_size(cells(*rows), cells(*columns));
            parser.process(bytes.get(from..end).unwrap_or_default());
            from = end;
        }
        let screen = parser.screen();
        let lines = screen.rows(0, screen.size().1.get()).map(|line| line.trim_end().to_owned()).collect();
        Screen { lines, cursor: screen.cursor_position(), drawn: screen.contents_formatted().into() }
    }

    /// Waits until its screen is so, and nothing more comes.
    ///
    /// # Panics
    /// When it never is.
    #[track_caller]
    pub fn settles(&self, sizes: &[(usize, (u16, u16))], what: &str, so: impl Fn(&Screen) -> bool) -> Screen {
        let (began, mut before) = (Instant::now(), None);
        loop {
            let now = self.looks(sizes);
            if before.as_ref() == Some(&now) && so(&now) {
                return now;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "waited {PATIENCE:?} in vain for: {what}; the screen is\n{now:?}"
            );
            before = Some(now);
            std::thread::sleep(STILL);
        }
    }
}
