//! A fixture for each kind of damage that needs no key to do, and the name that it gets.

use std::ops::Range;

use chaperone_recorder::{
    Checkpoint, Content, Failure, Identity, LedgerView, SigningKey, VerifyWith, verify, verify_bytes,
};
use proptest::prelude::{ProptestConfig, any, proptest};

use crate::visit::{Gate, Layout, joined, say};

type Parts = Vec<Range<usize>>;

/// Puts the parts of a sound file together in another way.
fn rearranged(gate: &Gate, rearrange: impl Fn(&Layout) -> Parts) -> Vec<u8> {
    let (session, _) = gate.visit();
    let file = gate.file(session);
    joined(&file, &rearrange(&Layout::of(&file)))
}

fn parts(layout: &Layout, blocks: &[usize], sealed: bool) -> Parts {
    let mut parts = vec![layout.header.clone()];
    parts.extend(blocks.iter().map(|block| layout.blocks[*block].clone()));
    parts.extend(sealed.then(|| layout.seal.clone()));
    parts
}

#[test]
fn a_whole_recording_is_sound_and_the_verdict_claims_no_more_than_was_opened() {
    let gate = Gate::new();
    let (session, seal) = gate.visit();
    let verdict = verify(&gate.path(session), &gate.without_identity());
    assert!(verdict.sound, "{:?}", verdict.bad);
    assert_eq!((verdict.content, verdict.ledger_asked), (Content::NotOpened, false));
    assert_eq!((verdict.sound_blocks, verdict.seal_hash), (6, Some(seal.hash)));
    let evidence = VerifyWith { identities: vec![gate.auditor.clone()], ..gate.without_identity() };
    let verdict = verify(&gate.path(session), &evidence);
    assert_eq!((verdict.sound, verdict.content), (true, Content::EvidenceOpened));
    let verdict = verify(&gate.path(session), &gate.with_identities());
    assert_eq!((verdict.sound, verdict.content), (true, Content::AllOpened));
}

#[test]
fn each_rearrangement_has_its_name_and_its_first_bad_place() {
    let gate = Gate::new();
    let cases: [(&str, &[usize], bool, Failure, u64); 8] = [
        ("a block in the middle is gone", &[0, 1, 3, 4, 5], true, Failure::BlockMissing, 3),
        ("the first block is gone", &[1, 2, 3, 4, 5], true, Failure::BlockMissing, 1),
        ("two blocks are swapped", &[0, 2, 1, 3, 4, 5], true, Failure::Reordered, 2),
        ("a block stands there twice", &[0, 1, 1, 2, 3, 4, 5], true, Failure::Duplicated, 3),
        ("an old block comes again", &[0, 1, 2, 0, 3, 4, 5], true, Failure::Duplicated, 4),
        ("the last block is cut before the seal", &[0, 1, 2, 3, 4], true, Failure::TailCut, 6),
        ("all blocks are cut before the seal", &[], true, Failure::TailCut, 1),
        ("all blocks, no seal", &[0, 1, 2, 3, 4, 5], false, Failure::MissingSeal, 7),
    ];
    for (what, blocks, sealed, failure, block) in cases {
        let file = rearranged(&gate, |layout| parts(layout, blocks, sealed));
        let verdict = verify_bytes(file, &gate.without_identity());
        assert_eq!(verdict.failure(), Some(failure), "{what}: {:?}", verdict.bad);
        assert_eq!(verdict.sound_blocks, block - 1, "{what}");
        assert!(!verdict.sound && verdict.state.is_none());
    }
}

#[test]
fn a_block_or_a_seal_of_another_recording_is_foreign() {
    let gate = Gate::new();
    let ((a, _), (b, _)) = (gate.visit(), gate.visit());
    let (a, b) = (gate.file(a), gate.file(b));
    let (in_a, in_b) = (Layout::of(&a), Layout::of(&b));
    let mut spliced = joined(&a, &parts(&in_a, &[0, 1], false));
    spliced.extend_from_slice(&b[in_b.blocks[2].clone()]);
    spliced.extend_from_slice(&a[in_a.blocks[3].start..]);
    let verdict = verify_bytes(spliced, &gate.without_identity());
    assert_eq!((verdict.failure(), verdict.sound_blocks), (Some(Failure::ForeignBlock), 2));
    let mut sealed = a[..in_a.seal.start].to_vec();
    sealed.extend_from_slice(&b[in_b.seal.clone()]);
    assert_eq!(verify_bytes(sealed, &gate.without_identity()).failure(), Some(Failure::ForeignSeal));
    let mut headed = b[in_b.header.clone()].to_vec();
    headed.extend_from_slice(&a[in_a.header.end..]);
    assert_eq!(verify_bytes(headed, &gate.without_identity()).failure(), Some(Failure::ForeignBlock));
}

#[test]
fn what_follows_the_seal_is_named() {
    let gate = Gate::new();
    let (session, _) = gate.visit();
    let file = gate.file(session);
    let layout = Layout::of(&file);
    let twice = [&file[..], &file[layout.seal.clone()]].concat();
    assert_eq!(verify_bytes(twice, &gate.without_identity()).failure(), Some(Failure::SecondSeal));
    let more = [&file[..], b"and more"].concat();
    assert_eq!(verify_bytes(more, &gate.without_identity()).failure(), Some(Failure::BytesAfterSeal));
}

#[test]
fn every_flipped_bit_is_found_and_what_precedes_it_is_sound() {
    let gate = Gate::new();
    let (session, _) = gate.visit();
    let file = gate.file(session);
    let layout = Layout::of(&file);
    // Every byte of the small parts, and a spread of the large ones.
    let spread = |part: &Range<usize>| part.clone().step_by((part.len() / 400).max(1)).collect::<Vec<_>>();
    let mut places = spread(&layout.header);
    layout.blocks.iter().for_each(|block| places.extend(block.start..block.start + 68));
    layout.blocks.iter().for_each(|block| places.extend(spread(block)));
    places.extend(layout.seal.clone());
    for at in places {
        for bit in [0x01, 0x80] {
            let mut changed = file.clone();
            changed[at] ^= bit;
            let verdict = verify_bytes(changed, &gate.without_identity());
            let failure = verdict.failure().unwrap_or_else(|| panic!("byte {at} was changed unnoticed"));
            let whole = layout.blocks.iter().filter(|block| block.end <= at).count() as u64;
            let sealed_part = at >= layout.seal.start;
            assert!(sealed_part || verdict.sound_blocks == whole, "byte {at}: {:?}", verdict.bad);
            if layout.blocks.iter().any(|block| (block.start + 4..block.end).contains(&at)) {
                assert_eq!(failure, Failure::ChainBroken, "byte {at}: {:?}", verdict.bad);
            }
        }
    }
}

#[test]
fn a_file_cut_at_any_place_is_never_sound() {
    let gate = Gate::new();
    let (session, _) = gate.visit();
    let file = gate.file(session);
    let layout = Layout::of(&file);
    for len in (0..file.len()).step_by(97).chain(layout.blocks.iter().map(|block| block.end)) {
        let verdict = verify_bytes(file[..len].to_vec(), &gate.without_identity());
        let expected = match len {
            len if len < layout.header.end => Failure::HeaderDamaged,
            len if len == layout.header.end => Failure::MissingSeal,
            len if layout.blocks.iter().any(|block| block.end == len) => Failure::MissingSeal,
            _ => Failure::Truncated,
        };
        assert_eq!(verdict.failure(), Some(expected), "cut to {len}: {:?}", verdict.bad);
    }
}

#[test]
fn header_faults_have_their_names() {
    let gate = Gate::new();
    let (session, _) = gate.visit();
    let file = gate.file(session);
    let with = gate.without_identity();
    let changed = |at: usize, to: &[u8]| {
        let mut changed = file.clone();
        changed[at..at + to.len()].copy_from_slice(to);
        verify_bytes(changed, &with).failure()
    };
    assert_eq!(changed(0, b"X"), Some(Failure::NotARecording));
    assert_eq!(changed(8, &[0, 2]), Some(Failure::UnknownVersion));
    assert_eq!(changed(12, &[0xff; 4]), Some(Failure::HeaderDamaged));
    assert_eq!(changed(16, b"X"), Some(Failure::HeaderDamaged));
    let dana = file.windows(4).position(|window| window == b"dana").unwrap();
    assert_eq!(changed(dana, b"evil"), Some(Failure::HeaderSignature));
    assert_eq!(verify_bytes(Vec::new(), &with).failure(), Some(Failure::HeaderDamaged));
    assert_eq!(verify(&gate.dir.path().join("none.chap"), &with).failure(), Some(Failure::Unreadable));
}

#[test]
fn faults_of_the_seal_have_their_names() {
    let gate = Gate::new();
    let (session, _) = gate.visit();
    let file = gate.file(session);
    let seal = Layout::of(&file).seal;
    let changed = |at: usize, to: &[u8]| {
        let mut changed = file.clone();
        changed[at..at + to.len()].copy_from_slice(to);
        verify_bytes(changed, &gate.without_identity()).failure()
    };
    let reason = file.windows(8).rposition(|window| window == b"\"closed\"").unwrap();
    assert_eq!(changed(reason, b"\"broken\""), Some(Failure::SealSignature));
    assert_eq!(changed(seal.end - 60, b"signature"), Some(Failure::SealSignature));
    assert_eq!(changed(seal.start + 4, &[0xff; 4]), Some(Failure::SealDamaged));
    assert_eq!(changed(seal.start + 8, b"!"), Some(Failure::SealDamaged));
    assert_eq!(changed(seal.end - 12, &[0; 4]), Some(Failure::SealDamaged));
    assert_eq!(changed(seal.start, b"X"), Some(Failure::NotABlock));
}

#[test]
fn a_key_that_is_not_trusted_and_an_identity_that_opens_nothing_are_named() {
    let gate = Gate::new();
    let (session, _) = gate.visit();
    let other = SigningKey::generate().unwrap();
    for keys in [vec![], vec![other.public()]] {
        let with = VerifyWith { keys, ..VerifyWith::default() };
        assert_eq!(verify(&gate.path(session), &with).failure(), Some(Failure::WrongKey));
    }
    let with = VerifyWith { identities: vec![Identity::generate()], ..gate.without_identity() };
    assert_eq!(verify(&gate.path(session), &with).failure(), Some(Failure::WrongIdentity));
    let with = VerifyWith { identities: vec![gate.unmask.clone()], ..gate.without_identity() };
    assert_eq!(
        verify(&gate.path(session), &with).failure(),
        Some(Failure::WrongIdentity),
        "evidence was asked for"
    );
}

#[test]
fn the_ledger_finds_what_the_file_alone_cannot_show() {
    let gate = Gate::new();
    let (live, shell) = gate.start();
    let first = live.checkpoint().unwrap();
    say(&shell, chaperone_recorder::Stream::Output, b"more");
    let second = live.checkpoint().unwrap();
    assert!(second.grew_since(&first));
    assert!(!live.checkpoint().unwrap().grew_since(&second), "nothing new is no growth");
    let seal = live.seal(crate::visit::ending()).unwrap();
    let judge = |checkpoints: Vec<Checkpoint>, seal| {
        let ledger = Some(LedgerView { checkpoints, seal, session: Some(live.session()) });
        verify(&gate.path(live.session()), &VerifyWith { ledger, ..gate.without_identity() }).failure()
    };
    assert_eq!(judge(vec![first, second], Some(seal.hash)), None);
    assert_eq!(judge(vec![first, second], None), Some(Failure::SealNotInLedger));
    assert_eq!(judge(vec![], Some([7; 32])), Some(Failure::SealNotInLedger));
    let other = Checkpoint { chain: [7; 32], ..first };
    assert_eq!(judge(vec![other], Some(seal.hash)), Some(Failure::LedgerMismatch));
    let beyond = Checkpoint { block: 99, ..second };
    assert_eq!(judge(vec![first, beyond], Some(seal.hash)), Some(Failure::TailCut));
    let foreign = Checkpoint { session: uuid::Uuid::now_v7(), ..beyond };
    assert_eq!(judge(vec![foreign], Some(seal.hash)), None, "another session's checkpoints do not count");
    let ledger = Some(LedgerView { session: Some(uuid::Uuid::now_v7()), ..LedgerView::default() });
    let verdict = verify(&gate.path(live.session()), &VerifyWith { ledger, ..gate.without_identity() });
    assert_eq!((verdict.failure(), verdict.sound_blocks), (Some(Failure::ForeignRecording), 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let gate = Gate::new();
        assert!(!verify_bytes(bytes, &gate.without_identity()).sound);
    }

    #[test]
    fn mutated_recordings_never_panic_and_are_never_sound(
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..4_u8), 1..6),
    ) {
        let gate = Gate::new();
        let (session, _) = gate.visit();
        let file = gate.file(session);
        let mut changed = file.clone();
        for (index, byte, how) in edits {
            let at = index.index(changed.len().max(1)).min(changed.len().saturating_sub(1));
            match how {
                0 if !changed.is_empty() => changed[at] = byte,
                1 => changed.insert(at, byte),
                2 => changed.truncate(at.max(1)),
                _ => { let copy = changed[at..(at + 200).min(changed.len())].to_vec(); changed.splice(at..at, copy); }
            }
        }
        let verdict = verify_bytes(changed.clone(), &gate.with_identities());
        assert_eq!(verdict.sound, changed == file);
        if let Ok(recording) = chaperone_recorder::Recording::from_bytes(changed, &gate.readers()) {
            assert!(recording.take(100_000).count() < 100_000);
        }
    }
}
