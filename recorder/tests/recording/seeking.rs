//! Reading on from a mark shows what reading from the beginning shows, and no mark leads to anything else.

use chaperone_recorder::replay::{self, Film, derive};
use chaperone_recorder::{Failure, Mark, Recording, Stream};

use crate::visit::{Gate, say};

/// A visit of many blocks.
fn long_visit(gate: &Gate) -> std::path::PathBuf {
    let (live, shell) = gate.start();
    for n in 0..400 {
        say(&shell, Stream::Output, format!("line {n} {}\r\n", "x".repeat(10_000)).as_bytes());
    }
    let session = live.session();
    live.seal(crate::visit::ending()).unwrap();
    gate.folder.recording(session)
}

#[test]
fn what_follows_a_mark_is_what_follows_it() {
    let gate = Gate::new();
    let path = long_visit(&gate);
    let mut whole = Recording::open(&path, &gate.readers()).unwrap();
    let (mut marks, mut entries) = (Vec::new(), Vec::new());
    loop {
        if let Some(mark) = whole.mark() {
            marks.push((mark, entries.len()));
        }
        match whole.next() {
            Some(entry) => entries.push(entry.unwrap()),
            None => break,
        }
    }
    assert!(marks.len() > 100, "{}", marks.len());
    for (mark, at) in marks.iter().step_by(17) {
        let rest: Vec<_> =
            Recording::open_at(&path, &gate.readers(), mark).unwrap().map(Result::unwrap).collect();
        assert_eq!(rest, entries[*at..]);
    }
}

#[test]
fn a_mark_of_another_recording_or_with_another_chain_value_leads_nowhere() {
    let gate = Gate::new();
    let (path, other) = (long_visit(&gate), long_visit(&gate));
    let mut recording = Recording::open(&path, &gate.readers()).unwrap();
    for _ in 0..200 {
        recording.next().unwrap().unwrap();
    }
    let mark = loop {
        if let Some(mark) = recording.mark() {
            break mark;
        }
        recording.next().unwrap().unwrap();
    };
    let first = |path, mark: &Mark| {
        let read = Recording::open_at(path, &gate.readers(), mark);
        read.and_then(|mut recording| recording.next().unwrap()).map_err(|bad| bad.failure)
    };
    assert!(first(&path, &mark).is_ok());
    let flipped = Mark { chain: mark.chain.map(|byte| byte ^ 1), ..mark };
    assert_eq!(first(&path, &flipped).unwrap_err(), Failure::ChainBroken);
    assert!(first(&other, &mark).is_err());
    let shifted = Mark { offset: mark.offset + 1, ..mark };
    assert!(first(&path, &shifted).is_err());
    let beyond = Mark { offset: u64::MAX, ..mark };
    assert_eq!(first(&path, &beyond).unwrap_err(), Failure::Truncated);
}

#[test]
fn a_seek_from_the_keyframe_shows_what_reading_it_all_shows() {
    let gate = Gate::new();
    let path = long_visit(&gate);
    let open = || Recording::open(&path, &gate.readers()).unwrap();
    let (film, keyframes) = Film::of(&mut open());
    assert!(keyframes.len() > 4 && film.broken.is_none(), "{}", keyframes.len());
    for at in [0, film.duration_ms / 3, film.duration_ms / 2, film.duration_ms, film.duration_ms + 1000] {
        let keyframe = replay::before(&keyframes, at, None);
        let from_there = match keyframe {
            Some(keyframe) => Recording::open_at(&path, &gate.readers(), &keyframe.mark).unwrap(),
            None => open(),
        };
        let sought = replay::piece(from_there, keyframe, 0, at);
        let read = replay::piece(open(), None, 0, at);
        assert_eq!((sought.frames, sought.next_ms), (read.frames, read.next_ms), "at {at} ms");
    }
    let derived = derive(&mut open(), || {});
    assert_eq!(derived.keyframes, keyframes);
    assert!(derived.lines.iter().any(|line| line.text.starts_with("line 399 ")));
    assert_eq!((derived.recording, derived.seal.is_some()), (open().identity(), true));
}

#[test]
fn the_raw_streams_come_out_as_they_were_with_their_hashes() {
    let gate = Gate::new();
    let path = long_visit(&gate);
    let identities = vec![gate.evidence.clone()];
    let mut tar = Vec::new();
    let open = |mark: Option<&Mark>| match mark {
        Some(mark) => Recording::open_at(&path, &identities, mark),
        None => Recording::open(&path, &identities),
    };
    replay::files(&open, &mut tar).unwrap();
    let file = gate.dir.path().join("streams.tar");
    std::fs::write(&file, &tar).unwrap();
    let ran = std::process::Command::new("tar").arg("-xf").arg(&file).arg("-C").arg(gate.dir.path()).status();
    assert!(ran.unwrap().success());
    let shown = std::fs::read(gate.dir.path().join("ch-0.stdout.bin")).unwrap();
    let expected: String = (0..400).map(|n| format!("line {n} {}\r\n", "x".repeat(10_000))).collect();
    assert!(shown == expected.as_bytes());
    let index = std::fs::read(gate.dir.path().join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    let hash = chaperone_recorder::ledger::hash_of(&[&shown]);
    assert_eq!(index["files"][0]["sha256"], hex::encode(hash));
}
