//! People and vendors: who they are, how long they are valid, what they may prove themselves with, where from.

use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Login, MailAddress, PersonId, Role, TargetName, VendorId};

/// A half-open span of instants in which something is valid; an open end means "until said otherwise".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// First valid instant.
    pub from: Option<Timestamp>,
    /// First instant that is no longer valid.
    pub until: Option<Timestamp>,
}

impl Validity {
    /// No instant at all.
    pub const NEVER: Self = Self { from: Some(Timestamp::MAX), until: Some(Timestamp::MIN) };

    /// Whether `now` lies in the span.
    #[must_use]
    pub fn contains(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    /// Whether no instant lies in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.from.zip(self.until).is_some_and(|(from, until)| until <= from)
    }
}

/// Where a role applies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Everywhere.
    All,
    /// At one site.
    Site(String),
    /// For one group of targets.
    Group(String),
    /// For one target.
    Target(TargetName),
}

/// A role, somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What.
    pub role: Role,
    /// Where.
    pub scope: Scope,
}

/// An SSH public key that a person has enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolledKey {
    /// `SHA256:` and base64 without padding, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// The key as one OpenSSH public key line, without options.
    pub openssh: String,
    /// When it may be used.
    pub validity: Validity,
}

/// A human who signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Identity.
    pub id: PersonId,
    /// Sign-in name.
    pub login: Login,
    /// Name for people.
    pub name: String,
    /// Where they are told what becomes of their windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<MailAddress>,
    /// The company they work for; `None` for hospital staff.
    pub vendor: Option<VendorId>,
    /// What they may do, and where.
    pub grants: Vec<Grant>,
    /// When they may sign in.
    pub validity: Validity,
    /// Networks they may come from; empty means any.
    pub source_networks: Vec<IpNet>,
    /// Their SSH keys.
    pub keys: Vec<EnrolledKey>,
    /// How many sessions they may have at once; `None` means the gate's default.
    pub session_limit: Option<u32>,
    /// Who of the hospital answers for somebody who was enrolled on the spot; they stand in emergency windows only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsor: Option<PersonId>,
}

impl Person {
    /// Whether the person holds the role anywhere.
    #[must_use]
    pub fn holds(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }
}

/// A company whose people visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vendor {
    /// Identity.
    pub id: VendorId,
    /// Name, as contracts spell it.
    pub name: String,
    /// The hospital's person who answers for the company.
    pub sponsor: Option<PersonId>,
    /// When its people may visit.
    pub validity: Validity,
    /// Networks its people may come from; empty means any.
    pub source_networks: Vec<IpNet>,
}
