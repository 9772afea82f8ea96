//! Certificates and keys as PEM text (RFC 7468) that a person gave: bounded, and never the one for the other.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Longest text that is looked at, in bytes: more than a hundred certificates.
const MAX_BYTES: usize = 256 * 1024;
/// Most certificates in one text.
const MAX_CERTIFICATES: usize = 100;

/// Why a text is not what it should be. Never carries the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemFault {
    /// Longer than a text of certificates may be, or more of them.
    #[error("it has at most 256 KiB and 100 certificates")]
    TooLong,
    /// A private key where certificates belong.
    #[error("it holds a private key, where only certificates belong; treat that key as lost")]
    PrivateKey,
    /// No certificate.
    #[error("it has no certificate; right is PEM, beginning with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// No key.
    #[error("it has no private key; right is PEM, such as -----BEGIN PRIVATE KEY-----")]
    NoKey,
    /// A key that needs a passphrase.
    #[error("it is encrypted; give one without a passphrase")]
    Encrypted,
    /// The armour or its base64.
    #[error("its PEM is damaged at certificate or key number {0}")]
    Damaged(usize),
}

/// The certificates of a text that must hold no private key, in their order; at least one.
pub(super) fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, PemFault> {
    if text.len() > MAX_BYTES {
        return Err(PemFault::TooLong);
    }
    if text.contains("PRIVATE KEY-----") {
        return Err(PemFault::PrivateKey);
    }
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        if found.len() == MAX_CERTIFICATES {
            return Err(PemFault::TooLong);
        }
        found.push(certificate.map_err(|_| PemFault::Damaged(found.len() + 1))?);
    }
    if found.is_empty() { Err(PemFault::NoCertificate) } else { Ok(found) }
}

/// The first private key.
pub(super) fn private_key(text: &str) -> Result<PrivateKeyDer<'static>, PemFault> {
    if text.len() > MAX_BYTES {
        return Err(PemFault::TooLong);
    }
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(PemFault::Encrypted);
    }
    match PrivateKeyDer::pem_slice_iter(text.as_bytes()).next() {
        Some(key) => key.map_err(|_| PemFault::Damaged(1)),
        None => Err(PemFault::NoKey),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::deliver::tests::authority::Authority;

    #[test]
    fn each_fault_is_named() {
        let hospital = Authority::new("hospital");
        let pem = hospital.pem();
        assert_eq!(certificates(&pem).unwrap().len(), 1);
        assert_eq!(certificates(&"a".repeat(MAX_BYTES + 1)), Err(PemFault::TooLong));
        assert_eq!(certificates(&pem.repeat(MAX_CERTIFICATES + 1)), Err(PemFault::TooLong));
        let damaged = format!("{pem}{}", pem.replacen('\n', "\n!!", 1));
        assert_eq!(certificates(&damaged), Err(PemFault::Damaged(2)));
        let (chain, key) = hospital.issue(&["localhost"]);
        assert_eq!(certificates(&format!("{chain}{key}")), Err(PemFault::PrivateKey));
        assert!(private_key(&key).is_ok());
        assert_eq!(private_key(&chain), Err(PemFault::NoKey));
        assert_eq!(
            private_key(&key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")),
            Err(PemFault::Encrypted)
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[ -~\n]{0,400}") {
            drop((certificates(&text), private_key(&text)));
            drop(private_key(&format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----")));
        }
    }
}
