//! A window's people: technicians accept and are replaced, an engineer agrees and gives the go, somebody observes.

use jiff::{SignedDuration, Timestamp};

use super::asking::{fits_purpose, vendor_of_technician};
use super::{Transition, TransitionError, later};
use crate::{Person, PersonId, Role, Window};

/// How long before it opens the *go of the day* may be given: the state of the ward is known a day ahead, not longer.
const GO_IS_WITHIN: SignedDuration = SignedDuration::from_hours(24);

impl Window {
    /// A technician's yes to a window that others booked or moved.
    ///
    /// # Errors
    /// When the window is over, or they have nothing to accept.
    pub fn accept(&self, technician: PersonId, now: Timestamp) -> Result<Self, TransitionError> {
        self.allows(Transition::Accept, now)?;
        let mut next = self.clone();
        if next.awaiting_acceptance.remove(&technician) {
            Ok(next)
        } else {
            Err(TransitionError::NothingToAccept)
        }
    }

    /// Puts one technician in place of another of the same vendor. Who goes loses access at once. Who comes waits for an
    /// engineer's yes; when an engineer replaces them, for their own.
    ///
    /// # Errors
    /// When the window is over, or one of the two does not fit.
    pub fn substitute(
        &self,
        out: PersonId,
        comes: &Person,
        by: &Person,
        role: Role,
        now: Timestamp,
    ) -> Result<Self, TransitionError> {
        self.allows(Transition::Substitute, now)?;
        if vendor_of_technician(comes)? != self.vendor {
            return Err(TransitionError::OtherVendor(comes.login.clone()));
        }
        fits_purpose(comes, self.purpose)?;
        if self.technicians.contains(&comes.id) {
            return Err(TransitionError::AlreadyInWindow(comes.login.clone()));
        }
        let mut next = self.clone();
        if !next.technicians.remove(&out) {
            return Err(TransitionError::NotInWindow(out));
        }
        next.awaiting_acceptance.remove(&out);
        next.awaiting_substitution.remove(&out);
        next.technicians.insert(comes.id);
        let by_engineer = role == Role::ClinicalEngineer;
        if by_engineer {
            next.awaiting_acceptance.insert(comes.id);
        }
        if !by_engineer || self.serves(by) {
            next.awaiting_substitution.insert(comes.id);
        }
        Ok(next)
    }

    /// An engineer's yes to one replacement.
    ///
    /// # Errors
    /// When nobody waits for it, or the engineer asked for the window.
    pub fn confirm_substitution(
        &self,
        technician: PersonId,
        by: &Person,
        now: Timestamp,
    ) -> Result<Self, TransitionError> {
        self.allows(Transition::Confirm, now)?;
        self.must_be_disinterested(by)?;
        let mut next = self.clone();
        if next.awaiting_substitution.remove(&technician) {
            Ok(next)
        } else {
            Err(TransitionError::NothingToConfirm)
        }
    }

    /// An engineer's yes to every replacement.
    pub(super) fn confirm_all(&self, by: &Person, now: Timestamp) -> Result<Self, TransitionError> {
        self.allows(Transition::Confirm, now)?;
        self.must_be_disinterested(by)?;
        Ok(Self { awaiting_substitution: std::collections::BTreeSet::new(), ..self.clone() })
    }

    /// The clinical go of the day. Given again, the last one stands.
    ///
    /// # Errors
    /// When the window is not approved, needs no go, or the day has not come.
    pub fn go(&self, by: &Person, now: Timestamp) -> Result<Self, TransitionError> {
        self.allows(Transition::Go, now)?;
        if !self.go_required {
            return Err(TransitionError::NoGoNeeded);
        }
        self.must_be_disinterested(by)?;
        let from = later(self.opens, -GO_IS_WITHIN);
        if now < from {
            return Err(TransitionError::GoTooEarly { from });
        }
        Ok(Self { go_by: Some(by.id), ..self.clone() })
    }

    /// An observer must be present, or need not any more; only somebody disinterested may say the latter.
    ///
    /// # Errors
    /// When the window is over, or whoever asked for it would do without an observer.
    pub fn observe(&self, required: bool, by: &Person, now: Timestamp) -> Result<Self, TransitionError> {
        self.allows(Transition::Observe, now)?;
        if self.observer_required && !required {
            self.must_be_disinterested(by)?;
        }
        Ok(Self { observer_required: required, ..self.clone() })
    }
}
