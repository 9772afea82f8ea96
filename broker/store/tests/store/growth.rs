//! How far recordings had grown: read for one session, from the facts of its window.

use chaperone_policy::{SessionId, TargetId, WindowId};
use chaperone_store::{FactKind, NewFact, Store};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_both;
use crate::place::{Place, add_target, target};

on_both!(the_checkpoints_of_a_recording_come_from_its_windows_facts_in_order);

fn listed(session: SessionId, block: u64) -> Value {
    json!({
        "session": session, "block": block.to_string(), "chain": "07".repeat(32), "bytes": "1", "records": "1",
        "at": Timestamp::now(),
    })
}

async fn tell(store: &Store, target: TargetId, window: WindowId, recordings: Vec<Value>) -> u64 {
    let body = json!({ "recordings": recordings });
    let fact = NewFact::new(FactKind::RecordingCheckpoint, Timestamp::now(), body);
    store.fact(fact.on(target).in_window(window)).await.unwrap()
}

async fn the_checkpoints_of_a_recording_come_from_its_windows_facts_in_order(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let pump = target("pump-1");
    add_target(&store, &pump).await;
    let [ours, beside] = [(); 2].map(|()| SessionId(Uuid::now_v7()));
    let [window, other] = [(); 2].map(|()| WindowId(Uuid::now_v7()));
    let first = tell(&store, pump.id, window, vec![listed(ours, 1), listed(beside, 9)]).await;
    // Another window's fact is not even read: what it lists of this session is no word about it.
    tell(&store, pump.id, other, vec![listed(ours, 7)]).await;
    let second = tell(&store, pump.id, window, vec![listed(ours, 2)]).await;
    let last = tell(&store, pump.id, window, vec![listed(ours, 3)]).await;
    let known = store.growth_of(ours, Some(window), first..last).await.unwrap();
    let known: Vec<_> = known.iter().map(|known| (known.fact, known.checkpoint.block)).collect();
    assert_eq!(known, [(first, 1), (second, 2)]);
    let newest = store.growth_of(ours, Some(window), first..u64::MAX).await.unwrap();
    assert_eq!(newest.last().map(|known| known.checkpoint.block), Some(3));
    assert!(store.growth_of(ours, None, first..u64::MAX).await.unwrap().is_empty());
}
