//! One window, judged alone: every check that it must pass, and the deadlines of the permit that it then gives.

use jiff::{SignedDuration, Timestamp};

use super::{Case, SESSIONS_PER_PERSON, SESSIONS_PER_TARGET};
use crate::permit::Bound;
use crate::{AccountName, LockOn, Permit, Reason, Target, Window, WindowState, rights};

/// The order in which a window is checked. Of several windows at the same distance, the one that came furthest in this
/// order says why the attempt is refused.
pub const WINDOW_CHECKS: &[Reason] = &[
    Reason::NoWindow,         // denied, withdrawn (asked of a running session only)
    Reason::OtherTarget,      // the target has been taken out of it, or has gone (as above)
    Reason::OtherPerson,      // the person has been taken out of it (as above)
    Reason::NotYetApproved,   // approvals, the technician's acceptance, the yes to a substitution
    Reason::Revoked,          // ended by an engineer
    Reason::Early,            // before it opens
    Reason::Late,             // after it closed; in the overrun for all but a running session
    Reason::NotValid,         // the person is no technician for this target any more
    Reason::Locked,           // the target is locked
    Reason::Frozen,           // a freeze of the target is in force
    Reason::NotReleased,      // the go of the day
    Reason::WorkLimit,        // used up
    Reason::AccessNotGranted, // the account, the kind of access
    Reason::ObserverRequired, // nobody observes; asked of channels only, since a visit waits for its observer
    Reason::Limit,            // too many sessions; not asked again of a running one
];

/// A window that does not let the attempt in.
#[derive(Clone, Copy)]
pub(super) struct Hindrance<'f> {
    pub window: &'f Window,
    pub reason: Reason,
    /// How far the window is away; zero inside it.
    pub away: SignedDuration,
}

impl<'f> Hindrance<'f> {
    pub(super) fn new(window: &'f Window, reason: Reason, now: Timestamp) -> Self {
        Self { window, reason, away: away(window, now) }
    }

    /// How far it came in the order of the checks.
    pub(super) fn step(&self) -> usize {
        WINDOW_CHECKS.iter().position(|reason| *reason == self.reason).unwrap_or(WINDOW_CHECKS.len())
    }
}

/// How far `[opens, closes)` is from an instant; zero inside, and at `closes` itself.
pub(super) fn away(window: &Window, now: Timestamp) -> SignedDuration {
    window.opens.duration_since(now).max(now.duration_since(window.closes)).max(SignedDuration::ZERO)
}

/// The permit of this window, or the first check that it fails.
pub(super) fn judge(case: &Case<'_>, window: &Window) -> Result<Permit, Reason> {
    let target = check_membership(case, window)?;
    check_state(case, window)?;
    check_time(case, window)?;
    check_target(case, window, target)?;
    let account = check_account(case, window, target)?;
    if case.attempt.access.is_some_and(|access| !window.access.contains(&access)) {
        return Err(Reason::AccessNotGranted);
    }
    // A visit may begin unobserved, and go on: its permit says that its input waits. Nothing new opens meanwhile.
    let observer_required = window.observer_required || target.observer_required;
    if observer_required && case.attempt.access.is_some() && case.attempt.node.observers == 0 {
        return Err(Reason::ObserverRequired);
    }
    check_limits(case, target)?;
    let (bound, set_by) = bound(case, window, target);
    let ends = window.ends();
    Ok(Permit {
        attempt: case.attempt.id,
        person: case.person.id,
        target: target.clone(),
        account,
        window: window.id,
        access: window.access.clone(),
        input_until: window.closes.min(bound),
        output_until: ends.min(bound),
        bound: if bound < ends { set_by } else { Bound::Closes },
        observer_required,
        head: case.facts.head,
        policy_version: case.facts.policy_version,
    })
}

fn check_membership<'a>(case: &Case<'a>, window: &Window) -> Result<&'a Target, Reason> {
    if !super::stands(window) {
        return Err(Reason::NoWindow);
    }
    let target =
        case.target.filter(|target| window.targets.contains(&target.id)).ok_or(Reason::OtherTarget)?;
    if window.names(case.person) { Ok(target) } else { Err(Reason::OtherPerson) }
}

fn check_state(case: &Case<'_>, window: &Window) -> Result<(), Reason> {
    match window.state {
        WindowState::Requested | WindowState::Expired => Err(Reason::NotYetApproved),
        WindowState::Revoked => Err(Reason::Revoked),
        WindowState::Approved if !window.admits(case.person.id) => Err(Reason::NotYetApproved),
        WindowState::Closed | WindowState::Reviewed => Err(Reason::Late),
        WindowState::Approved => Ok(()),
        WindowState::Denied | WindowState::Withdrawn => Err(Reason::NoWindow),
    }
}

fn check_time(case: &Case<'_>, window: &Window) -> Result<(), Reason> {
    // A channel of a running session is something new, too: it opens before `closes` or not at all.
    let until = if case.attempt.goes_on() { window.ends() } else { window.closes };
    match case.now {
        now if now < window.opens => Err(Reason::Early),
        now if now >= until => Err(Reason::Late),
        _ => Ok(()),
    }
}

fn check_target(case: &Case<'_>, window: &Window, target: &Target) -> Result<(), Reason> {
    let Case { facts, now, .. } = case;
    if !rights::may_connect(case.person, target) {
        return Err(Reason::NotValid);
    }
    if facts.locks.values().any(|lock| lock.on == LockOn::Target(target.id)) {
        return Err(Reason::Locked);
    }
    if facts.freezes.values().any(|freeze| freeze.holds(target.id) && freeze.span.contains(*now)) {
        return Err(Reason::Frozen);
    }
    if window.go_required && window.go_by.is_none() {
        return Err(Reason::NotReleased);
    }
    if window.work_ends(*now).is_some_and(|ends| ends <= *now) {
        return Err(Reason::WorkLimit);
    }
    Ok(())
}

/// The account: the one asked for, or the default. A window that names none grants each target's default and no other.
fn check_account(case: &Case<'_>, window: &Window, target: &Target) -> Result<Option<AccountName>, Reason> {
    let granted = |account: &&AccountName| window.accounts.contains(*account);
    let default = target.accounts().next();
    let asked = case.attempt.account.as_ref();
    let account = match (default, asked) {
        (None, None) => return Ok(None),
        (None, Some(_)) => None,
        (Some(default), asked) if window.accounts.is_empty() => {
            asked.is_none_or(|asked| asked == default).then_some(default)
        }
        // The target's default where it is granted, else the first of its accounts that is.
        (Some(_), None) => target.accounts().find(granted),
        (Some(_), Some(asked)) => target.accounts().find(|offered| *offered == asked).filter(granted),
    };
    account.map(|account| Some(account.clone())).ok_or(Reason::AccessNotGranted)
}

fn check_limits(case: &Case<'_>, target: &Target) -> Result<(), Reason> {
    let node = case.attempt.node;
    let of_person = case.person.session_limit.unwrap_or(SESSIONS_PER_PERSON);
    let on_target = target.session_limit.unwrap_or(SESSIONS_PER_TARGET);
    if !node.running && (node.sessions_of_person >= of_person || node.sessions_on_target >= on_target) {
        return Err(Reason::Limit);
    }
    Ok(())
}

/// The first instant after now at which something other than the window's own end ends input and output alike: the work
/// limit, the next freeze, the end of what the person, their vendor or their key is valid for.
fn bound(case: &Case<'_>, window: &Window, target: &Target) -> (Timestamp, Bound) {
    let freezes = case.facts.freezes.values().filter(|freeze| freeze.holds(target.id));
    let starts = freezes.filter(|freeze| !freeze.span.is_empty()).filter_map(|freeze| freeze.span.from);
    let next_freeze = starts.filter(|from| *from > case.now).min();
    let validity = case.validities().into_iter().filter_map(|validity| validity.until).min();
    [
        (window.work_ends(case.now), Bound::WorkLimit),
        (next_freeze, Bound::Freeze),
        (validity, Bound::Validity),
    ]
    .into_iter()
    .filter_map(|(at, by)| at.map(|at| (at, by)))
    .min_by_key(|(at, _)| *at)
    .unwrap_or((Timestamp::MAX, Bound::Closes))
}
