//! Signed notes are read as the standard writes them, and no other text is one.

use std::sync::Arc;

use proptest::prelude::{any, proptest};

use super::{Checkpoint, NoteError, NoteSigner, OpenedNote, VerifierKey};
use crate::key::SigningKey;

/// The example of golang.org/x/mod/sumdb/note.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const SIGNATURE: &str =
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";

fn example() -> String {
    format!("{TEXT}\n\u{2014} PeterNeumann {SIGNATURE}\n")
}

fn signer(name: &str) -> NoteSigner {
    NoteSigner::new(name, Arc::new(SigningKey::generate().unwrap())).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: "gate.example/ledger".into(), size: 42, root: [7; 32] }
}

#[test]
fn published_note_opens() {
    let key: VerifierKey = KEY.parse().unwrap();
    assert_eq!(key.to_string(), KEY);
    let opened = OpenedNote::open(&example(), std::slice::from_ref(&key)).unwrap();
    assert_eq!((opened.text.as_str(), opened.signed_by), (TEXT, vec![key]));
}

#[test]
fn published_verifier_key_has_the_id_of_the_specification() {
    let text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    assert_eq!(text.parse::<VerifierKey>().unwrap().to_string(), text);
    assert!(text.replace("033de0ae", "033de0af").parse::<VerifierKey>().is_err());
}

#[test]
fn example_checkpoint_of_the_specification_is_read() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let read = Checkpoint::parse(text).unwrap();
    assert_eq!((read.origin.as_str(), read.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(read.text(), text);
}

#[test]
fn signed_checkpoint_opens_with_its_own_key_only() {
    let (ours, other) = (signer("gate.example/ledger"), signer("gate.example/ledger"));
    let note = checkpoint().sign(&ours).unwrap();
    assert_eq!(Checkpoint::open(&note, ours.verifier()).unwrap(), checkpoint());
    assert!(matches!(Checkpoint::open(&note, other.verifier()), Err(NoteError::NoKnownSignature)));
    let changed = note.replace("\n42\n", "\n43\n");
    assert!(matches!(Checkpoint::open(&changed, ours.verifier()), Err(NoteError::BadSignature(_))));
}

#[test]
fn a_checkpoint_of_another_origin_is_refused() {
    let ours = signer("gate.example/other");
    let note = checkpoint().sign(&ours).unwrap();
    assert!(matches!(Checkpoint::open(&note, ours.verifier()), Err(NoteError::Checkpoint(_))));
}

#[test]
fn signatures_of_strangers_are_skipped() {
    let (ours, witness) = (signer("gate.example/ledger"), signer("witness.example"));
    let note = checkpoint().sign(&ours).unwrap();
    let line = witness.sign(&checkpoint().text()).unwrap();
    let line = line.rsplit_once("\n\n").unwrap().1.to_owned();
    assert!(Checkpoint::open(&format!("{note}{line}"), ours.verifier()).is_ok());
}

#[test]
fn malformed_checkpoints_are_refused() {
    for text in ["", "a\n1\n", "\n1\nAAAA\n", "a\n01\nAAAA\n", "a\n-1\nAAAA\n", "a\n1\nAAAA\n", "a\n1\n%\n"] {
        assert!(Checkpoint::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn names_that_cannot_stand_in_a_note_are_refused() {
    let key = SigningKey::generate().unwrap().public();
    for name in ["", "a b", "a+b", "a\nb"] {
        assert!(VerifierKey::new(name, key).is_err(), "{name:?}");
    }
}

proptest! {
    #[test]
    fn foreign_text_never_panics(text in any::<String>(), cut in any::<proptest::sample::Index>()) {
        let key: VerifierKey = KEY.parse().unwrap();
        drop(OpenedNote::open(&text, std::slice::from_ref(&key)));
        drop(Checkpoint::parse(&text));
        drop(text.parse::<VerifierKey>());
        let mut bytes = example().into_bytes();
        bytes.truncate(cut.index(bytes.len()));
        assert!(OpenedNote::open(&String::from_utf8_lossy(&bytes), &[key]).is_err());
    }
}
