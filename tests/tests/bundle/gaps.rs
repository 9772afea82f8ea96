//! What a bundle cannot show, it names.

use std::process::Command;
use std::time::Duration;

use chaperone_tests::{House, Process, TARGET, chaperone, contains};
use serde_json::Value;

use crate::verdict::judged;
use crate::{ledger_key, make};

const TIMES: [&str; 6] = ["--target", TARGET, "--from", "-12000h", "--to", "now"];

/// A visit that ended and was sealed.
fn visited(house: &House) -> String {
    house.open_window("dana", "exec", "+10m");
    house.technician("dana").ssh(TARGET).runs("echo seen-on-screen").succeeded();
    let session = house.newest_session();
    house.sealed(&session);
    session
}

/// The names of the gaps, each with the number or the session.
fn gaps(report: &Value) -> Vec<(&str, &str)> {
    let gaps = report["gaps"].as_array().unwrap().iter();
    gaps.map(|gap| {
        let place = gap["number"].as_str().or(gap["session"].as_str());
        (gap["name"].as_str().unwrap(), place.unwrap_or_default())
    })
    .collect()
}

#[test]
fn keys_that_are_withheld_leave_a_named_gap() {
    let house = House::start();
    let session = visited(&house);
    let withheld = make(&house, "withheld.tar", &[&TIMES[..], &["--withhold", &session]].concat());
    let (status, report) = judged(&withheld, &ledger_key(&house), &[]);
    assert_eq!((status, gaps(&report)), (Some(0), vec![("key-withheld", session.as_str())]), "{report:#}");
    assert_eq!(report["session_list"][0]["content"], "not-opened");
}

#[test]
fn keys_that_are_sealed_are_opened_by_whoever_they_are_sealed_to() {
    let house = House::start();
    visited(&house);
    let identity = house.folder().join("auditor.identity");
    let mut command = Command::new(chaperone());
    command.args(["key", "new", "evidence", "-o"]).arg(&identity);
    let said = Process::run("chaperone key new", Duration::from_secs(20), &mut command).succeeded().text();
    let to = said.split_whitespace().find(|word| word.starts_with("age1")).expect("it prints a recipient");
    let sealed = make(&house, "sealed.tar", &[&TIMES[..], &["--to-recipient", to]].concat());
    let bytes = std::fs::read(&sealed).unwrap();
    assert!(!contains(&bytes, b"seen-on-screen"), "what is derived would tell what the keys are sealed for");
    let key = ledger_key(&house);
    let (status, report) = judged(&sealed, &key, &[]);
    assert_eq!((status, gaps(&report)), (Some(0), vec![("keys-sealed", "")]), "{report:#}");
    assert_eq!(report["session_list"][0]["content"], "not-opened");
    let (status, report) = judged(&sealed, &key, &["--identity", identity.to_str().unwrap()]);
    assert_eq!((status, gaps(&report)), (Some(0), vec![]), "{report:#}");
    assert_eq!(report["session_list"][0]["content"], "opened");
}

#[test]
fn what_retention_has_deleted_is_a_named_gap_and_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    let mut house = House::furnish().by_a_clock(&clock, "-34560000").start();
    let session = visited(&house);
    let admitted = house.fact("session-admitted").number.to_string();
    house.gate.stop();
    std::fs::write(&clock, "+0\n").unwrap();
    house.gate.rise();
    let (sam, lee) = (house.sam(), house.gate.person("lee"));
    let together = |words: &[&str]| {
        let asked = lee.does(&[words, &["--reason", "the gate was in store for a year"]].concat());
        sam.does(&["retention", "agree", asked["word"]["id"].as_str().unwrap()]);
    };
    together(&["retention", "allow"]);
    assert_eq!(lee.does(&["retention", "run"])["recordings_deleted"], 1);
    let bundle = make(&house, "without-recording.tar", &TIMES);
    let key = ledger_key(&house);
    let (status, report) = judged(&bundle, &key, &[]);
    assert_eq!(status, Some(0), "{report:#}");
    assert_eq!(gaps(&report), [("recording-deleted", session.as_str())], "{report:#}");
    assert_eq!(report["session_list"][0]["recording"], "deleted");

    together(&["retention", "set", "standard", "--facts", "90d", "--recordings", "1d"]);
    let run = lee.does(&["retention", "run"]);
    assert!(run["words_cleared"].as_u64() > Some(0), "{run:#}");
    let bundle = make(&house, "without-words.tar", &TIMES);
    let (status, report) = judged(&bundle, &key, &[]);
    assert_eq!(status, Some(0), "{report:#}");
    assert!(gaps(&report).contains(&("body-deleted", admitted.as_str())), "{report:#}");
}
