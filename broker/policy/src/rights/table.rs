//! DESIGN §1's table, once: acts down, roles across. The order of the acts is the order of its rows.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Cell::{self, *};
use crate::{Purpose, Role, Window};

macro_rules! acts {
    ($($(#[$doc:meta])* $variant:ident = $text:literal: [$($cell:ident),+];)+) => {
        /// Something that a person does to Chaperone, or through it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Act { $($(#[$doc])* #[serde(rename = $text)] $variant),+ }

        impl Act {
            /// Every act, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stored and shown name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The act's row, in the order of [`Role::ALL`].
            fn row(self) -> [Cell; 8] {
                match self { $(Self::$variant => [$($cell),+]),+ }
            }
        }
    };
}

acts! {
    //                                        technician, coordinator, engineer, pharmacist, analyst, lead, auditor, administrator
    /// Ask for a window.
    RequestWindow = "request-window":         [Own, OwnVendor, All, Nothing, Nothing, Nothing, Nothing, Nothing];
    /// Take a window back.
    WithdrawWindow = "withdraw-window":       [Own, OwnVendor, All, Nothing, Nothing, Nothing, Nothing, Nothing];
    /// Put one technician in place of another.
    SubstitutePerson = "substitute-person":   [Own, OwnVendor, All, Nothing, Nothing, Nothing, Nothing, Nothing];
    /// Agree, as its technician, to a window that others booked or moved.
    AcceptWindow = "accept-window":           [Own, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing];

    /// Connect inside a window.
    Connect = "connect":                      [Own, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing];

    /// Approve a window.
    ApproveWindow = "approve-window":         [Nothing, Nothing, All, Library, Nothing, Nothing, Nothing, Nothing];
    /// Give a window an earlier end.
    ShortenWindow = "shorten-window":         [Nothing, Nothing, All, Library, Nothing, Nothing, Nothing, Nothing];
    /// Say no to a window.
    DenyWindow = "deny-window":               [Nothing, Nothing, All, Library, Nothing, Nothing, Nothing, Nothing];
    /// Give a window other times; pharmacy only beside the engineer, so the transition itself needs the engineer.
    MoveWindow = "move-window":               [Nothing, Nothing, All, Library, Nothing, Nothing, Nothing, Nothing];
    /// Give a window a later end; as for moving.
    ExtendWindow = "extend-window":           [Nothing, Nothing, All, Library, Nothing, Nothing, Nothing, Nothing];
    /// End a window.
    RevokeWindow = "revoke-window":           [Nothing, Nothing, All, Library, Nothing, Nothing, Nothing, Nothing];
    /// Agree to a technician put in place of another.
    ConfirmPerson = "confirm-person":         [Nothing, Nothing, All, Nothing, Nothing, Nothing, Nothing, Nothing];
    /// Give the clinical go of the day.
    GiveGo = "give-go":                       [Nothing, Nothing, All, Nothing, Nothing, Nothing, Nothing, Nothing];
    /// Give one of the two words that open an emergency window (DESIGN §3).
    OpenEmergency = "open-emergency":         [Nothing, Nothing, All, Nothing, All, All, Nothing, Nothing];

    /// Say how a server is returned to service after a visit.
    ReturnToService = "return-to-service":    [Own, Nothing, All, Nothing, Nothing, Nothing, Nothing, Nothing];
    /// Say that the evidence of a window's visits has been looked at.
    ReviewEvidence = "review-evidence":       [Nothing, Nothing, Nothing, Nothing, All, All, Nothing, Nothing];
    /// Correct a window's purpose.
    CorrectPurpose = "correct-purpose":       [Nothing, Nothing, All, Nothing, Nothing, Nothing, Nothing, Nothing];
    /// Freeze targets, and lift a freeze.
    ManageFreezes = "manage-freezes":         [Nothing, Nothing, All, Nothing, Nothing, Nothing, Nothing, Nothing];
    /// Write calendar notes.
    WriteNotes = "write-notes":               [Nothing, Nothing, All, Library, Nothing, Nothing, Nothing, Nothing];
    /// Add and change targets, their endpoints and credentials.
    ManageTargets = "manage-targets":         [Nothing, Nothing, All, Nothing, Nothing, Nothing, Nothing, Nothing];

    /// Watch a session live.
    WatchLive = "watch-live":                 [Nothing, Nothing, OwnTargets, Nothing, All, All, Nothing, Nothing];
    /// Pause a session's input, and let it go on.
    PauseInput = "pause-input":               [Nothing, Nothing, OwnTargets, Nothing, All, All, Nothing, Nothing];
    /// Stop a session.
    StopSession = "stop-session":             [Nothing, Nothing, OwnTargets, Nothing, All, All, Nothing, Nothing];

    /// Work alerts and cases.
    WorkAlerts = "work-alerts":               [Nothing, Nothing, Nothing, Nothing, All, All, Read, Nothing];
    /// Replay a recording, and verify it.
    Replay = "replay":                        [Nothing, Nothing, OwnTargets, Nothing, All, All, All, Nothing];
    /// Search visits and evidence.
    SearchEvidence = "search-evidence":       [Nothing, Nothing, Nothing, Nothing, All, All, All, Nothing];
    /// Export a recording or a bundle.
    ExportEvidence = "export-evidence":       [Nothing, Nothing, Nothing, Nothing, All, All, All, Nothing];

    /// See typed input unmasked.
    UnmaskInput = "unmask-input":             [Nothing, Nothing, Nothing, Nothing, Second, Second, Nothing, Nothing];
    /// Lift a hold on evidence.
    LiftHold = "lift-hold":                   [Nothing, Nothing, Nothing, Nothing, Second, Second, Nothing, Nothing];
    /// Shorten the retention of evidence.
    ShortenRetention = "shorten-retention":   [Nothing, Nothing, Nothing, Nothing, Second, Second, Nothing, Nothing];

    /// Change rules.
    ManageRules = "manage-rules":             [Nothing, Nothing, Nothing, Nothing, Nothing, All, Read, Nothing];
    /// Change response targets.
    ManageResponse = "manage-response":       [Nothing, Nothing, Nothing, Nothing, Nothing, All, Read, Nothing];
    /// Change call lists.
    ManageCallLists = "manage-call-lists":    [Nothing, Nothing, Nothing, Nothing, Nothing, All, Read, Nothing];
    /// Change retention, other than to shorten it.
    ManageRetention = "manage-retention":     [Nothing, Nothing, Nothing, Nothing, Nothing, All, Read, Nothing];

    /// Lock, and unlock, a person, vendor, target, everything.
    Lock = "lock":                            [Nothing, Nothing, OwnTargets, Nothing, All, All, Nothing, PeopleOnly];

    /// Enrol and change people.
    ManagePeople = "manage-people":           [Nothing, Nothing, Sponsored, Nothing, Nothing, Nothing, Read, All];
    /// Take somebody's password and second factor away, together with the other of the two roles.
    ResetFactors = "reset-factors":           [Nothing, Nothing, All, Nothing, Nothing, Nothing, Nothing, All];
    /// Enrol and change vendors.
    ManageVendors = "manage-vendors":         [Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Read, All];
    /// Manage the gate's keys.
    ManageKeys = "manage-keys":               [Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Read, All];
    /// Manage where alerts and events are delivered.
    ManageDestinations = "manage-destinations": [Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Read, All];
    /// Change the gate's configuration, and accept its clock.
    Configure = "configure":                  [Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Read, All];

    /// See windows: what the acts above need to be done at all. Vendors' people see their own (P9).
    SeeWindows = "see-windows":               [Own, OwnVendor, All, Library, All, All, All, All];
    /// See which visits there were and are, without what happened inside.
    SeeSessions = "see-sessions":             [Own, OwnVendor, OwnTargets, Nothing, All, All, All, All];
    /// See targets with their cards.
    SeeTargets = "see-targets":               [Nothing, Nothing, All, All, All, All, All, All];
    /// See people and vendors.
    SeePeople = "see-people":                 [Nothing, OwnVendor, All, Nothing, All, All, All, All];
    /// See and verify the ledger.
    SeeLedger = "see-ledger":                 [Nothing, Nothing, Nothing, Nothing, All, All, All, All];
}

impl Act {
    /// What the table says for a role.
    #[must_use]
    pub fn cell(self, role: Role) -> Cell {
        let column = Role::ALL.iter().position(|other| *other == role);
        column.and_then(|column| self.row().get(column).copied()).unwrap_or(Nothing)
    }

    /// The roles that may, in some way.
    pub fn roles(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.cell(*role) != Nothing)
    }

    /// Whether it agrees to what somebody asked for: then whoever asked or benefits may not (DESIGN §1).
    #[must_use]
    pub fn agrees(self) -> bool {
        matches!(
            self,
            Self::ApproveWindow
                | Self::ExtendWindow
                | Self::ConfirmPerson
                | Self::GiveGo
                | Self::OpenEmergency
        )
    }

    /// Whether nobody does it alone: another person gives the second word.
    #[must_use]
    pub fn takes_two(self) -> bool {
        matches!(self, Self::UnmaskInput | Self::LiftHold | Self::ShortenRetention)
    }

    /// Whether a token minted on the host may not do it, unless the configuration says otherwise (P8).
    #[must_use]
    pub fn refuses_host_tokens(self) -> bool {
        self.agrees()
            || self.takes_two()
            || matches!(self, Self::Replay | Self::SearchEvidence | Self::ExportEvidence)
    }

    /// Whether who does it in a browser must have proven a second factor a moment ago: what opens a door, ends a visit or
    /// takes evidence out of the house is not done from a desk that somebody left.
    #[must_use]
    pub fn wants_fresh_proof(self) -> bool {
        self.agrees() || self.takes_two() || matches!(self, Self::StopSession | Self::ExportEvidence)
    }

    /// The act of saying yes to this window: an emergency takes other people than a plan.
    #[must_use]
    pub fn of_approving(window: &Window) -> Self {
        if window.purpose == Purpose::Emergency { Self::OpenEmergency } else { Self::ApproveWindow }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
