//! What a target writes to a terminal to hurt whoever looks at it later.

use chaperone_recorder::{ChannelKind, Recording, Stream, replay};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use serde_json::json;

use crate::bounds::{SHOWING, within};
use crate::visit::{Gate, ending, say};

/// Pieces of output that ask for a lot, or for what there is not.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let number = || prop_oneof![Just(0_u64), Just(1), Just(65_535), Just(65_536), Just(u64::MAX), 0..200_u64];
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        (number(), number(), proptest::sample::select(b"ABCDEFGHJKLMPSTXZ@abcdefghlmnpqrstu`".to_vec()))
            .prop_map(|(a, b, end)| format!("\x1b[{a};{b}{}", end as char).into_bytes()),
        (number(), number())
            .prop_map(|(a, b)| format!("\x1b[8;{a};{b}t\x1b[{a};{b}r\x1b[?{a}h\x1b[38;5;{b}m").into_bytes()),
        (1..40_000_usize).prop_map(|len| [b"\x1b]0;".to_vec(), vec![b'x'; len]].concat()),
        (1..40_000_usize).prop_map(|len| [b"\x1bP".to_vec(), vec![b'q'; len], b"\x1b\\".to_vec()].concat()),
        (1..2_000_usize).prop_map(|lines| b"\r\n\x1bM\x1bD".repeat(lines)),
        (1..2_000_usize).prop_map(|marks| [b"a".to_vec(), "\u{301}".repeat(marks).into_bytes()].concat()),
        Just(b"\x1b[?1049h\x1b[2J\x1b[H\xf0\x9f".to_vec()),
        (1..400_usize).prop_map(|many| format!("\x1b[{}m", "1;".repeat(many)).into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn hostile_output_is_shown_within_bounds(
        pieces in proptest::collection::vec(piece(), 0..30),
        (columns, rows) in (any::<u32>(), any::<u32>()),
    ) {
        let gate = Gate::new();
        let (live, shell) = gate.start();
        let exec = live.open_channel(1, ChannelKind::new("exec", json!({ "command": "\u{202e}\u{1b}[2J" })), false).unwrap();
        for (turn, piece) in pieces.iter().enumerate() {
            say(&shell, Stream::Output, piece);
            say(&exec, if turn % 2 == 0 { Stream::Output } else { Stream::Stderr }, piece);
            if turn % 5 == 0 {
                live.event(Some(0), "resize", json!({ "columns": columns >> (turn % 32), "rows": rows >> (turn % 32) })).unwrap();
            }
        }
        live.seal(ending()).unwrap();
        let open = || Recording::open(&gate.path(live.session()), &gate.readers()).unwrap();
        let mut text = Vec::new();
        within(SHOWING, || replay::text(&mut open(), &mut text).unwrap());
        let text = String::from_utf8(text).unwrap();
        assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c)));
        let mut cast = Vec::new();
        within(SHOWING, || replay::asciicast_v3(&mut open(), None, &mut cast).unwrap());
        for line in String::from_utf8(cast).unwrap().lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok());
        }
        let (film, keyframes) = within(SHOWING, || replay::Film::of(&mut open()));
        within(SHOWING, || drop(replay::Film::unpack(&film.pack().unwrap()).unwrap()));
        within(SHOWING, || drop(replay::derive(&mut open(), || ())));
        assert!(keyframes.len() <= 4096);
    }
}
