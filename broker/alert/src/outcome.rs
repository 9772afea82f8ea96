//! How what an alert is about ended; what was off, in words, is the refusal's own `verdict`.

use chaperone_store::FactKind;

/// What became of the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was refused.
    Refused,
    /// A session runs on, watched.
    Live,
    /// A session ended.
    Ended,
    /// Nothing was asked for: a part of the gate reported a fault.
    Fault,
    /// Something was done, and is told for its own sake.
    Noted,
}

impl Outcome {
    /// What a fact of this kind means for whoever reads an alert on it.
    #[must_use]
    pub fn of(kind: FactKind) -> Self {
        match kind {
            FactKind::AttemptFailed | FactKind::AttemptRefused | FactKind::ChannelRefused => Self::Refused,
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
            Self::Fault => "fault",
            Self::Noted => "noted",
        }
    }
}
