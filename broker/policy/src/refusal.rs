//! Why an attempt is refused: a closed set whose names are stored and shown, each with what the SOC needs.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Window, WindowId};

/// A refused attempt. It has nothing that could be called to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The closed reason.
    pub reason: Reason,
    /// The window that the reason is about; else the person's nearest, on this target before others.
    pub nearest: Option<Nearest>,
    /// By how long: before `opens` for `early`, after `closes` for `late`.
    pub off_by: Option<SignedDuration>,
    /// The person's own next approved window on that target that has not opened yet.
    pub next: Option<Nearest>,
}

/// A window, as an alert shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearest {
    /// Which.
    pub window: WindowId,
    /// First instant inside.
    pub opens: Timestamp,
    /// First instant outside.
    pub closes: Timestamp,
}

impl Nearest {
    /// A window's times.
    #[must_use]
    pub fn of(window: &Window) -> Self {
        Self { window: window.id, opens: window.opens, closes: window.closes }
    }
}

impl Refusal {
    /// A refusal that has nothing to do with the schedule.
    #[must_use]
    pub fn without_window(reason: Reason) -> Self {
        Self { reason, nearest: None, off_by: None, next: None }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// The closed set of reasons (DESIGN §3).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Reason { $($(#[$doc])* #[serde(rename = $text)] $variant),+ }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stored name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

reasons! {
    /// Nobody has this sign-in name.
    UnknownPerson = "unknown-person",
    /// The proof failed.
    Credential = "credential",
    /// The second factor failed.
    SecondFactor = "second-factor",
    /// The person, vendor, target or everything is locked.
    Locked = "locked",
    /// The person or vendor is not valid at this time, or the person is no technician any more.
    NotValid = "not-valid",
    /// No window of this person is anywhere near.
    NoWindow = "no-window",
    /// Before a window of theirs opens, by at most 30 days.
    Early = "early",
    /// After a window of theirs closed, by at most 30 days.
    Late = "late",
    /// Their open window is for other targets.
    OtherTarget = "other-target",
    /// The open window on this target is for other people.
    OtherPerson = "other-person",
    /// The window does not grant this access, account or endpoint.
    AccessNotGranted = "access-not-granted",
    /// From a network that is not theirs.
    SourceNetwork = "source-network",
    /// Approvals or the technician's acceptance are missing.
    NotYetApproved = "not-yet-approved",
    /// The clinical go of the day is missing.
    NotReleased = "not-released",
    /// The window was revoked.
    Revoked = "revoked",
    /// A freeze is in force.
    Frozen = "frozen",
    /// The work limit is used up.
    WorkLimit = "work-limit",
    /// Nobody observes.
    ObserverRequired = "observer-required",
    /// Too many sessions.
    Limit = "limit",
    /// Recordings cannot be written.
    Recorder = "recorder",
    /// The database does not answer.
    Store = "store",
    /// The clock cannot be trusted.
    Clock = "clock",
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_stored_under_the_name_that_it_shows() {
        for reason in Reason::ALL {
            let stored = serde_json::to_value(reason).unwrap();
            assert_eq!(stored, reason.as_str());
            assert_eq!(serde_json::from_value::<Reason>(stored).unwrap(), *reason);
        }
    }
}
