//! A connection that is lost can be come back to, inside the window: the visit goes on as one, with a recording for each
//! connection. Whoever leaves in order, or comes back too late or as another, begins a visit of their own.

use std::time::Duration;

use chaperone_tests::{Furnishing, House, Signal, TARGET, Visit, eventually, on_both_databases, soon};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Begins a command and loses its connection: the client is killed and says nothing more.
#[track_caller]
fn lost(house: &House, command: &str) -> String {
    let mut visit: Visit = house.technician("dana").ssh(TARGET).begins(command);
    visit.shows("in");
    let session = house.newest_session();
    visit.signal(Signal::KILL);
    visit.ends();
    house.sealed(&session);
    session
}

fn shown(house: &House, session: &str) -> Value {
    house.sam().does(&["session", "show", session])
}

on_both_databases! { a_visit_goes_on_after_its_connection_was_lost }

fn a_visit_goes_on_after_its_connection_was_lost(house: Furnishing) {
    let house = house.start();
    let window = house.open_window("dana", "shell,exec", "+10m");
    let first = lost(&house, "echo in; sleep 1000");
    assert_eq!(shown(&house, &first)["end_reason"], "client-lost");

    // Output that streams while the connection goes is no other case.
    let second = lost(&house, "echo in; while :; do echo more; done");
    assert_eq!(shown(&house, &second)["end_reason"], "client-lost");
    let terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.shows("this continues that visit");
    let third = house.newest_session();
    for (session, part) in [(&first, 0), (&second, 1), (&third, 2)] {
        let row = shown(&house, session);
        assert_eq!(row["visit"], first.as_str(), "{row:#}");
        assert_eq!(row["parts"][part], session.as_str(), "{row:#}");
    }
    let admitted = house.facts_of("session-admitted");
    let said = |at: usize, key: &str| admitted[at].body[key].clone();
    assert_eq!((said(0, "continues"), said(0, "visit")), (Value::Null, first.as_str().into()));
    assert_eq!((said(1, "continues"), said(1, "visit")), (first.as_str().into(), first.as_str().into()));
    assert_eq!((said(2, "continues"), said(2, "visit")), (second.as_str().into(), first.as_str().into()));
    // Counted once, and each part is evidence of its own.
    assert_eq!(house.priya().does(&["window", "show", &window])["visits"], 1);
    assert_eq!(house.sam().does(&["recording", "verify", &second])["sound"], true);
}

/// A network that goes away says nothing. Whoever comes back finds the old connection given up, and their visit goes on;
/// while it still answers, a second terminal is a visit beside it.
#[test]
fn a_connection_that_has_gone_silent_is_given_up_for_whoever_comes_back() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo in; sleep 1000");
    visit.shows("in");
    let first = house.newest_session();
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    let beside = house.newest_session();
    assert_eq!(shown(&house, &beside)["visit"], beside.as_str());
    assert_eq!(shown(&house, &first)["state"], "live");

    visit.freezes();
    let since = Timestamp::now();
    eventually(Duration::from_secs(60), "the silence", || {
        (Timestamp::now() > since + SignedDuration::from_secs(22)).then_some(())
    });
    let back = house.technician("dana").ssh(TARGET).begins("echo back; sleep 1000");
    back.shows("back");
    let second = house.newest_session();
    assert_eq!(shown(&house, &second)["visit"], first.as_str());
    assert_eq!(shown(&house, &first)["end_reason"], "client-lost");
    visit.signal(Signal::KILL);
}

#[test]
fn whoever_leaves_in_order_begins_a_visit_of_their_own() {
    let house = House::start();
    let window = house.open_window("dana", "exec", "+10m");
    house.technician("dana").ssh(TARGET).runs("echo done").succeeded();
    let first = house.newest_session();
    assert_eq!(house.sealed(&first)["end_reason"], "client-closed");
    house.technician("dana").ssh(TARGET).runs("echo done").succeeded();
    let second = house.newest_session();
    assert_eq!(shown(&house, &second)["visit"], second.as_str());
    assert_eq!(house.priya().does(&["window", "show", &window])["visits"], 2);
}

#[test]
fn two_who_come_back_go_on_with_one_each() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let mut both: Vec<Visit> = (0..2)
        .map(|_| {
            let visit = house.technician("dana").ssh(TARGET).begins("echo in; sleep 1000");
            visit.shows("in");
            visit
        })
        .collect();
    both.iter_mut().for_each(|visit| visit.signal(Signal::KILL));
    soon("both to be lost", || (house.facts_of("session-ended").len() == 2).then_some(()));
    let back: Vec<Visit> = (0..3)
        .map(|_| {
            let visit = house.technician("dana").ssh(TARGET).begins("echo back; sleep 1000");
            visit.shows("back");
            visit
        })
        .collect();
    let mut continued: Vec<Value> =
        house.facts_of("session-admitted")[2..].iter().map(|fact| fact.body["continues"].clone()).collect();
    assert_eq!(
        continued.iter().filter(|from| from.is_null()).count(),
        1,
        "the third begins anew: {continued:?}"
    );
    continued.retain(|from| !from.is_null());
    assert_ne!(continued[0], continued[1]);
    drop(back);
}

#[test]
fn nobody_goes_on_in_another_window_or_where_the_hospital_does_not_want_it() {
    let house = House::start();
    let window = house.open_window("dana", "exec", "+10m");
    lost(&house, "echo in; sleep 1000");
    house.priya().does(&["window", "revoke", &window, "--reason", "enough"]);
    house.open_window("dana", "exec", "+10m");
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    let own = house.newest_session();
    assert_eq!(shown(&house, &own)["visit"], own.as_str(), "another window is another visit");

    let house = House::furnish().with("CHAPERONE_SESSION__COME_BACK_MINUTES", "0").start();
    house.open_window("dana", "exec", "+10m");
    let first = lost(&house, "echo in; sleep 1000");
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    assert_ne!(shown(&house, &house.newest_session())["visit"], first.as_str());
}

/// The work limit counts from the first connection on, whatever becomes of it; what is between two counts too.
#[test]
fn coming_back_gives_no_more_time() {
    let house = House::start();
    let window = house.request("dana", "exec", "now", "+10m", &["--work-limit", "12s"]);
    house.approve(&window);
    lost(&house, "echo in; sleep 1000");
    let began = house.priya().does(&["window", "show", &window])["work_began"].clone();
    let began: Timestamp = began.as_str().unwrap().parse().unwrap();
    let visit = house.technician("dana").ssh(TARGET).begins("echo back; sleep 1000");
    visit.shows("back");
    let gone = house.both_legs_gone(Duration::from_secs(60));
    let late = gone.duration_since(began + SignedDuration::from_secs(12));
    assert!((0..=1000).contains(&late.as_millis()), "{} ms", late.as_millis());
    assert_eq!(house.sealed(&house.newest_session())["end_reason"], "work-limit");
    house.technician("dana").ssh(TARGET).runs("true").refused();
    let _ = house.refusal("attempt-refused", "work-limit");
}

/// A gate that crashes takes the connection with it: its technician comes back to the same visit.
#[test]
fn a_visit_goes_on_after_its_gate_crashed() {
    let mut house = House::start();
    house.open_window("dana", "exec", "+10m");
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo in; sleep 1000");
    visit.shows("in");
    let first = house.newest_session();
    house.gate.kill();
    visit.ends();
    house.gate.rise();
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    let row = shown(&house, &house.newest_session());
    assert_eq!(row["visit"], first.as_str(), "{row:#}");
}
