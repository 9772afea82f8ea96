//! Which facts tell people something, and what.

use chaperone_policy::{Facts, WindowState};
use chaperone_store::{CommittedFact, FactKind};
use jiff::Timestamp;
use serde_json::Value;

use super::{News, Topic};

/// Whether facts of this kind may tell people something.
pub(crate) fn concerns(kind: FactKind) -> bool {
    topic(kind).is_some()
}

/// What a fact tells; `None` when nothing. `facts` are as of the fact's own commit.
pub(crate) fn spoken<'f>(fact: &CommittedFact, facts: &'f Facts) -> Option<News<'f>> {
    let topic = topic(fact.kind)?;
    let window = facts.windows.get(&fact.window?)?;
    // A change of a window is a fact for each of its targets: the first speaks for them all.
    if fact.target.is_some() && fact.target != window.targets.first().copied() {
        return None;
    }
    // One yes of several decides nothing yet.
    if topic == Topic::Approved && window.state != WindowState::Approved {
        return None;
    }
    let text = |pointer: &str| fact.body.pointer(pointer).and_then(Value::as_str);
    Some(News {
        topic,
        window,
        at: fact.at,
        by: fact.person,
        reason: text("/about/reason")
            .or(text("/reason"))
            .map(str::to_owned)
            .filter(|reason| !reason.is_empty()),
        wanted: text("/closes").and_then(|closes| closes.parse::<Timestamp>().ok()),
        stand_ins: &[],
    })
}

fn topic(kind: FactKind) -> Option<Topic> {
    Some(match kind {
        FactKind::WindowRequested => Topic::Requested,
        FactKind::WindowApproved | FactKind::WindowEmergency => Topic::Approved,
        FactKind::WindowDenied => Topic::Denied,
        FactKind::WindowWithdrawn => Topic::Withdrawn,
        FactKind::WindowRevoked => Topic::Revoked,
        FactKind::WindowExtended => Topic::NewEnd,
        FactKind::WindowMoved => Topic::Moved,
        FactKind::MoreTimeAsked => Topic::MoreTime,
        _ => return None,
    })
}
