//! Texts that come from outside: notes and checkpoints of a ledger, keys, age files.

use std::fs;
use std::sync::Arc;

use chaperone_recorder::ledger::{Checkpoint, NoteSigner, OpenedNote, VerifierKey};
use chaperone_recorder::{Identity, PublicKey, Recipient, Recording, SigningKey};
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::sample::Index;
use serde_json::json;

use crate::bounds::{READING, within};
use crate::mutation::{changed, edits, fixtures, seeds};

fn note(signer: &NoteSigner) -> String {
    Checkpoint { origin: "gate.example".into(), size: 12, root: [7; 32] }.sign(signer).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn changed_notes_are_refused_within_bounds(edits in edits()) {
        let signer = NoteSigner::new("gate.example", Arc::new(SigningKey::generate().unwrap())).unwrap();
        let whole = note(&signer);
        let bytes = changed(whole.clone().into_bytes(), &edits, &[whole.clone().into_bytes()]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let known = [signer.verifier().clone()];
        let opened = within(READING, || Checkpoint::open(&text, &known[0]));
        assert!(opened.is_err() || opened.unwrap().text() == Checkpoint::open(&whole, &known[0]).unwrap().text());
        within(READING, || drop(OpenedNote::open(&text, &known)));
        within(READING, || drop(Checkpoint::parse(&text)));
    }

    #[test]
    fn texts_that_are_no_keys_are_refused(text in any::<String>(), at in any::<Index>()) {
        let key = SigningKey::generate().unwrap().public();
        let named = VerifierKey::new("gate.example", key).unwrap().to_string();
        let pem = key.to_pem();
        for whole in [named, pem, key.to_string(), Identity::generate().recipient().to_string()] {
            let mut mixed: String = whole.chars().take(at.index(whole.len())).collect();
            mixed.push_str(&text);
            within(READING, || drop((mixed.parse::<PublicKey>(), mixed.parse::<VerifierKey>())));
            within(READING, || drop((mixed.parse::<Recipient>(), mixed.parse::<Identity>())));
        }
        let listed = json!({ "session": text, "block": text, "chain": text, "bytes": 1, "records": null, "at": [text] });
        assert!(chaperone_recorder::Checkpoint::from_ledger(&listed).is_none());
    }

    #[test]
    fn files_that_are_no_keys_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), edits in edits()) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let whole = fs::read(fixtures().join("keys").join("gate.pem")).unwrap();
        for content in [bytes, changed(whole, &edits, &seeds())] {
            fs::write(&path, content).unwrap();
            within(READING, || drop((SigningKey::load(&path), PublicKey::load(&path), Identity::load(&path))));
        }
    }

    /// The header's signature hides the wrapped keys from strangers: here they are changed under a new one.
    #[test]
    fn changed_wrapped_keys_are_tried_within_bounds(edits in edits()) {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        let gate = crate::visit::Gate::new();
        let (live, _) = gate.start();
        live.seal(crate::visit::ending()).unwrap();
        let mut forger = crate::forger::Forger::takes_file(&gate, &gate.file(live.session()));
        let mut json = forger.header_json();
        let wrapped = STANDARD.decode(json["keys"]["evidence"]["wrapped"].as_str().unwrap()).unwrap();
        let other = changed(wrapped.clone(), &edits, std::slice::from_ref(&wrapped));
        json["keys"]["evidence"]["wrapped"] = STANDARD.encode(&other).into();
        forger.sign_header(&json);
        let file = forger.header.clone();
        within(READING, || drop(Recording::from_bytes(file, &gate.readers())));
    }
}
