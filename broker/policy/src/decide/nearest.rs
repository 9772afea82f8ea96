//! No window lets the attempt in: which one says why, which was nearest, which comes next.
//!
//! 1. The person's own window on the target that is nearest, where it is within a day: it is what they came for.
//! 2. An own window that is open on another target: they took the wrong door (`other-target`).
//! 3. The own window on the target that is nearest, where it is within thirty days.
//! 4. A window on the target that is open for others (`other-person`).
//! 5. `no-window`.

use jiff::{SignedDuration, Timestamp};

use super::on_window::{Hindrance, away};
use super::{Case, stands};
use crate::{Nearest, Reason, Refusal, Window, WindowState};

/// Within this of a window, it is what the person came for, whatever is open elsewhere: the right door on the wrong shift.
const CAME_FOR_IT: SignedDuration = SignedDuration::from_hours(24);
/// Beyond this, a window says nothing about an attempt: "early by 90 days" hides that nothing was planned.
const FAR: SignedDuration = SignedDuration::from_hours(30 * 24);

impl<'a> Case<'a> {
    /// The refusal when no window lets the attempt in.
    pub(super) fn why_not(&self, hindrances: &[Hindrance<'a>]) -> Refusal {
        // Inside the window itself, the most that it got right; outside, the nearest.
        let nearest =
            hindrances.iter().min_by_key(|it| (it.away, std::cmp::Reverse(it.step()), it.window.id));
        // A running session is asked about one window only.
        let pinned = self.attempt.within.is_some();
        match nearest {
            Some(it) if pinned || it.away <= CAME_FOR_IT => self.refusal(it.reason, Some(it.window)),
            _ if pinned => self.refusal(Reason::NoWindow, None),
            _ if self.has_open_elsewhere() => self.refusal(Reason::OtherTarget, None),
            Some(it) if it.away <= FAR => self.refusal(it.reason, Some(it.window)),
            _ if self.is_open_for_others() => self.refusal(Reason::OtherPerson, None),
            _ => self.refusal(Reason::NoWindow, None),
        }
    }

    /// A refusal with what the SOC needs. `by` is the window that says so; without one, the nearest is looked up.
    pub(super) fn refusal(&self, reason: Reason, by: Option<&Window>) -> Refusal {
        let off = |window: &Window| match reason {
            Reason::Early => Some(window.opens.duration_since(self.now)),
            Reason::Late => Some(self.now.duration_since(window.closes).max(SignedDuration::ZERO)),
            _ => None,
        };
        Refusal {
            reason,
            nearest: by.or_else(|| self.nearest()).map(Nearest::of),
            off_by: by.and_then(off),
            next: self.next().map(Nearest::of),
        }
    }

    /// The person's nearest window: on this target before others, one that has been approved before one that has not.
    fn nearest(&self) -> Option<&'a Window> {
        let own = self.facts.windows.values().filter(|window| stands(window) && window.names(self.person));
        own.min_by_key(|window| {
            let approved =
                matches!(window.state, WindowState::Approved | WindowState::Closed | WindowState::Reviewed);
            (!self.is_here(window), !approved, away(window, self.now), window.id)
        })
    }

    /// The person's next approved window on the target that has not opened.
    fn next(&self) -> Option<&'a Window> {
        let comes = |window: &&Window| {
            window.state == WindowState::Approved
                && window.opens > self.now
                && window.names(self.person)
                && window.admits(self.person.id)
                && self.is_here(window)
        };
        self.facts.windows.values().filter(comes).min_by_key(|window| (window.opens, window.id))
    }

    fn is_here(&self, window: &Window) -> bool {
        self.target.is_some_and(|target| window.targets.contains(&target.id))
    }

    fn has_open_elsewhere(&self) -> bool {
        let theirs = |window: &Window| window.names(self.person) && window.admits(self.person.id);
        self.facts.windows.values().any(|w| is_open(w, self.now) && theirs(w) && !self.is_here(w))
    }

    fn is_open_for_others(&self) -> bool {
        self.facts.windows.values().any(|w| is_open(w, self.now) && self.is_here(w) && !w.names(self.person))
    }
}

fn is_open(window: &Window, now: Timestamp) -> bool {
    window.state == WindowState::Approved && window.opens <= now && now < window.closes
}
