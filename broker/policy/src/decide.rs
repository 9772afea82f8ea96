//! The one decision (P2).
//!
//! The checks come in one fixed order, so that the same facts always give the same reason:
//!
//! 1. the node: `clock`, `store`, `recorder`;
//! 2. the person: `unknown-person`, `locked` (everything, the vendor, the person), `not-valid`, `source-network`;
//! 3. each window that could be meant, alone, in the order of [`WINDOW_CHECKS`]. A window that passes all is a permit;
//!    of several permits the one that lasts longest is given;
//! 4. no window passes: the nearest one says why ([`nearest`]).
//!
//! What concerns a target (a lock, a freeze) is asked of the person's own windows on it only: whoever has none learns
//! nothing about a target, not even whether it exists (P9).
//!
//! Every check can only take away, and the longest permit is taken of what is left. So a lock, a freeze, a revocation or
//! a shorter window never turns a refusal into a permit, nor a deadline into a later one.

mod nearest;
mod on_window;

#[cfg(test)]
mod certified;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use self::on_window::WINDOW_CHECKS;
use self::on_window::{Hindrance, judge};
use crate::{Attempt, Facts, LockOn, Permit, Person, Reason, Refusal, Target, Validity, Window, WindowState};

/// Sessions that one person may have at once unless their record says otherwise: many terminals, copies and scripts at
/// work side by side, and still no single credential that fills a node.
pub const SESSIONS_PER_PERSON: u32 = 64;

/// Sessions that one target may have at once unless its record says otherwise: a team with all its terminals, and no
/// more than a small console server stands.
pub const SESSIONS_PER_TARGET: u32 = 128;

/// Says yes or no. The only maker of a [`Permit`].
///
/// A running session (`node.running`, with its window in `within`) is decided about again inside its window only. Between
/// `closes` and the end of the overrun it keeps a permit whose `input_until` has passed, while new attempts and new
/// channels are refused as `late`.
///
/// # Errors
/// The refusal, with the nearest window and by how long the attempt was off.
pub fn decide(facts: &Facts, attempt: &Attempt, now: Timestamp) -> Result<Permit, Box<Refusal>> {
    check_node(attempt).map_err(|reason| Box::new(Refusal::without_window(reason)))?;
    let person = facts.people.get(&attempt.person);
    let person = person.ok_or_else(|| Box::new(Refusal::without_window(Reason::UnknownPerson)))?;
    let target = facts.target_by_name(&attempt.target);
    let case = Case { facts, attempt, person, target, now };
    check_person(&case).map_err(|reason| Box::new(case.refusal(reason, None)))?;
    let mut best: Option<Permit> = None;
    let mut hindrances = Vec::new();
    for window in case.windows() {
        match judge(&case, window) {
            Ok(permit) if best.as_ref().is_none_or(|best| lasts(best) < lasts(&permit)) => {
                best = Some(permit)
            }
            Ok(_) => {}
            Err(reason) => hindrances.push(Hindrance::new(window, reason, now)),
        }
    }
    best.ok_or_else(|| Box::new(case.why_not(&hindrances)))
}

/// What is decided about.
struct Case<'a> {
    facts: &'a Facts,
    attempt: &'a Attempt,
    person: &'a Person,
    /// `None`: nothing has this name. Treated as a target on which nobody has a window.
    target: Option<&'a Target>,
    now: Timestamp,
}

impl<'a> Case<'a> {
    /// The spans that bound it: the person's, their vendor's, and those of the key which proved them and of its
    /// certificate.
    fn validities(&self) -> Vec<Validity> {
        let key = self.attempt.key.iter().flat_map(|key| self.facts.spans_of_key(self.person, key));
        self.facts.validities(self.person).into_iter().chain(key).collect()
    }

    /// The windows that could be meant: the one that a session runs in, or all of the person's own on the target.
    fn windows(&self) -> impl Iterator<Item = &'a Window> {
        let (within, person, target) = (self.attempt.within, self.person, self.target);
        self.facts.windows.values().filter(move |window| match within {
            Some(within) => window.id == within,
            None => {
                stands(window)
                    && window.names(person)
                    && target.is_some_and(|t| window.targets.contains(&t.id))
            }
        })
    }
}

/// Whether it was not turned down or taken back: then it is no window of anybody any more.
fn stands(window: &Window) -> bool {
    !matches!(window.state, WindowState::Denied | WindowState::Withdrawn)
}

/// The order among permits: the one with the latest deadlines, then the one that grants most, then the elder window.
fn lasts(permit: &Permit) -> impl Ord + use<> {
    (permit.input_until, permit.output_until, permit.access.len(), std::cmp::Reverse(permit.window))
}

fn check_node(attempt: &Attempt) -> Result<(), Reason> {
    let node = attempt.node;
    if !node.clock_trusted {
        return Err(Reason::Clock);
    }
    if !node.store_ready {
        return Err(Reason::Store);
    }
    // What is new needs a recorder now. A session that goes on watches its own recording, byte by byte (P1).
    if !node.recorder_ready && !attempt.goes_on() {
        return Err(Reason::Recorder);
    }
    Ok(())
}

fn check_person(case: &Case<'_>) -> Result<(), Reason> {
    let Case { facts, person, .. } = case;
    let everything = facts.locks.values().any(|lock| lock.on == LockOn::Everything);
    if everything || facts.locks_person(person) {
        return Err(Reason::Locked);
    }
    if !case.validities().iter().all(|validity| validity.contains(case.now)) {
        return Err(Reason::NotValid);
    }
    let theirs = facts.are_their_networks(person, case.attempt.key.as_ref(), case.attempt.source);
    if theirs { Ok(()) } else { Err(Reason::SourceNetwork) }
}
