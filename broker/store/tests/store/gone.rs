//! The database is gone, and comes back.

use std::time::{Duration, Instant};

use chaperone_store::{FactKind, StoreError};
use jiff::Timestamp;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::on_both;
use crate::place::{Place, facts, said, until};

on_both!(
    while_the_database_is_gone_facts_wait_in_the_spool_and_enter_once_with_their_times,
    a_node_starts_without_its_database_and_finds_it_later,
    every_queued_command_is_answered_when_the_database_goes,
);

async fn while_the_database_is_gone_facts_wait_in_the_spool_and_enter_once_with_their_times(
    mut place: Place,
) {
    let (store, _tasks) = place.store("one").await;
    store.fact(said(0)).await.unwrap();
    place.down();
    let refused = store.fact(said(1)).await;
    assert!(matches!(refused, Err(StoreError::Gone(_))), "{refused:?}");
    until("the node says so", async || store.gone_for().is_some()).await;
    assert!(store.facts().await.is_err(), "no decision rests on facts from before");
    let mut times = Vec::new();
    for n in 2..7 {
        let fact = said(n);
        times.push(fact.at);
        store.fact_or_spool(fact, None).await.unwrap();
    }
    assert!(store.spool_bytes() > 0);
    assert!(!store.spool_is_full());

    place.up().await;
    until("the spool is drained", async || store.spool_bytes() == 0).await;
    until("that it is back is a fact", async || {
        facts(&store).await.iter().any(|fact| fact.kind == FactKind::StoreBack)
    })
    .await;
    assert!(store.gone_for().is_none());
    store.facts().await.unwrap();
    store.fact(said(7)).await.unwrap();
    let waited: Vec<_> =
        facts(&store).await.into_iter().filter(|fact| fact.body.get("spooled").is_some()).collect();
    assert_eq!(waited.len(), 5);
    for (fact, (n, at)) in waited.iter().zip((2..7).zip(times)) {
        assert_eq!(fact.body["number"], json!(n.to_string()));
        assert_eq!(fact.at.as_microsecond(), at.as_microsecond());
    }
    let verdict = store.verify_ledger(&[]).await.unwrap();
    assert!(verdict.sound, "{verdict:?}");
}

async fn a_node_starts_without_its_database_and_finds_it_later(mut place: Place) {
    place.down();
    let (store, _tasks) = place.store("one").await;
    assert!(store.gone_for().is_some());
    store.fact_or_spool(said(0), None).await.unwrap();
    place.up().await;
    until("the spool is drained", async || store.spool_bytes() == 0).await;
    assert_eq!(facts(&store).await[0].body["number"], "0");
}

async fn every_queued_command_is_answered_when_the_database_goes(mut place: Place) {
    let (store, _tasks) = place.store("one").await;
    store.fact(said(0)).await.unwrap();
    place.down();
    let began = Instant::now();
    let outcomes = futures::future::join_all((0..2000).map(|n| store.fact(said(n)))).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(StoreError::Gone(_)))));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    place.up().await;
    until("the node works again", async || store.fact(said(1)).await.is_ok()).await;
    assert!(store.verify_ledger(&[]).await.unwrap().sound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_file_that_another_program_locks_is_a_database_that_is_gone() {
    let place = Place::sqlite().await;
    let (store, _tasks) = place.store("one").await;
    store.fact(said(0)).await.unwrap();
    let mut other = SqliteConnection::connect(&place.url()).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let (began, at) = (Instant::now(), Timestamp::now());
    store.fact_or_spool(said(1), None).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    assert!(store.spool_bytes() > 0);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    until("the spool is drained", async || store.spool_bytes() == 0).await;
    let written = facts(&store).await;
    assert!(
        written
            .iter()
            .any(|fact| fact.body["number"] == "1" && fact.at.as_microsecond() >= at.as_microsecond())
    );
    assert!(store.verify_ledger(&[]).await.unwrap().sound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_file_that_was_replaced_is_not_written_where_nobody_looks() {
    let place = Place::sqlite().await;
    let (store, _tasks) = place.store("one").await;
    store.fact(said(0)).await.unwrap();
    let copy = place.folder.path().join("copy.db");
    place.tamper(&[&format!("VACUUM INTO '{}'", copy.display())]).await.unwrap();
    store.fact(said(1)).await.unwrap();
    for beside in ["-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{}{beside}", place.file().display())));
    }
    std::fs::rename(copy, place.file()).unwrap();
    let refused = store.fact(said(2)).await;
    assert!(matches!(refused, Err(StoreError::WentBack { found: 1, signed: 2 })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_sqlite_file_is_not_made_anew() {
    let mut place = Place::sqlite().await;
    let (store, _tasks) = place.store("one").await;
    store.fact(said(0)).await.unwrap();
    place.down();
    until("the node says so", async || store.gone_for().is_some()).await;
    assert!(!place.file().exists());
    place.up().await;
}
