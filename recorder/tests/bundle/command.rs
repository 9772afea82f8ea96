//! The program: what it says, and its exit status.

use std::process::{Command, Output};

use super::*;

fn run(ledger: &Ledger, bundle: &[u8], checkpoint: Option<&[u8]>) -> Output {
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("bundle.tar");
    std::fs::write(&path, bundle).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_chaperone-verify"));
    command.arg(path).arg("--key").arg(ledger.signer.verifier().to_string());
    if let Some(content) = checkpoint {
        let kept = files.path().join("kept");
        std::fs::write(&kept, content).unwrap();
        command.arg("--checkpoint").arg(kept);
    }
    command.output().unwrap()
}

#[test]
fn a_checkpoint_that_is_none_is_asked_wrongly() {
    let (ledger, bundle) = &*MADE;
    let kept = ledger.checkpoint(250).1;
    assert_eq!(run(ledger, bundle, Some(kept.as_bytes())).status.code(), Some(0));
    for content in [b"".as_slice(), b"nothing", b"\xff", bundle.as_slice()] {
        let output = run(ledger, bundle, Some(content));
        assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_visit_without_a_channel_is_not_said_to_be_captured() {
    let ledger = Ledger::visited_with(false);
    let output = run(&ledger, &ledger.bundle(1, None, None), None);
    let words = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{words}");
    assert!(words.contains("content opened and checked; no channel was opened"), "{words}");
    assert!(!words.contains("everything that passed") && !words.contains("typed input"), "{words}");
    let (ledger, bundle) = &*MADE;
    let words = String::from_utf8(run(ledger, bundle, None).stdout).unwrap();
    assert!(words.contains("but for typed input, which stays masked; everything that passed"), "{words}");
}
