//! What the gate trusts when it dials a target: the anchors and the server name that were declared for it, nothing else.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};

use crate::pem::{self, PemFault};
use crate::provider::provider;

/// A target's anchors and name, checked. Cheap to clone.
#[derive(Clone)]
pub struct TargetTrust {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    anchors: usize,
}

/// Why anchors or a name cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The text.
    #[error("the trust anchors cannot be read: {0}")]
    Pem(PemFault),
    /// One of the certificates.
    #[error("certificate number {0} of the trust anchors is damaged")]
    Anchor(usize, #[source] rustls::Error),
    /// The server name.
    #[error(
        "{0:?} is no server name; right is a host name such as console.example or an address, without a wildcard"
    )]
    Name(String),
    /// The anchors as a whole.
    #[error("the trust anchors cannot be used")]
    Verifier(#[source] rustls::client::VerifierBuilderError),
    /// The provider.
    #[error("TLS cannot be set up")]
    Provider(#[source] rustls::Error),
}

impl TargetTrust {
    /// Checks PEM certificates and the name that the target's certificate must carry.
    ///
    /// # Errors
    /// Which of them is wrong, and what would be right.
    pub fn parse(trust_pem: &str, server_name: &str) -> Result<Self, TrustError> {
        let name = ServerName::try_from(server_name.to_owned())
            .map_err(|_| TrustError::Name(server_name.chars().take(253).collect()))?;
        let mut roots = RootCertStore::empty();
        for (at, certificate) in
            pem::only_certificates(trust_pem.as_bytes()).map_err(TrustError::Pem)?.into_iter().enumerate()
        {
            roots.add(certificate).map_err(|error| TrustError::Anchor(at + 1, error))?;
        }
        let anchors = roots.len();
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(TrustError::Verifier)?;
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Provider)?
            .with_webpki_verifier(verifier)
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config), name, anchors })
    }

    /// What rustls dials with.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// The name that the target's certificate must carry; sent to it too (SNI) unless it is an address.
    #[must_use]
    pub fn server_name(&self) -> &ServerName<'static> {
        &self.name
    }
}

impl fmt::Debug for TargetTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TargetTrust({}, {} anchors)", self.name.to_str(), self.anchors)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sample::Authority;

    #[test]
    fn anchors_and_names_are_checked_when_they_are_declared() {
        let authority = Authority::new("hospital");
        let pem = authority.pem();
        for name in ["console.example", "10.0.0.7", "2001:db8::7"] {
            let trust = TargetTrust::parse(&format!("{pem}{pem}"), name).unwrap();
            assert_eq!(format!("{trust:?}"), format!("TargetTrust({name}, 2 anchors)"));
        }
        for name in ["", "*.example", "console example", "https://console.example", "console.example:443"] {
            assert!(matches!(TargetTrust::parse(&pem, name), Err(TrustError::Name(_))), "{name:?}");
        }
        let fault = |text: &str| TargetTrust::parse(text, "console.example").unwrap_err();
        assert!(matches!(fault(""), TrustError::Pem(PemFault::NoCertificate)));
        let (chain, key) = authority.issue(&["console.example"]).pem();
        assert!(matches!(fault(&format!("{key}{chain}")), TrustError::Pem(PemFault::PrivateKey)));
        let hollow = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(fault(&format!("{pem}{hollow}")), TrustError::Anchor(2, _)));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,300}", name in ".{0,300}") {
            drop(TargetTrust::parse(&text, &name));
        }
    }
}
