//! Searching facts, and handing them out with what their leaves commit to.

use chaperone_policy::{PersonId, SessionId, TargetId, WindowId};
use chaperone_recorder::ledger::{Hash, Leaf, Salt, Tag};
use jiff::Timestamp;
use serde_json::Value;

use crate::db::{Conn, big, count, sql};
use crate::facts::{Row, fact};
use crate::{CommittedFact, FactKind, Store, StoreError};

/// Which facts: every part that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactSearch {
    /// From this number on.
    pub after: u64,
    /// Happened then or later.
    pub since: Option<Timestamp>,
    /// Happened before that.
    pub before: Option<Timestamp>,
    /// Of this kind.
    pub kind: Option<FactKind>,
    /// About, or by, this person.
    pub person: Option<PersonId>,
    /// About this target.
    pub target: Option<TargetId>,
    /// About this session.
    pub session: Option<SessionId>,
    /// About this window.
    pub window: Option<WindowId>,
}

/// A fact as its leaf has it: everything that recomputes the leaf's hash.
#[derive(Clone, Debug)]
pub struct LedgerEntry {
    /// The leaf.
    pub leaf: Leaf,
    /// The salt of its body; none once retention has removed it.
    pub salt: Option<Salt>,
    /// The document that the body's hash covers; none as above.
    pub document: Option<Value>,
}

/// Each text begins with the one column that an index finds by; the other parts are held against the rows it finds.
macro_rules! search {
    ($by:literal) => {
        concat!(
            "SELECT number, at_us, kind, node, person_id, vendor_id, target_id, window_id, session_id, attempt_id, body
             FROM facts WHERE ", $by, " AND number >= $2 AND at_us >= $3 AND at_us < $4 AND ($5 = '' OR kind = $5)
               AND ($6 = 0 OR person_id = $7) AND ($8 = 0 OR target_id = $9) AND ($10 = 0 OR window_id = $11)
             ORDER BY number LIMIT $12"
        )
    };
}

const BY_SESSION: &str = search!("session_id = $1");
const BY_WINDOW: &str = search!("window_id = $1");
const BY_PERSON: &str = search!("person_id = $1");
const BY_TARGET: &str = search!("target_id = $1");
/// `$1` is what nothing is: this text is for searches without any of the others.
const BY_KIND: &str = search!("kind = $5 AND node <> CAST($1 AS TEXT)");
const BY_NUMBER: &str = search!("node <> CAST($1 AS TEXT)");

impl Store {
    /// The facts that are searched for, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn search_facts(
        &self,
        search: &FactSearch,
        limit: u32,
    ) -> Result<Vec<CommittedFact>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let number = match search.since {
            // Times run with numbers but for what was spooled: a hint where to begin, an hour's spool early.
            Some(since) => search.after.max(first_since(&mut conn, since).await?),
            None => search.after,
        };
        let kind = search.kind.map(FactKind::as_str).unwrap_or_default();
        let (person, target) = (search.person.map(|id| id.0), search.target.map(|id| id.0));
        let (session, window) = (search.session.map(|id| id.0), search.window.map(|id| id.0));
        let (text, by) = match (session, window, person, target) {
            (Some(session), ..) => (BY_SESSION, session),
            (None, Some(window), ..) => (BY_WINDOW, window),
            (None, None, Some(person), _) => (BY_PERSON, person),
            (None, None, None, Some(target)) => (BY_TARGET, target),
            (None, None, None, None) if kind.is_empty() => (BY_NUMBER, uuid::Uuid::nil()),
            (None, None, None, None) => (BY_KIND, uuid::Uuid::nil()),
        };
        let (since, before) = (micros(search.since, i64::MIN), micros(search.before, i64::MAX));
        let rows: Vec<Row> = sql!(
            fetch_all &mut conn, Row, text, by, big(number), since, before, kind,
            i64::from(person.is_some()), person.unwrap_or_default(),
            i64::from(target.is_some()), target.unwrap_or_default(),
            i64::from(window.is_some()), window.unwrap_or_default(), i64::from(limit)
        )?;
        rows.into_iter().map(fact).collect()
    }

    /// Facts in order with what their leaves commit to, from a number on and before another, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer, or a row is not what was written.
    pub async fn ledger_entries(
        &self,
        from: u64,
        to: u64,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<EntryRow> = sql!(
            fetch_all &mut conn, EntryRow,
            "SELECT number, at_us, kind, tags, salt, body, body_hash FROM facts
             WHERE number >= $1 AND number < $2 ORDER BY number LIMIT $3",
            big(from), big(to), i64::from(limit)
        )?;
        rows.into_iter().map(entry).collect()
    }
}

type EntryRow = (i64, i64, String, Vec<u8>, Option<Vec<u8>>, Option<String>, Vec<u8>);

fn entry(row: EntryRow) -> Result<LedgerEntry, StoreError> {
    let (number, at_us, kind, tags, salt, body, hash) = row;
    let corrupt = |what| StoreError::Corrupt { what, source: None };
    let body_hash = Hash::try_from(hash).map_err(|_| corrupt("body hash"))?;
    let (tags, _) = tags.as_chunks::<16>();
    let tags = tags.iter().map(|tag| Tag(*tag)).collect();
    let salt = salt.map(|salt| Salt::try_from(salt).map_err(|_| corrupt("salt"))).transpose()?;
    let document = body.as_deref().map(serde_json::from_str).transpose();
    let document = document.map_err(StoreError::corrupt("fact"))?;
    Ok(LedgerEntry { leaf: Leaf { number: count(number), at_us, kind, tags, body_hash }, salt, document })
}

fn micros(at: Option<Timestamp>, otherwise: i64) -> i64 {
    at.map_or(otherwise, Timestamp::as_microsecond)
}

/// The least number among facts of that time or later.
async fn first_since(conn: &mut Conn, since: Timestamp) -> Result<u64, StoreError> {
    let row = sql!(
        fetch_optional conn, (Option<i64>,),
        "SELECT MIN(number) FROM (SELECT number FROM facts WHERE at_us >= $1 ORDER BY at_us LIMIT 1000) AS these",
        since.as_microsecond()
    )?;
    Ok(row.and_then(|(number,)| number).map_or(0, count))
}
