//! Which transitions exist, from where, and what a window says when one does not fit: what is wrong and what would be right.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::Phase;
use crate::wording::words;
use crate::{AccountName, Login, PersonId, Role, TargetId, TargetName, VendorId, Window};

/// A transition of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transition {
    /// An approval of the request.
    Approve,
    /// A word for opening it at once.
    Emergency,
    /// A no to the request.
    Deny,
    /// The vendor takes it back.
    Withdraw,
    /// An engineer ends it.
    Revoke,
    /// A later end.
    Extend,
    /// An earlier end.
    Shorten,
    /// Other times.
    Move,
    /// A technician's yes to what others planned.
    Accept,
    /// Another technician of the same vendor.
    Substitute,
    /// An engineer's yes to another technician.
    Confirm,
    /// The clinical go of the day.
    Go,
    /// The first session begins.
    BeginWork,
    /// An observer must be present, or need not.
    Observe,
    /// Another purpose.
    CorrectPurpose,
    /// Its end has passed.
    Close,
    /// Its end has passed before it was approved.
    Expire,
    /// A technician returns the server to service.
    Return,
    /// Returned to service and evidence reviewed.
    Review,
}

impl Transition {
    /// Every transition.
    pub const ALL: [Self; 19] = [
        Self::Approve,
        Self::Emergency,
        Self::Deny,
        Self::Withdraw,
        Self::Revoke,
        Self::Extend,
        Self::Shorten,
        Self::Move,
        Self::Accept,
        Self::Substitute,
        Self::Confirm,
        Self::Go,
        Self::BeginWork,
        Self::Observe,
        Self::CorrectPurpose,
        Self::Close,
        Self::Expire,
        Self::Return,
        Self::Review,
    ];

    /// The phases in which it exists.
    #[must_use]
    pub fn phases(self) -> &'static [Phase] {
        use Phase::{Approved, Closed, Expired, Open, Overrun, Requested, Revoked};
        match self {
            Self::Approve | Self::Emergency | Self::Deny => &[Requested],
            Self::Revoke | Self::Extend => &[Approved, Open, Overrun],
            Self::Withdraw
            | Self::Shorten
            | Self::Move
            | Self::Accept
            | Self::Substitute
            | Self::Confirm
            | Self::Observe => &[Requested, Approved, Open],
            Self::Go => &[Approved, Open],
            Self::Return => &[Open, Overrun, Closed, Revoked],
            Self::BeginWork => &[Open],
            Self::CorrectPurpose => &[Requested, Approved, Open, Overrun, Closed],
            Self::Close | Self::Review => &[Closed],
            Self::Expire => &[Expired],
        }
    }

    /// As what people do: "… is for a window that is requested".
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "to approve",
            Self::Emergency => "to open in an emergency",
            Self::Deny => "to deny",
            Self::Withdraw => "to withdraw",
            Self::Revoke => "to revoke",
            Self::Extend => "to extend",
            Self::Shorten => "to shorten",
            Self::Move => "to move",
            Self::Accept => "to accept",
            Self::Substitute => "to replace a technician",
            Self::Confirm => "to confirm a technician",
            Self::Go => "to give the go",
            Self::BeginWork => "to begin work",
            Self::Observe => "to change who observes",
            Self::CorrectPurpose => "to correct the purpose",
            Self::Close => "to close",
            Self::Expire => "to expire",
            Self::Return => "to return to service",
            Self::Review => "to review",
        }
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Window {
    /// Whether the transition exists from where the window stands at `now`.
    ///
    /// # Errors
    /// Where it stands and where it would have to.
    pub fn allows(&self, act: Transition, now: Timestamp) -> Result<(), TransitionError> {
        let phase = self.phase(now);
        if act.phases().contains(&phase) { Ok(()) } else { Err(TransitionError::Phase { act, phase }) }
    }
}

fn either(phases: &[Phase]) -> String {
    phases.iter().map(|phase| phase.as_str()).collect::<Vec<_>>().join(" or ")
}

/// Why a window cannot become what was asked, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// The transition does not exist from where the window stands.
    #[error("{act}, a window must be {}; this one is {phase}", either(.act.phases()))]
    Phase {
        /// What was asked.
        act: Transition,
        /// Where the window stands.
        phase: Phase,
    },
    /// Its end is not after its beginning.
    #[error("a window closes after it opens; this one would open at {opens} and close at {closes}")]
    ClosesBeforeOpens {
        /// First instant inside.
        opens: Timestamp,
        /// First instant outside.
        closes: Timestamp,
    },
    /// It would open, or even close, before now.
    #[error(
        "a window opens now or later; this one would open at {opens} and close at {closes}, and it is {now}"
    )]
    InThePast {
        /// First instant inside.
        opens: Timestamp,
        /// First instant outside.
        closes: Timestamp,
        /// When it was asked.
        now: Timestamp,
    },
    /// Longer than a change window may be.
    #[error("a window lasts at most {}; ask for several", words(*.longest))]
    TooLong {
        /// The longest.
        longest: SignedDuration,
    },
    /// The overrun is negative or too long.
    #[error("an overrun lasts from 0 to {}", words(*.longest))]
    Overrun {
        /// The longest.
        longest: SignedDuration,
    },
    /// The work limit does not fit.
    #[error("a work limit is more than nothing and at most the length of the window")]
    WorkLimit,
    /// None was named.
    #[error("a window needs at least one {0}")]
    Nothing(&'static str),
    /// Nobody has this id.
    #[error("there is no person {0}")]
    UnknownPerson(PersonId),
    /// No target has this id.
    #[error("there is no server {0}")]
    UnknownTarget(TargetId),
    /// No company has this id.
    #[error("there is no vendor {0}")]
    UnknownVendor(VendorId),
    /// No named target has this account.
    #[error("none of the servers has the account {0}; name one of theirs, or none for each server's default")]
    UnknownAccount(AccountName),
    /// A named target has none of the named accounts.
    #[error(
        "{0} has none of the accounts named; name one of its accounts too, or none for each server's default"
    )]
    NoAccountOn(TargetName),
    /// The person does not visit for a vendor.
    #[error("{0} is no technician of a vendor; only technicians connect")]
    NotATechnician(Login),
    /// The technicians work for several companies.
    #[error("the technicians of a window work for one vendor; ask for one window for each vendor")]
    SeveralVendors,
    /// Whoever asked or benefits would widen the window.
    #[error("whoever asked for a window or benefits from it cannot agree to it; somebody else must")]
    OwnWindow,
    /// The person has approved before.
    #[error("this person has approved already; another approval must come from somebody else")]
    AlreadyApproved,
    /// The window waits for no approval of this role.
    #[error("this window waits for no approval by a {role}; it waits for {}", listed(.missing))]
    NotNeeded {
        /// As what the person would approve.
        role: Role,
        /// What it waits for.
        missing: Vec<(Role, u8)>,
    },
    /// Pharmacy acts beside the engineer, not in their place.
    #[error("{0}, a clinical engineer must act; a {1} approves beside the engineer")]
    NeedsEngineer(Transition, Role),
    /// The new end is not later.
    #[error("to extend, the new end must be after {closes}; to end it earlier, shorten it")]
    NotLater {
        /// The present end.
        closes: Timestamp,
    },
    /// The new end is not earlier.
    #[error("to shorten, the new end must be before {closes}; to end it later, extend it")]
    NotEarlier {
        /// The present end.
        closes: Timestamp,
    },
    /// The new end is not after now, or not after the beginning.
    #[error("to shorten, the new end must be after {after}; to end the window at once, revoke it")]
    EndsAtOnce {
        /// The earliest end is after this.
        after: Timestamp,
    },
    /// A session has begun.
    #[error("work has begun, so it is too late {0}; extend, shorten or revoke the window instead")]
    WorkBegan(Transition),
    /// The person has nothing to accept.
    #[error("this person has nothing to accept; a technician accepts a window that others booked or moved")]
    NothingToAccept,
    /// The person is not in the window.
    #[error("this person is no technician of the window; name one who is")]
    NotInWindow(PersonId),
    /// The replacement is in the window already.
    #[error("{0} is a technician of the window already; name somebody else")]
    AlreadyInWindow(Login),
    /// The replacement works for another company.
    #[error("{0} does not work for the vendor of the window; ask for another window")]
    OtherVendor(Login),
    /// No substitution waits.
    #[error("no replacement of this window waits for an engineer's yes")]
    NothingToConfirm,
    /// No go is needed.
    #[error("this window needs no go")]
    NoGoNeeded,
    /// The go of the day is given on the day.
    #[error("the go is given on the day, from {from} on")]
    GoTooEarly {
        /// The earliest.
        from: Timestamp,
    },
    /// The person was enrolled on the spot, and this is no emergency.
    #[error("{0} was enrolled on the spot, for emergency windows only; enrol them in order for others")]
    EnrolledForEmergency(Login),
    /// The person gave a word that opened the window.
    #[error("whoever gave a word that opened a window does not review it; somebody else must")]
    ReviewsOwnWord,
    /// The window is not asked for as an emergency.
    #[error(
        "this window was not asked for as an emergency; approve it, or ask for another with that purpose"
    )]
    NoEmergency,
    /// The word of this role does not open an emergency window.
    #[error(
        "an emergency window opens on the word of a clinical engineer and, as another person, an analyst or lead"
    )]
    EmergencyWord,
    /// The purpose would become, or cease to be, an emergency.
    #[error("a purpose is not corrected to or from emergency; ask for another window")]
    EmergencyPurpose,
    /// What comes after the visit is not complete.
    #[error("to review, {0} must come first")]
    NotYetReviewable(&'static str),
}

fn listed(missing: &[(Role, u8)]) -> String {
    if missing.is_empty() {
        return "none".to_owned();
    }
    missing.iter().map(|(role, count)| format!("{count} × {role}")).collect::<Vec<_>>().join(", ")
}
