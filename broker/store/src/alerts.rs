//! Alerts: one row a group, from its first attempt to its disposition.

use chaperone_policy::{AlertId, PersonId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::{big, count, exec, sql};
use crate::records::found;
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// Where an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertState {
    /// Nobody has taken it.
    New,
    /// Somebody works on it.
    Acknowledged,
    /// It has a disposition.
    Closed,
}

impl AlertState {
    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Acknowledged => "acknowledged",
            Self::Closed => "closed",
        }
    }
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertRow {
    /// Identity.
    pub id: AlertId,
    /// What its attempts have in common.
    pub group_key: String,
    /// The rule that raised it.
    pub rule: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: String,
    /// The stored name of its [`AlertState`].
    pub state: String,
    /// The verdict in words.
    pub title: String,
    /// First attempt.
    pub first: Timestamp,
    /// Newest attempt.
    pub last: Timestamp,
    /// When destinations were last told.
    pub told: Timestamp,
    /// How many attempts.
    pub count: u64,
    /// Everything that it shows.
    pub content: Value,
    /// Who took it.
    pub acknowledged_by: Option<PersonId>,
    /// Who closed it.
    pub closed_by: Option<PersonId>,
    /// What it was.
    pub disposition: Option<String>,
    /// In words.
    pub note: Option<String>,
}

type Row = (
    Uuid,
    String,
    String,
    String,
    String,
    String,
    i64,
    i64,
    i64,
    i64,
    String,
    Option<Uuid>,
    Option<Uuid>,
    Option<String>,
    Option<String>,
);

fn at(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn alert(row: Row) -> Result<AlertRow, StoreError> {
    let (
        id,
        group_key,
        rule,
        severity,
        state,
        title,
        first,
        last,
        told,
        number,
        content,
        acked,
        closed,
        disposition,
        note,
    ) = row;
    Ok(AlertRow {
        id: AlertId(id),
        group_key,
        rule,
        severity,
        state,
        title,
        first: at(first),
        last: at(last),
        told: at(told),
        count: count(number),
        content: serde_json::from_str(&content).map_err(StoreError::corrupt("alert"))?,
        acknowledged_by: acked.map(PersonId),
        closed_by: closed.map(PersonId),
        disposition,
        note,
    })
}

const OPEN_IN_GROUP: &str =
    "SELECT id, group_key, rule, severity, state, title, first_us, last_us, told_us, count, content,
    acknowledged_by, closed_by, disposition, note FROM alerts
    WHERE group_key = $1 AND state <> 'closed' ORDER BY first_us DESC LIMIT 1";
const OPEN_SINCE: &str =
    "SELECT id, group_key, rule, severity, state, title, first_us, last_us, told_us, count, content,
    acknowledged_by, closed_by, disposition, note FROM alerts
    WHERE first_us >= $1 AND state <> 'closed' ORDER BY first_us DESC LIMIT 100";
const BY_TIME: &str =
    "SELECT id, group_key, rule, severity, state, title, first_us, last_us, told_us, count, content,
    acknowledged_by, closed_by, disposition, note FROM alerts
    WHERE ($1 = '' OR state = $1) ORDER BY last_us DESC LIMIT $2";
const OPEN_BY_TIME: &str =
    "SELECT id, group_key, rule, severity, state, title, first_us, last_us, told_us, count, content,
    acknowledged_by, closed_by, disposition, note FROM alerts
    WHERE state IN ('new', 'acknowledged') ORDER BY last_us DESC LIMIT $1";
const WORST_OPEN: &str =
    "SELECT id, group_key, rule, severity, state, title, first_us, last_us, told_us, count, content,
    acknowledged_by, closed_by, disposition, note FROM alerts
    WHERE state IN ('new', 'acknowledged') AND ($1 = '' OR severity = $1)
    ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, last_us DESC
    LIMIT $2";
const SINCE: &str =
    "SELECT id, group_key, rule, severity, state, title, first_us, last_us, told_us, count, content,
    acknowledged_by, closed_by, disposition, note FROM alerts
    WHERE last_us >= $1 ORDER BY last_us DESC LIMIT $2";
const BY_ID: &str =
    "SELECT id, group_key, rule, severity, state, title, first_us, last_us, told_us, count, content,
    acknowledged_by, closed_by, disposition, note FROM alerts WHERE id = $1";

impl Tx {
    /// The alert of this group that is not closed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_alert(&mut self, group_key: &str) -> Result<Option<AlertRow>, StoreError> {
        sql!(fetch_optional &mut self.conn, Row, OPEN_IN_GROUP, group_key)?.map(alert).transpose()
    }

    /// One alert; `None` when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alert(&mut self, id: AlertId) -> Result<Option<AlertRow>, StoreError> {
        sql!(fetch_optional &mut self.conn, Row, BY_ID, id.0)?.map(alert).transpose()
    }

    /// The alerts that began at or after `since` and are not closed; the newest hundred.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_alerts_since(&mut self, since: Timestamp) -> Result<Vec<AlertRow>, StoreError> {
        let rows: Vec<Row> = sql!(fetch_all &mut self.conn, Row, OPEN_SINCE, since.as_microsecond())?;
        rows.into_iter().map(alert).collect()
    }

    /// Stores a new alert, or all that grows of an old one. Its fact is the caller's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_alert(&mut self, alert: &AlertRow) -> Result<(), StoreError> {
        let content = serde_json::to_string(&alert.content).map_err(StoreError::corrupt("alert"))?;
        exec!(
            &mut self.conn,
            "INSERT INTO alerts (id, group_key, rule, severity, state, title, first_us, last_us, told_us, count, content)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (id) DO UPDATE SET severity = $4, title = $6, last_us = $8, told_us = $9, count = $10,
                                            content = $11",
            alert.id.0,
            alert.group_key.as_str(),
            alert.rule.as_str(),
            alert.severity.as_str(),
            alert.state.as_str(),
            alert.title.as_str(),
            alert.first.as_microsecond(),
            alert.last.as_microsecond(),
            alert.told.as_microsecond(),
            big(alert.count),
            content
        )?;
        Ok(())
    }
}

impl Store {
    /// The newest alerts; of one state, if it is not empty.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn alerts(&self, state: Option<AlertState>, limit: u32) -> Result<Vec<AlertRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let state = state.map_or("", AlertState::as_str);
        let rows: Vec<Row> = sql!(fetch_all &mut conn, Row, BY_TIME, state, i64::from(limit))?;
        rows.into_iter().map(alert).collect()
    }

    /// The newest alerts that are not closed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_alerts(&self, limit: u32) -> Result<Vec<AlertRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<Row> = sql!(fetch_all &mut conn, Row, OPEN_BY_TIME, i64::from(limit))?;
        rows.into_iter().map(alert).collect()
    }

    /// The alerts that are not closed, of this severity where one is given: the worst first, since a queue is cut somewhere,
    /// and whoever raises many small ones must not push a great one out of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn worst_open_alerts(
        &self,
        severity: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AlertRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let severity = severity.unwrap_or_default();
        let rows: Vec<Row> = sql!(fetch_all &mut conn, Row, WORST_OPEN, severity, i64::from(limit))?;
        rows.into_iter().map(alert).collect()
    }

    /// The newest alerts that were last seen at or after `since`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn alerts_since(&self, since: Timestamp, limit: u32) -> Result<Vec<AlertRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<Row> = sql!(fetch_all &mut conn, Row, SINCE, since.as_microsecond(), i64::from(limit))?;
        rows.into_iter().map(alert).collect()
    }

    /// One alert.
    ///
    /// # Errors
    /// When there is none.
    pub async fn alert(&self, id: AlertId) -> Result<AlertRow, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: Option<Row> = sql!(fetch_optional &mut conn, Row, BY_ID, id.0)?;
        alert(row.ok_or(StoreError::NotFound("alert"))?)
    }

    /// Somebody takes an alert.
    ///
    /// # Errors
    /// When there is none that is new.
    pub async fn acknowledge_alert(
        &self,
        id: AlertId,
        by: PersonId,
        reason: String,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let changed = exec!(
                    &mut tx.conn,
                    "UPDATE alerts SET state = 'acknowledged', acknowledged_by = $2 WHERE id = $1 AND state = 'new'",
                    id.0, by.0
                )?;
                found(changed, "alert that nobody has taken")?;
                let body = json!({ "alert": id, "reason": reason });
                let fact = NewFact::new(FactKind::AlertAcknowledged, tx.now, body).by(by);
                let fact = fact.also_on(tx.alert_target(id).await?);
                tx.fact(fact).await.map(drop)
            })
        })
        .await
    }

    /// Somebody closes an alert with a disposition; the next attempt of its group starts a new one.
    ///
    /// # Errors
    /// When there is none that is open.
    pub async fn close_alert(
        &self,
        id: AlertId,
        by: PersonId,
        disposition: String,
        note: String,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let changed = exec!(
                    &mut tx.conn,
                    "UPDATE alerts SET state = 'closed', closed_by = $2, disposition = $3, note = $4
                     WHERE id = $1 AND state <> 'closed'",
                    id.0,
                    by.0,
                    disposition.as_str(),
                    note.as_str()
                )?;
                found(changed, "open alert")?;
                let body = json!({ "alert": id, "disposition": disposition, "note": note });
                let fact = NewFact::new(FactKind::AlertClosed, tx.now, body).by(by);
                let fact = fact.also_on(tx.alert_target(id).await?);
                tx.fact(fact).await.map(drop)
            })
        })
        .await
    }
}
