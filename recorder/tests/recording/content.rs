//! What is in the files, who can open it, and what the derived views show.

use std::fs;

use chaperone_recorder::{ChannelKind, Durability, Identity, Recording, Stream, Typed, What, replay, verify};
use serde_json::{Value, json};

use crate::visit::{Gate, OUTPUT, SECRET, ending, say};

#[test]
fn everything_reads_back_in_order_with_its_times() {
    let gate = Gate::new();
    let (session, seal) = gate.visit();
    let entries = gate.entries(session);
    assert!(entries.is_sorted_by_key(|entry| entry.mono_ns));
    let of = |channel, wanted| {
        let bytes = entries.iter().filter(|entry| entry.channel == Some(channel)).filter_map(|entry| {
            match &entry.what {
                What::Bytes(stream, bytes) if *stream == wanted => Some(bytes.to_vec()),
                _ => None,
            }
        });
        bytes.flatten().collect::<Vec<u8>>()
    };
    assert_eq!(of(0, Stream::Input), SECRET.as_bytes());
    assert_eq!(of(0, Stream::Output).len(), OUTPUT.len() + 50_000);
    assert_eq!(of(1, Stream::Input), b"stdin of a command");
    assert_eq!(of(1, Stream::Output), b"alaris-sm-01\n");
    assert_eq!(seal.records, Some(entries.len() as u64));
    for count in &seal.counts {
        assert_eq!(count.received, count.delivered, "{count:?}");
        assert_eq!(count.received, of(count.channel, count.stream).len() as u64);
    }
}

#[test]
fn each_recipient_opens_the_evidence_and_only_unmask_opens_what_was_typed() {
    let gate = Gate::new();
    let (session, _) = gate.visit();
    for identity in [&gate.evidence, &gate.auditor] {
        let recording = Recording::open(&gate.path(session), std::slice::from_ref(identity))
            .unwrap()
            .showing(Typed::default());
        assert!(!recording.is_unmasked());
        let masked: u64 = recording
            .map(|entry| match entry.unwrap().what {
                What::Masked(Stream::Input, len) => len,
                _ => 0,
            })
            .sum();
        assert_eq!(masked, SECRET.len() as u64);
    }
    // That somebody holds every identity is no leave to see what was typed.
    let all = Recording::open(&gate.path(session), &gate.readers()).unwrap();
    assert!(all.is_unmasked());
    let shows = |what: &What| matches!(what, What::Bytes(_, bytes) if bytes == SECRET.as_bytes());
    assert!(!all.map(Result::unwrap).any(|entry| shows(&entry.what)));
    for identities in [vec![], vec![gate.unmask.clone()], vec![Identity::generate()]] {
        assert!(Recording::open(&gate.path(session), &identities).is_err());
    }
}

#[test]
fn no_plaintext_is_in_the_files_at_any_time() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    say(&shell, Stream::Input, SECRET.as_bytes());
    say(&shell, Stream::Output, OUTPUT.as_bytes());
    let holds = |needle: &str| {
        let files = [gate.path(live.session()), gate.folder.tail(live.session())];
        let files = files.iter().filter_map(|path| fs::read(path).ok());
        files.into_iter().any(|file| file.windows(needle.len()).any(|window| window == needle.as_bytes()))
    };
    let never = || assert!(![SECRET, OUTPUT, "channel-open", "xterm-256color"].into_iter().any(holds));
    never();
    live.checkpoint().unwrap();
    never();
    live.seal(ending()).unwrap();
    never();
    assert!(!gate.folder.tail(live.session()).exists());
}

#[test]
fn five_hundred_keystrokes_with_echo_stay_small() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    live.checkpoint().unwrap();
    let before = fs::metadata(gate.path(live.session())).unwrap().len();
    for _ in 0..500 {
        say(&shell, Stream::Input, b"x");
        say(&shell, Stream::Output, b"x");
    }
    live.checkpoint().unwrap();
    let grown = fs::metadata(gate.path(live.session())).unwrap().len() - before;
    assert!(grown < 9_000, "1,000 one-byte records took {grown} bytes");
    live.seal(ending()).unwrap();
    assert!(verify(&gate.path(live.session()), &gate.with_identities()).sound);
}

#[test]
fn many_tasks_append_while_another_syncs_and_folds() {
    for (mode, rounds) in [(Durability::Prompt, 300_usize), (Durability::Durable, 40)] {
        let gate = Gate::new();
        let (live, shell) = gate.start_in(mode);
        std::thread::scope(|scope| {
            for task in 0..4_u8 {
                let shell = &shell;
                scope.spawn(move || {
                    for round in 0..rounds {
                        say(shell, Stream::Output, &vec![task; 1 + (round * 37) % 9000]);
                    }
                });
            }
            scope.spawn(|| {
                for _ in 0..20 {
                    live.sync().unwrap();
                    live.checkpoint().unwrap();
                }
            });
        });
        live.seal(ending()).unwrap();
        let verdict = verify(&gate.path(live.session()), &gate.with_identities());
        assert!(verdict.sound, "{:?}", verdict.bad);
    }
}

fn views(gate: &Gate, session: uuid::Uuid, identities: &[Identity]) -> (String, Vec<Value>) {
    let open = || Recording::open(&gate.path(session), identities).unwrap().showing(Typed::default());
    let (mut text, mut cast) = (Vec::new(), Vec::new());
    replay::text(&mut open(), &mut text).unwrap();
    replay::asciicast_v3(&mut open(), None, &mut cast).unwrap();
    let cast = String::from_utf8(cast).unwrap();
    let lines = cast.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (String::from_utf8(text).unwrap(), lines)
}

#[test]
fn text_shows_the_screen_and_no_escape_sequence_leaves_it() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    for line in 0..60 {
        say(&shell, Stream::Output, format!("\x1b[31mline {line}\x1b[0m\r\n").as_bytes());
    }
    say(&shell, Stream::Output, b"\x1b]0;title\x07typo\x08\x08\x08\x08done\xe2\x80\xaeevil");
    let exec = ChannelKind { name: "exec".into(), about: json!({ "command": "cat \u{1b}[2J" }) };
    let exec = live.open_channel(1, exec, false).unwrap();
    say(&exec, Stream::Output, b"plain \x1b[2Jtext\nno newline at the end\r");
    live.seal(ending()).unwrap();
    let (text, _) = views(&gate, live.session(), &gate.readers());
    let shown = (0..60).filter(|line| text.lines().any(|shown| shown == format!("0| line {line}"))).count();
    assert_eq!(shown, 60, "{text}");
    assert!(text.contains("0| done") && !text.contains("typo") && !text.contains("title"), "{text}");
    assert!(text.contains("1| plain \u{fffd}[2Jtext") && text.contains("1| no newline at the end"), "{text}");
    assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
}

#[test]
fn asciicast_is_version_3_with_intervals_and_masked_input() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    say(&shell, Stream::Output, "caf\u{e9}".as_bytes().split_last().unwrap().1);
    say(&shell, Stream::Output, &[0xa9, b'!']);
    say(&shell, Stream::Input, SECRET.as_bytes());
    live.event(Some(0), "resize", json!({ "columns": 120, "rows": 40 })).unwrap();
    live.event(Some(0), "exit-status", json!({ "status": 3 })).unwrap();
    live.seal(ending()).unwrap();
    let (_, masked) = views(&gate, live.session(), std::slice::from_ref(&gate.evidence));
    let header = &masked[0];
    assert_eq!(
        (&header["version"], &header["term"]["cols"], &header["term"]["rows"]),
        (&json!(3), &json!(100), &json!(30))
    );
    assert_eq!(header["term"]["type"], "xterm-256color");
    let of = |lines: &[Value], code: &str| {
        let data =
            lines.iter().filter(|line| line[1] == code).map(|line| line[2].as_str().unwrap().to_owned());
        data.collect::<Vec<_>>()
    };
    assert_eq!(of(&masked, "o").concat(), "caf\u{e9}!");
    assert_eq!(of(&masked, "i"), ["*".repeat(SECRET.len())]);
    assert_eq!(of(&masked, "r"), ["120x40"]);
    assert_eq!(of(&masked, "x"), ["3"]);
    assert_eq!(of(&masked, "m"), ["channel-open shell", "end closed"]);
    assert!(masked[1..].iter().all(|line| line[0].as_f64().unwrap() < 5.0), "intervals, not times");
    assert!(masked.last().unwrap()[1] == "x");
    let (_, unmasked) = views(&gate, live.session(), &gate.readers());
    assert_eq!(of(&unmasked, "i"), [SECRET]);
}
