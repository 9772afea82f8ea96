//! Whoever holds a checkpoint can check a fact, and that nothing before it was rewritten, with the command line's answers.

use chaperone_tests::{TARGET, get, on_both_databases};
use serde_json::Value;

fn proofs_exports_and_kept_checkpoints(house: chaperone_tests::Furnishing) {
    let house = house.start();
    house.technician("dana").ssh(TARGET).runs("true").refused();
    let audrey = house.gate.person("audrey");
    let refused = house.fact("attempt-refused").number.to_string();
    // A proof of it wants a checkpoint that has it.
    audrey.does(&["ledger", "proof", "--fact", &refused]);
    let kept = audrey.does(&["ledger", "checkpoint"])["note"].as_str().unwrap().to_owned();
    let held = kept.lines().nth(1).unwrap().to_owned();
    house.open_window("dana", "exec", "+10m");

    let proof = audrey.does(&["ledger", "proof", "--fact", &refused]);
    let text = audrey.runs(&["ledger", "proof", "--fact", &refused]).succeeded().text();
    assert!(text.starts_with(&format!("c2sp.org/tlog-proof@v1\nindex {refused}\n")), "{text}");
    assert!(proof["path"].as_array().unwrap().len() > 3 && proof["leaf_hash"].is_string(), "{proof:#}");
    let path = format!("/api/ledger/proof/inclusion?fact={refused}&format=text");
    let plain = get(house.gate.web_port(), &path, Some(&audrey.token)).unwrap();
    assert!(plain.status == 200 && plain.body.starts_with("c2sp.org/tlog-proof@v1\n"), "{}", plain.body);
    let growth = audrey.runs(&["ledger", "proof", "--from", &held]).succeeded().text();
    assert!(growth.starts_with(&format!("old {held}\n")), "{growth}");
    let beyond = audrey.tries(&["ledger", "proof", "--fact", "999999"]);
    assert!(beyond.status == Some(1) && beyond.err.contains("facts so far"), "{beyond:?}");

    // What leaves the house recomputes: a leaf's hash in the file is the one that the proof is of.
    let file = house.folder().join("facts.jsonl");
    let out = file.to_str().unwrap();
    let wrote = audrey.does(&["ledger", "export", "--to", &held, "-o", out, "--reason", "yearly audit"]);
    let lines: Vec<Value> = std::fs::read_to_string(&file)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((wrote["facts"].to_string(), lines.len().to_string()), (held.clone(), held.clone()));
    let line = lines.iter().find(|line| line["number"] == refused.as_str()).unwrap();
    assert_eq!(line["leaf_hash"], proof["leaf_hash"]);
    assert_eq!(line["document"]["body"]["reason"], "no-window");
    let found = audrey.does(&["ledger", "facts", "--kind", "attempt-refused", "--person", "dana"]);
    assert_eq!(found["facts"].as_array().unwrap().len(), 1, "{found:#}");

    // What the SOC holds is on the way; what it never signed is not.
    let notes = house.folder().join("kept.notes");
    let newest = audrey.does(&["ledger", "checkpoint"])["note"].as_str().unwrap().to_owned();
    std::fs::write(&notes, format!("{kept}\n{newest}")).unwrap();
    let notes = notes.to_str().unwrap();
    let sound = audrey.does(&["ledger", "verify", "--checkpoint", notes, "--reason", "yearly audit"]);
    assert!(
        sound["sound"] == true && sound["summary"].as_str().unwrap().contains("given checkpoints"),
        "{sound:#}"
    );
    std::fs::write(notes, kept.replace(&format!("\n{held}\n"), "\n3\n")).unwrap();
    let forged = audrey.tries(&["ledger", "verify", "--checkpoint", notes]);
    assert!(forged.status == Some(1) && forged.answer["sound"] == false, "{forged:?}");
    std::fs::write(notes, "nothing signed\n").unwrap();
    assert_eq!(audrey.tries(&["ledger", "verify", "--checkpoint", notes]).status, Some(2));
    for (login, words) in [
        ("dana", &["ledger", "facts"][..]),
        ("dana", &["ledger", "proof", "--fact", "0"]),
        ("priya", &["ledger", "facts"]),
        ("adam", &["ledger", "export", "-o", "/nonexistent/x", "--reason", "x"]),
    ] {
        assert_eq!(house.gate.person(login).tries(words).status, Some(1), "{login}: {words:?}");
    }
}

on_both_databases!(proofs_exports_and_kept_checkpoints);
