//! Host keys of a target on the wire, old algorithms that it may still speak, and the CA that signs in to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Moment;

/// Host keys that are proposed for a target: they count once another engineer has looked.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewHostKeys {
    /// One OpenSSH public key line each.
    pub host_keys: Vec<String>,
    /// Whether they may sign host keys rather than be some.
    pub authority: bool,
    /// Whether the gate asks the server which keys it shows. Nothing secret is sent to it.
    pub scan: bool,
    /// Why.
    pub reason: String,
}

/// A word on one host key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HostKeyWord {
    /// Which, as `ssh-keygen -l` prints it.
    #[schema(example = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU")]
    pub fingerprint: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// A host key that waits for a second pair of eyes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProposedKeyView {
    /// As `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// One OpenSSH public key line.
    pub key: String,
    /// Whether it may sign host keys rather than be one.
    pub authority: bool,
    /// `given`, `scanned`, `announced` by the server itself, or `shown` in place of a pinned one.
    pub origin: String,
    /// Why.
    pub reason: String,
    /// Who stands for it; nobody while the gate alone proposes it.
    pub by: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Old algorithms that a target may speak for a time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLegacy {
    /// Which: ssh-rsa, dh-group14-sha1, dh-group1-sha1, dh-gex-sha1, aes-cbc, hmac-sha1. None takes all of them back.
    pub algorithms: Vec<String>,
    /// First instant at which they are no longer spoken; at most two years ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "+90d")]
    pub until: Option<Moment>,
    /// Why the server has nothing better.
    pub reason: String,
}

/// Old algorithms that a target may speak for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LegacyView {
    /// Which.
    pub algorithms: Vec<String>,
    /// First instant at which they are no longer spoken.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// Where a target's SSH server is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAddresses {
    /// `HOST:PORT`, in the order in which they are tried; at least one.
    pub addresses: Vec<String>,
    /// Why they change.
    #[serde(default)]
    pub reason: String,
}

/// The CA whose certificates the gate signs in with.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UserCaView {
    /// The line for the file that a server's `TrustedUserCAKeys` names.
    pub public: String,
    /// The line of the CA that takes its place: a server is to have both until the first is retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
