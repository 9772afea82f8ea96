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
    /// Who did it, or whom it is about: their id as it is printed.
    pub person: Option<String>,
    /// The visit it is about, as its id is printed.
    pub session: Option<String>,
    /// What it says.
    pub body: Value,
}

impl Fact {
    /// Why something was refused or failed, for facts that say so: for the fact itself, or for what it is about.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        let own = self.body.get("reason").or_else(|| self.body.pointer("/about/reason"))?;
        own.as_str()
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
        self.rows("SELECT number, at_us, kind, body FROM facts ORDER BY number").iter().map(fact).collect()
    }
}

#[track_caller]
fn fact(row: &Value) -> Fact {
    let whole =
        |key: &str| row.get(key).and_then(Value::as_i64).unwrap_or_else(|| panic!("no {key} in {row}"));
    // What is hashed names who and what it concerns beside what it says.
    let text = row.get("body").and_then(Value::as_str).unwrap_or_default();
    let hashed: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    Fact {
        number: u64::try_from(whole("number")).expect("facts are numbered upwards"),
        at: Timestamp::from_microsecond(whole("at_us")).expect("a fact's time is a time"),
        kind: row.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned(),
        person: hashed.get("person").and_then(Value::as_str).map(str::to_owned),
        session: hashed.get("session").and_then(Value::as_str).map(str::to_owned),
        body: hashed.get("body").cloned().unwrap_or_default(),
    }
}
