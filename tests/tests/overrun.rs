//! The times of a window that are not its ends: the overrun, in which what runs is seen to its end and nothing is done; the
//! work limit, which counts the work and not the wait; and the go of the day, without which a window does not open.

use std::process::Command;
use std::time::Duration;

use chaperone_tests::{
    Furnishing, House, PATIENCE, TARGET, Terminal, Visit, eventually, on_both_databases, soon,
};
use jiff::{SignedDuration, Timestamp};

/// Waits until an instant has passed by some.
#[track_caller]
fn passes(what: &str, instant: Timestamp) {
    eventually(Duration::from_secs(60), what, || {
        (Timestamp::now() > instant + SignedDuration::from_millis(400)).then_some(())
    });
}

fn ready(terminal: &Terminal) {
    terminal.types("echo re$((0))ady\n");
    terminal.shows("re0ady");
}

on_both_databases! { in_the_overrun_the_terminal_says_so_and_nothing_typed_is_ever_done }

fn in_the_overrun_the_terminal_says_so_and_nothing_typed_is_ever_done(house: Furnishing) {
    let house = house.start();
    let window = house.request("dana", "shell", "now", "+8s", &["--overrun", "10m"]);
    house.approve(&window);
    let closes = house.closes(&window);
    let terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.shows("no input is taken, and output is shown until");
    ready(&terminal);
    let (stop, done) = (house.folder().join("stop"), house.folder().join("done"));
    terminal.types(&format!("while [ ! -e {} ]; do sleep 0.1; echo tick; done\n", stop.display()));
    terminal.shows("Input is over; output is shown until");
    passes("the window's end", closes);
    let began = house.fact("overrun-began");
    assert!(began.at >= closes, "{began:?}");

    // Typed in the overrun: recorded, and never done, also when the window is extended.
    terminal.types(&format!("\x03touch {}\n", done.display()));
    let ticks = terminal.screen().matches("tick").count();
    eventually(PATIENCE, "output to flow on", || {
        (terminal.screen().matches("tick").count() > ticks + 10).then_some(())
    });
    house.priya().does(&["window", "extend", &window, "--closes", "+10m"]);
    terminal.shows("this visit now ends at");
    std::fs::write(&stop, "").unwrap();
    terminal.types("echo back $((40 + 2))\n");
    terminal.shows("back 42");
    assert!(!done.exists(), "what was typed after the end was done");
    let session = house.newest_session();
    let recorded = house.recorded(&session).output;
    assert!(recorded.contains("Input is over"), "what the gate says is recorded");
}

#[test]
fn a_client_that_floods_in_the_overrun_does_not_hold_up_the_output() {
    let house = House::start();
    let window = house.request("dana", "exec", "now", "+6s", &["--overrun", "5m"]);
    house.approve(&window);
    let closes = house.closes(&window);
    let mut visit = house
        .technician("dana")
        .ssh(TARGET)
        .begins("echo in; (while :; do echo tick; sleep 0.1; done) & cat >/dev/null");
    visit.shows("in");
    passes("the window's end", closes);
    let _ = house.fact("overrun-began");
    visit.floods();
    let before = visit.received();
    eventually(PATIENCE, "output to flow on", || (visit.received() > before + 100).then_some(()));
    house.sam().does(&["session", "stop", &house.newest_session(), "--reason", "seen enough"]);
    visit.ends();
}

#[test]
fn a_command_that_its_client_leaves_in_the_overrun_ends_at_the_server() {
    let house = House::start();
    let window = house.request("dana", "exec", "now", "+8s", &["--overrun", "5m"]);
    house.approve(&window);
    let closes = house.closes(&window);
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let master = dana.clone().with(&["-M"]).begins("echo ready; sleep 1000");
    master.shows("ready");
    let mut runaway = dana.with(&["-tt"]).begins("echo pid $$ runs; exec sleep 1000");
    runaway.shows("runs");
    let out = String::from_utf8_lossy(&runaway.out()).into_owned();
    let process = out.split_once("pid ").and_then(|(_, rest)| rest.split_once(' ')).unwrap().0;
    let process = std::path::PathBuf::from(format!("/proc/{process}"));
    assert!(process.exists(), "{out}");
    passes("the window's end", closes);
    let _ = house.fact("overrun-began");
    runaway.signal(chaperone_tests::Signal::KILL);
    soon("the command to end at the server", || (!process.exists()).then_some(()));
    assert!(house.facts_of("session-ended").is_empty(), "only its channel has closed");
}

#[test]
fn no_channel_opens_in_the_overrun() {
    let house = House::start();
    let window = house.request("dana", "exec", "now", "+6s", &["--overrun", "5m"]);
    house.approve(&window);
    let closes = house.closes(&window);
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let master = dana.clone().with(&["-M"]).begins("echo in; sleep 1000");
    master.shows("in");
    passes("the window's end", closes);
    let mark = house.folder().join("started");
    let ran = dana.runs(&format!("touch {}", mark.display()));
    assert!(ran.status != Some(0) && !mark.exists(), "{}", ran.err);
    assert!(ran.err.contains("nothing new starts in it"), "{}", ran.err);
    // A command may hold a password, and stays in the recording.
    let _ran = dana.runs("true mysql -pS3cret-late");
    let refused =
        soon("both as facts", || Some(house.facts_of("channel-refused")).filter(|all| all.len() == 2));
    for fact in refused {
        let text = fact.body.to_string();
        assert!(!text.contains("S3cret-late") && !text.contains("touch "), "{text}");
        assert_eq!(fact.body["about"]["reason"], "late", "{text}");
    }
    // Nor does anybody get in.
    house.technician("dana").ssh(TARGET).runs("true").refused();
    let _ = house.refusal("attempt-refused", "late");
}

#[test]
fn what_a_slow_server_is_ready_for_only_after_the_end_is_not_begun() {
    let house = House::start();
    let window = house.request("dana", "exec", "now", "+8s", &["--overrun", "5m"]);
    house.approve(&window);
    let closes = house.closes(&window);
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let master = dana.clone().with(&["-M"]).begins("echo in; echo $PPID; exec sleep 1000");
    master.shows("in");
    let server = the_servers_process(&master);
    signals("-STOP", &server);
    let mark = house.folder().join("started");
    let mut asked = dana.begins(&format!("touch {}", mark.display()));
    eventually(PATIENCE, "the channel to be granted", || {
        (house.facts_of("channel-opened").len() == 2).then_some(())
    });
    assert!(Timestamp::now() < closes, "it was asked in time");
    passes("the window's end", closes);
    signals("-CONT", &server);
    assert!(!asked.ends().0.success());
    asked.says("nothing new starts in it");
    assert!(!mark.exists(), "it was done after the end");
}

#[test]
fn what_a_slow_server_is_ready_for_only_in_a_pause_begins_after_it() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let master =
        dana.clone().with(&["-M"]).begins("echo in; echo $PPID; while :; do echo tick; sleep 0.1; done");
    master.shows("in");
    let (server, session) = (the_servers_process(&master), house.newest_session());
    signals("-STOP", &server);
    let mark = house.folder().join("started");
    let mut asked = dana.begins(&format!("touch {}", mark.display()));
    eventually(PATIENCE, "the channel to be granted", || {
        (house.facts_of("channel-opened").len() == 2).then_some(())
    });
    house.sam().does(&["session", "pause", &session, "--reason", "what is this?"]);
    let _ = house.fact("session-paused");
    signals("-CONT", &server);
    let before = master.received();
    eventually(PATIENCE, "the server to go on", || (master.received() > before + 100).then_some(()));
    assert!(!mark.exists(), "it was begun in the pause");
    house.sam().does(&["session", "resume", &session]);
    assert!(asked.ends().0.success());
    assert!(mark.exists());
}

/// The process that serves a connection on the server, as its command knows it: `$PPID` in its second line.
#[track_caller]
fn the_servers_process(visit: &Visit) -> String {
    soon("the server's process", || {
        let out = String::from_utf8_lossy(&visit.out()).into_owned();
        out.split_once("in\n").and_then(|(_, rest)| Some(rest.split_once('\n')?.0.to_owned()))
    })
}

#[track_caller]
fn signals(which: &str, process: &str) {
    assert!(Command::new("kill").args([which, process]).status().unwrap().success());
}

#[test]
fn the_work_limit_counts_the_work_across_connections_and_not_the_wait() {
    let house = House::start();
    let window = house.request("dana", "exec", "now", "+10m", &["--work-limit", "9s"]);
    house.approve(&window);
    let opens = house.priya().does(&["window", "show", &window])["opens"].clone();
    let opens: Timestamp = opens.as_str().unwrap().parse().unwrap();
    passes("some of the window, in which nobody works", opens + SignedDuration::from_secs(3));
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    let shown = house.priya().does(&["window", "show", &window]);
    let began: Timestamp = shown["work_began"].as_str().unwrap().parse().unwrap();
    assert!(began.duration_since(opens) >= SignedDuration::from_secs(3), "the wait does not count");
    // A second connection has what is left, and the terminal says until when.
    let terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    drop(terminal);
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo in; sleep 1000");
    visit.shows("in");
    let gone = house.both_legs_gone(Duration::from_secs(60));
    let late = gone.duration_since(began + SignedDuration::from_secs(9)).as_millis();
    assert!((0..=1000).contains(&late), "{late} ms");
    visit.ends();
    house.technician("dana").ssh(TARGET).runs("true").refused();
    let _ = house.refusal("attempt-refused", "work-limit");

    // Another window has its own time: what was worked in the first counts for nothing there.
    let next = house.request("dana", "exec", "now", "+10m", &["--work-limit", "5m"]);
    house.approve(&next);
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    let began = house.priya().does(&["window", "show", &next])["work_began"].clone();
    assert!(began.as_str().is_some_and(|began| began.parse::<Timestamp>().unwrap() > gone));
}

#[test]
fn the_first_visit_of_a_work_limit_is_told_its_end_once() {
    let house = House::start();
    let window = house.request("dana", "shell", "now", "+10m", &["--work-limit", "5m"]);
    house.approve(&window);
    let terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    ready(&terminal);
    assert!(terminal.screen().contains("It ends at"), "{}", terminal.screen());
    assert!(!terminal.screen().contains("now ends at"), "{}", terminal.screen());
}

#[test]
fn a_window_that_needs_the_go_lets_nobody_in_before_it_is_given() {
    let house = House::start();
    let window = house.request("dana", "exec", "now", "+10m", &["--go-required"]);
    house.approve(&window);
    let ran = house.technician("dana").ssh(TARGET).runs("true").refused();
    assert!(ran.err.contains("the clinical go of the day is missing"), "{}", ran.err);
    let _ = house.refusal("attempt-refused", "not-released");
    assert_eq!(soon("the alert", || house.alerts_because("not-released").pop())["severity"], "high");
    // Neither the technician nor the SOC gives it.
    for login in ["dana", "sam"] {
        assert_eq!(house.gate.person(login).tries(&["window", "go", &window]).status, Some(1));
    }
    let released = house.priya().does(&["window", "go", &window]);
    assert_eq!(released["go_by"], "priya", "{released:#}");
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    assert_eq!(house.fact("window-released").body["window"]["id"], window.as_str());
}
