//! The table of faults: what breaks, at which step, in which mode; whether it goes on meanwhile; and that all is well once
//! it is mended. After every step a crash is tried: what recovery makes of the files holds every byte that was given back.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::stage::{Fault, Stage, noise, start};
use crate::channel::Stream;
use crate::content::{Typed, What};
use crate::error::RecordError;
use crate::fold::FOLD_BYTES;
use crate::folder::{Folder, Thresholds};
use crate::medium::Medium;
use crate::opening::Durability;
use crate::read::Recording;
use crate::recover::{Recovering, recover};
use crate::verify::verify;

/// Where a recording is when it breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Header,
    Frame,
    Block,
    /// An append of which the fold fails: the tail is sound, the recording is not.
    Fold,
    Sync,
    Checkpoint,
    Seal,
}

const STEPS: [Step; 7] =
    [Step::Header, Step::Frame, Step::Block, Step::Fold, Step::Sync, Step::Checkpoint, Step::Seal];

/// What breaks, and for each step in either mode whether it succeeds all the same (`+`) or is refused (`-`).
struct Row {
    fault: Fault,
    prompt: &'static str,
    durable: &'static str,
}

const fn row(fault: Fault, prompt: &'static str, durable: &'static str) -> Row {
    Row { fault, prompt, durable }
}

/// In a fold the frame is in the tail, and the recording makes up for the block later. In `durable` mode a sync finds
/// nothing that is not durable.
const TABLE: [Row; 10] = [
    //                                header frame block fold sync checkpoint seal
    row(Fault::Io, /*               */ "- - - + + - -", "- - - + + - -"),
    row(Fault::Full, /*             */ "- - - + + - -", "- - - + + - -"),
    row(Fault::ShortWrite(0), /*    */ "- - - + + - -", "- - - + + - -"),
    row(Fault::ShortWrite(61), /*   */ "- - - + + - -", "- - - + + - -"),
    row(Fault::ShortWrite(500), /*  */ "- - - + + - -", "- - - + + - -"),
    row(Fault::FailedButPersisted, /**/ "- - - + + - -", "- - - + + - -"),
    row(Fault::ReadOnly, /*         */ "- - - + + - -", "- - - + + - -"),
    row(Fault::Sync, /*             */ "- + + + - - -", "- - - - + - -"),
    row(Fault::Cut, /*              */ "+ + + + + - -", "+ + - + + - -"),
    row(Fault::Slow, /*             */ "+ + + + + + +", "+ + + + + + +"),
];

impl Row {
    fn goes_on(&self, step: Step, mode: Durability) -> bool {
        let columns = if mode == Durability::Durable { self.durable } else { self.prompt };
        let at = STEPS.iter().position(|one| *one == step).unwrap();
        columns.split(' ').nth(at).unwrap() == "+"
    }
}

/// A recording, and everything that it gave back as recorded.
struct Run {
    stage: Stage,
    output: Vec<u8>,
    input: Vec<u8>,
    /// A batch that was refused: it may be in the files, and nobody was told that it is.
    refused: Option<Bytes>,
}

impl Run {
    fn begin(mode: Durability) -> Self {
        let mut run = Self { stage: Stage::set(mode), output: vec![], input: vec![], refused: None };
        run.types(b"ls -l\r");
        run.shows(noise(9_000, 1)).unwrap();
        run.types(b"top\r");
        run.shows(noise(300, 2)).unwrap();
        run
    }

    fn types(&mut self, keys: &[u8]) {
        for key in keys {
            self.stage.takes(Stream::Input, Bytes::copy_from_slice(&[*key]));
            self.input.push(*key);
        }
    }

    fn shows(&mut self, batch: Bytes) -> Result<(), RecordError> {
        match self.stage.shell.append(Stream::Output, batch.clone()) {
            Ok(recorded) => {
                assert_eq!(recorded.into_bytes(), batch);
                self.output.extend_from_slice(&batch);
                self.refused = None;
                Ok(())
            }
            Err(failed) => {
                assert_eq!(failed.pieces, [batch], "the batch comes back");
                self.refused = failed.pieces.into_iter().next();
                Err(failed.cause)
            }
        }
    }

    /// What happens at a step; `batch` is the same in every attempt, as a session tries it.
    fn steps(&mut self, step: Step, batch: &Bytes) -> Result<(), RecordError> {
        match step {
            Step::Header => unreachable!("the recording has begun"),
            Step::Frame | Step::Block | Step::Fold => self.shows(batch.clone()),
            Step::Sync => self.stage.live.sync(),
            Step::Checkpoint => self.stage.live.checkpoint().map(drop),
            Step::Seal => self.stage.live.seal(self.stage.end()).map(drop),
        }
    }

    /// As if the machine died now: recovery adopts a copy of the files, it is sound, and nothing given back is missing.
    fn survives_a_crash(&self, what: &str) {
        let copy = tempfile::tempdir().unwrap();
        let thresholds = Thresholds { reserve_bytes: 0, low_bytes: 0, critical_bytes: 0 };
        let folder = Folder::open_with(copy.path(), thresholds).unwrap();
        let session = self.stage.session;
        fs::copy(self.stage.folder.recording(session), folder.recording(session)).unwrap();
        if self.stage.folder.tail(session).exists() {
            fs::copy(self.stage.folder.tail(session), folder.tail(session)).unwrap();
        }
        let with = Recovering {
            signer: Arc::clone(&self.stage.signer),
            at: Timestamp::now(),
            reason: "crash".into(),
            checkpoint: None,
            begun: None,
        };
        recover(&folder, session, &with).unwrap();
        let verdict = verify(&folder.recording(session), &self.stage.verify_with());
        assert!(verdict.sound, "{what}: {verdict}");
        let (mut output, mut input) = (Vec::new(), Vec::new());
        for entry in Recording::open(&folder.recording(session), &self.stage.readers)
            .unwrap()
            .showing(Typed::default())
        {
            match entry.unwrap().what {
                What::Bytes(Stream::Output, bytes) => output.extend_from_slice(&bytes),
                What::Bytes(Stream::Input, bytes) => input.extend_from_slice(&bytes),
                _ => {}
            }
        }
        assert_eq!(input, self.input, "{what}");
        let beyond = output.strip_prefix(self.output.as_slice());
        let beyond = beyond.unwrap_or_else(|| panic!("{what}: bytes that were given back are missing"));
        assert!(beyond.is_empty() || self.refused.as_deref() == Some(beyond), "{what}: invented bytes");
    }
}

fn fails_and_is_mended(row: &Row, step: Step, mode: Durability) {
    let what = format!("{:?} at {step:?} in {mode:?}", row.fault);
    let mut run = Run::begin(mode);
    let batch = match step {
        Step::Block => noise(20_000, 7),
        Step::Fold => {
            // With the next append the pending records are more than a fold waits for.
            run.stage.live.checkpoint().unwrap();
            for _ in 0..FOLD_BYTES / 615 {
                run.shows(noise(600, 3)).unwrap();
            }
            noise(800, 7)
        }
        _ => noise(50, 7),
    };
    if step == Step::Fold {
        run.stage.fault_of_chap(row.fault);
    } else {
        run.stage.fault(row.fault);
    }
    let went_on = run.steps(step, &batch);
    assert_eq!(went_on.is_ok(), row.goes_on(step, mode), "{what}: {went_on:?}");
    run.survives_a_crash(&what);
    if went_on.is_err() {
        assert!(run.steps(step, &batch).is_err(), "{what}: still broken");
        run.survives_a_crash(&what);
    }
    run.stage.mend();
    if went_on.is_err() {
        run.steps(step, &batch).unwrap_or_else(|error| panic!("{what}: not mended: {error:?}"));
        run.survives_a_crash(&what);
    }
    if step != Step::Seal {
        run.types(b"w\r");
        run.shows(noise(10_000, 9)).unwrap();
        run.stage.live.sync().unwrap();
        run.survives_a_crash(&what);
    }
    run.stage.live.seal(run.stage.end()).unwrap();
    run.stage.check_sealed(&run.output, &run.input);
}

/// A header that cannot be written is no recording: nothing is left behind, and the same session can begin again.
fn does_not_begin(row: &Row, mode: Durability) {
    let what = format!("{:?} at the header in {mode:?}", row.fault);
    let stage = Stage::set(mode);
    let session = Uuid::now_v7();
    let begin = || start(&stage.folder, session, mode, &stage.signer, &stage.readers, &stage.weather);
    stage.fault(row.fault);
    let begun = begin();
    assert_eq!(begun.is_ok(), row.goes_on(Step::Header, mode), "{what}");
    stage.mend();
    let live = begun.unwrap_or_else(|_| {
        assert!(!stage.folder.recording(session).exists() && !stage.folder.tail(session).exists(), "{what}");
        begin().unwrap()
    });
    live.seal(stage.end()).unwrap();
    assert!(verify(&stage.folder.recording(session), &stage.verify_with()).sound, "{what}");
}

fn whole_table(mode: Durability) {
    for row in &TABLE {
        does_not_begin(row, mode);
        for step in &STEPS[1..] {
            fails_and_is_mended(row, *step, mode);
        }
    }
}

#[test]
fn nothing_given_back_is_missing_at_any_fault_in_prompt_mode() {
    whole_table(Durability::Prompt);
}

#[test]
fn nothing_given_back_is_missing_at_any_fault_in_durable_mode() {
    whole_table(Durability::Durable);
}

#[test]
fn a_file_that_cannot_be_opened_begins_no_recording_and_leaves_the_others_alone() {
    for mode in [Durability::Prompt, Durability::Durable] {
        let mut run = Run::begin(mode);
        let (away, here) = (run.stage.dir.path().with_extension("away"), run.stage.dir.path().to_owned());
        let session = Uuid::now_v7();
        let Stage { folder, signer, readers, weather, .. } = &run.stage;
        let begin = || start(folder, session, mode, signer, readers, weather);
        fs::rename(&here, &away).unwrap();
        assert!(matches!(begin(), Err(RecordError::Path { .. })));
        fs::rename(&away, &here).unwrap();
        begin().unwrap().seal(run.stage.end()).unwrap();
        run.shows(noise(100, 4)).unwrap();
        run.stage.live.seal(run.stage.end()).unwrap();
        run.stage.check_sealed(&run.output, &run.input);
    }
}

/// The one fault that nothing mends: the medium lost what it had taken. What was durable stays, and no seal covers the hole.
#[test]
fn what_was_lost_before_it_was_durable_is_fatal_in_both_modes() {
    for mode in [Durability::Prompt, Durability::Durable] {
        let mut run = Run::begin(mode);
        run.stage.live.checkpoint().unwrap();
        let path = run.stage.folder.recording(run.stage.session);
        let durable = fs::metadata(&path).unwrap().len();
        run.stage.fault(Fault::Sync);
        let batch = noise(20_000, 7);
        assert_eq!(run.shows(batch.clone()).is_ok(), mode == Durability::Prompt);
        assert!(run.stage.live.sync().is_err());
        let file = fs::File::options().write(true).open(&path).unwrap();
        Medium::write_all_at(&file, &[0; 4096], durable + 512).unwrap();
        run.stage.mend();
        for _ in 0..2 {
            assert!(matches!(run.shows(noise(10, 8)), Err(RecordError::Lost { .. })));
            assert!(run.stage.live.event(None, "note", json!({})).is_err());
            assert!(matches!(run.stage.live.checkpoint(), Err(RecordError::Lost { .. })));
        }
        assert!(matches!(run.stage.live.seal(run.stage.end()), Err(RecordError::Lost { .. })));
        let verdict = verify(&path, &run.stage.verify_with());
        assert!(!verdict.sound && verdict.sound_bytes == durable, "{verdict}");
    }
}
