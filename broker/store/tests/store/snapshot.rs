//! The facts that decisions rest on: fresh, whole, and one's own writes at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chaperone_policy::{Freeze, FreezeId, Validity};
use uuid::Uuid;

use crate::on_both;
use crate::place::{Place, add_target, person, said, target};

on_both!(
    a_node_reads_its_own_writes_at_once,
    another_node_reads_them_within_a_quarter_of_a_second,
    facts_that_change_no_policy_reload_nothing,
    the_head_tells_of_every_change,
    the_clock_is_compared_with_the_databases,
);

async fn a_node_reads_its_own_writes_at_once(place: Place) {
    let (store, _tasks) = place.store("one").await;
    for n in 1..=30 {
        add_target(&store, &target(&format!("pump-{n}"))).await;
        assert_eq!(store.facts().await.unwrap().targets.len(), n);
    }
    let freeze = Freeze {
        id: FreezeId(Uuid::now_v7()),
        targets: Vec::new(),
        span: Validity::default(),
        reason: "go-live".to_owned(),
    };
    let (id, by) = (freeze.id, person());
    store.write(move |tx| Box::pin(async move { tx.add_freeze(&freeze, by).await })).await.unwrap();
    assert!(store.facts().await.unwrap().freezes.contains_key(&id));
    store.write(move |tx| Box::pin(async move { tx.remove_freeze(id, by).await })).await.unwrap();
    assert!(store.facts().await.unwrap().freezes.is_empty());
}

async fn another_node_reads_them_within_a_quarter_of_a_second(place: Place) {
    let (one, _one) = place.store("one").await;
    let (two, _two) = place.store("two").await;
    for n in 1..=10 {
        add_target(&one, &target(&format!("pump-{n}"))).await;
        let written = Instant::now();
        loop {
            // What is asked after this moment must see it: older facts are not handed out.
            let asked = written.elapsed();
            let seen = two.facts().await.unwrap().targets.len();
            if seen == n {
                break;
            }
            assert!(asked <= Duration::from_millis(250), "asked {asked:?} after the commit, and not told");
        }
    }
}

async fn facts_that_change_no_policy_reload_nothing(place: Place) {
    let (store, _tasks) = place.store("one").await;
    add_target(&store, &target("alaris-sm-01")).await;
    let before = store.facts().await.unwrap();
    store.fact(said(0)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(Arc::ptr_eq(&before, &store.facts().await.unwrap()));
}

async fn the_head_tells_of_every_change(place: Place) {
    let (one, _one) = place.store("one").await;
    let (two, _two) = place.store("two").await;
    let mut changes = two.changes();
    changes.mark_unchanged();
    one.fact(said(0)).await.unwrap();
    let told = tokio::time::timeout(Duration::from_secs(10), changes.wait_for(|head| head.size == 1)).await;
    assert_eq!(told.unwrap().unwrap().policy_version, 0);
    add_target(&one, &target("alaris-sm-01")).await;
    let told = tokio::time::timeout(Duration::from_secs(10), changes.wait_for(|head| head.size == 2)).await;
    assert_eq!(told.unwrap().unwrap().policy_version, 1);
    assert_eq!(one.head(), two.head());
}

async fn the_clock_is_compared_with_the_databases(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let skew = store.clock_skew().await.unwrap();
    assert!(skew.abs().as_secs() < 2, "{skew:?}");
}
