//! A film shows what was shown, from any moment on, and stays within its bounds.

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A film of these happenings: milliseconds, and what.
fn film(happenings: Vec<(u64, Option<u32>, What)>) -> Film {
    let mut film = Film::default();
    let (mut screens, mut last_ms) = (BTreeMap::new(), 0);
    for (at_ms, channel, what) in happenings {
        let entry = Entry { at: Timestamp::UNIX_EPOCH, mono_ns: at_ms * 1_000_000, channel, what };
        film.take(entry, &mut screens, &mut last_ms);
    }
    film
}

fn opens(columns: u16, rows: u16) -> What {
    What::Event(
        "channel-open".into(),
        json!({ "kind": "shell", "about": { "terminal": { "name": "xterm", "columns": columns, "rows": rows } } }),
    )
}

fn says(text: impl Into<Vec<u8>>) -> What {
    What::Bytes(Stream::Output, Bytes::from(text.into()))
}

/// What a terminal shows after a piece was played to its end.
fn played(channel: &FilmChannel, from_ms: u64) -> Vec<u8> {
    let mut piece = channel.piece(from_ms);
    let mut screen = Screen::new(piece.size.0, piece.size.1);
    screen.write(&piece.screen);
    loop {
        for frame in &piece.frames {
            match &frame.shown {
                Shown::Output(bytes) | Shown::Error(bytes) => screen.write(bytes),
                Shown::Size(columns, rows) => screen.resize(*columns, *rows),
            }
        }
        match piece.next_ms {
            Some(next_ms) => piece = channel.piece(next_ms),
            None => return screen.draw(),
        }
    }
}

#[test]
fn a_film_knows_what_was_opened_resized_and_closed() {
    let film = film(vec![
        (0, Some(0), opens(80, 24)),
        (100, Some(0), says("hello")),
        (5_000, Some(0), What::Event("resize".into(), json!({ "columns": 132, "rows": 43 }))),
        (6_000, Some(0), What::Masked(Stream::Input, 5)),
        (9_000, Some(0), says("later")),
        (9_100, Some(0), What::Event("exit-status".into(), json!({ "status": 3 }))),
        (9_200, Some(0), What::Event("channel-close".into(), json!({ "coverage": "captured" }))),
    ]);
    let channel = &film.channels[0];
    assert_eq!((channel.kind.as_str(), channel.terminal, channel.size), ("shell", true, (80, 24)));
    assert_eq!((channel.bytes_in, channel.bytes_out, channel.exit), (5, 10, Some(3)));
    assert_eq!((channel.ended_ms, channel.coverage.as_deref()), (Some(9_200), Some("captured")));
    assert_eq!(film.idle, [(100, 9_000)]);
    let kinds: Vec<_> = film.markers.iter().map(|marker| marker.kind).collect();
    assert_eq!(kinds, ["start", "resize"]);
}

#[test]
fn any_moment_is_drawn_as_it_was() {
    let film = film(vec![
        (0, Some(0), opens(20, 4)),
        (1_000, Some(0), says("one\r\n")),
        (2_000, Some(0), What::Event("resize".into(), json!({ "columns": 30, "rows": 5 }))),
        (3_000, Some(0), says("two\r\n")),
    ]);
    let channel = &film.channels[0];
    let at = |ms| channel.piece(ms);
    assert_eq!((at(0).size, at(0).frames.len()), ((20, 4), 3));
    assert!(String::from_utf8_lossy(&at(1_500).screen).contains("one"));
    assert_eq!(at(2_500).size, (30, 5));
    assert_eq!(at(2_500).frames, [Frame { at_ms: 3_000, shown: Shown::Output(b"two\r\n".to_vec()) }]);
    assert!(at(9_999).frames.is_empty());
    assert!(String::from_utf8_lossy(&at(9_999).screen).contains("two"));
}

#[test]
fn a_flood_is_kept_within_bounds_and_the_film_says_so() {
    let mut happenings = vec![(0, Some(0), opens(80, 24))];
    happenings.extend((0..60).map(|n| (n, Some(0), says(vec![b'x'; 1 << 20]))));
    let film = film(happenings);
    assert!(film.shortened);
    assert!(film.kept <= KEPT_BYTES);
    assert_eq!(film.channels[0].bytes_out, 60 << 20, "it knows how much there was");
}

#[test]
fn a_channel_without_a_terminal_keeps_its_errors_apart() {
    let open = What::Event("channel-open".into(), json!({ "kind": "exec", "about": { "command": "make" } }));
    let film = film(vec![
        (0, Some(4), open),
        (10, Some(4), says("out")),
        (20, Some(4), What::Bytes(Stream::Stderr, Bytes::from_static(b"err"))),
    ]);
    let channel = &film.channels[0];
    assert_eq!(channel.command.as_deref(), Some("make"));
    let piece = channel.piece(0);
    assert_eq!(piece.frames[1].shown, Shown::Error(b"err".to_vec()));
    assert_eq!(channel.piece(15).screen, b"out");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Seeking anywhere and playing on shows what playing from the start shows, also from inside a sequence. A saved
    /// cursor, scroll margins and the screen under an alternate one are not carried over a seek.
    #[test]
    fn seeking_and_playing_on_ends_in_the_same_screen(
        writes in prop::collection::vec((0u64..400_000, "([a-zé \r\n]|\u{1b}|\\[[0-9;]{0,4}[mHJK]|\u{1b}\\[[0-9;\n]{0,4}[mHJK]){0,30}"), 1..60),
        seek in 0u64..1_000_000,
    ) {
        let mut at_ms = 0;
        let mut happenings = vec![(0, Some(0), opens(40, 10))];
        for (pause, text) in writes {
            at_ms += pause;
            happenings.push((at_ms, Some(0), says(text)));
        }
        let film = film(happenings);
        let channel = &film.channels[0];
        let drawn = |bytes: &[u8]| { let mut screen = Screen::new(40, 10); screen.write(bytes); screen.draw() };
        prop_assert_eq!(drawn(&played(channel, seek)), drawn(&played(channel, 0)));
    }
}
