//! What the menu shows: plain lines that fit a terminal, however narrow, with its own line ends.

use chaperone_session::{Gate, OwnTarget, OwnWindow, Standing};
use jiff::Timestamp;

/// No terminal is taken for narrower; one whose client says nothing has 80 columns.
const NARROWEST: usize = 16;
const USUAL: usize = 80;
/// Lines around the list: title, spaces, keys, prompt.
const AROUND: usize = 9;
/// Windows on the smallest page.
const FEWEST: usize = 3;

/// How much a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    columns: usize,
    rows: usize,
}

impl Room {
    pub(super) fn new(columns: u32, rows: u32) -> Self {
        let known = |given: u32, usual: usize| match usize::try_from(given) {
            Ok(0) | Err(_) => usual,
            Ok(given) => given,
        };
        Self { columns: known(columns, USUAL).max(NARROWEST), rows: known(rows, 24) }
    }

    /// How many windows stand on one page.
    pub(super) fn page(self) -> usize {
        self.rows.saturating_sub(AROUND).max(FEWEST)
    }
}

/// The list from one of its windows on, with the keys that do something.
pub(super) fn list(gate: &Gate, windows: &[OwnWindow], from: usize, room: Room, now: Timestamp) -> String {
    let mut text = line(&format!("{}: your change windows.", gate.name()), 0, room);
    text.push_str("\r\n");
    if windows.is_empty() {
        text += &line(&format!("None is open or coming. To ask for one, call {}.", gate.help()), 2, room);
    }
    let page = windows.iter().enumerate().skip(from).take(room.page());
    for (at, window) in page {
        let ticket = window.ticket.as_ref().map_or_else(String::new, |ticket| format!(", {ticket}"));
        let entry = format!("{}) {}: {}{ticket}", at + 1, window.servers(), window.countdown(now, gate));
        text += &line(&entry, 5, room);
    }
    text.push_str("\r\n");
    let more = windows.len() > room.page();
    text += &line(keys(windows, more), 0, room);
    text
}

fn keys(windows: &[OwnWindow], more: bool) -> &'static str {
    match (windows.is_empty(), more) {
        (true, _) => "Enter looks again, q leaves.",
        (false, false) => "A number opens a visit, m asks for more time, Enter looks again, q leaves.",
        (false, true) => {
            "A number opens a visit, m asks for more time, n shows the next page, Enter looks again, q leaves."
        }
    }
}

/// Several servers or accounts, to choose one of.
pub(super) fn choices<'a>(title: &str, names: impl Iterator<Item = &'a str>, room: Room) -> String {
    let mut text = line(title, 0, room);
    for (at, name) in names.enumerate() {
        text += &line(&format!("{}) {name}", at + 1), 5, room);
    }
    text
}

/// What a window's end of the countdown depends on: when it changes, the list is shown again.
pub(super) fn standings(windows: &[OwnWindow]) -> Vec<(String, Standing, Timestamp, Timestamp)> {
    windows
        .iter()
        .map(|window| (window.id.to_string(), window.standing, window.opens, window.closes))
        .collect()
}

/// Names of servers.
pub(super) fn names(targets: &[OwnTarget]) -> impl Iterator<Item = &str> {
    targets.iter().map(|target| target.name.as_str())
}

/// Text on lines of its own that fit; those that follow the first are indented. Words that are longer than a line are cut
/// into lines.
pub(super) fn line(text: &str, indent: usize, room: Room) -> String {
    let indent = indent.min(room.columns / 4);
    let (mut shown, mut column) = (String::new(), 0);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > room.columns {
            begin(&mut shown, &mut column, indent);
        } else if column > 0 {
            shown.push(' ');
            column += 1;
        }
        for letter in word.chars() {
            if column >= room.columns {
                begin(&mut shown, &mut column, indent);
            }
            shown.push(letter);
            column += 1;
        }
    }
    shown.push_str("\r\n");
    shown
}

fn begin(shown: &mut String, column: &mut usize, indent: usize) {
    shown.push_str("\r\n");
    shown.extend(std::iter::repeat_n(' ', indent));
    *column = indent;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_line_is_broken_between_words_and_indented() {
        let room = Room::new(20, 24);
        assert_eq!(
            line("1) alaris-sm-01: open, 36 min left", 5, room),
            "1) alaris-sm-01:\r\n     open, 36 min\r\n     left\r\n"
        );
        assert_eq!(line("short", 5, Room::new(80, 24)), "short\r\n");
    }

    #[test]
    fn a_terminal_that_says_nothing_is_a_usual_one() {
        assert_eq!(Room::new(0, 0), Room { columns: 80, rows: 24 });
        assert_eq!(Room::new(1, 1).page(), FEWEST);
    }

    proptest! {
        #[test]
        fn every_line_fits_and_no_letter_is_lost(text in "[a-z ]{0,300}", columns in 0_u32..200, indent in 0_usize..9) {
            let room = Room::new(columns, 24);
            let shown = line(&text, indent, room);
            prop_assert!(shown.split("\r\n").all(|line| line.chars().count() <= room.columns));
            let letters = |text: &str| text.chars().filter(char::is_ascii_alphabetic).collect::<String>();
            prop_assert_eq!(letters(&shown), letters(&text));
        }
    }
}
