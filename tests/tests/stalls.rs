//! Peers that do not read, and peers that never stop: each costs itself, and nobody else.

use std::fs;
use std::time::Duration;

use chaperone_tests::{House, Process, TARGET, eventually};

/// What a peer that does not read may cost in memory: a window each way, and what the allocator keeps.
const GROWTH_KIB: u64 = 64 << 10;
/// Beyond what a channel may be ahead before its source is held back.
const FAR_AHEAD: u64 = 96 << 20;
/// How long an echo may take beside a peer that does not read, on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(20);

/// Bytes that the recordings of a house hold so far.
fn recorded_bytes(house: &House) -> u64 {
    fn of(folder: &std::path::Path) -> u64 {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| match entry.metadata() {
                Ok(about) if about.is_dir() => of(&entry.path()),
                Ok(about) => about.len(),
                Err(_) => 0,
            })
            .sum()
    }
    of(&house.gate.data().join("recordings"))
}

/// Waits until the recordings have grown by so much.
fn records(house: &House, before: u64, more: u64) {
    eventually(Duration::from_secs(120), "the flood to be recorded", || {
        (recorded_bytes(house) > before + more).then_some(())
    });
}

#[test]
fn output_that_nobody_reads_holds_up_no_other_channel_of_its_connection() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let mut master = dana.clone().with(&["-M"]).begins("echo ready; cat");
    master.shows("ready");
    let (before, had) = (recorded_bytes(&house), Process::peak_kib(house.gate.id()));
    let unread = dana.begins_unread("cat /dev/urandom");
    // So far ahead that its source would be held back, were it alone.
    records(&house, before, FAR_AHEAD);
    for n in 0..5 {
        let ran = dana.runs_within(AT_ONCE, &format!("echo {n}")).succeeded();
        assert_eq!(ran.text(), format!("{n}\n"));
    }
    master.types("still here\n");
    master.shows("still here");
    let most = Process::peak_kib(house.gate.id());
    assert!(most < had + GROWTH_KIB, "memory grew from {had} KiB to {most} KiB");
    drop(unread);
    master.ends_input();
}

#[test]
fn output_that_nobody_reads_waits_at_the_server_when_it_holds_up_nobody() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    dana.runs("true").succeeded();
    let (before, had) = (recorded_bytes(&house), Process::peak_kib(house.gate.id()));
    let unread = dana.begins_unread("cat /dev/urandom");
    records(&house, before, 60 << 20);
    // Others' visits go on beside it.
    for n in 0..3 {
        dana.runs_within(AT_ONCE, &format!("echo {n}")).succeeded();
    }
    let held = recorded_bytes(&house);
    std::thread::sleep(Duration::from_secs(3));
    let after = recorded_bytes(&house);
    assert!(after < held + (8 << 20), "{} bytes more were taken from the server", after - held);
    let most = Process::peak_kib(house.gate.id());
    assert!(most < had + GROWTH_KIB, "memory grew from {had} KiB to {most} KiB");
    drop(unread);
}

#[test]
fn six_hundred_megabytes_pushed_at_a_server_that_never_reads_cost_disk_and_no_memory() {
    const PUSHED: u64 = 600 << 20;
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let mut master = dana.clone().with(&["-M"]).begins("echo ready; cat");
    master.shows("ready");
    let (before, had) = (recorded_bytes(&house), Process::peak_kib(house.gate.id()));
    let mut pushing = dana.begins("echo pushing; sleep 1000");
    pushing.shows("pushing");
    pushing.floods();
    records(&house, before, PUSHED);
    for n in 0..3 {
        dana.runs_within(AT_ONCE, &format!("echo {n}")).succeeded();
    }
    let most = Process::peak_kib(house.gate.id());
    assert!(most < had + GROWTH_KIB, "memory grew from {had} KiB to {most} KiB");
    drop(pushing);
    master.ends_input();
}
