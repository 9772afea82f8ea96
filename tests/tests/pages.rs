//! People walk through the pages in a real browser, from request to replay; each walk ends in the facts that it made.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use chaperone_tests::{
    Enrolled, House, Process, Signal, TARGET, Terminal, Walk, browser, chaperone, chaperone_verify, soon,
};
use serde_json::{Value, json};

/// Lets so much time pass since everybody proved who they are that the next act of weight wants a code.
fn lets_proofs_age(house: &House) {
    house.database.tamper("UPDATE web_sessions SET proven_us = proven_us - 901000000");
}

/// Who made the facts of a kind.
fn who(house: &House, kind: &str) -> Vec<String> {
    let query = format!(
        "SELECT p.login FROM facts f JOIN people p ON p.id = f.person_id WHERE f.kind = '{kind}' ORDER BY f.number"
    );
    let rows = house.database.rows(&query);
    rows.iter().filter_map(|row| row["login"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_link_enrols_in_the_browser_and_password_and_code_sign_in() {
    let house = House::furnish().without_soc().start();
    let mut walk = Walk::begin(&house, "enrol", &["priya"]);
    walk.at("a wrong code was told in words", |_| {
        let failed = house.fact("attempt-failed");
        assert_eq!(failed.reason(), Some("second-factor"));
    });
    walk.at("signed out", |_| drop(house.fact("signed-out")));
    walk.ends();
    assert_eq!(house.facts_of("factors-enrolled").len(), 1);
    assert_eq!(house.facts_of("signed-in").len(), 2);
}

/// The ssh client of somebody who is asked for a code, and gives it.
fn connects(house: &House, login: &str, code: &Value) -> Terminal {
    let ssh = house.technician(login).ssh(TARGET);
    let terminal = ssh.option("BatchMode=no").option("NumberOfPasswordPrompts=1").opens_a_shell();
    terminal.shows("Authenticator code:");
    terminal.types(&format!("{}\n", code.as_str().expect("a code")));
    terminal.shows("is recorded");
    terminal
}

#[test]
fn a_visit_goes_from_its_request_to_its_replay() {
    let house = House::start();
    let mut walk = Walk::begin(&house, "visit", &["dana", "priya", "sam"]);
    walk.at("the engineer signed in long ago", |_| lets_proofs_age(&house));
    let open = walk.comes_to("the window is open");
    let mut terminal = connects(&house, "dana", &open["code"]);
    walk.goes_on(&json!({ "screen": terminal.screen() }));
    walk.comes_to("the analyst watches");
    let typed = jiff::Timestamp::now().as_millisecond();
    terminal.types("echo seen by $((40 + 2))\n");
    walk.goes_on(&json!({ "typed": typed }));
    walk.at("more time is given", |_| drop(house.fact("window-extended")));
    walk.at("input is paused", |_| drop(house.fact("session-paused")));
    walk.at("the analyst signed in long ago", |_| lets_proofs_age(&house));
    walk.at("the visit is stopped", |_| {
        terminal.ends();
        assert!(terminal.screen().contains("a tunnel that nobody asked for"), "{}", terminal.screen());
    });
    walk.ends();
    for kind in [
        "window-requested",
        "window-approved",
        "more-time-asked",
        "session-admitted",
        "session-watched",
        "session-resumed",
        "session-ended",
        "session-sealed",
        "recording-viewed",
        "recording-verified",
        "recording-exported",
    ] {
        assert!(!house.facts_of(kind).is_empty(), "no fact {kind}");
    }
    assert_eq!(house.facts_of("proven-again").len(), 2, "one code for the approval, one for the stop");
    let stop = house.fact("session-stop-asked");
    assert_eq!((&stop.body["by"], stop.reason()), (&json!("sam"), Some("a tunnel that nobody asked for")));
    assert_eq!(who(&house, "recording-exported"), ["sam"]);
}

#[test]
fn an_attempt_off_schedule_comes_to_the_queue_and_is_closed_there() {
    let house = House::start();
    let window = house.request("dana", "exec", "+3h", "+4h", &[]);
    house.approve(&window);
    let ssh = house.technician("dana").ssh(TARGET);
    let mut walk = Walk::begin(&house, "off-schedule", &["sam"]);
    walk.comes_to("the queue is empty");
    ssh.runs("id").refused();
    let refused = house.fact("attempt-refused").at.as_millisecond();
    walk.goes_on(&json!({ "refused": refused }));
    walk.comes_to("the alert is open");
    let needed = ["Dana Reyes", "Meridian Infusion", "127.0.0.1", TARGET, "412", "min"];
    walk.goes_on(&json!({ "needed": needed }));
    walk.at("again", |_| drop(ssh.runs("id").refused()));
    walk.ends();
    assert_eq!(who(&house, "alert-acknowledged"), ["sam"]);
    let closed = house.fact("alert-closed").body.to_string();
    assert!(closed.contains("benign") && closed.contains("planned, nobody told us"), "{closed}");
}

#[test]
fn an_engineer_denies_moves_revokes_and_freezes() {
    let house = House::start();
    let denied = house.request("dana", "exec", "+3h", "+4h", &[]);
    let moved = house.request("dana", "exec", "+5h", "+6h", &[]);
    let revoked = house.request("dana", "exec", "+7h", "+8h", &[]);
    [&moved, &revoked].into_iter().for_each(|window| house.approve(window));
    let mut walk = Walk::begin(&house, "engineering", &["priya", "dana", "adam"]);
    walk.comes_to("at the desk");
    walk.goes_on(&json!({ "denied": denied, "moved": moved, "revoked": revoked }));
    walk.at("a test is sent", |_| {
        house.webhook.hears(Duration::from_secs(10), "the test", |delivery| {
            delivery.event.to_string().to_lowercase().contains("test")
        });
    });
    walk.ends();
    for (kind, reason) in [
        ("window-denied", "the ward moves that night"),
        ("window-moved", "not during rounds"),
        ("window-revoked", "the patch was withdrawn"),
        ("freeze-added", "the drug library goes out"),
    ] {
        let fact = house.fact(kind).body.to_string();
        assert!(fact.contains(reason), "{kind}: {fact}");
    }
    assert!(
        !house.facts_of("window-accepted").is_empty() && !house.facts_of("destination-tested").is_empty()
    );
    for (window, state) in [(denied, "denied"), (revoked, "revoked")] {
        assert_eq!(house.priya().does(&["window", "show", &window])["state"], state);
    }
}

#[test]
fn an_administrator_lets_people_in_and_nobody_else_finds_the_way() {
    let house = House::furnish().without_soc().start();
    let mut walk = Walk::begin(&house, "administration", &["adam", "dana"]);
    walk.at("a person is added", |added| {
        let link = added["link"].as_str().expect("a link");
        assert_eq!(Enrolled::by_link(house.gate.web_port(), link).login, "edgar");
    });
    walk.ends();
    for (kind, about) in
        [("vendor-added", "Eastgate Pumps"), ("person-added", "edgar"), ("lock-added", "left the company")]
    {
        let facts = house.facts_of(kind);
        assert!(facts.iter().any(|fact| fact.body.to_string().contains(about)), "{kind}: {facts:#?}");
    }
    assert!(!house.facts_of("enrolment-made").is_empty());
}

#[test]
fn an_analyst_finds_words_sees_what_was_typed_and_takes_a_package_that_stands_up() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("echo seen by $((40 + 2))\n");
    terminal.shows("seen by 42");
    terminal.types("exit\n");
    terminal.ends();
    house.sealed(&house.newest_session());
    // The index is read out of the sealed recording.
    soon("the words to be found", || {
        Some(house.sam().lists(&["search", "seen by 42"])).filter(|hits| !hits.is_empty())
    });
    let mut walk = Walk::begin(&house, "evidence", &["sam", "lee"]);
    walk.at("the package is taken", |taken| {
        let mut command = Command::new(chaperone_verify());
        command.arg(taken["file"].as_str().expect("a file"));
        command.args(["--key", taken["key"].as_str().expect("a key")]);
        Process::run("chaperone-verify", Duration::from_secs(60), &mut command).succeeded();
    });
    walk.ends();
    assert_eq!(who(&house, "unmask-agreed"), ["lee"]);
    assert_eq!(who(&house, "input-unmasked"), ["sam"]);
}

/// How long it may take to look at every page in both schemes and at both widths.
const LOOKED_AT_WITHIN: Duration = Duration::from_secs(240);

#[test]
fn every_page_of_the_demo_is_accessible_and_fits_at_both_widths() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(chaperone());
    command.args(["demo", "--data"]).arg(folder.path().join("demo")).env("HOME", folder.path());
    let mut demo = Process::start("chaperone demo", command.stdin(Stdio::null()).stdout(Stdio::piped()));
    let mut lines = BufReader::new(demo.child().stdout.take().unwrap()).lines().map_while(Result::ok);
    let front =
        lines.find_map(|line| line.split_once("one click: ").map(|(_, front)| front.trim().to_owned()));
    let front = front.expect("the demo says where its desks are");
    std::thread::spawn(move || lines.for_each(drop));
    let mut look = browser("pages.mjs");
    let looked = Process::run("pages.mjs", LOOKED_AT_WITHIN, look.arg(front).env("TMPDIR", folder.path()));
    println!("{}", looked.text());
    demo.signal(Signal::INT);
    demo.ends_within(Duration::from_secs(30));
    looked.succeeded();
}
