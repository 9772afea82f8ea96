//! The gate's own certificate and key, what it offers with them, and the next ones: each handshake takes the certificate
//! as it is then, so that one that is renewed is shown from the next connection on, and none is cut.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::authority::fingerprint;
use crate::note::CertificateNote;
use crate::pem::{self, PemFault};
use crate::provider::provider;
use crate::self_signed;

/// TLS as the gate serves it: 1.2 and 1.3, HTTP/1.1, no client certificates. Cheap to clone.
#[derive(Clone)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    shown: Arc<Shown>,
}

/// The certificate that is shown, with its key.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    fn now(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn leaf(&self) -> CertificateDer<'static> {
        // A pair is made with at least one certificate.
        self.now().cert.first().cloned().unwrap_or_else(|| CertificateDer::from(Vec::new()))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now())
    }
}

/// Why there is no TLS to serve.
#[derive(Debug, thiserror::Error)]
pub enum ServerTlsError {
    /// A file.
    #[error("{} cannot be read", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// A file's content.
    #[error("{} is of no use: {fault}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        fault: PemFault,
    },
    /// The two do not go together, or are of a kind that is not served.
    #[error("the certificate {} and the key {} cannot be served together", certificate.display(), key.display())]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        #[source]
        source: rustls::Error,
    },
    /// A self-signed certificate was to be made, and none of the names is one that a certificate can carry.
    #[error("a self-signed certificate needs a host name or an address; none of these is one: {0:?}")]
    NoName(Vec<String>),
    /// It is over.
    #[error("the certificate is over since {0}")]
    Over(Timestamp),
    /// What the gate's authority signed cannot be read.
    #[error("the gate's own certificate cannot be read: {0}")]
    Own(PemFault),
    /// What the gate's authority signed cannot be served.
    #[error("the gate's own certificate cannot be served")]
    Served(#[source] rustls::Error),
    /// A self-signed certificate cannot be made.
    #[error("a self-signed certificate cannot be made")]
    Make(#[source] rcgen::Error),
    /// What was made cannot be kept.
    #[error("{} cannot be written", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

impl ServerTls {
    /// Reads a certificate, with the chain behind it, and its key, both PEM.
    ///
    /// # Errors
    /// When a file cannot be read or used, or the two do not belong together.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, ServerTlsError> {
        let read = |path: &Path| fs::read(path).map_err(|error| ServerTlsError::Read(path.to_owned(), error));
        let content = |path: &Path, fault| ServerTlsError::Content { path: path.to_owned(), fault };
        let chain = pem::certificates(&read(certificate)?).map_err(|fault| content(certificate, fault))?;
        let secret = pem::private_key(&read(key)?).map_err(|fault| content(key, fault))?;
        let pair = |source| ServerTlsError::Pair {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            source,
        };
        Self::of(chain, secret).map_err(pair)
    }

    /// Of a certificate that the gate's own authority has just signed, and its key (PKCS#8).
    ///
    /// # Errors
    /// When the two do not go together.
    pub fn from_own(certificate_pem: &str, key: Vec<u8>) -> Result<Self, ServerTlsError> {
        let chain = pem::certificates(certificate_pem.as_bytes()).map_err(ServerTlsError::Own)?;
        Self::of(chain, PrivateKeyDer::Pkcs8(key.into())).map_err(ServerTlsError::Served)
    }

    fn of(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, rustls::Error> {
        let pair = CertifiedKey::from_der(chain, key, &provider())?;
        let shown = Arc::new(Shown(RwLock::new(Arc::new(pair))));
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Shown>::clone(&shown));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // All that is offered is sound; of that, the strongest.
        config.ignore_client_order = true;
        Ok(Self { config: Arc::new(config), shown })
    }

    /// From the next handshake on, this shows what the other shows; clones of it do, too.
    pub fn shows(&self, other: &Self) {
        *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = other.shown.now();
    }

    /// What is shown, for a door that ends TLS by a configuration of its own.
    #[must_use]
    pub fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::<Shown>::clone(&self.shown)
    }

    /// What is shown, in words; `None` where it cannot be read.
    #[must_use]
    pub fn note(&self) -> Option<CertificateNote> {
        CertificateNote::of(&self.shown.leaf())
    }

    /// The last second in which what is shown is valid; `None` where it does not say.
    #[must_use]
    pub fn ends(&self) -> Option<Timestamp> {
        self.note().map(|note| note.until)
    }

    /// Itself, unless its certificate is over.
    ///
    /// # Errors
    /// Since when it is.
    pub fn unless_over(self, now: Timestamp) -> Result<Self, ServerTlsError> {
        match self.ends() {
            Some(until) if until < now => Err(ServerTlsError::Over(until)),
            _ => Ok(self),
        }
    }

    /// The certificate that the gate made for itself in this folder; made now if there is none. It is not made again when
    /// the names change, because people have pinned it: a name that it does not carry is logged, as is one that none can.
    ///
    /// # Errors
    /// When it cannot be made, kept or used.
    pub fn self_signed(names: &[String], dir: &Path, now: Timestamp) -> Result<Self, ServerTlsError> {
        let kept = self_signed::Kept::at(dir);
        if !kept.certificate.exists() {
            kept.make(names, now)?;
        }
        let tls = Self::from_files(&kept.certificate, &kept.key)?;
        for name in names.iter().filter(|name| !tls.carries(name)) {
            tracing::warn!(
                tls.name = %name, tls.certificate = %kept.certificate.display(),
                "the gate's self-signed certificate does not carry one of its names; remove the file to have a new one made"
            );
        }
        Ok(tls)
    }

    /// Where [`ServerTls::self_signed`] keeps the certificate, for those who pin it (`--ca`).
    #[must_use]
    pub fn self_signed_certificate(dir: &Path) -> PathBuf {
        self_signed::Kept::at(dir).certificate
    }

    /// What rustls serves.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// The certificate's SHA-256, as `openssl x509 -fingerprint -sha256` and browsers show it: `AB:CD:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.shown.leaf())
    }

    /// Whether the certificate is for this host name or address.
    #[must_use]
    pub fn carries(&self, name: &str) -> bool {
        let Ok(name) = ServerName::try_from(name) else { return false };
        let leaf = self.shown.leaf();
        ParsedCertificate::try_from(&leaf).is_ok_and(|leaf| verify_server_name(&leaf, &name).is_ok())
    }
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServerTls({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests;
