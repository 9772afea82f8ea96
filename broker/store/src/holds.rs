//! Holds, and the classes by which evidence is kept. Who may change them, and with whom, is asked before.

use chaperone_policy::{
    ClassName, Hold, HoldId, HoldOn, Keeping, PersonId, RetentionClass, SessionId, TargetId, VendorId,
    WindowId,
};
use jiff::Timestamp;
use serde_json::json;
use sqlx::types::Uuid;

use crate::db::{Conn, exec, sql};
use crate::{FactKind, NewFact, Store, StoreError, Tx};

type HoldRow = (Uuid, String, Uuid, Option<i64>, Option<i64>, String, Uuid, i64);

/// What a class is assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignedTo {
    /// What happens on a target.
    Target(TargetId),
    /// What a company's people do.
    Vendor(VendorId),
}

impl AssignedTo {
    fn key(self) -> (&'static str, Uuid) {
        match self {
            Self::Target(id) => ("target", id.0),
            Self::Vendor(id) => ("vendor", id.0),
        }
    }
}

fn hold(row: HoldRow) -> Result<Hold, StoreError> {
    let (id, kind, on, from, to, reason, by, at) = row;
    let time = |us| Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH);
    let on = match kind.as_str() {
        "session" => HoldOn::Session(SessionId(on)),
        "window" => HoldOn::Window(WindowId(on)),
        "person" => HoldOn::Person(PersonId(on)),
        "target" => HoldOn::Target(TargetId(on)),
        "vendor" => HoldOn::Vendor(VendorId(on)),
        // A hold that cannot be read must not count as none.
        _ => return Err(StoreError::Corrupt { what: "hold", source: None }),
    };
    let (from, to) = (from.map(time), to.map(time));
    Ok(Hold { id: HoldId(id), on, from, to, reason, by: PersonId(by), at: time(at) })
}

fn stored(on: HoldOn) -> (&'static str, Uuid) {
    match on {
        HoldOn::Session(id) => ("session", id.0),
        HoldOn::Window(id) => ("window", id.0),
        HoldOn::Person(id) => ("person", id.0),
        HoldOn::Target(id) => ("target", id.0),
        HoldOn::Vendor(id) => ("vendor", id.0),
    }
}

/// Everything that says how long evidence is kept. Open cases, once there are any, are holds that are added here.
async fn keeping(conn: &mut Conn) -> Result<Keeping, StoreError> {
    let holds: Vec<HoldRow> = sql!(
        fetch_all conn, HoldRow,
        "SELECT id, on_kind, on_id, from_us, to_us, reason, by_id, at_us FROM holds WHERE lifted_us IS NULL ORDER BY at_us"
    )?;
    let classes: Vec<(String, i64, i64)> = sql!(
        fetch_all conn, (String, i64, i64), "SELECT name, facts_days, recordings_days FROM retention_classes"
    )?;
    let assigned: Vec<(String, Uuid, String)> =
        sql!(fetch_all conn, (String, Uuid, String), "SELECT kind, id, class FROM retention_assigned")?;
    let mut keeping =
        Keeping { holds: holds.into_iter().map(hold).collect::<Result<_, _>>()?, ..Keeping::default() };
    let corrupt = || StoreError::Corrupt { what: "retention class", source: None };
    for (name, facts, recordings) in classes {
        let days = |days| u32::try_from(days).map_err(|_| corrupt());
        let name: ClassName = name.parse().map_err(|_| corrupt())?;
        let class =
            RetentionClass::new(name.clone(), days(facts)?, days(recordings)?).map_err(|_| corrupt())?;
        keeping.classes.insert(name, class);
    }
    for (kind, id, class) in assigned {
        let class: ClassName = class.parse().map_err(|_| corrupt())?;
        match kind.as_str() {
            "target" => drop(keeping.of_targets.insert(TargetId(id), class)),
            "vendor" => drop(keeping.of_vendors.insert(VendorId(id), class)),
            _ => return Err(corrupt()),
        }
    }
    Ok(keeping)
}

impl Store {
    /// Every class and assignment, and every hold that stands.
    ///
    /// # Errors
    /// When the database does not answer, or holds something that cannot be read: then nothing may be deleted.
    pub async fn keeping(&self) -> Result<Keeping, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        keeping(&mut conn).await
    }
}

impl Tx {
    /// The same as this transaction sees it.
    ///
    /// # Errors
    /// As [`Store::keeping`].
    pub async fn keeping(&mut self) -> Result<Keeping, StoreError> {
        keeping(&mut self.conn).await
    }

    /// Puts a hold; a fact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_hold(&mut self, hold: &Hold) -> Result<(), StoreError> {
        let (kind, id) = stored(hold.on);
        exec!(
            &mut self.conn,
            "INSERT INTO holds (id, on_kind, on_id, from_us, to_us, reason, by_id, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            hold.id.0,
            kind,
            id,
            hold.from.map(|at| at.as_microsecond()),
            hold.to.map(|at| at.as_microsecond()),
            hold.reason.as_str(),
            hold.by.0,
            hold.at.as_microsecond()
        )?;
        let fact =
            about(hold, NewFact::new(FactKind::HoldAdded, self.now, json!({ "hold": hold })).by(hold.by));
        self.fact(fact).await.map(drop)
    }

    /// Lifts a hold, by two people; a fact. `false` where it does not stand any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lift_hold(
        &mut self,
        hold: &Hold,
        by: [PersonId; 2],
        reason: &str,
    ) -> Result<bool, StoreError> {
        let lifted = exec!(
            &mut self.conn,
            "UPDATE holds SET lifted_us = $2 WHERE id = $1 AND lifted_us IS NULL",
            hold.id.0,
            self.now.as_microsecond()
        )?;
        if lifted != 1 {
            return Ok(false);
        }
        let body = json!({ "hold": hold, "by": by, "reason": reason });
        let [_, second] = by;
        let fact = about(hold, NewFact::new(FactKind::HoldLifted, self.now, body).by(second));
        self.fact(fact).await.map(|_| true)
    }

    /// Sets a class, new or changed; a fact that names everybody who said so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_class(
        &mut self,
        class: &RetentionClass,
        by: &[PersonId],
        reason: &str,
    ) -> Result<(), StoreError> {
        let before = self.keeping().await?.classes.remove(&class.name);
        exec!(
            &mut self.conn,
            "INSERT INTO retention_classes (name, facts_days, recordings_days) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET facts_days = $2, recordings_days = $3",
            class.name.as_str(),
            i64::from(class.facts_days),
            i64::from(class.recordings_days)
        )?;
        let body = json!({ "class": class, "before": before, "by": by, "reason": reason });
        self.retention_fact(FactKind::RetentionChanged, body, by).await
    }

    /// Says by which class something is kept from now on; a fact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn assign_class(
        &mut self,
        to: AssignedTo,
        class: &ClassName,
        by: &[PersonId],
        reason: &str,
    ) -> Result<(), StoreError> {
        let (kind, id) = to.key();
        exec!(
            &mut self.conn,
            "INSERT INTO retention_assigned (kind, id, class) VALUES ($1, $2, $3)
             ON CONFLICT (kind, id) DO UPDATE SET class = $3",
            kind,
            id,
            class.as_str()
        )?;
        let body = json!({ "class": class, "of": kind, "id": id, "by": by, "reason": reason });
        self.retention_fact(FactKind::RetentionAssigned, body, by).await
    }

    async fn retention_fact(
        &mut self,
        kind: FactKind,
        body: serde_json::Value,
        by: &[PersonId],
    ) -> Result<(), StoreError> {
        let person = by.last().copied();
        self.fact(NewFact { person, ..NewFact::new(kind, self.now, body) }).await.map(drop)
    }
}

/// The fact with what the hold is about beside it. The person of a hold on a person stands in the body: beside it stands
/// who did this.
fn about(hold: &Hold, fact: NewFact) -> NewFact {
    match hold.on {
        HoldOn::Session(id) => fact.in_session(id),
        HoldOn::Window(id) => fact.in_window(id),
        HoldOn::Target(id) => fact.on(id),
        HoldOn::Vendor(id) => fact.of_vendor(id),
        HoldOn::Person(_) => fact,
    }
}
