//! OpenSSH certificates: a company's own authority (CA) says for a while who its people are, and the gate believes it for
//! that company's people alone.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AuthorityId, Facts, Person, Validity, VendorId, comes_from};

/// A key that signs certificates for one company's people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// Identity.
    pub id: AuthorityId,
    /// For whose people; for nobody else's.
    pub vendor: VendorId,
    /// `SHA256:` and base64 without padding, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// The key as one OpenSSH public key line. Never itself a certificate.
    pub openssh: String,
    /// When certificates of it are believed.
    pub validity: Validity,
}

/// What of a company's certificates is believed no more, whichever of its authorities signed them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "value")]
pub enum Revoked {
    /// Those with this serial number.
    Serial(u64),
    /// Those with this key id.
    KeyId(String),
    /// Those for the key with this fingerprint.
    Key(String),
}

/// What a certificate says that still counts after it was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// Fingerprint of the authority that signed it.
    pub authority: String,
    /// Its serial number; zero where the authority does not count.
    pub serial: u64,
    /// Its key id.
    pub key_id: String,
    /// When it is valid.
    pub validity: Validity,
    /// Where it may be used from (`source-address`); empty means anywhere.
    pub sources: Vec<IpNet>,
}

/// The key that somebody proved themselves with, and the certificate that spoke for it, where one did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenKey {
    /// As `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// `None` for a key that the person has enrolled.
    pub certificate: Option<Box<Certified>>,
}

impl From<&str> for ProvenKey {
    fn from(fingerprint: &str) -> Self {
        Self { fingerprint: fingerprint.to_owned(), certificate: None }
    }
}

impl Certified {
    /// Whether it is on a list of what is believed no more.
    fn is_revoked(&self, key: &str, revoked: &BTreeSet<Revoked>) -> bool {
        [Revoked::Serial(self.serial), Revoked::KeyId(self.key_id.clone()), Revoked::Key(key.to_owned())]
            .iter()
            .any(|one| revoked.contains(one))
    }
}

impl Facts {
    /// The authority with this key that may speak for this person: of their own company, and valid or not.
    #[must_use]
    pub fn authority_for(&self, person: &Person, fingerprint: &str) -> Option<&Authority> {
        let vendor = person.vendor?;
        self.authorities
            .values()
            .find(|authority| authority.vendor == vendor && authority.fingerprint == fingerprint)
    }

    /// Whether a certificate for this key is believed no more.
    #[must_use]
    pub fn has_revoked(&self, vendor: VendorId, key: &str, certified: &Certified) -> bool {
        self.revoked.get(&vendor).is_some_and(|revoked| certified.is_revoked(key, revoked))
    }

    /// Whether somebody may come from an address: by their own networks, their company's, and those of the certificate that
    /// spoke for their key.
    #[must_use]
    pub fn are_their_networks(&self, person: &Person, key: Option<&ProvenKey>, source: IpAddr) -> bool {
        let vendor = person.vendor.and_then(|id| self.vendors.get(&id)).map(|vendor| &vendor.source_networks);
        let certificate = key.and_then(|key| key.certificate.as_ref()).map(|certified| &certified.sources);
        let mut all = std::iter::once(&person.source_networks).chain(vendor).chain(certificate);
        all.all(|networks| comes_from(networks, source))
    }

    /// The spans in which a key proves this person: its own, where they have enrolled it; those of its certificate and of
    /// the authority behind it, where it has one. What nothing speaks for is valid at no time, and so is a certified key
    /// that somebody else has enrolled.
    #[must_use]
    pub fn spans_of_key(&self, person: &Person, key: &ProvenKey) -> Vec<Validity> {
        let held = |of: &Person| {
            of.keys.iter().find(|held| held.fingerprint == key.fingerprint).map(|key| key.validity)
        };
        let own = held(person);
        let Some(certified) = &key.certificate else { return vec![own.unwrap_or(Validity::NEVER)] };
        let revoked = |vendor| self.has_revoked(vendor, &key.fingerprint, certified);
        let others = self.people.values().any(|other| other.id != person.id && held(other).is_some());
        let authority = self.authority_for(person, &certified.authority);
        let authority = authority.filter(|authority| !others && !revoked(authority.vendor));
        let authority = authority.map_or(Validity::NEVER, |authority| authority.validity);
        [authority, certified.validity].into_iter().chain(own).collect()
    }
}

/// The span of a certificate, whose bounds are seconds since the epoch: `[after, before)`, as OpenSSH's PROTOCOL.certkeys
/// has it. What lies beyond all time on record is no bound.
#[must_use]
pub fn certificate_validity(after: u64, before: u64) -> Validity {
    let at =
        |seconds: u64| i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    // Valid after all time is never; and so is valid before it began.
    let from = at(after).unwrap_or(Timestamp::MAX);
    Validity { from: Some(from), until: at(before) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_valid_from_its_first_second_and_not_in_its_last() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let span = certificate_validity(10, 20);
        for (second, valid) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(span.contains(at(second)), valid, "{second}");
        }
        let last = at(20).checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap();
        assert!(span.contains(last), "half-open");
        assert!(certificate_validity(0, u64::MAX).contains(at(1 << 33)), "for ever");
        assert!(certificate_validity(20, 10).is_empty());
        for never in [certificate_validity(u64::MAX, u64::MAX), certificate_validity(0, 0)] {
            assert!(!never.contains(at(0)) && !never.contains(at(1 << 33)));
        }
    }
}
