//! A clock that jumps is not believed: the gate refuses until it has agreed with the monotonic clock again for a minute,
//! and a deadline holds whatever the wall clock says. The jump is made with libfaketime, for the gate's process alone.

use std::time::Duration;

use chaperone_tests::{House, Ready, TARGET, eventually, libfaketime, soon};

/// A house whose gate takes its wall clock's offset from a file.
fn house_with_a_clock_to_turn() -> (House, impl Fn(&str)) {
    let mut house = House::furnish().without_soc().empty();
    let file = house.folder().join("clock");
    std::fs::write(&file, "+0\n").unwrap();
    rises_with_its_clock(&mut house);
    house.enrol();
    let turn = move |offset: &str| std::fs::write(&file, format!("{offset}\n")).unwrap();
    (house, turn)
}

/// Starts the gate with the clock of the file.
fn rises_with_its_clock(house: &mut House) {
    let file = house.folder().join("clock");
    let preload = libfaketime();
    let variables = [
        ("LD_PRELOAD", preload.as_str()),
        ("FAKETIME_TIMESTAMP_FILE", file.to_str().unwrap()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("FAKETIME_NO_CACHE", "1"),
    ];
    assert_eq!(house.gate.try_to_rise(&variables), Ready::Serving, "{}", house.gate.log());
}

/// Two people say that the clock is right now, and the facts' times were wrong.
fn two_people_accept_the_clock(house: &House) {
    let accept = ["clock", "accept", "--reason", "the time server was wrong for a while"];
    let one = house.admin().does(&accept);
    assert_eq!(one["done"], false, "{one:#}");
    assert_ne!(house.admin().tries(&accept).answer["done"], true, "the same person is not two people");
    let two = house.gate.person("adam").does(&accept);
    assert_eq!(two["done"], true, "{two:#}");
}

#[test]
fn after_a_jump_of_the_clock_attempts_are_refused_until_it_has_agreed_for_a_minute() {
    let (house, turn) = house_with_a_clock_to_turn();
    house.open_window("dana", "exec", "+6h");
    let dana = house.technician("dana").ssh(TARGET);
    dana.runs("true").succeeded();
    turn("+3600");
    soon("the jump to be noticed", || (dana.runs("true").status == Some(77)).then_some(()));
    let _ = house.refusal("attempt-refused", "clock");
    soon("the alert", || house.alerts_because("clock").pop().filter(|alert| alert["severity"] == "critical"));
    turn("+0");
    assert_eq!(dana.runs("true").status, Some(77), "not believed at once");
    // What was written in between lies an hour in the future.
    two_people_accept_the_clock(&house);
    assert_eq!(dana.runs("true").status, Some(77), "not by two people's word alone");
    eventually(Duration::from_secs(90), "the clock to be believed again", || {
        (dana.runs("true").status == Some(0)).then_some(())
    });
}

#[test]
fn facts_from_the_future_need_two_people_also_after_a_restart() {
    let (mut house, turn) = house_with_a_clock_to_turn();
    house.gate.stop();
    turn("+1200");
    rises_with_its_clock(&mut house);
    house.gate.stop();
    turn("+0");
    rises_with_its_clock(&mut house);
    let window = house.request("dana", "exec", "now", "+30m", &[]);
    house.approve(&window);
    let dana = house.technician("dana").ssh(TARGET);
    assert_eq!(dana.runs("true").status, Some(77), "the clock was wrong then, or is wrong now");
    let refusal = house.refusal("attempt-refused", "clock");
    assert!(house.facts().iter().any(|fact| fact.kind == "clock-jumped"), "{refusal:?}");
    two_people_accept_the_clock(&house);
    soon("the clock to be believed", || (dana.runs("true").status == Some(0)).then_some(()));
}

#[test]
fn a_clock_that_is_turned_back_does_not_lengthen_a_visit() {
    let (house, turn) = house_with_a_clock_to_turn();
    let window = house.open_window("dana", "exec", "+8s");
    let closes = house.closes(&window);
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo in; sleep 1000");
    visit.shows("in");
    turn("-3600");
    let gone = house.both_legs_gone(Duration::from_secs(30));
    assert!(
        gone.duration_since(closes).as_millis() <= 1000,
        "{} ms late",
        gone.duration_since(closes).as_millis()
    );
    visit.ends();
}
