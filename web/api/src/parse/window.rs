//! Windows and freezes.

use chaperone_policy::{Facts, Freeze, FreezeId, PersonId, Validity, WindowId, WindowRequest};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{all, needed, people, targets, words};
use crate::problem::Problem;
use crate::wire::{NewFreeze, NewWindow};

pub(crate) fn window(
    facts: &Facts,
    new: &NewWindow,
    requester: PersonId,
    now: Timestamp,
) -> Result<WindowRequest, Problem> {
    Ok(WindowRequest {
        id: WindowId(Uuid::now_v7()),
        technicians: people(facts, &new.technicians)?.into_iter().collect(),
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
