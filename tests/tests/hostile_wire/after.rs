//! Peers that sign in, or begin to, and then break the protocol.

use std::process::Command;
use std::time::Duration;

use chaperone_tests::{House, Process, TARGET};

use crate::{goes_on, house};

/// How long one act may take, sign-in included.
const WITHIN: Duration = Duration::from_secs(90);

/// Dana's key, and a client that does this to the gate.
#[track_caller]
fn acts(house: &House, act: &str) -> String {
    let dana = house.technician("dana");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile_wire/client.py");
    let (port, user) = (house.gate.ssh_port().to_string(), format!("dana+{TARGET}"));
    // Debian's own Python, whichever is on the path: paramiko is its.
    let mut client = Command::new("/usr/bin/python3");
    client.args([script, &port, &user]).arg(&dana.key.private).arg(act);
    let ran = Process::run("client.py", WITHIN, &mut client).succeeded();
    let became = ran.text();
    assert!(became.contains(act), "{became}");
    became
}

#[test]
fn more_terminal_modes_than_there_are_are_cut() {
    let (house, had) = house();
    acts(&house, "pty-modes");
    goes_on(&house, had);
}

#[test]
fn what_is_sent_to_a_channel_that_was_never_opened_reaches_nothing() {
    let (house, had) = house();
    let before = house.facts_of("channel-opened").len();
    acts(&house, "never-opened");
    assert_eq!(house.facts_of("channel-opened").len(), before, "nothing was started");
    goes_on(&house, had);
}

#[test]
fn a_signature_that_is_not_the_named_keys_is_a_fact_at_once_and_six_are_enough() {
    let (house, had) = house();
    acts(&house, "forged");
    let failed = house.facts_of("attempt-failed");
    assert_eq!(failed.len(), 6, "{failed:#?}");
    for fact in failed {
        assert_eq!(fact.body["why"], "the signature is not that of the named key", "{:#}", fact.body);
        assert_eq!(fact.reason(), Some("credential"));
    }
    goes_on(&house, had);
}

#[test]
fn keys_that_are_none_end_nothing_and_are_a_fact() {
    let (house, had) = house();
    let became = acts(&house, "unreadable-keys");
    assert!(became.contains("\"connected\": true"), "{became}");
    let failed = house.fact("attempt-failed").body;
    assert_eq!(failed["why"], "the key cannot be read, or is of an unknown kind", "{failed:#}");
    goes_on(&house, had);
}

#[test]
fn a_window_beyond_what_fits_is_as_large_as_fits() {
    let (house, had) = house();
    acts(&house, "window-overflow");
    goes_on(&house, had);
}

#[test]
fn a_channel_that_takes_no_packet_is_its_own_trouble() {
    let (house, had) = house();
    acts(&house, "no-packets");
    goes_on(&house, had);
}

#[test]
fn extensions_that_are_told_without_end_are_not_kept() {
    let (house, had) = house();
    acts(&house, "extensions");
    goes_on(&house, had);
}

#[test]
fn a_field_that_says_it_is_longer_than_its_message_is_not_made_room_for() {
    let (house, had) = house();
    acts(&house, "long-strings");
    goes_on(&house, had);
}

#[test]
fn new_keys_are_for_those_who_have_signed_in() {
    let (house, had) = house();
    let became = acts(&house, "new-keys");
    assert!(became.contains("\"connected\": false"), "{became}");
    goes_on(&house, had);
}

#[test]
fn who_asks_for_the_service_without_end_and_never_signs_in_is_hung_up_on() {
    let (house, had) = house();
    let became = acts(&house, "services");
    assert!(became.contains("\"connected\": false"), "{became}");
    goes_on(&house, had);
}

#[test]
fn more_answers_than_were_asked_for_are_not_made_room_for() {
    let (house, had) = house();
    acts(&house, "responses");
    goes_on(&house, had);
}
