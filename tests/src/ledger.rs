//! The facts, read from the database itself: what the gate says about them elsewhere is what scenarios check.

use jiff::Timestamp;
use serde_json::Value;

use crate::database::Database;

/// One fact.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its number in the ledger.
    pub number: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Its kind, such as `attempt-refused`.
    pub kind: String,
    /// The visit it is about, as its id is printed.
    pub session: Option<String>,
    /// What it says.
    pub body: Value,
}

impl Fact {
    /// Why something was refused or failed, for facts that say so.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.body.get("reason")?.as_str()
    }
}

impl Database {
    /// Every fact, in order.
    ///
    /// # Panics
    /// When the database does not answer.
    #[track_caller]
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        let session = match self {
            Self::Sqlite(..) => "lower(hex(session_id))",
            Self::Postgresql(_) => "replace(session_id::text, '-', '')",
        };
        let query = format!("SELECT number, at_us, kind, {session} AS session, body FROM facts ORDER BY number");
        self.rows(&query).iter().map(fact).collect()
    }
}

#[track_caller]
fn fact(row: &Value) -> Fact {
    let whole = |key: &str| row.get(key).and_then(Value::as_i64).unwrap_or_else(|| panic!("no {key} in {row}"));
    let body = match row.get("body") {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(Value::Null),
        Some(other) => other.clone(),
        None => Value::Null,
    };
    let session = row.get("session").and_then(Value::as_str).filter(|plain| plain.len() == 32);
    Fact {
        number: u64::try_from(whole("number")).expect("facts are numbered upwards"),
        at: Timestamp::from_microsecond(whole("at_us")).expect("a fact's time is a time"),
        kind: row.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned(),
        session: session.map(with_dashes),
        body,
    }
}

/// A UUID as people know it.
fn with_dashes(plain: &str) -> String {
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| plain.get(part).unwrap_or_default());
    parts.join("-")
}
