//! Certificates for technicians, as this layer sees them: texts that somebody else signs. It knows no X.509; who does is
//! handed in.

use chaperone_policy::{Login, PersonId, WindowId};
use chaperone_vault::SealedAuthority;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

/// Where technicians come by TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsDoor {
    /// The gate's domain: `NAME.tls.DOMAIN` is a server, `NAME.web.DOMAIN` its console.
    pub domain: String,
    /// The name or address to dial.
    pub host: String,
    /// The port to dial.
    pub port: u16,
}

/// What a technician who may come now wants signed.
#[derive(Clone, Debug)]
pub struct CertificateWish {
    /// Their sign-in name.
    pub login: Login,
    /// Who they are.
    pub person: PersonId,
    /// In which window.
    pub window: WindowId,
    /// First instant in which nothing of it is worth anything.
    pub until: Timestamp,
    /// The gate's domain: nobody gets a certificate for a name in it.
    pub domain: String,
    /// Their public key (PEM).
    pub key_pem: String,
    /// The certificate that is renewed (PEM).
    pub renews_pem: Option<String>,
    /// The public key of what their machine serves to itself (PEM), and under which names.
    pub local: Option<(String, Vec<String>)>,
}

/// A certificate.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// It (PEM).
    pub pem: String,
    /// Its serial, hexadecimal.
    pub serial: String,
    /// First instant in which it is worth nothing.
    pub until: Timestamp,
    /// The names of hosts that it carries.
    pub names: Vec<String>,
}

/// What was signed, with what vouches for it.
#[derive(Clone, Debug)]
pub struct Certificates {
    /// The certificate of the authority that vouches for the gate, and of the one that takes its place (PEM).
    pub authority_pem: String,
    /// SHA-256 of the certificate of the authority that signed for the technician.
    pub by: String,
    /// Says who the technician is.
    pub certificate: Certificate,
    /// The serial of the first certificate of its visit, where it renews one.
    pub renews: Option<String>,
    /// What their machine serves to itself, and the certificate of the authority that vouches for it (PEM).
    pub local: Option<(Certificate, String)>,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum NotIssued {
    /// A key is not certified, or a certificate is not renewed: which field, and why.
    #[error("{0}: {1}")]
    Key(&'static str, String),
    /// The window is over.
    #[error("the window is over")]
    Over,
    /// The gate's own fault; the log has it.
    #[error("no certificate can be made")]
    Failed,
}

/// Signs certificates for technicians.
pub type Issue =
    Box<dyn Fn(CertificateWish) -> BoxFuture<'static, Result<Certificates, NotIssued>> + Send + Sync>;

/// How the authority that vouches for the gate is replaced.
pub struct Succession {
    /// Makes the next one; nothing where the system has no randomness, which the log says.
    pub make: Box<dyn Fn() -> Option<SealedAuthority> + Send + Sync>,
    /// How long the next one stands beside the old one before nothing is left that the old one signed for technicians.
    pub overlap: SignedDuration,
}
