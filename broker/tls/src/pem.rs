//! Certificates and keys as PEM text (RFC 7468): bounded, and never the one for the other.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Longest text that is looked at, in bytes: more than a hundred certificates.
pub(crate) const MAX_BYTES: usize = 256 * 1024;
/// Most certificates in one text.
pub(crate) const MAX_CERTIFICATES: usize = 100;

/// Why a text is not what it should be.
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
    #[error("its private key is encrypted; give one without a passphrase")]
    Encrypted,
    /// The armour or its base64 is damaged.
    #[error("its PEM is damaged at certificate or key number {0}")]
    Damaged(usize),
}

/// The certificates, in their order; at least one.
pub(crate) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemFault> {
    if text.len() > MAX_BYTES {
        return Err(PemFault::TooLong);
    }
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(text) {
        if found.len() == MAX_CERTIFICATES {
            return Err(PemFault::TooLong);
        }
        found.push(certificate.map_err(|_| PemFault::Damaged(found.len() + 1))?);
    }
    if found.is_empty() { Err(PemFault::NoCertificate) } else { Ok(found) }
}

/// The certificates of a text that must hold no private key.
pub(crate) fn only_certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemFault> {
    if holds(text, b"PRIVATE KEY-----") {
        return Err(PemFault::PrivateKey);
    }
    certificates(text)
}

/// The first private key.
pub(crate) fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, PemFault> {
    if text.len() > MAX_BYTES {
        return Err(PemFault::TooLong);
    }
    if holds(text, b"-----BEGIN ENCRYPTED PRIVATE KEY-----") || holds(text, b"Proc-Type: 4,ENCRYPTED") {
        return Err(PemFault::Encrypted);
    }
    match PrivateKeyDer::pem_slice_iter(text).next() {
        Some(key) => key.map_err(|_| PemFault::Damaged(1)),
        None => Err(PemFault::NoKey),
    }
}

fn holds(text: &[u8], words: &[u8]) -> bool {
    text.windows(words.len()).any(|window| window == words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sample::Authority;

    #[test]
    fn each_fault_is_named() {
        let authority = Authority::new("hospital");
        let pem = authority.pem();
        assert_eq!(certificates(pem.as_bytes()).unwrap().len(), 1);
        assert_eq!(certificates(b"hello"), Err(PemFault::NoCertificate));
        assert_eq!(certificates(&vec![b'a'; MAX_BYTES + 1]), Err(PemFault::TooLong));
        assert_eq!(certificates(pem.repeat(MAX_CERTIFICATES + 1).as_bytes()), Err(PemFault::TooLong));
        let damaged = format!("{pem}{}", pem.replacen('\n', "\n!!", 1));
        assert_eq!(certificates(damaged.as_bytes()), Err(PemFault::Damaged(2)));

        let (chain, key) = authority.issue(&["localhost"]).pem();
        assert_eq!(only_certificates(format!("{chain}{key}").as_bytes()), Err(PemFault::PrivateKey));
        assert!(private_key(key.as_bytes()).is_ok());
        assert_eq!(private_key(chain.as_bytes()), Err(PemFault::NoKey));
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert_eq!(private_key(encrypted.as_bytes()), Err(PemFault::Encrypted));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut text = b"-----BEGIN CERTIFICATE-----\n".to_vec();
            text.extend_from_slice(&bytes);
            drop((certificates(&bytes), certificates(&text), private_key(&text)));
        }
    }
}
