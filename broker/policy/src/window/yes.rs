//! A yes or a no to a window: approvals, the two words of an emergency, the purpose they are for, denial, withdrawal, revocation.

use jiff::{SignedDuration, Timestamp};

use super::{Approval, Needs, Phase, Transition, TransitionError, WindowState, later};
use crate::{Person, Purpose, Role, Window};

/// How long after its end an emergency window is to be reviewed: within the next working shift of everybody concerned.
pub(super) const EMERGENCY_REVIEWED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

impl Window {
    /// One approval; the last one needed approves the window. An engineer's yes confirms who has been put in place of
    /// others, too; once the window is approved, that is all that is left to say yes to. For an emergency it is one of
    /// the two words.
    ///
    /// # Errors
    /// When the window does not wait for this approval, or the person asked for it or benefits.
    pub fn approve(
        &self,
        by: &Person,
        role: Role,
        needs: &Needs,
        now: Timestamp,
    ) -> Result<Self, TransitionError> {
        let confirms = role == Role::ClinicalEngineer && !self.awaiting_substitution.is_empty();
        if confirms && matches!(self.phase(now), Phase::Approved | Phase::Open) {
            return self.confirm_all(by, now);
        }
        if self.purpose == Purpose::Emergency {
            return self.emergency(by, role, now);
        }
        self.allows(Transition::Approve, now)?;
        self.may_agree(by)?;
        let missing = needs.missing(self);
        if !missing.iter().any(|(needed, _)| *needed == role) {
            return Err(TransitionError::NotNeeded { role, missing });
        }
        let mut next = self.with_approval(by, role, now);
        if confirms {
            next.awaiting_substitution.clear();
        }
        if needs.are_met(&next) {
            next.state = WindowState::Approved;
        }
        Ok(next)
    }

    /// One of the two words that open an emergency window at once: a clinical engineer's, and, as another person, an
    /// analyst's or lead's. On the second it opens, needs no acceptance and no go, and is due for review.
    ///
    /// # Errors
    /// When it was not asked for as an emergency, or the word does not count.
    pub fn emergency(&self, by: &Person, role: Role, now: Timestamp) -> Result<Self, TransitionError> {
        if self.purpose != Purpose::Emergency {
            return Err(TransitionError::NoEmergency);
        }
        self.allows(Transition::Emergency, now)?;
        self.may_agree(by)?;
        let is_soc = |role| matches!(role, Role::Analyst | Role::Lead);
        let same_side = |given: &Approval| is_soc(given.role) == is_soc(role);
        if !(is_soc(role) || role == Role::ClinicalEngineer) || self.approvals.iter().any(same_side) {
            return Err(TransitionError::EmergencyWord);
        }
        let mut next = self.with_approval(by, role, now);
        if next.has_emergency_words() {
            next.state = WindowState::Approved;
            next.opens = now;
            next.go_required = false;
            next.awaiting_acceptance.clear();
            next.awaiting_substitution.clear();
            next.emergency_review_by = Some(later(next.ends(), EMERGENCY_REVIEWED_WITHIN));
        }
        Ok(next)
    }

    /// A no. It ends the request.
    ///
    /// # Errors
    /// When it is no longer a request.
    pub fn deny(&self, now: Timestamp) -> Result<Self, TransitionError> {
        self.allows(Transition::Deny, now)?;
        Ok(self.in_state(WindowState::Denied))
    }

    /// The vendor takes it back, as long as no session has begun.
    ///
    /// # Errors
    /// When it is over, or work has begun.
    pub fn withdraw(&self, now: Timestamp) -> Result<Self, TransitionError> {
        self.allows(Transition::Withdraw, now)?;
        self.work_must_not_have_begun(Transition::Withdraw)?;
        Ok(self.in_state(WindowState::Withdrawn))
    }

    /// An engineer ends it, and with it every session inside.
    ///
    /// # Errors
    /// When it is not approved, or over.
    pub fn revoke(&self, now: Timestamp) -> Result<Self, TransitionError> {
        self.allows(Transition::Revoke, now)?;
        Ok(self.in_state(WindowState::Revoked))
    }

    /// Another purpose. Where it needs other approvals than those given, the window waits for them, and does not stay
    /// open meanwhile. `needs` are those of the new purpose.
    ///
    /// # Errors
    /// When the window is over, an emergency is concerned, or somebody would so approve their own window.
    pub fn correct_purpose(
        &self,
        purpose: Purpose,
        by: &Person,
        needs: &Needs,
        now: Timestamp,
    ) -> Result<Self, TransitionError> {
        self.allows(Transition::CorrectPurpose, now)?;
        if purpose != self.purpose && (purpose == Purpose::Emergency || self.purpose == Purpose::Emergency) {
            return Err(TransitionError::EmergencyPurpose);
        }
        let met = needs.are_met(self);
        let state = match self.phase(now) {
            Phase::Approved | Phase::Open if !met => WindowState::Requested,
            Phase::Requested if met && purpose != Purpose::Emergency => {
                if self.serves(by) {
                    return Err(TransitionError::OwnWindow);
                }
                WindowState::Approved
            }
            _ => self.state,
        };
        Ok(Self { purpose, state, ..self.clone() })
    }

    /// What widens a window needs somebody who neither asked for it nor benefits.
    pub(super) fn must_be_disinterested(&self, by: &Person) -> Result<(), TransitionError> {
        if self.serves(by) { Err(TransitionError::OwnWindow) } else { Ok(()) }
    }

    pub(super) fn work_must_not_have_begun(&self, act: Transition) -> Result<(), TransitionError> {
        if self.work_began.is_some() { Err(TransitionError::WorkBegan(act)) } else { Ok(()) }
    }

    fn may_agree(&self, by: &Person) -> Result<(), TransitionError> {
        self.must_be_disinterested(by)?;
        let before = self.approvals.iter().any(|approval| approval.by == by.id);
        if before { Err(TransitionError::AlreadyApproved) } else { Ok(()) }
    }

    fn with_approval(&self, by: &Person, role: Role, at: Timestamp) -> Self {
        let mut next = self.clone();
        next.approvals.push(Approval { by: by.id, role, at });
        next
    }

    pub(super) fn in_state(&self, state: WindowState) -> Self {
        Self { state, ..self.clone() }
    }
}
