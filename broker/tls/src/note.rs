//! What people want to know of a certificate: whose it is, by what it is recognised, and how long it lasts.

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::authority::fingerprint;
use crate::pem;

/// Longest subject that is shown, in characters.
const SUBJECT_MAX: usize = 200;

/// A certificate, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateNote {
    /// Whose it is, as it says.
    pub subject: String,
    /// SHA-256, as `openssl x509 -fingerprint -sha256` shows it.
    pub fingerprint: String,
    /// First second in which it is valid.
    pub from: Timestamp,
    /// The last second in which it is valid.
    pub until: Timestamp,
}

impl CertificateNote {
    /// Of a certificate; `None` where it cannot be read.
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (rest, read) = X509Certificate::from_der(certificate).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let at = |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).ok();
        // A certificate that never ends (RFC 5280 §4.1.2.5) ends with time itself.
        let until = at(read.validity().not_after).unwrap_or(Timestamp::MAX);
        let subject = read.subject().to_string();
        Some(Self {
            subject: subject.chars().filter(|c| !c.is_control()).take(SUBJECT_MAX).collect(),
            fingerprint: fingerprint(certificate),
            from: at(read.validity().not_before).unwrap_or(Timestamp::MIN),
            until,
        })
    }
}

/// The certificates of a text, as far as they can be read.
#[must_use]
pub fn certificates_in(text: &str) -> Vec<CertificateNote> {
    let found = pem::certificates(text.as_bytes()).unwrap_or_default();
    found.iter().filter_map(CertificateNote::of).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sample::Authority;

    #[test]
    fn a_certificate_says_whose_it_is_and_how_long_it_lasts() {
        let authority = Authority::new("hospital");
        let (old, _) = authority.issue_expired(&["console.example"]).pem();
        let notes = certificates_in(&format!("{}{old}", authority.pem()));
        assert_eq!((notes.len(), notes[0].subject.as_str()), (2, "CN=hospital"));
        assert_eq!(notes[0].fingerprint, fingerprint(&authority.der()));
        assert_eq!(notes[1].until, "2021-01-01T00:00:00Z".parse().unwrap());
        assert!(certificates_in("nothing").is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(at in 0usize..600, flip: u8, cut in 0usize..600) {
            let mut der = Authority::new("hospital").der().to_vec();
            let at = at % der.len();
            der[at] ^= flip;
            der.truncate(der.len().max(cut) - cut.min(der.len()));
            drop(CertificateNote::of(&CertificateDer::from(der)));
        }
    }
}
