//! The certificate that the gate makes for itself, once, where the hospital has given it none.
//!
//! The key is written before the certificate and both by renaming: with the certificate there, both are there and whole.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::ServerName;

use crate::server::ServerTlsError;

/// How long it is valid: an installation that outlives it has a certificate of the hospital's own by then. Without a
/// renewal that pins would have to follow, shorter only means that the web stops on a day that nobody expects.
const VALID_DAYS: i64 = 3650;
/// It is valid from a day before, for browsers whose clocks are behind.
const BACKDATED_DAYS: i64 = 1;

/// Where it is kept.
pub(crate) struct Kept {
    /// The certificate; readable by all who may enter the folder.
    pub(crate) certificate: PathBuf,
    /// Its key; readable by its owner alone.
    pub(crate) key: PathBuf,
}

impl Kept {
    pub(crate) fn at(dir: &Path) -> Self {
        Self { certificate: dir.join("certificate.pem"), key: dir.join("key.pem") }
    }

    /// Makes a key (ECDSA P-256) and a certificate for those names that one can carry. Durable on return.
    pub(crate) fn make(&self, names: &[String], now: Timestamp) -> Result<(), ServerTlsError> {
        let (names, wrong): (Vec<_>, Vec<_>) =
            names.iter().cloned().partition(|name| ServerName::try_from(name.as_str()).is_ok());
        for name in &wrong {
            tracing::warn!(tls.name = ?name, "no certificate can carry this name; it is left out");
        }
        if names.is_empty() {
            return Err(ServerTlsError::NoName(wrong));
        }
        let pair = KeyPair::generate().map_err(ServerTlsError::Make)?;
        let certificate =
            params(names, now).and_then(|params| params.self_signed(&pair)).map_err(ServerTlsError::Make)?;
        if let Some(dir) = self.key.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
            made.map_err(|error| ServerTlsError::Write(dir.to_owned(), error))?;
        }
        write(&self.key, &pair.serialize_pem(), 0o600)?;
        // The commit point: before it the next start makes both anew, after it both stand.
        write(&self.certificate, &certificate.pem(), 0o644)
    }
}

fn params(names: Vec<String>, now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Chaperone gate");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let (year, month, date) = day(now, -BACKDATED_DAYS);
    params.not_before = rcgen::date_time_ymd(year, month, date);
    let (year, month, date) = day(now, VALID_DAYS);
    params.not_after = rcgen::date_time_ymd(year, month, date);
    Ok(params)
}

/// The UTC day so many days from `now`.
fn day(now: Timestamp, days: i64) -> (i32, u8, u8) {
    let there = now.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(now);
    let date = there.to_zoned(TimeZone::UTC).date();
    (i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
}

/// Writes a file in place of what may be there; whole or not at all, and durable.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), ServerTlsError> {
    let written = || -> io::Result<()> {
        let beside = path.with_extension("new");
        if beside.exists() {
            // Left by a crash; it may have another's mode.
            fs::remove_file(&beside)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    };
    written().map_err(|error| ServerTlsError::Write(path.to_owned(), error))
}
