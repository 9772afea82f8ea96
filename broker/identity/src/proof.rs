//! Proving who somebody is by a key whose signature the protocol has verified.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chaperone_policy::{Facts, Login, Person, PersonId, ProvenKey, Reason};
use jiff::Timestamp;

use crate::certificate::CertificateFault;
use crate::ssh_key::fingerprint;
use crate::touch::Touch;
use crate::user_name::UserName;

/// Somebody who has proved who they are. Only this crate makes one. It carries what the proof is bound to, so that nothing
/// of it is lost on the way through a second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenPerson {
    person: PersonId,
    login: Login,
    key: ProvenKey,
}

impl ProvenPerson {
    /// Somebody whose key, and what speaks for it, has passed every check.
    pub(crate) fn by(person: &Person, key: ProvenKey) -> Self {
        Self { person: person.id, login: person.login.clone(), key }
    }

    /// Who.
    #[must_use]
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// Their login.
    #[must_use]
    pub fn login(&self) -> &Login {
        &self.login
    }

    /// The fingerprint of the key that they proved it with.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.key.fingerprint
    }

    /// The key that they proved it with, and the certificate that spoke for it.
    #[must_use]
    pub fn key(&self) -> &ProvenKey {
        &self.key
    }
}

/// What exactly was wrong with a proof, where the reason does not say it; for the fact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// A security key signed with nobody there.
    #[error("the security key was not touched")]
    Unattended,
    /// A security key that must verify who touches it did not.
    #[error("the security key did not verify who touched it")]
    NotVerified,
    /// The certificate did not pass.
    #[error(transparent)]
    Certificate(#[from] CertificateFault),
    /// Somebody named a key, and signed with another.
    #[error("the signature is not that of the named key")]
    Forged,
    /// What was offered is no key.
    #[error("the key cannot be read, or is of an unknown kind")]
    Unreadable,
    /// Nothing was looked at.
    #[error("too many proofs have failed from there: this one was not looked at")]
    HeldBack,
}

/// A proof that failed. The caller tells the peer nothing of it but that it failed (P9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFailure {
    reason: Reason,
    person: Option<PersonId>,
    why: Option<Why>,
}

impl ProofFailure {
    /// Nobody has this name.
    pub(crate) fn nobody() -> Self {
        Self { reason: Reason::UnknownPerson, person: None, why: None }
    }

    /// Of somebody's proof.
    pub(crate) fn of(person: &Person, reason: Reason) -> Self {
        Self { reason, person: Some(person.id), why: None }
    }

    /// With what exactly was wrong.
    #[must_use]
    pub fn because(mut self, why: Why) -> Self {
        self.why = Some(why);
        self
    }

    /// What exactly was wrong, where that is known.
    #[must_use]
    pub fn why(&self) -> Option<&Why> {
        self.why.as_ref()
    }

    /// Why, for the fact.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Whose name was used, if there is such a person.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        self.person
    }

    /// A key was proven, and the second factor was not.
    #[must_use]
    pub fn second_factor(person: PersonId) -> Self {
        Self { reason: Reason::SecondFactor, person: Some(person), why: None }
    }

    /// A proof that is not of a kind that is accepted.
    #[must_use]
    pub fn credential() -> Self {
        Self { reason: Reason::Credential, person: None, why: None }
    }

    /// Nothing could be looked up.
    #[must_use]
    pub fn unavailable() -> Self {
        Self { reason: Reason::Store, person: None, why: None }
    }
}

/// Proves who somebody is by a key of theirs. The caller has verified a signature of this key over this connection, and
/// `touch` is who was behind it; for a mere offer ask [`is_enrolled`].
///
/// # Errors
/// What failed, for the fact: nobody has this name, the key is not theirs or not valid at `now`, or it lives in a security
/// key that nobody touched.
pub fn authenticate_key(
    facts: &Facts,
    user: &str,
    blob: &[u8],
    touch: Touch,
    now: Timestamp,
) -> Result<ProvenPerson, ProofFailure> {
    let (person, verify_required) = holder(facts, user, blob, now)?;
    let fails = |why| Err(ProofFailure::of(person, Reason::Credential).because(why));
    if touch.is_unattended() {
        return fails(Why::Unattended);
    }
    if verify_required && !touch.is_verified() {
        return fails(Why::NotVerified);
    }
    Ok(ProvenPerson::by(person, ProvenKey { fingerprint: fingerprint(blob), certificate: None }))
}

/// Whether a key that is offered, and not proven, would do for this login now. Who holds a public key may learn that it is
/// enrolled (P9): agents and FIDO keys need the answer. It proves nobody.
///
/// # Errors
/// What would fail, as [`authenticate_key`] says it.
pub fn is_enrolled(facts: &Facts, user: &str, blob: &[u8], now: Timestamp) -> Result<(), ProofFailure> {
    holder(facts, user, blob, now).map(drop)
}

/// The person of this name, if the key is theirs and valid, and whether their security key must verify them.
///
/// Every key of everybody is compared, so that the time says nothing about who exists.
fn holder<'f>(
    facts: &'f Facts,
    user: &str,
    blob: &[u8],
    now: Timestamp,
) -> Result<(&'f Person, bool), ProofFailure> {
    let name: Option<UserName> = user.parse().ok();
    let wanted = STANDARD.encode(blob);
    let (mut named, mut holder) = (None, None);
    for person in facts.people.values() {
        let is_named = name.as_ref().is_some_and(|name| name.login == person.login);
        let held = person.keys.iter().fold(None, |held, key| {
            let same = key.openssh.split_ascii_whitespace().nth(1) == Some(wanted.as_str());
            if same & key.validity.contains(now) { Some(key.verify_required) } else { held }
        });
        named = if is_named { Some(person) } else { named };
        holder = if is_named { held.map(|verify| (person, verify)) } else { holder };
    }
    let failure =
        || named.map_or_else(ProofFailure::nobody, |person| ProofFailure::of(person, Reason::Credential));
    holder.ok_or_else(failure)
}

/// The person whose name it is. Every name is compared.
pub(crate) fn named<'f>(facts: &'f Facts, user: &str) -> Option<&'f Person> {
    let name: Option<UserName> = user.parse().ok();
    facts.people.values().fold(None, |found, person| {
        if name.as_ref().is_some_and(|name| name.login == person.login) { Some(person) } else { found }
    })
}

#[cfg(test)]
mod tests {
    use chaperone_policy::{EnrolledKey, Person, Validity};
    use uuid::Uuid;

    use super::*;
    use crate::ssh_key::PublicKey;

    /// A security key's, as OpenSSH writes it.
    const SK: &str = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIIlEzfHsdpjv1bnbEC379za4SKZf6pXH1XJ/jLGNbcPLAAAABHNzaDo=";
    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIlEzfHsdpjv1bnbEC379za4SKZf6pXH1XJ/jLGNbcPL";
    const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJYqSsFJ4Tq3CNuCj4Iq6OdY2YkqEwSBk1q2Iqf7v0aL";

    fn key(line: &str) -> PublicKey {
        line.parse().unwrap()
    }

    fn person(id: u128, login: &str, line: &str, validity: Validity) -> Person {
        let key = key(line);
        Person {
            id: PersonId(Uuid::from_u128(id)),
            login: login.parse().unwrap(),
            name: login.to_owned(),
            email: None,
            vendor: None,
            grants: Vec::new(),
            validity: Validity::default(),
            source_networks: Vec::new(),
            keys: vec![EnrolledKey {
                fingerprint: key.fingerprint().to_owned(),
                openssh: key.openssh().to_owned(),
                validity,
                verify_required: false,
            }],
            session_limit: None,
            sponsor: None,
        }
    }

    /// Dana holds `KEY` in this span, Ravi holds `OTHER`.
    fn facts(validity: Validity) -> Facts {
        let people = [person(1, "dana", KEY, validity), person(2, "ravi", OTHER, Validity::default())];
        Facts { people: people.into_iter().map(|person| (person.id, person)).collect(), ..Facts::default() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_named_persons_own_key_proves_who_they_are() {
        let facts = facts(Validity::default());
        for user in ["dana", "dana+alaris-sm-01", "dana+alaris-sm-01+svc"] {
            let proven = authenticate_key(&facts, user, key(KEY).blob(), Touch::Software, at(0)).unwrap();
            assert_eq!((proven.person(), proven.login().as_str()), (PersonId(Uuid::from_u128(1)), "dana"));
            assert_eq!(proven.fingerprint(), key(KEY).fingerprint());
            assert_eq!(is_enrolled(&facts, user, key(KEY).blob(), at(0)), Ok(()));
        }
    }

    #[test]
    fn every_other_key_and_name_fails_with_its_reason() {
        let facts = facts(Validity::default());
        let dana = Some(PersonId(Uuid::from_u128(1)));
        let long = format!("dana+{}", "a".repeat(1 << 20));
        for (user, blob, reason, person) in [
            ("viktor", key(KEY).blob(), Reason::UnknownPerson, None),
            ("DANA", key(KEY).blob(), Reason::UnknownPerson, None),
            ("", key(KEY).blob(), Reason::UnknownPerson, None),
            (long.as_str(), key(KEY).blob(), Reason::UnknownPerson, None),
            ("dana", key(OTHER).blob(), Reason::Credential, dana),
            ("dana", b"", Reason::Credential, dana),
            ("dana", &key(KEY).blob()[..50], Reason::Credential, dana),
        ] {
            let failure = authenticate_key(&facts, user, blob, Touch::Software, at(0)).unwrap_err();
            assert_eq!((failure.reason(), failure.person()), (reason, person), "{:.40}", user);
            assert!(is_enrolled(&facts, user, blob, at(0)).is_err());
        }
    }

    #[test]
    fn a_key_proves_from_its_first_valid_instant_until_its_last() {
        let facts = facts(Validity { from: Some(at(10)), until: Some(at(20)) });
        for (second, proves) in [(9, false), (10, true), (19, true), (20, false)] {
            let proven = authenticate_key(&facts, "dana", key(KEY).blob(), Touch::Software, at(second));
            assert_eq!(
                proven.map(drop).map_err(|failure| failure.reason()),
                if proves { Ok(()) } else { Err(Reason::Credential) }
            );
        }
    }

    #[test]
    fn a_security_key_that_nobody_touched_proves_nobody() {
        let mut facts = facts(Validity::default());
        let sk = key(SK);
        let (id, dana) = facts.people.iter_mut().next().unwrap();
        dana.keys[0].openssh = sk.openssh().to_owned();
        let id = *id;
        let touch = |present, verified| Touch::SecurityKey { present, verified };
        for (verify_required, touch, why) in [
            (false, touch(true, false), None),
            (false, touch(true, true), None),
            (false, touch(false, false), Some(Why::Unattended)),
            (false, touch(false, true), Some(Why::Unattended)),
            (true, touch(true, false), Some(Why::NotVerified)),
            (true, touch(false, true), Some(Why::Unattended)),
            (true, Touch::Software, Some(Why::NotVerified)),
            (true, touch(true, true), None),
        ] {
            facts.people.get_mut(&id).unwrap().keys[0].verify_required = verify_required;
            let proven = authenticate_key(&facts, "dana", sk.blob(), touch, at(0));
            assert_eq!(proven.err().and_then(|failure| failure.why().cloned()), why, "{touch:?}");
            assert_eq!(
                is_enrolled(&facts, "dana", sk.blob(), at(0)),
                Ok(()),
                "an offer is looked at before a touch"
            );
        }
    }
}
