//! Emptying facts whose time is over: their words and salt go, and number, time, kind, tags and leaf stay for ever. The
//! only place that changes a fact; the guards in the database let it through, and nothing else.

use chaperone_policy::{PersonId, SessionId, TargetId, VendorId, WindowId};
use jiff::Timestamp;
use serde_json::json;
use sqlx::types::Uuid;

use crate::db::{big, count, exec, sql};
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// A fact that still has its words, by what it is about.
#[derive(Clone, Debug)]
pub struct WordyFact {
    /// Its number.
    pub number: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What kind; `None` for one that this release does not know.
    pub kind: Option<FactKind>,
    /// Who.
    pub person: Option<PersonId>,
    /// Which company.
    pub vendor: Option<VendorId>,
    /// Which target.
    pub target: Option<TargetId>,
    /// Which further targets.
    pub also: Vec<TargetId>,
    /// Which window.
    pub window: Option<WindowId>,
    /// Which session.
    pub session: Option<SessionId>,
    /// Whether its window is not over, or the recording of its session, or of any in its window, is kept.
    pub needed: bool,
}

type Row =
    (i64, i64, String, Option<Uuid>, Option<Uuid>, Option<Uuid>, Option<Uuid>, Option<Uuid>, String, i64);

impl FactKind {
    /// Whether its words stay for as long as the ledger: they say why something else is not there any more, or on
    /// whose word.
    #[must_use]
    pub fn keeps_its_words(self) -> bool {
        matches!(
            self,
            Self::RecordingExpired
                | Self::RecordingDeleted
                | Self::BodiesCleared
                | Self::RetentionChanged
                | Self::RetentionAssigned
                | Self::RetentionAllowed
                | Self::HoldAdded
                | Self::HoldLifted
                | Self::LedgerForked
                | Self::ClockAccepted
        )
    }
}

impl Store {
    /// Facts from a number on that have their words, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn wordy_facts(&self, from: u64, limit: u32) -> Result<Vec<WordyFact>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let now = Timestamp::now().as_microsecond();
        let rows: Vec<Row> = sql!(
            fetch_all &mut conn, Row,
            "SELECT number, at_us, kind, person_id, vendor_id, target_id, window_id, session_id, body,
                    CAST((SELECT COUNT(*) FROM windows WHERE windows.id = facts.window_id AND closes_us >= $3)
                       + (SELECT COUNT(*) FROM sessions WHERE sessions.id = facts.session_id
                          AND recording IN ('live', 'sealed', 'recovered', 'expiring'))
                       + (SELECT COUNT(*) FROM sessions WHERE sessions.window_id = facts.window_id
                          AND recording IN ('live', 'sealed', 'recovered', 'expiring')) AS BIGINT)
             FROM facts WHERE number >= $1 AND body IS NOT NULL ORDER BY number LIMIT $2",
            big(from), i64::from(limit), now
        )?;
        Ok(rows.into_iter().map(wordy).collect())
    }
}

fn wordy((number, at, kind, person, vendor, target, window, session, body, needed): Row) -> WordyFact {
    WordyFact {
        number: count(number),
        at: Timestamp::from_microsecond(at).unwrap_or(Timestamp::MAX),
        kind: kind.parse().ok(),
        person: person.map(PersonId),
        vendor: vendor.map(VendorId),
        target: target.map(TargetId),
        also: also(&body),
        window: window.map(WindowId),
        session: session.map(SessionId),
        needed: needed > 0,
    }
}

/// The further targets that a document names.
fn also(document: &str) -> Vec<TargetId> {
    #[derive(serde::Deserialize)]
    struct Also {
        #[serde(default)]
        also: Vec<TargetId>,
    }
    serde_json::from_str::<Also>(document).map(|read| read.also).unwrap_or_default()
}

impl Tx {
    /// Empties facts that happened before an instant, which must itself be long past; one fact says which range, how many,
    /// and by which class. How many were emptied. The commit point is the transaction's: before it all have their
    /// words, after it none, and the fact stands beside.
    ///
    /// # Errors
    /// When a fact is younger, or the database fails: then none is emptied.
    pub async fn empty_bodies(
        &mut self,
        numbers: &[u64],
        before: Timestamp,
        class: &str,
    ) -> Result<u64, StoreError> {
        let (Some(first), Some(last)) = (numbers.iter().min(), numbers.iter().max()) else { return Ok(0) };
        exec!(&mut self.conn, "INSERT INTO emptying (before_us) VALUES ($1)", before.as_microsecond())?;
        let mut emptied = 0;
        for number in numbers {
            emptied += exec!(
                &mut self.conn,
                "UPDATE facts SET body = NULL, salt = NULL WHERE number = $1 AND body IS NOT NULL",
                big(*number)
            )?;
        }
        exec!(&mut self.conn, "DELETE FROM emptying")?;
        let body = json!({
            "from": first.to_string(), "to": last.to_string(), "count": emptied.to_string(), "class": class,
            "before": before,
        });
        self.fact(NewFact::new(FactKind::BodiesCleared, self.now, body)).await?;
        Ok(emptied)
    }
}
