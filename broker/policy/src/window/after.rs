//! What is said after a visit: the technician's *return to service*, and that somebody of the SOC has looked at the
//! evidence. Two words of two hands; the second of them closes the books on a window.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AfterVisit, Transition, TransitionError, WindowState};
use crate::{Person, PersonId, Window};

/// How a technician leaves a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All that was planned is done.
    Done,
    /// Some of it.
    Partly,
    /// What was done has been taken back.
    BackedOut,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Done, Self::Partly, Self::BackedOut];

    /// The stored and shown name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partly => "partly",
            Self::BackedOut => "backed-out",
        }
    }
}

/// The text names no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no outcome; right is done, partly or backed-out")]
pub struct UnknownOutcome(pub String);

impl std::str::FromStr for Outcome {
    type Err = UnknownOutcome;
    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        let found = Self::ALL.into_iter().find(|outcome| outcome.as_str() == text);
        found.ok_or_else(|| UnknownOutcome(text.to_owned()))
    }
}

/// Who has said what after the visits of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct After {
    /// How the server was returned to service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Who returned it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned_by: Option<PersonId>,
    /// Who has reviewed the evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<PersonId>,
}

impl After {
    /// Whether nobody has said anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Window {
    /// The server is returned to service: by its technician, or by an engineer for one who cannot any more.
    ///
    /// # Errors
    /// When the window has not opened.
    pub fn return_to_service(
        &self,
        outcome: Outcome,
        by: &Person,
        now: Timestamp,
    ) -> Result<Self, TransitionError> {
        self.allows(Transition::Return, now)?;
        let after = After { outcome: Some(outcome), returned_by: Some(by.id), ..self.after };
        Ok(Self { after, ..self.clone() }.reviewed_by_both(now))
    }

    /// Somebody of the SOC has looked at the evidence: nobody who asked for the window, benefits from it, or gave a word
    /// that opened it.
    ///
    /// # Errors
    /// When the window is not over, or the person is not disinterested.
    pub fn review_evidence(&self, by: &Person, now: Timestamp) -> Result<Self, TransitionError> {
        // What was revoked had visits, too; it stays revoked.
        if self.state != WindowState::Revoked {
            self.allows(Transition::Review, now)?;
        }
        self.must_be_disinterested(by)?;
        if self.approvals.iter().any(|approval| approval.by == by.id) {
            return Err(TransitionError::ReviewsOwnWord);
        }
        let after = After { reviewed_by: Some(by.id), ..self.after };
        Ok(Self { after, ..self.clone() }.reviewed_by_both(now))
    }

    /// Whether an emergency's review is overdue: the time that it was due by, once that has passed.
    #[must_use]
    pub fn review_overdue(&self, now: Timestamp) -> Option<Timestamp> {
        let happened = !self.state.came_to_nothing() && self.after.reviewed_by.is_none();
        self.emergency_review_by.filter(|due| happened && *due <= now)
    }

    fn reviewed_by_both(self, now: Timestamp) -> Self {
        let after = AfterVisit {
            returned_to_service: self.after.returned_by.is_some(),
            evidence_reviewed: self.after.reviewed_by.is_some(),
        };
        // While one of the two is missing it stays as it is.
        self.review(after, now).unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hospital::{ANA, DANA, LEO, PRIYA, at, hospital, window};
    use crate::{Approval, Role};

    #[test]
    fn an_emergency_is_overdue_until_somebody_who_gave_no_word_has_reviewed_it() {
        let facts = hospital();
        let due = at("26T23:00");
        let word = Approval { by: ANA, role: Role::Analyst, at: at("22:00") };
        let opened = Window { emergency_review_by: Some(due), approvals: vec![word], ..window(1) };
        assert_eq!(opened.review_overdue(at("26T22:59")), None);
        assert_eq!(opened.review_overdue(due), Some(due));
        let nothing = Window { state: WindowState::Denied, ..opened.clone() };
        assert_eq!(nothing.review_overdue(due), None, "nobody opened it");
        let later = at("26T09:00");
        assert_eq!(opened.review_evidence(facts.who(ANA), later), Err(TransitionError::ReviewsOwnWord));
        assert_eq!(opened.review_evidence(facts.who(DANA), later), Err(TransitionError::OwnWindow));
        let reviewed = opened.review_evidence(facts.who(LEO), later).unwrap();
        assert_eq!((reviewed.state, reviewed.review_overdue(due)), (WindowState::Approved, None));
        let revoked = Window { state: WindowState::Revoked, ..opened.clone() };
        assert_eq!(revoked.review_overdue(due), Some(due), "it had visits before it was revoked");
        let looked_at = revoked.review_evidence(facts.who(LEO), later).unwrap();
        assert_eq!((looked_at.state, looked_at.review_overdue(due)), (WindowState::Revoked, None));
        let whole = reviewed.return_to_service(Outcome::Partly, facts.who(PRIYA), later).unwrap();
        assert_eq!(whole.state, WindowState::Reviewed, "both words are said");
        let returned = opened.return_to_service(Outcome::Done, facts.who(DANA), at("22:30")).unwrap();
        assert_eq!(returned.review_evidence(facts.who(LEO), later).unwrap().state, WindowState::Reviewed);
    }

    #[test]
    fn an_outcome_is_read_as_it_is_written() {
        for outcome in Outcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
        assert_eq!("well".parse::<Outcome>(), Err(UnknownOutcome("well".to_owned())));
    }
}
