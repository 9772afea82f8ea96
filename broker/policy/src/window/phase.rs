//! Where a window stands for people: its stored state, carried on by the clock.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Window, WindowState};

/// A window's stored state as of an instant. *Open* and what follows need no fact: the clock makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Waits for approvals.
    Requested,
    /// Has its approvals and has not opened.
    Approved,
    /// Inside `[opens, closes)`.
    Open,
    /// Inside `[closes, closes + overrun)`: output only.
    Overrun,
    /// Its end has passed.
    Closed,
    /// Returned to service and evidence reviewed.
    Reviewed,
    /// An approver said no.
    Denied,
    /// Taken back.
    Withdrawn,
    /// Ended by an engineer.
    Revoked,
    /// Its end passed before it was approved.
    Expired,
}

impl Phase {
    /// The shown name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Open => "open",
            Self::Overrun => "overrun",
            Self::Closed => "closed",
            Self::Reviewed => "reviewed",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Window {
    /// Where it stands at `now`, without waiting for a fact that says so.
    #[must_use]
    pub fn phase(&self, now: Timestamp) -> Phase {
        match self.state {
            WindowState::Requested if now >= self.closes => Phase::Expired,
            WindowState::Requested => Phase::Requested,
            WindowState::Approved if now < self.opens => Phase::Approved,
            WindowState::Approved if now < self.closes => Phase::Open,
            WindowState::Approved if now < self.ends() => Phase::Overrun,
            WindowState::Approved | WindowState::Closed => Phase::Closed,
            WindowState::Reviewed => Phase::Reviewed,
            WindowState::Denied => Phase::Denied,
            WindowState::Withdrawn => Phase::Withdrawn,
            WindowState::Revoked => Phase::Revoked,
            WindowState::Expired => Phase::Expired,
        }
    }
}
