//! What is asked of the gate, and what it grants.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// For what, and the keys that the certificates are for.
#[derive(Debug, Serialize)]
pub(super) struct Asked<'a> {
    pub to: &'a str,
    /// The key that the gate knows the technician by, as SPKI PEM.
    pub public_key_pem: &'a str,
    /// The key that TLS is ended with on this machine, as SPKI PEM.
    pub local_key_pem: &'a str,
}

/// A window, open for one technician.
#[derive(Debug, Deserialize)]
pub(super) struct Granted {
    pub window: String,
    pub closes: Timestamp,
    /// When the certificates end, and others are to be asked for where the window goes on.
    pub until: Timestamp,
    /// The gate's name; endpoints are under `tls.` of it.
    pub domain: String,
    /// The name or address to dial.
    pub host: String,
    /// The gate's TLS port.
    pub port: u16,
    /// The certificate of the gate's own authority.
    pub authority_pem: String,
    pub certificate_pem: String,
    #[serde(default)]
    pub local_certificate_pem: Option<String>,
    /// The certificate of the authority that signed that.
    #[serde(default)]
    pub local_authority_pem: Option<String>,
    pub targets: Vec<Target>,
}

/// A server of it.
#[derive(Debug, Deserialize)]
pub(super) struct Target {
    pub name: String,
    pub endpoints: Vec<Endpoint>,
}

/// What can be reached there.
#[derive(Debug, Deserialize)]
pub(super) struct Endpoint {
    /// What the gate knows it by.
    pub label: String,
    pub kind: Kind,
    pub host: String,
    pub port: u16,
    #[serde(default)]
    pub server_name: Option<String>,
    /// How much of it the recording holds: plain, bytes, flow.
    #[serde(default)]
    pub recorded: String,
}

/// What is spoken there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// TLS, which the gate ends.
    Tls,
    /// A web console, over TLS that the gate ends.
    Http,
    /// Whatever it is: it is carried as it is.
    Tcp,
}

impl Kind {
    /// Whether a client on this machine may speak TLS to its local port, and be answered here.
    pub(super) fn ends_tls(self) -> bool {
        self != Self::Tcp
    }
}
