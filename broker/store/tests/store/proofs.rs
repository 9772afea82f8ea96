//! Proofs over a ledger of some hundreds of facts, the nodes that they are made from, and searching.

use std::sync::Arc;

use chaperone_policy::{PersonId, SessionId, WindowId};
use chaperone_recorder::ledger::{
    Checkpoint, ConsistencyProof, InclusionProof, verify_consistency, verify_inclusion,
};
use chaperone_store::{FactKind, FactSearch, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::on_both;
use crate::place::{Calm, Place, add_target, facts, said, target};

on_both!(
    every_fact_is_proven_under_every_checkpoint,
    a_changed_or_missing_node_is_found_and_proves_nothing,
    the_nodes_of_an_older_database_are_filled_in,
    facts_are_found_by_what_they_are_about,
    verification_tells_how_far_it_is_and_holds_nobody_up,
    verification_takes_no_more_memory_for_a_longer_ledger,
);

/// Two whole nodes of the lowest level, one above them, and an edge.
const FACTS: u64 = 600;

/// Facts that say their number; few enough in one command for a slow machine.
pub async fn filled(store: &Store, from: u64, to: u64) {
    for begin in (from..to).step_by(50) {
        let some: Vec<_> = (begin..to.min(begin + 50)).map(said).collect();
        let written = store.write(move |tx| {
            Box::pin(async move {
                for fact in some {
                    tx.fact(fact).await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        written.await.unwrap();
    }
}

async fn every_fact_is_proven_under_every_checkpoint(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let key = store.ledger_verifier().clone();
    let (mut roots, mut written) = (Vec::new(), 0);
    for size in [1, 255, 256, 257, 512, FACTS] {
        filled(&store, written, size).await;
        written = size;
        let checkpoint = Checkpoint::open(&store.checkpoint().await.unwrap(), &key).unwrap();
        assert_eq!(checkpoint.size, size);
        assert_eq!(store.root_at(size).await.unwrap(), checkpoint.root);
        roots.push((size, checkpoint.root));
    }
    let entries = store.ledger_entries(0, FACTS, 1000).await.unwrap();
    let leaves: Vec<_> = entries.iter().map(|entry| entry.leaf.hash()).collect();
    for (size, root) in &roots {
        for number in (0..*size).step_by(37).chain([size - 1]) {
            let path = store.inclusion(number, *size).await.unwrap();
            verify_inclusion(&leaves[usize::try_from(number).unwrap()], number, &path, *size, root).unwrap();
        }
        for (from, from_root) in roots.iter().filter(|(from, _)| from <= size) {
            let path = store.consistency(*from, *size).await.unwrap();
            verify_consistency(*from, from_root, &path, *size, root).unwrap();
        }
    }
    let read: InclusionProof = store.prove_fact(300, None).await.unwrap().to_string().parse().unwrap();
    assert_eq!(read.verify(&leaves[300], &key).unwrap().size, FACTS);
    let older = store.prove_fact(3, Some(256)).await.unwrap();
    assert_eq!(older.verify(&leaves[3], &key).unwrap().size, 256);
    let growth: ConsistencyProof = store.prove_growth(257, None).await.unwrap().to_string().parse().unwrap();
    growth.verify(&roots[3].1, &key).unwrap();
    // A fact that no checkpoint has yet is signed for.
    filled(&store, FACTS, FACTS + 1).await;
    assert!(store.prove_fact(FACTS, None).await.unwrap().checkpoint.contains(&format!("\n{}\n", FACTS + 1)));
    assert!(matches!(store.prove_fact(FACTS + 9, None).await, Err(StoreError::NotFound("fact"))));
    assert!(
        matches!(store.prove_fact(3, Some(300)).await, Err(StoreError::NotFound(_))),
        "no such checkpoint"
    );
    assert!(matches!(store.inclusion(9, 9).await, Err(StoreError::NoProof(_))));
}

async fn a_changed_or_missing_node_is_found_and_proves_nothing(place: Place) {
    let (store, tasks) = place.store("one").await;
    filled(&store, 0, FACTS).await;
    store.checkpoint().await.unwrap();
    drop(tasks);
    place.disarm().await;
    let faults = [
        (
            "UPDATE ledger_nodes SET hash = (SELECT leaf_hash FROM facts WHERE number = 0) WHERE level = 8 AND number = 1",
            256,
            "not what was written",
        ),
        ("DELETE FROM ledger_nodes WHERE level = 9", 0, "missing"),
        ("INSERT INTO ledger_nodes SELECT 8, 2, hash FROM ledger_nodes WHERE level = 9", FACTS, "more nodes"),
    ];
    for (statement, number, word) in faults {
        assert_eq!(place.tamper(&[statement]).await.unwrap(), 1, "{statement}");
        let bad = store.verify_ledger(&[]).await.unwrap().first_bad.unwrap();
        assert_eq!(bad.number, number, "{statement}: {bad:?}");
        assert!(bad.what.contains(word), "{statement}: {bad:?}");
        place.restore().await;
        assert!(store.verify_ledger(&[]).await.unwrap().sound, "{statement}: not mended");
    }
    place.tamper(&["DELETE FROM ledger_nodes WHERE level = 9"]).await.unwrap();
    let proof = store.inclusion(599, FACTS).await;
    assert!(matches!(proof, Err(StoreError::Corrupt { .. })), "no guess is made: {proof:?}");
}

async fn the_nodes_of_an_older_database_are_filled_in(place: Place) {
    let (store, tasks) = place.store("one").await;
    filled(&store, 0, FACTS).await;
    drop((store, tasks));
    place.disarm().await;
    place.tamper(&["DELETE FROM ledger_nodes"]).await.unwrap();
    Store::migrate(&place.url()).await.unwrap();
    let (store, _tasks) = place.try_store("one", Arc::new(Calm)).await.unwrap();
    assert!(store.verify_ledger(&[]).await.unwrap().sound);
    assert!(store.prove_fact(599, None).await.is_ok());
}

async fn facts_are_found_by_what_they_are_about(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let pump = target("alaris-sm-01");
    add_target(&store, &pump).await;
    let (dana, sam) = (PersonId(Uuid::now_v7()), PersonId(Uuid::now_v7()));
    let (session, window) = (SessionId(Uuid::now_v7()), WindowId(Uuid::now_v7()));
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    store.fact(said(1).by(dana).on(pump.id).in_window(window)).await.unwrap();
    store.fact(said(2).by(dana).in_session(session)).await.unwrap();
    store.fact(said(3).by(sam).in_session(session)).await.unwrap();
    let mut late = said(4).by(sam);
    (late.at, late.kind) = (later, FactKind::LedgerVerified);
    store.fact(late).await.unwrap();
    let found = async |search: FactSearch| {
        let found = store.search_facts(&search, 100).await.unwrap();
        found.iter().filter_map(|fact| fact.body["number"].as_str()?.parse().ok()).collect::<Vec<u64>>()
    };
    let any = FactSearch::default;
    let verified = || FactSearch { kind: Some(FactKind::LedgerVerified), ..any() };
    assert_eq!(found(any()).await, [1, 2, 3, 4]);
    assert_eq!(found(FactSearch { person: Some(dana), ..any() }).await, [1, 2]);
    assert_eq!(found(FactSearch { target: Some(pump.id), person: Some(dana), ..any() }).await, [1]);
    assert_eq!(found(FactSearch { window: Some(window), ..any() }).await, [1]);
    assert_eq!(found(FactSearch { session: Some(session), person: Some(sam), ..any() }).await, [3]);
    assert_eq!(found(verified()).await, [4]);
    assert!(found(FactSearch { person: Some(dana), ..verified() }).await.is_empty());
    assert_eq!(found(FactSearch { since: Some(later), ..any() }).await, [4]);
    assert_eq!(found(FactSearch { before: Some(later), person: Some(sam), ..any() }).await, [3]);
    let number = facts(&store).await[2].number;
    let page = store.search_facts(&FactSearch { after: number, ..any() }, 1).await.unwrap();
    assert_eq!((page.len(), page[0].number), (1, number));
}

async fn verification_tells_how_far_it_is_and_holds_nobody_up(place: Place) {
    let (store, _tasks) = place.store("one").await;
    filled(&store, 0, 2000).await;
    let progress = tokio::sync::watch::Sender::new(0);
    let mut far = progress.subscribe();
    let (verdict, written) = tokio::join!(store.verify_ledger_telling(&[], &progress), async {
        drop(far.wait_for(|facts| *facts > 0).await.unwrap());
        store.fact(said(1)).await
    });
    assert!(verdict.unwrap().sound, "a fact that is written meanwhile is no fault");
    written.unwrap();
    assert_eq!(*far.borrow(), 2000);
}

/// A figure of this process in `/proc/self/status`, in KiB.
fn kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

async fn verification_takes_no_more_memory_for_a_longer_ledger(place: Place) {
    // As rows, these are more than verification may take.
    const LONG: u64 = 10_000;
    const MOST_KIB: u64 = 6 << 10;
    let (store, _tasks) = place.store("one").await;
    filled(&store, 0, LONG).await;
    // The peak is counted from here on (proc(5), clear_refs).
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = kib("VmHWM");
    let verdict = store.verify_ledger(&[]).await.unwrap();
    let took = kib("VmHWM") - before;
    assert!(verdict.sound && verdict.facts == LONG, "{verdict:?}");
    assert!(took < MOST_KIB, "verifying {LONG} facts took {took} KiB");
}
