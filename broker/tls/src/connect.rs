//! Dials a target over TLS, trusting only what was declared for it.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, TlsStream};

use crate::TargetTrust;

/// How long a target has to accept the connection and finish the handshake, both together.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Why there is no TLS connection to a target.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No connection.
    #[error("{host}:{port} cannot be reached")]
    Unreachable {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It took too long.
    #[error("{host}:{port} did not answer within {within:?}")]
    Slow {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
        /// The time it had.
        within: Duration,
    },
    /// Its certificate does not lead to a declared anchor, has another name, or is not valid at this time. Nothing was sent.
    #[error("the certificate of {host}:{port} is not the one that was declared for it")]
    Untrusted {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
        /// What is wrong with it.
        #[source]
        source: rustls::Error,
    },
    /// It speaks nothing newer than TLS 1.1.
    #[error(
        "{host}:{port} speaks nothing newer than TLS 1.1, which the gate does not; declare it as an opaque tcp endpoint, \
         of which only the flow is recorded"
    )]
    TooOld {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
        /// What it answered.
        #[source]
        source: io::Error,
    },
    /// It does not speak TLS that we accept, or broke off.
    #[error("the TLS handshake with {host}:{port} failed")]
    Handshake {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
        /// What happened.
        #[source]
        source: io::Error,
    },
}

/// Connects to a target and checks who it is. The whole of it takes at most `within`.
///
/// # Errors
/// How far it came; never after anything but the handshake was sent.
pub async fn connect(
    host: &str,
    port: u16,
    trust: &TargetTrust,
    within: Duration,
) -> Result<TlsStream<TcpStream>, ConnectError> {
    let dialled = tokio::time::timeout(within, dial(host, port, trust)).await;
    dialled.unwrap_or_else(|_| Err(ConnectError::Slow { host: host.to_owned(), port, within }))
}

async fn dial(host: &str, port: u16, trust: &TargetTrust) -> Result<TlsStream<TcpStream>, ConnectError> {
    let tcp = async {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        io::Result::Ok(stream)
    };
    let stream =
        tcp.await.map_err(|source| ConnectError::Unreachable { host: host.to_owned(), port, source })?;
    let connector = TlsConnector::from(trust.config());
    let secured = connector.connect(trust.server_name().clone(), stream).await;
    secured.map(Into::into).map_err(|source| blame(host.to_owned(), port, source))
}

/// Whether the target turned both of our versions down, or chose an older one (RFC 8446 §6.2, §4.2.1).
fn is_too_old(fault: &rustls::Error) -> bool {
    use rustls::{AlertDescription, InvalidMessage, PeerIncompatible};
    matches!(
        fault,
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
            | rustls::Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13)
            | rustls::Error::InvalidMessage(InvalidMessage::UnknownProtocolVersion)
    )
}

/// What a handshake with a target failed of: its certificate, its age, or anything else.
#[must_use]
pub fn blame(host: String, port: u16, source: io::Error) -> ConnectError {
    match source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(fault)) => {
            ConnectError::Untrusted { host, port, source: rustls::Error::InvalidCertificate(fault.clone()) }
        }
        Some(fault) if is_too_old(fault) => ConnectError::TooOld { host, port, source },
        _ => ConnectError::Handshake { host, port, source },
    }
}

#[cfg(test)]
mod tests;
