//! Windows and freezes.

use chaperone_policy::{Facts, Freeze, FreezeId, PersonId, Purpose, Validity, WindowId, WindowRequest};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{all, known_person, needed, people, targets, words};
use crate::problem::Problem;
use crate::wire::{NewEmergency, NewFreeze, NewWindow};

pub(crate) fn window(
    facts: &Facts,
    new: &NewWindow,
    requester: PersonId,
    now: Timestamp,
) -> Result<WindowRequest, Problem> {
    Ok(WindowRequest {
        id: WindowId(Uuid::now_v7()),
        technicians: technicians(facts, &new.technicians, requester)?.into_iter().collect(),
        targets: targets(facts, &new.targets)?.into_iter().collect(),
        accounts: all("accounts", &new.accounts)?,
        access: all("access", &new.access)?,
        opens: new.opens.resolve(now),
        closes: new.closes.resolve(now),
        overrun: SignedDuration::from_secs(i64::from(new.overrun_seconds)),
        work_limit: new.work_limit_seconds.map(|seconds| SignedDuration::from_secs(i64::from(seconds))),
        purpose: new.purpose.parse().map_err(|error| Problem::field("purpose", error))?,
        ticket: new
            .ticket
            .as_deref()
            .map(|ticket| words("ticket", ticket))
            .transpose()?
            .filter(|t| !t.is_empty()),
        reason: words("reason", &new.reason)?,
        requester,
        go_required: new.go_required,
        observer_required: new.observer_required.then_some(true),
    })
}

/// An emergency window, as the first of its technicians asks for it, from now on.
pub(crate) fn emergency(facts: &Facts, new: &NewEmergency, now: Timestamp) -> Result<WindowRequest, Problem> {
    let technicians = people(facts, &new.technicians)?;
    let Some(requester) = technicians.first().copied() else {
        return Err(Problem::field("technicians", "an emergency window needs its technician"));
    };
    Ok(WindowRequest {
        id: WindowId(Uuid::now_v7()),
        technicians: technicians.into_iter().collect(),
        targets: targets(facts, &new.targets)?.into_iter().collect(),
        accounts: all("accounts", &new.accounts)?,
        access: all("access", &new.access)?,
        opens: now,
        closes: new.closes.resolve(now),
        overrun: SignedDuration::from_secs(i64::from(new.overrun_seconds)),
        work_limit: None,
        purpose: Purpose::Emergency,
        ticket: new
            .ticket
            .as_deref()
            .map(|ticket| words("ticket", ticket))
            .transpose()?
            .filter(|t| !t.is_empty()),
        reason: needed("reason", &new.reason)?,
        requester,
        go_required: false,
        observer_required: new.observer_required.then_some(true),
    })
}

/// A vendor's people name their own: whoever else exists reads as nobody does (P9).
fn technicians(facts: &Facts, logins: &[String], requester: PersonId) -> Result<Vec<PersonId>, Problem> {
    let Some(vendor) = facts.people.get(&requester).and_then(|person| person.vendor) else {
        return people(facts, logins);
    };
    let own = |login: &String| {
        let found = known_person(facts, login).ok().filter(|person| person.vendor == Some(vendor));
        let not_yours = || Problem::field("technicians", format!("{login} is no technician of your company"));
        found.map(|person| person.id).ok_or_else(not_yours)
    };
    logins.iter().map(own).collect()
}

pub(crate) fn freeze(facts: &Facts, new: &NewFreeze, now: Timestamp) -> Result<Freeze, Problem> {
    let (from, until) = (new.from.resolve(now), new.until.resolve(now));
    if until <= from || until <= now {
        return Err(Problem::field("until", "a freeze must end after it begins, and not in the past"));
    }
    Ok(Freeze {
        id: FreezeId(Uuid::now_v7()),
        targets: targets(facts, &new.targets)?,
        span: Validity { from: Some(from), until: Some(until) },
        reason: needed("reason", &new.reason)?,
    })
}
