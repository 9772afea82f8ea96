//! More time that a technician has asked for, until somebody answers or the window is over.

use std::collections::BTreeMap;

use chaperone_policy::{PersonId, WindowId};
use jiff::Timestamp;
use serde_json::json;
use sqlx::types::Uuid;

use crate::db::{exec, sql};
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// An unanswered wish for more time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoreTime {
    /// Which window.
    pub window: WindowId,
    /// Who asks.
    pub by: PersonId,
    /// Until when: first instant outside.
    pub closes: Timestamp,
    /// Why.
    pub reason: String,
    /// When it was asked.
    pub at: Timestamp,
}

type Row = (Uuid, Uuid, i64, String, i64);

fn wish((window, by, closes, reason, at): Row) -> MoreTime {
    let time = |us| Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH);
    MoreTime { window: WindowId(window), by: PersonId(by), closes: time(closes), reason, at: time(at) }
}

impl Store {
    /// Every unanswered wish, by window.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn more_time(&self) -> Result<BTreeMap<WindowId, MoreTime>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<Row> = sql!(fetch_all &mut conn, Row, "SELECT window_id, by_id, closes_us, reason, at_us FROM more_time")?;
        Ok(rows.into_iter().map(wish).map(|wish| (wish.window, wish)).collect())
    }
}

impl Tx {
    /// Asks for more time, in place of what was asked before; a fact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask_more_time(&mut self, wish: &MoreTime) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "INSERT INTO more_time (window_id, by_id, closes_us, reason, at_us) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (window_id) DO UPDATE SET by_id = $2, closes_us = $3, reason = $4, at_us = $5",
            wish.window.0,
            wish.by.0,
            wish.closes.as_microsecond(),
            wish.reason.as_str(),
            wish.at.as_microsecond()
        )?;
        let body = json!({ "closes": wish.closes, "reason": wish.reason });
        let fact = NewFact::new(FactKind::MoreTimeAsked, self.now, body).by(wish.by).in_window(wish.window);
        self.fact(fact).await.map(drop)
    }

    /// The wish is answered: the window has a new end, or none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answer_more_time(&mut self, window: WindowId) -> Result<(), StoreError> {
        exec!(&mut self.conn, "DELETE FROM more_time WHERE window_id = $1", window.0)?;
        Ok(())
    }
}
