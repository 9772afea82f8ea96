//! A public key that somebody hands in to have it certified (SubjectPublicKeyInfo, RFC 5280 §4.1.2.7): bounded, of a kind
//! that is strong enough, and a real key of that kind.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    VerificationAlgorithm,
};
use rcgen::{PublicKeyData, SignatureAlgorithm, SubjectPublicKeyInfo};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519,
};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::x509;

/// Longest text that is looked at, in bytes: an RSA key of 8192 bits has 1,500.
const MAX_BYTES: usize = 8 * 1024;
/// Shortest and longest RSA modulus, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Why a public key is not certified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Longer than a public key is.
    #[error("it is longer than a public key is")]
    TooLong,
    /// A private key, which was to stay where it was made.
    #[error("it holds a private key, where a public one belongs; treat that key as lost")]
    PrivateKey,
    /// No key, or a damaged one.
    #[error("it is no public key; right is PEM, beginning with -----BEGIN PUBLIC KEY-----")]
    NoKey,
    /// More than one.
    #[error("it holds more than one public key; right is one")]
    Several,
    /// Of another kind, or too short.
    #[error(
        "it is of no kind that is certified; one of: ECDSA P-256, P-384, Ed25519, RSA with 2048 to 8192 bits"
    )]
    Kind,
}

/// A public key, checked.
pub struct PublicKey(SubjectPublicKeyInfo);

impl PublicKey {
    /// Reads one from PEM text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_pem(text: &str) -> Result<Self, PublicKeyError> {
        if text.len() > MAX_BYTES {
            return Err(PublicKeyError::TooLong);
        }
        if text.contains("PRIVATE KEY-----") {
            return Err(PublicKeyError::PrivateKey);
        }
        let mut found = SubjectPublicKeyInfoDer::pem_slice_iter(text.as_bytes());
        let der = found.next().and_then(Result::ok).ok_or(PublicKeyError::NoKey)?;
        if found.next().is_some() {
            return Err(PublicKeyError::Several);
        }
        Self::from_der(&der)
    }

    fn from_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let (rest, info) = x509::SubjectPublicKeyInfo::from_der(der).map_err(|_| PublicKeyError::NoKey)?;
        if !rest.is_empty() {
            return Err(PublicKeyError::NoKey);
        }
        let kind = kind(&info).ok_or(PublicKeyError::Kind)?;
        // The point is on its curve, the modulus is one.
        ParsedPublicKey::new(kind, &*info.subject_public_key.data).map_err(|_| PublicKeyError::NoKey)?;
        let read = SubjectPublicKeyInfo::from_der(der).map_err(|_| PublicKeyError::Kind)?;
        // A key has one encoding (X.690 §10): what is certified is what was given, octet by octet.
        if read.subject_public_key_info() == der { Ok(Self(read)) } else { Err(PublicKeyError::NoKey) }
    }

    /// It, as a certificate carries it.
    pub(crate) fn info(&self) -> Vec<u8> {
        self.0.subject_public_key_info()
    }
}

/// What checks signatures by a key of this kind; `None` for what is not certified.
fn kind(info: &x509::SubjectPublicKeyInfo<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let bytes = &info.subject_public_key.data;
    let kind = &info.algorithm.algorithm;
    if *kind == OID_KEY_TYPE_EC_PUBLIC_KEY {
        // Whole points only (SEC 1 §2.3.3): 4, then two coordinates.
        let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
        return match (bytes.first(), bytes.len()) {
            (Some(4), 65) if curve == OID_EC_P256 => Some(&ECDSA_P256_SHA256_ASN1),
            (Some(4), 97) if curve == OID_NIST_EC_P384 => Some(&ECDSA_P384_SHA384_ASN1),
            _ => None,
        };
    }
    if *kind == OID_SIG_ED25519 && info.algorithm.parameters.is_none() {
        return (bytes.len() == 32).then_some(&ED25519);
    }
    if *kind == OID_PKCS1_RSAENCRYPTION {
        let Ok(Parsed::RSA(key)) = info.parsed() else { return None };
        return RSA_BITS.contains(&bits(key.modulus)).then_some(&RSA_PKCS1_2048_8192_SHA256);
    }
    None
}

/// How many bits a big-endian number has.
fn bits(number: &[u8]) -> usize {
    let mut octets = number.iter().skip_while(|octet| **octet == 0);
    let Some(first) = octets.next() else { return 0 };
    octets.count() * 8 + (u8::BITS - first.leading_zeros()) as usize
}

impl PublicKeyData for PublicKey {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PublicKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{
        KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519,
    };

    use super::*;

    fn made(algorithm: &'static SignatureAlgorithm) -> KeyPair {
        KeyPair::generate_for(algorithm).unwrap()
    }

    fn pem(der: &[u8]) -> String {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    }

    /// An RSA key whose modulus is just some number of so many bits.
    fn rsa(bits: usize) -> String {
        let mut modulus = vec![0xa5; bits / 8];
        modulus[0] |= 0x80;
        let integer = |bytes: &[u8]| {
            let bytes = if bytes[0] & 0x80 == 0 { bytes.to_vec() } else { [&[0], bytes].concat() };
            tagged(2, &bytes)
        };
        let key = tagged(0x30, &[integer(&modulus), integer(&[1, 0, 1])].concat());
        let algorithm =
            tagged(0x30, &[&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1][..], &[5, 0]].concat());
        pem(&tagged(0x30, &[algorithm, tagged(3, &[&[0], &key[..]].concat())].concat()))
    }

    fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = match content.len() {
            short @ 0..=127 => vec![short as u8],
            long => [vec![0x82], (long as u16).to_be_bytes().to_vec()].concat(),
        };
        [vec![tag], length, content.to_vec()].concat()
    }

    #[test]
    fn strong_kinds_are_taken_and_others_refused() {
        for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
            let key = made(algorithm);
            let read = PublicKey::from_pem(&key.public_key_pem()).unwrap();
            assert_eq!(read.subject_public_key_info(), key.subject_public_key_info());
        }
        assert!(PublicKey::from_pem(&rsa(2048)).is_ok());
        assert_eq!(PublicKey::from_pem(&rsa(1024)).unwrap_err(), PublicKeyError::Kind);
        assert_eq!(PublicKey::from_pem(&rsa(2040)).unwrap_err(), PublicKeyError::Kind);
        let p521 = made(&PKCS_ECDSA_P521_SHA512).public_key_pem();
        assert_eq!(PublicKey::from_pem(&p521).unwrap_err(), PublicKeyError::Kind);
    }

    #[test]
    fn each_fault_is_named() {
        let key = made(&PKCS_ECDSA_P256_SHA256);
        let public = key.public_key_pem();
        for (text, fault) in [
            (String::new(), PublicKeyError::NoKey),
            ("hello".to_owned(), PublicKeyError::NoKey),
            (key.serialize_pem(), PublicKeyError::PrivateKey),
            (public.repeat(2), PublicKeyError::Several),
            (public.repeat(100), PublicKeyError::TooLong),
        ] {
            assert_eq!(PublicKey::from_pem(&text).unwrap_err(), fault);
        }
        // A point that is on no curve.
        let mut der = key.subject_public_key_info();
        *der.last_mut().unwrap() ^= 1;
        assert_eq!(PublicKey::from_pem(&pem(&der)).unwrap_err(), PublicKeyError::NoKey);
        der.push(0);
        assert_eq!(PublicKey::from_pem(&pem(&der)).unwrap_err(), PublicKeyError::NoKey);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..91, flip: u8) {
            drop((PublicKey::from_der(&bytes), PublicKey::from_pem(&String::from_utf8_lossy(&bytes))));
            let mut der = made(&PKCS_ECDSA_P256_SHA256).subject_public_key_info();
            der[at] ^= flip;
            // What is taken is taken as it was given.
            if let Ok(key) = PublicKey::from_der(&der) {
                prop_assert_eq!(key.subject_public_key_info(), der);
            }
        }
    }
}
