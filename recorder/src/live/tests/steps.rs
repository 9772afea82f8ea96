//! What is recorded together is there once, in order and in one write, or not at all.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::stage::{Fault, Stage, noise};
use crate::channel::{Recorded, Stream};
use crate::content::{Typed, What};
use crate::folder::{Folder, Thresholds};
use crate::key::Identity;
use crate::opening::Durability;
use crate::read::Recording;
use crate::recover::{Recovering, recover};
use crate::steps::Steps;
use crate::verify::verify;

/// An event, output, what is typed, and an event that says how much there was.
fn steps(n: usize, size: usize) -> (Steps, [Bytes; 2]) {
    let (shown, typed) = (noise(size, 2), noise(size.min(500), 3));
    let steps = Steps::default()
        .event("begins", &json!({ "n": n }))
        .unwrap()
        .data(Stream::Output, shown.clone())
        .data(Stream::Input, typed.clone())
        .event("ends", &json!({ "n": n, "bytes": size }))
        .unwrap();
    (steps, [shown, typed])
}

/// Events other than the recorder's own, and payload, as they read back.
fn read_back(path: &Path, readers: &[Identity]) -> Vec<String> {
    let recording = Recording::open(path, readers).unwrap().showing(Typed::default());
    let entries = recording.filter_map(|entry| match entry.unwrap().what {
        What::Event(kind, body) if ["begins", "ends"].contains(&&*kind) => {
            Some(format!("{kind} {}", body["n"]))
        }
        What::Bytes(stream, bytes) => Some(format!("{stream} {}", bytes.len())),
        _ => None,
    });
    entries.collect()
}

fn bytes_of(recorded: Vec<Recorded>) -> Vec<Bytes> {
    recorded.into_iter().map(Recorded::into_bytes).collect()
}

#[test]
fn steps_are_recorded_once_in_one_write_whatever_breaks_before() {
    let faults =
        [Fault::ShortWrite(0), Fault::ShortWrite(61), Fault::Io, Fault::FailedButPersisted, Fault::Full];
    for mode in [Durability::Prompt, Durability::Durable] {
        for size in [1, 700, 3_900, 9_000, 100_000] {
            let stage = Stage::set(mode);
            let mut expected = Vec::new();
            for (n, fault) in faults.into_iter().enumerate() {
                let (steps, payload) = steps(n, size);
                stage.fault(fault);
                assert!(stage.shell.append_steps(&steps).is_err(), "{fault:?} {size}");
                stage.fault(None);
                let before = *stage.weather.writes.lock().unwrap();
                assert_eq!(bytes_of(stage.shell.append_steps(&steps).unwrap()), payload);
                // A fold after it is another.
                let writes = *stage.weather.writes.lock().unwrap() - before;
                assert!(writes == 1 || (writes == 2 && size > 3_000), "{writes} writes for {size}");
                let [shown, typed] = payload;
                expected.push(format!("begins {n}"));
                expected.push(format!("output {}", shown.len()));
                expected.push(format!("input {}", typed.len()));
                expected.push(format!("ends {n}"));
            }
            stage.live.seal(stage.end()).unwrap();
            assert_eq!(
                read_back(&stage.folder.recording(stage.session), &stage.readers),
                expected,
                "{mode:?} {size}"
            );
            let verdict = verify(&stage.folder.recording(stage.session), &stage.verify_with());
            assert!(verdict.sound, "{:?}", verdict.bad);
        }
    }
}

#[test]
fn steps_that_were_written_and_not_yet_durable_are_not_written_again() {
    let stage = Stage::set(Durability::Durable);
    let (steps, payload) = steps(7, 40);
    stage.fault(Fault::Sync);
    assert!(stage.shell.append_steps(&steps).is_err());
    stage.fault(None);
    assert_eq!(bytes_of(stage.shell.append_steps(&steps.clone()).unwrap()), payload);
    stage.live.seal(stage.end()).unwrap();
    assert_eq!(
        read_back(&stage.folder.recording(stage.session), &stage.readers),
        ["begins 7", "output 40", "input 40", "ends 7"]
    );
}

#[test]
fn steps_are_whole_or_missing_after_a_crash_at_any_byte() {
    let stage = Stage::set(Durability::Prompt);
    let tail = || fs::read(stage.folder.tail(stage.session)).unwrap();
    drop(stage.shell.append_steps(&steps(1, 30).0).unwrap());
    let first = tail().len();
    drop(stage.shell.append_steps(&steps(2, 30).0).unwrap());
    let (chap, tail) = (fs::read(stage.folder.recording(stage.session)).unwrap(), tail());
    let [one, two] =
        [1, 2].map(|n| [format!("begins {n}"), "output 30".into(), "input 30".into(), format!("ends {n}")]);
    for cut in [first, first + 1, first + 61, tail.len() - 1, tail.len()] {
        let dir = tempfile::tempdir().unwrap();
        let thresholds = Thresholds { reserve_bytes: 0, low_bytes: 0, critical_bytes: 0 };
        let folder = Folder::open_with(dir.path(), thresholds).unwrap();
        fs::write(folder.recording(stage.session), &chap).unwrap();
        fs::write(folder.tail(stage.session), &tail[..cut]).unwrap();
        let with = Recovering {
            signer: Arc::clone(&stage.signer),
            at: Timestamp::now(),
            reason: "crash".to_owned(),
            checkpoint: None,
            begun: None,
        };
        recover(&folder, stage.session, &with).unwrap();
        let expected = if cut == tail.len() { [&one[..], &two].concat() } else { one.to_vec() };
        assert_eq!(read_back(&folder.recording(stage.session), &stage.readers), expected, "{cut}");
    }
}

#[test]
fn a_recording_to_which_nothing_was_written_needs_no_sync_and_one_that_failed_does() {
    let stage = Stage::set(Durability::Prompt);
    assert!(!stage.live.is_synced(), "a channel was opened");
    stage.live.sync().unwrap();
    assert!(stage.live.is_synced());
    stage.takes(Stream::Output, noise(10, 1));
    assert!(!stage.live.is_synced());
    stage.fault(Fault::Sync);
    assert!(stage.live.sync().is_err() && !stage.live.is_synced());
    stage.fault(None);
    assert!(!stage.live.is_synced(), "what failed is to be repaired");
    stage.live.sync().unwrap();
    assert!(stage.live.is_synced());
    stage.takes(Stream::Output, noise(10_000, 2));
    assert!(!stage.live.is_synced());
    stage.live.checkpoint().unwrap();
    assert!(stage.live.is_synced());
    stage.live.seal(stage.end()).unwrap();
}
