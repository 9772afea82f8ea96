//! Sessions: one row each, from *admitted* to *sealed*, and the orders that people give to running ones.

use chaperone_policy::{AttemptId, PersonId, SessionId, TargetId, WindowId};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::types::Uuid;

use crate::db::{big, exec, sql};
use crate::{Store, StoreError, Tx};

/// What became of a session's recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordingState {
    /// No header is known to be written.
    None,
    /// It is being written.
    Live,
    /// Sealed in order.
    Sealed,
    /// Adopted as found after a crash, and sealed so.
    Recovered,
    /// Stated lost.
    Lost,
    /// Over its time: retention deletes its file.
    Expiring,
    /// Deleted by retention.
    Deleted,
}

impl RecordingState {
    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Live => "live",
            Self::Sealed => "sealed",
            Self::Recovered => "recovered",
            Self::Lost => "lost",
            Self::Expiring => "expiring",
            Self::Deleted => "deleted",
        }
    }
}

/// A session that is admitted.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Identity.
    pub id: SessionId,
    /// The attempt it answers.
    pub attempt: AttemptId,
    /// Who.
    pub person: PersonId,
    /// To what.
    pub target: TargetId,
    /// In which window.
    pub window: WindowId,
    /// As which account.
    pub account: Option<String>,
    /// `ssh` or `tls`.
    pub protocol: &'static str,
    /// Address and port that it comes from.
    pub source: String,
    /// The visit that it is a part of: its own id, or that of the visit which it continues.
    pub visit: SessionId,
    /// What it is entered with, where that is shown again for the next one: an id, and no secret.
    pub proof: Option<String>,
}

/// A session's row.
#[derive(Clone, Debug, Serialize)]
pub struct SessionRow {
    /// Identity.
    pub id: SessionId,
    /// The attempt it answers.
    pub attempt: AttemptId,
    /// Who.
    pub person: PersonId,
    /// To what.
    pub target: TargetId,
    /// In which window.
    pub window: WindowId,
    /// As which account.
    pub account: Option<String>,
    /// `ssh` or `tls`.
    pub protocol: String,
    /// Address and port that it came from.
    pub source: String,
    /// On which node.
    pub node: String,
    /// When it was admitted.
    pub admitted: Timestamp,
    /// When its recording ran and the target was dialled.
    pub started: Option<Timestamp>,
    /// When both legs were gone.
    pub ended: Option<Timestamp>,
    /// Why.
    pub end_reason: Option<String>,
    /// The stored name of its [`RecordingState`].
    pub recording: String,
    /// The seal in brief, as JSON: of channels that are to be told of, and without counts.
    pub seal: Option<String>,
    /// The visit that it is a part of, by the id of its first session.
    pub visit: SessionId,
}

/// Which sessions.
#[derive(Clone, Copy, Debug, Default)]
pub struct SessionFilter {
    /// Admitted then or later.
    pub since: Option<Timestamp>,
    /// Admitted before that.
    pub before: Option<Timestamp>,
    /// Of this person.
    pub person: Option<PersonId>,
    /// On this target.
    pub target: Option<TargetId>,
    /// Live (`true`), or over.
    pub live: Option<bool>,
}

/// A row: tuples of the driver have at most sixteen fields, and readers few.
pub(crate) type Row = (
    Uuid,
    Uuid,
    Uuid,
    Uuid,
    Uuid,
    Option<String>,
    String,
    String,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
    String,
    Option<String>,
    Uuid,
);

const COLUMNS_BY_TIME: &str =
    "SELECT id, attempt_id, person_id, target_id, window_id, account, protocol, source, node,
    admitted_us, started_us, ended_us, end_reason, recording, seal, COALESCE(visit_id, id) FROM sessions
    WHERE admitted_us >= $1 ORDER BY admitted_us DESC, id DESC LIMIT $2";
const COLUMNS_WANTED: &str =
    "SELECT id, attempt_id, person_id, target_id, window_id, account, protocol, source, node,
    admitted_us, started_us, ended_us, end_reason, recording, seal, COALESCE(visit_id, id) FROM sessions
    WHERE admitted_us >= $1 AND admitted_us < $2 AND ($3 = 0 OR person_id = $4) AND ($5 = 0 OR target_id = $6)
      AND ($7 = '' OR ($7 = 'live') = (ended_us IS NULL))
    ORDER BY admitted_us DESC, id DESC LIMIT $8";
const COLUMNS_BY_ID: &str =
    "SELECT id, attempt_id, person_id, target_id, window_id, account, protocol, source, node,
    admitted_us, started_us, ended_us, end_reason, recording, seal, COALESCE(visit_id, id) FROM sessions WHERE id = $1";
const COLUMNS_LIVE_ON: &str =
    "SELECT id, attempt_id, person_id, target_id, window_id, account, protocol, source, node,
    admitted_us, started_us, ended_us, end_reason, recording, seal, COALESCE(visit_id, id) FROM sessions
    WHERE target_id = $1 AND ended_us IS NULL ORDER BY admitted_us DESC LIMIT 100";
pub(crate) const COLUMNS_OF_VISIT: &str =
    "SELECT id, attempt_id, person_id, target_id, window_id, account, protocol, source, node,
    admitted_us, started_us, ended_us, end_reason, recording, seal, COALESCE(visit_id, id) FROM sessions
    WHERE visit_id = $1 OR id = $2 ORDER BY admitted_us, id LIMIT $3";
const COLUMNS_UNSEALED: &str =
    "SELECT id, attempt_id, person_id, target_id, window_id, account, protocol, source, node,
    admitted_us, started_us, ended_us, end_reason, recording, seal, COALESCE(visit_id, id) FROM sessions
    WHERE node = $1 AND (ended_us IS NULL OR (seal IS NULL AND recording IN ('live', 'lost'))) ORDER BY admitted_us";
pub(crate) const COLUMNS_OF_SILENT_NODES: &str =
    "SELECT id, attempt_id, person_id, target_id, window_id, account, protocol, source, node,
    admitted_us, started_us, ended_us, end_reason, recording, seal, COALESCE(visit_id, id) FROM sessions
    WHERE node <> $1 AND admitted_us < $2 AND seal IS NULL AND (ended_us IS NULL OR recording = 'live')
      AND NOT EXISTS (SELECT 1 FROM facts WHERE at_us >= $2 AND facts.node = sessions.node)
      AND NOT EXISTS (SELECT 1 FROM checkpoints WHERE at_us >= $2 AND checkpoints.node = sessions.node)
    ORDER BY admitted_us LIMIT 100";

fn at(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(crate) fn session(row: Row) -> SessionRow {
    let (
        id,
        attempt,
        person,
        target,
        window,
        account,
        protocol,
        source,
        node,
        admitted,
        started,
        ended,
        end_reason,
        recording,
        seal,
        visit,
    ) = row;
    SessionRow {
        id: SessionId(id),
        attempt: AttemptId(attempt),
        person: PersonId(person),
        target: TargetId(target),
        window: WindowId(window),
        account,
        protocol,
        source,
        node,
        admitted: at(admitted),
        started: started.map(at),
        ended: ended.map(at),
        end_reason,
        recording,
        seal,
        visit: SessionId(visit),
    }
}

impl Tx {
    /// The sessions on a target that have not ended; the newest hundred.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn live_sessions_on(&mut self, target: TargetId) -> Result<Vec<SessionRow>, StoreError> {
        let rows: Vec<Row> = sql!(fetch_all &mut self.conn, Row, COLUMNS_LIVE_ON, target.0)?;
        Ok(rows.into_iter().map(session).collect())
    }

    /// Stores an admitted session. Its fact is the caller's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn admit_session(&mut self, session: &NewSession) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "INSERT INTO sessions (id, attempt_id, person_id, target_id, window_id, account, protocol, source, node,
                                   admitted_us, recording, visit_id, proof)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'none', $11, $12)",
            session.id.0,
            session.attempt.0,
            session.person.0,
            session.target.0,
            session.window.0,
            session.account.as_deref(),
            session.protocol,
            session.source.as_str(),
            self.node.as_str(),
            self.now.as_microsecond(),
            session.visit.0,
            session.proof.as_deref()
        )?;
        Ok(())
    }

    /// The recording runs; next comes the dial.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start_session(&mut self, id: SessionId) -> Result<(), StoreError> {
        let now = self.now.as_microsecond();
        exec!(
            &mut self.conn,
            "UPDATE sessions SET started_us = $2, recording = 'live' WHERE id = $1",
            id.0,
            now
        )?;
        Ok(())
    }

    /// The session is over; with its seal, if it has one. A second end changes nothing but adds a missing seal.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(
        &mut self,
        id: SessionId,
        at: Timestamp,
        reason: &str,
        seal: Option<&str>,
    ) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "UPDATE sessions SET ended_us = COALESCE(ended_us, $2), end_reason = COALESCE(end_reason, $3) WHERE id = $1",
            id.0,
            at.as_microsecond(),
            reason
        )?;
        if let Some(seal) = seal {
            self.seal_session(id, RecordingState::Sealed, seal).await?;
        }
        Ok(())
    }

    /// The recording is sealed. The first seal stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seal_session(
        &mut self,
        id: SessionId,
        state: RecordingState,
        seal: &str,
    ) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "UPDATE sessions SET seal = $2, recording = $3 WHERE id = $1 AND seal IS NULL",
            id.0,
            seal,
            state.as_str()
        )?;
        Ok(())
    }

    /// What became of the recording, without a seal.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_recording(&mut self, id: SessionId, state: RecordingState) -> Result<(), StoreError> {
        exec!(&mut self.conn, "UPDATE sessions SET recording = $2 WHERE id = $1", id.0, state.as_str())?;
        Ok(())
    }
}

impl Store {
    /// The newest sessions, newest last.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions(
        &self,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let since = since.unwrap_or(Timestamp::UNIX_EPOCH).as_microsecond();
        let mut conn = self.shared().db.conn().await?;
        let rows = sql!(fetch_all &mut conn, Row, COLUMNS_BY_TIME, since, i64::from(limit))?;
        Ok(rows.into_iter().rev().map(session).collect())
    }

    /// The newest sessions that a filter wants, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions_wanted(
        &self,
        filter: &SessionFilter,
        limit: u32,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let state = filter.live.map_or("", |live| if live { "live" } else { "ended" });
        let rows: Vec<Row> = sql!(
            fetch_all &mut conn, Row, COLUMNS_WANTED,
            filter.since.unwrap_or(Timestamp::UNIX_EPOCH).as_microsecond(),
            filter.before.unwrap_or(Timestamp::MAX).as_microsecond(),
            i64::from(filter.person.is_some()),
            filter.person.map_or(Uuid::nil(), |id| id.0),
            i64::from(filter.target.is_some()),
            filter.target.map_or(Uuid::nil(), |id| id.0),
            state,
            i64::from(limit)
        )?;
        Ok(rows.into_iter().map(session).collect())
    }

    /// Who was admitted to a target, and when, since then: the newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn visits_on(
        &self,
        target: TargetId,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<(PersonId, Timestamp)>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<(Uuid, i64)> = sql!(
            fetch_all &mut conn, (Uuid, i64),
            "SELECT person_id, admitted_us FROM sessions WHERE target_id = $1 AND admitted_us >= $2
             ORDER BY admitted_us DESC LIMIT $3",
            target.0, since.as_microsecond(), i64::from(limit)
        )?;
        Ok(rows.into_iter().map(|(person, admitted)| (PersonId(person), at(admitted))).collect())
    }

    /// The sessions on a target that have not ended, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn live_sessions(&self, target: TargetId) -> Result<Vec<SessionRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<Row> = sql!(fetch_all &mut conn, Row, COLUMNS_LIVE_ON, target.0)?;
        Ok(rows.into_iter().map(session).collect())
    }

    /// One session.
    ///
    /// # Errors
    /// When there is none.
    pub async fn session(&self, id: SessionId) -> Result<SessionRow, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(fetch_optional &mut conn, Row, COLUMNS_BY_ID, id.0)?;
        row.map(session).ok_or(StoreError::NotFound("session"))
    }

    /// Sessions of this node that have no end or no seal, those that were stated lost too: what a restart looks at.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unsettled_sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows = sql!(fetch_all &mut conn, Row, COLUMNS_UNSEALED, self.node())?;
        Ok(rows.into_iter().map(session).collect())
    }

    /// The facts of pausing, resuming and stopping that lie behind `after`, and of signing out, which leaves visits: number,
    /// session, kind and body, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn orders_after(
        &self,
        after: u64,
    ) -> Result<Vec<(u64, SessionId, String, String)>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<(i64, Option<Uuid>, String, Option<String>)> = sql!(
            fetch_all &mut conn, (i64, Option<Uuid>, String, Option<String>),
            "SELECT number, session_id, kind, body FROM facts
             WHERE kind IN ('session-paused', 'session-resumed', 'session-stop-asked', 'signed-out') AND number >= $1
             ORDER BY number",
            big(after)
        )?;
        Ok(rows
            .into_iter()
            .flat_map(|(number, session, kind, body)| {
                let body = body.and_then(|text| crate::facts::body_of(&text).ok()).unwrap_or_default();
                let visits = match session {
                    Some(id) => vec![SessionId(id)],
                    None => crate::web_sessions::visits_left(&body),
                };
                let order = move |visit| (crate::db::count(number), visit, kind.clone(), body.to_string());
                visits.into_iter().map(order)
            })
            .collect())
    }
}
