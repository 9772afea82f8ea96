//! The gate's own certificate and key, and what it offers with them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use crate::pem::{self, PemFault};
use crate::provider::provider;
use crate::self_signed;

/// TLS as the gate serves it: 1.2 and 1.3, HTTP/1.1, no client certificates. Cheap to clone.
#[derive(Clone)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    leaf: CertificateDer<'static>,
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
        let leaf = chain.first().cloned().ok_or_else(|| content(certificate, PemFault::NoCertificate))?;

        let pair = |source| ServerTlsError::Pair {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            source,
        };
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(pair)?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(pair)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), leaf })
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
        let octets: Vec<String> =
            digest(&SHA256, &self.leaf).as_ref().iter().map(|octet| format!("{octet:02X}")).collect();
        octets.join(":")
    }

    /// Whether the certificate is for this host name or address.
    #[must_use]
    pub fn carries(&self, name: &str) -> bool {
        let Ok(name) = ServerName::try_from(name) else { return false };
        ParsedCertificate::try_from(&self.leaf).is_ok_and(|leaf| verify_server_name(&leaf, &name).is_ok())
    }
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServerTls({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests;
