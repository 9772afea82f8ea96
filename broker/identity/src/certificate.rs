//! OpenSSH user certificates (PROTOCOL.certkeys), checked item by item. The protocol layer has verified two signatures: the
//! authority's under the certificate, and the certified key's over this connection. Everything that a certificate *says*
//! is checked here, and nothing of it is believed for anybody but people of the company whose authority signed it.
//!
//! ```text
//!   kind: user, not host        authority: a plain key, of the person's own company, valid    signature: no SHA-1
//!   key: of a kind we accept    validity: [after, before), seconds                            principals: the login
//!   serial, key id, key: not revoked         critical options: source-address, verify-required; any other refuses
//! ```
//!
//! Where a certificate may be used from goes with the proof, to the one decision. `force-command` is refused: the window says what may be done, and the gate runs nothing in place of what was asked for.
//! Extensions grant nothing here: `no-touch-required` takes no touch away, `permit-pty` gives no terminal.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chaperone_policy::{Authority, Certified, Facts, Person, ProvenKey, Reason, certificate_validity};
use ipnet::IpNet;
use jiff::Timestamp;

use crate::proof::{ProofFailure, ProvenPerson, Why, named};
use crate::ssh_key::{PublicKey, fingerprint};
use crate::touch::Touch;

/// Longest `source-address` that is looked at, in bytes, and networks in it.
const SOURCES_BYTES: usize = 4096;
const SOURCES: usize = 256;
/// Longest key id that is kept, in characters.
const KEY_ID: usize = 200;

/// A certificate as somebody shows it, with its parts as the protocol carries them.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'c> {
    /// The certified key's blob (RFC 4253 §6.6).
    pub key: &'c [u8],
    /// The blob of the key that signed it.
    pub authority: &'c [u8],
    /// Whether that signature hashes with SHA-1 (`ssh-rsa`), or is of another kind that is broken.
    pub weakly_signed: bool,
    /// Whether it is for a user; else for a host.
    pub for_user: bool,
    /// Its number.
    pub serial: u64,
    /// What the authority calls it.
    pub key_id: &'c str,
    /// Whom it is for.
    pub principals: &'c [String],
    /// First second in which it is valid, since the epoch.
    pub valid_after: u64,
    /// First second in which it is valid no more.
    pub valid_before: u64,
    /// Critical options with their values.
    pub critical: &'c BTreeMap<String, String>,
}

/// Which check a certificate failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// It is a host's.
    #[error("the certificate is a host's")]
    ForHost,
    /// The certified key is of a kind that is not accepted.
    #[error("the certificate is for a key that is not accepted")]
    Key,
    /// The certified key is somebody else's, or was withdrawn.
    #[error("the certificate is for a key that is withdrawn or somebody else's")]
    KeyOfOthers,
    /// Nobody of this company trusts whoever signed it.
    #[error("the certificate's authority does not speak for this person's company")]
    Authority,
    /// The authority is not valid now.
    #[error("the certificate's authority is not valid now")]
    AuthorityNotValid,
    /// Its signature is of a broken kind.
    #[error("the certificate is signed with SHA-1")]
    WeaklySigned,
    /// Rejected by the protocol layer.
    #[error("the certificate's signature is wrong, or its time is over or not yet there")]
    Unsound,
    /// Not now.
    #[error("the certificate is not valid now")]
    NotValid,
    /// For nobody in particular.
    #[error("the certificate names nobody: it has no principals")]
    NoPrincipals,
    /// A principal that could be read as several, or as a pattern.
    #[error("a principal of the certificate has a comma, a wildcard or a control character")]
    AmbiguousPrincipal,
    /// For others.
    #[error("the certificate is for other people")]
    OtherPrincipals,
    /// Revoked.
    #[error("the certificate is revoked")]
    Revoked,
    /// `force-command`.
    #[error("the certificate forces a command, and the gate runs none in place of what was asked for")]
    ForcedCommand,
    /// An option that is not known.
    #[error("the certificate has a critical option that is not known: {0}")]
    UnknownOption(String),
    /// An option whose value makes no sense.
    #[error("the certificate's {0} cannot be read")]
    OptionValue(&'static str),
    /// The signature does not say that the security key verified who touched it.
    #[error("the certificate wants a security key that verifies who touches it")]
    NotVerified,
}

/// What the critical options ask for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    sources: Vec<IpNet>,
    verify_required: bool,
}

/// Proves who somebody is by a certificate over a key of theirs; `touch` is who was behind the key's signature.
///
/// # Errors
/// What failed, for the fact: nobody has this name, or one of the checks.
pub fn authenticate_certificate(
    facts: &Facts,
    user: &str,
    shown: &Shown<'_>,
    touch: Touch,
    now: Timestamp,
) -> Result<ProvenPerson, ProofFailure> {
    let (person, key, options) = certified(facts, user, shown, now)?;
    let fails = |why| ProofFailure::of(person, Reason::Credential).because(why);
    if touch.is_unattended() {
        return Err(fails(Why::Unattended));
    }
    // What the hospital asks of a key it asks of it under a certificate, too.
    let enrolled = person.keys.iter().find(|held| held.fingerprint == key.fingerprint);
    let asked = options.verify_required || enrolled.is_some_and(|held| held.verify_required);
    if asked && !touch.is_verified() {
        return Err(fails(Why::Certificate(CertificateFault::NotVerified)));
    }
    Ok(ProvenPerson::by(person, key))
}

/// Whether a certificate that is offered, and not proven, would do for this login now; it proves nobody.
///
/// # Errors
/// What would fail, as [`authenticate_certificate`] says it.
pub fn is_certified(
    facts: &Facts,
    user: &str,
    shown: &Shown<'_>,
    now: Timestamp,
) -> Result<(), ProofFailure> {
    certified(facts, user, shown, now).map(drop)
}

fn certified<'f>(
    facts: &'f Facts,
    user: &str,
    shown: &Shown<'_>,
    now: Timestamp,
) -> Result<(&'f Person, ProvenKey, Options), ProofFailure> {
    let person = named(facts, user).ok_or_else(ProofFailure::nobody)?;
    let fails = |fault| ProofFailure::of(person, Reason::Credential).because(Why::Certificate(fault));
    let options = check(facts, person, shown, now).map_err(fails)?;
    let certified = Certified {
        authority: fingerprint(shown.authority),
        serial: shown.serial,
        key_id: shown.key_id.to_owned(),
        validity: certificate_validity(shown.valid_after, shown.valid_before),
        sources: options.sources.clone(),
    };
    let key = ProvenKey { fingerprint: fingerprint(shown.key), certificate: Some(Box::new(certified)) };
    // What a running visit is held to is asked here, too: nobody is let in who would be cut at once.
    if facts.spans_of_key(person, &key).iter().all(|span| span.contains(now)) {
        Ok((person, key, options))
    } else if person
        .vendor
        .zip(key.certificate.as_ref())
        .is_some_and(|(vendor, certified)| facts.has_revoked(vendor, &key.fingerprint, certified))
    {
        Err(fails(CertificateFault::Revoked))
    } else {
        Err(fails(CertificateFault::KeyOfOthers))
    }
}

/// The checks that need no list of what is revoked.
fn check(
    facts: &Facts,
    person: &Person,
    shown: &Shown<'_>,
    now: Timestamp,
) -> Result<Options, CertificateFault> {
    if !shown.for_user {
        return Err(CertificateFault::ForHost);
    }
    PublicKey::from_blob(shown.key).map_err(|_| CertificateFault::Key)?;
    let authority = authority(facts, person, shown.authority)?;
    if !authority.validity.contains(now) {
        return Err(CertificateFault::AuthorityNotValid);
    }
    if shown.weakly_signed {
        return Err(CertificateFault::WeaklySigned);
    }
    if shown.key_id.chars().count() > KEY_ID {
        return Err(CertificateFault::OptionValue("key id"));
    }
    if !certificate_validity(shown.valid_after, shown.valid_before).contains(now) {
        return Err(CertificateFault::NotValid);
    }
    principals(shown.principals, person.login.as_str())?;
    critical(shown.critical)
}

/// The authority of the person's own company with exactly this key. A key that is itself a certificate is none: what is
/// enrolled is a plain one.
fn authority<'f>(facts: &'f Facts, person: &Person, blob: &[u8]) -> Result<&'f Authority, CertificateFault> {
    let key = PublicKey::from_blob(blob).map_err(|_| CertificateFault::Authority)?;
    let authority = facts.authority_for(person, key.fingerprint()).ok_or(CertificateFault::Authority)?;
    // The whole key, and not its digest alone.
    if authority.openssh == key.openssh() { Ok(authority) } else { Err(CertificateFault::Authority) }
}

/// The login must be one of the principals, letter by letter. A list that holds what other programs read as several names
/// or as a pattern is nobody's.
fn principals(principals: &[String], login: &str) -> Result<(), CertificateFault> {
    if principals.is_empty() {
        return Err(CertificateFault::NoPrincipals);
    }
    let ambiguous = |name: &String| {
        name.is_empty() || name.chars().any(|c| c.is_control() || matches!(c, ',' | '*' | '?' | '!'))
    };
    if principals.iter().any(ambiguous) {
        return Err(CertificateFault::AmbiguousPrincipal);
    }
    if principals.iter().any(|name| name == login) { Ok(()) } else { Err(CertificateFault::OtherPrincipals) }
}

fn critical(critical: &BTreeMap<String, String>) -> Result<Options, CertificateFault> {
    let mut options = Options::default();
    for (name, value) in critical {
        match name.as_str() {
            "source-address" => options.sources = source_addresses(value)?,
            "verify-required" if value.is_empty() => options.verify_required = true,
            "verify-required" => return Err(CertificateFault::OptionValue("verify-required")),
            "force-command" => return Err(CertificateFault::ForcedCommand),
            other => {
                let shown = other.chars().filter(char::is_ascii_graphic).take(64).collect();
                return Err(CertificateFault::UnknownOption(shown));
            }
        }
    }
    Ok(options)
}

/// A list of addresses and networks with commas between them; a network is written by its first address.
fn source_addresses(list: &str) -> Result<Vec<IpNet>, CertificateFault> {
    let fault = || CertificateFault::OptionValue("source-address");
    if list.len() > SOURCES_BYTES || list.split(',').count() > SOURCES {
        return Err(fault());
    }
    let one = |text: &str| match text.parse::<IpNet>() {
        Ok(network) if network.trunc() == network => Some(network),
        Ok(_) => None,
        Err(_) => text.parse::<IpAddr>().ok().map(IpNet::from),
    };
    list.split(',').map(|text| one(text).ok_or_else(fault)).collect()
}

#[cfg(test)]
mod tests;
