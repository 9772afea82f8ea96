//! Time is a boundary: at `closes` both legs are gone from the kernel's socket table within a second, whatever state the
//! client is in; what the hospital decides meanwhile acts on the live visit.

use std::time::Duration;

use chaperone_tests::{
    House, PATIENCE, Proxy, Signal, TARGET, Terminal, Visit, Weather, eventually, legs, on_both_databases,
    soon,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The promise.
const GONE_WITHIN: SignedDuration = SignedDuration::from_secs(1);

/// Waits for the cut, and holds the gate to its promise and to its own record of it.
#[track_caller]
fn cut_at(house: &House, due: Timestamp, reason: &str) -> Value {
    let gone = house.both_legs_gone(Duration::from_secs(90));
    let late = gone.duration_since(due);
    assert!(late >= SignedDuration::ZERO, "cut {} ms early", -late.as_millis());
    assert!(late <= GONE_WITHIN, "cut {} ms late", late.as_millis());
    let session = house.newest_session();
    let visit = house.sealed(&session);
    assert_eq!(visit["end_reason"], reason, "{visit:#}");
    let ended = house.fact("session-ended");
    assert_eq!(ended.body["sockets_gone"], true, "{:#}", ended.body);
    let verdict = house.sam().does(&["recording", "verify", &session]);
    assert_eq!(verdict["sound"], true, "{verdict:#}");
    visit
}

/// A window for a few seconds, and a command in it.
#[track_caller]
fn visit(house: &House, closes: &str, command: &str) -> (Visit, Timestamp) {
    let window = house.open_window("dana", "shell,exec", closes);
    let visit = house.technician("dana").ssh(TARGET).begins(command);
    visit.shows("ready");
    (visit, house.closes(&window))
}

on_both_databases! { an_idle_client_is_cut_on_time }

fn an_idle_client_is_cut_on_time(house: chaperone_tests::Furnishing) {
    let house = house.start();
    let (mut visit, closes) = visit(&house, "+6s", "echo ready; sleep 1000");
    assert_eq!(legs(house.gate.ssh_port(), house.target.port()), (1, 1));
    cut_at(&house, closes, "window-closed");
    let (status, _) = visit.ends();
    assert!(!status.success());
    visit.says("your change window has closed");
}

#[test]
fn a_shell_is_told_why_and_is_cut_on_time() {
    let house = House::start();
    let window = house.open_window("dana", "shell", "+6s");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("echo re$((0))ady\n");
    terminal.shows("re0ady");
    cut_at(&house, house.closes(&window), "window-closed");
    assert_ne!(terminal.ends(), Some(0));
    assert!(terminal.screen().contains("your change window has closed"), "{}", terminal.screen());
}

#[test]
fn a_stopped_client_is_cut_on_time() {
    let house = House::start();
    let (mut visit, closes) = visit(&house, "+6s", "echo ready; while :; do echo more; done");
    visit.freezes();
    cut_at(&house, closes, "window-closed");
    visit.thaws();
    assert!(!visit.ends().0.success());
}

#[test]
fn a_flooding_client_is_cut_on_time() {
    let house = House::start();
    let (mut visit, closes) = visit(&house, "+6s", "echo ready; cat >/dev/null");
    visit.floods();
    cut_at(&house, closes, "window-closed");
    visit.ends();
}

#[test]
fn a_client_that_floods_a_server_that_does_not_read_is_cut_on_time() {
    let house = House::start();
    let (mut visit, closes) = visit(&house, "+6s", "echo ready; sleep 1000");
    visit.floods();
    cut_at(&house, closes, "window-closed");
    visit.ends();
}

#[test]
fn a_client_that_does_not_read_is_cut_on_time() {
    let house = House::start();
    let window = house.open_window("dana", "exec", "+6s");
    let mut visit = house.technician("dana").ssh(TARGET).begins_unread("cat /dev/zero");
    soon("both legs", || (legs(house.gate.ssh_port(), house.target.port()) == (1, 1)).then_some(()));
    cut_at(&house, house.closes(&window), "window-closed");
    // A client with a full pipe does not notice its end by itself.
    visit.signal(Signal::KILL);
}

#[test]
fn a_transfer_is_cut_in_its_middle() {
    let house = House::start();
    let (mut visit, closes) = visit(&house, "+6s", "echo ready; exec cat /dev/urandom");
    cut_at(&house, closes, "window-closed");
    assert!(!visit.ends().0.success());
    assert!(visit.received() > 1 << 20, "{}", visit.received());
    visit.says("your change window has closed");
}

#[test]
fn every_channel_of_a_connection_is_cut_on_time() {
    let house = House::start();
    let window = house.open_window("dana", "exec", "+8s");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let mut master = dana.clone().with(&["-M"]).begins("echo ready; sleep 1000");
    master.shows("ready");
    let mut others: Vec<Visit> = (0..4).map(|_| dana.begins("echo ready; sleep 1000")).collect();
    others.iter().for_each(|visit| visit.shows("ready"));
    cut_at(&house, house.closes(&window), "window-closed");
    for visit in others.iter_mut().chain([&mut master]) {
        assert!(!visit.ends().0.success());
    }
}

#[test]
fn a_connection_without_a_channel_is_cut_on_time() {
    let house = House::start();
    let window = house.open_window("dana", "exec", "+6s");
    let mut visit = house.technician("dana").ssh(TARGET).with(&["-N"]).begins("");
    soon("both legs", || (legs(house.gate.ssh_port(), house.target.port()) == (1, 1)).then_some(()));
    cut_at(&house, house.closes(&window), "window-closed");
    visit.ends();
}

#[test]
fn the_terminal_warns_before_the_end() {
    let house = House::furnish().with("CHAPERONE_SESSION__WARN_MINUTES", "1").start();
    house.open_window("dana", "shell", "+63s");
    let terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("echo re$((0))ady\n");
    terminal.shows("re0ady");
    terminal.shows("in 1 min");
    let session = house.newest_session();
    let file = house.folder().join("warned.cast");
    house.gate.person("audrey").does(&[
        "recording",
        "export",
        &session,
        "--format",
        "asciicast-v3",
        "-o",
        file.to_str().unwrap(),
        "--reason",
        "was the warning recorded",
    ]);
    let cast = std::fs::read_to_string(file).unwrap();
    assert!(cast.contains("in 1 min"), "what the gate wrote is in the recording");
}

#[test]
fn an_extended_visit_lives_on_and_a_shortened_one_ends_earlier() {
    let house = House::start();
    let window = house.open_window("dana", "shell,exec", "+7s");
    let closed = house.closes(&window);
    let mut terminal: Terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("echo re$((0))ady\n");
    terminal.shows("re0ady");
    house.priya().does(&["window", "extend", &window, "--closes", "+120m"]);
    terminal.shows("this visit now ends at");
    soon("the old end to pass", || {
        (Timestamp::now() > closed + SignedDuration::from_millis(1500)).then_some(())
    });
    terminal.types("echo still $((40 + 1)) here\n");
    terminal.shows("still 41 here");
    house.priya().does(&["window", "extend", &window, "--closes", "+3s"]);
    cut_at(&house, house.closes(&window), "window-closed");
    assert_ne!(terminal.ends(), Some(0));
}

/// What somebody does, and how the visit ends.
#[track_caller]
fn ends_at_once(reason: &str, act: impl FnOnce(&House, &str, &str)) {
    let house = House::start();
    let window = house.open_window("dana", "shell,exec", "+10m");
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo ready; sleep 1000");
    visit.shows("ready");
    visit.freezes();
    let session = house.newest_session();
    let before = Timestamp::now();
    act(&house, &window, &session);
    let done = Timestamp::now();
    let gone = house.both_legs_gone(PATIENCE);
    assert!(
        gone >= before && gone.duration_since(done) <= GONE_WITHIN,
        "{} ms",
        gone.duration_since(done).as_millis()
    );
    assert_eq!(house.sealed(&session)["end_reason"], reason);
    visit.thaws();
    assert!(!visit.ends().0.success());
}

#[test]
fn a_revoked_window_ends_its_visit_at_once() {
    ends_at_once("revoked", |house, window, _| {
        house.priya().does(&["window", "revoke", window, "--reason", "the ward needs the server"]);
    });
}

#[test]
fn a_stopped_visit_ends_at_once() {
    ends_at_once("stopped", |house, _, session| {
        house.sam().does(&["session", "stop", session, "--reason", "not planned"]);
    });
}

#[test]
fn a_locked_persons_visit_ends_at_once() {
    ends_at_once("locked", |house, _, _| {
        house.sam().does(&["person", "lock", "dana", "--reason", "lost laptop"]);
    });
}

#[test]
fn a_locked_vendors_visits_end_at_once() {
    ends_at_once("locked", |house, _, _| {
        house.sam().does(&["vendor", "lock", "Meridian Infusion", "--reason", "breach"]);
    });
}

#[test]
fn a_locked_servers_visits_end_at_once() {
    ends_at_once("locked", |house, _, _| {
        house.sam().does(&["target", "lock", TARGET, "--reason", "under investigation"]);
    });
}

#[test]
fn a_freeze_ends_its_visits_at_once() {
    ends_at_once("frozen", |house, _, _| {
        house.priya().does(&["freeze", "add", "--target", TARGET, "--until", "+1h", "--reason", "go-live"]);
    });
}

#[test]
fn a_freeze_that_was_planned_ends_a_visit_when_it_begins() {
    let house = House::start();
    let (mut visit, _) = visit(&house, "+10m", "echo ready; sleep 1000");
    let freeze = house.priya().does(&[
        "freeze", "add", "--target", TARGET, "--from", "+4s", "--until", "+1h", "--reason", "go-live",
    ]);
    let from: Timestamp = freeze["from"].as_str().unwrap().parse().unwrap();
    cut_at(&house, from, "frozen");
    visit.ends();
}

#[test]
fn paused_input_waits_and_output_goes_on() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    let ticks = house.folder().join("ticks");
    terminal.types(&format!(
        "(while [ ! -e {} ]; do sleep 0.2; echo tick; done) & echo re$((0))ady\n",
        ticks.display()
    ));
    terminal.shows("re0ady");
    let session = house.newest_session();
    house.sam().does(&["session", "pause", &session, "--reason", "what is this?"]);
    let shown = house.sam().does(&["session", "show", &session]);
    assert_eq!(shown["paused"], true, "{shown:#}");
    terminal.types("echo got $((20 + 3)) through\n");
    let before = terminal.screen().matches("tick").count();
    eventually(PATIENCE, "output to go on", || {
        (terminal.screen().matches("tick").count() > before + 5).then_some(())
    });
    assert!(!terminal.screen().contains("got 23 through"), "{}", terminal.screen());
    house.sam().does(&["session", "resume", &session, "--reason", "explained"]);
    terminal.shows("got 23 through");
    std::fs::write(ticks, "").unwrap();
    let kinds: Vec<_> = house.facts().into_iter().map(|fact| fact.kind).collect();
    assert!(
        kinds.contains(&"session-paused".to_owned()) && kinds.contains(&"session-resumed".to_owned()),
        "{kinds:?}"
    );
}

#[test]
fn a_command_that_its_client_leaves_in_a_pause_ends_at_the_server() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let master = dana.clone().with(&["-M"]).begins("echo ready; sleep 1000");
    master.shows("ready");
    let mut runaway = dana.with(&["-tt"]).begins("echo pid $$ runs; exec sleep 1000");
    runaway.shows("runs");
    let out = String::from_utf8_lossy(&runaway.out()).into_owned();
    let process = out.split_once("pid ").and_then(|(_, rest)| rest.split_once(' ')).unwrap().0;
    let process = format!("/proc/{process}");
    assert!(std::path::Path::new(&process).exists(), "{out}");
    let session = house.newest_session();
    house.sam().does(&["session", "pause", &session, "--reason", "what is this?"]);
    let _ = house.fact("session-paused");
    // Typed in the pause: it waits, and goes nowhere when its channel is closed.
    runaway.types("never\n");
    runaway.signal(Signal::KILL);
    soon("the command to end at the server", || (!std::path::Path::new(&process).exists()).then_some(()));
    assert_eq!(house.sam().does(&["session", "show", &session])["paused"], true);
    assert_eq!(
        house.sam().does(&["session", "show", &session])["state"],
        "live",
        "only its channel has closed"
    );
}

#[test]
fn a_paused_visit_is_still_cut_on_time() {
    let house = House::start();
    let (mut visit, closes) = visit(&house, "+8s", "echo ready; cat >/dev/null");
    house.sam().does(&["session", "pause", &house.newest_session(), "--reason", "what is this?"]);
    visit.floods();
    cut_at(&house, closes, "window-closed");
    visit.ends();
}

#[test]
fn in_an_overrun_output_flows_on_and_input_does_not() {
    let house = House::start();
    let window = house.request("dana", "shell,exec", "now", "+6s", &["--overrun", "6s"]);
    house.approve(&window);
    let closes = house.closes(&window);
    let mut visit = house
        .technician("dana")
        .ssh(TARGET)
        .begins("echo ready; (while :; do echo tick; sleep 0.1; done) & cat");
    visit.shows("ready");
    visit.types("before\n");
    visit.shows("before");
    soon("the window to close", || {
        (Timestamp::now() > closes + SignedDuration::from_millis(500)).then_some(())
    });
    visit.types("after\n");
    let before = visit.received();
    eventually(PATIENCE, "output to flow on", || (visit.received() > before + 50).then_some(()));
    house.technician("dana").ssh(TARGET).runs("true").refused();
    cut_at(&house, closes + SignedDuration::from_secs(6), "window-closed");
    assert!(!String::from_utf8_lossy(&visit.out()).contains("after"));
}

#[test]
fn the_work_limit_ends_a_visit_on_time() {
    let house = House::start();
    let window = house.request("dana", "exec", "now", "+10m", &["--work-limit", "5s"]);
    house.approve(&window);
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo ready; sleep 1000");
    visit.shows("ready");
    let shown = house.priya().does(&["window", "show", &window]);
    let began: Timestamp = shown["work_began"].as_str().unwrap().parse().unwrap();
    cut_at(&house, began + SignedDuration::from_secs(5), "work-limit");
    visit.ends();
}

#[test]
fn a_gate_that_is_stopped_ends_and_seals_its_visits_in_order() {
    let mut house = House::start();
    let (mut visit, _) = visit(&house, "+10m", "echo ready; sleep 1000");
    let session = house.newest_session();
    house.gate.stop();
    assert!(!visit.ends().0.success());
    assert_eq!(legs(house.gate.ssh_port(), house.target.port()), (0, 0));
    house.gate.rise();
    let sealed = house.sealed(&session);
    assert_eq!(sealed["end_reason"], "shutdown", "{sealed:#}");
    assert_eq!(house.sam().does(&["recording", "verify", &session])["sound"], true);
    assert_eq!(house.facts_of("session-recovered").len(), 0, "nothing was left to recover");
}

/// Until the window closes the server has not even answered; from then on nobody signs in to it.
#[test]
fn nobody_signs_in_to_a_server_that_answers_only_after_the_window() {
    let house = House::furnish().without_soc().start();
    let wire = Proxy::before(house.target.port());
    wire.weather(Weather { delay: Duration::from_secs(2), ..Weather::default() });
    house.add_target_at("alaris-sm-09", &format!("127.0.0.1:{}", wire.port()), &house.target, &[]);
    let window = house.open_window_on("alaris-sm-09", "dana", "exec", "+4s");
    let closes = house.closes(&window);
    let ran = house.technician("dana").ssh("alaris-sm-09").runs("id");
    assert_ne!(ran.status, Some(0));
    let late = Timestamp::now().duration_since(closes).as_millis();
    assert!(late <= 1000, "{late} ms after the window: {}", ran.err);
    let visit = house.sealed(&house.newest_session());
    assert_eq!(visit["end_reason"], "window-closed", "{visit:#}");
    // Time for what is under way on the slow wire to arrive.
    std::thread::sleep(Duration::from_secs(8));
    assert!(!house.target.log().contains("Accepted"), "{}", house.target.log());
}

#[test]
fn a_lock_on_everything_ends_every_visit_and_lets_nobody_in_until_it_is_lifted() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana");
    let mut visit = dana.ssh(TARGET).begins("echo in; sleep 60");
    visit.shows("in");
    let session = house.newest_session();
    assert_ne!(house.priya().tries(&["everything", "lock", "--reason", "not hers to lock"]).status, Some(0));
    house.sam().does(&["everything", "lock", "--reason", "ransom note on the vendor's own network"]);
    assert!(!visit.ends().0.success());
    assert_eq!(house.sealed(&session)["end_reason"], "locked");
    dana.ssh(TARGET).runs("true").refused();
    let _ = house.refusal("attempt-refused", "locked");
    house.sam().does(&["everything", "unlock", "--reason", "false alarm"]);
    dana.ssh(TARGET).runs("true").succeeded();
    assert_eq!((house.facts_of("lock-added").len(), house.facts_of("lock-removed").len()), (1, 1));
}
