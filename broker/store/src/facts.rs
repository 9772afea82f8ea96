//! Reading facts.

use chaperone_policy::{AttemptId, PersonId, SessionId, TargetId, VendorId, WindowId};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::db::{big, count, sql};
use crate::{CommittedFact, Store, StoreError};

/// Which facts.
#[derive(Clone, Debug, Default)]
pub struct FactFilter {
    /// From this number on.
    pub after: u64,
    /// Of this kind.
    pub kind: Option<String>,
    /// About this session.
    pub session: Option<SessionId>,
}

type Row = (
    i64,
    i64,
    String,
    String,
    Option<Uuid>,
    Option<Uuid>,
    Option<Uuid>,
    Option<Uuid>,
    Option<Uuid>,
    Option<Uuid>,
    Option<String>,
);

impl Store {
    /// Facts in order, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn facts_page(&self, filter: &FactFilter, limit: u32) -> Result<Vec<CommittedFact>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<Row> = sql!(
            fetch_all &mut conn, Row,
            "SELECT number, at_us, kind, node, person_id, vendor_id, target_id, window_id, session_id, attempt_id, body
             FROM facts
             WHERE number >= $1 AND ($2 = '' OR kind = $2) AND ($3 = 0 OR session_id = $4)
             ORDER BY number LIMIT $5",
            big(filter.after),
            filter.kind.as_deref().unwrap_or_default(),
            i64::from(filter.session.is_some()),
            filter.session.map_or(Uuid::nil(), |id| id.0),
            i64::from(limit)
        )?;
        rows.into_iter().map(fact).collect()
    }
}

fn fact(row: Row) -> Result<CommittedFact, StoreError> {
    let (number, at_us, kind, node, person, vendor, target, window, session, attempt, body) = row;
    let body = match body {
        Some(text) => serde_json::from_str(&text).map_err(StoreError::corrupt("fact"))?,
        None => Value::Null,
    };
    Ok(CommittedFact {
        number: count(number),
        kind: kind.parse().map_err(|_| StoreError::Corrupt { what: "fact's kind", source: None })?,
        at: Timestamp::from_microsecond(at_us).unwrap_or(Timestamp::UNIX_EPOCH),
        node,
        person: person.map(PersonId),
        vendor: vendor.map(VendorId),
        target: target.map(TargetId),
        window: window.map(WindowId),
        session: session.map(SessionId),
        attempt: attempt.map(AttemptId),
        body,
    })
}
