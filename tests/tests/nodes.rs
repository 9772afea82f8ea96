//! Two nodes of one hospital share a PostgreSQL database: one schedule, one ledger, and what is decided on either reaches
//! a visit wherever it lives.

use std::time::Duration;

use chaperone_tests::{Engine, Gate, House, TARGET, Technician, legs, soon};
use jiff::Timestamp;

/// A house with a second node.
fn two_nodes() -> (House, Gate) {
    let house = House::furnish().on(Engine::Postgresql).start();
    let mut second = house.gate.beside(&house.folder().join("second"));
    second.rise();
    (house, second)
}

fn dana_at(house: &House, gate: &Gate) -> Technician {
    house.technician("dana").at_port(gate.ssh_port())
}

#[test]
fn a_window_opens_on_every_node() {
    let (house, second) = two_nodes();
    let before =
        dana_at(&house, &second).ssh(TARGET).option("StrictHostKeyChecking=no").runs("true").refused();
    assert!(before.err.contains("Reference"));
    house.open_window("dana", "exec", "+10m");
    for gate in [&house.gate, &second] {
        dana_at(&house, gate).ssh(TARGET).runs("true").succeeded();
    }
    let nodes: Vec<_> =
        house.sessions().iter().map(|visit| visit["node"].as_str().unwrap().to_owned()).collect();
    assert_eq!(nodes, ["gate", "gate-2"]);
}

#[test]
fn what_is_decided_on_one_node_ends_a_visit_on_the_other() {
    for act in ["stop", "revoke", "lock"] {
        let (house, second) = two_nodes();
        let window = house.open_window("dana", "exec", "+10m");
        let mut visit = dana_at(&house, &second).ssh(TARGET).begins("echo in; sleep 1000");
        visit.shows("in");
        let session = house.newest_session();
        match act {
            "stop" => drop(house.sam().does(&["session", "stop", &session, "--reason", "not planned"])),
            "revoke" => drop(house.priya().does(&["window", "revoke", &window, "--reason", "x"])),
            _ => drop(house.sam().does(&["person", "lock", "dana", "--reason", "lost laptop"])),
        }
        let done = Timestamp::now();
        let gone = chaperone_tests::eventually(Duration::from_secs(30), "both legs to be gone", || {
            (legs(second.ssh_port(), house.target.port()) == (0, 0)).then(Timestamp::now)
        });
        assert!(
            gone.duration_since(done).as_millis() <= 1000,
            "{act}: {} ms",
            gone.duration_since(done).as_millis()
        );
        assert!(!visit.ends().0.success());
        house.sealed(&session);
    }
}

#[test]
fn the_ledger_of_two_nodes_has_no_gap() {
    let (house, second) = two_nodes();
    let ports = [house.gate.ssh_port(), second.ssh_port()];
    std::thread::scope(|scope| {
        for lane in 0..8 {
            let login = ["dana", "viktor"][lane % 2];
            let who = house.technician(login).at_port(ports[lane / 2 % 2]).ssh(TARGET);
            scope.spawn(move || {
                for _ in 0..4 {
                    who.runs("id").refused();
                }
            });
        }
    });
    assert_eq!(house.facts_of("attempt-refused").len(), 32);
    let numbers: Vec<_> = house.facts().iter().map(|fact| fact.number).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    assert_eq!(house.gate.person("audrey").does(&["ledger", "verify"])["sound"], true);
    assert_eq!(
        house.alerts_because("no-window").len(),
        2,
        "one alert for each person, whichever node refused them"
    );
}

#[test]
fn a_node_that_dies_leaves_the_other_at_work_and_recovers_its_own() {
    let (house, mut second) = two_nodes();
    house.open_window("dana", "exec", "+10m");
    let mut visit = dana_at(&house, &second).ssh(TARGET).begins("echo in; sleep 1000");
    visit.shows("in");
    let session = house.newest_session();
    second.kill();
    visit.ends();
    dana_at(&house, &house.gate).ssh(TARGET).runs("true").succeeded();
    assert_eq!(
        house.facts_of("session-recovered").len(),
        0,
        "another node's recording is not there to recover"
    );
    second.rise();
    let recovered = soon("the recovery", || house.facts_of("session-recovered").pop());
    assert_eq!(recovered.session.as_deref(), Some(session.as_str()));
}

#[test]
fn the_visits_of_a_node_that_does_not_come_back_are_declared_lost_by_another() {
    let house =
        House::furnish().on(Engine::Postgresql).with("CHAPERONE_SESSION__LOST_AFTER_SECONDS", "8").start();
    let mut second = house.gate.beside(&house.folder().join("second"));
    second.rise();
    house.open_window("dana", "exec", "+10m");
    let mut visit = dana_at(&house, &second).ssh(TARGET).begins("echo in; sleep 1000");
    visit.shows("in");
    let session = house.newest_session();
    std::thread::sleep(Duration::from_secs(10));
    assert!(house.facts_of("session-lost").is_empty(), "a quiet node with a visit still gives signs");
    second.kill();
    visit.ends();
    let lost = soon("the loss to be declared", || house.facts_of("session-lost").pop());
    assert_eq!(lost.session.as_deref(), Some(session.as_str()));
    assert_eq!((&lost.body["node"], &lost.body["declared_by"]), (&"gate-2".into(), &"gate".into()));
    let state = || house.sam().does(&["session", "show", &session])["state"].as_str().unwrap().to_owned();
    assert_eq!(state(), "lost");
    house.syslog.hears(Duration::from_secs(15), "the lost session", |message| {
        message.title().is_some_and(|title| title.contains("without its sealed recording"))
    });
    // It comes back after all: what it finds is adopted, and the ledger holds both.
    second.rise();
    let recovered = soon("the recovery", || house.facts_of("session-recovered").pop());
    assert_eq!(recovered.session.as_deref(), Some(session.as_str()));
    assert_eq!((state().as_str(), house.facts_of("session-lost").len()), ("sealed", 1));
    assert_eq!(second.person("sam").does(&["recording", "verify", &session])["sound"], true);
}
