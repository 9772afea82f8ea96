//! What somebody declares of a TLS service, read by somebody else: this layer knows no X.509; who does is handed in.

use chaperone_policy::KeyPin;
use jiff::Timestamp;

use crate::problem::Problem;
use crate::wire::CertificateView;

/// What is declared of a TLS service.
#[derive(Clone, Copy, Default)]
pub struct DeclaredTls<'d> {
    /// PEM certificates of anchors; may be empty where there are pins.
    pub trust_pem: &'d str,
    /// The name that its certificate must carry.
    pub server_name: &'d str,
    /// SHA-256 of public keys.
    pub pins: &'d [KeyPin],
    /// The gate's own certificate for it, and its key; both PEM.
    pub client: Option<(&'d str, &'d str)>,
}

/// A part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsPart {
    /// The trust anchors.
    Trust,
    /// The server name.
    ServerName,
    /// The gate's own certificate.
    Client,
    /// Its key.
    ClientKey,
}

impl TlsPart {
    /// The field of a request.
    fn field(self) -> &'static str {
        match self {
            Self::Trust => "tls.trust_pem",
            Self::ServerName => "tls.server_name",
            Self::Client => "tls.client.certificate_pem",
            Self::ClientKey => "tls.client.key_pem",
        }
    }
}

/// Which part is of no use, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFault {
    /// Which.
    pub part: TlsPart,
    /// Why; nothing secret.
    pub why: String,
}

impl From<TlsFault> for Problem {
    fn from(fault: TlsFault) -> Self {
        Self::field(fault.part.field(), fault.why)
    }
}

/// Reads certificates and keys.
pub trait TlsReader: Send + Sync {
    /// Whether all of it can be used, and nothing of it is over.
    ///
    /// # Errors
    /// The first part that cannot.
    fn check(&self, declared: &DeclaredTls<'_>, now: Timestamp) -> Result<(), TlsFault>;

    /// The certificates of a text, as far as they can be read.
    fn certificates(&self, pem: &str) -> Vec<CertificateView>;
}
