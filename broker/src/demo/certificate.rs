//! The stand-in console's certificate, and the authority of its maker that vouches for it: what a hospital is given by the
//! vendor, the demo makes on the spot.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::error::{DemoError, trying};
use crate::private_file;

/// How long both are valid: as long as anybody keeps a demo.
const VALID_DAYS: i64 = 365;

/// Files, all PEM.
pub(super) struct Certified {
    /// What the gate is told to trust.
    pub authority: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Makes an authority, and a certificate of its for this name; the authority's key is forgotten.
pub(super) fn make(folder: &Path, name: &str, now: Timestamp) -> Result<Certified, DemoError> {
    let (authority, certificate, key) = signed(name, now).map_err(DemoError::Certificate)?;
    let file = |name: &str| folder.join(name);
    let made = Certified {
        authority: file("console-ca.pem"),
        certificate: file("console.pem"),
        key: file("console.key"),
    };
    std::fs::write(&made.authority, authority).map_err(trying("write the console's authority"))?;
    std::fs::write(&made.certificate, certificate).map_err(trying("write the console's certificate"))?;
    private_file::create(&made.key, key.as_bytes()).map_err(trying("write the console's key"))?;
    Ok(made)
}

fn signed(name: &str, now: Timestamp) -> Result<(String, String, String), rcgen::Error> {
    let mut maker = valid(CertificateParams::default(), now);
    maker.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    maker.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    maker.distinguished_name.push(DnType::CommonName, "Maker of the demo's stand-in console");
    let maker_key = KeyPair::generate()?;
    let authority = maker.self_signed(&maker_key)?;

    let mut console = valid(CertificateParams::new(vec![name.to_owned()])?, now);
    console.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    console.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    console.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate()?;
    let certificate = console.signed_by(&key, &Issuer::new(maker, maker_key))?;
    Ok((authority.pem(), certificate.pem(), key.serialize_pem()))
}

fn valid(mut params: CertificateParams, now: Timestamp) -> CertificateParams {
    let day = |days: i64| {
        let there = now.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(now);
        let date = there.to_zoned(TimeZone::UTC).date();
        rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.distinguished_name = rcgen::DistinguishedName::new();
    // From the day before: the demo's clock may be a little ahead of somebody's.
    (params.not_before, params.not_after) = (day(-1), day(VALID_DAYS));
    params
}
