//! A flood of refused attempts, with a proven key and without: every attempt is a fact, each kind is one alert that counts
//! them all, memory is bounded, and a visit beside it goes on. How fast all of that is, `tests/flood` measures.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use chaperone_tests::{House, KeyPair, TARGET, soon};
use serde_json::Value;

/// Attempts of either kind.
const ATTEMPTS: u64 = 1000;
/// Connections of either kind in parallel: more than one address may hold open before sign-in.
const PARALLEL: u64 = 80;
/// What the gate's memory may grow by: far more than it takes, and far less than a flood that is kept would.
const GROWTH_KIB: u64 = 256 << 10;

/// A flood that has begun.
struct Flood(std::process::Child);

impl Flood {
    fn begin(house: &House, kind: &str, key: &KeyPair, from: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flood"));
        let gate = format!("127.0.0.1:{}", house.gate.ssh_port());
        let (attempts, parallel) = (ATTEMPTS.to_string(), PARALLEL.to_string());
        command.args([
            "--gate",
            &gate,
            "--kind",
            kind,
            "--user",
            &format!("viktor+{TARGET}"),
            "--from",
            from,
        ]);
        command.args(["--attempts", &attempts, "--parallel", &parallel, "--key"]).arg(&key.private);
        Self(command.stdout(Stdio::piped()).spawn().expect("the flood starts"))
    }

    /// Waits for its end; what it reports.
    #[track_caller]
    fn ends(self) -> Value {
        let ended = self.0.wait_with_output().expect("the flood ends");
        let said = serde_json::from_slice(&ended.stdout).expect("the flood reports in JSON");
        assert!(ended.status.success(), "not every attempt was refused as it must be: {said:#}");
        said
    }
}

/// Watches the memory of a process.
struct Memory {
    most: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Memory {
    fn of(process: u32) -> Self {
        let watched = Self { most: Arc::default(), stop: Arc::default() };
        let (most, stop) = (Arc::clone(&watched.most), Arc::clone(&watched.stop));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                most.fetch_max(resident_kib(process), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        watched
    }

    fn most_kib(&self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.most.load(Ordering::Relaxed)
    }
}

fn resident_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"))
        .unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    resident.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn facts_of(house: &House, kind: &str) -> u64 {
    let rows = house.database.rows(&format!("SELECT count(*) AS n FROM facts WHERE kind = '{kind}'"));
    rows.first().and_then(|row| row["n"].as_u64()).unwrap_or_default()
}

/// How many attempts each alert of a rule counts.
fn counted(house: &House, rule: &str) -> Vec<u64> {
    let alerts = house.sam().lists(&["alert", "list"]);
    alerts.iter().filter(|alert| alert["rule"] == rule).filter_map(|alert| alert["count"].as_u64()).collect()
}

#[test]
fn a_flood_loses_no_fact_and_is_one_alert_of_each_kind() {
    let house = House::start();
    house.open_window("dana", "exec", "+1h");
    let mut visit = house.technician("dana").ssh(TARGET).begins("cat");
    visit.types("before\n");
    visit.shows("before");
    let enrolled = KeyPair::make(house.folder(), "viktor");
    let stranger = KeyPair::make(house.folder(), "stranger");
    let (before, memory) = (resident_kib(house.gate.id()), Memory::of(house.gate.id()));

    // From addresses of one network each, so that each kind is one group.
    let proven = Flood::begin(&house, "proven", &enrolled, "127.0.0.11,127.0.0.12,127.0.0.13,127.0.0.14");
    let unproven = Flood::begin(&house, "unproven", &stranger, "127.0.0.21,127.0.0.22,127.0.0.23,127.0.0.24");
    visit.types("during\n");
    visit.shows("during");
    let said = [proven.ends(), unproven.ends()];

    for kind in ["attempt-refused", "attempt-failed"] {
        soon(&format!("every {kind} to be a fact"), || {
            let written = facts_of(&house, kind);
            assert!(written <= ATTEMPTS, "{written} facts {kind} for {ATTEMPTS} attempts: {said:#?}");
            (written == ATTEMPTS).then_some(())
        });
    }
    assert_eq!(counted(&house, "off-schedule"), [ATTEMPTS], "one alert on the proven key");
    assert_eq!(counted(&house, "unproven-attempts"), [ATTEMPTS], "one alert on what proved nothing");
    let most = memory.most_kib();
    assert!(most < before + GROWTH_KIB, "memory grew from {before} KiB to {most} KiB: {said:#?}");
    visit.types("after\n");
    visit.shows("after");
    assert!(visit.is_running());
}
