//! Evidence is kept as long as its class and its holds say: facts lose their words by retention alone, and never before.

use std::time::Duration;

use chaperone_policy::{
    AttemptId, ClassName, Evidence, Hold, HoldId, HoldOn, RetentionClass, SessionId, WindowId,
};
use chaperone_store::{
    AssignedTo, Expiring, FactKind, NewFact, NewSession, RecordingState, Store, StoreError,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::on_both;
use crate::place::{Place, add_target, facts, person, said, target};

on_both!(
    words_go_by_retention_alone_and_leaves_stay,
    words_that_an_owner_of_the_database_takes_are_missed,
    no_word_goes_that_is_younger_than_ninety_days,
    a_recording_is_deleted_between_two_facts_and_once,
    classes_holds_and_assignments_come_back_as_they_were_set,
    a_hold_is_lifted_once,
    a_stretch_without_facts_is_a_leap,
);

fn ago(days: i64) -> Timestamp {
    Timestamp::now().checked_sub(SignedDuration::from_hours(days * 24)).unwrap()
}

fn old(number: u64, days: i64) -> NewFact {
    NewFact { at: ago(days), ..said(number) }
}

async fn empty(store: &Store, numbers: Vec<u64>, before: Timestamp) -> Result<u64, StoreError> {
    store.write(move |tx| Box::pin(async move { tx.empty_bodies(&numbers, before, "standard").await })).await
}

async fn words_go_by_retention_alone_and_leaves_stay(place: Place) {
    let (store, _tasks) = place.store("one").await;
    for (n, days) in [(0, 3000), (1, 2500), (2, 2400), (3, 10)] {
        store.fact(old(n, days)).await.unwrap();
    }
    store.checkpoint().await.unwrap();
    for statement in [
        "UPDATE facts SET body = NULL, salt = NULL WHERE number = 0",
        "DELETE FROM facts WHERE number = 0",
        "UPDATE facts SET body = NULL WHERE number = 0",
    ] {
        assert!(
            place.tamper(&[statement]).await.unwrap_err().to_string().contains("append-only"),
            "{statement}"
        );
    }
    assert_eq!(empty(&store, vec![0, 1], ago(2300)).await.unwrap(), 2);
    let written = facts(&store).await;
    assert!(written[0].body.is_null() && written[1].body.is_null() && written[2].body.is_object());
    let cleared = written.last().unwrap();
    assert_eq!(cleared.kind, FactKind::BodiesCleared);
    assert_eq!(
        (&cleared.body["from"], &cleared.body["to"], &cleared.body["count"]),
        (&json!("0"), &json!("1"), &json!("2"))
    );
    let verdict = store.verify_ledger(&[]).await.unwrap();
    assert!(verdict.sound && verdict.emptied == 2, "{verdict:?}");
    // The word that let it happen is gone with it.
    let again = place.tamper(&["UPDATE facts SET body = NULL, salt = NULL WHERE number = 2"]).await;
    assert!(again.unwrap_err().to_string().contains("append-only"));
    assert_eq!(store.wordy_facts(0, 1).await.unwrap()[0].number, 2);
}

async fn words_that_an_owner_of_the_database_takes_are_missed(place: Place) {
    let (store, tasks) = place.store("one").await;
    let kept = NewFact { at: ago(2400), ..NewFact::new(FactKind::HoldLifted, ago(2400), json!({})) };
    for fact in
        [old(0, 3000), old(1, 2900), old(2, 2800), old(3, 2700), kept, old(5, 50), old(6, 2300), old(7, 10)]
    {
        store.fact(fact).await.unwrap();
    }
    // Two classes, whose ranges lie in each other: 8 and 9 say so, of 0, 2 and 6, and of 1.
    assert_eq!(empty(&store, vec![0, 2, 6], ago(2200)).await.unwrap(), 3);
    assert_eq!(empty(&store, vec![1], ago(2200)).await.unwrap(), 1);
    store.checkpoint().await.unwrap();
    drop(tasks);
    place.disarm().await;
    let honest = store.verify_ledger(&[]).await.unwrap();
    assert!(honest.sound && honest.emptied == 4, "{honest:?}");
    for (taken, number, word) in [
        ("number = 7", 7, "no retention says so"),
        ("number = 5", 5, "too young"),
        ("number = 4", 4, "of its kind"),
        ("number = 8", 0, "no retention says so"),
        // Any of them may be the one too many: the place is where what hangs together begins.
        ("number = 3", 0, "of the facts from here to 6 more"),
        ("number < 8", 4, "of its kind"),
    ] {
        let changed = place
            .tamper(&[&format!("UPDATE facts SET body = NULL, salt = NULL WHERE {taken}")])
            .await
            .unwrap();
        assert!(changed > 0, "{taken}");
        let verdict = store.verify_ledger(&[]).await.unwrap();
        let bad = verdict.first_bad.unwrap_or_else(|| panic!("{taken}: not found"));
        assert!(!verdict.sound && bad.number == number && bad.what.contains(word), "{taken}: {bad:?}");
        place.restore().await;
        assert!(store.verify_ledger(&[]).await.unwrap().sound, "{taken}: not mended");
    }
}

async fn no_word_goes_that_is_younger_than_ninety_days(place: Place) {
    let (store, _tasks) = place.store("one").await;
    store.fact(old(0, 89)).await.unwrap();
    store.fact(old(1, 100)).await.unwrap();
    assert!(empty(&store, vec![0], ago(0)).await.is_err(), "the database itself says no");
    assert!(empty(&store, vec![0, 1], ago(95)).await.is_err(), "a fact is younger than what retention says");
    assert!(facts(&store).await.iter().all(|fact| fact.body.is_object()), "all or none");
    assert!(place.tamper(&["INSERT INTO emptying VALUES (9000000000000000)"]).await.is_err());
    // What an owner of the database leaves behind opens nothing younger either.
    place.tamper(&["INSERT INTO emptying VALUES (1000)"]).await.unwrap();
    assert!(place.tamper(&["UPDATE facts SET body = NULL, salt = NULL WHERE number = 1"]).await.is_err());
    assert!(place.tamper(&["UPDATE emptying SET before_us = 9000000000000000"]).await.is_err());
    assert!(store.verify_ledger(&[]).await.unwrap().sound);
}

/// A visit on a target that ended and was sealed.
async fn visited(store: &Store) -> SessionId {
    let pump = target("alaris-sm-01");
    add_target(store, &pump).await;
    let id = SessionId(Uuid::now_v7());
    let new = NewSession {
        id,
        attempt: AttemptId(Uuid::now_v7()),
        person: person(),
        target: pump.id,
        window: WindowId(Uuid::now_v7()),
        account: None,
        protocol: "ssh",
        source: "192.0.2.1:1".to_owned(),
        visit: id,
        proof: None,
    };
    let written: Result<(), StoreError> = store
        .write(move |tx| {
            Box::pin(async move {
                tx.admit_session(&new).await?;
                tx.start_session(id).await?;
                tx.end_session(id, tx.now(), "client-closed", Some("{}")).await
            })
        })
        .await;
    written.unwrap();
    id
}

async fn a_recording_is_deleted_between_two_facts_and_once(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let id = visited(&store).await;
    assert_eq!(store.kept_recordings().await.unwrap(), 1);
    assert!(store.oldest_kept().await.unwrap().is_some());
    assert_eq!(
        store
            .recordings_in(RecordingState::Sealed, Timestamp::MAX, SessionId(Uuid::nil()), 10)
            .await
            .unwrap(),
        [id]
    );
    let row = store.session(id).await.unwrap();
    let of = Expiring {
        row: row.clone(),
        class: "standard".to_owned(),
        days: 365,
        seal_hash: "00".to_owned(),
        sealed_by: 3,
        sealed: ago(400),
        size_bytes: 7,
    };
    let expire = async || {
        let of = of.clone();
        store.write(move |tx| Box::pin(async move { tx.expire_recording(&of).await })).await
    };
    let delete = async || {
        let row = row.clone();
        store.write(move |tx| Box::pin(async move { tx.recording_deleted(&row, "standard", 4).await })).await
    };
    assert!(!delete().await.unwrap(), "not before it has expired");
    assert!(expire().await.unwrap() && !expire().await.unwrap());
    assert_eq!(store.session(id).await.unwrap().recording, "expiring");
    assert!(delete().await.unwrap() && !delete().await.unwrap());
    assert_eq!(store.session(id).await.unwrap().recording, "deleted");
    assert_eq!((store.kept_recordings().await.unwrap(), store.oldest_kept().await.unwrap()), (0, None));
    let kinds: Vec<_> = store.session_facts(id).await.unwrap().iter().map(|fact| fact.kind).collect();
    assert_eq!(kinds, [FactKind::RecordingExpired, FactKind::RecordingDeleted]);
}

async fn classes_holds_and_assignments_come_back_as_they_were_set(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let pump = target("alaris-sm-01");
    add_target(&store, &pump).await;
    let first = store.keeping().await.unwrap();
    let standard = first.standard().unwrap();
    assert_eq!((standard.facts_days, standard.recordings_days), (2192, 365), "six years and one");
    let name: ClassName = "long".parse().unwrap();
    let class = RetentionClass::new(name.clone(), 4000, 1000).unwrap();
    let hold = Hold {
        id: HoldId(Uuid::now_v7()),
        on: HoldOn::Target(pump.id),
        from: Some(Timestamp::from_second(5).unwrap()),
        to: None,
        reason: "claim 7".to_owned(),
        by: person(),
        at: Timestamp::from_second(9).unwrap(),
    };
    let (set, held, id) = (class.clone(), hold.clone(), pump.id);
    let by = [person()];
    let written: Result<(), StoreError> = store
        .write(move |tx| {
            Box::pin(async move {
                tx.set_class(&set, &by, "tender").await?;
                tx.assign_class(AssignedTo::Target(id), &set.name, &by, "tender").await?;
                tx.add_hold(&held).await
            })
        })
        .await;
    written.unwrap();
    let keeping = store.keeping().await.unwrap();
    assert_eq!(keeping.classes[&name], class);
    assert_eq!(keeping.of_targets[&pump.id], name);
    assert_eq!(keeping.holds, [hold]);
    let kinds: Vec<_> = facts(&store).await.iter().map(|fact| fact.kind).collect();
    assert_eq!(kinds[1..], [FactKind::RetentionChanged, FactKind::RetentionAssigned, FactKind::HoldAdded]);
}

async fn a_hold_is_lifted_once(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let id = visited(&store).await;
    let hold = Hold {
        id: HoldId(Uuid::now_v7()),
        on: HoldOn::Session(id),
        from: None,
        to: None,
        reason: "claim 7".to_owned(),
        by: person(),
        at: Timestamp::now(),
    };
    let put = hold.clone();
    store.write(move |tx| Box::pin(async move { tx.add_hold(&put).await })).await.unwrap();
    let of = Evidence {
        session: Some(id),
        window: None,
        person: None,
        target: None,
        vendor: None,
        from: ago(1),
        until: ago(1),
    };
    assert!(store.keeping().await.unwrap().held(&of).is_some());
    let both = [person(), person()];
    let lift = async || {
        let hold = hold.clone();
        store
            .write(move |tx| Box::pin(async move { tx.lift_hold(&hold, both, "settled").await }))
            .await
            .unwrap()
    };
    assert!(lift().await && !lift().await);
    assert!(store.keeping().await.unwrap().held(&of).is_none());
    let lifted = facts(&store).await.pop().unwrap();
    assert_eq!((lifted.kind, lifted.session), (FactKind::HoldLifted, Some(id)));
    assert_eq!(lifted.body["by"][0], both[0].to_string());
}

async fn a_stretch_without_facts_is_a_leap(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let now = Timestamp::now();
    assert_eq!(store.leap(Timestamp::UNIX_EPOCH, now).await.unwrap(), None, "an empty ledger has none");
    for (n, days) in [(0, 40), (1, 34), (2, 28), (3, 22), (4, 16), (5, 10), (6, 4)] {
        store.fact(old(n, days)).await.unwrap();
    }
    assert_eq!(store.leap(Timestamp::UNIX_EPOCH, now).await.unwrap(), None);
    let later = now + Duration::from_secs(700 * 24 * 3600);
    let (from, to) = store.leap(Timestamp::UNIX_EPOCH, later).await.unwrap().unwrap();
    let is_later = to.as_microsecond() == later.as_microsecond();
    assert!(from < now && is_later, "the clock was turned forward: {from} {to}");
    // Facts that were written after the turn do not hide it, however many.
    for (n, hours) in [(7, 700 * 24), (8, 701 * 24), (9, 702 * 24)] {
        store.fact(NewFact { at: now + SignedDuration::from_hours(hours), ..said(n) }).await.unwrap();
    }
    let later = now + Duration::from_secs(703 * 24 * 3600);
    let (from, to) = store.leap(Timestamp::UNIX_EPOCH, later).await.unwrap().unwrap();
    assert!(from < now && to > now, "{from} {to}");
    // What two people have looked at is behind them.
    assert_eq!(store.leap(later - SignedDuration::from_hours(50), later).await.unwrap(), None);
    assert_eq!(
        store.no_older_than(3).await.unwrap().as_microsecond(),
        facts(&store).await[3].at.as_microsecond()
    );
}
