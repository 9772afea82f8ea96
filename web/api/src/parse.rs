//! Requests become domain values here, and only here; what is wrong with one is a problem that names the field.

mod authority;
mod console;
mod person;
mod target;
mod window;

use std::str::FromStr;

use chaperone_policy::{Facts, Person, PersonId, Target, TargetId, Vendor};

pub(crate) use authority::{authority, networks, revoked};
pub(crate) use console::{TlsSecrets, changed_tls, weak_sign_in};
pub(crate) use person::{email, key, on_the_spot, person, vendor};
pub(crate) use target::{
    addresses, check_forwards, credential, endpoints, host_keys, is_a_label, legacy, target, uploads,
};
pub(crate) use window::{emergency, freeze, window};

use crate::problem::Problem;

/// The longest free text: a reason, a note, a name.
const MAX_TEXT: usize = 1000;

/// An id in a path. One that cannot be an id names nothing.
pub(crate) fn id<T: FromStr>(kind: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::unknown(kind, text))
}

/// The person with this login.
pub(crate) fn known_person<'f>(facts: &'f Facts, login: &str) -> Result<&'f Person, Problem> {
    let parsed = login.parse().ok();
    parsed.and_then(|login| facts.person_by_login(&login)).ok_or_else(|| Problem::unknown("person", login))
}

/// The target with this name.
pub(crate) fn known_target<'f>(facts: &'f Facts, name: &str) -> Result<&'f Target, Problem> {
    let parsed = name.parse().ok();
    parsed.and_then(|name| facts.target_by_name(&name)).ok_or_else(|| Problem::unknown("target", name))
}

/// The vendor with this name.
pub(crate) fn known_vendor<'f>(facts: &'f Facts, name: &str) -> Result<&'f Vendor, Problem> {
    facts.vendors.values().find(|vendor| vendor.name == name).ok_or_else(|| Problem::unknown("vendor", name))
}

fn people(facts: &Facts, logins: &[String]) -> Result<Vec<PersonId>, Problem> {
    logins.iter().map(|login| known_person(facts, login).map(|person| person.id)).collect()
}

fn targets(facts: &Facts, names: &[String]) -> Result<Vec<TargetId>, Problem> {
    names.iter().map(|name| known_target(facts, name).map(|target| target.id)).collect()
}

/// Words of bounded length, without control characters.
pub(crate) fn words(field: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > MAX_TEXT {
        return Err(Problem::field(field, format!("longer than {MAX_TEXT} characters")));
    }
    if text.chars().any(|c| (c.is_control() && c != '\n') || is_hidden(c)) {
        return Err(Problem::field(field, "it has control characters, or characters that nobody sees"));
    }
    Ok(text.to_owned())
}

/// What turns text round, or takes no room: with it a reader sees other words than were written (UTS #39 §5).
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// As [`words`], and not empty.
pub(crate) fn needed(field: &str, text: &str) -> Result<String, Problem> {
    let text = words(field, text)?;
    if text.is_empty() { Err(Problem::field(field, "it must not be empty")) } else { Ok(text) }
}

/// Every element parsed; the first that is wrong is named.
fn all<T: FromStr<Err: std::fmt::Display>, C: FromIterator<T>>(
    field: &str,
    texts: &[String],
) -> Result<C, Problem> {
    texts.iter().map(|text| text.parse().map_err(|error| Problem::field(field, error))).collect()
}
