//! A server's own log against the ledger: whoever came around the gate is found, and nobody else is suspected.

use std::process::Command;
use std::time::Duration;

use chaperone_tests::{House, Process, TARGET, on_both_databases, soon};
use jiff::{Timestamp, ToSpan};

/// Somebody who has the account's key signs in to the server without the gate.
fn around_the_gate(house: &House) {
    let mut ssh = Command::new("ssh");
    ssh.args([
        "-F",
        "none",
        "-o",
        "BatchMode=yes",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
    ]);
    ssh.arg("-i").arg(&house.target.account_key().private).args(["-p", &house.target.port().to_string()]);
    ssh.arg(format!("{}@127.0.0.1", house.target.account())).arg("true");
    Process::run("ssh around the gate", Duration::from_secs(30), &mut ssh).succeeded();
}

/// The server's log as it is, in a file.
fn log(house: &House, text: &str) -> String {
    let file = house.folder().join("auth.log");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

fn accepted(house: &House) -> usize {
    house.target.log().lines().filter(|line| line.starts_with("Accepted publickey for ")).count()
}

fn exactly_the_sign_in_around_the_gate_alarms(house: chaperone_tests::Furnishing) {
    let house = house.start();
    house.open_window("dana", "exec", "+10m");
    house.technician("dana").ssh(TARGET).runs("echo through").succeeded();
    house.sealed(&house.newest_session());
    let file = log(&house, &house.target.log());
    let words = ["reconcile", "--target", TARGET, "--auth-log", &file, "--reason", "weekly comparison"];
    let fits = house.sam().does(&words);
    assert_eq!(
        (&fits["explained"], fits["unexplained"].as_array().unwrap().len()),
        (&1.into(), 0),
        "{fits:#}"
    );
    assert!(fits["without_sign_in"].as_array().unwrap().is_empty(), "{fits:#}");

    around_the_gate(&house);
    soon("the server to write it down", || (accepted(&house) == 2).then_some(()));
    log(&house, &house.target.log());
    let said = house.sam().tries(&words);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.err.contains("no visit explains"), "{}", said.err);
    let unexplained = said.answer["unexplained"].as_array().unwrap();
    assert_eq!((&said.answer["explained"], unexplained.len()), (&1.into(), 1), "{:#}", said.answer);
    assert_eq!(unexplained[0]["account"], house.target.account());
    assert!(unexplained[0]["source"].as_str().unwrap().starts_with("127.0.0.1:"));
    let alarm = house.fact("sign-in-unexplained");
    assert_eq!(alarm.body["source"], unexplained[0]["source"]);
    assert_eq!(house.facts_of("sign-in-unexplained").len(), 1);
    let alert = soon("the alert", || {
        let alerts = house.sam().lists(&["alert", "list"]);
        alerts.into_iter().find(|alert| alert["rule"] == "sign-in-unexplained")
    });
    assert_eq!(alert["severity"], "critical");
    let compared = house.facts_of("reconciled");
    assert_eq!(compared.len(), 2);
    assert!(compared.iter().all(|fact| fact.body["reason"] == "weekly comparison"));
    // A visit that the server's log has lost is said as well.
    log(&house, "Server listening on 127.0.0.1 port 22.\n");
    let lost = house.sam().tries(&words);
    assert_eq!((lost.status, &lost.answer["understood"]), (Some(1), &0.into()), "{lost:?}");
    assert!(lost.answer["summary"].as_str().unwrap().contains("right log"), "{lost:?}");
    // Nothing that may be a sign-in is passed over in silence.
    log(&house, "28 Nov 2026 07:10 alaris sshd[7]: Accepted password for svc from 203.0.113.9 port 9 ssh2\n");
    let unread = house.sam().tries(&words);
    assert_eq!((unread.status, &unread.answer["unread"]), (Some(1), &1.into()), "{unread:?}");
    assert!(unread.answer["summary"].as_str().unwrap().contains("COULD NOT BE READ (lines 1)"), "{unread:?}");
}

on_both_databases!(exactly_the_sign_in_around_the_gate_alarms);

#[test]
fn a_log_with_times_is_compared_by_time_and_port_and_only_where_asked() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    house.technician("dana").ssh(TARGET).runs("echo through").succeeded();
    house.sealed(&house.newest_session());
    around_the_gate(&house);
    soon("the server to write it down", || (accepted(&house) == 2).then_some(()));
    let now = Timestamp::now();
    let stamped = |at: Timestamp| {
        let lines = house.target.log();
        lines.lines().map(|line| format!("{at} alaris sshd[7]: {line}\n")).collect::<String>()
    };
    let file = log(&house, &stamped(now));
    let said = house.sam().tries(&["reconcile", "--target", TARGET, "--auth-log", &file]);
    assert_eq!(
        (said.status, said.answer["unexplained"].as_array().map(Vec::len)),
        (Some(1), Some(1)),
        "{said:?}"
    );
    assert_eq!((&said.answer["format"], &said.answer["explained"]), (&"sshd".into(), &1.into()));
    // A log whose clock is hours off explains nothing by ports that may be others' by then.
    let file = log(&house, &stamped(now - 9.hours()));
    let said = house.sam().tries(&["reconcile", "--target", TARGET, "--auth-log", &file]);
    assert_eq!(said.answer["unexplained"].as_array().map(Vec::len), Some(2), "{said:?}");
    // Nothing happened before yesterday.
    let said = house.sam().does(&["reconcile", "--target", TARGET, "--auth-log", &file, "--to", "-24h"]);
    assert!(said["unexplained"].as_array().unwrap().is_empty(), "{said:#}");
}

#[test]
fn who_may_not_search_evidence_compares_nothing_and_wrong_questions_are_named() {
    let house = House::start();
    let file = log(&house, "x\n");
    for login in ["dana", "priya", "adam"] {
        let said = house.gate.person(login).tries(&["reconcile", "--target", TARGET, "--auth-log", &file]);
        assert_eq!(said.status, Some(1), "{login}: {said:?}");
    }
    for (words, named) in [
        (&["--target", "alaris-sm-77", "--auth-log", &file][..], "alaris-sm-77"),
        (&["--target", TARGET, "--auth-log", &file, "--time-zone", "Mars/Olympus"], "time_zone"),
        (&["--target", TARGET, "--auth-log", "/nonexistent"], "/nonexistent"),
    ] {
        let words: Vec<&str> = ["reconcile"].iter().chain(words).copied().collect();
        let said = house.sam().tries(&words);
        assert!(matches!(said.status, Some(1 | 2)) && said.err.contains(named), "{words:?}: {said:?}");
    }
    assert!(house.facts_of("reconciled").is_empty());
}
