//! Where an observer is required, nothing is started on the server and no input flows before somebody of the hospital
//! watches, and again as soon as nobody does. Watching is what observes: `chaperone session watch`, or the live page.

use std::process::Stdio;

use chaperone_tests::{
    Engine, Furnishing, House, PATIENCE, Person, Process, TARGET, Terminal, eventually, on_both_databases,
    soon,
};
use jiff::SignedDuration;

/// A window that wants an observer; its id.
fn observed_window(house: &House, access: &str) -> String {
    let window = house.request("dana", access, "now", "+10m", &["--observer-required"]);
    house.approve(&window);
    window
}

/// Somebody watches a visit until this is dropped.
fn watches(who: &Person<'_>, session: &str) -> Process {
    let mut command = who.command(&["session", "watch", session, "--reason", "the window asks for it"]);
    Process::start("chaperone session watch", command.stdout(Stdio::null()).stderr(Stdio::null()))
}

/// The kinds of what was written down about observers, in order.
fn told(house: &House) -> Vec<String> {
    let kinds = house.facts().into_iter().map(|fact| fact.kind);
    kinds.filter(|kind| kind.starts_with("observer-")).collect()
}

/// Waits until so many facts about observers are there.
#[track_caller]
fn told_of(house: &House, count: usize) -> Vec<String> {
    soon(&format!("{count} facts about observers"), || Some(told(house)).filter(|told| told.len() >= count))
}

#[track_caller]
fn waiting_shell(house: &House) -> (Terminal, String) {
    let terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.shows("waiting for an observer");
    (terminal, house.newest_session())
}

on_both_databases! { input_flows_only_while_somebody_watches }

fn input_flows_only_while_somebody_watches(house: Furnishing) {
    let house = house.start();
    observed_window(&house, "shell");
    let (terminal, session) = waiting_shell(&house);
    let shown = house.sam().does(&["session", "show", &session]);
    assert_eq!((&shown["awaits_observer"], &shown["state"]), (&true.into(), &"live".into()), "{shown:#}");
    // Typed into a visit that waits: it is taken when somebody comes.
    terminal.types("echo re$((0))ady\n");
    assert_eq!(told_of(&house, 1), ["observer-awaited"]);

    let sam = house.sam();
    let watcher = watches(&sam, &session);
    terminal.shows("re0ady");
    assert_eq!(told_of(&house, 2), ["observer-awaited", "observer-present"]);
    assert_eq!(house.sam().does(&["session", "show", &session])["awaits_observer"], false);

    let left = jiff::Timestamp::now();
    drop(watcher);
    assert_eq!(told_of(&house, 3).last().map(String::as_str), Some("observer-awaited"));
    let awaited = house.facts_of("observer-awaited").pop().unwrap();
    let late = awaited.at.duration_since(left);
    assert!(
        late <= SignedDuration::from_secs(1),
        "input waited {} ms after the last one left",
        late.as_millis()
    );
    terminal.types("echo got $((20 + 3)) through\n");
    // Nobody's word but an observer's helps.
    house.sam().does(&["session", "pause", &session, "--reason", "who is this?"]);
    house.sam().does(&["session", "resume", &session, "--reason", "it is Dana"]);
    terminal.shows("it waits for an observer");
    assert!(!terminal.screen().contains("got 23 through"), "{}", terminal.screen());

    let _watcher = watches(&sam, &session);
    terminal.shows("an observer is here");
    terminal.shows("got 23 through");
    let told = told_of(&house, 4);
    assert_eq!(told, ["observer-awaited", "observer-present", "observer-awaited", "observer-present"]);
    assert!(
        house.recorded(&session).output.contains("waiting for an observer"),
        "what the gate says is recorded"
    );
}

#[test]
fn a_command_is_not_started_before_somebody_watches() {
    let house = House::start();
    observed_window(&house, "exec");
    let mark = house.folder().join("started");
    let mut visit =
        house.technician("dana").ssh(TARGET).begins(&format!("touch {}; echo in; cat", mark.display()));
    // What a client sends early is kept for the command.
    visit.types("early\n");
    let _ = house.fact("observer-awaited");
    let session = house.newest_session();
    let alert = soon("an alert", || {
        house.sam().lists(&["alert", "list"]).into_iter().find(|alert| alert["rule"] == "observer-awaited")
    });
    assert_eq!(alert["severity"], "medium", "{alert:#}");
    assert!(!mark.exists() && visit.received() == 0, "nothing runs before somebody watches");
    let sam = house.sam();
    let _watcher = watches(&sam, &session);
    visit.shows("in\nearly\n");
    assert!(mark.exists());
}

#[test]
fn a_servers_own_rule_counts_and_the_wait_has_an_end() {
    let house = House::furnish().with("CHAPERONE_SESSION__OBSERVER_WAIT_SECONDS", "3").start();
    house.add_target("alaris-sm-02", &house.target, &["--observer-required"]);
    house.open_window_on("alaris-sm-02", "dana", "exec", "+10m");
    let ran = house.technician("dana").ssh("alaris-sm-02").runs("echo never");
    assert_ne!(ran.status, Some(0));
    assert!(ran.err.contains("nobody came to watch") && ran.out.is_empty(), "{}", ran.err);
    let visit = house.sealed(&house.newest_session());
    assert_eq!(visit["end_reason"], "observer-required", "{visit:#}");
    assert_eq!(house.fact("session-ended").body["sockets_gone"], true);
    assert!(house.facts_of("channel-opened").is_empty());
}

#[test]
fn nobody_of_the_vendor_observes() {
    let house = House::start();
    observed_window(&house, "shell");
    let (terminal, session) = waiting_shell(&house);
    let tried = house.gate.person("dana").tries(&["session", "watch", &session]);
    assert_eq!(tried.status, Some(1), "{}", tried.err);
    assert!(terminal.screen().contains("waiting for an observer"));
    assert_eq!(told(&house), ["observer-awaited"]);
}

#[test]
fn nothing_new_starts_while_somebody_has_paused_the_visit() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let master = dana.clone().with(&["-M"]).begins("echo ready; sleep 1000");
    master.shows("ready");
    let session = house.newest_session();
    house.sam().does(&["session", "pause", &session, "--reason", "what is this?"]);
    eventually(PATIENCE, "the pause", || {
        (house.sam().does(&["session", "show", &session])["paused"] == true).then_some(())
    });
    let mark = house.folder().join("started");
    let second = dana.begins(&format!("touch {}; echo second", mark.display()));
    house.sam().does(&["session", "show", &session]);
    assert!(!mark.exists() && second.received() == 0, "a command is input, too");
    house.sam().does(&["session", "resume", &session, "--reason", "explained"]);
    second.shows("second");
}

/// An engineer may want an observer of a visit that runs, and do without one any more.
#[test]
fn an_observer_that_is_wanted_later_holds_a_running_visit() {
    let house = House::start();
    let window = house.open_window("dana", "shell", "+10m");
    let terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("echo re$((0))ady\n");
    terminal.shows("re0ady");
    house.priya().does(&["window", "observer", &window, "--reason", "the ward is nervous"]);
    terminal.shows("waiting for an observer");
    terminal.types("echo got $((20 + 3)) through\n");
    assert_eq!(told_of(&house, 1), ["observer-awaited"]);
    assert!(!terminal.screen().contains("got 23 through"), "{}", terminal.screen());
    house.priya().does(&["window", "observer", &window, "--not-required", "--reason", "calm again"]);
    terminal.shows("no observer is needed any more");
    terminal.shows("got 23 through");
}

/// A visit is watched on the node where it lives; another says where that is.
#[test]
fn an_observer_on_another_node_is_told_where_the_visit_is() {
    let house = House::furnish().on(Engine::Postgresql).start();
    let mut second = house.gate.beside(&house.folder().join("second"));
    second.rise();
    observed_window(&house, "shell");
    let dana = house.technician("dana").at_port(second.ssh_port());
    let terminal = dana.ssh(TARGET).option("StrictHostKeyChecking=no").opens_a_shell();
    terminal.shows("waiting for an observer");
    let session = house.newest_session();
    let tried = house.sam().tries(&["session", "watch", &session]);
    let link = format!("http://127.0.0.1:{}/soc/live/{session}", second.web_port());
    assert!(tried.status == Some(1) && tried.err.contains("gate-2"), "{}", tried.err);
    assert!(tried.err.contains(&link), "{}", tried.err);
    // Whoever asks the first node learns that it waits.
    let shown = soon("the fact on the other node", || {
        Some(house.sam().does(&["session", "show", &session]))
            .filter(|shown| shown["awaits_observer"] == true)
    });
    assert_eq!((&shown["node"], &shown["watched_at"]), (&"gate-2".into(), &link.into()));
    let there = second.person("sam");
    let _watcher = watches(&there, &session);
    terminal.types("echo re$((0))ady\n");
    terminal.shows("re0ady");
}
