//! What verification finds: faults are a table, and after each the ledger is whole again.

use std::sync::Arc;

use chaperone_policy::{AttemptId, PersonId, SessionId, VendorId, WindowId};
use chaperone_recorder::SigningKey;
use chaperone_recorder::ledger::{Checkpoint, NoteSigner};
use chaperone_store::{Store, StoreError};
use uuid::Uuid;

use crate::on_both;
use crate::place::{Calm, Place, add_target, said, target};

on_both!(
    verification_names_the_first_changed_row,
    nothing_of_the_ledger_is_changed_by_who_can_write_and_is_not_its_owner,
    a_checkpoint_is_signed_and_kept_beside_the_database,
    a_checkpoint_that_somebody_else_kept_is_held_against_the_ledger,
    a_migration_is_applied_once_and_never_another_text,
);

/// What somebody does, the fact that verification must name, and a word of what it must say.
const FAULTS: &[(&str, &[&str], u64, &str)] = &[
    ("kind", &["UPDATE facts SET kind = 'session-ended' WHERE number = 5"], 5, "kind"),
    ("time", &["UPDATE facts SET at_us = at_us + 1 WHERE number = 0"], 0, "time"),
    ("body", &["UPDATE facts SET body = replace(body, '\"8\"', '\"9\"') WHERE number = 9"], 9, "body"),
    ("body, to the letter", &["UPDATE facts SET body = replace(body, '{', '{ ') WHERE number = 3"], 3, "body"),
    ("body cleared alone", &["UPDATE facts SET body = NULL WHERE number = 3"], 3, "body"),
    ("salt", &["UPDATE facts SET salt = (SELECT salt FROM facts WHERE number = 2) WHERE number = 4"], 4, "body"),
    ("hash of a body", &["UPDATE facts SET body_hash = leaf_hash WHERE number = 4"], 4, "body hash"),
    ("leaf", &["UPDATE facts SET leaf_hash = body_hash WHERE number = 11"], 11, "number, time, kind"),
    ("tags", &["UPDATE facts SET tags = body_hash WHERE number = 6"], 6, "tags"),
    ("person", &["UPDATE facts SET person_id = NULL WHERE number = 10"], 10, "about"),
    ("vendor", &["UPDATE facts SET vendor_id = session_id WHERE number = 10"], 10, "about"),
    ("target", &["UPDATE facts SET target_id = NULL WHERE number = 10"], 10, "about"),
    ("window", &["UPDATE facts SET window_id = session_id WHERE number = 10"], 10, "about"),
    ("session", &["UPDATE facts SET session_id = window_id WHERE number = 10"], 10, "about"),
    ("attempt", &["UPDATE facts SET attempt_id = NULL WHERE number = 10"], 10, "about"),
    ("node", &["UPDATE facts SET node = 'two' WHERE number = 7"], 7, "about"),
    ("a row is deleted", &["DELETE FROM facts WHERE number = 6"], 6, "missing"),
    ("the last row is deleted", &["DELETE FROM facts WHERE number = 13"], 13, "missing"),
    ("the first row is deleted", &["DELETE FROM facts WHERE number = 0"], 0, "missing"),
    ("all are deleted", &["DELETE FROM facts"], 0, "missing"),
    (
        "two rows are swapped",
        &[
            "UPDATE facts SET number = 100 WHERE number = 4",
            "UPDATE facts SET number = 4 WHERE number = 8",
            "UPDATE facts SET number = 8 WHERE number = 100",
        ],
        4,
        "number",
    ),
    (
        "a row is doubled",
        &[
            "INSERT INTO facts SELECT 14, at_us, kind, node, person_id, vendor_id, target_id, window_id, session_id,
             attempt_id, tags, salt, body, body_hash, leaf_hash FROM facts WHERE number = 13",
        ],
        14,
        "number",
    ),
    ("the head's size", &["UPDATE ledger_head SET size = 13"], 14, "head"),
    ("the head's tree", &["UPDATE ledger_head SET frontier = (SELECT body_hash FROM facts WHERE number = 1)"], 14, "head"),
    ("no head", &["DELETE FROM ledger_head"], 14, "head"),
    ("a checkpoint's note", &["UPDATE checkpoints SET note = replace(note, '/ledger', '/other') WHERE size = 12"], 12, "checkpoint"),
    (
        "the end is cut off with its checkpoints",
        &[
            "DELETE FROM facts WHERE number >= 12",
            "DELETE FROM checkpoints WHERE size >= 12",
            "UPDATE ledger_head SET size = 12",
        ],
        12,
        "signed checkpoint has 14 facts",
    ),
];

async fn verification_names_the_first_changed_row(place: Place) {
    let (store, tasks) = place.store("one").await;
    let pump = target("alaris-sm-01");
    add_target(&store, &pump).await;
    for n in 0..9 {
        store.fact(said(n)).await.unwrap();
    }
    let id = Uuid::now_v7();
    let full =
        said(9).by(PersonId(id)).of_vendor(VendorId(id)).on(pump.id).in_window(WindowId(Uuid::now_v7()));
    store.fact(full.in_session(SessionId(Uuid::now_v7())).of_attempt(AttemptId(id))).await.unwrap();
    store.fact(said(10)).await.unwrap();
    store.checkpoint().await.unwrap();
    store.fact(said(11)).await.unwrap();
    store.fact(said(12)).await.unwrap();
    store.checkpoint().await.unwrap();
    // Nothing of the node's own writes while others tamper.
    drop(tasks);
    place.disarm().await;
    let whole = store.verify_ledger(&[]).await.unwrap();
    assert!(whole.sound, "{whole:?}");
    assert_eq!(whole.facts, 14);
    for (fault, statements, number, word) in FAULTS {
        let changed = place.tamper(statements).await.unwrap();
        assert!(changed > 0, "{fault}: nothing was changed");
        let verdict = store.verify_ledger(&[]).await.unwrap();
        let bad = verdict.first_bad.unwrap_or_else(|| panic!("{fault}: not found"));
        assert!(!verdict.sound);
        assert_eq!(bad.number, *number, "{fault}: {bad:?}");
        assert!(bad.what.contains(word), "{fault}: {bad:?}");
        place.restore().await;
        assert!(store.verify_ledger(&[]).await.unwrap().sound, "{fault}: not mended");
    }
}

async fn nothing_of_the_ledger_is_changed_by_who_can_write_and_is_not_its_owner(place: Place) {
    let (store, tasks) = place.store("one").await;
    // As many as make a node of the tree.
    crate::proofs::filled(&store, 0, 300).await;
    store.checkpoint().await.unwrap();
    drop(tasks);
    let mut attacks = vec![
        "DELETE FROM facts",
        "UPDATE facts SET at_us = 0",
        "UPDATE facts SET body = '{}'",
        "UPDATE facts SET leaf_hash = body_hash, body = NULL, salt = NULL",
        "UPDATE facts SET body = NULL, salt = NULL",
        "DELETE FROM checkpoints",
        "UPDATE checkpoints SET note = replace(note, '300', '299')",
        "UPDATE checkpoints SET size = 1",
        "DELETE FROM ledger_nodes",
        "UPDATE ledger_nodes SET hash = (SELECT leaf_hash FROM facts WHERE number = 0)",
        "DELETE FROM ledger_head",
        "UPDATE ledger_head SET size = 299",
        "UPDATE ledger_head SET policy_version = -1",
    ];
    attacks.extend(match place.cluster {
        Some(_) => ["TRUNCATE facts", "TRUNCATE checkpoints", "TRUNCATE ledger_head", "TRUNCATE ledger_nodes"],
        // What SQLite deletes in the middle of an insertion, no trigger on deletion sees.
        None => [
            "INSERT OR REPLACE INTO facts SELECT number, 0, kind, node, person_id, vendor_id, target_id, window_id,
                session_id, attempt_id, tags, salt, body, body_hash, leaf_hash FROM facts WHERE number = 3",
            "INSERT OR REPLACE INTO checkpoints SELECT size, at_us, node, 'none' FROM checkpoints",
            "INSERT OR REPLACE INTO ledger_head SELECT id, 1, frontier, policy_version FROM ledger_head",
            "INSERT OR REPLACE INTO ledger_nodes SELECT level, number, zeroblob(32) FROM ledger_nodes",
        ],
    });
    for statement in attacks {
        let refused = place.tamper(&[statement]).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
    }
    let (store, _tasks) = place.store("two").await;
    let verdict = store.verify_ledger(&[]).await.unwrap();
    assert!(verdict.sound && verdict.facts == 300, "{verdict:?}");
    // A migration that is run again finds nothing to do, and nothing in its way.
    Store::migrate(&place.url()).await.unwrap();
}

async fn a_checkpoint_is_signed_and_kept_beside_the_database(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let empty = Checkpoint::open(&store.checkpoint().await.unwrap(), store.ledger_verifier()).unwrap();
    assert_eq!(empty.size, 0);
    store.fact(said(0)).await.unwrap();
    let note = store.checkpoint().await.unwrap();
    assert_eq!(Checkpoint::open(&note, store.ledger_verifier()).unwrap().size, 1);
    assert_eq!(std::fs::read_to_string(place.beside("one").join("newest-checkpoint")).unwrap(), note);
    assert_eq!(store.newest_checkpoint().await.unwrap(), note);
    assert_eq!(store.verify_ledger(&[]).await.unwrap().checkpoints, 2);
}

async fn a_checkpoint_that_somebody_else_kept_is_held_against_the_ledger(place: Place) {
    let (store, _tasks) = place.store("one").await;
    store.fact(said(0)).await.unwrap();
    let note = store.checkpoint().await.unwrap();
    assert!(store.verify_ledger(&[note]).await.unwrap().sound);

    let verifier = store.ledger_verifier();
    let ours = NoteSigner::new(verifier.name(), Arc::clone(&place.key)).unwrap();
    let checkpoint = |size, root| Checkpoint { origin: verifier.name().to_owned(), size, root };
    let other_root = checkpoint(1, [7; 32]).sign(&ours).unwrap();
    let bad = store.verify_ledger(&[other_root]).await.unwrap().first_bad.unwrap();
    assert_eq!((bad.number, bad.what.as_str()), (1, "two signed checkpoints of 1 differ"));

    let longer = checkpoint(9, [7; 32]).sign(&ours).unwrap();
    let bad = store.verify_ledger(&[longer]).await.unwrap().first_bad.unwrap();
    assert_eq!((bad.number, bad.what.contains("has 9 facts")), (1, true), "{bad:?}");

    let stranger = NoteSigner::new(verifier.name(), Arc::new(SigningKey::generate().unwrap())).unwrap();
    let forged = checkpoint(1, [7; 32]).sign(&stranger).unwrap();
    let bad = store.verify_ledger(&[forged]).await.unwrap().first_bad.unwrap();
    assert!(bad.what.contains("no signature of a known key"), "{bad:?}");
}

async fn a_migration_is_applied_once_and_never_another_text(place: Place) {
    let url = place.url();
    let (one, two) = tokio::join!(Store::migrate(&url), Store::migrate(&url));
    one.and(two).unwrap();
    place.tamper(&["UPDATE migrations SET checksum = 'other'"]).await.unwrap();
    assert!(matches!(Store::migrate(&place.url()).await, Err(StoreError::Migration(1))));
    let refused = place.try_store("one", Arc::new(Calm)).await.err().unwrap();
    assert!(matches!(refused, StoreError::Migration(1)), "{refused:?}");
    place.tamper(&["DROP TABLE migrations"]).await.unwrap();
    let refused = place.try_store("one", Arc::new(Calm)).await.err().unwrap();
    assert!(matches!(refused, StoreError::NotMigrated(1)), "{refused:?}");
}
