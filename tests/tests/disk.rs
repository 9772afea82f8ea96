//! A disk that fills up: nobody is let in who could not be recorded, what runs is ended in order and sealed, and no byte
//! gets ahead of its recording. The disk is a small one of its own, mounted over the gate's recordings.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use chaperone_tests::{Furnishing, House, TARGET, Visit, contains, eventually, is_root, soon};

/// Lines that hardly compress.
const NOISE_IN_LINES: &str = "exec base64 /dev/urandom";
/// The same, no faster than the technician's client can take it, so that the gate's last words get through.
const SLOW_NOISE: &str = "while head -c 300000 /dev/urandom | base64; do sleep 0.02; done";

/// A small file system of its own, for as long as a scenario needs it.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, size: &str) -> Self {
        assert!(is_root(), "only root can mount a small disk: run tests/run as root");
        std::fs::create_dir_all(at).unwrap();
        let options = format!("size={size},mode=0700");
        assert!(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o", &options, "none"])
                .arg(at)
                .status()
                .unwrap()
                .success()
        );
        Self(at.to_owned())
    }

    fn grows(&self, size: &str) {
        let options = format!("remount,size={size}");
        assert!(Command::new("mount").args(["-o", &options]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The gate may still have files open in it: it goes when they do.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// A house with a small disk for its recordings.
fn house_with_a_disk(size: &str, furnishing: Furnishing) -> (House, Disk) {
    let mut house = furnishing.empty();
    let disk = Disk::mount(&house.gate.data().join("recordings"), size);
    house.gate.rise();
    house.enrol();
    house.connect_soc();
    house.open_window("dana", "exec", "+30m");
    (house, disk)
}

/// Waits until nothing comes any more.
#[track_caller]
fn stalls(visit: &Visit) {
    let mut last = (visit.received(), std::time::Instant::now());
    eventually(Duration::from_secs(60), "the output to stall", || {
        if visit.received() != last.0 {
            last = (visit.received(), std::time::Instant::now());
        }
        (last.0 > 0 && last.1.elapsed() > Duration::from_millis(1500)).then_some(())
    });
}

/// The last whole line that the technician saw is in the recording.
#[track_caller]
fn nothing_was_ahead_of_its_recording(house: &House, session: &str, visit: &Visit) {
    let seen = visit.out();
    let lines: Vec<_> = seen.split(|byte| *byte == b'\n').collect();
    let last = lines[lines.len() - 2];
    let file = house.folder().join("replay.txt");
    house.sam().does(&[
        "recording",
        "export",
        session,
        "--format",
        "txt",
        "-o",
        file.to_str().unwrap(),
        "--reason",
        "looked into",
    ]);
    assert!(contains(&std::fs::read(file).unwrap(), last), "{:?}", String::from_utf8_lossy(last));
}

#[test]
fn as_the_disk_fills_visits_end_in_order_and_nobody_is_let_in() {
    let furnishing = House::furnish()
        .with("CHAPERONE_RECORDING__LOW_BYTES", "50331648")
        .with("CHAPERONE_RECORDING__CRITICAL_BYTES", "33554432");
    let (house, disk) = house_with_a_disk("112m", furnishing);
    // What cannot be recorded is not written into the channel: the words are the protocol's own goodbye.
    let mut visit = house.technician("dana").ssh(TARGET).option("LogLevel=INFO").begins(SLOW_NOISE);
    soon("output", || (visit.received() > 0).then_some(()));
    let session = house.newest_session();
    assert!(!visit.ends().0.success());
    visit.says("cannot be recorded");
    assert_eq!(house.sealed(&session)["end_reason"], "recorder");
    assert_eq!(house.sam().does(&["recording", "verify", &session])["sound"], true);
    nothing_was_ahead_of_its_recording(&house, &session, &visit);
    house.technician("dana").ssh(TARGET).runs("true").refused();
    let _ = house.refusal("attempt-refused", "recorder");
    soon("the alert", || {
        house.alerts_because("recorder").into_iter().find(|alert| alert["severity"] == "critical")
    });
    disk.grows("512m");
    // The disk is looked at several times a second.
    soon("visits to be possible again", || {
        (house.technician("dana").ssh(TARGET).runs("true").status == Some(0)).then_some(())
    });
}

#[test]
fn on_a_full_disk_no_byte_gets_ahead_and_the_visit_is_ended_and_sealed() {
    let furnishing = House::furnish()
        .with("CHAPERONE_RECORDING__LOW_BYTES", "0")
        .with("CHAPERONE_RECORDING__CRITICAL_BYTES", "0")
        .with("CHAPERONE_SESSION__RECORDER_GRACE_SECONDS", "4");
    let (house, disk) = house_with_a_disk("48m", furnishing);
    let mut visit = house.technician("dana").ssh(TARGET).begins(NOISE_IN_LINES);
    soon("output", || (visit.received() > 0).then_some(()));
    let session = house.newest_session();
    assert!(!visit.ends().0.success());
    assert_eq!(house.sealed(&session)["end_reason"], "recorder", "sealed from the reserve");
    assert_eq!(house.sam().does(&["recording", "verify", &session])["sound"], true);
    nothing_was_ahead_of_its_recording(&house, &session, &visit);
    let kinds: Vec<_> = house.facts().into_iter().map(|fact| fact.kind).collect();
    assert!(kinds.iter().any(|kind| kind == "recorder-fault"), "{kinds:?}");
    disk.grows("512m");
    soon("visits to be possible again", || {
        (house.technician("dana").ssh(TARGET).runs("true").status == Some(0)).then_some(())
    });
}

#[test]
fn on_a_full_disk_one_reserve_seals_every_visit() {
    let furnishing = House::furnish()
        .with("CHAPERONE_RECORDING__LOW_BYTES", "0")
        .with("CHAPERONE_RECORDING__CRITICAL_BYTES", "0")
        .with("CHAPERONE_SESSION__RECORDER_GRACE_SECONDS", "4");
    let (house, disk) = house_with_a_disk("64m", furnishing);
    let dana = house.technician("dana").ssh(TARGET);
    let mut visits: Vec<_> = (0..3).map(|_| dana.begins(NOISE_IN_LINES)).collect();
    for visit in &mut visits {
        assert!(!visit.ends().0.success());
    }
    // What the first seal's reserve gave back is for the other seals, not for what the other visits go on to forward.
    for session in house.sessions() {
        let session = session["id"].as_str().unwrap();
        assert_eq!(house.sealed(session)["end_reason"], "recorder");
        assert_eq!(house.sam().does(&["recording", "verify", session])["sound"], true);
    }
    disk.grows("512m");
    soon("visits to be possible again", || (dana.runs("true").status == Some(0)).then_some(()));
}

#[test]
fn a_visit_waits_for_room_and_goes_on_when_there_is_some_in_time() {
    let furnishing = House::furnish()
        .with("CHAPERONE_RECORDING__LOW_BYTES", "0")
        .with("CHAPERONE_RECORDING__CRITICAL_BYTES", "0")
        .with("CHAPERONE_SESSION__RECORDER_GRACE_SECONDS", "60");
    let (house, disk) = house_with_a_disk("48m", furnishing);
    let mut visit =
        house.technician("dana").ssh(TARGET).begins("base64 /dev/urandom | head -n 1000000; echo whole");
    stalls(&visit);
    let stalled_at = visit.received();
    assert!(visit.is_running());
    disk.grows("512m");
    visit.shows("whole");
    assert!(visit.received() > stalled_at);
    assert!(visit.ends().0.success());
    let session = house.newest_session();
    house.sealed(&session);
    assert_eq!(house.sam().does(&["recording", "verify", &session])["sound"], true);
    nothing_was_ahead_of_its_recording(&house, &session, &visit);
}
