//! What a desk reads out of recordings: it is there soon after a visit, it finds and seeks, it can be thrown away and made
//! again, and every look into it is a fact. And the forms in which a recording leaves the house.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use chaperone_tests::{House, Process, TARGET, contains, get, on_both_databases, soon};
use serde_json::Value;

on_both_databases!(a_phrase_is_found_with_its_second_and_the_search_is_a_fact);

/// A visit to a shell and one to a command, sealed; their ids.
fn visits(house: &House) -> (String, String) {
    house.open_window("dana", "shell,exec", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens_a_shell();
    terminal.types("PS1='svc@pump:~$ '; echo re$((0))ady\n");
    terminal.shows("re0ady");
    terminal.types("printf 'Drug Library %s\\033[31m updated\\033[0m\\n' 9.$((3 + 4))\n");
    terminal.shows("9.7");
    terminal.types("read -s -p 'co'de: x; echo; echo t$((1 + 1))ken\n");
    terminal.shows("code:");
    terminal.types("typed-secret-7\n");
    terminal.shows("t2ken");
    terminal.types("exit\n");
    assert_eq!(terminal.ends(), Some(0));
    let shell = house.newest_session();
    house.sealed(&shell);
    house.technician("dana").ssh(TARGET).runs("uname -s; echo er-ror >&2").succeeded();
    let exec = house.newest_session();
    house.sealed(&exec);
    (shell, exec)
}

/// What is found, once the desk has read the recordings.
fn found(house: &House, phrase: &str) -> Vec<Value> {
    soon("the phrase to be found", || {
        Some(house.sam().lists(&["search", phrase])).filter(|hits| !hits.is_empty())
    })
}

fn export(house: &House, session: &str, format: &str) -> (PathBuf, Vec<u8>) {
    let file = house.folder().join(format!("{session}.{format}"));
    let said = house.sam().does(&[
        "recording",
        "export",
        session,
        "--format",
        format,
        "-o",
        file.to_str().unwrap(),
        "--reason",
        "review",
    ]);
    let bytes = fs::read(&file).unwrap();
    assert_eq!(said["bytes"], bytes.len());
    (file, bytes)
}

fn a_phrase_is_found_with_its_second_and_the_search_is_a_fact(house: chaperone_tests::Furnishing) {
    let house = house.start();
    let (shell, exec) = visits(&house);
    let hits = found(&house, "DRUG library 9.7 updated");
    let hit = hits.iter().find(|hit| hit["seen"] == "screen").unwrap();
    assert_eq!(
        (&hit["session"], &hit["person"], &hit["target"]),
        (&shell.clone().into(), &"dana".into(), &TARGET.into())
    );
    assert_eq!(hit["snippet"], "Drug Library 9.7 updated", "colours are no text");
    let at_ms = hit["at_ms"].as_u64().unwrap();
    assert_eq!(hit["link"], format!("/soc/visits/{shell}?at={at_ms}"));
    // The moment that it names shows the line.
    let token = house.gate.token("sam");
    let path = format!("/api/recordings/{shell}/play?channel={}&from_ms={}", hit["channel"], at_ms + 1000);
    let piece = get(house.gate.web_port(), &path, Some(&token)).unwrap();
    assert_eq!(piece.status, 200, "{}", piece.body);
    let command = found(&house, "uname s");
    assert!(
        command.iter().any(|hit| hit["session"] == exec.as_str() && hit["seen"] == "command"),
        "{command:#?}"
    );
    let guess = found(&house, "read s p");
    assert!(guess.iter().any(|hit| hit["seen"] == "command-guess"), "{guess:#?}");

    let sam = house.sam();
    let nothing: [&[&str]; 4] = [
        &["search", "typed secret 7"],
        &["search", "uname", "--person", "viktor"],
        &["search", "uname", "--to", "-1h"],
        &["search", "library drug"],
    ];
    for words in nothing {
        assert!(sam.lists(words).is_empty(), "{words:?}");
    }
    for (words, why) in [
        (&["search", "... !"][..], "there is no word in the phrase"),
        (&["search", "x", "--person", "nobody"], "there is no person"),
        (&["search", "x", "--target", "nothing"], "there is no server"),
    ] {
        let said = sam.tries(words);
        assert!(said.status == Some(1) && said.err.contains(why), "{words:?}: {said:?}");
    }

    sam.does(&["search", "Drug Library", "--target", TARGET, "--reason", "INC0042 library change"]);
    let fact = house.facts_of("evidence-searched").pop().unwrap();
    assert_eq!(fact.body["reason"], "INC0042 library change");
    assert_eq!((&fact.body["words"], &fact.body["characters"]), (&2.into(), &12.into()));
    assert_eq!(fact.body["sha256"].as_str().map(str::len), Some(64));
    assert!(!fact.body.to_string().to_lowercase().contains("library\""), "{:#}", fact.body);
    let before = house.facts_of("evidence-searched").len();
    for nobody in ["priya", "dana", "adam"] {
        assert_eq!(house.gate.person(nobody).tries(&["search", "Drug"]).status, Some(1), "{nobody}");
    }
    assert_eq!(house.facts_of("evidence-searched").len(), before);
    house.gate.person("audrey").does(&["search", "Drug"]);
    assert_eq!(house.facts_of("evidence-searched").len(), before + 1);
}

#[test]
fn what_was_derived_can_be_thrown_away_and_is_made_again() {
    let mut house = House::start();
    let (shell, _) = visits(&house);
    found(&house, "Drug Library 9 7");
    found(&house, "er-ror");
    let config = house.gate.config();
    let rebuild = |house: &House, more: &[&str]| {
        let mut command = house.gate.command();
        command.args(["derived", "rebuild", "--json", "--config", config.to_str().unwrap()]).args(more);
        let ran =
            Process::run("chaperone derived rebuild", Duration::from_secs(30), &mut command).succeeded();
        serde_json::from_slice::<Value>(&ran.out).unwrap()["marked"].as_u64().unwrap()
    };
    assert_eq!(rebuild(&house, &["--session", &shell]), 1);
    assert_eq!(rebuild(&house, &[]), 2);
    found(&house, "Drug Library 9 7");
    house.gate.kill();
    for end in ["", "-wal", "-shm"] {
        drop(fs::remove_file(house.gate.data().join(format!("derived.db{end}"))));
    }
    house.gate.rise();
    found(&house, "Drug Library 9 7");
    assert_eq!(found(&house, "uname s").len(), 1);
}

#[test]
fn a_recording_that_is_not_sound_is_not_derived_and_that_is_a_fact() {
    let mut house = House::start();
    house.gate.stop();
    house.gate.serves_as("gate");
    house.gate.rise();
    let (shell, exec) = visits(&house);
    let file = house.gate.data().join("recordings").join(format!("{shell}.chap"));
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    house.gate.stop();
    house.gate.serves_as("gate,desk");
    house.gate.rise();
    let fact = soon("the failure to be a fact", || house.facts_of("derivation-failed").pop());
    assert_eq!(fact.session.as_deref(), Some(shell.as_str()));
    assert!(house.sam().lists(&["search", "Drug Library"]).is_empty());
    assert_eq!(found(&house, "uname s")[0]["session"], exec.as_str(), "the others are read");
}

#[test]
fn a_recording_that_is_deleted_is_forgotten_by_whoever_derives_it_anew() {
    let house = House::start();
    let (shell, _) = visits(&house);
    found(&house, "Drug Library 9 7");
    fs::remove_file(house.gate.data().join("recordings").join(format!("{shell}.chap"))).unwrap();
    let config = house.gate.config();
    let mut command = house.gate.command();
    command.args(["derived", "rebuild", "--config", config.to_str().unwrap()]);
    Process::run("chaperone derived rebuild", Duration::from_secs(30), &mut command).succeeded();
    soon("its text to be gone", || house.sam().lists(&["search", "Drug Library"]).is_empty().then_some(()));
}

#[test]
fn an_asciicast_v2_plays_in_asciinema() {
    let house = House::start();
    let (shell, _) = visits(&house);
    let (file, cast) = export(&house, &shell, "asciicast-v2");
    let header: Value = serde_json::from_slice(cast.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!(
        (&header["version"], &header["width"], &header["height"]),
        (&2.into(), &80.into(), &24.into())
    );
    for words in ["cat", "play -s 1000 -i 0.01"] {
        // It wants a terminal of its own.
        let mut script = Command::new("script");
        script.args(["-qec", &format!("asciinema {words} {}", file.display()), "/dev/null"]);
        script.env("HOME", house.folder()).env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
        let ran = Process::run("asciinema", Duration::from_secs(60), &mut script).succeeded();
        assert!(ran.text().contains("Drug Library 9.7"), "{words}: {}", ran.text());
    }
    let (_, three) = export(&house, &shell, "asciicast-v3");
    let seconds = |cast: &[u8]| -> Vec<f64> {
        let lines = String::from_utf8_lossy(cast).into_owned();
        let events = lines.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.filter(|event| event[1] == "o").map(|event| event[0].as_f64().unwrap()).collect()
    };
    assert!(seconds(&cast).is_sorted(), "times of v2 count from the beginning");
    assert_eq!(seconds(&cast).len(), seconds(&three).len());
}

#[test]
fn every_record_is_a_line_of_json_and_typed_input_is_a_length() {
    let house = House::start();
    let (shell, exec) = visits(&house);
    let (_, lines) = export(&house, &shell, "jsonl");
    assert!(!contains(&lines, b"typed-secret-7"));
    let records: Vec<Value> =
        String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(records.iter().any(|record| record["masked"] == true && record["stream"] == "input"));
    let shown: String = records.iter().filter_map(|record| record["text"].as_str()).collect();
    assert!(shown.contains("9.7"), "{shown}");
    assert!(records.iter().any(|record| record["event"] == "end"));
    let (_, lines) = export(&house, &exec, "jsonl");
    assert!(contains(&lines, b"\"stderr\"") && contains(&lines, b"uname -s"));
}

#[test]
fn raw_streams_leave_in_a_tar_with_their_hashes_and_without_what_was_typed() {
    let house = House::start();
    let (shell, exec) = visits(&house);
    for (session, name, text) in [
        (&exec, "ch-0.stderr.bin", "er-ror\n"),
        (&exec, "ch-0.stdout.bin", "Linux\n"),
        (&shell, "ch-0.stdout.bin", ""),
    ] {
        let (file, tar) = match house.folder().join(format!("{session}.files")) {
            there if there.exists() => (there.clone(), fs::read(there).unwrap()),
            _ => export(&house, session, "files"),
        };
        assert!(!contains(&tar, b"typed-secret-7"));
        let mut command = Command::new("tar");
        let out = Process::run("tar", Duration::from_secs(20), command.arg("-xOf").arg(&file).arg(name))
            .succeeded();
        assert!(text.is_empty() || out.out == text.as_bytes(), "{name}: {}", out.text());
        let mut command = Command::new("tar");
        let index =
            Process::run("tar", Duration::from_secs(20), command.arg("-xOf").arg(&file).arg("index.json"));
        let index: Value = serde_json::from_slice(&index.succeeded().out).unwrap();
        let listed = index["files"].as_array().unwrap().iter().find(|file| file["name"] == name).unwrap();
        assert_eq!(listed["bytes"], out.out.len().to_string());
        assert_eq!(index["masked"].as_array().unwrap().len(), usize::from(session == &shell), "{index:#}");
    }
}

#[test]
fn a_visit_without_requests_and_forwards_is_an_empty_har_and_an_empty_capture() {
    let house = House::start();
    let (shell, _) = visits(&house);
    let (_, har) = export(&house, &shell, "har");
    let har: Value = serde_json::from_slice(&har).unwrap();
    assert_eq!((&har["log"]["version"], &har["log"]["entries"]), (&"1.2".into(), &serde_json::json!([])));
    let (_, capture) = export(&house, &shell, "pcapng");
    assert!(capture.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) && !contains(&capture, b"typed-secret-7"));
    let said = house.sam().tries(&[
        "recording",
        "export",
        &shell,
        "--format",
        "vhs",
        "-o",
        "/dev/null",
        "--reason",
        "x",
    ]);
    assert!(said.status == Some(2) && said.err.contains("no export format"), "{said:?}");
}
