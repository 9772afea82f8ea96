//! A person.

use chaperone_policy::{Facts, LockOn, Person};

use super::locked;
use crate::wire::{KeyView, PersonView, grant_to_text};

pub(crate) fn person(facts: &Facts, person: &Person) -> PersonView {
    let vendor = person.vendor.and_then(|id| facts.vendors.get(&id));
    PersonView {
        id: person.id.to_string(),
        login: person.login.to_string(),
        name: person.name.clone(),
        vendor: vendor.map(|vendor| vendor.name.clone()),
        roles: person.grants.iter().map(grant_to_text).collect(),
        keys: person
            .keys
            .iter()
            .map(|key| KeyView {
                fingerprint: key.fingerprint.clone(),
                algorithm: key.openssh.split_whitespace().next().unwrap_or_default().to_owned(),
                valid_until: key.validity.until,
            })
            .collect(),
        source_networks: person.source_networks.iter().map(ToString::to_string).collect(),
        valid_from: person.validity.from,
        valid_until: person.validity.until,
        locked: locked(facts, LockOn::Person(person.id)),
    }
}
