//! What people are told because a time has come. Derived from the windows as they are; each is told once, by its key.

use chaperone_policy::{Facts, Login, Phase, Window, WindowState};
use jiff::{SignedDuration, Timestamp};

use super::{News, Topic};

/// What is long past is not told any more: a gate that was down for a week does not tell of a week's ends.
const ENDED_LATELY: SignedDuration = SignedDuration::from_hours(24);
/// A review is told of until it is this much overdue.
const OVERDUE_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);

/// When people are told what a clock says, and who stands in for those who do not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// So long before a window opens.
    pub opening_before: SignedDuration,
    /// So long after a request that nobody has answered.
    pub remind_after: SignedDuration,
    /// So long before a review is due.
    pub review_before: SignedDuration,
    /// The deputy and the on-call: told when the reminder too has gone unanswered for as long.
    pub stand_ins: Vec<Login>,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            opening_before: SignedDuration::from_mins(15),
            remind_after: SignedDuration::from_hours(4),
            review_before: SignedDuration::from_hours(4),
            stand_ins: Vec::new(),
        }
    }
}

/// Something that is due to be told.
#[derive(Clone, Debug)]
pub(crate) struct Due<'f> {
    /// What, of which window, for which times: told once under this key.
    pub key: String,
    /// What is told.
    pub news: News<'f>,
}

/// Everything that is due at `now`, told already or not.
pub(crate) fn due<'f>(facts: &'f Facts, timing: &'f Timing, now: Timestamp) -> Vec<Due<'f>> {
    facts.windows.values().flat_map(|window| of_window(window, timing, now)).collect()
}

fn of_window<'f>(window: &'f Window, timing: &'f Timing, now: Timestamp) -> Vec<Due<'f>> {
    let due = |topic: Topic, when: Option<Timestamp>| {
        let when = when.map(|when| format!("/{}", when.as_microsecond())).unwrap_or_default();
        let news = News {
            topic,
            window,
            at: now,
            by: None,
            reason: None,
            wanted: None,
            stand_ins: &timing.stand_ins,
        };
        Due { key: format!("{}/{}{when}", topic.as_str(), window.id), news }
    };
    let since = |at: Timestamp| now.duration_since(at);
    let mut all = Vec::new();
    match window.phase(now) {
        Phase::Requested if since(window.requested_at) >= timing.remind_after => {
            all.push(due(Topic::Reminder, None));
            if !timing.stand_ins.is_empty() && since(window.requested_at) >= timing.remind_after * 2 {
                all.push(due(Topic::HandedOn, None));
            }
        }
        Phase::Approved if since(window.opens) >= -timing.opening_before => {
            all.push(due(Topic::OpeningSoon, Some(window.opens)));
        }
        Phase::Closed if since(window.ends()) < ENDED_LATELY => {
            all.push(due(Topic::Ended, Some(window.closes)));
        }
        _ => {}
    }
    let happened = matches!(window.state, WindowState::Approved | WindowState::Closed | WindowState::Revoked);
    if let Some(by) = window.emergency_review_by.filter(|_| happened && window.after.reviewed_by.is_none())
        && since(by) >= -timing.review_before
        && since(by) < OVERDUE_MAX
    {
        all.push(due(Topic::ReviewDue, Some(by)));
    }
    all
}
