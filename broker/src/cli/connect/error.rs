//! What can go wrong between this machine and the gate.

use std::io;
use std::time::Duration;

use rustls::AlertDescription;
use rustls::pki_types::pem;

/// Why what the gate granted cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum PassError {
    /// The keys.
    #[error("no key can be made")]
    Key(#[source] rcgen::Error),
    /// A certificate.
    #[error("{whose} is no PEM certificate")]
    Pem {
        /// Of what.
        whose: &'static str,
        /// What is wrong.
        #[source]
        source: pem::Error,
    },
    /// The set-up of TLS.
    #[error("TLS cannot be set up with what the gate granted")]
    Tls(#[source] rustls::Error),
    /// No certificate for TLS on this machine.
    #[error("the gate issued no certificate for TLS on this machine")]
    NoLocal,
}

/// Why there is no connection to the gate.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
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
    /// No proxy is named, or the gate is excepted from it.
    #[error("HTTPS_PROXY names no proxy for {0}")]
    NoProxy(String),
    /// The proxy's address.
    #[error("the proxy {0} is not spoken to: right is http://HOST:PORT or https://HOST:PORT")]
    ProxyKind(String),
    /// What the proxy said.
    #[error("the proxy does not let this through: it answered {0}")]
    ProxyRefused(u16),
    /// What the proxy said was no answer to `CONNECT`.
    #[error("what answers at the proxy's address is no HTTP proxy")]
    NotAProxy,
    /// The connection to the proxy.
    #[error("the proxy broke off")]
    Proxy(#[source] io::Error),
    /// The web socket.
    #[error("by web socket: {0}")]
    Socket(String),
    /// The gate's name.
    #[error("{0:?} is no name for a TLS server")]
    Name(String),
    /// Whoever answered has no certificate that the gate would have.
    #[error("what answers there does not have the gate's certificate")]
    Untrusted(#[source] rustls::Error),
    /// The gate said no.
    #[error("{}", said(*.0))]
    Refused(AlertDescription),
    /// Broke off.
    #[error("the TLS handshake with the gate broke off")]
    Handshake(#[source] io::Error),
}

impl DialError {
    /// Whether another way, or the same one later, may do better.
    pub(super) fn may_pass(&self) -> bool {
        !matches!(self, Self::Refused(_) | Self::Name(_))
    }

    /// Whether the gate does not take the certificate, whatever the schedule says.
    pub(super) fn is_of_the_certificate(&self) -> bool {
        let of_it = |alert: &AlertDescription| {
            use AlertDescription::{
                BadCertificate, CertificateExpired, CertificateRevoked, CertificateUnknown, UnknownCA,
            };
            [BadCertificate, CertificateExpired, CertificateRevoked, CertificateUnknown, UnknownCA]
                .contains(alert)
        };
        matches!(self, Self::Refused(alert) if of_it(alert))
    }

    /// What a failed handshake, or a connection that ended later, says.
    pub(super) fn of_tls(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::AlertReceived(alert)) => Self::Refused(*alert),
            Some(rustls::Error::InvalidCertificate(fault)) => {
                Self::Untrusted(rustls::Error::InvalidCertificate(fault.clone()))
            }
            _ => Self::Handshake(error),
        }
    }
}

/// What the gate's word of TLS means for a technician.
fn said(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::AccessDenied => {
            "the gate did not let this connection in: the window does not allow it now".to_owned()
        }
        AlertDescription::BadCertificate | AlertDescription::CertificateExpired => {
            "the gate takes this certificate no more; begin `chaperone connect` again".to_owned()
        }
        AlertDescription::UnrecognisedName => "the gate does not know this name".to_owned(),
        other => format!("the gate refused the connection ({other:?})"),
    }
}
