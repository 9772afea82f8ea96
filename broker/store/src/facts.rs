//! Reading facts.

use chaperone_policy::{AttemptId, PersonId, SessionId, TargetId, VendorId, WindowId};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::{big, count, sql};
use crate::{CommittedFact, FactKind, NewFact, Store, StoreError};

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

pub(crate) type Row = (
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

const IN_ORDER: &str =
    "SELECT number, at_us, kind, node, person_id, vendor_id, target_id, window_id, session_id, attempt_id, body
    FROM facts WHERE number >= $1 ORDER BY number LIMIT $2";
const OF_KIND: &str =
    "SELECT number, at_us, kind, node, person_id, vendor_id, target_id, window_id, session_id, attempt_id, body
    FROM facts WHERE number >= $1 AND kind = $2 ORDER BY number LIMIT $3";
const OF_SESSION: &str =
    "SELECT number, at_us, kind, node, person_id, vendor_id, target_id, window_id, session_id, attempt_id, body
    FROM facts WHERE number >= $1 AND session_id = $2 AND ($3 = '' OR kind = $3) ORDER BY number LIMIT $4";

impl Store {
    /// Every fact about a session, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session_facts(&self, session: SessionId) -> Result<Vec<CommittedFact>, StoreError> {
        let filter = FactFilter { session: Some(session), ..FactFilter::default() };
        self.facts_page(&filter, u32::MAX).await
    }

    /// Somebody acted with a token that was minted on this host: a fact before the request goes on (P8).
    ///
    /// # Errors
    /// When it was not committed.
    pub async fn token_used(
        &self,
        person: PersonId,
        token: &str,
        request: &str,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let body = json!({ "token": token, "request": request, "host_minted": true });
        self.fact(NewFact::new(FactKind::TokenUsed, at, body).by(person)).await
    }

    /// Facts in order, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn facts_page(
        &self,
        filter: &FactFilter,
        limit: u32,
    ) -> Result<Vec<CommittedFact>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        // Each filter has a text of its own: a general one is a look at every fact.
        let (after, limit) = (big(filter.after), i64::from(limit));
        let kind = filter.kind.as_deref().unwrap_or_default();
        let rows: Vec<Row> = match (filter.session, kind) {
            (Some(session), kind) => {
                sql!(fetch_all &mut conn, Row, OF_SESSION, after, session.0, kind, limit)?
            }
            (None, "") => sql!(fetch_all &mut conn, Row, IN_ORDER, after, limit)?,
            (None, kind) => sql!(fetch_all &mut conn, Row, OF_KIND, after, kind, limit)?,
        };
        rows.into_iter().map(fact).collect()
    }

    /// Which kinds of fact there are among the `most` from a number on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn kinds_from(&self, number: u64, most: u32) -> Result<Vec<FactKind>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<(String,)> = sql!(
            fetch_all &mut conn, (String,),
            "SELECT DISTINCT kind FROM (SELECT kind FROM facts WHERE number >= $1 ORDER BY number LIMIT $2) AS these",
            big(number), i64::from(most)
        )?;
        Ok(rows.iter().filter_map(|(kind,)| kind.parse().ok()).collect())
    }
}

/// The body in a stored document.
pub(crate) fn body_of(document: &str) -> Result<Value, StoreError> {
    let mut document: Value = serde_json::from_str(document).map_err(StoreError::corrupt("fact"))?;
    Ok(document.get_mut("body").map(Value::take).unwrap_or_default())
}

pub(crate) fn fact(row: Row) -> Result<CommittedFact, StoreError> {
    let (number, at_us, kind, node, person, vendor, target, window, session, attempt, body) = row;
    let body = body.map_or(Ok(Value::Null), |text| body_of(&text))?;
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
