//! People, their keys, and vendors.

use chaperone_identity::ssh_key;
use chaperone_policy::{
    EnrolledKey, Facts, MailAddress, ON_THE_SPOT_LASTS, OnTheSpot, Person, PersonId, Validity, Vendor,
    VendorId,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{all, known_person, known_vendor, needed, words};
use crate::problem::Problem;
use crate::wire::{Moment, NewKey, NewOnTheSpot, NewPerson, NewVendor, grant_from_text};

/// A person may have this many keys.
const MAX_KEYS: usize = 50;

pub(crate) fn person(facts: &Facts, new: &NewPerson, now: Timestamp) -> Result<Person, Problem> {
    let login = new.login.parse().map_err(|error| Problem::field("login", error))?;
    let grants =
        new.roles.iter().map(|text| grant_from_text(text).map_err(|error| Problem::field("roles", error)));
    let grants = grants.collect::<Result<Vec<_>, _>>()?;
    if grants.is_empty() {
        return Err(Problem::field("roles", "a person needs at least one role"));
    }
    let vendor = new.vendor.as_deref().map(|name| known_vendor(facts, name)).transpose()?;
    let keys = new
        .ssh_keys
        .iter()
        .map(|line| enrolled("ssh_keys", line, None, now))
        .collect::<Result<Vec<_>, _>>()?;
    if keys.len() > MAX_KEYS {
        return Err(Problem::field("ssh_keys", format!("a person has at most {MAX_KEYS} keys")));
    }
    let name = words("name", &new.name)?;
    let email = email(new.email.as_deref())?;
    Ok(Person {
        id: PersonId(Uuid::now_v7()),
        name: if name.is_empty() { new.login.clone() } else { name },
        login,
        email,
        vendor: vendor.map(|vendor| vendor.id),
        grants,
        validity: validity(new.valid_from, new.valid_until, now)?,
        source_networks: all("source_networks", &new.source_networks)?,
        keys,
        session_limit: new.session_limit,
        sponsor: None,
    })
}

/// A technician to enrol on the spot, and why.
pub(crate) fn on_the_spot(
    facts: &Facts,
    new: &NewOnTheSpot,
    now: Timestamp,
) -> Result<(OnTheSpot, String), Problem> {
    let login = new.login.parse().map_err(|error| Problem::field("login", error))?;
    let name = words("name", &new.name)?;
    let lasts =
        new.minutes.map_or(ON_THE_SPOT_LASTS, |minutes| SignedDuration::from_mins(i64::from(minutes)));
    let wish = OnTheSpot {
        id: PersonId(Uuid::now_v7()),
        name: if name.is_empty() { new.login.clone() } else { name },
        login,
        vendor: known_vendor(facts, &new.vendor)?.id,
        key: enrolled("ssh_key", &new.ssh_key, None, now)?,
        lasts,
    };
    Ok((wish, needed("reason", &new.reason)?))
}

/// A mail address, where there is one.
pub(crate) fn email(text: Option<&str>) -> Result<Option<MailAddress>, Problem> {
    let given = text.map(str::trim).filter(|text| !text.is_empty());
    given.map(|text| text.parse().map_err(|error| Problem::field("email", error))).transpose()
}

pub(crate) fn key(new: &NewKey, now: Timestamp) -> Result<EnrolledKey, Problem> {
    enrolled("ssh_key", &new.ssh_key, new.valid_until, now)
}

fn enrolled(field: &str, line: &str, until: Option<Moment>, now: Timestamp) -> Result<EnrolledKey, Problem> {
    let key = ssh_key::PublicKey::parse(line).map_err(|error| Problem::field(field, error))?;
    Ok(EnrolledKey {
        fingerprint: key.fingerprint().to_owned(),
        openssh: key.openssh().to_owned(),
        validity: validity(None, until, now)?,
    })
}

pub(crate) fn vendor(facts: &Facts, new: &NewVendor, now: Timestamp) -> Result<Vendor, Problem> {
    let sponsor = new.sponsor.as_deref().map(|login| known_person(facts, login)).transpose()?;
    Ok(Vendor {
        id: VendorId(Uuid::now_v7()),
        name: needed("name", &new.name)?,
        sponsor: sponsor.map(|person| person.id),
        validity: validity(None, new.valid_until, now)?,
        source_networks: all("source_networks", &new.source_networks)?,
    })
}

fn validity(from: Option<Moment>, until: Option<Moment>, now: Timestamp) -> Result<Validity, Problem> {
    let validity = Validity { from: from.map(|at| at.resolve(now)), until: until.map(|at| at.resolve(now)) };
    if validity.until.is_some_and(|until| until <= validity.from.unwrap_or(Timestamp::MIN)) {
        return Err(Problem::field("valid_until", "it must be after valid_from"));
    }
    Ok(validity)
}
