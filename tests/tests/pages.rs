//! People walk through the pages in a real browser, from request to replay; each walk ends in the facts that it made.

use std::time::Duration;

use chaperone_tests::{House, TARGET, Terminal, Walk, soon};
use serde_json::{Value, json};

/// Lets so much time pass since everybody proved who they are that the next act of weight wants a code.
fn lets_proofs_age(house: &House) {
    house.database.tamper("UPDATE web_sessions SET proven_us = proven_us - 901000000");
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
    let stop = house.fact("session-stop-asked").body.to_string();
    assert!(stop.contains("sam") && stop.contains("a tunnel that nobody asked for"), "{stop}");
}
