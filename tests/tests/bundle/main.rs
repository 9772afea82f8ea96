//! A bundle convinces a stranger who has one file, one public key and no network; and whatever is taken out of it or
//! changed in it is named.

mod archive;
mod gaps;
mod verdict;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chaperone_tests::{Furnishing, House, Ready, TARGET, contains, on_both_databases};
use serde_json::Value;

use archive::{entries, tampered, without_fact};
use verdict::{judged, names, verify};

/// The ledger's key, as the hospital hands it over.
fn ledger_key(house: &House) -> String {
    let said = house.sam().does(&["ledger", "checkpoint"]);
    said["verifier_key"].as_str().unwrap_or_else(|| panic!("{said:#}")).to_owned()
}

/// The newest signed checkpoint, kept as it is printed; the key to it stands beside, on standard error.
fn kept_checkpoint(house: &House) -> PathBuf {
    let said = house.sam().runs(&["ledger", "checkpoint"]);
    assert!(said.status == Some(0) && said.err.contains("key "), "{}", said.err);
    let file = house.folder().join("kept.checkpoint");
    std::fs::write(&file, &said.out).unwrap();
    file
}

fn make(house: &House, name: &str, more: &[&str]) -> PathBuf {
    let file = house.folder().join(name);
    let mut words = vec!["bundle", "make", "--reason", "audit of the week", "-o", file.to_str().unwrap()];
    words.extend(more);
    house.gate.person("audrey").does(&words);
    verdict::take_the_second_verifier(&file);
    file
}

fn make_of_target(house: &House, name: &str) -> PathBuf {
    make(house, name, &["--target", TARGET, "--from", "-1h", "--to", "now"])
}

/// What the bundle discloses.
fn documents(bundle: &Path) -> BTreeMap<String, Value> {
    let facts = entries(bundle).into_iter().filter(|(name, _)| name.starts_with("facts/"));
    let lines = facts.flat_map(|(_, text)| {
        String::from_utf8(text).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    });
    lines
        .map(|line| {
            let fact: Value = serde_json::from_str(&line).unwrap();
            let body = serde_json::from_str(fact["body"].as_str().unwrap()).unwrap();
            (fact["number"].as_str().unwrap().to_owned(), body)
        })
        .collect()
}

/// A server that two vendors came to: sessions of both, a refused attempt, one that a crash cut off, one that never began;
/// and another server that only the other vendor came to.
fn a_week(furnishing: Furnishing) -> House {
    let mut house = furnishing.start();
    house.add_target("secret-imaging-7", &house.target, &[]);
    drop(house.technician("viktor").ssh(TARGET).runs("true"));
    drop(house.technician("viktor").ssh("secret-imaging-7").runs("true"));
    house.open_window("dana", "shell,exec", "+30m");
    house.open_window("viktor", "exec", "+30m");
    house.technician("dana").ssh(TARGET).runs("echo evidence-of-dana").succeeded();
    house.sealed(&house.newest_session());
    house.technician("viktor").ssh(TARGET).runs("echo evidence-of-viktor").succeeded();
    house.sealed(&house.newest_session());
    for place in ["before-end", "after-admitted"] {
        house.gate.stop();
        assert_eq!(house.gate.try_to_rise(&[("CHAPERONE_FAILPOINT", place)]), Ready::Serving);
        drop(house.technician("dana").ssh(TARGET).runs("echo cut off"));
        house.gate.dies();
        house.gate.rise();
    }
    house
}

on_both_databases!(a_stranger_with_the_file_and_the_key_sees_every_attempt_and_session);

fn a_stranger_with_the_file_and_the_key_sees_every_attempt_and_session(furnishing: Furnishing) {
    let house = a_week(furnishing);
    let kept = kept_checkpoint(&house);
    let bundle = make_of_target(&house, "week.tar");
    let key = ledger_key(&house);
    let (status, report) = judged(&bundle, &key, &["--checkpoint", kept.to_str().unwrap()]);
    assert_eq!((status, &report["holds"]), (Some(0), &Value::Bool(true)), "{report:#}");
    let attempts =
        house.facts_of("attempt-refused").iter().filter(|fact| fact.body["target"] == TARGET).count();
    assert_eq!(attempts, 1, "viktor's, before his window");
    assert_eq!((&report["attempts"], &report["sessions"]), (&Value::from(5), &Value::from(4)), "{report:#}");
    let outcomes: Vec<_> =
        report["session_list"].as_array().unwrap().iter().map(|s| s["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["session-sealed", "session-sealed", "session-recovered", "session-never-started"]);
    let statement = report["statement"].as_str().unwrap();
    assert!(statement.contains("exactly 5 attempts and 4 sessions on alaris-sm-01"), "{statement}");
    assert!(statement.contains("since the holder received checkpoint C"), "{statement}");
    let words = verify(&bundle, &key, &[]).succeeded().text();
    for expected in [
        "HOLDS.",
        "Dana Reyes (dana) of Meridian Infusion",
        "refused (no-window)",
        "since checkpoint B was signed.",
    ] {
        assert!(words.contains(expected), "{expected} in\n{words}");
    }
    let made = house.fact("bundle-made");
    assert_eq!(made.body["reason"], "audit of the week");
    let hidden = [b"secret-imaging-7".as_slice()];
    let bytes = std::fs::read(&bundle).unwrap();
    assert!(
        hidden.iter().all(|secret| !contains(&bytes, secret)),
        "what is about another server is not in it"
    );
    assert!(contains(&bytes, b"evidence-of-viktor"), "what is derived is in it");
    let stranger = House::furnish().empty();
    let other =
        stranger.gate.installed.pointer("/keys/ledger/verifier").and_then(Value::as_str).unwrap().to_owned();
    let (status, report) = judged(&bundle, &other, &[]);
    assert_eq!(status, Some(1));
    assert!(names(&report, "checkpoint-signature", "ledger/to.checkpoint"), "{report:#}");
}

#[test]
fn whatever_is_removed_or_changed_by_hand_is_named() {
    let house = a_week(House::furnish());
    let (bundle, key) = (make_of_target(&house, "week.tar"), ledger_key(&house));
    let (_, whole) = judged(&bundle, &key, &[]);
    assert_eq!(whole["holds"], true, "{whole:#}");
    let refused = whole["attempt_list"][0]["number"].as_str().unwrap().to_owned();
    let session = whole["session_list"][0]["session"].as_str().unwrap().to_owned();
    let named = |file: &Path, name: &str, place: &str| {
        let (status, report) = judged(file, &key, &[]);
        assert_eq!(status, Some(1), "{name}");
        assert!(names(&report, name, place), "{name} {place} in {:#}", report["failures"]);
        assert!(report["statement"].is_null(), "nothing is claimed: {name}");
    };
    named(&without_fact(&bundle, &refused), "fact-missing", &refused);
    let admitted = whole["session_list"][1]["number"].as_str().unwrap();
    named(&without_fact(&bundle, admitted), "fact-missing", admitted);
    let changed = tampered(&bundle, "facts/", |text| {
        Some(String::from_utf8(text).unwrap().replacen("no-window", "no-windoW", 1).into_bytes())
    });
    named(&changed, "fact-changed", &refused);
    let cut = tampered(&bundle, "ledger/leaves/", |bytes| {
        let len = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
        let second = 4 + len;
        let after = second + 4 + u32::from_be_bytes(bytes[second..second + 4].try_into().unwrap()) as usize;
        Some([&bytes[..second], &bytes[after..]].concat())
    });
    let second = (whole["from"]["size"].as_str().unwrap().parse::<u64>().unwrap() + 1).to_string();
    named(&cut, "leaf-missing", &second);
    let recording = format!("recordings/{session}.chap");
    named(&tampered(&bundle, &recording, |_| None), "recording-missing", &session);
    let flipped = tampered(&bundle, &recording, |mut bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        Some(bytes)
    });
    named(&flipped, "recording-unsound", &session);
    let another_key = tampered(&bundle, "keys.json", |text| {
        let mut keys: Value = serde_json::from_slice(&text).unwrap();
        keys["keys"][&session]["evidence"] = Value::from("07".repeat(32));
        Some(keys.to_string().into_bytes())
    });
    named(&another_key, "key-not-committed", &session);
    let other_tag = tampered(&bundle, "tag-keys.json", |text| {
        let mut keys: Value = serde_json::from_slice(&text).unwrap();
        keys[0]["key"] = Value::from("07".repeat(32));
        Some(keys.to_string().into_bytes())
    });
    let made = house.fact("bundle-made").number.to_string();
    named(&other_tag, "tag-key-wrong", &made);
    let why = tampered(&bundle, "manifest.json", |text| {
        Some(
            String::from_utf8(text)
                .unwrap()
                .replacen("audit of the week", "audit of the weeK", 1)
                .into_bytes(),
        )
    });
    named(&why, "manifest-changed", "manifest.json");
    named(&tampered(&bundle, "custody.json", |_| Some(b"{}".to_vec())), "file-changed", "custody.json");
    named(&tampered(&bundle, "ledger/to.checkpoint", |_| None), "entry-missing", "ledger/to.checkpoint");
    let bytes = std::fs::read(&bundle).unwrap();
    let half = bundle.with_extension("half");
    std::fs::write(&half, &bytes[..bytes.len() / 2]).unwrap();
    let (status, report) = judged(&half, &key, &[]);
    assert_eq!((status, &report["failures"][0]["name"]), (Some(1), &Value::from("archive-truncated")));
    // What the SOC has kept of the same ledger, but of another history.
    let kept = kept_checkpoint(&house);
    let note = std::fs::read_to_string(&kept).unwrap();
    let size = note.lines().nth(1).unwrap();
    std::fs::write(&kept, note.replacen(size, "1", 1)).unwrap();
    let (status, report) = judged(&bundle, &key, &["--checkpoint", kept.to_str().unwrap()]);
    assert_eq!((status, &report["holds"]), (Some(1), &Value::Bool(false)), "{report:#}");
}

#[test]
fn a_windows_bundle_tells_nothing_of_other_vendors() {
    let house = a_week(House::furnish());
    let windows = house.sam().lists(&["window", "list"]);
    let danas = windows.iter().find(|window| window["vendor"] == "Meridian Infusion").unwrap();
    let id = danas["id"].as_str().unwrap();
    let bundle = make(&house, "window.tar", &["--window", id]);
    let (status, report) = judged(&bundle, &ledger_key(&house), &[]);
    assert_eq!(status, Some(0), "{report:#}");
    assert_eq!(report["sessions"], 3, "dana's: {report:#}");
    assert!(report["statement"].as_str().unwrap().contains("at least"), "{report:#}");
    assert!(report["not_disclosed"].as_object().is_some_and(|kinds| !kinds.is_empty()), "{report:#}");
    let viktor = house.priya().does(&["person", "show", "viktor"]);
    let viktor = viktor["id"].as_str().unwrap_or("viktor").to_owned();
    for (number, document) in documents(&bundle) {
        assert!(!document.to_string().contains(&viktor), "fact {number} is about viktor: {document}");
    }
    let bytes = std::fs::read(&bundle).unwrap();
    for other in ["evidence-of-viktor", "Viktor Lind", "Northwind", "secret-imaging-7"] {
        assert!(!contains(&bytes, other.as_bytes()), "{other} is in dana's bundle");
    }
    let session = report["session_list"][0]["session"].as_str().unwrap();
    let one = make(&house, "session.tar", &["--session", session]);
    let (status, report) = judged(&one, &ledger_key(&house), &[]);
    assert_eq!((status, &report["sessions"]), (Some(0), &Value::from(1)), "{report:#}");
}

#[test]
fn only_who_may_export_makes_a_bundle_and_says_why() {
    let house = House::start();
    let file = house.folder().join("refused.tar");
    let words =
        ["bundle", "make", "--target", TARGET, "--from", "-1h", "--to", "now", "-o", file.to_str().unwrap()];
    for login in ["dana", "priya", "adam"] {
        let said = house.gate.person(login).tries(&[&words[..], &["--reason", "curious"]].concat());
        assert_eq!(said.status, Some(1), "{login}: {said:?}");
    }
    let said = house.sam().tries(&[&words[..], &["--reason", " "]].concat());
    assert!(said.status == Some(1) && said.err.contains("reason"), "{said:?}");
    assert!(!file.exists() && house.facts_of("bundle-made").is_empty());
}
