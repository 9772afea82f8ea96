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

/// Whether the key, whose signature the caller has verified, is one that this login has enrolled and may use now. A key
/// *offer* asks the same question; its answer is no sign-in.
///
/// Every key of everybody is compared, so that the time says nothing about who exists.
///
/// # Errors
/// What failed, for the fact.
pub fn authenticate_key(
    facts: &Facts,
    user: &str,
    blob: &[u8],
    now: Timestamp,
) -> Result<ProvenPerson, ProofFailure> {
    let name: Option<UserName> = user.parse().ok();
    let mut person = None;
    let mut proven = None;
    let wanted = STANDARD.encode(blob);
    for candidate in facts.people.values() {
        let is_named = name.as_ref().is_some_and(|name| name.login == candidate.login);
        let holds = candidate.keys.iter().fold(false, |held, key| {
            let data = key.openssh.split_ascii_whitespace().nth(1);
            held | (data == Some(wanted.as_str()) && key.validity.contains(now))
        });
        if is_named {
            person = Some(candidate.id);
            if holds {
                proven = Some(ProvenPerson {
                    person: candidate.id,
                    login: candidate.login.clone(),
                    fingerprint: fingerprint(blob),
                });
            }
        }
    }
    let reason = if person.is_some() { Reason::Credential } else { Reason::UnknownPerson };
    proven.ok_or(ProofFailure { reason, person })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chaperone_policy::{EnrolledKey, Person, Validity};
    use uuid::Uuid;

    use super::*;
    use crate::ssh_key::PublicKey;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJYqSsFJ4Tq3CNuCj4Iq6OdY2YkqEwSBk1q2Iqf7v0aL";

    fn facts(validity: Validity) -> Facts {
        let key: PublicKey = KEY.parse().unwrap();
        let dana = Person {
            id: PersonId(Uuid::from_u128(1)),
            login: "dana".parse().unwrap(),
            name: "Dana Reyes".to_owned(),
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
        };
        Facts { people: BTreeMap::from([(dana.id, dana)]), ..Facts::default() }
    }

    #[test]
    fn only_the_named_persons_own_valid_key_proves() {
        let key: PublicKey = KEY.parse().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let open = facts(Validity::default());
        let proven = authenticate_key(&open, "dana+alaris-sm-01", key.blob(), now).unwrap();
        assert_eq!(proven.login().as_str(), "dana");
        assert_eq!(proven.fingerprint(), key.fingerprint());

        let reason = |facts: &Facts, user, blob| authenticate_key(facts, user, blob, now).unwrap_err().reason();
        assert_eq!(reason(&open, "viktor", key.blob()), Reason::UnknownPerson);
        assert_eq!(reason(&open, "DANA", key.blob()), Reason::UnknownPerson);
        assert_eq!(reason(&open, "dana", b"another"), Reason::Credential);
        let over = facts(Validity { from: None, until: Some(now) });
        assert_eq!(reason(&over, "dana", key.blob()), Reason::Credential);
    }
}
