//! A company's authorities.

use chaperone_policy::{Facts, Revoked, Vendor};
use chaperone_store::RevokedRow;

use super::login;
use crate::wire::{AuthoritiesView, AuthorityView, RevokedBy, RevokedView};

pub(crate) fn authorities(facts: &Facts, vendor: &Vendor, revoked: Vec<RevokedRow>) -> AuthoritiesView {
    let theirs = facts.authorities.values().filter(|authority| authority.vendor == vendor.id);
    AuthoritiesView {
        vendor: vendor.name.clone(),
        authorities: theirs
            .map(|authority| AuthorityView {
                fingerprint: authority.fingerprint.clone(),
                algorithm: authority.openssh.split_whitespace().next().unwrap_or_default().to_owned(),
                valid_until: authority.validity.until,
            })
            .collect(),
        revoked: revoked.into_iter().map(|row| one(facts, row)).collect(),
    }
}

fn one(facts: &Facts, row: RevokedRow) -> RevokedView {
    let (by, value) = match row.what {
        Revoked::Serial(serial) => (RevokedBy::Serial, serial.to_string()),
        Revoked::KeyId(id) => (RevokedBy::KeyId, id),
        Revoked::Key(fingerprint) => (RevokedBy::Key, fingerprint),
    };
    RevokedView { by, value, reason: row.reason, said_by: login(facts, row.by), at: row.at }
}
