//! A permit: the value that only `decide` makes, without which nothing dials and nothing is recorded.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{Access, AccountName, AttemptId, PersonId, Target, WindowId};

/// An attempt inside its window. Private fields: only [`crate::decide`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Permit {
    pub(crate) attempt: AttemptId,
    pub(crate) person: PersonId,
    pub(crate) target: Target,
    pub(crate) account: Option<AccountName>,
    pub(crate) window: WindowId,
    pub(crate) access: BTreeSet<Access>,
    pub(crate) input_until: Timestamp,
    pub(crate) output_until: Timestamp,
    pub(crate) bound: Bound,
    pub(crate) observer_required: bool,
    pub(crate) head: u64,
    pub(crate) policy_version: u64,
}

/// What ends a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bound {
    /// The window's own end, with its overrun.
    Closes,
    /// The work limit.
    WorkLimit,
    /// The next freeze of the target.
    Freeze,
    /// The end of the person's or their vendor's validity.
    Validity,
}

impl Permit {
    /// The attempt it answers.
    #[must_use]
    pub fn attempt(&self) -> AttemptId {
        self.attempt
    }
    /// Who.
    #[must_use]
    pub fn person(&self) -> PersonId {
        self.person
    }
    /// To what, as it was when decided.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }
    /// As which account (resolved: the one asked for, or the default); `None` for targets without accounts.
    #[must_use]
    pub fn account(&self) -> Option<&AccountName> {
        self.account.as_ref()
    }
    /// Inside which window.
    #[must_use]
    pub fn window(&self) -> WindowId {
        self.window
    }
    /// Everything that the window grants.
    #[must_use]
    pub fn access(&self) -> &BTreeSet<Access> {
        &self.access
    }
    /// First instant at which no input flows and no channel opens: the earliest of `closes`, the work limit, the next
    /// freeze and the end of validity. In the past for a session that runs on in its overrun.
    #[must_use]
    pub fn input_until(&self) -> Timestamp {
        self.input_until
    }
    /// First instant at which both legs must be gone: `input_until`, plus the overrun where `closes` set it; never past
    /// the work limit, a freeze or the end of validity.
    #[must_use]
    pub fn output_until(&self) -> Timestamp {
        self.output_until
    }
    /// What sets `output_until`: why the session ends when it does.
    #[must_use]
    pub fn bound(&self) -> Bound {
        self.bound
    }
    /// Whether input must wait for an observer when none is there.
    #[must_use]
    pub fn observer_required(&self) -> bool {
        self.observer_required
    }
    /// Ledger head that the decision was as of.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.head
    }
    /// Version of the policy tables that the decision was as of.
    #[must_use]
    pub fn policy_version(&self) -> u64 {
        self.policy_version
    }
}
