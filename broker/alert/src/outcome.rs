//! How what an alert is about ended; what was off, in words, is the refusal's own `verdict`.

use chaperone_store::FactKind;

use crate::occurrence::Occurrence;

/// What became of the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was refused.
    Refused,
    /// A session runs on, watched.
    Live,
    /// A session ended.
    Ended,
    /// Something that was said in it was not passed on; the session goes on.
    Withheld,
    /// Nothing was asked for: a part of the gate reported a fault.
    Fault,
    /// Something was done, and is told for its own sake.
    Noted,
}

impl Outcome {
    /// What a fact means for whoever reads an alert on it.
    #[must_use]
    pub fn of(of: &Occurrence) -> Self {
        match of.kind {
            FactKind::TargetFailed if of.was_withheld() => Self::Withheld,
            FactKind::AttemptFailed
            | FactKind::AttemptRefused
            | FactKind::ChannelRefused
            | FactKind::FileRefused
            | FactKind::SignInHeldBack => Self::Refused,
            FactKind::SessionStarted | FactKind::SessionAdmitted | FactKind::ObserverAwaited => Self::Live,
            FactKind::SessionLost
            | FactKind::SessionRecovered
            | FactKind::SessionEnded
            | FactKind::TargetFailed => Self::Ended,
            FactKind::TokenUsed | FactKind::TechnicianSponsored | FactKind::ReviewOverdue => Self::Noted,
            _ => Self::Fault,
        }
    }

    /// The words in the alert.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Live => "LIVE NOW",
            Self::Ended => "ended",
            Self::Withheld => "not passed on",
            Self::Fault => "fault",
            Self::Noted => "noted",
        }
    }
}
