//! A vendor.

use chaperone_policy::{Facts, LockOn, Vendor};

use super::{locked, login};
use crate::wire::VendorView;

pub(crate) fn vendor(facts: &Facts, vendor: &Vendor) -> VendorView {
    let people = facts.people.values().filter(|person| person.vendor == Some(vendor.id));
    VendorView {
        id: vendor.id.to_string(),
        name: vendor.name.clone(),
        sponsor: vendor.sponsor.map(|sponsor| login(facts, sponsor)),
        people: people.map(|person| person.login.to_string()).collect(),
        source_networks: vendor.source_networks.iter().map(ToString::to_string).collect(),
        valid_until: vendor.validity.until,
        locked: locked(facts, LockOn::Vendor(vendor.id)),
    }
}
