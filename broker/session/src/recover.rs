//! What a node does at its start about sessions that it did not finish (the crash table of DESIGN §4).

use std::collections::HashSet;
use std::sync::Arc;

use chaperone_policy::SessionId;
use chaperone_recorder::{
    Begun, FoundState, PublicKey, RecoverError, Recovering, Recovery, Seal, SealState, recover,
    withdraw_unbegun,
};
use chaperone_store::{FactKind, KnownGrowth, NewFact, RecordingState, SessionRow, SpooledEnd, StoreError};
use serde_json::{Value, json};

use crate::failpoint;
use crate::gate::Gate;
use crate::record::{Unwritten, hex_text};
use crate::seal_told::sealed;

impl Gate {
    /// Settles every session and every recording that the last run left behind. Call before listening.
    ///
    /// # Errors
    /// When the database does not answer, or the folder cannot be listed.
    pub async fn recover(&self) -> Result<(), StoreError> {
        self.compare_clock_with_ledger().await;
        self.stage().forget_broken().await;
        let unsettled = self.shared.store.unsettled_sessions().await?;
        let shared = Arc::clone(&self.shared);
        let found = tokio::task::spawn_blocking(move || shared.folder.list()).await;
        let found = match found {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                tracing::error!(%error, "the folder of recordings cannot be listed");
                return Ok(());
            }
            Err(error) => {
                tracing::error!(%error, "listing the recordings did not finish");
                return Ok(());
            }
        };
        let on_disk: HashSet<SessionId> = found.iter().map(|found| SessionId(found.session)).collect();
        for row in &unsettled {
            if on_disk.contains(&row.id) {
                self.recover_recording(row).await?;
            } else if row.recording != RecordingState::Lost.as_str() {
                self.settle_without_recording(row).await?;
            }
        }
        let expected: HashSet<SessionId> = unsettled.iter().map(|row| row.id).collect();
        for one in found.iter().filter(|one| !expected.contains(&SessionId(one.session))) {
            self.look_at_stranger(SessionId(one.session), one.state).await;
        }
        Ok(())
    }

    /// A header, perhaps blocks, perhaps a seal whose fact is missing.
    async fn recover_recording(&self, row: &SessionRow) -> Result<(), StoreError> {
        let (shared, id) = (Arc::clone(&self.shared), row.id);
        if row.started.is_none() && self.was_not_begun(row).await {
            return self.settle_without_recording(row).await;
        }
        // Without the ledger's word on it a cut tail would not show: then it is recovered at a later start.
        let known = self.newest_checkpoint(row).await?;
        let Some(keys) = shared.recording_keys() else { return Ok(()) };
        let begun = self.begun(row, keys.signer.public()).await?;
        let with = Recovering {
            signer: keys.signer,
            begun: Some(begun),
            at: self.now(),
            reason: "crash".to_owned(),
            checkpoint: known.map(|known| known.checkpoint),
        };
        let recovered = tokio::task::spawn_blocking(move || recover(&shared.folder, id.0, &with)).await;
        failpoint::reached("recovered");
        match recovered {
            Ok(Ok(Recovery::WasSealed(seal))) => {
                // The seal was written, its fact was not: the fact is appended, never a second seal.
                self.write_settled(row, &seal, known).await?;
            }
            Ok(Ok(Recovery::Recovered(seal))) => {
                tracing::warn!(session.id = %row.id, "a recording was recovered as found");
                if seal.recovery.as_ref().is_some_and(|note| !note.reaches_checkpoint) {
                    let body = json!({ "sound": false, "failure": "tail-cut", "recovered": sealed(&seal) });
                    self.write_or_spool(about(row, FactKind::EvidenceUnsound, self.now(), body), None).await;
                }
                self.write_settled(row, &seal, known).await?;
            }
            Ok(Err(error)) => {
                tracing::error!(session.id = %row.id, %error, "a recording cannot be recovered");
                if let RecoverError::Unsound(bad) = &error {
                    // What stands there is left as it is, for whoever looks into it.
                    let body = json!({ "sound": false, "failure": bad.failure.name(), "detail": bad.detail });
                    self.write_or_spool(about(row, FactKind::EvidenceUnsound, self.now(), body), None).await;
                }
                if row.recording == RecordingState::Lost.as_str() {
                    return Ok(());
                }
                self.write_lost(row, &error.to_string()).await?;
            }
            Err(error) => tracing::error!(session.id = %row.id, %error, "a recovery did not finish"),
        }
        failpoint::reached("recovery-written");
        Ok(())
    }

    /// Whether the crash came before the header was whole. Nothing is dialled before the fact *started*, so there is nothing
    /// to keep.
    async fn was_not_begun(&self, row: &SessionRow) -> bool {
        let (shared, id) = (Arc::clone(&self.shared), row.id);
        match tokio::task::spawn_blocking(move || withdraw_unbegun(&shared.folder, id.0)).await {
            Ok(Ok(unbegun)) => unbegun,
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(session.id = %row.id, error, "what is left of a recording cannot be looked at");
                false
            }
            Err(error) => {
                tracing::error!(session.id = %row.id, %error, "a look at a recording did not finish");
                false
            }
        }
    }

    /// What the recording began with, by its fact. One that the crash kept from having its fact was begun by this gate's key.
    async fn begun(&self, row: &SessionRow, own: PublicKey) -> Result<Begun, StoreError> {
        let facts = self.shared.store.session_facts(row.id).await?;
        let started = facts.iter().find(|fact| fact.kind == FactKind::SessionStarted);
        let begun = started.and_then(|fact| Begun::from_ledger(&fact.body));
        Ok(begun.unwrap_or(Begun { recording: None, seal_key: own }))
    }

    /// The newest checkpoint of the recording that the ledger lists: it held at least as much then.
    async fn newest_checkpoint(&self, row: &SessionRow) -> Result<Option<KnownGrowth>, StoreError> {
        let store = &self.shared.store;
        let Some(first) = store.session_facts(row.id).await?.into_iter().next() else { return Ok(None) };
        let known = store.growth_of(row.id, Some(row.window), first.number..u64::MAX).await?;
        Ok(known.last().copied())
    }

    /// Admitted, and no header: it never started. Started, and no file: it is lost.
    async fn settle_without_recording(&self, row: &SessionRow) -> Result<(), StoreError> {
        if row.started.is_some() {
            return self.write_lost(row, "its recording is not there").await;
        }
        let fact = about(row, FactKind::SessionNeverStarted, self.now(), json!({ "why": "crash" }));
        let end = SpooledEnd { reason: "never-started".to_owned(), seal: None };
        self.write_or_spool(fact, Some(end)).await;
        Ok(())
    }

    /// What became of the recording, by its seal: sealed in order, or as found by this start or an earlier one.
    async fn write_settled(
        &self,
        row: &SessionRow,
        seal: &Seal,
        known: Option<KnownGrowth>,
    ) -> Result<(), StoreError> {
        let (kind, state, body) = match seal.state {
            SealState::Recovered => {
                (FactKind::SessionRecovered, RecordingState::Recovered, recovered_body(seal, known))
            }
            SealState::Sealed => (FactKind::SessionSealed, RecordingState::Sealed, sealed(seal)),
        };
        self.write_sealed_later(about(row, kind, self.now(), body), row.id, state, seal).await
    }

    async fn write_lost(&self, row: &SessionRow, why: &str) -> Result<(), StoreError> {
        let fact = about(row, FactKind::SessionLost, self.now(), json!({ "why": why }));
        let state = RecordingState::Lost;
        self.write_unwritten(Unwritten { fact, session: row.id, state, seal: None }).await
    }

    /// A file whose session is settled is as it should be when it is sealed. One without any session is an alarm.
    async fn look_at_stranger(&self, id: SessionId, state: FoundState) {
        let known = match self.shared.store.session(id).await {
            Ok(_) => true,
            Err(StoreError::NotFound(_)) => false,
            Err(error) => {
                tracing::warn!(session.id = %id, %error, "a recording's session cannot be looked up");
                return;
            }
        };
        if known && state == FoundState::Sealed {
            return;
        }
        let what = if known { "settled, and not sealed" } else { "no session has this recording" };
        tracing::error!(session.id = %id, what, "a recording is not as it should be");
        let body = json!({ "recording": id, "what": what });
        self.write_or_spool(NewFact::new(FactKind::RecordingUnknown, self.now(), body), None).await;
    }
}

/// What a `session-recovered` fact says: the seal, and the newest checkpoint that the ledger had listed before: the
/// recording is not older than that.
fn recovered_body(seal: &Seal, known: Option<KnownGrowth>) -> Value {
    let mut body = sealed(seal);
    if let Some(fields) = body.as_object_mut() {
        let checkpoint = known.map(|KnownGrowth { fact, checkpoint }| {
            json!({
                "fact": fact.to_string(), "block": checkpoint.block.to_string(),
                "chain": hex_text(&checkpoint.chain), "at": checkpoint.at,
            })
        });
        fields.insert("checkpoint".to_owned(), json!(checkpoint));
    }
    body
}

fn about(row: &SessionRow, kind: FactKind, now: jiff::Timestamp, mut body: Value) -> NewFact {
    if let Some(fields) = body.as_object_mut() {
        fields.insert("protocol".to_owned(), json!(row.protocol));
    }
    NewFact::new(kind, now, body)
        .by(row.person)
        .on(row.target)
        .in_window(row.window)
        .in_session(row.id)
        .of_attempt(row.attempt)
}
