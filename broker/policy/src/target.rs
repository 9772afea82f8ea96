//! Targets: the servers and consoles behind the gate, their endpoints, and what clinical engineering knows of them.

use serde::{Deserialize, Serialize};

use crate::{
    AccountName, ConsoleTerms, EndpointName, MailAddress, Purpose, Reach, Role, TargetId, TargetName,
};

/// One server or console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Identity.
    pub id: TargetId,
    /// What technicians call it at the gate.
    pub name: TargetName,
    /// How it is reached.
    pub endpoints: Vec<Endpoint>,
    /// What clinical engineering and the SOC need to know.
    pub card: Card,
    /// How many approvals of which roles a window needs, first match wins; empty means one clinical engineer.
    pub approvals: Vec<ApprovalRule>,
    /// Whether bytes must be on stable storage before they go on.
    pub durable: bool,
    /// Whether an observer must be present while input flows.
    pub observer_required: bool,
    /// How many sessions it may have at once; `None` means the gate's default.
    pub session_limit: Option<u32>,
    /// Whether files go to it as technicians write them, or by way of the gate's stage.
    #[serde(default)]
    pub uploads: Uploads,
}

/// How files come to a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Uploads {
    /// A technician's client writes them.
    #[default]
    Direct,
    /// They wait at the gate until they are hashed and scanned, and the gate writes them.
    Staged,
}

impl Uploads {
    /// The stored and shown name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Staged => "staged",
        }
    }
}

impl std::str::FromStr for Uploads {
    type Err = UnknownUploads;
    fn from_str(text: &str) -> Result<Self, UnknownUploads> {
        let known = [Self::Direct, Self::Staged].into_iter().find(|way| way.as_str() == text);
        known.ok_or_else(|| UnknownUploads(text.to_owned()))
    }
}

/// The text names no way for files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no way for files; one of: direct, staged")]
pub struct UnknownUploads(pub String);

impl Target {
    /// The accounts of its SSH endpoints, the default first.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountName> {
        self.endpoints.iter().flat_map(|endpoint| match endpoint {
            Endpoint::Ssh { accounts, .. } => accounts.as_slice(),
            Endpoint::Tls { .. } | Endpoint::Tcp { .. } => &[],
        })
    }

    /// Whether windows may use this account on it.
    #[must_use]
    pub fn offers(&self, account: &AccountName) -> bool {
        self.accounts().any(|offered| offered == account)
    }
}

/// What people want to know of a target at a glance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// Hospital site.
    pub site: Option<String>,
    /// Group for scopes.
    pub group: Option<String>,
    /// Unit served, e.g. "ICU, ED".
    pub unit: Option<String>,
    /// Where the unit is told what is planned on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<MailAddress>,
    /// Pumps that depend on it.
    pub pumps: Option<u32>,
    /// Whether it holds patient data.
    pub patient_data: bool,
    /// Whether therapy depends on it at this time.
    pub in_clinical_use: bool,
}

/// One way to reach a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Endpoint {
    /// An SSH server.
    Ssh {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
        /// Pinned host keys, one OpenSSH public key line each. While there are none, and no authority, nobody is let
        /// through to it.
        host_keys: Vec<String>,
        /// Accounts that windows may use; the first is the default.
        accounts: Vec<AccountName>,
        /// What is not as usual.
        #[serde(default, skip_serializing_if = "Reach::is_usual")]
        reach: Reach,
    },
    /// A TLS service.
    Tls {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
        /// Name that its certificate must carry.
        server_name: String,
        /// PEM certificates to trust for it; empty where a pinned key alone says who it is, and where it speaks no TLS.
        trust_pem: String,
        /// Whether it is a web console.
        http: bool,
        /// What is not as usual.
        #[serde(default, skip_serializing_if = "ConsoleTerms::is_usual")]
        terms: ConsoleTerms,
    },
    /// A named, declared forward.
    Tcp {
        /// What windows and technicians call it.
        name: EndpointName,
        /// Host name or address, as seen from the gate.
        host: String,
        /// TCP port.
        port: u16,
        /// Whether what runs inside is encrypted, so that only the flow can be recorded.
        opaque: bool,
    },
}

/// How many people of which roles must approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRule {
    /// Purposes that the rule is for; empty means all.
    pub purposes: Vec<Purpose>,
    /// Role and count, all of which must be met by different people.
    pub needs: Vec<(Role, u8)>,
}
