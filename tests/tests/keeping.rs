//! Evidence is kept as long as its class says and a hold beats it; only the retention job deletes, and it is fooled by no
//! clock. The gate's past is made with libfaketime.

use std::path::{Path, PathBuf};

use chaperone_tests::{House, TARGET, soon, workspace};

/// A visit that ended and was sealed.
fn visited(house: &House) -> String {
    house.open_window("dana", "exec", "+10m");
    house.technician("dana").ssh(TARGET).runs("echo done").succeeded();
    let session = house.newest_session();
    house.sealed(&session);
    session
}

fn file(house: &House, session: &str) -> PathBuf {
    house.gate.data().join("recordings").join(format!("{session}.chap"))
}

#[test]
fn a_recording_over_its_time_is_deleted_once_the_clock_is_vouched_for_and_no_hold_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    let mut house = House::furnish().by_a_clock(&clock, "-34560000").start();
    let session = visited(&house);
    house.gate.stop();
    std::fs::write(&clock, "+0\n").unwrap();
    house.gate.rise();
    let (sam, lee) = (house.sam(), house.gate.person("lee"));

    // 400 days at one stroke are a leap: a clock that was turned, for all the ledger can tell.
    let stopped = lee.tries(&["retention", "run"]);
    assert!(stopped.status == Some(1) && stopped.err.contains("no fact from"), "{stopped:?}");
    assert!(file(&house, &session).is_file());
    soon("the SOC to hear", || {
        house.sam().lists(&["alert", "list"]).into_iter().find(|alert| alert["rule"] == "retention-stopped")
    });
    let allowed = lee.does(&["retention", "allow", "--reason", "the gate was in store for a year"]);
    let word = allowed["word"]["id"].as_str().unwrap().to_owned();
    assert_eq!(lee.tries(&["retention", "agree", &word]).status, Some(1), "one person is not two");
    sam.does(&["retention", "agree", &word]);

    let hold = sam.does(&["keep", "add", "--session", &session, "--reason", "claim 7"]);
    let hold = hold["id"].as_str().unwrap();
    let run = lee.does(&["retention", "run"]);
    assert_eq!(
        (run["recordings_held"].as_u64(), run["recordings_deleted"].as_u64()),
        (Some(1), Some(0)),
        "{run:#}"
    );
    let first = sam.does(&["keep", "lift", hold, "--reason", "settled"]);
    assert_eq!(first["done"], false, "{first:#}");
    assert_ne!(
        sam.tries(&["keep", "lift", hold, "--reason", "settled"]).answer["done"],
        true,
        "not twice oneself"
    );
    assert_eq!(house.gate.person("adam").tries(&["keep", "lift", hold, "--reason", "x"]).status, Some(1));
    assert_eq!(lee.does(&["keep", "lift", hold, "--reason", "settled"])["done"], true);

    let would = lee.does(&["retention", "run", "--dry-run"]);
    assert_eq!(
        (would["recordings_due"].as_u64(), would["recordings_deleted"].as_u64()),
        (Some(1), Some(0)),
        "{would:#}"
    );
    assert!(file(&house, &session).is_file());
    let run = lee.does(&["retention", "run"]);
    assert_eq!(run["recordings_deleted"].as_u64(), Some(1), "{run:#}");
    assert!(!file(&house, &session).exists());

    let expired = house.fact("recording-expired");
    let deleted = house.fact("recording-deleted");
    assert!(expired.number < deleted.number && expired.session.as_deref() == Some(session.as_str()));
    let said = sam.tries(&["recording", "verify", &session]);
    assert!(said.status == Some(1) && said.err.contains("deleted by retention on"), "{said:?}");
    assert!(said.err.contains(&format!("by class standard (fact {})", deleted.number)), "{said:?}");
    let played = sam.tries(&["recording", "play", &session]);
    assert!(played.err.contains("deleted by retention"), "{played:?}");
    assert_eq!(sam.does(&["recording", "show", &session])["state"], "deleted");
    assert!(house.facts_of("evidence-unsound").is_empty(), "nobody is alarmed");
    assert_eq!(sam.does(&["ledger", "verify"])["sound"], true);
    // And the gate comes up again without asking for what is gone.
    house.gate.stop();
    house.gate.rise();
    assert!(house.facts_of("session-lost").is_empty() && house.facts_of("recording-unknown").is_empty());
}

#[test]
fn a_clock_that_is_turned_years_forward_deletes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    let mut house = House::furnish().by_a_clock(&clock, "+0").start();
    let session = visited(&house);
    house.gate.stop();
    std::fs::write(&clock, "+63072000\n").unwrap();
    house.gate.rise();
    // Visits go on, and the clock agrees with itself.
    let run = house.gate.person("lee").tries(&["retention", "run"]);
    assert!(run.status == Some(1) && run.err.contains("no fact from"), "{run:?}");
    assert!(file(&house, &session).is_file());
    assert!(house.facts_of("recording-expired").is_empty() && house.facts_of("bodies-cleared").is_empty());
}

#[test]
fn a_lead_lengthens_alone_and_shortens_with_a_second_person() {
    let house = House::start();
    let (sam, lee) = (house.sam(), house.gate.person("lee"));
    let set = |recordings: &str, facts: &str| {
        lee.tries(&[
            "retention",
            "set",
            "standard",
            "--facts",
            facts,
            "--recordings",
            recordings,
            "--reason",
            "policy 12",
        ])
    };
    assert_eq!(set("2y", "7y").answer["done"], true, "longer");
    let shorter = set("30d", "7y");
    assert_eq!(shorter.answer["done"], false, "{shorter:?}");
    let standard = || {
        let shown = sam.does(&["retention", "list"]);
        shown["classes"][0]["recordings_days"].as_u64().unwrap()
    };
    assert_eq!(standard(), 731);
    let word = shorter.answer["word"]["id"].as_str().unwrap().to_owned();
    assert_eq!(lee.tries(&["retention", "agree", &word]).status, Some(1));
    sam.does(&["retention", "agree", &word]);
    assert_eq!(standard(), 30);
    assert_eq!(sam.tries(&["retention", "agree", &word]).status, Some(1), "once");
    let wrong = set("8y", "7y");
    assert!(wrong.status == Some(1) && wrong.err.contains("at least as long as recordings"), "{wrong:?}");
    for (login, words) in [
        ("sam", &["retention", "set", "short", "--facts", "1y", "--recordings", "1d", "--reason", "x"][..]),
        ("adam", &["retention", "run"]),
        ("audrey", &["retention", "allow", "--reason", "x"]),
        ("priya", &["keep", "add", "--target", TARGET, "--reason", "x"]),
    ] {
        let said = house.gate.person(login).tries(words);
        assert_eq!(said.status, Some(1), "{login}: {said:?}");
    }
    // Another class is nobody's until it is assigned; a shorter one of a server's takes two again.
    lee.does(&["retention", "set", "brief", "--facts", "90d", "--recordings", "1d", "--reason", "lab"]);
    let assigned = lee.does(&["retention", "assign", "brief", "--target", TARGET, "--reason", "lab"]);
    assert_eq!(assigned["done"], false, "{assigned:#}");
    lee.does(&["retention", "refuse", assigned["word"]["id"].as_str().unwrap()]);
    let changed = house.facts_of("retention-changed");
    assert_eq!(changed.len(), 3);
    assert_eq!(changed[1].body["by"].as_array().unwrap().len(), 2, "both are named");
    let _ = house.fact("second-word-withdrawn");
    assert!(!house.facts_of("second-word-denied").is_empty());
}

/// Where evidence may be changed or deleted: the file, and what of it.
const MAY: &[(&str, &str)] = &[
    ("broker/store/src/emptying.rs", "UPDATE facts"),
    // A fork takes out what the lost history had signed; the fork is a fact.
    ("broker/store/src/ledger.rs", "DELETE FROM checkpoints"),
];

#[test]
fn no_text_of_ours_deletes_or_changes_evidence_but_retention_s() {
    let mut found = Vec::new();
    for folder in ["broker", "recorder", "web/api", "migrations"] {
        texts(&workspace().join(folder), &mut |path, text| {
            let path = path.strip_prefix(workspace()).unwrap().to_str().unwrap().to_owned();
            if path.contains("/tests/") || path.ends_with("tests.rs") {
                return;
            }
            // Triggers say what is refused, in the same words.
            let text: Vec<&str> = text.lines().filter(|line| !line.contains("BEFORE ")).collect();
            let text = text.join("\n");
            for table in ["facts", "checkpoints", "sessions", "second_words", "holds", "recordings"] {
                for verb in ["DELETE FROM", "UPDATE", "TRUNCATE", "DROP TABLE"] {
                    let words = format!("{verb} {table}");
                    let changes = text.match_indices(&words).any(|(at, _)| {
                        !text[at + words.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
                    });
                    // What a visit, a word or a hold comes to is kept in its row; nothing takes the row away.
                    let row = verb == "UPDATE" && !matches!(table, "facts" | "checkpoints");
                    if changes && !row {
                        found.push((path.clone(), words));
                    }
                }
            }
        });
    }
    found.sort();
    let may: Vec<_> = MAY.iter().map(|(path, words)| ((*path).to_owned(), (*words).to_owned())).collect();
    assert_eq!(found, may, "evidence is changed or deleted elsewhere");
}

#[test]
fn no_code_of_ours_removes_a_recording_but_retention_s() {
    let mut callers = Vec::new();
    texts(&workspace().join("broker"), &mut |path, text| {
        let path = path.strip_prefix(workspace()).unwrap().to_str().unwrap().to_owned();
        if !path.contains("/tests/") && text.contains("folder.delete(") {
            callers.push(path);
        }
    });
    assert_eq!(callers, ["broker/desk/src/retention/recordings.rs"]);
}

fn texts(folder: &Path, check: &mut dyn FnMut(&Path, &str)) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "target" && name != "node_modules" {
            texts(&path, check);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "sql") {
            check(&path, &std::fs::read_to_string(&path).unwrap());
        }
    }
}
