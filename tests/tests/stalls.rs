//! Peers that do not read, and peers that never stop: each costs itself, and nobody else.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use chaperone_tests::{House, Process, TARGET, Visit, eventually};

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
fn a_slow_reader_holds_up_no_other_channel_of_its_connection() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let mut master = dana.clone().with(&["-M"]).begins("echo ready; cat");
    master.shows("ready");
    let (before, had) = (recorded_bytes(&house), Process::peak_kib(house.gate.id()));
    // 128 KiB a second, and never none for long.
    let slow = "import sys, time\nwhile sys.stdin.buffer.read(65536): time.sleep(0.5)";
    let mut pipe = Command::new("sh");
    pipe.args(["-c", r#"slow=$1; shift; exec "$@" 'cat /dev/urandom' | python3 -c "$slow""#, "sh", slow]);
    pipe.args(dana.line()).env_remove("SSH_AUTH_SOCK");
    let reading = Visit::of(pipe);
    records(&house, before, 60 << 20);
    for n in 0..10 {
        let asked = Instant::now();
        master.types(&format!("echo {n}\n"));
        master.shows(&format!("echo {n}\n"));
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(4), "an echo took {took:?}");
    }
    let ran = dana.runs_within(AT_ONCE, "echo new").succeeded();
    assert_eq!(ran.text(), "new\n");
    let most = Process::peak_kib(house.gate.id());
    assert!(most < had + GROWTH_KIB, "memory grew from {had} KiB to {most} KiB");
    drop(reading);
    master.ends_input();
}

/// Waits until a visit has shown a second's worth of ticks, so many times.
fn ticks(visit: &Visit, times: usize) {
    for _ in 0..times {
        let before = visit.received();
        eventually(Duration::from_secs(20), "output to go on", || {
            (visit.received() > before + 50).then_some(())
        });
    }
}

#[test]
fn input_that_waits_for_the_end_of_a_pause_holds_up_no_other_channel() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    // A client that gives its server up after three seconds without an answer.
    let alive = dana.clone().option("ServerAliveInterval=1").option("ServerAliveCountMax=3");
    let mut master = alive.with(&["-M"]).begins("echo ready; while :; do echo tick; sleep 0.1; done");
    master.shows("ready");
    let (session, had) = (house.newest_session(), Process::peak_kib(house.gate.id()));
    house.sam().does(&["session", "pause", &session, "--reason", "what is this?"]);
    let _ = house.fact("session-paused");
    let (kept, left) = (house.folder().join("kept"), house.folder().join("left"));
    let mut stays = dana.begins(&format!("head -c {} > {}", 64 << 20, kept.display()));
    let mut leaves = dana.begins(&format!("touch {}; cat >/dev/null", left.display()));
    stays.floods();
    leaves.floods();
    ticks(&master, 5);
    // It had more to say than is kept, and has gone before anything could start.
    leaves.signal(chaperone_tests::Signal::KILL);
    ticks(&master, 2);
    assert!(!kept.exists(), "nothing starts in a pause");
    house.sam().does(&["session", "resume", &session, "--reason", "explained"]);
    assert!(stays.ends().0.success());
    assert_eq!(fs::metadata(&kept).unwrap().len(), 64 << 20, "what waited went on, whole");
    assert!(!left.exists(), "it was started for nobody");
    assert!(master.is_running());
    let most = Process::peak_kib(house.gate.id());
    assert!(most < had + GROWTH_KIB, "memory grew from {had} KiB to {most} KiB");
}

#[test]
fn a_client_that_floods_while_its_server_takes_its_time_is_still_answered() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let alive = dana.clone().option("ServerAliveInterval=1").option("ServerAliveCountMax=3");
    let mut master = alive.with(&["-M"]).begins("echo $PPID ready; while :; do echo tick; sleep 0.1; done");
    master.shows("ready");
    let server = String::from_utf8_lossy(&master.out()).split_whitespace().next().unwrap().to_owned();
    let signals = |which: &str| {
        assert!(Command::new("kill").args([which, server.as_str()]).status().unwrap().success());
    };
    signals("-STOP");
    let mut asked = dana.begins("cat >/dev/null");
    asked.floods();
    let (status, _) = asked.ends();
    signals("-CONT");
    assert!(!status.success(), "the server did not start it");
    ticks(&master, 1);
    assert!(master.is_running(), "{}", master.err());
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
