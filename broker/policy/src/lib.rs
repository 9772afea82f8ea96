//! Who may do what, and when: the pure core of Chaperone.
//!
//! ```text
//!   people, vendors, targets, windows, freezes, locks ──▶ Facts ──┐
//!   one connection × target, as a door describes it ──▶ Attempt ──┼──▶ decide ──▶ Permit | Refusal
//!   the edge's clock ─────────────────────────────────▶ now ──────┘
//!
//!   Facts, a person, an Act, a Subject, now ─────────────────────────▶ may ─────▶ Right | Denied
//!   WindowRequest ──▶ ask ──▶ Window ──▶ approve, extend, revoke, … ──▶ Window | TransitionError
//! ```
//!
//! It never waits, and never reads a clock, a file or a database: facts and time are arguments, so that the same facts
//! always give the same answer, and any test can ask. Only [`decide`] makes a [`Permit`]; without one nothing dials and
//! nothing is recorded. Every door asks [`may`] (DESIGN §1's table); no handler has a rule of its own. Only the
//! transitions of [`Window`] change a window, and they return a new one.
//!
//! Entry point: [`decide`].

mod access;
mod attempt;
mod certificate;
mod console;
mod decide;
mod facts;
mod forward;
mod id;
mod keeping;
mod mail;
mod network;
mod permit;
mod person;
mod reach;
mod refusal;
pub mod rights;
mod role;
mod sponsored;
mod target;
mod window;
mod wording;

#[cfg(test)]
mod hospital;

pub use access::{Access, Purpose, UnknownAccess, UnknownPurpose};
pub use attempt::{Attempt, NodeConditions};
pub use certificate::{Authority, Certified, ProvenKey, Revoked, certificate_validity};
pub use console::{ConsoleSignIn, ConsoleTerms, KeyPin, NoKeyPin, PlainHttp, SHORTEST_HEADER_SECRET};
pub use decide::{SESSIONS_PER_PERSON, SESSIONS_PER_TARGET, WINDOW_CHECKS, decide};
pub use facts::{Facts, Freeze, Lock, LockOn};
pub use forward::Forward;
pub use id::{
    AccountName, AlertId, AttemptId, AuthorityId, ClassName, DestinationId, EndpointName, FileId, FreezeId,
    HoldId, LockId, Login, NameError, PersonId, SessionId, TargetId, TargetName, VendorId, WindowId, WordId,
};
pub use keeping::{ClassFault, Evidence, Hold, HoldOn, Keeping, LEAST_FACTS_DAYS, RetentionClass};
pub use mail::{MailAddress, MailAddressError};
pub use network::comes_from;
pub use permit::{Bound, Permit};
pub use person::{EnrolledKey, Grant, Person, Scope, Validity, Vendor};
pub use reach::{HostPort, HostPortError, Legacy, LegacyAlgorithm, Reach, UnknownLegacy};
pub use refusal::{Nearest, Reason, Refusal};
pub use rights::{Act, Cell, Denied, Right, Subject, may, may_as, may_beside, may_read, may_together};
pub use role::{Role, UnknownRole};
pub use sponsored::{ON_THE_SPOT_LASTS, OnTheSpot, OnTheSpotError};
pub use target::{ApprovalRule, Card, Endpoint, Target, UnknownUploads, Uploads};
pub use window::{
    After, AfterVisit, Approval, Caution, FileHash, Needs, NotAHash, Outcome, Phase, Planned, PlannedFile,
    Transition, TransitionError, UnknownOutcome, Window, WindowRequest, WindowState, Wish,
};
pub use wording::{local, words};
