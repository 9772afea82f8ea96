//! The ledger says what was changed behind its back; a database that goes away or goes back stops new visits, ends running
//! ones, and loses nothing.

use std::time::Duration;

use chaperone_tests::{
    Engine, Furnishing, House, PATIENCE, Syslog, TARGET, eventually, on_both_databases, soon,
};
use jiff::Timestamp;
use serde_json::Value;

on_both_databases! {
    a_changed_fact_is_named,
    a_removed_fact_is_named,
    a_database_that_went_back_is_refused_until_two_people_say_so,
    a_database_that_is_gone_refuses_new_visits_and_loses_nothing,
}

/// Something to tamper with.
fn history(house: &House) {
    house.open_window("dana", "exec", "+30m");
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    house.technician("viktor").ssh(TARGET).runs("true").refused();
    house.sealed(&house.newest_session());
}

#[track_caller]
fn verdict(house: &House) -> Value {
    let said = house.gate.person("audrey").tries(&["ledger", "verify"]);
    assert_eq!(said.status, Some(i32::from(said.answer["sound"] != true)), "{said:?}");
    said.answer
}

fn a_changed_fact_is_named(house: Furnishing) {
    let house = house.start();
    history(&house);
    assert_eq!(verdict(&house)["sound"], true);
    house.database.unguard("facts");
    let victim = house.fact("attempt-refused").number;
    for (change, back) in [
        ("body = replace(body, 'reason', 'raeson')", "body = replace(body, 'raeson', 'reason')"),
        ("kind = 'attempt-failed'", "kind = 'attempt-refused'"),
        ("at_us = at_us - 1", "at_us = at_us + 1"),
    ] {
        house.database.tamper(&format!("UPDATE facts SET {change} WHERE number = {victim}"));
        let found = verdict(&house);
        assert_eq!(
            (&found["sound"], found["first_bad"].as_u64()),
            (&Value::Bool(false), Some(victim)),
            "{change}: {found:#}"
        );
        house.database.tamper(&format!("UPDATE facts SET {back} WHERE number = {victim}"));
        assert_eq!(verdict(&house)["sound"], true, "{back}");
    }
}

fn a_removed_fact_is_named(house: Furnishing) {
    let house = house.start();
    history(&house);
    house.database.unguard("facts");
    let victim = house.fact("attempt-refused").number;
    house.database.tamper(&format!("DELETE FROM facts WHERE number = {victim}"));
    let found = verdict(&house);
    assert_eq!(
        (&found["sound"], found["first_bad"].as_u64()),
        (&Value::Bool(false), Some(victim)),
        "{found:#}"
    );
}

#[test]
fn two_facts_that_changed_places_are_found() {
    let house = House::start();
    history(&house);
    house.database.unguard("facts");
    let victim = house.fact("attempt-refused").number;
    let next = victim + 1;
    for (from, to) in [(victim, 900_000), (next, victim), (900_000, next)] {
        house.database.tamper(&format!("UPDATE facts SET number = {to} WHERE number = {from}"));
    }
    let found = verdict(&house);
    assert_eq!(
        (&found["sound"], found["first_bad"].as_u64()),
        (&Value::Bool(false), Some(victim)),
        "{found:#}"
    );
}

#[test]
fn the_database_itself_refuses_to_change_or_remove_a_fact() {
    for engine in [Engine::Sqlite, Engine::Postgresql] {
        let house = House::furnish().on(engine).start();
        for statement in
            ["UPDATE facts SET kind = 'nothing' WHERE number = 1", "DELETE FROM facts WHERE number = 1"]
        {
            let before = house.facts().len();
            let tried =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| house.database.tamper(statement)));
            assert!(tried.is_err(), "{statement}");
            assert_eq!(house.facts().len(), before);
        }
    }
}

#[test]
fn facts_are_numbered_without_gaps_under_concurrent_attempts() {
    let house = House::furnish().on(Engine::Postgresql).start();
    std::thread::scope(|scope| {
        for login in ["dana", "viktor", "dana", "viktor", "dana", "viktor", "dana", "viktor"] {
            let who = house.technician(login).ssh(TARGET);
            scope.spawn(move || (0..5).for_each(|_| drop(who.runs("id").refused())));
        }
    });
    assert_eq!(house.facts_of("attempt-refused").len(), 40);
    let numbers: Vec<_> = house.facts().iter().map(|fact| fact.number).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    assert_eq!(verdict(&house)["sound"], true);
}

#[test]
fn a_checkpoint_is_a_signed_note_that_grows_with_the_ledger() {
    let house = House::start();
    let before = soon("a checkpoint", || Some(checkpoint_size(&house)));
    history(&house);
    eventually(Duration::from_secs(25), "a newer checkpoint", || {
        (checkpoint_size(&house) > before).then_some(())
    });
}

/// How many facts the newest checkpoint has signed for.
#[track_caller]
fn checkpoint_size(house: &House) -> u64 {
    let answer = house.gate.person("audrey").does(&["ledger", "checkpoint"]);
    let note = answer["note"].as_str().unwrap();
    assert!(answer["verifier_key"].as_str().unwrap().contains('+'), "{answer:#}");
    assert!(note.contains("\n\n\u{2014} "), "a signed note: {note}");
    note.lines().nth(1).unwrap().parse().unwrap()
}

fn a_database_that_went_back_is_refused_until_two_people_say_so(house: Furnishing) {
    let mut house = house.start();
    house.open_window("dana", "exec", "+30m");
    house.gate.stop();
    let backup = house.folder().join("backup");
    house.database.back_up(&backup);
    house.gate.rise();
    history(&house);
    // An orderly stop signs for everything that is written: nothing of it can be taken back unseen.
    house.gate.stop();
    house.database.restore(&backup);
    house.gate.rise();
    let dana = house.technician("dana").ssh(TARGET);
    assert!(dana.runs("true").refused().err.contains("Reference"));
    let refused = house.priya().tries(&[
        "window",
        "request",
        "--target",
        TARGET,
        "--person",
        "dana",
        "--access",
        "exec",
        "--opens",
        "now",
        "--closes",
        "+1h",
        "--purpose",
        "patch",
        "--reason",
        "x",
    ]);
    assert_eq!(refused.status, Some(1), "{refused:?}");
    let one = house.admin().does(&["ledger", "fork", "--reason", "restored from last night's backup"]);
    assert_eq!(one["done"], false, "{one:#}");
    let again = house.admin().tries(&["ledger", "fork", "--reason", "once more"]);
    assert_ne!(again.answer["done"], true, "the same person is not two people: {again:?}");
    assert_eq!(dana.runs("true").status, Some(77));
    let two =
        house.gate.person("adam").does(&["ledger", "fork", "--reason", "restored from last night's backup"]);
    assert_eq!(two["done"], true, "{two:#}");
    soon("visits to be possible again", || (dana.runs("true").status == Some(0)).then_some(()));
    let forked = house.fact("ledger-forked");
    assert!(forked.body.to_string().contains("last night"), "{:#}", forked.body);
    assert_eq!(verdict(&house)["sound"], true);
}

#[test]
fn without_its_database_the_gate_still_tells_the_soc_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let mut collector = Syslog::start(folder.path());
    let url = collector.url();
    let mut house = House::furnish().with("CHAPERONE_ALERT__EMERGENCY", &url).start();
    house.open_window("dana", "exec", "+30m");
    house.database.fall();
    let viktor = house.technician("viktor").ssh(TARGET);
    viktor.runs("true").refused();
    let refused = Timestamp::now();
    let first =
        collector.hears(Duration::from_secs(10), "the refusal", |message| message.raw.contains("viktor"));
    let late = first.arrived.duration_since(refused).as_millis();
    assert!(late <= 1000, "{late} ms after the refusal");
    assert_eq!(first.event["unmapped"]["emergency"], true, "{:#}", first.event);
    // A collector that was away hears it when it is back, and the ordinary alert comes when the database is.
    collector.fall();
    house.technician("dana").ssh(TARGET).runs("true").refused();
    collector.rise();
    collector.hears(Duration::from_secs(10), "the second", |message| message.raw.contains("dana"));
    house.database.rise();
    soon("the alert of the spooled refusal", || house.alerts_because("store").pop());
}

fn a_database_that_is_gone_refuses_new_visits_and_loses_nothing(house: Furnishing) {
    let mut house = house.with("CHAPERONE_SESSION__STORE_GRACE_SECONDS", "60").start();
    house.open_window("dana", "exec", "+30m");
    let dana = house.technician("dana").ssh(TARGET);
    let mut visit = dana.begins("echo in; cat");
    visit.shows("in");
    let session = house.newest_session();
    let mut leaves = dana.begins("echo in; cat");
    leaves.shows("in");
    let leaving = house.newest_session();
    soon("both channels as facts", || (house.facts_of("channel-opened").len() == 2).then_some(()));
    house.database.fall();
    // Whoever leaves is let go at once, whatever becomes of the fact of it.
    let asked = std::time::Instant::now();
    leaves.ends_input();
    assert!(leaves.ends().0.success());
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    for _ in 0..3 {
        let ran = dana.runs("id").refused();
        assert!(ran.err.contains("Reference"), "{}", ran.err);
    }
    assert!(visit.is_running(), "a running visit has its grace");
    visit.types("still here\n");
    visit.shows("still here");
    visit.ends_input();
    assert!(visit.ends().0.success());
    house.database.rise();
    let refusals = soon("the refusals to enter the ledger", || {
        let refusals: Vec<_> = house
            .facts_of("attempt-refused")
            .into_iter()
            .filter(|fact| fact.reason() == Some("store"))
            .collect();
        (refusals.len() == 3).then_some(refusals)
    });
    let back = house.facts_of("store-back");
    assert!(
        back.iter().all(|back| refusals.iter().all(|fact| fact.at < back.at)),
        "with their original times"
    );
    house.sealed(&session);
    house.sealed(&leaving);
    soon("visits to be possible again", || (dana.runs("true").status == Some(0)).then_some(()));
    assert_eq!(verdict(&house)["sound"], true);
    let numbers: Vec<_> = house.facts().iter().map(|fact| fact.number).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

#[test]
fn running_visits_end_when_the_database_has_been_gone_for_their_grace() {
    let mut house = House::furnish().on(Engine::Postgresql).start();
    house.open_window("dana", "exec", "+30m");
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo in; sleep 1000");
    visit.shows("in");
    let session = house.newest_session();
    let fell = std::time::Instant::now();
    house.database.fall();
    house.both_legs_gone(Duration::from_secs(40));
    let took = fell.elapsed();
    assert!(
        (Duration::from_secs(9)..Duration::from_secs(18)).contains(&took),
        "ended after {took:?}, not about 10 s"
    );
    assert!(!visit.ends().0.success());
    house.database.rise();
    assert_eq!(house.sealed(&session)["end_reason"], "store");
    assert_eq!(house.sam().does(&["recording", "verify", &session])["sound"], true);
}

#[test]
fn a_deadline_holds_without_the_database() {
    let mut house =
        House::furnish().on(Engine::Postgresql).with("CHAPERONE_SESSION__STORE_GRACE_SECONDS", "60").start();
    let window = house.open_window("dana", "exec", "+8s");
    let closes = house.closes(&window);
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo in; sleep 1000");
    visit.shows("in");
    house.database.fall();
    let gone = house.both_legs_gone(PATIENCE);
    let late = gone.duration_since(closes).as_millis();
    assert!((0..=1000).contains(&late), "{late} ms late");
    visit.ends();
    house.database.rise();
    assert_eq!(house.sealed(&house.newest_session())["end_reason"], "window-closed");
}

#[test]
fn a_gate_without_its_database_says_so_and_comes_up_when_it_is_back() {
    let mut house = House::furnish().on(Engine::Postgresql).start();
    house.database.fall();
    let ready = || chaperone_tests::get(house.gate.web_port(), "/readyz", None);
    soon("the gate to say that it is not ready", || ready().filter(|answer| answer.status == 503));
    assert_eq!(
        chaperone_tests::get(house.gate.web_port(), "/healthz", None).map(|answer| answer.status),
        Some(200)
    );
    house.database.rise();
    soon("the gate to be ready again", || {
        chaperone_tests::get(house.gate.web_port(), "/readyz", None).filter(|answer| answer.status == 200)
    });
}
