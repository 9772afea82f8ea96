//! A film shows what was shown, from any moment on, and stays within its bounds.

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::super::piece::{Frame, Piece, Shown, piece};
use super::*;
use crate::mark::Mark;

/// What happened: milliseconds, the channel, and what.
type Happening = (u64, Option<u32>, What);

/// A recording of these happenings, read without a file: its film, with a keyframe before every so many entries.
struct Reel {
    entries: Vec<Entry>,
    film: Film,
    keyframes: Vec<(usize, Keyframe)>,
}

fn reel(happenings: Vec<Happening>, every: usize) -> Reel {
    let entry = |(at_ms, channel, what): Happening| Entry {
        at: Timestamp::UNIX_EPOCH,
        mono_ns: at_ms * 1_000_000,
        channel,
        what,
    };
    let entries: Vec<Entry> = happenings.into_iter().map(entry).collect();
    let mut maker = FilmMaker::default();
    let mut keyframes = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        if number % every == every - 1 {
            let mark = Mark { offset: 0, ordinal: 0, nonce: 0, chain: [0; 32] };
            keyframes.push((number, Keyframe::of(maker.film.duration_ms, mark, &maker.stages)));
        }
        maker.take(entry);
    }
    Reel { entries, film: maker.film, keyframes }
}

fn film(happenings: Vec<Happening>) -> Film {
    reel(happenings, usize::MAX).film
}

impl Reel {
    fn piece(&self, number: u32, from_ms: u64) -> Piece {
        let channel = self.film.channels.iter().find(|channel| channel.number == number).unwrap();
        let until = channel.ended_ms.map_or(from_ms, |ended| ended.min(from_ms));
        let found = self.keyframes.iter().rev().find(|(_, keyframe)| keyframe.at_ms < until);
        let (skip, keyframe) = found.map_or((0, None), |(skip, keyframe)| (*skip, Some(keyframe)));
        piece(self.entries.iter().skip(skip).cloned().map(Ok), keyframe, number, from_ms)
    }
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
fn played(reel: &Reel, from_ms: u64) -> Vec<u8> {
    let mut piece = reel.piece(0, from_ms);
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
            Some(next_ms) => piece = reel.piece(0, next_ms),
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
    let kinds: Vec<_> = film.markers.iter().map(|marker| marker.kind.as_ref()).collect();
    assert_eq!(kinds, ["start", "resize"]);
}

#[test]
fn any_moment_is_drawn_as_it_was() {
    for every in [2, 3, usize::MAX] {
        let reel = reel(
            vec![
                (0, Some(0), opens(20, 4)),
                (1_000, Some(0), says("one\r\n")),
                (2_000, Some(0), What::Event("resize".into(), json!({ "columns": 30, "rows": 5 }))),
                (3_000, Some(0), says("two\r\n")),
            ],
            every,
        );
        let at = |ms| reel.piece(0, ms);
        assert_eq!((at(0).size, at(0).frames.len()), ((20, 4), 3));
        assert!(String::from_utf8_lossy(&at(1_500).screen).contains("one"));
        assert_eq!(at(2_500).size, (30, 5));
        assert_eq!(at(2_500).frames, [Frame { at_ms: 3_000, shown: Shown::Output(b"two\r\n".to_vec()) }]);
        assert!(at(9_999).frames.is_empty());
        assert!(String::from_utf8_lossy(&at(9_999).screen).contains("two"));
    }
}

#[test]
fn a_flood_is_played_in_pieces_and_none_of_it_is_left_out() {
    let mut happenings = vec![(0, Some(0), opens(80, 24))];
    happenings.extend((0..60).map(|n| (n, Some(0), says(vec![b'x'; 100_000]))));
    let reel = reel(happenings, 7);
    assert_eq!((reel.film.channels[0].bytes_out, reel.film.shortened), (6_000_000, false));
    let (mut from, mut bytes) = (Some(0), 0);
    while let Some(from_ms) = from {
        let piece = reel.piece(0, from_ms);
        assert!(piece.frames.len() <= 3 && piece.next_ms.is_none_or(|next| next > from_ms));
        bytes +=
            piece.frames.iter().filter(|frame| matches!(frame.shown, Shown::Output(_))).count() * 100_000;
        from = piece.next_ms;
    }
    assert_eq!(bytes, 6_000_000);
}

#[test]
fn a_channel_that_says_nothing_for_long_ends_its_piece_and_goes_on() {
    let mut happenings =
        vec![(0, Some(0), opens(80, 24)), (1, Some(1), opens(80, 24)), (2, Some(0), says("a"))];
    happenings.extend((0..100).map(|n| (10 + n, Some(1), says(vec![b'x'; 100_000]))));
    happenings.push((500, Some(0), says("b")));
    let reel = reel(happenings, 5);
    let piece = reel.piece(0, 0);
    assert!(piece.frames.len() == 1 && piece.next_ms.is_some_and(|next| next < 500), "{:?}", piece.next_ms);
    let shown = played(&reel, 0);
    assert!(String::from_utf8_lossy(&shown).contains("ab"));
}

#[test]
fn a_film_comes_back_as_it_was_packed() {
    let film = film(vec![(0, Some(0), opens(80, 24)), (5_000, Some(0), says("x"))]);
    let again = Film::unpack(&film.pack().unwrap()).unwrap();
    assert_eq!((again.markers, again.idle, again.duration_ms), (film.markers, film.idle, film.duration_ms));
    assert!(Film::unpack(b"none of ours").is_err());
}

#[test]
fn a_channel_without_a_terminal_keeps_its_errors_apart() {
    let open = What::Event("channel-open".into(), json!({ "kind": "exec", "about": { "command": "make" } }));
    let happenings = vec![
        (0, Some(4), open),
        (10, Some(4), says("out")),
        (20, Some(4), What::Bytes(Stream::Stderr, Bytes::from_static(b"err"))),
    ];
    for every in [3, usize::MAX] {
        let reel = reel(happenings.clone(), every);
        assert_eq!(reel.film.channels[0].command.as_deref(), Some("make"));
        assert_eq!(reel.piece(4, 0).frames[1].shown, Shown::Error(b"err".to_vec()));
        assert_eq!(reel.piece(4, 15).screen, b"out");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Seeking anywhere and playing on shows what playing from the start shows, also from inside a sequence. A saved
    /// cursor, scroll margins and the screen under an alternate one are not carried over a seek.
    #[test]
    fn seeking_and_playing_on_ends_in_the_same_screen(
        writes in prop::collection::vec((0u64..400_000, "([a-zé \r\n]|\u{1b}|\\[[0-9;]{0,4}[mHJK]|\u{1b}\\[[0-9;\n]{0,4}[mHJK]){0,30}"), 1..60),
        seek in 0u64..1_000_000,
        every in 1usize..20,
    ) {
        let mut at_ms = 0;
        let mut happenings = vec![(0, Some(0), opens(40, 10))];
        for (pause, text) in writes {
            at_ms += pause;
            happenings.push((at_ms, Some(0), says(text)));
        }
        let reel = reel(happenings, every);
        let drawn = |bytes: &[u8]| { let mut screen = Screen::new(40, 10); screen.write(bytes); screen.draw() };
        prop_assert_eq!(drawn(&played(&reel, seek)), drawn(&played(&reel, 0)));
    }
}
