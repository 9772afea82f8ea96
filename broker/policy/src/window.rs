//! Change windows: what was asked, by whom, for when, and where it stands. Only the transitions drawn here exist.
//!
//! ```text
//!                    deny                       revoke
//!   request ─▶ Requested ──▶ Denied   Approved ───────▶ Revoked
//!                │ │ │                 │ ▲ │ │
//!                │ │ └──── approve ────┘ │ │ └─ close ─▶ Closed ─ review ─▶ Reviewed
//!                │ │  (last one needed;  │ │   (end passed)
//!                │ │   both emergency    │ │
//!                │ │   words)            │ └─ withdraw (no session yet) ─▶ Withdrawn ◀─┐
//!                │ └─◀ move, correct purpose (approvals lapse or are too few)          │
//!                ├─ withdraw ──────────────────────────────────────────────────────────┘
//!                └─ expire ─▶ Expired  (end passed)
//!
//!   Approved stays Approved: extend, shorten, accept, substitute, confirm, go, begin work, require observer, return.
//!   The clock alone makes an approved window open: `[opens, closes)`, and then its overrun.
//! ```

mod after;
mod approval;
mod asking;
mod fault;
mod people;
mod phase;
mod times;
mod yes;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::after::{After, Outcome, UnknownOutcome};
pub use self::approval::Needs;
pub use self::asking::{Caution, WindowRequest, Wish};
pub use self::fault::{Transition, TransitionError};
pub use self::phase::Phase;
pub use self::times::AfterVisit;
use crate::{Access, AccountName, Person, PersonId, Purpose, Role, TargetId, VendorId, WindowId};

/// One change window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Identity.
    pub id: WindowId,
    /// Whose visit it is.
    pub vendor: VendorId,
    /// Who may connect.
    pub technicians: BTreeSet<PersonId>,
    /// Technicians who have not yet accepted a window that others booked or moved; they may not connect.
    pub awaiting_acceptance: BTreeSet<PersonId>,
    /// Technicians put in place of others, not yet confirmed by an engineer; they may not connect.
    pub awaiting_substitution: BTreeSet<PersonId>,
    /// To what.
    pub targets: BTreeSet<TargetId>,
    /// As which accounts; empty means each target's default account.
    pub accounts: BTreeSet<AccountName>,
    /// For what.
    pub access: BTreeSet<Access>,
    /// First instant inside.
    pub opens: Timestamp,
    /// First instant outside.
    pub closes: Timestamp,
    /// How long output still flows, and is recorded, after `closes`. Zero or more.
    pub overrun: SignedDuration,
    /// From the first session on, the work lasts at most this long.
    pub work_limit: Option<SignedDuration>,
    /// When the first session began; set once.
    pub work_began: Option<Timestamp>,
    /// Why.
    pub purpose: Purpose,
    /// The hospital's or vendor's change ticket.
    pub ticket: Option<String>,
    /// In words.
    pub reason: String,
    /// Who asked.
    pub requester: PersonId,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Who has said yes, and as what.
    pub approvals: Vec<Approval>,
    /// Whether a clinical *go* is needed on the day.
    pub go_required: bool,
    /// Who gave the go.
    pub go_by: Option<PersonId>,
    /// Whether an observer must be present while input flows.
    pub observer_required: bool,
    /// Opened on the word of the on-call engineer and the SOC; to be reviewed by this instant.
    pub emergency_review_by: Option<Timestamp>,
    /// What has been said after its visits.
    #[serde(default, skip_serializing_if = "After::is_empty")]
    pub after: After,
    /// Where it stands.
    pub state: WindowState,
}

impl Window {
    /// First instant at which not even output flows: `closes` plus the overrun.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        later(self.closes, self.overrun.max(SignedDuration::ZERO))
    }

    /// When the work limit is used up; counted from `now` while no session has begun. `None` without a limit.
    #[must_use]
    pub fn work_ends(&self, now: Timestamp) -> Option<Timestamp> {
        self.work_limit.map(|limit| later(self.work_began.unwrap_or(now), limit.max(SignedDuration::ZERO)))
    }

    /// Whether the person asked for the window or benefits from it: whoever does approves nothing about it (DESIGN §1).
    #[must_use]
    pub fn serves(&self, person: &Person) -> bool {
        self.requester == person.id
            || self.technicians.contains(&person.id)
            || person.vendor == Some(self.vendor)
    }

    /// Whether the person is one of its technicians, still of its vendor. Says nothing of acceptance or approval.
    #[must_use]
    pub fn names(&self, person: &Person) -> bool {
        self.technicians.contains(&person.id) && person.vendor == Some(self.vendor)
    }

    /// Whether the technician has accepted, and an engineer has agreed to a substitution.
    #[must_use]
    pub fn admits(&self, technician: PersonId) -> bool {
        !self.awaiting_acceptance.contains(&technician) && !self.awaiting_substitution.contains(&technician)
    }
}

/// The instant so much later, or the last one there is.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// One yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: PersonId,
    /// As what.
    pub role: Role,
    /// When.
    pub at: Timestamp,
}

/// Where a window stands. *Open* and *closed* follow from the clock: `Approved` is open inside `[opens, closes)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowState {
    /// Waits for approvals.
    Requested,
    /// Has its approvals.
    Approved,
    /// Its end has passed.
    Closed,
    /// Returned to service and evidence reviewed.
    Reviewed,
    /// An approver said no.
    Denied,
    /// The requester took it back.
    Withdrawn,
    /// An engineer ended it.
    Revoked,
    /// Its end passed before it was approved.
    Expired,
}

impl WindowState {
    /// Whether no visit can have been, since nobody opened it.
    #[must_use]
    pub fn came_to_nothing(self) -> bool {
        matches!(self, Self::Requested | Self::Denied | Self::Withdrawn | Self::Expired)
    }

    /// The stored and shown name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Closed => "closed",
            Self::Reviewed => "reviewed",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for WindowState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
