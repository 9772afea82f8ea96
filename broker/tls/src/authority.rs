//! The gate's own certificate authorities. One vouches for the gate and for the technicians who come to it; hospitals put
//! it into trust stores. Another vouches for what `chaperone connect` serves on a technician's own machine, under the names
//! of servers: nobody but that technician trusts it, so that it can stand in for no server before anybody else.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SerialNumber, SignatureAlgorithm, SigningKey, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

use crate::pem::{self, PemFault};

/// How long an authority is valid: as long as it is in trust stores that nobody wants to touch. Its end is told in time.
const VALID: SignedDuration = SignedDuration::from_hours(24 * 3650);
/// It is valid from a day before, for clocks that are behind.
const BACKDATED: SignedDuration = SignedDuration::from_hours(24);
/// Octets of a serial (RFC 5280 §4.1.2.2: at most 20, positive).
///
/// ```text
///   a certificate:  16 random octets, its visit
///   its renewal:    the same 16, and 4 more random ones
/// ```
pub(crate) const VISIT_BYTES: usize = 16;
/// Octets by which renewals of one certificate differ: it has a handful.
const RENEWAL_BYTES: usize = 4;

/// Which authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorityRole {
    /// Vouches for the gate, and for technicians at it.
    Gate,
    /// Vouches for what a technician's own machine serves to itself.
    Local,
}

/// A new authority: what is to be sealed, and what everybody may have.
pub struct NewAuthority {
    /// Its private key (PKCS#8).
    pub key: Zeroizing<Vec<u8>>,
    /// Its certificate.
    pub pem: String,
}

/// An authority, open to sign.
pub struct Authority {
    pub(crate) issuer: Issuer<'static, AuthorityKey>,
    certificate: CertificateDer<'static>,
    ends: Timestamp,
}

/// Why an authority cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The system's randomness.
    #[error("the system has no randomness")]
    Random,
    /// The key.
    #[error("the authority's key is no ECDSA P-256 key")]
    Key,
    /// The certificate's text.
    #[error("the authority's certificate cannot be read: {0}")]
    Pem(PemFault),
    /// The certificate.
    #[error("the authority's certificate is damaged, or that of another key")]
    Certificate,
    /// The making of a certificate.
    #[error("a certificate cannot be made")]
    Make(#[source] rcgen::Error),
}

impl Authority {
    /// Makes an authority: a P-256 key, which browsers and old clients take, and its certificate.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn make(role: AuthorityRole, now: Timestamp) -> Result<NewAuthority, AuthorityError> {
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
            .map_err(|_| AuthorityError::Random)?;
        let key = Zeroizing::new(key.as_ref().to_vec());
        let signs = AuthorityKey::open(&key)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        // Two gates' authorities in one trust store can be told apart.
        let mark =
            hex::encode_upper(digest(&SHA256, signs.der_bytes()).as_ref().get(..4).unwrap_or_default());
        let what = match role {
            AuthorityRole::Gate => "Chaperone gate CA",
            AuthorityRole::Local => "Chaperone connect CA",
        };
        params.distinguished_name.push(DnType::CommonName, format!("{what} {mark}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.serial_number = Some(serial()?);
        span(
            &mut params,
            now.checked_sub(BACKDATED).unwrap_or(now),
            now.checked_add(VALID).unwrap_or(Timestamp::MAX),
        );
        let pem = params.self_signed(&signs).map_err(AuthorityError::Make)?.pem();
        Ok(NewAuthority { key, pem })
    }

    /// Opens one that was made before.
    ///
    /// # Errors
    /// When key and certificate cannot be read, or do not belong together.
    pub fn open(key: &[u8], pem: &str) -> Result<Self, AuthorityError> {
        let signs = AuthorityKey::open(key)?;
        let certificate = Self::certificate_of(pem)?;
        let ends = {
            let (_, read) =
                X509Certificate::from_der(&certificate).map_err(|_| AuthorityError::Certificate)?;
            if *read.public_key().subject_public_key.data != *signs.der_bytes() || !read.is_ca() {
                return Err(AuthorityError::Certificate);
            }
            Timestamp::from_second(read.validity().not_after.timestamp())
                .map_err(|_| AuthorityError::Certificate)?
        };
        let issuer =
            Issuer::from_ca_cert_der(&certificate, signs).map_err(|_| AuthorityError::Certificate)?;
        Ok(Self { issuer, certificate, ends })
    }

    /// The certificate of an authority, out of its public text: what verifies needs no key.
    ///
    /// # Errors
    /// When there is none in it.
    pub fn certificate_of(pem: &str) -> Result<CertificateDer<'static>, AuthorityError> {
        let found = pem::only_certificates(pem.as_bytes()).map_err(AuthorityError::Pem)?;
        found.into_iter().next().ok_or(AuthorityError::Certificate)
    }

    /// Its certificate.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The last second in which it is valid.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        self.ends
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({})", fingerprint(&self.certificate))
    }
}

/// A certificate's SHA-256, as `openssl x509 -fingerprint -sha256` and browsers show it: `AB:CD:…`.
#[must_use]
pub fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let octets: Vec<String> =
        digest(&SHA256, certificate).as_ref().iter().map(|octet| format!("{octet:02X}")).collect();
    octets.join(":")
}

/// The key that signs.
pub(crate) struct AuthorityKey(EcdsaKeyPair);

impl AuthorityKey {
    fn open(key: &[u8]) -> Result<Self, AuthorityError> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key)
            .map(Self)
            .map_err(|_| AuthorityError::Key)
    }
}

impl PublicKeyData for AuthorityKey {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for AuthorityKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signed = self.0.sign(&SystemRandom::new(), message).map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signed.as_ref().to_vec())
    }
}

/// A random serial, positive whatever it is: 126 bits of it are.
pub(crate) fn serial() -> Result<SerialNumber, AuthorityError> {
    let mut octets = [0; VISIT_BYTES];
    rand::fill(&mut octets).map_err(|_| AuthorityError::Random)?;
    if let Some(first) = octets.first_mut() {
        *first = (*first & 0x3f) | 0x40;
    }
    Ok(SerialNumber::from_slice(&octets))
}

/// A serial for one more certificate of the visit that begins with another.
pub(crate) fn renewed_serial(visit: &[u8; VISIT_BYTES]) -> Result<SerialNumber, AuthorityError> {
    let mut more = [0; RENEWAL_BYTES];
    rand::fill(&mut more).map_err(|_| AuthorityError::Random)?;
    Ok(SerialNumber::from_slice(&[&visit[..], &more].concat()))
}

/// Valid from the whole second of `from`, and in no second that is not wholly before `until` (X.509's end is its last second).
pub(crate) fn span(params: &mut CertificateParams, from: Timestamp, until: Timestamp) {
    let second = |at: Timestamp| std::time::Duration::from_secs(at.as_second().max(0).unsigned_abs());
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + second(from);
    params.not_after = epoch + second(until.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(until));
}

#[cfg(test)]
mod tests;
