//! More time that a technician has asked for, until somebody answers or the window is over.

use std::collections::BTreeMap;

use chaperone_policy::{PersonId, WindowId};
use jiff::Timestamp;
use serde_json::json;
use sqlx::types::Uuid;

use crate::db::{count, exec, sql};
use crate::facts::body_of;
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

/// Why a window came to nothing: what its denial, revocation or withdrawal said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Who.
    pub by: Option<PersonId>,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

type DecisionRow = (Option<Uuid>, Option<Uuid>, i64, Option<String>);

/// Windows whose decisions and visits are told at once.
const MOST: i64 = 5000;

impl Store {
    /// The newest denial, revocation or withdrawal of each window.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn decisions(&self) -> Result<BTreeMap<WindowId, Decision>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<DecisionRow> = sql!(
            fetch_all &mut conn, DecisionRow,
            "SELECT window_id, person_id, at_us, body FROM facts WHERE kind IN ($1, $2, $3) ORDER BY number DESC LIMIT $4",
            FactKind::WindowDenied.as_str(), FactKind::WindowRevoked.as_str(), FactKind::WindowWithdrawn.as_str(), MOST
        )?;
        let mut all = BTreeMap::new();
        for (window, by, at, body) in rows {
            let Some(window) = window.map(WindowId) else { continue };
            let body = body.map(|text| body_of(&text)).transpose()?.unwrap_or_default();
            let reason = body.pointer("/about/reason").and_then(serde_json::Value::as_str);
            let reason = reason.unwrap_or_default().to_owned();
            let at = Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
            all.entry(window).or_insert(Decision { by: by.map(PersonId), reason, at });
        }
        Ok(all)
    }

    /// How many visits each window has had.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn visits_by_window(&self) -> Result<BTreeMap<WindowId, u64>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<(Uuid, i64)> = sql!(
            fetch_all &mut conn, (Uuid, i64), "SELECT window_id, COUNT(DISTINCT COALESCE(visit_id, id)) FROM sessions GROUP BY window_id"
        )?;
        Ok(rows.into_iter().map(|(window, visits)| (WindowId(window), count(visits))).collect())
    }

    /// How many visits one window has had.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn visits_in(&self, window: WindowId) -> Result<u64, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: Option<(i64,)> = sql!(
            fetch_optional &mut conn, (i64,), "SELECT COUNT(DISTINCT COALESCE(visit_id, id)) FROM sessions WHERE window_id = $1", window.0
        )?;
        Ok(row.map_or(0, |(visits,)| count(visits)))
    }

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
        let targets = self.window(wish.window).await?.targets;
        let fact = NewFact::new(FactKind::MoreTimeAsked, self.now, body).by(wish.by).in_window(wish.window);
        self.fact(fact.also_on(targets)).await.map(drop)
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
