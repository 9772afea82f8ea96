//! The facts that a decision rests on: everything policy-relevant as of one ledger head, and what the node itself observes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Authority, AuthorityId, FreezeId, LockId, Login, Person, PersonId, Revoked, Target, TargetId, TargetName,
    Validity, Vendor, VendorId, Window, WindowId,
};

/// Everything `decide` looks at. A snapshot: it never changes, a newer one replaces it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Ledger head (number of facts) that this snapshot is as of.
    pub head: u64,
    /// Version of the policy-relevant tables.
    pub policy_version: u64,
    /// Everybody.
    pub people: BTreeMap<PersonId, Person>,
    /// Every company.
    pub vendors: BTreeMap<VendorId, Vendor>,
    /// The keys that sign certificates for a company's people.
    pub authorities: BTreeMap<AuthorityId, Authority>,
    /// What of a company's certificates is believed no more.
    pub revoked: BTreeMap<VendorId, BTreeSet<Revoked>>,
    /// Every server and console.
    pub targets: BTreeMap<TargetId, Target>,
    /// Windows that are not long over (the store keeps at least 400 days around now for "nearest window").
    pub windows: BTreeMap<WindowId, Window>,
    /// Freezes not long over.
    pub freezes: BTreeMap<FreezeId, Freeze>,
    /// Locks in force.
    pub locks: BTreeMap<LockId, Lock>,
}

impl Facts {
    /// The person with this sign-in name.
    #[must_use]
    pub fn person_by_login(&self, login: &Login) -> Option<&Person> {
        self.people.values().find(|person| person.login == *login)
    }

    /// The target with this name.
    #[must_use]
    pub fn target_by_name(&self, name: &TargetName) -> Option<&Target> {
        self.targets.values().find(|target| target.name == *name)
    }
}

/// A period in which no window of some targets may open or go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// Identity.
    pub id: FreezeId,
    /// Which targets; empty means all.
    pub targets: Vec<TargetId>,
    /// When, half-open.
    pub span: Validity,
    /// Why, in words.
    pub reason: String,
}

impl Freeze {
    /// Whether it is about this target.
    #[must_use]
    pub fn holds(&self, target: TargetId) -> bool {
        self.targets.is_empty() || self.targets.contains(&target)
    }
}

/// A lock in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Identity.
    pub id: LockId,
    /// On what.
    pub on: LockOn,
    /// Why, in words.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// What a lock holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum LockOn {
    /// One person.
    Person(PersonId),
    /// A company and all its people.
    Vendor(VendorId),
    /// One target.
    Target(TargetId),
    /// Everything.
    Everything,
}
