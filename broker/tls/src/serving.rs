//! What the TLS doors serve with: TLS 1.3 and 1.2, post-quantum key exchange first, authenticated ciphers with forward
//! secrecy only, and no session that could be resumed: a resumed one would not show its certificate again, and would outlive
//! the permit (RFC 8446 §2.2).

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};

use crate::provider::provider;
use crate::verifier::ClientTrustError;

/// Why a door cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServingError {
    /// TLS itself.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The authority.
    #[error(transparent)]
    Clients(#[from] ClientTrustError),
}

/// For web consoles: HTTP/2 and HTTP/1.1, nobody is asked for a certificate.
pub(crate) fn web_console(
    certificates: Arc<dyn ResolvesServerCert>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    web(certificates, &[b"h2", b"http/1.1"])
}

/// For the gate's own name, where one answer is given: the same by HTTP/1.1 alone.
pub(crate) fn one_answer(
    certificates: Arc<dyn ResolvesServerCert>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    web(certificates, &[b"http/1.1"])
}

fn web(
    certificates: Arc<dyn ResolvesServerCert>,
    protocols: &[&[u8]],
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let config = builder.with_no_client_auth().with_cert_resolver(certificates);
    Ok(Arc::new(unresumed(config, protocols.iter().map(|name| name.to_vec()).collect())))
}

/// For one raw connection: its client must show a certificate, and is answered this protocol.
pub(crate) fn raw(
    certificates: Arc<dyn ResolvesServerCert>,
    verifier: Arc<dyn ClientCertVerifier>,
    answered: Option<&[u8]>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let config = builder.with_client_cert_verifier(verifier).with_cert_resolver(certificates);
    Ok(Arc::new(unresumed(config, answered.map(<[u8]>::to_vec).into_iter().collect())))
}

fn unresumed(mut config: ServerConfig, protocols: Vec<Vec<u8>>) -> ServerConfig {
    config.alpn_protocols = protocols;
    // All that is offered is sound; of that, the strongest.
    config.ignore_client_order = true;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    config
}
