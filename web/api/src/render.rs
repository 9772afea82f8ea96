//! Domain values as the wire shows them: ids become names, private parts stay out.

mod authority;
mod film;
mod http;
mod person;
mod target;
mod vendor;
mod window;
mod window_file;

use chaperone_policy::{Facts, LockOn, PersonId, TargetId};

pub(crate) use authority::authorities;
pub(crate) use film::{channels, idle, markers, piece, plain};
pub(crate) use http::{opened, row as transaction};
pub(crate) use person::{acts, desks, person, roles};
pub(crate) use target::target;
pub(crate) use vendor::vendor;
pub(crate) use window::{Beside, freeze, window, window_with};
pub(crate) use window_file::sent_file;

/// Login of a person; the id where they are unknown.
pub(crate) fn login(facts: &Facts, id: PersonId) -> String {
    facts.people.get(&id).map_or_else(|| id.to_string(), |person| person.login.to_string())
}

/// Name of a target; the id where it is unknown.
pub(crate) fn target_name(facts: &Facts, id: TargetId) -> String {
    facts.targets.get(&id).map_or_else(|| id.to_string(), |target| target.name.to_string())
}

/// Why something is locked.
fn locked(facts: &Facts, on: LockOn) -> Option<String> {
    facts
        .locks
        .values()
        .find(|lock| lock.on == on)
        .map(|lock| if lock.reason.is_empty() { "locked".to_owned() } else { lock.reason.clone() })
}
