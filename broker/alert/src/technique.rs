//! MITRE ATT&CK techniques by id, with the version of ATT&CK that the ids are from.
//!
//! No tactic is kept: versions regroup techniques under tactics, ids stay.

use crate::protocol::Protocol;

/// The version of ATT&CK that every id here is from.
pub const ATTACK_VERSION: &str = "19";

/// One technique or sub-technique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Technique {
    /// ATT&CK id: `T1078`, `T1021.004`, or an ICS one such as `T0822`.
    pub id: &'static str,
    /// ATT&CK's name for it.
    pub name: &'static str,
}

macro_rules! techniques {
    ($($(#[$doc:meta])* $constant:ident = $id:literal $name:literal),+ $(,)?) => {
        $($(#[$doc])* pub const $constant: Technique = Technique { id: $id, name: $name };)+

        /// Every technique that a rule may name.
        pub const ALL: &[Technique] = &[$($constant),+];
    };
}

techniques! {
    /// Reaching in from outside.
    EXTERNAL_REMOTE_SERVICES = "T1133" "External Remote Services",
    /// Somebody's real account.
    VALID_ACCOUNTS = "T1078" "Valid Accounts",
    /// Through a supplier.
    TRUSTED_RELATIONSHIP = "T1199" "Trusted Relationship",
    /// By SSH.
    REMOTE_SSH = "T1021.004" "SSH",
    /// Guessing.
    BRUTE_FORCE = "T1110" "Brute Force",
    /// Tools brought along.
    INGRESS_TOOL_TRANSFER = "T1105" "Ingress Tool Transfer",
    /// Traces removed.
    INDICATOR_REMOVAL = "T1070" "Indicator Removal",
    /// Secrets that lie open.
    UNSECURED_CREDENTIALS = "T1552" "Unsecured Credentials",
    /// One protocol inside another.
    TUNNELING = "T1572" "Protocol Tunneling",
    /// A service stopped.
    SERVICE_STOP = "T1489" "Service Stop",
    /// ICS: reaching in from outside.
    ICS_EXTERNAL_REMOTE_SERVICES = "T0822" "External Remote Services",
    /// ICS: tools brought along.
    ICS_LATERAL_TOOL_TRANSFER = "T0867" "Lateral Tool Transfer",
    /// ICS: somebody's real account.
    ICS_VALID_ACCOUNTS = "T0859" "Valid Accounts",
    /// ICS: moving by remote services.
    ICS_REMOTE_SERVICES = "T0886" "Remote Services",
}

/// What an attack by this protocol may be part of: what is SSH's only is, by another, reaching in from outside.
pub(crate) fn by(protocol: Option<Protocol>, techniques: &[Technique]) -> Vec<Technique> {
    let mut named = Vec::new();
    for technique in techniques {
        let is_ssh = matches!(protocol, None | Some(Protocol::Ssh));
        let technique =
            if *technique == REMOTE_SSH && !is_ssh { EXTERNAL_REMOTE_SERVICES } else { *technique };
        if !named.contains(&technique) {
            named.push(technique);
        }
    }
    named
}

/// The technique with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<Technique> {
    ALL.iter().copied().find(|technique| technique.id == id)
}
