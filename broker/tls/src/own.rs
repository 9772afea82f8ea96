//! What the gate's doors show where nobody has configured a certificate: one that its own authority signs at each start.

use std::sync::Arc;

use jiff::Timestamp;
use rcgen::KeyPair;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::authority::AuthorityError;
use crate::issue::IssueError;
use crate::{Authority, pem};

/// One certificate, for every name.
#[derive(Debug)]
struct Own(Arc<CertifiedKey>);

impl ResolvesServerCert for Own {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// A certificate for a gate's doors, and its key, which is kept nowhere.
///
/// # Errors
/// When the domain is none, or nothing can be signed.
pub fn own_certificate(
    authority: &Authority,
    domain: &str,
    now: Timestamp,
) -> Result<Arc<dyn ResolvesServerCert>, IssueError> {
    let made = |error| IssueError::Authority(AuthorityError::Make(error));
    let key = KeyPair::generate().map_err(made)?;
    let signed = authority.for_the_gate(domain, &key, now)?;
    let chain: Vec<CertificateDer<'static>> = pem::only_certificates(signed.pem.as_bytes())
        .map_err(|fault| IssueError::Authority(AuthorityError::Pem(fault)))?;
    let secret = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let secret = any_supported_type(&secret).map_err(|_| IssueError::Authority(AuthorityError::Key))?;
    Ok(Arc::new(Own(Arc::new(CertifiedKey::new(chain, secret)))))
}
