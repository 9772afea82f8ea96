//! A certificate in place of one that is about to end, while its window goes on: of the same visit. Whoever could have one
//! made for a visit of somebody else's would be counted and recorded as them, so that it is given to the same person, in the
//! same window, and for the same key only. What is checked is the certificate itself, which the gate has signed.

use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::authority::VISIT_BYTES;
use crate::client::ClientCertificate;
use crate::issue::Holder;
use crate::pem::{self, PemFault};
use crate::verifier::{ClientTrust, Fault};
use crate::{ClientTrustError, PublicKey};

/// Longest text that is looked at, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// The right to one more certificate of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    pub(crate) visit: [u8; VISIT_BYTES],
}

/// Why a certificate is not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewalError {
    /// The text.
    #[error("it cannot be read: {0}")]
    Pem(PemFault),
    /// The certificate.
    #[error("it is no technician's certificate that this gate has signed")]
    NotOurs,
    /// Somebody else's, of another window, or for another key.
    #[error("it is of another {0}, and another certificate begins another visit")]
    Another(&'static str),
    /// The authorities.
    #[error(transparent)]
    Trust(#[from] ClientTrustError),
}

impl Renewal {
    /// Of this certificate, for this holder and this key. One that is over may be renewed: a network that is gone for a while
    /// makes no other visit.
    ///
    /// # Errors
    /// Why not.
    pub fn of(
        text: &str,
        holder: &Holder,
        key: &PublicKey,
        authorities: &[CertificateDer<'static>],
        now: Timestamp,
    ) -> Result<Self, RenewalError> {
        if text.len() > MAX_BYTES {
            return Err(RenewalError::NotOurs);
        }
        let found = pem::only_certificates(text.as_bytes()).map_err(RenewalError::Pem)?;
        let [der] = &found[..] else { return Err(RenewalError::NotOurs) };
        let seconds = now.as_second().max(0).unsigned_abs();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        match ClientTrust::in_authorities(authorities)?.judges(der, &[], now) {
            Fault::None | Fault::Over => {}
            Fault::Of(_) => return Err(RenewalError::NotOurs),
        }
        let (_, parsed) = X509Certificate::from_der(der).map_err(|_| RenewalError::NotOurs)?;
        let known = ClientCertificate::read(der).ok_or(RenewalError::NotOurs)?;
        if (known.person, &known.login) != (holder.person, &holder.login) {
            return Err(RenewalError::Another("person"));
        }
        if known.window != holder.window {
            return Err(RenewalError::Another("window"));
        }
        if parsed.public_key().raw != key.info().as_slice() {
            return Err(RenewalError::Another("key"));
        }
        let visit = parsed.raw_serial().get(..VISIT_BYTES).and_then(|visit| visit.try_into().ok());
        visit.map(|visit| Self { visit }).ok_or(RenewalError::NotOurs)
    }

    /// The visit, hexadecimal: the serial of its first certificate.
    #[must_use]
    pub fn visit(&self) -> String {
        hex::encode(self.visit)
    }
}

#[cfg(test)]
mod tests;
