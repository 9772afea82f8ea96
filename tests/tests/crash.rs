//! A gate that dies at any point comes back with every session either sealed, recovered and sealed, or said to have never
//! started; and with nothing lost of what it had forwarded.

use std::collections::BTreeMap;
use std::time::Duration;

use chaperone_tests::{Furnishing, House, PATIENCE, Ready, TARGET, contains, on_both_databases, soon};
use serde_json::Value;

/// Every session has exactly one ending, its recording verifies, and the ledger is sound.
#[track_caller]
fn everything_is_accounted_for(house: &House) {
    let sam = house.sam();
    let settled = |visit: &Value| !matches!(visit["state"].as_str(), Some("admitted" | "live" | "ended"));
    soon("every session to have an ending", || house.sessions().iter().all(settled).then_some(()));
    for visit in house.sessions() {
        let id = visit["id"].as_str().unwrap();
        let mut endings = BTreeMap::new();
        for fact in house.facts().into_iter().filter(|fact| fact.session.as_deref() == Some(id)) {
            if ["session-sealed", "session-recovered", "session-never-started", "session-lost"]
                .contains(&fact.kind.as_str())
            {
                *endings.entry(fact.kind).or_insert(0) += 1;
            }
        }
        assert_eq!(endings.values().sum::<i32>(), 1, "{id}: {endings:?}");
        let file = house.gate.data().join("recordings").join(format!("{id}.chap"));
        if endings.contains_key("session-never-started") {
            assert_eq!(visit["state"], "never-started");
        } else {
            let verdict = sam.does(&["recording", "verify", id]);
            assert_eq!(verdict["sound"], true, "{verdict:#}");
            assert!(file.is_file());
        }
    }
    let ledger = sam.does(&["ledger", "verify"]);
    assert_eq!(ledger["sound"], true, "{ledger:#}");
}

/// Dies at a named place during a visit, comes back, and comes back once more.
#[track_caller]
fn dies_at(place: &str) {
    let mut house = House::start();
    house.open_window("dana", "exec", "+30m");
    house.gate.stop();
    assert_eq!(house.gate.try_to_rise(&[("CHAPERONE_FAILPOINT", place)]), Ready::Serving);
    let ran = house.technician("dana").ssh(TARGET).runs("echo passed through");
    house.gate.dies();
    house.gate.rise();
    everything_is_accounted_for(&house);
    assert_eq!(house.sessions().len(), 1);
    if ran.text().contains("passed through") {
        let text = export(&house, &house.newest_session());
        assert!(contains(&text, b"passed through"), "what was seen is in the recording");
    }
    // A second start finds everything in order and adds nothing.
    let endings = |house: &House| {
        let facts = house.facts();
        facts
            .iter()
            .filter(|fact| fact.kind.starts_with("session-") && fact.kind != "session-admitted")
            .count()
    };
    let before = endings(&house);
    house.gate.kill();
    house.gate.rise();
    everything_is_accounted_for(&house);
    assert_eq!(endings(&house), before, "never a second seal");
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
}

fn export(house: &House, session: &str) -> Vec<u8> {
    let file = house.folder().join(format!("{session}-{}.txt", house.facts().len()));
    house.sam().does(&[
        "recording",
        "export",
        session,
        "--format",
        "txt",
        "-o",
        file.to_str().unwrap(),
        "--reason",
        "looked into",
    ]);
    std::fs::read(file).unwrap()
}

#[test]
fn between_the_fact_admitted_and_the_header() {
    dies_at("after-admitted");
}

#[test]
fn between_the_header_and_the_fact_started() {
    dies_at("after-header");
}

#[test]
fn between_the_fact_started_and_the_dial() {
    dies_at("after-started");
}

#[test]
fn between_the_dial_and_the_first_byte() {
    dies_at("after-dial");
}

#[test]
fn between_the_close_and_the_end_marker() {
    dies_at("before-end");
}

#[test]
fn between_the_end_marker_and_the_seal() {
    dies_at("after-end-marker");
}

#[test]
fn between_the_seal_and_the_fact_sealed() {
    dies_at("after-seal");
}

on_both_databases! { kill_9_amid_traffic_loses_nothing_that_was_seen }

fn kill_9_amid_traffic_loses_nothing_that_was_seen(house: Furnishing) {
    let mut house = house.start();
    house.open_window("dana", "shell,exec", "+30m");
    let dana = house.technician("dana").ssh(TARGET);
    let mut bulk = dana.begins("seq 1 100000000");
    let mut keys = dana.begins("while :; do date +%s.%N; sleep 0.01; done");
    soon("traffic", || (bulk.received() > 4 << 20 && keys.received() > 500).then_some(()));
    house.gate.kill();
    bulk.ends();
    keys.ends();
    house.gate.rise();
    everything_is_accounted_for(&house);
    let recovered = house.facts_of("session-recovered");
    assert_eq!(recovered.len(), 2);
    let replays: Vec<_> =
        house.sessions().iter().map(|visit| export(&house, visit["id"].as_str().unwrap())).collect();
    for seen in [bulk.out(), keys.out()] {
        let lines: Vec<_> = seen.split(|byte| *byte == b'\n').collect();
        // The last line may have been cut by the crash itself.
        let whole = &lines[..lines.len() - 1];
        let last = [b"| ".as_slice(), whole.last().unwrap(), b"\n"].concat();
        assert!(replays.iter().any(|replay| contains(replay, &last)), "{:?}", String::from_utf8_lossy(&last));
    }
}

#[test]
fn kill_9_at_any_time_again_and_again() {
    let mut house = House::start();
    house.open_window("dana", "exec", "+30m");
    for round in 0..8 {
        let dana = house.technician("dana").ssh(TARGET);
        let mut visits: Vec<_> =
            (0..4).map(|n| dana.begins(&format!("seq 1 {}", 10_usize.pow(n + 2)))).collect();
        // Each round dies a little later in the visits' lives.
        let seen = round * 3;
        soon("some facts", || {
            (house.facts().len() > house.facts_of("node-started").len() + seen).then_some(())
        });
        house.gate.kill();
        for visit in &mut visits {
            visit.ends();
        }
        house.gate.rise();
        everything_is_accounted_for(&house);
    }
}

#[test]
fn a_crash_is_told_to_the_soc() {
    let mut house = House::start();
    house.open_window("dana", "exec", "+30m");
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo in; sleep 1000");
    visit.shows("in");
    let session = house.newest_session();
    house.gate.kill();
    visit.ends();
    house.gate.rise();
    everything_is_accounted_for(&house);
    house
        .syslog
        .hears(Duration::from_secs(15), "the recovered session", |message| message.raw.contains(&session));
}

#[test]
fn a_recording_without_any_fact_raises_an_alarm() {
    let mut house = House::start();
    house.open_window("dana", "exec", "+30m");
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    let session = house.newest_session();
    house.sealed(&session);
    house.gate.stop();
    let folder = house.gate.data().join("recordings");
    let stranger = "01930000-0000-7000-8000-000000000001";
    std::fs::copy(folder.join(format!("{session}.chap")), folder.join(format!("{stranger}.chap"))).unwrap();
    house.gate.rise();
    soon("an alarm", || {
        house.sam().lists(&["alert", "list"]).into_iter().find(|alert| alert.to_string().contains(stranger))
    });
}

#[test]
fn a_session_that_was_live_is_gone_from_the_target_after_the_crash() {
    let mut house = House::start();
    house.open_window("dana", "exec", "+30m");
    let mut visit = house.technician("dana").ssh(TARGET).begins("echo in; cat");
    visit.shows("in");
    house.gate.kill();
    house.both_legs_gone(PATIENCE);
    assert!(!visit.ends().0.success());
}
