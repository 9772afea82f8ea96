//! A certificate as russh has read it, in the parts that `identity` checks. Nothing is judged here.

use std::collections::BTreeMap;

use chaperone_identity::Shown;
use russh::keys::ssh_key::public::KeyData;
use russh::keys::ssh_key::{Algorithm, Certificate, PublicKey};

/// What of a certificate is checked.
pub(super) struct Parts<'c> {
    /// The certified key's blob.
    pub key: Vec<u8>,
    authority: Vec<u8>,
    critical: BTreeMap<String, String>,
    certificate: &'c Certificate,
}

impl<'c> Parts<'c> {
    /// `None` for a certificate whose keys have no form.
    pub(super) fn of(certificate: &'c Certificate) -> Option<Self> {
        Some(Self {
            key: blob(certificate.public_key())?,
            authority: blob(certificate.signature_key())?,
            critical: certificate.critical_options().0.clone(),
            certificate,
        })
    }

    pub(super) fn shown(&self) -> Shown<'_> {
        let of = self.certificate;
        Shown {
            key: &self.key,
            authority: &self.authority,
            weakly_signed: matches!(
                of.signature().algorithm(),
                Algorithm::Rsa { hash: None } | Algorithm::Dsa
            ),
            for_user: of.cert_type().is_user(),
            serial: of.serial(),
            key_id: of.key_id(),
            principals: of.valid_principals(),
            valid_after: of.valid_after(),
            valid_before: of.valid_before(),
            critical: &self.critical,
        }
    }
}

fn blob(key: &KeyData) -> Option<Vec<u8>> {
    PublicKey::new(key.clone(), "").to_bytes().ok()
}
