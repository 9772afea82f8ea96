//! Which sign-ins a target's log has without a visit, and which visits without a sign-in. Pure.
//!
//! A visit that signed in with a certificate explains the sign-in with its serial; one whose connection to the target is
//! known explains the sign-in from that very port; one whose connection is not known explains one sign-in as its account,
//! within the tolerance of its start. A sign-in with another serial than the visit's is never its.

use std::net::SocketAddr;

use chaperone_policy::{PersonId, SessionId};
use jiff::{SignedDuration, Timestamp};

use super::sign_in::SignIn;

/// A visit, as the ledger has it.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Which.
    pub session: SessionId,
    /// Whose.
    pub person: PersonId,
    /// As which account of the target.
    pub account: String,
    /// When its recording ran and the target was dialled.
    pub started: Timestamp,
    /// When both legs were gone; nothing while it goes on.
    pub ended: Option<Timestamp>,
    /// The gate's end of its connection to the target.
    pub leg: Option<SocketAddr>,
    /// The serial that its certificate has, where the target trusts the gate's user CA.
    pub serial: String,
    /// Whether the target was reached at all.
    pub reached: bool,
}

/// What fits, and what does not.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Sign-ins with their visit.
    pub explained: Vec<(SignIn, SessionId)>,
    /// Sign-ins without one.
    pub unexplained: Vec<SignIn>,
    /// Visits that signed in to the target by their own word, and not by the target's.
    pub without_sign_in: Vec<Visit>,
}

/// Holds sign-ins against visits. `span` is the time that the log covers: a visit outside of it is not missed.
#[must_use]
pub fn compare(
    sign_ins: Vec<SignIn>,
    visits: Vec<Visit>,
    span: Option<(Timestamp, Timestamp)>,
    tolerance: SignedDuration,
) -> Comparison {
    let mut open: Vec<Option<Visit>> = visits.into_iter().map(Some).collect();
    let mut comparison = Comparison::default();
    let mut unnamed = Vec::new();
    // By serial and connection first, so that no visit is spent on somebody else's sign-in.
    for sign_in in sign_ins {
        match take(&mut open, |visit| by_serial(visit, &sign_in, tolerance)) {
            Some(visit) => comparison.explained.push((sign_in, visit.session)),
            None => unnamed.push(sign_in),
        }
    }
    let mut left = Vec::new();
    for sign_in in unnamed {
        match take(&mut open, |visit| by_connection(visit, &sign_in, tolerance)) {
            Some(visit) => comparison.explained.push((sign_in, visit.session)),
            None => left.push(sign_in),
        }
    }
    for sign_in in left {
        match take(&mut open, |visit| by_time(visit, &sign_in, tolerance)) {
            Some(visit) => comparison.explained.push((sign_in, visit.session)),
            None => comparison.unexplained.push(sign_in),
        }
    }
    let covered = |visit: &Visit| span.is_none_or(|(first, last)| (first..=last).contains(&visit.started));
    let missed = open.into_iter().flatten().filter(|visit| visit.reached && covered(visit));
    comparison.without_sign_in.extend(missed);
    comparison
}

fn take(open: &mut [Option<Visit>], fits: impl Fn(&Visit) -> bool) -> Option<Visit> {
    open.iter_mut().find(|visit| visit.as_ref().is_some_and(&fits))?.take()
}

/// The serial names the visit, whatever lies between the gate and the target; a second sign-in with it is somebody else's.
fn by_serial(visit: &Visit, sign_in: &SignIn, tolerance: SignedDuration) -> bool {
    sign_in.serial.as_ref() == Some(&visit.serial)
        && during(visit, sign_in, tolerance)
        && same_account(visit, sign_in)
}

fn by_connection(visit: &Visit, sign_in: &SignIn, tolerance: SignedDuration) -> bool {
    let Some(leg) = visit.leg else { return false };
    let same_source = sign_in.source.is_none_or(|source| source == leg.ip().to_canonical());
    sign_in.port == Some(leg.port())
        && same_source
        && during(visit, sign_in, tolerance)
        && same_account(visit, sign_in)
        && !other_serial(visit, sign_in)
}

fn during(visit: &Visit, sign_in: &SignIn, tolerance: SignedDuration) -> bool {
    sign_in.at.is_none_or(|at| {
        at.duration_since(visit.started) >= -tolerance
            && visit.ended.is_none_or(|ended| at.duration_since(ended) <= tolerance)
    })
}

/// The sign-in was with a certificate, and not with the one of this visit.
fn other_serial(visit: &Visit, sign_in: &SignIn) -> bool {
    sign_in.serial.as_ref().is_some_and(|serial| *serial != visit.serial)
}

fn by_time(visit: &Visit, sign_in: &SignIn, tolerance: SignedDuration) -> bool {
    // Where both ends say a port, only the port counts.
    let is_known = visit.leg.is_some() && sign_in.port.is_some();
    let same_source = match (visit.leg, sign_in.source) {
        (Some(leg), Some(source)) => source == leg.ip().to_canonical(),
        _ => true,
    };
    let near = sign_in.at.is_some_and(|at| at.duration_since(visit.started).abs() <= tolerance);
    !is_known && same_source && near && same_account(visit, sign_in) && !other_serial(visit, sign_in)
}

/// Windows does not tell capital letters from small ones; no two accounts of a target differ in them alone.
fn same_account(visit: &Visit, sign_in: &SignIn) -> bool {
    visit.account.eq_ignore_ascii_case(&sign_in.account)
}
