//! What proves the technician at the gate, and this machine to its own clients: keys that are made here and never leave
//! memory, and the gate's certificates for them, which end with the window.

use std::sync::Arc;

use chaperone_web::wire::{ConnectionTarget, ConnectionView, NewConnection};
use jiff::Timestamp;
use rcgen::KeyPair;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ServerConfig};
use rustls_platform_verifier::Verifier;

use super::error::PassError;

/// The two keys of this run.
pub(super) struct Keys {
    technician: KeyPair,
    local: KeyPair,
}

/// A grant of the gate's, ready to use.
pub(super) struct Pass {
    pub window: String,
    pub closes: Timestamp,
    /// When the certificates end.
    pub until: Timestamp,
    pub domain: String,
    /// What is dialled.
    pub host: String,
    pub port: u16,
    /// What clients of this machine must trust, as PEM.
    pub local_authority_pem: Option<String>,
    pub targets: Vec<ConnectionTarget>,
    certificate_pem: String,
    gate: ClientConfig,
    local: Option<Arc<CertifiedKey>>,
    provider: Arc<CryptoProvider>,
}

impl Keys {
    /// Makes them: ECDSA on P-256, which every client takes.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn make() -> Result<Self, PassError> {
        let (technician, local) = (KeyPair::generate(), KeyPair::generate());
        let (technician, local) = (technician.map_err(PassError::Key)?, local.map_err(PassError::Key)?);
        Ok(Self { technician, local })
    }

    /// Asks for certificates of them; in place of those of a pass, as the same visit.
    pub(super) fn asks(&self, to: &str, renews: Option<&Pass>) -> NewConnection {
        NewConnection {
            to: to.to_owned(),
            public_key_pem: self.technician.public_key_pem(),
            local_key_pem: Some(self.local.public_key_pem()),
            renews_pem: renews.map(|pass| pass.certificate_pem.clone()),
        }
    }
}

impl Pass {
    /// Reads what the gate granted for these keys. The gate is trusted by its own authority, by those of `trusted`, or by
    /// this system's.
    ///
    /// # Errors
    /// Which certificate is not one.
    pub(super) fn new(granted: ConnectionView, keys: &Keys, trusted: &str) -> Result<Self, PassError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut anchors = certificates("the gate's authority", &granted.authority_pem)?;
        anchors.extend(certificates("the certificate to trust", trusted)?);
        let verifier =
            Verifier::new_with_extra_roots(anchors, Arc::clone(&provider)).map_err(PassError::Tls)?;
        let own = certificates("the technician's certificate", &granted.certificate_pem)?;
        let mut gate = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(PassError::Tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(own, private(&keys.technician))
            .map_err(PassError::Tls)?;
        // Each connection proves itself anew.
        gate.resumption = Resumption::disabled();
        let local = match &granted.local_certificate_pem {
            Some(pem) => {
                let chain = certificates("this machine's certificate", pem)?;
                let made = CertifiedKey::from_der(chain, private(&keys.local), &provider);
                Some(Arc::new(made.map_err(PassError::Tls)?))
            }
            None => None,
        };
        Ok(Self {
            window: granted.window,
            closes: granted.closes,
            until: granted.until,
            domain: granted.domain,
            host: granted.host,
            port: granted.port,
            local_authority_pem: granted.local_authority_pem,
            targets: granted.targets,
            certificate_pem: granted.certificate_pem,
            gate,
            local,
            provider,
        })
    }

    /// How a connection to the gate is secured, with the protocols that the client offers (RFC 7301).
    pub(super) fn towards_gate(&self, offers: Vec<Vec<u8>>) -> Arc<ClientConfig> {
        let mut config = self.gate.clone();
        config.alpn_protocols = offers;
        Arc::new(config)
    }

    /// Whether TLS can be ended here.
    pub(super) fn ends_tls(&self) -> bool {
        self.local.is_some()
    }

    /// How a client of this machine is answered, with the protocol that the gate took.
    ///
    /// # Errors
    /// When the gate issued no certificate for it.
    pub(super) fn towards_client(&self, taken: Option<Vec<u8>>) -> Result<Arc<ServerConfig>, PassError> {
        let local = self.local.clone().ok_or(PassError::NoLocal)?;
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(PassError::Tls)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(local)));
        config.alpn_protocols = taken.into_iter().collect();
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}

fn certificates(whose: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>, PassError> {
    let read: Result<_, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    read.map_err(|source| PassError::Pem { whose, source })
}
