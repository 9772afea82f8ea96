//! Targets are hostile, broken or slow: the technician is told so in words, the SOC where it matters, and nobody else
//! notices.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use chaperone_tests::{
    House, Process, Proxy, Ran, Sshd, SshdOptions, TARGET, Visit, Weather, free_port, noise, soon,
};

/// `EX_UNAVAILABLE`: the target, not the schedule, is at fault.
const UNAVAILABLE: i32 = 69;

/// A window for dana on another target.
/// A visit to a target that cannot be: words, a status, a fact, a sealed recording, and the gate lives on.
#[track_caller]
fn unreachable(house: &House, target: &str) -> Ran {
    let ran = house.technician("dana").ssh(target).runs("id");
    assert_eq!(ran.status, Some(UNAVAILABLE), "out: {} err: {}", ran.text(), ran.err);
    assert!(!ran.err.trim().is_empty());
    assert!(
        !ran.err.contains("127.0.0.1"),
        "where a server is, is not the technician's to know: {}",
        ran.err
    );
    let session = house.newest_session();
    let visit = house.sealed(&session);
    assert_eq!(visit["end_reason"], "target-failed", "{visit:#}");
    assert_eq!(house.sam().does(&["recording", "verify", &session])["sound"], true);
    ran
}

#[test]
fn a_target_that_is_down() {
    let mut house = House::start();
    house.open_window("dana", "exec", "+30m");
    house.target.fall();
    let ran = unreachable(&house, TARGET);
    assert!(ran.took < Duration::from_secs(10), "{:?}", ran.took);
    house.target.rise();
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
}

#[test]
fn a_target_that_never_answers() {
    let house = House::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let held = std::thread::spawn(move || listener.incoming().take(1).collect::<Vec<_>>());
    house.add_target_at("alaris-sm-09", &address, &house.target, &[]);
    house.open_window_on("alaris-sm-09", "dana", "exec", "+30m");
    let ran = unreachable(&house, "alaris-sm-09");
    assert!(ran.took < Duration::from_secs(40), "{:?}", ran.took);
    drop(held);
}

#[test]
fn a_target_that_speaks_something_else() {
    let house = House::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // The gate may close at any byte.
            drop((&stream).write_all(&noise(1 << 20)));
        }
    });
    house.add_target_at("alaris-sm-09", &address, &house.target, &[]);
    house.open_window_on("alaris-sm-09", "dana", "exec", "+30m");
    unreachable(&house, "alaris-sm-09");
}

#[test]
fn a_target_whose_host_key_changed_gets_no_credential_and_raises_an_alarm() {
    let house = House::start();
    let impostor = Sshd::start(&house.folder().join("impostor"), &SshdOptions::default());
    // The impostor's address, under the pinned key of the true server.
    house.add_target_at("alaris-sm-09", &impostor.address(), &house.target, &[]);
    house.open_window_on("alaris-sm-09", "dana", "exec", "+30m");
    unreachable(&house, "alaris-sm-09");
    assert!(!impostor.log().contains("publickey"), "no credential was offered: {}", impostor.log());
    soon("an alert about the host key", || {
        let alerts = house.sam().lists(&["alert", "list"]);
        alerts
            .into_iter()
            .find(|alert| alert.to_string().to_lowercase().contains("host key") && alert["severity"] != "low")
    });
    let host_key = impostor.host_key().public.to_str().unwrap().to_owned();
    let words =
        ["target", "pin-host-key", "alaris-sm-09", "--host-key", &host_key, "--reason", "reinstalled"];
    // The gate has proposed it itself, when it was shown: somebody stands for it, and another approves.
    assert_eq!(house.priya().tries(&words).status, Some(1));
    let shown = house.priya().does(&["target", "show", "alaris-sm-09"]);
    let print = shown["proposed_keys"][0]["fingerprint"].as_str().unwrap();
    for engineer in ["priya", "quentin"] {
        house.gate.person(engineer).does(&["target", "approve-host-key", "alaris-sm-09", print]);
    }
    // Pinned now, but the impostor does not know the account's key.
    let ran = house.technician("dana").ssh("alaris-sm-09").runs("id");
    assert_eq!(ran.status, Some(UNAVAILABLE));
    assert!(impostor.log().contains("publickey"), "{}", impostor.log());
}

#[test]
fn a_target_that_starts_nothing() {
    let lines = ["Match all", "MaxSessions 0"].map(str::to_owned).into();
    let house = House::furnish().target(SshdOptions { lines, ..SshdOptions::default() }).start();
    house.open_window("dana", "exec", "+10m");
    let ran = house.technician("dana").ssh(TARGET).runs("id");
    assert_eq!(ran.status, Some(UNAVAILABLE), "{}", ran.err);
    assert!(ran.err.contains("The server did not start what was asked for."), "{}", ran.err);
    assert_eq!(house.fact("channel-closed").body["why"], "the server did not start it");
}

#[test]
fn what_a_target_does_not_start_leaves_it_no_session_that_is_open() {
    // It has no SFTP, and takes three sessions of one connection.
    let lines = ["Match all", "MaxSessions 3"].map(str::to_owned).into();
    let options = SshdOptions { lines, without_sftp: true, ..SshdOptions::default() };
    let house = House::furnish().target(options).start();
    house.open_window("dana", "exec,sftp-read,sftp-write", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let master = dana.clone().with(&["-M"]).begins("echo ready; cat");
    master.shows("ready");
    for _ in 0..5 {
        let ran = dana.clone().with(&["-s"]).runs("sftp");
        assert_ne!(ran.status, Some(0), "{}", ran.err);
    }
    assert_eq!(dana.runs("echo still").succeeded().text(), "still\n");
    soon("five that were not started, and the one that was", || {
        let closed = house.facts_of("channel-closed");
        let unstarted = closed.iter().filter(|fact| fact.body["why"] == "the server did not start it");
        ((unstarted.count(), closed.len()) == (5, 6)).then_some(())
    });
}

/// A server over Paramiko, with a port and a host key: the first channel opens late; what the second is to run starts late.
/// It says what is asked of it and what is closed.
const LATE: &str = r"
import socket, sys, threading, time, paramiko
LATE, opened = 12, []
def say(*words): print(*words, flush=True)
class Server(paramiko.ServerInterface):
    def get_allowed_auths(self, user): return 'publickey'
    def check_auth_publickey(self, user, key): return paramiko.AUTH_SUCCESSFUL
    def check_channel_request(self, kind, number):
        opened.append(number)
        if len(opened) == 1: time.sleep(LATE)
        return paramiko.OPEN_SUCCEEDED
    def check_channel_exec_request(self, channel, command):
        say('asked for', command.decode())
        if len(opened) == 2: time.sleep(LATE)
        return True
def watch(name, channel):
    while not channel.closed: time.sleep(0.02)
    say('closed the', name)
door = socket.create_server(('127.0.0.1', int(sys.argv[1])))
say('listens')
transport = paramiko.Transport(door.accept()[0])
transport.add_server_key(paramiko.Ed25519Key(filename=sys.argv[2]))
transport.start_server(server=Server())
for name in ['first', 'second']:
    threading.Thread(target=watch, args=(name, transport.accept(60))).start()
";

#[test]
fn a_target_that_starts_things_late_is_told_that_nobody_waits_and_the_technician_that_it_may_have() {
    let house = House::start();
    let port = free_port();
    let mut server = Command::new("/usr/bin/python3");
    server.args(["-W", "ignore", "-c", LATE, &port.to_string()]).arg(&house.target.host_key().private);
    let server = Visit::of(server);
    server.shows("listens");
    house.add_target_at("alaris-sm-09", &format!("127.0.0.1:{port}"), &house.target, &[]);
    house.open_window_on("alaris-sm-09", "dana", "exec", "+30m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh("alaris-sm-09").option(&socket);
    let _master = dana.clone().with(&["-M", "-N"]).begins("");
    soon("the visit", || house.folder().join("mux").exists().then_some(()));
    let ran = dana.runs("too early");
    assert_eq!(ran.status, Some(UNAVAILABLE), "{}", ran.err);
    assert!(ran.err.contains("The server did not start what was asked for."), "{}", ran.err);
    let ran = dana.runs("flash-pump --all");
    assert_eq!(ran.status, Some(UNAVAILABLE), "{}", ran.err);
    assert!(ran.err.contains("has not said whether it started"), "{}", ran.err);
    server.shows("asked for flash-pump --all");
    server.shows("closed the first");
    server.shows("closed the second");
    let heard = String::from_utf8(server.out()).unwrap();
    assert!(!heard.contains("too early"), "what is opened late is asked for nothing: {heard}");
    let closed = soon("both closes as facts", || {
        Some(house.facts_of("channel-closed")).filter(|closed| closed.len() == 2)
    });
    let why: Vec<String> =
        closed.iter().map(|fact| fact.body["why"].as_str().unwrap_or_default().to_owned()).collect();
    assert!(
        matches!(&why[..], [first, second]
            if first == "the server did not start it" && second.contains("is not known")),
        "{why:?}"
    );
}

#[test]
fn a_target_that_does_not_take_the_credential() {
    let house = House::start();
    house.open_window("dana", "exec", "+30m");
    std::fs::write(house.folder().join("target").join("authorized"), "").unwrap();
    let ran = unreachable(&house, TARGET);
    assert!(
        !ran.err.contains("svc") && !ran.err.to_lowercase().contains("key"),
        "nothing about the credential: {}",
        ran.err
    );
}

#[test]
fn a_slow_target_works() {
    let house = House::start();
    let wire = Proxy::before(house.target.port());
    wire.weather(Weather { delay: Duration::from_millis(150), ..Weather::default() });
    house.add_target_at("alaris-sm-09", &format!("127.0.0.1:{}", wire.port()), &house.target, &[]);
    house.open_window_on("alaris-sm-09", "dana", "exec", "+30m");
    let ran = house.technician("dana").ssh("alaris-sm-09").input("slow\n").runs("cat; exit 3");
    assert_eq!((ran.text().as_str(), ran.status), ("slow\n", Some(3)));
}

#[test]
fn a_target_that_breaks_off_in_the_middle_of_a_byte_stream() {
    let house = House::start();
    let wire = Proxy::before(house.target.port());
    house.add_target_at("alaris-sm-09", &format!("127.0.0.1:{}", wire.port()), &house.target, &[]);
    house.open_window_on("alaris-sm-09", "dana", "exec", "+30m");
    for breaks_after in [10, 700, 2_000, 3_001, 100_003, 1_000_003] {
        wire.weather(Weather { breaks_after: Some(breaks_after), ..Weather::default() });
        let ran = house.technician("dana").ssh("alaris-sm-09").runs("cat /dev/zero");
        assert_ne!(ran.status, Some(0), "{breaks_after}");
        assert!(ran.took < Duration::from_secs(30), "{breaks_after}: {:?}", ran.took);
        let session = house.newest_session();
        house.sealed(&session);
        assert_eq!(house.sam().does(&["recording", "verify", &session])["sound"], true, "{breaks_after}");
    }
}

#[test]
fn a_flood_from_the_target_to_a_client_that_does_not_read_is_bounded_in_memory() {
    let house = House::start();
    house.open_window("dana", "exec", "+30m");
    let dana = house.technician("dana").ssh(TARGET);
    let _stuck = dana.begins_unread("cat /dev/zero");
    let began = Instant::now();
    for n in 0..5 {
        assert_eq!(dana.runs(&format!("echo {n}")).succeeded().text(), format!("{n}\n"));
    }
    assert!(began.elapsed() < Duration::from_secs(30), "nobody else is slowed: {:?}", began.elapsed());
    let peak = Process::peak_kib(house.gate.id());
    assert!(peak < 300 << 10, "{peak} KiB");
}

#[test]
fn an_upload_to_a_target_that_does_not_read_is_bounded_in_memory() {
    let house = House::start();
    house.open_window("dana", "exec", "+30m");
    let mut pushing = house.technician("dana").ssh(TARGET).begins("echo pushing; sleep 8; wc -c");
    pushing.shows("pushing");
    pushing.floods();
    let other = house.technician("dana").ssh(TARGET);
    for n in 0..5 {
        assert_eq!(other.runs(&format!("echo {n}")).succeeded().text(), format!("{n}\n"));
    }
    let peak = Process::peak_kib(house.gate.id());
    assert!(peak < 300 << 10, "{peak} KiB");
}

#[test]
fn a_target_that_floods_errors_and_output_at_once_loses_none_of_either() {
    let house = House::start();
    house.open_window("dana", "exec", "+30m");
    let ran = house.technician("dana").ssh(TARGET).runs("seq 1 200000 & seq 1 200000 >&2; wait").succeeded();
    assert_eq!(ran.text().lines().count(), 200_000);
    assert_eq!(ran.err.lines().count(), 200_000);
    assert_eq!(ran.text().lines().last(), Some("200000"));
}

#[test]
fn a_target_that_dies_during_a_visit_ends_it_and_leaves_a_sealed_recording() {
    let mut house = House::start();
    house.open_window("dana", "exec", "+30m");
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo in; sleep 1000");
    visit.shows("in");
    let session = house.newest_session();
    house.target.fall();
    let began = Instant::now();
    assert!(!visit.ends().0.success());
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(house.sealed(&session)["end_reason"], "target-closed");
}

#[test]
fn a_target_that_talks_without_end_before_its_version_is_given_up() {
    let house = House::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // RFC 4253 §4.2 lets a server say lines before its version; nobody has to listen for ever.
            while stream.write_all(b"welcome, dear visitor\r\n").is_ok() {}
            drop(stream.read(&mut [0]));
        }
    });
    house.add_target_at("alaris-sm-09", &address, &house.target, &[]);
    house.open_window_on("alaris-sm-09", "dana", "exec", "+30m");
    let ran = unreachable(&house, "alaris-sm-09");
    assert!(ran.took < Duration::from_secs(40), "{:?}", ran.took);
    assert!(Process::peak_kib(house.gate.id()) < 300 << 10);
}
