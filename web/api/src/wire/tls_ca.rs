//! The authority that vouches for the gate, and the one that takes its place.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The authority that vouches for the gate and for technicians who come by TLS.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TlsAuthorityView {
    /// The certificate (PEM), for trust stores.
    pub pem: String,
    /// Its SHA-256, as browsers and `openssl x509 -fingerprint -sha256` show it.
    pub fingerprint: String,
    /// Its last second.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// The one that takes its place: trust stores are to have both until the first is retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextTlsAuthorityView>,
}

/// The authority that takes the place of another.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NextTlsAuthorityView {
    /// The certificate (PEM), for trust stores.
    pub pem: String,
    /// Its SHA-256.
    pub fingerprint: String,
    /// Its last second.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// When it was made; it signs for technicians within seconds.
    #[schema(value_type = String, format = DateTime)]
    pub made: Timestamp,
    /// From when on nothing is good any more that the first one signed for technicians.
    #[schema(value_type = String, format = DateTime)]
    pub retires_from: Timestamp,
}

/// A wish to retire the authority whose place another takes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireTlsAuthority {
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// Also while technicians may hold certificates of it, which are refused from then on: its key was stolen, say.
    #[serde(default)]
    pub at_once: bool,
}
