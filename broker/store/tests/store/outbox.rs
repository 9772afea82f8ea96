//! Outboxes: numbers without gaps, in order, each destination for itself.

use std::time::Duration;

use chaperone_policy::DestinationId;
use chaperone_store::{Destination, DestinationKind, FactKind, OutboxRow, Reach, Store, StoreError};
use futures::future::join_all;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::on_both;
use crate::place::{Place, facts, person};

on_both!(
    events_are_numbered_without_gaps_and_come_out_in_order,
    what_was_sent_is_not_due_and_what_failed_is,
    what_was_sent_lately_can_be_sent_again,
    a_destination_is_added_disabled_and_removed_as_facts,
);

async fn add(store: &Store, name: &str) -> DestinationId {
    let id = DestinationId(Uuid::now_v7());
    let destination = Destination {
        id,
        name: name.to_owned(),
        kind: DestinationKind::Syslog,
        address: "tcp://127.0.0.1:6514".to_owned(),
        reach: Reach { ca: Some("-----BEGIN CERTIFICATE-----".to_owned()), ..Reach::default() },
        events: "all".to_owned(),
        secret: Some(vec![1, 2, 3]),
        enabled: true,
    };
    store.add_destination(destination, person()).await.unwrap();
    id
}

async fn queue(store: &Store, id: DestinationId, n: u64) -> Result<u64, StoreError> {
    store.write(move |tx| Box::pin(async move { tx.queue(id, &json!({ "n": n })).await })).await
}

fn numbers(rows: &[OutboxRow]) -> Vec<u64> {
    rows.iter().map(|row| row.sequence).collect()
}

async fn events_are_numbered_without_gaps_and_come_out_in_order(place: Place) {
    let (one, _one) = place.store("one").await;
    let (two, _two) = place.store("two").await;
    let (soc, other) = (add(&one, "soc").await, add(&one, "other").await);
    let commands = (0..60_u64).map(|n| {
        let store = if n % 2 == 0 { &one } else { &two };
        store.write(move |tx| {
            Box::pin(async move {
                tx.queue(soc, &json!({ "n": n })).await?;
                if n % 3 == 0 { Err(StoreError::NotFound("reason")) } else { Ok(()) }
            })
        })
    });
    join_all(commands).await;
    queue(&two, other, 1).await.unwrap();
    let due = two.outbox_due(soc, 100).await.unwrap();
    assert_eq!(numbers(&due), (1..=40).collect::<Vec<_>>());
    assert_eq!(numbers(&one.outbox_due(soc, 3).await.unwrap()), [1, 2, 3]);
    assert_eq!(numbers(&one.outbox_due(other, 3).await.unwrap()), [1]);
    assert_eq!(one.outbox_health(soc).await.unwrap().depth, 40);
}

async fn what_was_sent_is_not_due_and_what_failed_is(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let soc = add(&store, "soc").await;
    for n in 1..=5 {
        assert_eq!(queue(&store, soc, n).await.unwrap(), n);
    }
    store.outbox_failed(soc, 1, Timestamp::now()).await.unwrap();
    assert_eq!(numbers(&store.outbox_due(soc, 9).await.unwrap()), [1, 2, 3, 4, 5]);
    store.outbox_sent(soc, 3, Timestamp::now()).await.unwrap();
    let due = store.outbox_due(soc, 9).await.unwrap();
    assert_eq!(numbers(&due), [4, 5]);
    assert_eq!(due[0].event, json!({ "n": 4 }));
    let health = store.outbox_health(soc).await.unwrap();
    assert_eq!(health.depth, 2);
    assert!(health.oldest.is_some());
}

async fn what_was_sent_lately_can_be_sent_again(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let soc = add(&store, "soc").await;
    for n in 1..=4 {
        queue(&store, soc, n).await.unwrap();
    }
    let now = Timestamp::now();
    let ago = |seconds| now.checked_sub(Duration::from_secs(seconds)).unwrap();
    store.outbox_sent(soc, 1, ago(300)).await.unwrap();
    store.outbox_sent(soc, 2, ago(50)).await.unwrap();
    store.outbox_sent(soc, 3, now).await.unwrap();
    let minute = Duration::from_secs(60);
    assert_eq!(numbers(&store.outbox_recent(soc, minute, 0, 9).await.unwrap()), [2, 3]);
    assert_eq!(numbers(&store.outbox_recent(soc, minute, 2, 9).await.unwrap()), [3]);
}

async fn a_destination_is_added_disabled_and_removed_as_facts(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let soc = add(&store, "soc").await;
    let [found] = store.destinations().await.unwrap().try_into().unwrap();
    assert_eq!((found.name.as_str(), found.enabled, found.secret.is_some()), ("soc", true, true));
    assert!(!format!("{found:?}").contains("[1, 2, 3]"));
    let twice = Destination { id: DestinationId(Uuid::now_v7()), ..found };
    let refused = store.add_destination(twice, person()).await;
    assert!(matches!(refused, Err(StoreError::Duplicate(ref name)) if name == "soc"), "{refused:?}");
    store.disable_destination(soc, "410".to_owned()).await.unwrap();
    assert!(!store.destinations().await.unwrap()[0].enabled);
    queue(&store, soc, 1).await.unwrap();
    store.remove_destination(soc, person()).await.unwrap();
    assert!(store.destinations().await.unwrap().is_empty());
    assert!(matches!(queue(&store, soc, 2).await, Err(StoreError::NotFound("destination"))));
    let kinds: Vec<_> = facts(&store).await.iter().map(|fact| fact.kind).collect();
    assert_eq!(kinds, [FactKind::DestinationAdded, FactKind::DestinationFault, FactKind::DestinationRemoved]);
}
