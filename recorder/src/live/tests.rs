//! A live recording: what it gives back is on the medium first, whatever the medium does.

use std::fs::File;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use self::stage::{Fault, Stage, noise};
use crate::channel::Stream;
use crate::error::RecordError;
use crate::medium::Medium;
use crate::opening::Durability;
use crate::recover::{Recovering, Recovery, recover};
use crate::seal::SealState;
use crate::verify::{VerifyWith, verify};

mod faults;
mod stage;
mod steps;

#[test]
fn every_fault_is_survived_at_every_size_and_nothing_is_recorded_twice() {
    let faults = [
        Fault::ShortWrite(0),
        Fault::ShortWrite(1),
        Fault::ShortWrite(61),
        Fault::ShortWrite(5000),
        Fault::Full,
        Fault::Io,
        Fault::FailedButPersisted,
    ];
    for fault in faults {
        for size in [1, 700, 8191, 8192, 100_000] {
            let stage = Stage::set(Durability::Prompt);
            let (mut output, mut input) = (Vec::new(), Vec::new());
            for round in 0..6_u32 {
                let batch = noise(size, round + 1);
                for (stream, expected) in [(Stream::Output, &mut output), (Stream::Input, &mut input)] {
                    if round % 2 == 1 {
                        stage.fault(fault);
                        let failed = stage.shell.append(stream, batch.clone()).unwrap_err();
                        assert_eq!(failed.pieces, std::slice::from_ref(&batch), "the batch comes back");
                        assert!(stage.shell.append(stream, batch.clone()).is_err());
                        stage.fault(None);
                    }
                    let recorded = stage.shell.append(stream, batch.clone()).unwrap();
                    assert_eq!(recorded.into_bytes(), batch);
                    expected.extend_from_slice(&batch);
                }
                assert_eq!(
                    stage.payload(Stream::Output),
                    output,
                    "{fault:?} {size}: reads back before it is sealed"
                );
            }
            stage.fault(fault);
            assert!(stage.live.seal(stage.end()).is_err(), "{fault:?}");
            stage.fault(None);
            stage.live.seal(stage.end()).unwrap();
            stage.check_sealed(&output, &input);
        }
    }
}

#[test]
fn a_batch_in_pieces_is_one_record_and_comes_back_as_it_came() {
    for mode in [Durability::Prompt, Durability::Durable] {
        for sizes in [&[1, 2, 3][..], &[32_768, 32_768, 10], &[10, 0, 8192], &[100_000], &[]] {
            let stage = Stage::set(mode);
            let pieces: Vec<_> = sizes.iter().zip(1..).map(|(size, seed)| noise(*size, seed)).collect();
            let whole = pieces.concat();
            for stream in [Stream::Output, Stream::Input] {
                stage.fault(Fault::Io);
                let failed = stage.shell.append_pieces(stream, pieces.clone()).unwrap_err();
                stage.fault(None);
                let recorded = stage.shell.append_pieces(stream, failed.pieces).unwrap();
                let back: Vec<_> = recorded.into_iter().map(crate::Recorded::into_bytes).collect();
                assert_eq!(back, pieces, "{mode:?} {sizes:?}");
            }
            stage.live.seal(stage.end()).unwrap();
            stage.check_sealed(&whole, &whole);
        }
    }
}

#[test]
fn a_fold_that_fails_loses_nothing_and_is_made_up_for() {
    let stage = Stage::set(Durability::Prompt);
    let mut failed = 0;
    let mut output = Vec::new();
    for round in 0..40_u32 {
        let batch = noise(3000, round + 1);
        stage.takes(Stream::Output, batch.clone());
        output.extend_from_slice(&batch);
        stage.fault(Fault::ShortWrite(100));
        // Every eleventh finds that the append has just folded, and has nothing to write.
        failed += usize::from(stage.live.checkpoint().is_err());
        stage.fault(None);
    }
    assert!(failed > 30);
    stage.live.checkpoint().unwrap();
    stage.live.seal(stage.end()).unwrap();
    stage.check_sealed(&output, b"");
}

#[test]
fn a_file_that_cannot_be_cut_refuses_appends_until_it_can() {
    let stage = Stage::set(Durability::Prompt);
    stage.fault(Fault::ShortWrite(10));
    assert!(stage.shell.append(Stream::Output, noise(50, 1)).is_err());
    stage.fault(Fault::Cut);
    assert!(stage.shell.append(Stream::Output, noise(50, 1)).is_err());
    stage.fault(None);
    stage.takes(Stream::Output, noise(50, 1));
    stage.live.seal(stage.end()).unwrap();
    stage.check_sealed(&noise(50, 1), b"");
}

#[test]
fn failed_sync_stops_appends_until_a_repair() {
    for size in [10, 20_000] {
        let stage = Stage::set(Durability::Prompt);
        stage.takes(Stream::Output, noise(size, 1));
        stage.fault(Fault::Sync);
        assert!(stage.live.sync().is_err());
        assert!(
            stage.shell.append(Stream::Output, noise(size, 2)).is_err(),
            "what is not durable blocks what follows"
        );
        stage.fault(None);
        stage.takes(Stream::Output, noise(size, 2));
        stage.live.sync().unwrap();
        stage.live.seal(stage.end()).unwrap();
        let verdict = verify(&stage.folder.recording(stage.session), &stage.verify_with());
        assert!(verdict.sound, "{:?}", verdict.bad);
        assert_eq!(stage.payload(Stream::Output), [noise(size, 1), noise(size, 2)].concat());
    }
}

#[test]
fn what_the_medium_lost_before_it_was_durable_is_not_passed_over() {
    let stage = Stage::set(Durability::Prompt);
    stage.takes(Stream::Output, noise(20_000, 1));
    stage.live.sync().unwrap();
    let durable = std::fs::metadata(stage.folder.recording(stage.session)).unwrap().len();
    stage.takes(Stream::Output, noise(20_000, 2));
    stage.fault(Fault::Sync);
    assert!(stage.live.sync().is_err());
    stage.fault(None);
    // The page was dropped: what reads back is what the disk has.
    let file = File::options().write(true).open(stage.folder.recording(stage.session)).unwrap();
    Medium::write_all_at(&file, &[0; 4096], durable + 512).unwrap();
    let failed = stage.shell.append(Stream::Output, noise(10, 3)).unwrap_err();
    assert!(matches!(failed.cause, RecordError::Lost { block: 2 }), "{:?}", failed.cause);
    assert!(stage.live.seal(stage.end()).is_err());
    let verdict = verify(&stage.folder.recording(stage.session), &stage.verify_with());
    assert_eq!((verdict.sound, verdict.sound_blocks), (false, 1), "what was durable is still sound");
}

#[test]
fn durable_append_that_fails_to_sync_is_not_recorded_twice() {
    for size in [10, 20_000] {
        let stage = Stage::set(Durability::Durable);
        stage.fault(Fault::Sync);
        let failed = stage.shell.append(Stream::Output, noise(size, 1)).unwrap_err();
        let again = stage.shell.append_pieces(Stream::Output, failed.pieces).unwrap_err();
        assert!(stage.live.event(Some(0), "signal", json!({ "signal": "INT" })).is_err());
        stage.fault(None);
        let [batch] = again.pieces.try_into().unwrap();
        stage.takes(Stream::Output, batch);
        stage.live.event(Some(0), "signal", json!({ "signal": "INT" })).unwrap();
        stage.live.seal(stage.end()).unwrap();
        assert_eq!(stage.payload(Stream::Output), noise(size, 1));
        assert!(verify(&stage.folder.recording(stage.session), &stage.verify_with()).sound);
    }
}

#[test]
fn a_seal_that_failed_is_the_same_seal_when_it_is_repeated() {
    for fault in [Fault::FailedButPersisted, Fault::ShortWrite(20), Fault::Sync] {
        let stage = Stage::set(Durability::Prompt);
        stage.live.checkpoint().unwrap();
        stage.fault(fault);
        assert!(stage.live.seal(stage.end()).is_err());
        assert!(
            stage.shell.append(Stream::Output, noise(1, 1)).is_err(),
            "nothing is appended once sealing began"
        );
        stage.fault(None);
        let seal = stage.live.seal(stage.end()).unwrap();
        assert_eq!(stage.live.seal(stage.end()).unwrap(), seal, "there is never a second seal");
        stage.check_sealed(b"", b"");
    }
}

#[test]
fn full_disk_releases_the_reserve_for_the_seal() {
    let stage = Stage::set(Durability::Prompt);
    let reserve = stage.folder.path().join("reserve");
    assert!(std::fs::metadata(&reserve).unwrap().len() > 0);
    stage.fault(Fault::Full);
    let failed = stage.live.seal(stage.end()).unwrap_err();
    assert!(failed.is_full());
    assert_eq!(std::fs::metadata(&reserve).unwrap().len(), 0, "released, although this disk stays full");
    stage.fault(None);
    stage.live.seal(stage.end()).unwrap();
    stage.check_sealed(b"", b"");
}

#[test]
fn tail_stays_bounded_without_a_checkpoint() {
    let stage = Stage::set(Durability::Prompt);
    let mut output = Vec::new();
    let tail = stage.folder.tail(stage.session);
    for round in 0..600_u32 {
        let batch = noise(7000, round + 1);
        stage.takes(Stream::Output, batch.clone());
        output.extend_from_slice(&batch);
        assert!(std::fs::metadata(&tail).unwrap().len() <= crate::sync::TAIL_BYTES + 10_000);
    }
    stage.live.seal(stage.end()).unwrap();
    stage.check_sealed(&output, b"");
}

#[test]
fn unseen_bytes_after_a_failed_write_are_recovered_as_found() {
    // The write failed and is there all the same, and then the machine dies.
    let stage = Stage::set(Durability::Prompt);
    stage.takes(Stream::Output, noise(100, 1));
    stage.fault(Fault::FailedButPersisted);
    assert!(stage.shell.append(Stream::Output, noise(100, 2)).is_err());
    let Stage { folder, session, signer, readers, live, shell, weather, dir: _dir } = stage;
    drop((live, shell));
    let with = Recovering {
        signer: Arc::clone(&signer),
        at: Timestamp::now(),
        reason: "crash".into(),
        checkpoint: None,
        begun: None,
    };
    let Recovery::Recovered(seal) = recover(&folder, session, &with).unwrap() else {
        panic!("it had no seal")
    };
    assert_eq!(seal.state, SealState::Recovered);
    let with = VerifyWith { keys: vec![signer.public()], identities: readers.to_vec(), ledger: None };
    let verdict = verify(&folder.recording(session), &with);
    assert!(verdict.sound, "{:?}", verdict.bad);
    drop(weather);
}

#[test]
fn a_small_append_is_one_write_and_so_is_a_large_one() {
    let stage = Stage::set(Durability::Prompt);
    let writes = || *stage.weather.writes.lock().unwrap();
    for size in [1, 8191, 8192, 128 * 1024] {
        let before = writes();
        stage.takes(Stream::Output, noise(size, 9));
        assert_eq!(writes() - before, 1, "{size} bytes");
    }
}
