//! One writer a node, many nodes, one ledger.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chaperone_store::{CommittedFact, FactKind, NewFact, Reaction, StoreError, Tx};
use futures::future::{BoxFuture, join_all};
use jiff::Timestamp;
use serde_json::json;

use crate::on_both;
use crate::place::{Place, add_target, facts, person, said, target};

on_both!(
    eight_writers_on_two_nodes_leave_no_gap,
    a_failing_command_undoes_only_itself,
    a_command_that_goes_on_after_a_refused_statement_harms_nobody_else,
    a_reaction_is_committed_with_its_fact_or_not_at_all,
    a_fact_that_a_reaction_writes_is_not_reacted_to,
    commands_that_come_together_share_a_commit,
    a_caller_that_went_away_has_its_command_committed,
);

async fn eight_writers_on_two_nodes_leave_no_gap(place: Place) {
    let (one, _one) = place.store("one").await;
    let (two, _two) = place.store("two").await;
    let place_of_work = target("alaris-sm-01");
    add_target(&one, &place_of_work).await;
    let writers = (0..8_u64).map(|writer| {
        let store = if writer % 2 == 0 { one.clone() } else { two.clone() };
        tokio::spawn(async move {
            let mut numbers = Vec::new();
            for n in 0..40 {
                let fact = said(writer * 100 + n);
                let fact = if n % 2 == 0 { fact.on(place_of_work.id) } else { fact };
                numbers.push(store.fact(fact).await.unwrap());
            }
            numbers
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut told = BTreeSet::from([0]);
    for numbers in join_all(writers).await {
        told.extend(numbers.unwrap());
    }
    assert_eq!(told, (0..321).collect(), "every caller was told its own number, and none is left out");
    assert_eq!(facts(&two).await.iter().map(|fact| fact.number).collect::<BTreeSet<_>>(), told);
    let verdict = two.verify_ledger(&[]).await.unwrap();
    assert!(verdict.sound, "{verdict:?}");
    assert_eq!(verdict.facts, 321);
}

async fn a_failing_command_undoes_only_itself(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let commands = (0..60_u64).map(|n| {
        store.write(move |tx: &mut Tx| {
            Box::pin(async move {
                tx.add_target(&target(&format!("pump-{n}")), person()).await?;
                tx.fact(said(n)).await?;
                if n % 3 == 0 { Err(StoreError::NotFound("reason")) } else { Ok(n) }
            })
        })
    });
    let outcomes = join_all(commands).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.is_ok(), n % 3 != 0, "{n}: {outcome:?}");
    }
    let written = facts(&store).await;
    assert_eq!(written.len(), 80, "forty commands, a target and a word each");
    assert_eq!(store.facts().await.unwrap().targets.len(), 40);
    assert!(store.verify_ledger(&[]).await.unwrap().sound);
}

async fn a_command_that_goes_on_after_a_refused_statement_harms_nobody_else(place: Place) {
    let (store, _tasks) = place.store("one").await;
    add_target(&store, &target("taken")).await;
    let commands = (0..20_u64).map(|n| {
        store.write(move |tx: &mut Tx| {
            Box::pin(async move {
                if n == 7 {
                    let refused = tx.add_target(&target("taken"), person()).await;
                    assert!(
                        matches!(refused, Err(StoreError::Duplicate(ref name)) if name == "taken"),
                        "{refused:?}"
                    );
                    return Ok(0);
                }
                tx.fact(said(n)).await
            })
        })
    });
    let outcomes = join_all(commands).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        assert!(n == 7 || outcome.is_ok(), "{n}: {outcome:?}");
    }
    assert_eq!(facts(&store).await.len(), 20);
    assert!(store.verify_ledger(&[]).await.unwrap().sound);
}

/// Adds a fact to each refusal, and refuses those whose body says so.
struct Echo;

impl Reaction for Echo {
    fn react<'t>(&'t self, fact: &'t CommittedFact, tx: &'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>> {
        Box::pin(async move {
            if fact.kind != FactKind::AttemptRefused {
                return Ok(());
            }
            let body = json!({ "of": fact.number.to_string() });
            tx.fact(NewFact::new(FactKind::AlertRaised, Timestamp::now(), body)).await?;
            if fact.body == json!({ "number": "13" }) { Err(StoreError::NotFound("rule")) } else { Ok(()) }
        })
    }
}

async fn a_reaction_is_committed_with_its_fact_or_not_at_all(place: Place) {
    let (store, _tasks) = place.store_with("one", Arc::new(Echo)).await;
    let outcomes = join_all((10..16).map(|n| store.fact(said(n)))).await;
    let failed =
        outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::NotFound("rule")))).count();
    assert_eq!(failed, 1, "{outcomes:?}");
    let written = facts(&store).await;
    assert_eq!(written.len(), 10);
    for pair in written.chunks(2) {
        assert_eq!(pair[0].kind, FactKind::AttemptRefused);
        assert_eq!(pair[1].body, json!({ "of": pair[0].number.to_string() }));
        assert_ne!(pair[0].body, json!({ "number": "13" }));
    }
    assert!(store.verify_ledger(&[]).await.unwrap().sound);
}

/// Would never end if it saw what it writes.
struct Again;

impl Reaction for Again {
    fn react<'t>(&'t self, _: &'t CommittedFact, tx: &'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>> {
        Box::pin(async move { tx.fact(said(0)).await.map(drop) })
    }
}

async fn a_fact_that_a_reaction_writes_is_not_reacted_to(place: Place) {
    let (store, _tasks) = place.store_with("one", Arc::new(Again)).await;
    store.fact(said(1)).await.unwrap();
    assert_eq!(facts(&store).await.len(), 2);
}

async fn commands_that_come_together_share_a_commit(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let mut changes = store.changes();
    let ended = Arc::new(AtomicBool::new(false));
    let watching = tokio::spawn({
        let ended = Arc::clone(&ended);
        async move {
            let mut commits = 0;
            while !ended.load(Ordering::Relaxed) && changes.changed().await.is_ok() {
                commits += 1;
            }
            commits
        }
    });
    let outcomes = join_all((0..1000).map(|n| store.fact(said(n)))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    ended.store(true, Ordering::Relaxed);
    store.fact(said(1000)).await.unwrap();
    let commits: u32 = watching.await.unwrap();
    assert!(commits < 100, "1000 facts took {commits} commits");
    assert_eq!(facts(&store).await.len(), 1001);
}

async fn a_caller_that_went_away_has_its_command_committed(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let asked = tokio::spawn({
        let store = store.clone();
        async move { store.fact(said(1)).await }
    });
    tokio::task::yield_now().await;
    asked.abort();
    let after = store.fact(said(2)).await.unwrap();
    let written = facts(&store).await;
    assert_eq!(written.len() as u64, after + 1, "no number is lost, whether the first was queued or not");
    assert!(store.verify_ledger(&[]).await.unwrap().sound);
}
