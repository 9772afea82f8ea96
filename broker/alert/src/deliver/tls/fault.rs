//! What is wrong between us and a collector that speaks TLS, in words that say what to look at.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

/// Why there is no TLS with the other side, or no more.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// Its certificate leads to nobody whom we trust for it.
    #[error(
        "its certificate does not lead to the CA that is trusted for it: is that the one that signed it?"
    )]
    UnknownAuthority,
    /// Its certificate is for another name.
    #[error(
        "its certificate is for {presented}, and not for {wanted}: use the name that it carries in the address"
    )]
    WrongName {
        /// The host of the address.
        wanted: String,
        /// What the certificate carries.
        presented: String,
    },
    /// Its certificate's time is over.
    #[error("its certificate has expired: it needs a new one")]
    Expired,
    /// Its certificate's time has not come.
    #[error("its certificate is not valid yet: are both clocks right?")]
    NotYetValid,
    /// Its certificate is wrong in another way.
    #[error("its certificate is no good")]
    Certificate(#[source] Error),
    /// It does not take our client certificate.
    #[error(
        "it refuses our client certificate ({0:?}): does it trust the CA that signed it, and is it valid?"
    )]
    RefusesCertificate(AlertDescription),
    /// It wants a client certificate and got none.
    #[error("it wants a client certificate ({0:?}): add the destination with one")]
    WantsCertificate(AlertDescription),
    /// It ended the handshake for another reason.
    #[error("it ended the handshake: {0:?}")]
    Alert(AlertDescription),
    /// What it says is not TLS.
    #[error("it does not speak TLS on this port")]
    NotTls(#[source] Error),
    /// No version, cipher suite or the like in common.
    #[error("it speaks no TLS that we do: 1.2 or 1.3 is needed")]
    Incompatible(#[source] Error),
    /// It closed the connection and did not say why, before anything was sent.
    #[error("it closed the connection at the handshake and did not say why: {hint}")]
    HungUp {
        /// What it may be.
        hint: &'static str,
    },
    /// The handshake did not end in time.
    #[error("it did not finish the handshake in time")]
    Slow,
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[source] io::Error),
    /// Anything else that TLS finds wrong.
    #[error("TLS failed")]
    Other(#[source] Error),
}

impl TlsFault {
    /// Reads what went wrong with a connection over which we showed a certificate, or none.
    #[must_use]
    pub fn of(error: io::Error, shows_certificate: bool) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).cloned();
        match inner {
            Some(fault) => Self::judged(fault, shows_certificate),
            None if ends(&error) => Self::hung_up(shows_certificate),
            None => Self::Broken(error),
        }
    }

    /// It closed the connection without a word.
    #[must_use]
    pub fn hung_up(shows_certificate: bool) -> Self {
        let hint = if shows_certificate {
            "it may refuse our client certificate"
        } else {
            "it may want a client certificate, or speak no TLS there"
        };
        Self::HungUp { hint }
    }

    fn judged(fault: Error, shows_certificate: bool) -> Self {
        match fault {
            Error::InvalidCertificate(wrong) => Self::certificate(wrong),
            Error::AlertReceived(alert) if about_certificate(alert) => {
                if shows_certificate {
                    Self::RefusesCertificate(alert)
                } else {
                    Self::WantsCertificate(alert)
                }
            }
            Error::AlertReceived(alert) => Self::Alert(alert),
            fault @ Error::InvalidMessage(_) => Self::NotTls(fault),
            fault @ Error::PeerIncompatible(_) => Self::Incompatible(fault),
            fault => Self::Other(fault),
        }
    }

    fn certificate(wrong: CertificateError) -> Self {
        match wrong {
            CertificateError::UnknownIssuer => Self::UnknownAuthority,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::NotValidForNameContext { expected, presented } => {
                Self::WrongName { wanted: expected.to_str().into_owned(), presented: names(&presented) }
            }
            wrong => Self::Certificate(Error::InvalidCertificate(wrong)),
        }
    }
}

/// The names in a certificate, which rustls gives as `DnsName("siem.example")`; a few of them.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| match name.split_once('(').map(|(_, rest)| rest.trim_end_matches(')')) {
        Some(inner) => inner.trim_matches('"').to_owned(),
        None => name.clone(),
    };
    let shown: Vec<String> = presented.iter().take(8).map(bare).collect();
    if shown.is_empty() { "no name at all".to_owned() } else { shown.join(", ") }
}

/// Whether an alert is about a client certificate. Some say no more than that the handshake failed.
fn about_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
    )
}

fn ends(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(fault: Error, shows: bool) -> String {
        TlsFault::of(io::Error::new(io::ErrorKind::InvalidData, fault), shows).to_string()
    }

    #[test]
    fn each_fault_says_what_to_look_at() {
        let certificate = |wrong| words(Error::InvalidCertificate(wrong), false);
        assert!(certificate(CertificateError::UnknownIssuer).contains("does not lead to the CA"));
        assert!(certificate(CertificateError::Expired).contains("has expired"));
        assert!(certificate(CertificateError::NotValidYet).contains("not valid yet"));
        let name = CertificateError::NotValidForNameContext {
            expected: "siem.example".try_into().unwrap(),
            presented: vec!["DnsName(\"other.example\")".to_owned(), "IpAddress(10.0.0.7)".to_owned()],
        };
        assert!(certificate(name).contains("is for other.example, 10.0.0.7, and not for siem.example"));
        let alert = |alert, shows| words(Error::AlertReceived(alert), shows);
        assert!(alert(AlertDescription::UnknownCA, true).contains("refuses our client certificate"));
        assert!(alert(AlertDescription::CertificateRequired, false).contains("wants a client certificate"));
        assert!(alert(AlertDescription::InternalError, true).contains("ended the handshake"));
        let end = TlsFault::of(io::ErrorKind::UnexpectedEof.into(), true).to_string();
        assert!(end.contains("may refuse our client certificate"), "{end}");
    }
}
