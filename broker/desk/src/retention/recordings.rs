//! Recordings over their time: found by the ledger's own times, and deleted between two facts.

use std::path::Path;

use chaperone_policy::{Evidence, Facts, Keeping, SessionId};
use chaperone_store::{CommittedFact, Expiring, FactKind, RecordingState, SessionRow, StoreError};
use jiff::Timestamp;
use serde_json::Value;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::Retained;
use crate::desk::{Desk, DeskError};

/// Recordings that are looked at in one question.
const PAGE: u32 = 500;

impl Desk {
    /// Those that are over their time and that nothing keeps, oldest first.
    pub(super) async fn recordings_due(
        &self,
        keeping: &Keeping,
        now: Timestamp,
        run: &mut Retained,
    ) -> Result<Vec<Expiring>, DeskError> {
        let store = &self.inner.store;
        let facts = store.facts().await?;
        let mut due = Vec::new();
        for state in [RecordingState::Sealed, RecordingState::Recovered] {
            let mut after = SessionId(Uuid::nil());
            loop {
                let page = store.recordings_in(state, keeping.youngest_recording(now), after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = *last;
                for id in page {
                    let row = store.session(id).await?;
                    if let Some(one) = self.due(&row, &facts, keeping, now, run).await? {
                        run.recordings_due += 1;
                        run.bytes += one.size_bytes;
                        due.push(one);
                    }
                }
            }
        }
        due.sort_by_key(|one| one.sealed);
        Ok(due)
    }

    async fn due(
        &self,
        row: &SessionRow,
        facts: &Facts,
        keeping: &Keeping,
        now: Timestamp,
        run: &mut Retained,
    ) -> Result<Option<Expiring>, DeskError> {
        let Some((number, seal_hash)) = sealed(&self.inner.store.session_facts(row.id).await?) else {
            return Ok(None);
        };
        // Not by the row, which anybody who owns the database can change unseen.
        let sealed = self.inner.store.no_older_than(number).await?;
        let evidence = evidence(row, facts, sealed);
        let Some(class) = keeping.recording_due(&evidence, now) else {
            run.recordings_held += u64::from(keeping.held(&evidence).is_some());
            return Ok(None);
        };
        let Some(size_bytes) = size(&self.inner.folder.recording(row.id.0)) else {
            tracing::error!(session.id = %row.id, "a recording over its time is not there, and retention has not deleted it");
            run.recordings_missing += 1;
            return Ok(None);
        };
        let size_bytes = size_bytes + size(&self.inner.folder.rest(row.id.0)).unwrap_or_default();
        Ok(Some(Expiring {
            row: row.clone(),
            class: class.name.to_string(),
            days: class.recordings_days,
            seal_hash,
            sealed_by: number,
            sealed,
            size_bytes,
        }))
    }

    /// Deletes one: its fact first, then the file, then that it is gone. What a hold keeps by then is kept.
    pub(super) async fn delete(
        &self,
        of: Expiring,
        now: Timestamp,
        run: &mut Retained,
    ) -> Result<(), DeskError> {
        let row = of.row.clone();
        let expired = self.inner.store.write(move |tx| {
            Box::pin(async move {
                let (keeping, facts) = (tx.keeping().await?, tx.shared_facts().await?);
                let evidence = evidence(&of.row, &facts, of.sealed);
                if keeping.recording_due(&evidence, now).is_none() {
                    return Ok(false);
                }
                tx.expire_recording(&of).await
            })
        });
        // The commit point is that command's: before it nothing has happened, after it the next run finishes.
        let expired: Result<bool, StoreError> = expired.await;
        if expired? {
            self.finish(&row, now, run).await?;
        }
        Ok(())
    }

    /// Goes on where a crash left a recording between its two facts.
    pub(super) async fn finish_expiring(&self, now: Timestamp, run: &mut Retained) -> Result<(), DeskError> {
        let mut after = SessionId(Uuid::nil());
        loop {
            let left = self.inner.store.recordings_in(RecordingState::Expiring, Timestamp::MAX, after, PAGE);
            let left = left.await?;
            let Some(last) = left.last() else { return Ok(()) };
            after = *last;
            for id in left {
                let row = self.inner.store.session(id).await?;
                self.finish(&row, now, run).await?;
            }
        }
    }

    /// The file goes, then what was derived from it; then the second fact. A hold that came since the first keeps it.
    async fn finish(&self, row: &SessionRow, now: Timestamp, run: &mut Retained) -> Result<(), DeskError> {
        let facts = self.inner.store.session_facts(row.id).await?;
        let expired = facts.iter().rev().find(|fact| fact.kind == FactKind::RecordingExpired);
        // Without its fact nothing is deleted, whatever the row says.
        let Some(expired) = expired else { return Ok(()) };
        if self.kept_after_all(row, expired, now).await? {
            run.recordings_held += 1;
            return Ok(());
        }
        let (folder, session) = (self.inner.folder.clone(), row.id.0);
        spawn_blocking(move || folder.delete(session)).await?.map_err(DeskError::Delete)?;
        self.forget(row.id).await;
        let class = expired.body.get("class").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (row, number) = (row.clone(), expired.number);
        let deleted = self
            .inner
            .store
            .write(move |tx| Box::pin(async move { tx.recording_deleted(&row, &class, number).await }));
        run.recordings_deleted += u64::from(deleted.await?);
        Ok(())
    }

    /// Whether it is not due any more, though its fact says so: then it is as it was, if its file is still there.
    async fn kept_after_all(
        &self,
        row: &SessionRow,
        expired: &CommittedFact,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let text = |name: &str| expired.body.get(name).and_then(Value::as_str).unwrap_or_default();
        let was = match text("was") {
            "recovered" => RecordingState::Recovered,
            _ => RecordingState::Sealed,
        };
        // A time that cannot be read is no time: then it is as old as the fact says that it was due.
        let sealed = text("sealed").parse().unwrap_or(Timestamp::MIN);
        if size(&self.inner.folder.recording(row.id.0)).is_none() {
            return Ok(false);
        }
        let (row, number) = (row.clone(), expired.number);
        let kept = self.inner.store.write(move |tx| {
            Box::pin(async move {
                let (keeping, facts) = (tx.keeping().await?, tx.shared_facts().await?);
                let evidence = evidence(&row, &facts, sealed);
                if keeping.recording_due(&evidence, now).is_some() {
                    return Ok(false);
                }
                tx.keep_recording(&row, was, number).await
            })
        });
        kept.await
    }

    /// That retention has deleted this recording, if it has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deleted(&self, row: &SessionRow) -> Result<Option<DeskError>, StoreError> {
        if row.recording != RecordingState::Deleted.as_str() {
            return Ok(None);
        }
        let facts = self.inner.store.session_facts(row.id).await?;
        let deleted = facts.iter().rev().find(|fact| fact.kind == FactKind::RecordingDeleted);
        Ok(deleted.map(|fact| DeskError::Deleted {
            on: fact.at,
            class: fact.body.get("class").and_then(Value::as_str).unwrap_or_default().to_owned(),
            fact: fact.number,
        }))
    }
}

/// The fact that has the seal, and its hash in hexadecimal.
fn sealed(facts: &[CommittedFact]) -> Option<(u64, String)> {
    let seals =
        |fact: &&CommittedFact| matches!(fact.kind, FactKind::SessionSealed | FactKind::SessionRecovered);
    let fact = facts.iter().rev().find(seals)?;
    Some((fact.number, fact.body.get("seal_hash")?.as_str()?.to_owned()))
}

fn evidence(row: &SessionRow, facts: &Facts, sealed: Timestamp) -> Evidence {
    Evidence {
        session: Some(row.id),
        window: Some(row.window),
        person: Some(row.person),
        target: Some(row.target),
        vendor: facts.people.get(&row.person).and_then(|person| person.vendor),
        from: row.admitted.min(sealed),
        until: row.ended.map_or(sealed, |ended| ended.max(sealed)),
    }
}

fn size(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len())
}
