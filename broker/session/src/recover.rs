//! What a node does at its start about sessions that it did not finish (the crash table of DESIGN §4).

use std::collections::HashSet;
use std::sync::Arc;

use chaperone_policy::SessionId;
use chaperone_recorder::{Checkpoint, FoundState, Recovering, Recovery, Seal, recover};
use chaperone_store::{FactFilter, FactKind, NewFact, RecordingState, SessionRow, SpooledEnd, StoreError};
use serde_json::json;

use crate::gate::Gate;
use crate::record::sealed;

/// Facts read at once.
const PAGE: u32 = 500;

impl Gate {
    /// Settles every session and every recording that the last run left behind. Call before listening.
    ///
    /// # Errors
    /// When the database does not answer, or the folder cannot be listed.
    pub async fn recover(&self) -> Result<(), StoreError> {
        self.compare_clock_with_ledger().await;
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
                self.recover_recording(row).await;
            } else {
                self.settle_without_recording(row).await;
            }
        }
        let expected: HashSet<SessionId> = unsettled.iter().map(|row| row.id).collect();
        for one in found.iter().filter(|one| !expected.contains(&SessionId(one.session))) {
            self.look_at_stranger(SessionId(one.session), one.state).await;
        }
        Ok(())
    }

    /// A header, perhaps blocks, perhaps a seal whose fact is missing.
    async fn recover_recording(&self, row: &SessionRow) {
        let (shared, id) = (Arc::clone(&self.shared), row.id);
        let Some(keys) = shared.recording_keys() else { return };
        let with = Recovering {
            signer: keys.signer,
            at: self.now(),
            reason: "crash".to_owned(),
            checkpoint: self.newest_checkpoint(row).await,
        };
        let recovered = tokio::task::spawn_blocking(move || recover(&shared.folder, id.0, &with)).await;
        match recovered {
            Ok(Ok(Recovery::WasSealed(seal))) => {
                // The seal was written, its fact was not: the fact is appended, never a second seal.
                self.write_recovered(row, FactKind::SessionSealed, RecordingState::Sealed, &seal).await;
            }
            Ok(Ok(Recovery::Recovered(seal))) => {
                tracing::warn!(session.id = %row.id, "a recording was recovered as found");
                if seal.recovery.as_ref().is_some_and(|note| !note.reaches_checkpoint) {
                    let body = json!({ "sound": false, "failure": "tail-cut", "recovered": sealed(&seal) });
                    self.write_or_spool(about(row, FactKind::EvidenceUnsound, self.now(), body), None).await;
                }
                self.write_recovered(row, FactKind::SessionRecovered, RecordingState::Recovered, &seal).await;
            }
            Ok(Err(error)) => {
                tracing::error!(session.id = %row.id, %error, "a recording cannot be recovered");
                self.write_lost(row, &error.to_string()).await;
            }
            Err(error) => tracing::error!(session.id = %row.id, %error, "a recovery did not finish"),
        }
    }

    /// The newest checkpoint of the recording that the ledger lists: it held at least as much then.
    async fn newest_checkpoint(&self, row: &SessionRow) -> Option<Checkpoint> {
        let store = &self.shared.store;
        let first = store.session_facts(row.id).await.ok()?.first()?.number;
        let kind = Some(FactKind::RecordingCheckpoint.as_str().to_owned());
        let mut filter = FactFilter { after: first, kind, session: None };
        let mut newest = None;
        loop {
            let page = store.facts_page(&filter, PAGE).await.ok()?;
            for fact in &page {
                let listed = fact.body.get("recordings").and_then(serde_json::Value::as_array);
                let ours = listed.into_iter().flatten().filter_map(Checkpoint::from_ledger);
                newest = ours.rev().find(|checkpoint| checkpoint.session == row.id.0).or(newest);
            }
            match page.last() {
                Some(last) if page.len() >= PAGE as usize => filter.after = last.number + 1,
                _ => return newest,
            }
        }
    }

    /// Admitted, and no header: it never started. Started, and no file: it is lost.
    async fn settle_without_recording(&self, row: &SessionRow) {
        if row.started.is_some() {
            return self.write_lost(row, "its recording is not there").await;
        }
        let fact = about(row, FactKind::SessionNeverStarted, self.now(), json!({ "why": "crash" }));
        let end = SpooledEnd { reason: "never-started".to_owned(), seal: None };
        self.write_or_spool(fact, Some(end)).await;
    }

    async fn write_recovered(&self, row: &SessionRow, kind: FactKind, state: RecordingState, seal: &Seal) {
        let fact = about(row, kind, self.now(), sealed(seal));
        self.write_sealed_later(fact, row.id, state, seal).await;
    }

    async fn write_lost(&self, row: &SessionRow, why: &str) {
        let fact = about(row, FactKind::SessionLost, self.now(), json!({ "why": why }));
        let id = row.id;
        let written: Result<(), StoreError> = self
            .shared
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.end_session(id, fact.at, "lost", None).await?;
                    tx.set_recording(id, RecordingState::Lost).await?;
                    tx.fact(fact).await.map(drop)
                })
            })
            .await;
        if let Err(error) = written {
            tracing::error!(session.id = %id, %error, "a lost recording could not be written down");
        }
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

fn about(row: &SessionRow, kind: FactKind, now: jiff::Timestamp, body: serde_json::Value) -> NewFact {
    NewFact::new(kind, now, body)
        .by(row.person)
        .on(row.target)
        .in_window(row.window)
        .in_session(row.id)
        .of_attempt(row.attempt)
}
