//! A company's authorities and revoked certificates on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment::Moment;

/// A key that signs OpenSSH certificates for a company's people.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAuthority {
    /// One OpenSSH public key line.
    pub ssh_key: String,
    /// First instant at which no certificate of it is believed any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Moment>,
}

/// Which authority is withdrawn, and why.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawnAuthority {
    /// As `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// Why.
    pub reason: String,
}

/// What a company's certificates are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RevokedBy {
    /// The serial number, whichever of its authorities signed it.
    Serial,
    /// The key id.
    KeyId,
    /// The fingerprint of the certified key.
    Key,
}

/// Certificates that are believed no more, and why.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRevocation {
    /// What they have in common.
    pub by: RevokedBy,
    /// Its value; a serial number in decimal.
    #[schema(example = "4711")]
    pub value: String,
    /// Why.
    pub reason: String,
}

/// Networks that somebody may come from.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNetworks {
    /// `ADDR/BITS` each; none means any.
    pub source_networks: Vec<String>,
}

/// An authority.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuthorityView {
    /// As `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// As in the public key line.
    pub algorithm: String,
    /// First instant at which no certificate of it is believed any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
}

/// Certificates that are believed no more.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RevokedView {
    /// What they have in common.
    pub by: RevokedBy,
    /// Its value.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Login of whoever said so.
    pub said_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Who a company says its people are.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuthoritiesView {
    /// Its name.
    pub vendor: String,
    /// The keys that sign for it.
    pub authorities: Vec<AuthorityView>,
    /// What of their certificates is believed no more, the newest first.
    pub revoked: Vec<RevokedView>,
}
