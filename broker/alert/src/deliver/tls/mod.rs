//! TLS towards a destination: whom to trust there, by which name, and what to show.
//!
//! A destination's own CA is the only one trusted for it; without one, the machine's. The name that its certificate must
//! carry is the host of its address (RFC 5425 §5.2: a DNS name, with a wildcard as its leftmost label, or an IP address;
//! the common name does not count). TLS 1.2 and 1.3, by aws-lc-rs.

pub mod fault;
mod pem;

use std::fmt;
use std::sync::Arc;

use chaperone_store::Reach;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

pub use pem::PemFault;

/// What a TLS connection to one destination is made with, checked.
#[derive(Clone)]
pub struct TlsTerms {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    shows: bool,
}

/// Why certificates, key or name are no use.
#[derive(Debug, thiserror::Error)]
pub enum TermsFault {
    /// The host.
    #[error("{0:?} is no name that a certificate can carry")]
    Name(String),
    /// The CA's text.
    #[error("the CA cannot be read: {0}")]
    Ca(PemFault),
    /// One of its certificates.
    #[error("certificate number {0} of the CA is damaged")]
    Anchor(usize, #[source] rustls::Error),
    /// The CA as a whole.
    #[error("the CA cannot be used")]
    Verifier(#[source] rustls::client::VerifierBuilderError),
    /// The machine trusts nobody.
    #[error("this machine has no certificates that it trusts; give the CA of the destination")]
    Platform(#[source] rustls::Error),
    /// The client certificate's text.
    #[error("the client certificate cannot be read: {0}")]
    Certificate(PemFault),
    /// The client key's text. Never carries it.
    #[error("the client key cannot be read: {0}")]
    Key(PemFault),
    /// A certificate without its key.
    #[error("a client certificate needs its key")]
    NoKey,
    /// A key without its certificate.
    #[error("a client key needs its certificate")]
    NoCertificate,
    /// The two do not belong together.
    #[error("the client certificate and its key do not go together")]
    Pair(#[source] rustls::Error),
    /// The provider.
    #[error("TLS cannot be set up")]
    Provider(#[source] rustls::Error),
}

impl TlsTerms {
    /// Reads what a destination at `host` is reached with; `key` is the PEM key of its client certificate.
    ///
    /// # Errors
    /// Which part is wrong, and what would be right.
    pub fn new(host: &str, reach: &Reach, key: Option<&str>) -> Result<Self, TermsFault> {
        let name = server_name(host)?;
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TermsFault::Provider)?;
        let trusting = match &reach.ca {
            Some(ca) => builder.with_webpki_verifier(pinned(ca)?),
            None => builder.with_platform_verifier().map_err(TermsFault::Platform)?,
        };
        let mut config = match (&reach.certificate, key) {
            (Some(certificate), Some(key)) => {
                let chain = pem::certificates(certificate).map_err(TermsFault::Certificate)?;
                let key = pem::private_key(key).map_err(TermsFault::Key)?;
                trusting.with_client_auth_cert(chain, key).map_err(TermsFault::Pair)?
            }
            (Some(_), None) => return Err(TermsFault::NoKey),
            (None, Some(_)) => return Err(TermsFault::NoCertificate),
            (None, None) => trusting.with_no_client_auth(),
        };
        // A resumed session would pass by a collector that has learned to refuse our certificate.
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config), name, shows: reach.certificate.is_some() })
    }

    /// What rustls dials with.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// The name that the other side's certificate must carry.
    #[must_use]
    pub fn name(&self) -> &ServerName<'static> {
        &self.name
    }

    /// Whether a client certificate is shown to who asks for one.
    #[must_use]
    pub fn shows_certificate(&self) -> bool {
        self.shows
    }
}

impl fmt::Debug for TlsTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsTerms({}, certificate: {})", self.name.to_str(), self.shows)
    }
}

/// The certificates of a CA, checked as such.
///
/// # Errors
/// Which of them is wrong.
pub(super) fn anchors(ca: &str) -> Result<(Vec<CertificateDer<'static>>, RootCertStore), TermsFault> {
    let certificates = pem::certificates(ca).map_err(TermsFault::Ca)?;
    let mut roots = RootCertStore::empty();
    for (at, certificate) in certificates.iter().enumerate() {
        roots.add(certificate.clone()).map_err(|error| TermsFault::Anchor(at + 1, error))?;
    }
    Ok((certificates, roots))
}

fn pinned(ca: &str) -> Result<Arc<WebPkiServerVerifier>, TermsFault> {
    let (_, roots) = anchors(ca)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(TermsFault::Verifier)
}

fn server_name(host: &str) -> Result<ServerName<'static>, TermsFault> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(bare.to_owned())
        .map_err(|_| TermsFault::Name(crate::sanitise::plain(host, crate::sanitise::FIELD_MAX)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::deliver::tests::authority::Authority;

    fn reach(ca: &str, certificate: Option<&str>) -> Reach {
        Reach { ca: Some(ca.to_owned()), certificate: certificate.map(str::to_owned), ..Reach::default() }
    }

    #[test]
    fn what_is_wrong_is_named_before_it_is_stored() {
        let hospital = Authority::new("hospital");
        let (certificate, key) = hospital.issue(&["gate"]);
        let (_, other_key) = hospital.issue(&["gate"]);
        let ca = hospital.pem();
        let made = |ca: &str, certificate: Option<&str>, key: Option<&str>| {
            TlsTerms::new("siem.example", &reach(ca, certificate), key)
        };
        assert!(made(&ca, Some(&certificate), Some(&key)).unwrap().shows_certificate());
        assert!(matches!(made(&ca, Some(&certificate), None), Err(TermsFault::NoKey)));
        assert!(matches!(made(&ca, None, Some(&key)), Err(TermsFault::NoCertificate)));
        assert!(matches!(made(&ca, Some(&certificate), Some(&other_key)), Err(TermsFault::Pair(_))));
        assert!(matches!(made(&key, None, None), Err(TermsFault::Ca(PemFault::PrivateKey))));
        assert!(matches!(made("hello", None, None), Err(TermsFault::Ca(PemFault::NoCertificate))));
        assert!(matches!(
            made(&ca, Some(&certificate), Some("hello")),
            Err(TermsFault::Key(PemFault::NoKey))
        ));
    }

    #[test]
    fn a_host_is_a_name_that_a_certificate_can_carry() {
        let ca = Authority::new("hospital").pem();
        for host in ["siem.example", "10.0.0.7", "[2001:db8::7]", "2001:db8::7"] {
            TlsTerms::new(host, &reach(&ca, None), None).unwrap();
        }
        for host in ["", "*.example", "siem example", "siem.example/x", "[::1"] {
            assert!(
                matches!(TlsTerms::new(host, &reach(&ca, None), None), Err(TermsFault::Name(_))),
                "{host}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(host in ".{0,80}", ca in ".{0,200}", certificate in ".{0,200}", key in ".{0,200}") {
            let armed = format!("-----BEGIN CERTIFICATE-----\n{ca}\n-----END CERTIFICATE-----\n");
            for ca in [&ca, &armed] {
                drop(TlsTerms::new(&host, &reach(ca, Some(&certificate)), Some(&key)));
            }
        }
    }
}
