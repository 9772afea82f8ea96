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
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::gate::Gate;
use crate::health::Trouble;
use crate::live::{LiveSession, in_full};

/// Power loss loses at most this much of a `prompt` recording.
const DURABLE_EVERY: Duration = Duration::from_millis(200);
/// How often the ledger learns how far recordings are.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);
/// Recordings that are synced at the same time, beside those whose medium hangs.
const SYNCS: usize = 4;
/// Nobody waits longer for one recording's medium.
const HANGS_AFTER: Duration = Duration::from_secs(1);

/// What a fact of checkpoints is about: nobody who may see one window's facts learns of another's.
type Place = (WindowId, TargetId);

impl Gate {
    /// A recording whose medium hangs holds up its own syncs and nobody else's.
    pub(crate) async fn keep_durable(&self) {
        let mut tick = interval(DURABLE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            stream::iter(self.shared.live.all()).for_each_concurrent(SYNCS, sync).await;
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
            let taken: Vec<_> = stream::iter(live).map(checkpoint).buffer_unordered(SYNCS).collect().await;
            let mut grown: BTreeMap<Place, Vec<Value>> = BTreeMap::new();
            for (place, now) in taken.into_iter().flatten() {
                let id = SessionId(now.session);
                if told.get(&id).is_none_or(|before| now.grew_since(before)) {
                    grown.entry(place).or_default().push(listed(&now));
                    told.insert(id, now);
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

/// Syncs one recording. One that is at it still is left alone, and so is one to which nothing was written: of a thousand
/// visits most are idle, and each would take a thread five times a second.
async fn sync(session: Arc<LiveSession>) {
    if session.recording.is_synced() {
        // Whatever was wrong, a checkpoint has made it durable.
        session.health.mended(Trouble::Sync);
        return;
    }
    let recording = session.recording.clone();
    let syncing = session.disk.try_aside(move || recording.sync());
    match timeout(HANGS_AFTER, syncing).await {
        Ok(Some(Ok(()))) => drop(session.health.mended(Trouble::Sync)),
        Ok(Some(Err(error))) => {
            let error = in_full(&error);
            if session.health.failed(Trouble::Sync, &error) {
                tracing::error!(session.id = %session.id, error, "a recording could not be made durable");
            }
        }
        // It goes on, and is seen to hang.
        Ok(None) | Err(_) => {}
    }
}

/// How far a recording is on stable storage: it waits for the disk, unless that hangs.
async fn checkpoint(session: Arc<LiveSession>) -> Option<(Place, Checkpoint)> {
    if session.disk.busy_for().is_some_and(|busy| busy > HANGS_AFTER) {
        return None;
    }
    let recording = session.recording.clone();
    let taken = timeout(HANGS_AFTER, session.disk.aside(move || recording.checkpoint())).await;
    match taken.ok().flatten()? {
        Ok(checkpoint) => Some((place(&session), checkpoint)),
        Err(error) => {
            let error = in_full(&error);
            tracing::warn!(session.id = %session.id, error, "no checkpoint of a recording");
            None
        }
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
