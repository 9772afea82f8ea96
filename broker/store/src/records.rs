//! People, vendors, targets, freezes and locks: documents of the policy's types. Each change bumps the policy version
//! and is a fact in the same command.

use chaperone_policy::{
    Freeze, FreezeId, Lock, LockId, LockOn, Person, PersonId, Target, TargetId, Vendor, VendorId,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::db::{exec, sql};
use crate::{FactKind, NewFact, StoreError, Tx};

fn doc(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::corrupt("document"))
}

/// A name that is taken is said as such, whatever the engine calls it.
fn taken(what: &str) -> impl FnOnce(StoreError) -> StoreError {
    let what = what.to_owned();
    move |error| match error {
        StoreError::Duplicate(_) => StoreError::Duplicate(what),
        other => other,
    }
}

impl Tx {
    /// Adds a person, by somebody.
    ///
    /// # Errors
    /// When the login is taken.
    pub async fn add_person(&mut self, person: &Person, by: Option<PersonId>) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "INSERT INTO people (id, login, doc) VALUES ($1, $2, $3)",
            person.id.0,
            person.login.as_str(),
            doc(person)?
        )
        .map_err(StoreError::from)
        .map_err(taken(person.login.as_str()))?;
        self.policy_changed();
        self.fact(about_person(FactKind::PersonAdded, person, by, self.now)).await.map(drop)
    }

    /// Replaces a person's record.
    ///
    /// # Errors
    /// When there is none.
    pub async fn change_person(&mut self, person: &Person, by: PersonId) -> Result<(), StoreError> {
        let changed =
            exec!(&mut self.conn, "UPDATE people SET doc = $2 WHERE id = $1", person.id.0, doc(person)?)?;
        found(changed, "person")?;
        self.policy_changed();
        self.fact(about_person(FactKind::PersonChanged, person, Some(by), self.now)).await.map(drop)
    }

    /// Adds a company, by somebody.
    ///
    /// # Errors
    /// When the name is taken.
    pub async fn add_vendor(&mut self, vendor: &Vendor, by: PersonId) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "INSERT INTO vendors (id, name, doc) VALUES ($1, $2, $3)",
            vendor.id.0,
            vendor.name.as_str(),
            doc(vendor)?
        )
        .map_err(StoreError::from)
        .map_err(taken(&vendor.name))?;
        self.policy_changed();
        self.fact(about_vendor(FactKind::VendorAdded, vendor, by, self.now)).await.map(drop)
    }

    /// Replaces a company's record.
    ///
    /// # Errors
    /// When there is none.
    pub async fn change_vendor(&mut self, vendor: &Vendor, by: PersonId) -> Result<(), StoreError> {
        let changed =
            exec!(&mut self.conn, "UPDATE vendors SET doc = $2 WHERE id = $1", vendor.id.0, doc(vendor)?)?;
        found(changed, "vendor")?;
        self.policy_changed();
        self.fact(about_vendor(FactKind::VendorChanged, vendor, by, self.now)).await.map(drop)
    }

    /// Adds a target with a fresh tag key, by somebody.
    ///
    /// # Errors
    /// When the name is taken.
    pub async fn add_target(&mut self, target: &Target, by: PersonId) -> Result<(), StoreError> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).map_err(|_| StoreError::Gone(None))?;
        exec!(
            &mut self.conn,
            "INSERT INTO targets (id, name, tag_key, doc) VALUES ($1, $2, $3, $4)",
            target.id.0,
            target.name.as_str(),
            key.to_vec(),
            doc(target)?
        )
        .map_err(StoreError::from)
        .map_err(taken(target.name.as_str()))?;
        self.policy_changed();
        self.fact(about_target(FactKind::TargetAdded, target, by, self.now)).await.map(drop)
    }

    /// Replaces a target's record.
    ///
    /// # Errors
    /// When there is none.
    pub async fn change_target(
        &mut self,
        target: &Target,
        by: PersonId,
        reason: &str,
    ) -> Result<(), StoreError> {
        let changed =
            exec!(&mut self.conn, "UPDATE targets SET doc = $2 WHERE id = $1", target.id.0, doc(target)?)?;
        found(changed, "target")?;
        self.policy_changed();
        let mut fact = about_target(FactKind::TargetChanged, target, by, self.now);
        if let Some(said) = fact.body.as_object_mut() {
            said.insert("reason".to_owned(), json!(reason));
        }
        self.fact(fact).await.map(drop)
    }

    /// Adds a freeze, by somebody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_freeze(&mut self, freeze: &Freeze, by: PersonId) -> Result<(), StoreError> {
        let until = freeze.span.until.unwrap_or(Timestamp::MAX).as_microsecond();
        exec!(
            &mut self.conn,
            "INSERT INTO freezes (id, until_us, doc) VALUES ($1, $2, $3)",
            freeze.id.0,
            until,
            doc(freeze)?
        )?;
        self.policy_changed();
        let body = json!({ "freeze": freeze });
        let fact = NewFact::new(FactKind::FreezeAdded, self.now, body).by(by);
        self.fact(fact.also_on(freeze.targets.iter().copied())).await.map(drop)
    }

    /// Removes a freeze, by somebody.
    ///
    /// # Errors
    /// When there is none.
    pub async fn remove_freeze(&mut self, freeze: FreezeId, by: PersonId) -> Result<(), StoreError> {
        let row = sql!(
            fetch_optional &mut self.conn, (String,), "SELECT doc FROM freezes WHERE id = $1", freeze.0
        )?;
        let (text,) = row.ok_or(StoreError::NotFound("freeze"))?;
        let removed: Freeze = serde_json::from_str(&text).map_err(StoreError::corrupt("freeze"))?;
        found(exec!(&mut self.conn, "DELETE FROM freezes WHERE id = $1", freeze.0)?, "freeze")?;
        self.policy_changed();
        let body = json!({ "freeze": freeze });
        let fact = NewFact::new(FactKind::FreezeRemoved, self.now, body).by(by);
        self.fact(fact.also_on(removed.targets)).await.map(drop)
    }

    /// Locks something, by somebody or by a rule.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_lock(&mut self, lock: &Lock, by: Option<PersonId>) -> Result<(), StoreError> {
        exec!(&mut self.conn, "INSERT INTO locks (id, doc) VALUES ($1, $2)", lock.id.0, doc(lock)?)?;
        self.policy_changed();
        // Whoever has their browser or their code does not get it back with the lock's end.
        if let LockOn::Person(person) = lock.on {
            // Their visits end by the lock itself.
            self.forget_sign_ins(person).await?;
        }
        let mut fact = NewFact::new(FactKind::LockAdded, self.now, json!({ "lock": lock }));
        fact.person = by;
        self.fact(fact.also_on(locked(lock))).await.map(drop)
    }

    /// Lifts a lock, by somebody.
    ///
    /// # Errors
    /// When there is none.
    pub async fn remove_lock(&mut self, lock: LockId, by: PersonId, reason: &str) -> Result<(), StoreError> {
        let row =
            sql!(fetch_optional &mut self.conn, (String,), "SELECT doc FROM locks WHERE id = $1", lock.0)?;
        let (text,) = row.ok_or(StoreError::NotFound("lock"))?;
        let lifted: Lock = serde_json::from_str(&text).map_err(StoreError::corrupt("lock"))?;
        found(exec!(&mut self.conn, "DELETE FROM locks WHERE id = $1", lock.0)?, "lock")?;
        self.policy_changed();
        let body = json!({ "lock": lock, "reason": reason });
        let fact = NewFact::new(FactKind::LockRemoved, self.now, body).by(by);
        self.fact(fact.also_on(locked(&lifted))).await.map(drop)
    }

    /// The target with this id, as this transaction sees it.
    ///
    /// # Errors
    /// When there is none.
    pub async fn target(&mut self, id: TargetId) -> Result<Target, StoreError> {
        let row =
            sql!(fetch_optional &mut self.conn, (String,), "SELECT doc FROM targets WHERE id = $1", id.0)?;
        let (text,) = row.ok_or(StoreError::NotFound("target"))?;
        serde_json::from_str(&text).map_err(StoreError::corrupt("target"))
    }
}

pub(crate) fn found(changed: u64, what: &'static str) -> Result<(), StoreError> {
    if changed == 0 { Err(StoreError::NotFound(what)) } else { Ok(()) }
}

/// The target that a lock is on, if it is on one.
fn locked(lock: &Lock) -> Option<TargetId> {
    match lock.on {
        LockOn::Target(target) => Some(target),
        _ => None,
    }
}

fn about_person(kind: FactKind, person: &Person, by: Option<PersonId>, now: Timestamp) -> NewFact {
    let keys: Vec<&str> = person.keys.iter().map(|key| key.fingerprint.as_str()).collect();
    let body = json!({
        "login": person.login, "name": person.name, "grants": person.grants, "keys": keys, "by": by,
        "validity": person.validity, "source_networks": person.source_networks,
    });
    let fact = NewFact::new(kind, now, body).by(person.id);
    NewFact { vendor: person.vendor, ..fact }
}

fn about_vendor(kind: FactKind, vendor: &Vendor, by: PersonId, now: Timestamp) -> NewFact {
    NewFact::new(kind, now, json!({ "vendor": vendor })).by(by).of_vendor(VendorId(vendor.id.0))
}

fn about_target(kind: FactKind, target: &Target, by: PersonId, now: Timestamp) -> NewFact {
    NewFact::new(kind, now, json!({ "target": target })).by(by).on(target.id)
}
