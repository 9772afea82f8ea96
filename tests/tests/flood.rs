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

/// Connections that say nothing, and connections that say who they are one letter at a time.
const SILENT: u8 = 200;
const SLOW: u8 = 50;

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

/// Connections that are held open from an address each, by a thread of their own.
struct Held(tokio::runtime::Runtime);

impl Held {
    /// Each sends so many letters, one every 200 ms, and then nothing.
    fn open(house: &House, network: u8, connections: u8, letters: usize) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        for last in 1..=connections {
            let gate = ([127, 0, 0, 1], house.gate.ssh_port()).into();
            runtime.spawn(async move {
                let socket = tokio::net::TcpSocket::new_v4().unwrap();
                socket.bind(([127, 0, network, last], 0).into()).unwrap();
                let mut stream = socket.connect(gate).await.unwrap();
                for letter in b"SSH-2.0-".iter().cycle().take(letters) {
                    // The gate may have had enough of it.
                    drop(tokio::io::AsyncWriteExt::write_all(&mut stream, &[*letter]).await);
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                std::future::pending::<()>().await;
            });
        }
        Self(runtime)
    }
}

#[test]
fn connections_that_say_nothing_or_little_keep_nobody_out_and_are_ended() {
    let house = House::start();
    house.open_window("dana", "exec", "+1h");
    let dana = house.technician("dana").ssh(TARGET);
    let mut visit = dana.begins("cat");
    visit.types("before\n");
    visit.shows("before");
    let (before, files) = (resident_kib(house.gate.id()), open_files(house.gate.id()));
    let silent = Held::open(&house, 1, SILENT, 0);
    let slow = Held::open(&house, 2, SLOW, 1000);
    soon("all of them to be there", || {
        (open_files(house.gate.id()) >= files + usize::from(SILENT) + usize::from(SLOW)).then_some(())
    });
    for n in 0..5 {
        visit.types(&format!("during {n}\n"));
        visit.shows(&format!("during {n}"));
        dana.runs("true").succeeded();
    }
    let most = resident_kib(house.gate.id());
    assert!(most < before + (64 << 10), "memory grew from {before} KiB to {most} KiB");
    // Ten seconds are enough to say what protocol is spoken, however busily one types.
    soon("every one of them to be ended", || {
        (open_files(house.gate.id()) < files + usize::from(SLOW)).then_some(())
    });
    let told = soon("the SOC's numbers of them", || house.facts_of("connections-unheard").pop());
    assert_ne!(told.body["unheard"], "0");
    drop((silent.0, slow.0));
}

#[test]
fn strangers_from_everywhere_do_not_keep_waiting_who_had_a_visit() {
    // It would take more than two minutes to hear all of them at this rate.
    strangers_keep_nobody_waiting("5", 3);
}

#[test]
fn strangers_that_are_heard_and_say_nothing_do_not_keep_out_who_had_a_visit() {
    // They take every place that there is for connections without a visit.
    strangers_keep_nobody_waiting("10000", 8);
}

/// Strangers from so many networks of 250 addresses, where so many connections are heard in a second.
fn strangers_keep_nobody_waiting(rate: &str, networks: u8) {
    let house = House::furnish().with("CHAPERONE_GATE__ATTEMPTS_PER_SECOND", rate).start();
    house.open_window("dana", "exec", "+1h");
    let dana = house.technician("dana").ssh(TARGET);
    dana.runs("true").succeeded();
    let files = open_files(house.gate.id());
    let strangers: Vec<Held> = (3..3 + networks).map(|network| Held::open(&house, network, 250, 0)).collect();
    let most = usize::from(networks) * 130;
    soon("most of them to be there", || (open_files(house.gate.id()) >= files + most).then_some(()));
    for _ in 0..3 {
        let ran = dana.runs("true").succeeded();
        assert!(ran.took < Duration::from_secs(6), "{:?}", ran.took);
    }
    drop(strangers);
}

fn open_files(process: u32) -> usize {
    std::fs::read_dir(Path::new("/proc").join(process.to_string()).join("fd")).map_or(0, Iterator::count)
}
