//! Proving who somebody is by a key whose signature the protocol has verified.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chaperone_policy::{Facts, Login, PersonId, Reason};
use jiff::Timestamp;

use crate::ssh_key::fingerprint;
use crate::user_name::UserName;

/// Somebody who has proved who they are. Only this module makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenPerson {
    person: PersonId,
    login: Login,
    fingerprint: String,
}

impl ProvenPerson {
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

    /// The key that they proved it with.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// A proof that failed. The caller tells the peer nothing of it but that it failed (P9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFailure {
    reason: Reason,
    person: Option<PersonId>,
}

impl ProofFailure {
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
        Self { reason: Reason::SecondFactor, person: Some(person) }
    }

    /// A proof that is not of a kind that is accepted.
    #[must_use]
    pub fn credential() -> Self {
        Self { reason: Reason::Credential, person: None }
    }

    /// Nothing could be looked up.
    #[must_use]
    pub fn unavailable() -> Self {
        Self { reason: Reason::Store, person: None }
    }
}

/// Proves who somebody is by a key of theirs. The caller has verified a signature of this key over this connection; for a
/// mere offer ask [`is_enrolled`].
///
/// Every key of everybody is compared, so that the time says nothing about who exists.
///
/// # Errors
/// What failed, for the fact: nobody has this name, or the key is not theirs or not valid at `now`.
pub fn authenticate_key(
    facts: &Facts,
    user: &str,
    blob: &[u8],
    now: Timestamp,
) -> Result<ProvenPerson, ProofFailure> {
    let name: Option<UserName> = user.parse().ok();
    let (wanted, fingerprint) = (STANDARD.encode(blob), fingerprint(blob));
    let mut named = None;
    let mut holder = None;
    for person in facts.people.values() {
        let is_named = name.as_ref().is_some_and(|name| name.login == person.login);
        let holds = person.keys.iter().fold(false, |held, key| {
            let same = key.openssh.split_ascii_whitespace().nth(1) == Some(wanted.as_str());
            held | (same & key.validity.contains(now))
        });
        named = if is_named { Some(person.id) } else { named };
        holder = if is_named & holds { Some(person) } else { holder };
    }
    let reason = if named.is_some() { Reason::Credential } else { Reason::UnknownPerson };
    let person = holder.ok_or(ProofFailure { reason, person: named })?;
    Ok(ProvenPerson { person: person.id, login: person.login.clone(), fingerprint })
}

/// Whether a key that is offered, and not proven, would do for this login now. Who holds a public key may learn that it is
/// enrolled (P9): agents and FIDO keys need the answer. It proves nobody.
///
/// # Errors
/// What would fail, as [`authenticate_key`] says it.
pub fn is_enrolled(facts: &Facts, user: &str, blob: &[u8], now: Timestamp) -> Result<(), ProofFailure> {
    authenticate_key(facts, user, blob, now).map(drop)
}

#[cfg(test)]
mod tests {
    use chaperone_policy::{EnrolledKey, Person, Validity};
    use uuid::Uuid;

    use super::*;
    use crate::ssh_key::PublicKey;

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
            let proven = authenticate_key(&facts, user, key(KEY).blob(), at(0)).unwrap();
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
            let failure = authenticate_key(&facts, user, blob, at(0)).unwrap_err();
            assert_eq!((failure.reason(), failure.person()), (reason, person), "{:.40}", user);
            assert!(is_enrolled(&facts, user, blob, at(0)).is_err());
        }
    }

    #[test]
    fn a_key_proves_from_its_first_valid_instant_until_its_last() {
        let facts = facts(Validity { from: Some(at(10)), until: Some(at(20)) });
        for (second, proves) in [(9, false), (10, true), (19, true), (20, false)] {
            let proven = authenticate_key(&facts, "dana", key(KEY).blob(), at(second));
            assert_eq!(
                proven.map(drop).map_err(|failure| failure.reason()),
                if proves { Ok(()) } else { Err(Reason::Credential) }
            );
        }
    }
}
