//! What is copied while visits run begins again somewhere else: the gate notices what it lost, appends nothing until two
//! people say so, and names every recording that the copy does not know.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chaperone_tests::{Database, Furnishing, House, Process, Ran, TARGET, get, on_both_databases, soon};
use serde_json::Value;

fn on_host(house: &House, words: &[&str]) -> Ran {
    let config = house.gate.config();
    let mut command = house.gate.command();
    command.arg(words[0]).args(["--config", config.to_str().unwrap(), "--json"]).args(&words[1..]);
    Process::run("chaperone", Duration::from_secs(60), &mut command)
}

/// Copies everything, as the operator's guide says: a PostgreSQL first, with its own tool.
fn backs_up(house: &House, to: &Path) -> Value {
    if let Database::Postgresql(_) = house.database {
        fs::create_dir_all(to).unwrap();
        house.database.dump(&to.join("chaperone.dump"));
    }
    let ran = on_host(house, &["backup", "-o", to.to_str().unwrap()]).succeeded();
    serde_json::from_slice(&ran.out).unwrap()
}

fn recording(house: &House, session: &str) -> PathBuf {
    house.gate.data().join("recordings").join(format!("{session}.chap"))
}

/// How many facts a signed checkpoint counts.
fn counted(checkpoint: &Value) -> u64 {
    checkpoint["note"].as_str().unwrap().lines().nth(1).unwrap().parse().unwrap()
}

fn visits(house: &House) -> String {
    house.technician("dana").ssh(TARGET).runs("echo done").succeeded();
    let session = house.newest_session();
    house.sealed(&session);
    session
}

on_both_databases!(
    what_was_copied_begins_again_and_what_was_lost_is_named,
    a_copy_of_a_gate_at_rest_begins_again_as_if_nothing_had_been,
);

#[expect(clippy::too_many_lines, reason = "one story, told in its order: copy, loss, restore, fork")]
fn what_was_copied_begins_again_and_what_was_lost_is_named(house: Furnishing) {
    let mut house = house.start();
    house.open_window("dana", "exec", "+30m");
    let before = visits(&house);
    let copy = house.folder().join("copy");
    // Twice, with a visit in between and another that runs on: the second copy takes only what is new.
    let first = backs_up(&house, &copy);
    let mut running = house.technician("dana").ssh(TARGET).begins("echo in; cat");
    running.shows("in");
    let live = house.newest_session();
    let second = backs_up(&house, &copy);
    assert!(
        first["recordings"].as_u64() >= Some(1) && second["recordings"].as_u64() >= Some(1),
        "{first} {second}"
    );
    assert!(second["keys"].as_array().unwrap().iter().any(|key| key == "ledger.key"), "{second:#}");
    assert!(!copy.join("keys").exists(), "keys are listed, and not copied unasked");
    // What follows is in no copy.
    running.ends_input();
    assert!(running.ends().0.success());
    house.sealed(&live);
    let lost = visits(&house);
    let kept_by_the_soc = house.folder().join("checkpoint");
    let written = house.facts().len() as u64;
    let note = soon("a checkpoint of all that", || {
        let note = house.sam().does(&["ledger", "checkpoint"]);
        (counted(&note) >= written).then_some(note)
    });
    fs::write(&kept_by_the_soc, note["note"].as_str().unwrap()).unwrap();

    // The disk of the database is lost, and what the node kept beside it; that of the recordings is not.
    house.gate.kill();
    fs::remove_dir_all(house.gate.data().join("store")).unwrap();
    match &house.database {
        Database::Sqlite(path, _) => fs::remove_file(path).unwrap(),
        Database::Postgresql(_) => house.database.load(&copy.join("chaperone.dump")),
    }
    let put_back =
        ["restore", "--from", copy.to_str().unwrap(), "--checkpoint", kept_by_the_soc.to_str().unwrap()];
    on_host(&house, &put_back).succeeded();
    house.gate.rise();

    let ready = get(house.gate.web_port(), "/readyz", None).unwrap();
    assert!(ready.status == 503 && ready.body.contains("went back"), "{}", ready.body);
    let said = house.priya().tries(&[
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
    assert!(said.status == Some(1) && said.err.contains("older than what the gate has signed"), "{said:?}");
    assert!(house.facts_of("recording-unknown").is_empty());
    let fork = ["ledger", "fork", "--reason", "the disk of the database was lost, CHG0031400"];
    assert_eq!(house.gate.person("lee").does(&fork)["done"], false);
    assert_eq!(house.admin().does(&fork)["done"], true);

    let unknown = soon("the alarm about what the copy does not know", || {
        let facts = house.facts_of("recording-unknown");
        facts.iter().any(|fact| fact.body["recording"] == lost.as_str()).then_some(facts)
    });
    assert!(unknown.iter().all(|fact| fact.body["recording"] != before.as_str()), "{unknown:?}");
    soon("the alert", || {
        house.sam().lists(&["alert", "list"]).into_iter().find(|alert| alert["rule"] == "recording-lost")
    });
    assert!(recording(&house, &lost).is_file(), "it is evidence still");
    // The visit that ran while the copy was made is settled by its file.
    house.sealed(&live);
    for session in [&before, &live] {
        assert_eq!(house.sam().does(&["recording", "verify", session])["sound"], true, "{session}");
    }
    let forked = house.fact("ledger-forked");
    assert_eq!(
        forked.body["signed"]["size"],
        counted(&note).to_string(),
        "what the SOC holds is what was lost: {:#}",
        forked.body
    );
    assert_eq!(house.sam().does(&["ledger", "verify"])["sound"], true);
    soon("visits to be possible again", || {
        (house.technician("dana").ssh(TARGET).runs("true").status == Some(0)).then_some(())
    });
}

fn a_copy_of_a_gate_at_rest_begins_again_as_if_nothing_had_been(house: Furnishing) {
    let mut house = house.start();
    house.open_window("dana", "exec", "+30m");
    let session = visits(&house);
    house.gate.stop();
    let copy = house.folder().join("copy");
    backs_up(&house, &copy);
    let data = house.gate.data();
    fs::remove_dir_all(data.join("recordings")).unwrap();
    fs::remove_dir_all(data.join("store")).unwrap();
    match &house.database {
        Database::Sqlite(path, _) => fs::remove_file(path).unwrap(),
        Database::Postgresql(_) => house.database.load(&copy.join("chaperone.dump")),
    }
    on_host(&house, &["restore", "--from", copy.to_str().unwrap()]).succeeded();
    house.gate.rise();
    assert_eq!(get(house.gate.web_port(), "/readyz", None).unwrap().status, 200);
    assert_eq!(house.sam().does(&["recording", "verify", &session])["sound"], true);
    assert_eq!(house.sam().does(&["ledger", "verify"])["sound"], true);
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
}

#[test]
fn nothing_is_put_back_under_a_running_gate_or_from_a_folder_that_is_no_copy() {
    let mut house = House::start();
    let copy = house.folder().join("copy");
    backs_up(&house, &copy);
    let said = on_host(&house, &["restore", "--from", copy.to_str().unwrap()]);
    assert!(said.status == Some(1) && said.err.contains("another node runs"), "{said:?}");
    house.gate.stop();
    let empty = house.folder().join("empty");
    fs::create_dir(&empty).unwrap();
    let said = on_host(&house, &["restore", "--from", empty.to_str().unwrap()]);
    assert!(said.status == Some(1) && said.err.contains("there is no"), "{said:?}");
    // What is there is moved aside, never lost.
    on_host(&house, &["restore", "--from", copy.to_str().unwrap()]).succeeded();
    let names: Vec<String> = fs::read_dir(house.gate.config().with_file_name(""))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().any(|name| name.contains("before-")), "{names:?}");
    house.gate.rise();
}
