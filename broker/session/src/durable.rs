//! Recordings on stable storage: each is synced every 200 ms, and every ten seconds the ledger learns how far it is.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::{SessionId, TargetId, WindowId};
use chaperone_recorder::Checkpoint;
use chaperone_store::{FactKind, NewFact, StoreError};
use futures::StreamExt;
use futures::stream;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use crate::gate::Gate;
use crate::live::LiveSession;

/// Power loss loses at most this much of a `prompt` recording.
const DURABLE_EVERY: Duration = Duration::from_millis(200);
/// How often the ledger learns how far recordings are.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);
/// Recordings that are synced at the same time.
const SYNCS: usize = 4;

/// What a fact of checkpoints is about: nobody who may see one window's facts learns of another's.
type Place = (WindowId, TargetId);

impl Gate {
    pub(crate) async fn keep_durable(&self) {
        let mut tick = interval(DURABLE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            stream::iter(self.shared.live.all())
                .for_each_concurrent(SYNCS, |session| async move {
                    let syncing = Arc::clone(&session);
                    match tokio::task::spawn_blocking(move || syncing.recording.sync()).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => {
                            tracing::error!(session.id = %session.id, %error, "a recording could not be made durable");
                        }
                        Err(error) => tracing::error!(session.id = %session.id, %error, "a sync did not finish"),
                    }
                })
                .await;
        }
    }

    /// One fact for each window and target lists their recordings that grew.
    pub(crate) async fn keep_checkpoints(&self) {
        let mut told: HashMap<SessionId, Checkpoint> = HashMap::new();
        let mut tick = interval(CHECKPOINT_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let live = self.shared.live.all();
            told.retain(|id, _| live.iter().any(|session| session.id == *id));
            let mut grown: BTreeMap<Place, Vec<Value>> = BTreeMap::new();
            for session in live {
                let asked = Arc::clone(&session);
                // A checkpoint is on stable storage before the ledger hears of it: it waits for the disk.
                let taken = tokio::task::spawn_blocking(move || asked.recording.checkpoint()).await;
                let Ok(taken) = taken else { continue };
                match taken {
                    Ok(now) if told.get(&session.id).is_none_or(|before| now.grew_since(before)) => {
                        grown.entry(place(&session)).or_default().push(listed(&now));
                        told.insert(session.id, now);
                    }
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(session.id = %session.id, %error, "no checkpoint of a recording")
                    }
                }
            }
            if !grown.is_empty()
                && let Err(error) = self.write_checkpoints(grown).await
            {
                tracing::warn!(%error, "checkpoints of recordings could not be written down");
            }
        }
    }

    async fn write_checkpoints(&self, grown: BTreeMap<Place, Vec<Value>>) -> Result<(), StoreError> {
        let now = self.now();
        let write = self.shared.store.write(move |tx| {
            Box::pin(async move {
                for (place, recordings) in grown {
                    tx.fact(checkpoints(place, now, recordings)).await?;
                }
                Ok(())
            })
        });
        write.await
    }
}

fn place(session: &LiveSession) -> Place {
    let permit = session.permit.borrow();
    (permit.window(), permit.target().id)
}

fn checkpoints((window, target): Place, now: Timestamp, recordings: Vec<Value>) -> NewFact {
    NewFact::new(FactKind::RecordingCheckpoint, now, json!({ "recordings": recordings }))
        .on(target)
        .in_window(window)
}

/// A checkpoint as the ledger lists it: 64-bit numbers as strings.
fn listed(checkpoint: &Checkpoint) -> Value {
    fn strings(value: Value) -> Value {
        match value {
            Value::Number(number) => Value::String(number.to_string()),
            Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, strings(value))).collect(),
            other => other,
        }
    }
    strings(serde_json::to_value(checkpoint).unwrap_or_default())
}
