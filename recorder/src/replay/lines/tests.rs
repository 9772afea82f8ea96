//! A line that was to be read is found, once, at the time when it was first there.

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn lines(happenings: Vec<(u64, What)>) -> Vec<Line> {
    let mut maker = LineMaker::default();
    let mut last = 0;
    for (at_ms, what) in happenings {
        let entry = Entry { at: Timestamp::UNIX_EPOCH, mono_ns: at_ms * 1_000_000, channel: Some(0), what };
        maker.take(&entry);
        last = at_ms;
    }
    maker.finish(last).lines
}

fn shell() -> What {
    let about = json!({ "terminal": { "name": "xterm", "columns": 40, "rows": 5 } });
    What::Event("channel-open".into(), json!({ "kind": "shell", "about": about }))
}

fn says(text: impl Into<Vec<u8>>) -> What {
    What::Bytes(Stream::Output, Bytes::from(text.into()))
}

fn at(lines: &[Line], text: &str) -> Vec<(u64, Seen)> {
    lines.iter().filter(|line| line.text == text).map(|line| (line.at_ms, line.seen)).collect()
}

#[test]
fn a_line_is_found_at_its_first_time_and_once() {
    let found = lines(vec![
        (0, shell()),
        (1_000, says("alpha\r\nbeta\r\n")),
        (5_000, says("gamma\r\n")),
        (9_000, says("\x1b[2J\x1b[Halpha again\r\nalpha\r\n")),
    ]);
    assert_eq!(at(&found, "beta").len(), 1, "{found:?}");
    let [(first, Seen::Screen)] = at(&found, "alpha")[..] else { panic!("{found:?}") };
    assert!((1_000..5_000).contains(&first), "{first}");
    assert_eq!(at(&found, "alpha again").len(), 1);
}

#[test]
fn what_scrolls_by_at_once_is_found() {
    let flood: String = (0..2_000).map(|n| format!("row number {n}\r\n")).collect();
    let found = lines(vec![(0, shell()), (10, says(flood))]);
    for n in 0..2_000 {
        assert_eq!(at(&found, &format!("row number {n}")).len(), 1, "row {n}");
    }
}

#[test]
fn a_line_that_wraps_is_one_line() {
    let long = "a phrase that goes on beyond the right edge of the screen";
    let found = lines(vec![(0, shell()), (10, says(format!("{long}\r\nnext\r\n")))]);
    assert_eq!(at(&found, long).len(), 1, "{found:?}");
}

#[test]
fn commands_are_told_from_what_was_typed_at_a_prompt_and_are_called_guesses() {
    let found = lines(vec![
        (0, shell()),
        (10, says("svc@pump:~$ ")),
        (500, What::Masked(Stream::Input, 3)),
        (510, says("systemctl stop alaris\r\nsvc@pump:~$ ")),
    ]);
    assert!(at(&found, "systemctl stop alaris").iter().any(|(_, seen)| *seen == Seen::Guess), "{found:?}");
    let open = json!({ "kind": "exec", "about": { "command": "uname -a" } });
    let found = lines(vec![(7, What::Event("channel-open".into(), open)), (9, says("$ not typed\n"))]);
    assert_eq!(at(&found, "uname -a"), [(7, Seen::Command)]);
    assert!(found.iter().all(|line| line.seen != Seen::Guess), "{found:?}");
}

#[test]
fn a_flood_is_capped_and_says_so() {
    let mut maker = LineMaker::default();
    for n in 0..=MOST_LINES {
        maker.kept.offer(0, 0, Seen::Screen, &format!("{n}"));
    }
    assert!(maker.kept.capped && maker.kept.lines.len() == MOST_LINES);
}

proptest! {
    /// No output brings it down, and no control character leaves it.
    #[test]
    fn any_output_is_read_without_control_characters(
        writes in prop::collection::vec((0u64..1_000, prop::collection::vec(any::<u8>(), 0..200)), 0..20),
    ) {
        let happenings = writes.into_iter().map(|(at, bytes)| (at, says(bytes)));
        let found = lines(std::iter::once((0, shell())).chain(happenings).collect());
        prop_assert!(found.iter().all(|line| !line.text.chars().any(char::is_control)));
    }
}
