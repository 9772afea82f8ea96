//! Visits of several sessions: somebody whose connection was lost comes back, and goes on with the same visit. What makes
//! them one is decided here once, in the transaction that admits the later session.

use chaperone_policy::SessionId;
use jiff::Timestamp;
use sqlx::types::Uuid;

use crate::db::sql;
use crate::sessions::{COLUMNS_OF_VISIT, Row, session};
use crate::{NewSession, SessionRow, Store, StoreError, Tx};

/// A visit that was broken off, and can be gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenOff {
    /// The visit, by the id of its first session.
    pub visit: SessionId,
    /// The session whose connection was lost.
    pub session: SessionId,
    /// When it ended.
    pub ended: Timestamp,
}

/// Sessions of one visit: somebody whose line drops every minute for a day.
const MOST: i64 = 1_000;

impl Tx {
    /// The visit that a new session goes on with: of the same person, target, account and window, ended since then by a
    /// lost connection or with its gate, and not gone on with yet; the one that ended last. Facts are written one
    /// after another on all nodes, so that two who come back at once do not go on with the same.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn broken_off(
        &mut self,
        new: &NewSession,
        since: Timestamp,
    ) -> Result<Option<BrokenOff>, StoreError> {
        let row: Option<(Uuid, Uuid, i64)> = sql!(
            fetch_optional &mut self.conn, (Uuid, Uuid, i64),
            "SELECT COALESCE(s.visit_id, s.id), s.id, s.ended_us FROM sessions s
             WHERE s.window_id = $1 AND s.person_id = $2 AND s.target_id = $3 AND COALESCE(s.account, '') = $4
               AND s.end_reason IN ('client-lost', 'crash', 'shutdown') AND s.ended_us >= $5
               AND NOT EXISTS (SELECT 1 FROM sessions later WHERE later.visit_id = COALESCE(s.visit_id, s.id)
                               AND later.id <> s.id AND later.admitted_us >= s.admitted_us)
             ORDER BY s.ended_us DESC LIMIT 1",
            new.window.0, new.person.0, new.target.0, new.account.as_deref().unwrap_or_default(), since.as_microsecond()
        )?;
        let at = |us| Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(row.map(|(visit, session, ended)| BrokenOff {
            visit: SessionId(visit),
            session: SessionId(session),
            ended: at(ended),
        }))
    }
}

impl Store {
    /// The sessions of a visit, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions_of_visit(&self, visit: SessionId) -> Result<Vec<SessionRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<Row> = sql!(fetch_all &mut conn, Row, COLUMNS_OF_VISIT, visit.0, visit.0, MOST)?;
        Ok(rows.into_iter().map(session).collect())
    }
}
