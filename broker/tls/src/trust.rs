//! What the gate trusts when it dials a target, and what it shows there: the anchors, keys and server name that were
//! declared for it, nothing else.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use chaperone_policy::KeyPin;
use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::note::CertificateNote;
use crate::pem::{self, PemFault};
use crate::provider::provider;

/// What was declared of a target's TLS.
#[derive(Clone, Copy, Default)]
pub struct Declared<'d> {
    /// PEM certificates of anchors; may be empty where there are pins.
    pub trust_pem: &'d str,
    /// The name that the target's certificate must carry, and that is sent to it.
    pub server_name: &'d str,
    /// Its certificate must have one of these keys; without anchors, that alone says who it is.
    pub pins: &'d [KeyPin],
    /// The certificate that the gate shows to it, with the chain behind it, and its private key; both PEM.
    pub client: Option<(&'d str, &'d str)>,
}

/// A target's anchors, keys and name, checked. Cheap to clone.
#[derive(Clone)]
pub struct TargetTrust {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    anchors: usize,
    pins: usize,
}

/// Why what was declared of a target is of no use.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The anchors' text.
    #[error("the trust anchors cannot be read: {0}")]
    Pem(PemFault),
    /// One of the anchors.
    #[error("certificate number {0} of the trust anchors is damaged")]
    Anchor(usize, #[source] rustls::Error),
    /// The server name.
    #[error(
        "{0:?} is no server name; right is a host name such as console.example or an address, without a wildcard"
    )]
    Name(String),
    /// Neither anchors nor pins.
    #[error("nothing says who the server is: it needs trust anchors, or the SHA-256 of its public key")]
    Nothing,
    /// The anchors as a whole.
    #[error("the trust anchors cannot be used")]
    Verifier(#[source] rustls::client::VerifierBuilderError),
    /// The gate's own certificate for the target.
    #[error("the gate's certificate for it cannot be read: {0}")]
    Client(PemFault),
    /// The key of the gate's own certificate for the target.
    #[error("the key of the gate's certificate for it cannot be read: {0}")]
    ClientKey(PemFault),
    /// The two do not go together.
    #[error("the gate's certificate for it and the key do not go together")]
    ClientPair(#[source] rustls::Error),
    /// The key is that of a certificate further down.
    #[error(
        "the key is that of certificate number {0} in the file; put that one first, and what vouches for it behind it"
    )]
    ClientOrder(usize),
    /// Over, or not yet valid.
    #[error("certificate number {number} ({subject}) {when}")]
    Time {
        /// Whose certificate: the anchors', or the gate's own.
        of: Part,
        /// Which of the file.
        number: usize,
        /// Whose it is.
        subject: String,
        /// Since when it is over, or from when it is valid.
        when: String,
    },
    /// The gate's own certificate is for other uses.
    #[error("the gate's certificate for it is not for clients: its extended key usage lacks clientAuth")]
    ClientUse,
    /// The provider.
    #[error("TLS cannot be set up")]
    Provider(#[source] rustls::Error),
}

/// A part of what is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The trust anchors.
    Trust,
    /// The server name.
    Name,
    /// The gate's own certificate.
    Client,
    /// Its key.
    ClientKey,
}

impl TrustError {
    /// Which part is wrong.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::Pem(_) | Self::Anchor(..) | Self::Nothing | Self::Verifier(_) | Self::Provider(_) => {
                Part::Trust
            }
            Self::Name(_) => Part::Name,
            Self::Client(_) | Self::ClientOrder(_) | Self::ClientUse => Part::Client,
            Self::ClientKey(_) | Self::ClientPair(_) => Part::ClientKey,
            Self::Time { of, .. } => *of,
        }
    }
}

impl TargetTrust {
    /// Trusts these PEM certificates and the name that the target's certificate must carry.
    ///
    /// # Errors
    /// Which of them is wrong, and what would be right.
    pub fn parse(trust_pem: &str, server_name: &str) -> Result<Self, TrustError> {
        Self::of(&Declared { trust_pem, server_name, ..Declared::default() })
    }

    /// Trusts what was declared, and shows what the gate is known by there.
    ///
    /// # Errors
    /// Which part is wrong, and what would be right.
    pub fn of(declared: &Declared<'_>) -> Result<Self, TrustError> {
        let name = ServerName::try_from(declared.server_name.to_owned())
            .map_err(|_| TrustError::Name(declared.server_name.chars().take(253).collect()))?;
        let roots = anchors(declared)?;
        let anchors = roots.len();
        let verifier = Verifier::new(roots, declared.pins)?;
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Provider)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match declared.client {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(pair(chain, key)?))),
        };
        // Whoever may connect proves it each time: what one visit was told opens no other.
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config), name, anchors, pins: declared.pins.len() })
    }

    /// As [`TargetTrust::of`], for somebody who declares it now: what is over by then is refused, too.
    ///
    /// # Errors
    /// Which part is wrong, and what would be right.
    pub fn check(declared: &Declared<'_>, now: Timestamp) -> Result<(), TrustError> {
        Self::of(declared)?;
        if !declared.trust_pem.is_empty() {
            in_time(Part::Trust, declared.trust_pem, now)?;
        }
        if let Some((chain, _)) = declared.client {
            in_time(Part::Client, chain, now)?;
            for_clients(chain)?;
        }
        Ok(())
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

fn anchors(declared: &Declared<'_>) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    if declared.trust_pem.is_empty() {
        return if declared.pins.is_empty() { Err(TrustError::Nothing) } else { Ok(roots) };
    }
    let certificates = pem::only_certificates(declared.trust_pem.as_bytes()).map_err(TrustError::Pem)?;
    for (at, certificate) in certificates.into_iter().enumerate() {
        roots.add(certificate).map_err(|error| TrustError::Anchor(at + 1, error))?;
    }
    Ok(roots)
}

/// The gate's own certificate and its key.
fn pair(chain: &str, key: &str) -> Result<CertifiedKey, TrustError> {
    let chain = pem::only_certificates(chain.as_bytes()).map_err(TrustError::Client)?;
    let secret = || pem::private_key(key.as_bytes()).map_err(TrustError::ClientKey);
    let made = CertifiedKey::from_der(chain.clone(), secret()?, &provider());
    made.or_else(|error| {
        for (at, other) in chain.into_iter().enumerate().skip(1) {
            if CertifiedKey::from_der(vec![other], secret()?, &provider()).is_ok() {
                return Err(TrustError::ClientOrder(at + 1));
            }
        }
        Err(TrustError::ClientPair(error))
    })
}

fn in_time(of: Part, text: &str, now: Timestamp) -> Result<(), TrustError> {
    let certificates = pem::certificates(text.as_bytes()).map_err(TrustError::Pem)?;
    for (at, note) in certificates.iter().map(CertificateNote::of).enumerate() {
        let Some(CertificateNote { subject, from, until, .. }) = note else { continue };
        let when = match () {
            () if until < now => format!("is over since {until}; ask for the one that came after it"),
            () if from > now => format!("is not valid before {from}; is this machine's clock right?"),
            () => continue,
        };
        return Err(TrustError::Time { of, number: at + 1, subject, when });
    }
    Ok(())
}

/// Whether a certificate may be shown by a client: it says so, or says nothing of what it is for.
fn for_clients(chain: &str) -> Result<(), TrustError> {
    let chain = pem::certificates(chain.as_bytes()).map_err(TrustError::Client)?;
    let leaf = chain.first().and_then(|leaf| X509Certificate::from_der(leaf).ok());
    let usage = leaf.as_ref().and_then(|(_, leaf)| leaf.extended_key_usage().ok().flatten());
    let fits = usage.is_none_or(|usage| usage.value.client_auth || usage.value.any);
    if fits { Ok(()) } else { Err(TrustError::ClientUse) }
}

impl fmt::Debug for TargetTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, anchors, pins) = (self.name.to_str(), self.anchors, self.pins);
        write!(f, "TargetTrust({name}, {anchors} anchors, {pins} pins)")
    }
}

/// Takes a certificate that an anchor vouches for, and that has a pinned key, as far as there are such.
#[derive(Debug)]
struct Verifier {
    chain: Option<Arc<WebPkiServerVerifier>>,
    pins: Vec<KeyPin>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(roots: RootCertStore, pins: &[KeyPin]) -> Result<Self, TrustError> {
        let chain = match roots.is_empty() {
            true => None,
            false => {
                let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
                Some(built.map_err(TrustError::Verifier)?)
            }
        };
        Ok(Self { chain, pins: pins.to_vec(), provider: provider() })
    }

    fn is_pinned(&self, certificate: &CertificateDer<'_>) -> bool {
        pin_of(certificate).is_some_and(|pin| self.pins.contains(&pin))
    }
}

/// The SHA-256 of a certificate's public key.
#[must_use]
pub fn pin_of(certificate: &CertificateDer<'_>) -> Option<KeyPin> {
    let (_, read) = X509Certificate::from_der(certificate).ok()?;
    let hash = digest(&SHA256, read.public_key().raw);
    hash.as_ref().try_into().ok().map(KeyPin::new)
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if !self.pins.is_empty() && !self.is_pinned(end_entity) {
            return Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure));
        }
        match &self.chain {
            Some(chain) => {
                chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None if self.pins.is_empty() => {
                Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))
            }
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
