//! What a technician's client needs to come by TLS: certificates that die with the window, and where to what leads.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A wish to come by TLS.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConnection {
    /// A window's id, for all servers of it; or a server's name.
    #[schema(example = "console-01")]
    pub to: String,
    /// The public key that proves at the gate who comes: PEM, ECDSA P-256 or P-384, Ed25519, or RSA from 2048 bits. Its
    /// private half stays where it was made.
    pub public_key_pem: String,
    /// The public key of what the technician's machine serves to itself under the servers' names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_key_pem: Option<String>,
    /// The certificate that this one takes the place of, for the same key and window: what comes with either is one visit.
    /// Without it another visit begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews_pem: Option<String>,
}

/// How to come by TLS.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionView {
    /// The window.
    pub window: String,
    /// Since when it is open.
    #[schema(value_type = String, format = DateTime)]
    pub opens: Timestamp,
    /// First instant in which nothing new opens.
    #[schema(value_type = String, format = DateTime)]
    pub closes: Timestamp,
    /// First instant in which the certificates are worth nothing. Ask again before, where the window is longer or was
    /// extended.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// The gate's domain: an endpoint is `LABEL.tls.DOMAIN`.
    pub domain: String,
    /// The name or address to dial.
    pub host: String,
    /// The port to dial.
    pub port: u16,
    /// The certificate of the authority that vouches for the gate (PEM); while it is replaced, that of the new one behind it.
    pub authority_pem: String,
    /// The technician's certificate (PEM).
    pub certificate_pem: String,
    /// What the technician's machine serves to itself (PEM); nothing where no key was given, or no server speaks TLS.
    pub local_certificate_pem: Option<String>,
    /// The certificate of the authority that vouches for that, and for nothing else (PEM).
    pub local_authority_pem: Option<String>,
    /// The servers.
    pub targets: Vec<ConnectionTarget>,
}

/// A server to come to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionTarget {
    /// Its name at the gate.
    pub name: String,
    /// What of it the window grants.
    pub endpoints: Vec<ConnectionEndpoint>,
}

/// One endpoint of a server.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConnectionEndpoint {
    /// The first label of its name at the gate.
    pub label: String,
    /// `tls`, `http` (a web console) or `tcp`.
    pub kind: String,
    /// Where it is, as the gate reaches it.
    pub host: String,
    /// Its own port.
    pub port: u16,
    /// The name that its certificate carries; nothing of an endpoint that is no TLS.
    pub server_name: Option<String>,
    /// What the window grants it as.
    pub access: String,
    /// What is recorded: `plain` (what is said), `bytes` (of another protocol), `flow` (only when and how much).
    pub recorded: String,
}
