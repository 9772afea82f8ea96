//! A person.

use std::collections::{BTreeMap, BTreeSet};

use chaperone_policy::{Act, Cell, Facts, LockOn, Person, PersonId, Role};
use chaperone_store::Enrolled;

use super::locked;
use crate::wire::{KeyView, PersonView, grant_to_text};

pub(crate) fn person(facts: &Facts, person: &Person, enrolled: &BTreeMap<PersonId, Enrolled>) -> PersonView {
    let factors = enrolled.get(&person.id);
    let vendor = person.vendor.and_then(|id| facts.vendors.get(&id));
    PersonView {
        id: person.id.to_string(),
        login: person.login.to_string(),
        name: person.name.clone(),
        email: person.email.as_ref().map(ToString::to_string),
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
        sponsor: person.sponsor.map(|sponsor| super::login(facts, sponsor)),
        locked: locked(facts, LockOn::Person(person.id)),
        enrolled: factors.is_some(),
        second_factor: factors.is_some(),
        last_sign_in: factors.and_then(|factors| factors.last_sign_in),
    }
}

/// Roles without their scopes.
pub(crate) fn roles(person: &Person) -> Vec<String> {
    let held: BTreeSet<Role> = person.grants.iter().map(|grant| grant.role).collect();
    held.into_iter().map(|role| role.to_string()).collect()
}

/// The desks of the pages that are theirs.
pub(crate) fn desks(person: &Person) -> Vec<String> {
    let desk = |role| match role {
        Role::Technician | Role::Coordinator => "technician",
        Role::ClinicalEngineer | Role::Pharmacist => "engineering",
        Role::Analyst | Role::Lead | Role::Auditor => "soc",
        Role::Administrator => "administration",
    };
    let theirs: BTreeSet<&str> = person.grants.iter().map(|grant| desk(grant.role)).collect();
    let order = ["technician", "engineering", "soc", "administration"];
    order.into_iter().filter(|desk| theirs.contains(desk)).map(str::to_owned).collect()
}

/// What some role of theirs may do, or look at: for what the pages offer. Every request is asked again.
pub(crate) fn acts(person: &Person) -> Vec<String> {
    let may = |act: &&Act| person.grants.iter().any(|grant| act.cell(grant.role) != Cell::Nothing);
    Act::ALL.iter().filter(may).map(|act| act.as_str().to_owned()).collect()
}
