//! What a crash leaves behind, and what recovery makes of it.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use chaperone_recorder::{
    Begun, Checkpoint, Entry, Failure, FoundState, RecordError, RecoverError, Recovering, Recovery, Seal,
    SealState, Stream, What, recover, verify, withdraw_unbegun,
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::visit::{Gate, Layout, OUTPUT, be32, noise, say};

/// What is in the tail as frames.
const TYPED: &str = "hunter";

fn with(gate: &Gate) -> Recovering {
    Recovering {
        signer: Arc::clone(&gate.signer),
        at: Timestamp::now(),
        reason: "crash".into(),
        checkpoint: None,
        begun: None,
    }
}

fn recovered(gate: &Gate, session: Uuid) -> Seal {
    match recover(&gate.folder, session, &with(gate)).unwrap() {
        Recovery::Recovered(seal) => seal,
        Recovery::WasSealed(_) => panic!("it had no seal"),
    }
}

/// A visit that dies with one block and a tail of frames.
fn crashed(gate: &Gate) -> Uuid {
    let (live, shell) = gate.start();
    say(&shell, Stream::Output, OUTPUT.as_bytes());
    live.checkpoint().unwrap();
    for key in TYPED.bytes() {
        say(&shell, Stream::Input, &[key]);
    }
    say(&shell, Stream::Output, b"last words");
    live.session()
}

fn payloads(entries: &[Entry]) -> Vec<(Stream, Vec<u8>)> {
    let payload = |entry: &Entry| match &entry.what {
        What::Bytes(stream, bytes) => Some((*stream, bytes.to_vec())),
        _ => None,
    };
    entries.iter().filter_map(payload).collect()
}

fn sound(gate: &Gate, session: Uuid) {
    let verdict = verify(&gate.path(session), &gate.with_identities());
    assert!(verdict.sound, "{:?}", verdict.bad);
    assert_eq!(verdict.state, Some(SealState::Recovered));
}

#[test]
fn kill_loses_nothing_that_was_recorded() {
    let gate = Gate::new();
    let session = crashed(&gate);
    let live: Vec<Entry> = gate.entries(session);
    let seal = recovered(&gate, session);
    sound(&gate, session);
    assert_eq!(gate.entries(session), live, "as it read before recovery");
    let typed: Vec<u8> = payloads(&live)
        .iter()
        .filter(|(stream, _)| *stream == Stream::Input)
        .flat_map(|(_, b)| b.clone())
        .collect();
    assert_eq!(typed, TYPED.as_bytes());
    assert_eq!(payloads(&live).last().unwrap().1, b"last words");
    let note = seal.recovery.unwrap();
    assert_eq!((note.frames as usize, note.left_bytes), (TYPED.len() + 1, 0));
    assert!(!gate.folder.tail(session).exists() && !gate.folder.rest(session).exists());
}

#[test]
fn a_tail_cut_at_every_byte_gives_exactly_the_sound_prefix() {
    let gate = Gate::new();
    let session = crashed(&gate);
    let (chap, tail) = (gate.file(session), fs::read(gate.folder.tail(session)).unwrap());
    let whole = gate.entries(session);
    let mut ends = vec![0];
    let mut at = 0;
    while at < tail.len() {
        at += 60 + be32(&tail, at + 52) + be32(&tail, at + 56) + 32;
        ends.push(at);
    }
    assert_eq!(at, tail.len());
    let in_tail = ends.len() - 1;
    for len in 0..=tail.len() {
        fs::write(gate.path(session), &chap).unwrap();
        fs::write(gate.folder.tail(session), &tail[..len]).unwrap();
        drop(fs::remove_file(gate.folder.rest(session)));
        let frames = ends.iter().filter(|end| **end <= len).count() - 1;
        let seal = recovered(&gate, session);
        let note = seal.recovery.unwrap();
        assert_eq!(note.frames as usize, frames, "cut to {len}");
        assert_eq!(note.left_bytes as usize, len - ends[frames]);
        let rest = fs::read(gate.folder.rest(session)).unwrap_or_default();
        assert_eq!(rest, &tail[ends[frames]..len], "what fits nowhere is kept");
        sound(&gate, session);
        assert_eq!(gate.entries(session), whole[..whole.len() - in_tail + frames]);
    }
}

#[test]
fn a_recording_cut_at_any_byte_gives_its_sound_blocks() {
    let gate = Gate::new();
    let (session, _) = gate.visit();
    let file = gate.file(session);
    let layout = Layout::of(&file);
    for len in (layout.header.end..file.len()).step_by(331) {
        fs::write(gate.path(session), &file[..len]).unwrap();
        drop(fs::remove_file(gate.folder.rest(session)));
        let seal = recovered(&gate, session);
        assert_eq!(
            seal.blocks as usize,
            layout.blocks.iter().filter(|block| block.end <= len).count(),
            "cut to {len}"
        );
        sound(&gate, session);
    }
}

#[test]
fn stale_frames_are_ignored() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    say(&shell, Stream::Output, OUTPUT.as_bytes());
    let stale = fs::read(gate.folder.tail(live.session())).unwrap();
    live.checkpoint().unwrap();
    say(&shell, Stream::Output, b"new");
    let session = live.session();
    drop((live, shell));
    let fresh = fs::read(gate.folder.tail(session)).unwrap();
    // As if emptying the tail had not become durable.
    fs::write(gate.folder.tail(session), [stale, fresh].concat()).unwrap();
    let seal = recovered(&gate, session);
    assert_eq!(seal.recovery.unwrap().frames, 1);
    sound(&gate, session);
    let outputs: Vec<_> = payloads(&gate.entries(session)).into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(outputs, [OUTPUT.as_bytes(), b"new"]);
}

#[test]
fn the_tail_outlives_a_block_that_was_never_durable() {
    let gate = Gate::new();
    let session = crashed(&gate);
    let before = gate.entries(session);
    // The folding block is torn; the tail still has its frames, then zeros.
    let mut chap = gate.file(session);
    chap.extend_from_slice(b"CBLK torn");
    fs::write(gate.path(session), chap).unwrap();
    let mut tail = fs::read(gate.folder.tail(session)).unwrap();
    tail.extend_from_slice(&[0; 500]);
    fs::write(gate.folder.tail(session), tail).unwrap();
    let seal = recovered(&gate, session);
    assert_eq!(seal.recovery.unwrap().left_bytes, 509);
    assert_eq!(fs::read(gate.folder.rest(session)).unwrap().len(), 509);
    sound(&gate, session);
    assert_eq!(gate.entries(session), before);
}

#[test]
fn a_damaged_stretch_of_stale_frames_does_not_hide_the_ones_behind_it() {
    let gate = Gate::new();
    let session = crashed(&gate);
    let before = gate.entries(session);
    let tail = fs::read(gate.folder.tail(session)).unwrap();
    fs::write(gate.folder.tail(session), [noise(700), tail].concat()).unwrap();
    recovered(&gate, session);
    assert_eq!(gate.entries(session), before);
}

#[test]
fn recovery_that_crashed_anywhere_is_finished_by_the_next() {
    let gate = Gate::new();
    let session = crashed(&gate);
    let (chap, tail) = (gate.file(session), fs::read(gate.folder.tail(session)).unwrap());
    let whole = gate.entries(session);
    recovered(&gate, session);
    let done = gate.file(session);
    for len in (chap.len()..done.len()).step_by(13).chain([done.len() - 1]) {
        fs::write(gate.path(session), &done[..len]).unwrap();
        fs::write(gate.folder.tail(session), &tail).unwrap();
        recovered(&gate, session);
        sound(&gate, session);
        assert_eq!(gate.entries(session), whole, "crashed at {len}");
    }
}

#[test]
fn a_second_seal_is_never_written() {
    let gate = Gate::new();
    let (session, seal) = gate.visit();
    let file = gate.file(session);
    assert_eq!(recover(&gate.folder, session, &with(&gate)).unwrap(), Recovery::WasSealed(seal));
    assert_eq!(gate.file(session), file);
    let crashed = crashed(&gate);
    let first = recovered(&gate, crashed);
    assert_eq!(recover(&gate.folder, crashed, &with(&gate)).unwrap(), Recovery::WasSealed(first));
    // A seal that does not fit is not covered up by another one.
    let mut cut = file.clone();
    cut.drain(Layout::of(&file).blocks[5].clone());
    fs::write(gate.path(session), &cut).unwrap();
    let refused = recover(&gate.folder, session, &with(&gate)).unwrap_err();
    assert!(matches!(refused, RecoverError::Unsound(bad) if bad.failure == Failure::TailCut));
    assert_eq!(gate.file(session), cut);
}

#[test]
fn a_recording_under_another_sessions_name_is_left_as_it_is() {
    let gate = Gate::new();
    let (theirs, ours) = (crashed(&gate), crashed(&gate));
    let file = gate.file(theirs);
    fs::write(gate.path(ours), &file).unwrap();
    let refused = recover(&gate.folder, ours, &with(&gate)).unwrap_err();
    assert!(matches!(refused, RecoverError::Unsound(bad) if bad.failure == Failure::ForeignRecording));
    assert_eq!(gate.file(ours), file);
}

#[test]
fn a_live_recording_is_not_recovered_under_its_writer() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    let refused = recover(&gate.folder, live.session(), &with(&gate)).unwrap_err();
    assert!(matches!(refused, RecoverError::Record(RecordError::InUse(_))), "{refused:?}");
    say(&shell, Stream::Output, b"still here");
    let session = live.session();
    drop((live, shell));
    recovered(&gate, session);
}

#[test]
fn the_seal_says_whether_the_ledgers_checkpoint_is_reached() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    let early = live.checkpoint().unwrap();
    say(&shell, Stream::Output, b"more");
    let late = live.checkpoint().unwrap();
    let session = live.session();
    drop((live, shell));
    let file = gate.file(session);
    for (known, blocks, reaches) in [(early, 2, true), (late, 2, true), (late, 1, false), (early, 1, true)] {
        let layout = Layout::of(&file);
        fs::write(gate.path(session), &file[..layout.blocks[blocks - 1].end]).unwrap();
        let with = Recovering { checkpoint: Some(known), ..with(&gate) };
        let Recovery::Recovered(seal) = recover(&gate.folder, session, &with).unwrap() else {
            panic!("sealed")
        };
        let note = seal.recovery.unwrap();
        assert_eq!(note.reaches_checkpoint, reaches);
        assert_eq!(note.checkpoint, Some((known.block, hex::encode(known.chain))));
    }
    let other = Recovering { checkpoint: Some(Checkpoint { chain: [1; 32], ..late }), ..with(&gate) };
    fs::write(gate.path(session), &file).unwrap();
    let Recovery::Recovered(seal) = recover(&gate.folder, session, &other).unwrap() else { panic!("sealed") };
    assert!(!seal.recovery.unwrap().reaches_checkpoint);
}

#[test]
fn the_folder_lists_each_recording_with_its_state() {
    let gate = Gate::new();
    let (sealed, _) = gate.visit();
    let unsealed = crashed(&gate);
    let (live, shell) = gate.start();
    let header_only = live.session();
    drop((live, shell));
    let damaged = Uuid::now_v7();
    fs::write(gate.path(damaged), b"CHAPREC\n").unwrap();
    fs::write(gate.dir.path().join("notes.chap"), b"").unwrap();
    let found: BTreeSet<_> = gate
        .folder
        .list()
        .unwrap()
        .into_iter()
        .map(|one| (one.session, format!("{:?}", one.state)))
        .collect();
    let expected = [
        (sealed, FoundState::Sealed),
        (unsealed, FoundState::Unsealed),
        (header_only, FoundState::HeaderOnly),
        (damaged, FoundState::Damaged),
    ];
    assert_eq!(found, expected.into_iter().map(|(session, state)| (session, format!("{state:?}"))).collect());
    assert!(matches!(recover(&gate.folder, damaged, &with(&gate)), Err(RecoverError::Unsound(_))));
    recovered(&gate, header_only);
    sound(&gate, header_only);
}

#[test]
fn what_was_put_in_its_place_is_not_recovered_and_left_as_it_is() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    say(&shell, Stream::Output, OUTPUT.as_bytes());
    let (session, begun) = (live.session(), live.begun());
    assert_eq!(Begun::from_ledger(&begun.to_ledger()), Some(begun));
    drop((live, shell));
    // Another recording of the same name, by another key: whole, sealed, and sound by itself.
    let forger = Gate::new();
    let (forged, said) = forger.start_as(session);
    say(&said, Stream::Output, b"nothing happened");
    forged.seal(crate::visit::ending()).unwrap();
    let kept = fs::read(gate.path(session)).unwrap();
    fs::copy(forger.path(session), gate.path(session)).unwrap();
    let as_begun = |begun| Recovering { begun: Some(begun), ..with(&gate) };
    let refused = |begun| match recover(&gate.folder, session, &as_begun(begun)).unwrap_err() {
        RecoverError::Unsound(bad) => bad.failure,
        other => panic!("{other}"),
    };
    assert_eq!(refused(begun), Failure::WrongKey);
    assert_eq!(refused(Begun { seal_key: forger.signer.public(), ..begun }), Failure::ForeignRecording);
    assert!(gate.folder.tail(session).exists(), "the true tail is still there");
    assert_eq!(fs::read(gate.path(session)).unwrap(), fs::read(forger.path(session)).unwrap());
    // The true one is recovered.
    fs::write(gate.path(session), kept).unwrap();
    assert!(matches!(recover(&gate.folder, session, &as_begun(begun)), Ok(Recovery::Recovered(_))));
}

#[test]
fn a_header_that_was_cut_short_was_never_begun_and_is_taken_back() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    let session = live.session();
    drop((live, shell));
    let path = gate.path(session);
    let whole = fs::read(&path).unwrap();
    let header_len = Layout::of(&whole).header.end;
    for len in [0, 1, 7, 8, 9, header_len / 2, header_len - 1] {
        fs::write(&path, &whole[..len]).unwrap();
        fs::write(gate.folder.tail(session), b"").unwrap();
        assert!(withdraw_unbegun(&gate.folder, session).unwrap(), "{len} bytes of a header");
        assert!(!path.exists() && !gate.folder.tail(session).exists());
    }
    for (bytes, tail) in
        [(&whole[..header_len], &b""[..]), (&whole[..9], b"appended"), (b"something else", b"")]
    {
        fs::write(&path, bytes).unwrap();
        fs::write(gate.folder.tail(session), tail).unwrap();
        assert!(!withdraw_unbegun(&gate.folder, session).unwrap());
        assert_eq!(fs::read(&path).unwrap(), bytes, "it is left as it stands");
    }
}
