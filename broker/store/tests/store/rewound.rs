//! The database went back, or is another one: nothing is appended until two people say so.

use std::sync::Arc;

use chaperone_store::{FactKind, Store, StoreError};

use crate::on_both;
use crate::place::{Calm, Place, facts, person, said, until};

on_both!(
    a_database_that_went_back_is_not_appended_to_until_two_people_fork,
    a_database_that_goes_back_under_a_running_node_is_noticed,
    another_history_that_has_grown_longer_is_noticed,
    another_history_of_the_same_size_is_noticed,
    a_ledger_that_did_not_go_back_is_not_forked,
    a_node_that_knew_nothing_of_the_lost_history_goes_on,
);

async fn write(store: &Store, numbers: std::ops::Range<u64>) {
    for n in numbers {
        store.fact(said(n)).await.unwrap();
    }
}

/// A ledger of `size` facts of which a backup was taken after the third.
async fn backed_up(place: &Place, size: u64) {
    let (store, tasks) = place.store("one").await;
    write(&store, 0..3).await;
    store.checkpoint().await.unwrap();
    place.disarm().await;
    write(&store, 3..size).await;
    store.checkpoint().await.unwrap();
    drop(tasks);
}

async fn is_refused(store: &Store) -> (u64, u64) {
    assert!(store.went_back().await.unwrap());
    assert!(matches!(store.facts().await, Err(StoreError::WentBack { .. } | StoreError::Gone(_))));
    match store.fact(said(99)).await {
        Err(StoreError::WentBack { found, signed }) => (found, signed),
        other => panic!("a database that went back was appended to: {other:?}"),
    }
}

async fn a_database_that_went_back_is_not_appended_to_until_two_people_fork(place: Place) {
    backed_up(&place, 8).await;
    place.restore().await;
    let (store, _tasks) = place.store("one").await;
    assert_eq!(is_refused(&store).await, (3, 8));
    assert!(store.gone_for().is_some(), "sessions end as when the database is gone");
    let bad = store.verify_ledger(&[]).await.unwrap().first_bad.unwrap();
    assert_eq!(bad.number, 3, "{bad:?}");

    let (first, second) = (person(), person());
    let alone = store.fork_ledger([first, first], "restored".to_owned()).await;
    assert!(matches!(alone, Err(StoreError::NoFork(_))), "{alone:?}");
    assert_eq!(is_refused(&store).await, (3, 8));
    assert_eq!(store.fork_ledger([first, second], "restored".to_owned()).await.unwrap(), 3);
    until("the node works again", async || store.gone_for().is_none()).await;
    store.facts().await.unwrap();
    let next = store.fact(said(4)).await.unwrap();

    let written = facts(&store).await;
    assert_eq!(written[3].kind, FactKind::LedgerForked);
    assert_eq!(written[3].body["signed"]["size"], "8");
    assert_eq!(written[3].body["went_back_to"]["size"], "3");
    assert_eq!(written[3].body["by"][1], second.to_string());
    let verdict = store.verify_ledger(&[]).await.unwrap();
    assert!(verdict.sound, "{verdict:?}");

    drop((store, _tasks));
    let (again, _again) = place.store("one").await;
    assert!(again.fact(said(5)).await.unwrap() > next, "the fork outlives the node");
}

async fn a_database_that_goes_back_under_a_running_node_is_noticed(place: Place) {
    let (store, _tasks) = place.store("one").await;
    write(&store, 0..3).await;
    place.disarm().await;
    write(&store, 3..6).await;
    place.restore().await;
    until("the poll sees it", async || store.gone_for().is_some()).await;
    assert_eq!(is_refused(&store).await, (3, 6));
    store.fork_ledger([person(), person()], "restored".to_owned()).await.unwrap();
    until("the node works again", async || store.gone_for().is_none()).await;
    assert!(store.verify_ledger(&[]).await.unwrap().sound);
}

async fn another_history_that_has_grown_longer_is_noticed(place: Place) {
    backed_up(&place, 6).await;
    place.restore().await;
    // A node that did not see what was lost goes on, further than the lost history went.
    let (two, two_tasks) = place.store("two").await;
    write(&two, 10..20).await;
    two.checkpoint().await.unwrap();
    drop(two_tasks);
    let (one, _tasks) = place.store("one").await;
    let (found, signed) = match one.fact(said(99)).await {
        Err(StoreError::WentBack { found, signed }) => (found, signed),
        other => panic!("another history was appended to: {other:?}"),
    };
    assert_eq!((found, signed), (13, 6));
    assert!(one.went_back().await.unwrap());
    one.fork_ledger([person(), person()], "failed over".to_owned()).await.unwrap();
    one.fact(said(1)).await.unwrap();
    assert!(one.verify_ledger(&[]).await.unwrap().sound);
}

async fn another_history_of_the_same_size_is_noticed(place: Place) {
    backed_up(&place, 6).await;
    place.restore().await;
    let (two, two_tasks) = place.store("two").await;
    write(&two, 10..13).await;
    drop(two_tasks);
    let (one, _tasks) = place.store("one").await;
    let refused = one.fact(said(99)).await;
    assert!(matches!(refused, Err(StoreError::WentBack { found: 6, signed: 6 })), "{refused:?}");
}

async fn a_ledger_that_did_not_go_back_is_not_forked(place: Place) {
    let (store, _tasks) = place.store_with("one", Arc::new(Calm)).await;
    write(&store, 0..2).await;
    let refused = store.fork_ledger([person(), person()], "why not".to_owned()).await;
    assert!(matches!(refused, Err(StoreError::NoFork(_))), "{refused:?}");
    assert_eq!(store.fact(said(2)).await.unwrap(), 2);
    assert!(store.gone_for().is_none());
}

async fn a_node_that_knew_nothing_of_the_lost_history_goes_on(place: Place) {
    backed_up(&place, 6).await;
    place.restore().await;
    let (two, _tasks) = place.store("two").await;
    assert_eq!(two.fact(said(3)).await.unwrap(), 3);
}
