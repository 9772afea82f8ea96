//! A window's times: extend, shorten, move; and what the clock does to it: work begins, it closes, expires, is reviewed.

use jiff::{SignedDuration, Timestamp};

use super::yes::EMERGENCY_REVIEWED_WITHIN;
use super::{Needs, Transition, TransitionError, WindowState, later};
use crate::{Person, Purpose, Role, Window};

/// The longest window: what lasts longer is a standing grant, and those are what change windows replace.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);
/// How far back a window may open: "now" is said at a desk and heard here a little later.
const NOW_IS_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// What has been said after a visit. Each is a fact of its own; both are needed for a review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AfterVisit {
    /// The technician's *return to service*.
    pub returned_to_service: bool,
    /// The SOC's *evidence reviewed*.
    pub evidence_reviewed: bool,
}

impl Window {
    /// Another end: later extends, earlier shortens.
    ///
    /// # Errors
    /// As [`Window::extend`] and [`Window::shorten`].
    pub fn end_at(
        &self,
        closes: Timestamp,
        by: &Person,
        role: Role,
        now: Timestamp,
    ) -> Result<Self, TransitionError> {
        if closes < self.closes { self.shorten(closes, now) } else { self.extend(closes, by, role, now) }
    }

    /// A later end. It is as good as an approval: an engineer's who neither asked for the window nor benefits.
    ///
    /// # Errors
    /// When the window is not approved, or over, or the end is not later.
    pub fn extend(
        &self,
        closes: Timestamp,
        by: &Person,
        role: Role,
        now: Timestamp,
    ) -> Result<Self, TransitionError> {
        self.allows(Transition::Extend, now)?;
        if role != Role::ClinicalEngineer {
            return Err(TransitionError::NeedsEngineer(Transition::Extend, role));
        }
        self.must_be_disinterested(by)?;
        if closes <= self.closes {
            return Err(TransitionError::NotLater { closes: self.closes });
        }
        if closes <= now {
            return Err(TransitionError::InThePast { opens: self.opens, closes, now });
        }
        check_length(self.opens, closes)?;
        let mut next = Self { closes, ..self.clone() };
        next.emergency_review_by =
            self.emergency_review_by.map(|due| due.max(later(next.ends(), EMERGENCY_REVIEWED_WITHIN)));
        Ok(next)
    }

    /// An earlier end, still to come.
    ///
    /// # Errors
    /// When the window is over, or the end is not earlier, or would be at once.
    pub fn shorten(&self, closes: Timestamp, now: Timestamp) -> Result<Self, TransitionError> {
        self.allows(Transition::Shorten, now)?;
        if closes >= self.closes {
            return Err(TransitionError::NotEarlier { closes: self.closes });
        }
        let after = self.opens.max(now);
        if closes <= after {
            return Err(TransitionError::EndsAtOnce { after });
        }
        Ok(Self { closes, ..self.clone() })
    }

    /// Other times, before work has begun. Approvals of other roles than the mover's lapse (all of them, when the mover
    /// asked for the window or benefits), the go lapses, and every technician accepts again.
    ///
    /// # Errors
    /// When the window is over, work has begun, or the times are wrong.
    pub fn move_to(
        &self,
        (opens, closes): (Timestamp, Timestamp),
        by: &Person,
        role: Role,
        needs: &Needs,
        now: Timestamp,
    ) -> Result<Self, TransitionError> {
        self.allows(Transition::Move, now)?;
        self.work_must_not_have_begun(Transition::Move)?;
        if role != Role::ClinicalEngineer {
            return Err(TransitionError::NeedsEngineer(Transition::Move, role));
        }
        if self.purpose == Purpose::Emergency {
            return Err(TransitionError::EmergencyPurpose);
        }
        check_span(opens, closes, now)?;
        check_work_limit(self.work_limit, opens, closes)?;
        let mut next = Self { opens, closes, go_by: None, ..self.clone() };
        let interested = self.serves(by);
        next.approvals.retain(|approval| approval.role == role && !interested);
        next.awaiting_acceptance = next.technicians.clone();
        if !needs.are_met(&next) {
            next.state = WindowState::Requested;
        }
        Ok(next)
    }

    /// The first session begins: from here on the work limit counts. Said again, it changes nothing.
    ///
    /// # Errors
    /// When the window is not open.
    pub fn begin_work(&self, now: Timestamp) -> Result<Self, TransitionError> {
        if self.work_began.is_some() {
            return Ok(self.clone());
        }
        self.allows(Transition::BeginWork, now)?;
        Ok(Self { work_began: Some(now), ..self.clone() })
    }

    /// Writes down what the clock has done: an approved window whose end and overrun have passed.
    ///
    /// # Errors
    /// When it is not approved, or not over.
    pub fn close(&self, now: Timestamp) -> Result<Self, TransitionError> {
        self.allows(Transition::Close, now)?;
        Ok(self.in_state(WindowState::Closed))
    }

    /// Writes down what the clock has done: a request whose end has passed.
    ///
    /// # Errors
    /// When it is no request, or not over.
    pub fn expire(&self, now: Timestamp) -> Result<Self, TransitionError> {
        self.allows(Transition::Expire, now)?;
        Ok(self.in_state(WindowState::Expired))
    }

    /// The state to write down at `now`, when the clock has changed it.
    #[must_use]
    pub fn settle(&self, now: Timestamp) -> Option<Self> {
        let settled = match self.state {
            WindowState::Approved => self.close(now),
            WindowState::Requested => self.expire(now),
            _ => return None,
        };
        settled.ok()
    }

    /// Both facts after the visit are there.
    ///
    /// # Errors
    /// When the window is not closed, or one of the facts is missing.
    pub fn review(&self, after: AfterVisit, now: Timestamp) -> Result<Self, TransitionError> {
        self.allows(Transition::Review, now)?;
        if !after.returned_to_service {
            return Err(TransitionError::NotYetReviewable("the technician's return to service"));
        }
        if !after.evidence_reviewed {
            return Err(TransitionError::NotYetReviewable("the review of the evidence"));
        }
        Ok(self.in_state(WindowState::Reviewed))
    }
}

/// Whether a window may have these times: it closes after it opens, opens now or later, and is not too long.
pub(super) fn check_span(opens: Timestamp, closes: Timestamp, now: Timestamp) -> Result<(), TransitionError> {
    if closes <= opens {
        return Err(TransitionError::ClosesBeforeOpens { opens, closes });
    }
    if closes <= now || now.duration_since(opens) > NOW_IS_WITHIN {
        return Err(TransitionError::InThePast { opens, closes, now });
    }
    check_length(opens, closes)
}

fn check_length(opens: Timestamp, closes: Timestamp) -> Result<(), TransitionError> {
    if closes.duration_since(opens) > LONGEST {
        Err(TransitionError::TooLong { longest: LONGEST })
    } else {
        Ok(())
    }
}

pub(super) fn check_work_limit(
    limit: Option<SignedDuration>,
    opens: Timestamp,
    closes: Timestamp,
) -> Result<(), TransitionError> {
    let fits = |limit| limit > SignedDuration::ZERO && limit <= closes.duration_since(opens);
    if limit.is_none_or(fits) { Ok(()) } else { Err(TransitionError::WorkLimit) }
}
