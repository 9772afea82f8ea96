//! Targets on the wire. Secrets go in and never come out.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::console::{CertificateView, NewTls, PlainHttpView};
use super::host_key::{LegacyView, ProposedKeyView};

/// A target to add.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTarget {
    /// What technicians call it at the gate.
    #[schema(example = "alaris-sm-01")]
    pub name: String,
    /// Its SSH server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh: Option<NewSsh>,
    /// Its TLS service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<NewTls>,
    /// Its declared forwards.
    #[serde(default)]
    pub tcp: Vec<NewTcp>,
    /// What people want to know at a glance.
    #[serde(default)]
    pub card: CardView,
    /// Whether bytes must be on stable storage before they go on.
    #[serde(default)]
    pub durable: bool,
    /// Whether an observer must be present while input flows.
    #[serde(default)]
    pub observer_required: bool,
    /// How many sessions it may have at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_limit: Option<u32>,
    /// How files come to it: `direct` (clients write them) or `staged` (by way of the gate, which scans them).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uploads: Option<String>,
}

/// An SSH server to add.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSsh {
    /// `HOST:PORT`; port 22 where it is left out.
    #[schema(example = "10.1.2.3:22")]
    pub address: String,
    /// Further addresses of the same server, tried after the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Host keys to pin, one OpenSSH public key line each. Without any they are proposed and approved afterwards, and
    /// nobody is let through before.
    #[serde(default)]
    pub host_keys: Vec<String>,
    /// Accounts and their credentials; the first is the default.
    pub accounts: Vec<NewCredential>,
}

/// A declared forward to add.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTcp {
    /// What windows and technicians call it.
    pub name: String,
    /// `HOST:PORT`, as seen from the gate.
    pub address: String,
    /// Whether what runs inside is encrypted, so that only the flow can be recorded.
    #[serde(default)]
    pub opaque: bool,
}

/// The gate's credential for one account of a target.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCredential {
    /// The account.
    #[schema(example = "svc")]
    pub account: String,
    /// What the secret is.
    pub kind: CredentialKind,
    /// The OpenSSH private key or the password; nothing for a server that trusts the gate's user CA. Sealed at once; no
    /// answer ever has it.
    #[serde(default)]
    #[schema(write_only)]
    pub secret: String,
}

impl fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCredential")
            .field("account", &self.account)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Kinds of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// An OpenSSH private key without a passphrase.
    SshKey,
    /// A password.
    Password,
    /// None of its own: the server trusts the gate's user CA.
    UserCa,
}

/// What people want to know of a target at a glance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CardView {
    /// Hospital site.
    pub site: Option<String>,
    /// Group for scopes.
    pub group: Option<String>,
    /// Unit served.
    #[schema(example = "ICU, ED")]
    pub unit: Option<String>,
    /// Where the unit is told by mail what is planned on it.
    #[serde(default)]
    pub contact: Option<String>,
    /// Pumps that depend on it.
    pub pumps: Option<u32>,
    /// Whether it holds patient data.
    pub patient_data: bool,
    /// Whether therapy depends on it at this time.
    pub in_clinical_use: bool,
}

/// A target.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TargetView {
    /// Identity.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// Name at the gate.
    pub name: String,
    /// How it is reached.
    pub endpoints: Vec<EndpointView>,
    /// At a glance.
    pub card: CardView,
    /// Whether bytes must be on stable storage before they go on.
    pub durable: bool,
    /// Whether an observer must be present.
    pub observer_required: bool,
    /// How files come to it: direct, or staged at the gate.
    pub uploads: String,
    /// Host keys that wait for a second pair of eyes.
    pub proposed_keys: Vec<ProposedKeyView>,
    /// Why it is locked; nothing when it is not.
    pub locked: Option<String>,
    /// What whoever has sealed a secret should know of it; only in the answer to that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One way to reach a target.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum EndpointView {
    /// An SSH server.
    Ssh {
        /// `HOST:PORT`.
        address: String,
        /// Further addresses of the same server.
        also: Vec<String>,
        /// Fingerprints of the pinned host keys.
        host_keys: Vec<String>,
        /// Fingerprints of the keys that may sign its host keys.
        authorities: Vec<String>,
        /// Accounts that windows may use; the first is the default.
        accounts: Vec<String>,
        /// Old algorithms that it may still speak.
        legacy: Option<LegacyView>,
    },
    /// A TLS service.
    Tls {
        /// `HOST:PORT`.
        address: String,
        /// Name that its certificate must carry.
        server_name: String,
        /// Whether it is a web console.
        http: bool,
        /// What vouches for it.
        trust: Vec<CertificateView>,
        /// SHA-256 of the keys of which its certificate must have one.
        pins: Vec<String>,
        /// The certificate that the gate shows to it.
        client: Option<CertificateView>,
        /// How the gate signs in to the console: `basic USER` or `header NAME`.
        sign_in: Option<String>,
        /// It is reached without TLS.
        plain_http: Option<PlainHttpView>,
    },
    /// A declared forward.
    Tcp {
        /// Its name.
        name: String,
        /// `HOST:PORT`.
        address: String,
        /// Whether only the flow can be recorded.
        opaque: bool,
    },
}

/// How files come to a server from now on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUploads {
    /// `direct`: clients write them; `staged`: they wait at the gate, are scanned, and the gate writes them.
    #[schema(example = "staged")]
    pub uploads: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}
