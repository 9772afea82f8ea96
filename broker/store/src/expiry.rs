//! Recordings that retention deletes: which there are, and the two facts around each deletion; and whether the ledger's
//! own times bear out the clock that says so.

use chaperone_policy::SessionId;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::types::Uuid;

use crate::db::{big, count, exec, sql};
use crate::{FactKind, NewFact, RecordingState, SessionRow, Store, StoreError, Tx};

/// Time without any fact that a hospital does not have: beyond it the clock has leapt, or the gate was long off.
pub const LEAP: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Facts before a seal whose times bear out its own.
const NEIGHBOURS: u64 = 1_000;

/// A recording that is about to be deleted.
#[derive(Clone, Debug)]
pub struct Expiring {
    /// The visit.
    pub row: SessionRow,
    /// By which class.
    pub class: String,
    /// Days that the class says.
    pub days: u32,
    /// The seal that the ledger has, in hexadecimal.
    pub seal_hash: String,
    /// The fact that has it.
    pub sealed_by: u64,
    /// When it was sealed, by the ledger.
    pub sealed: Timestamp,
    /// Bytes that go.
    pub size_bytes: u64,
}

impl Store {
    /// The recordings of this node that are in a state, of visits that ended before then: by id, after one, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recordings_in(
        &self,
        state: RecordingState,
        before: Timestamp,
        after: SessionId,
        limit: u32,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<(Uuid,)> = sql!(
            fetch_all &mut conn, (Uuid,),
            "SELECT id FROM sessions WHERE node = $1 AND recording = $2 AND id > $3 AND ended_us < $4 ORDER BY id LIMIT $5",
            self.node(), state.as_str(), after.0, before.as_microsecond(), i64::from(limit)
        )?;
        Ok(rows.into_iter().map(|(id,)| SessionId(id)).collect())
    }

    /// How many sealed recordings this node keeps.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn kept_recordings(&self) -> Result<u64, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: Option<(i64,)> = sql!(
            fetch_optional &mut conn, (i64,),
            "SELECT COUNT(*) FROM sessions WHERE node = $1 AND recording IN ('sealed', 'recovered')", self.node()
        )?;
        Ok(row.map_or(0, |(kept,)| count(kept)))
    }

    /// When the oldest visit was admitted whose recording is kept, on any node: what proves it must keep its words.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn oldest_kept(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: Option<(Option<i64>,)> = sql!(
            fetch_optional &mut conn, (Option<i64>,),
            "SELECT MIN(admitted_us) FROM sessions WHERE recording IN ('none', 'live', 'sealed', 'recovered', 'expiring')
               AND (ended_us IS NULL OR recording <> 'none')"
        )?;
        Ok(row.and_then(|(oldest,)| oldest).and_then(|us| Timestamp::from_microsecond(us).ok()))
    }

    /// When something happened by the ledger's own times: its own, or that of a fact shortly before it, whichever is
    /// later. A clock that was behind for a moment makes nothing older than what was written before it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn no_older_than(&self, number: u64) -> Result<Timestamp, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: Option<(Option<i64>,)> = sql!(
            fetch_optional &mut conn, (Option<i64>,),
            "SELECT MAX(at_us) FROM facts WHERE number <= $1 AND number >= $2",
            big(number), big(number.saturating_sub(NEIGHBOURS))
        )?;
        let us = row.and_then(|(us,)| us).ok_or(StoreError::NotFound("fact"))?;
        Ok(Timestamp::from_microsecond(us).unwrap_or(Timestamp::MAX))
    }

    /// The newest stretch longer than [`LEAP`] between `since` and now in which the ledger has no fact; `None` where it has
    /// none. A clock that was turned forward leaves one behind it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leap(
        &self,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let time = |us| Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH);
        let first: Option<(i64,)> =
            sql!(fetch_optional &mut conn, (i64,), "SELECT at_us FROM facts ORDER BY at_us LIMIT 1")?;
        let Some((first,)) = first else { return Ok(None) };
        let (stop, step) = (first.max(since.as_microsecond()), LEAP.as_micros());
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        // Backwards in steps of at most a leap: each goes from a fact to the oldest one within a leap before it.
        let mut at = now.as_microsecond();
        while at > stop {
            let from = at.saturating_sub(step);
            let oldest: Option<(Option<i64>,)> = sql!(
                fetch_optional &mut conn, (Option<i64>,),
                "SELECT MIN(at_us) FROM facts WHERE at_us >= $1 AND at_us < $2", from, at
            )?;
            let Some(oldest) = oldest.and_then(|(oldest,)| oldest) else {
                let before: Option<(Option<i64>,)> = sql!(
                    fetch_optional &mut conn, (Option<i64>,), "SELECT MAX(at_us) FROM facts WHERE at_us < $1", at
                )?;
                let before = before.and_then(|(before,)| before).unwrap_or(first);
                return Ok(Some((time(before), time(at))));
            };
            at = oldest;
        }
        Ok(None)
    }

    /// When two people last said that retention may go on, with whatever leap lay before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_allowed(&self) -> Result<Option<Timestamp>, StoreError> {
        self.newest_of(FactKind::RetentionAllowed).await
    }

    /// When retention last said in the ledger that it ran.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_retention(&self) -> Result<Option<Timestamp>, StoreError> {
        self.newest_of(FactKind::RetentionRan).await
    }

    /// When retention last said in the ledger that it stopped.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_stop(&self) -> Result<Option<Timestamp>, StoreError> {
        self.newest_of(FactKind::RetentionStopped).await
    }

    async fn newest_of(&self, kind: FactKind) -> Result<Option<Timestamp>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: Option<(i64,)> = sql!(
            fetch_optional &mut conn, (i64,),
            "SELECT at_us FROM facts WHERE kind = $1 ORDER BY number DESC LIMIT 1", kind.as_str()
        )?;
        Ok(row.and_then(|(us,)| Timestamp::from_microsecond(us).ok()))
    }
}

impl Tx {
    /// The first of the two facts: this recording is over its time. Committed before its file is touched; from here on
    /// it is finished after any crash. `false` where it is not there to be deleted any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn expire_recording(&mut self, of: &Expiring) -> Result<bool, StoreError> {
        let taken = exec!(
            &mut self.conn,
            "UPDATE sessions SET recording = 'expiring' WHERE id = $1 AND recording IN ('sealed', 'recovered')",
            of.row.id.0
        )?;
        if taken != 1 {
            return Ok(false);
        }
        let body = json!({
            "class": of.class, "days": of.days, "seal_hash": of.seal_hash, "sealed_by": of.sealed_by.to_string(),
            "sealed": of.sealed, "size": of.size_bytes.to_string(), "was": of.row.recording,
        });
        self.fact(about(FactKind::RecordingExpired, &of.row, self.now, body)).await.map(|_| true)
    }

    /// In place of the second: something keeps it now, and its file is still there. It is as it was before the first fact.
    /// `false` where another said otherwise already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_recording(
        &mut self,
        row: &SessionRow,
        was: RecordingState,
        expired: u64,
    ) -> Result<bool, StoreError> {
        let kept = exec!(
            &mut self.conn,
            "UPDATE sessions SET recording = $1 WHERE id = $2 AND recording = 'expiring'",
            was.as_str(),
            row.id.0
        )?;
        if kept != 1 {
            return Ok(false);
        }
        let body = json!({ "expired": expired.to_string() });
        self.fact(about(FactKind::RecordingKept, row, self.now, body)).await.map(|_| true)
    }

    /// The second: its file is gone. `false` where another said so already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recording_deleted(
        &mut self,
        row: &SessionRow,
        class: &str,
        expired: u64,
    ) -> Result<bool, StoreError> {
        let gone = exec!(
            &mut self.conn,
            "UPDATE sessions SET recording = 'deleted' WHERE id = $1 AND recording = 'expiring'",
            row.id.0
        )?;
        if gone != 1 {
            return Ok(false);
        }
        let body = json!({ "class": class, "expired": expired.to_string() });
        self.fact(about(FactKind::RecordingDeleted, row, self.now, body)).await.map(|_| true)
    }
}

fn about(kind: FactKind, row: &SessionRow, now: Timestamp, body: serde_json::Value) -> NewFact {
    // Nobody did it: the person of the visit stands in its own facts.
    NewFact::new(kind, now, body).on(row.target).in_window(row.window).in_session(row.id)
}
