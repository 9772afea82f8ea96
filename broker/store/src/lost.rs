//! Sessions whose node does not come back: who is to be declared lost, and by whom.

use chaperone_policy::SessionId;
use jiff::Timestamp;

use crate::db::{exec, sql};
use crate::sessions::{COLUMNS_OF_SILENT_NODES, Row, session};
use crate::{SessionRow, Store, StoreError, Tx};

impl Tx {
    /// The session ends as lost, unless it has its end or its seal by now; whether it was so. Its fact is the caller's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lose_session(&mut self, id: SessionId) -> Result<bool, StoreError> {
        let now = self.now.as_microsecond();
        let lost = exec!(
            &mut self.conn,
            "UPDATE sessions SET ended_us = COALESCE(ended_us, $2), end_reason = COALESCE(end_reason, 'lost'),
                                 recording = 'lost'
             WHERE id = $1 AND seal IS NULL AND (ended_us IS NULL OR recording = 'live')",
            id.0,
            now
        )?;
        Ok(lost > 0)
    }
}

impl Store {
    /// Sessions of other nodes without an end or a seal, whose node has written and signed nothing since then: some of them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions_of_silent_nodes(&self, since: Timestamp) -> Result<Vec<SessionRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<Row> =
            sql!(fetch_all &mut conn, Row, COLUMNS_OF_SILENT_NODES, self.node(), since.as_microsecond())?;
        Ok(rows.into_iter().map(session).collect())
    }
}
