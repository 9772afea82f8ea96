//! The spool's file: torn lines, foreign lines, and a drain that did not come to its end.

use std::fs;
use std::sync::Arc;

use chaperone_policy::{AttemptId, SessionId, WindowId};
use chaperone_store::{FactKind, NewFact, NewSession, SpooledEnd, StoreError};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::on_both;
use crate::place::{Calm, Place, add_target, facts, person, said, target, text, until};

on_both!(
    a_drain_that_did_not_come_to_its_end_enters_nothing_twice,
    a_torn_line_was_never_acknowledged_and_is_cut_off,
    what_cannot_enter_is_set_aside_and_holds_up_nobody,
    a_spooled_end_ends_its_session_too,
);

async fn a_drain_that_did_not_come_to_its_end_enters_nothing_twice(mut place: Place) {
    place.down();
    let (store, tasks) = place.store("one").await;
    for n in 0..4 {
        store.fact_or_spool(said(n), None).await.unwrap();
    }
    let file = place.beside("one").join("spool.jsonl");
    let lines = text(&file);
    assert_eq!(lines.lines().count(), 4);
    place.up().await;
    until("the spool is drained", async || store.spool_bytes() == 0).await;
    drop((store, tasks));
    // As a crash between the last commit and the emptying of the file leaves it.
    fs::write(&file, &lines).unwrap();
    let (store, _tasks) = place.store("one").await;
    until("the spool is drained again", async || store.spool_bytes() == 0).await;
    let entered = facts(&store).await.into_iter().filter(|fact| fact.kind == FactKind::AttemptRefused);
    assert_eq!(entered.count(), 4);
}

async fn a_torn_line_was_never_acknowledged_and_is_cut_off(mut place: Place) {
    place.down();
    let (store, tasks) = place.store("one").await;
    store.fact_or_spool(said(0), None).await.unwrap();
    drop((store, tasks));
    let file = place.beside("one").join("spool.jsonl");
    let whole = text(&file);
    let (torn, _) = whole.split_at(whole.len() / 2);
    fs::write(&file, format!("{whole}{torn}")).unwrap();
    let (store, _tasks) = place.store("one").await;
    assert_eq!(text(&file), whole);
    store.fact_or_spool(said(1), None).await.unwrap();
    place.up().await;
    until("the spool is drained", async || store.spool_bytes() == 0).await;
    let said: Vec<_> = facts(&store).await.into_iter().map(|fact| fact.body["number"].clone()).collect();
    assert_eq!(said[..2], [json!("0"), json!("1")]);
}

async fn what_cannot_enter_is_set_aside_and_holds_up_nobody(mut place: Place) {
    place.down();
    let (store, tasks) = place.store("one").await;
    // No such target: the database will never take it.
    store.fact_or_spool(said(0).on(target("nowhere").id), None).await.unwrap();
    store.fact_or_spool(said(1), None).await.unwrap();
    drop((store, tasks));
    let folder = place.beside("one");
    let lines = text(&folder.join("spool.jsonl"));
    fs::write(folder.join("spool.jsonl"), format!("no JSON\n{lines}")).unwrap();
    place.up().await;
    let (store, _tasks) = place.store("one").await;
    until("the spool is drained", async || store.spool_bytes() == 0).await;
    let aside = text(&folder.join("spool.aside"));
    assert_eq!(aside.lines().count(), 2, "{aside}");
    let entered: Vec<_> =
        facts(&store).await.into_iter().filter(|fact| fact.body.get("spooled").is_some()).collect();
    assert_eq!(entered.len(), 1);
    assert_eq!(entered[0].body["number"], "1");
}

async fn a_spooled_end_ends_its_session_too(mut place: Place) {
    let (store, _tasks) = place.store("one").await;
    let pump = target("alaris-sm-01");
    add_target(&store, &pump).await;
    let id = SessionId(Uuid::now_v7());
    let session = NewSession {
        id,
        attempt: AttemptId(Uuid::now_v7()),
        person: person(),
        target: pump.id,
        window: WindowId(Uuid::now_v7()),
        account: Some("svc".to_owned()),
        protocol: "ssh",
        source: "127.0.0.1:1".to_owned(),
        visit: id,
        proof: None,
    };
    let admitted = store.write::<_, _, StoreError>(move |tx| {
        Box::pin(async move {
            tx.admit_session(&session).await?;
            tx.start_session(id).await
        })
    });
    admitted.await.unwrap();
    place.down();
    until("the node says so", async || store.gone_for().is_some()).await;
    let at = Timestamp::now();
    let fact =
        NewFact::new(FactKind::SessionEnded, at, json!({ "reason": "store" })).in_session(id).on(pump.id);
    let end = SpooledEnd { reason: "store".to_owned(), seal: Some("{}".to_owned()) };
    store.fact_or_spool(fact, Some(end)).await.unwrap();
    place.up().await;
    until("the spool is drained", async || store.spool_bytes() == 0).await;
    let row = store.session(id).await.unwrap();
    assert_eq!(row.ended.map(|ended| ended.as_microsecond()), Some(at.as_microsecond()));
    assert_eq!((row.end_reason.as_deref(), row.seal.as_deref()), (Some("store"), Some("{}")));
    assert!(store.unsettled_sessions().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_spool_says_so_and_takes_no_more() {
    let mut place = Place::sqlite().await;
    place.down();
    let line = "x".repeat(1 << 20) + "\n";
    fs::write(place.beside("one").join("spool.jsonl"), line.repeat(64)).unwrap();
    let (store, _tasks) = place.store_with("one", Arc::new(Calm)).await;
    assert!(store.spool_is_full());
    let refused = store.fact_or_spool(said(0), None).await;
    assert!(matches!(refused, Err(StoreError::SpoolFull)), "{refused:?}");
}
