//! `chaperone-verify` as an auditor runs it.

use std::fs;
use std::process::{Command, Output};

use crate::visit::{Gate, Layout};

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_chaperone-verify")).args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_sound_recording_exits_0_and_says_what_was_not_opened() {
    let gate = Gate::new();
    let (session, _) = gate.visit();
    let path = gate.path(session).display().to_string();
    let key = gate.signer.public().to_string();
    let (code, words, _) = run(&[&path, "--key", &key]);
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("SOUND.") && words.contains("the content was not opened"), "{words}");
    let (key_file, identity) = (gate.dir.path().join("key.pem"), gate.dir.path().join("identity.txt"));
    fs::write(&key_file, gate.signer.public().to_pem()).unwrap();
    gate.evidence.save(&identity).unwrap();
    let (key_file, identity) = (key_file.display().to_string(), identity.display().to_string());
    let (code, words, _) = run(&[&path, "--key", &key_file, "--identity", &identity]);
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("what was typed, which stays masked"), "{words}");
    let (code, json, _) = run(&[&path, "--key", &key, "--json"]);
    let verdict: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &verdict["sound"], &verdict["content"]), (Some(0), &true.into(), &"not-opened".into()));
}

#[test]
fn a_damaged_recording_exits_1_and_names_the_first_bad_place() {
    let gate = Gate::new();
    let (session, _) = gate.visit();
    let mut file = gate.file(session);
    let at = Layout::of(&file).blocks[2].start;
    file[at + 200] ^= 1;
    fs::write(gate.path(session), file).unwrap();
    let path = gate.path(session).display().to_string();
    let key = gate.signer.public().to_string();
    let (code, words, _) = run(&[&path, "--key", &key]);
    assert_eq!(code, Some(1));
    assert!(words.contains("NOT SOUND.") && words.contains(&format!("byte {at} ")), "{words}");
    assert!(words.contains("2 blocks"), "{words}");
    assert!(!words.contains("since it was sealed"), "{words}");
    let (code, json, _) = run(&[&path, "--key", &key, "--json"]);
    let verdict: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &verdict["bad"]["failure"]), (Some(1), &"chain-broken".into()));
}

#[test]
fn wrong_usage_exits_2() {
    assert_eq!(run(&["recording.chap"]).0, Some(2));
    let (code, _, error) = run(&["recording.chap", "--key", "nonsense"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("not an Ed25519 public key"), "{error}");
}
