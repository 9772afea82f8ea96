//! The live sessions of this node, and the attempts that may become some.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chaperone_policy::{AttemptId, PersonId, SessionId, TargetName};

use crate::live::LiveSession;

/// Who is on now.
#[derive(Default)]
pub(crate) struct Registry {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    live: HashMap<SessionId, Arc<LiveSession>>,
    /// Attempts that are being decided about, in the order in which they came.
    coming: Vec<(AttemptId, PersonId, TargetName)>,
}

/// An attempt that is being decided about. Those that come after it count it, until it is a session or has been dropped:
/// many that come at once are no way round a limit.
pub(crate) struct Coming<'r> {
    registry: &'r Registry,
    attempt: AttemptId,
}

impl Registry {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody attempts to open a session.
    pub(crate) fn comes(&self, attempt: AttemptId, person: PersonId, target: &TargetName) -> Coming<'_> {
        self.state().coming.push((attempt, person, target.clone()));
        Coming { registry: self, attempt }
    }

    /// An attempt has become a session.
    pub(crate) fn add(&self, session: &Arc<LiveSession>) {
        let mut state = self.state();
        state.coming.retain(|(attempt, ..)| *attempt != session.attempt.id);
        state.live.insert(session.id, Arc::clone(session));
    }

    pub(crate) fn remove(&self, session: SessionId) {
        self.state().live.remove(&session);
    }

    pub(crate) fn find(&self, session: SessionId) -> Option<Arc<LiveSession>> {
        self.state().live.get(&session).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<LiveSession>> {
        self.state().live.values().cloned().collect()
    }

    /// Live sessions of a person, and on a target, not counting `but`.
    pub(crate) fn count(&self, person: PersonId, target: &TargetName, but: Option<SessionId>) -> (u32, u32) {
        let state = self.state();
        let others = state.live.values().filter(|session| Some(session.id) != but);
        count(others.map(|session| (session.attempt.person, &session.attempt.target)), person, target)
    }
}

impl Coming<'_> {
    /// Live sessions and earlier attempts of its person, and on its target.
    pub(crate) fn before(&self) -> (u32, u32) {
        let state = self.registry.state();
        let at = state.coming.iter().position(|(attempt, ..)| *attempt == self.attempt).unwrap_or_default();
        let Some((_, person, target)) = state.coming.get(at) else { return (0, 0) };
        let live = state.live.values().map(|session| (session.attempt.person, &session.attempt.target));
        let earlier = state.coming.iter().take(at).map(|(_, person, target)| (*person, target));
        count(live.chain(earlier), *person, target)
    }
}

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        self.registry.state().coming.retain(|(attempt, ..)| *attempt != self.attempt);
    }
}

/// How many are of a person, and how many on a target.
fn count<'t>(
    all: impl Iterator<Item = (PersonId, &'t TargetName)>,
    person: PersonId,
    target: &TargetName,
) -> (u32, u32) {
    all.fold((0, 0), |(of, on), (who, what)| (of + u32::from(who == person), on + u32::from(what == target)))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_attempt_counts_for_those_after_it_until_it_has_come_to_something() {
        let registry = Registry::default();
        let [dana, sam] = [1, 2].map(|id| PersonId(Uuid::from_u128(id)));
        let [here, there] = ["alaris-sm-01", "alaris-sm-02"].map(|name| name.parse::<TargetName>().unwrap());
        let comes = |id, who, to| registry.comes(AttemptId(Uuid::from_u128(id)), who, to);
        let first = comes(1, dana, &here);
        let second = comes(2, dana, &there);
        let third = comes(3, sam, &here);
        let fourth = comes(4, dana, &here);
        assert_eq!([&first, &second, &third, &fourth].map(Coming::before), [(0, 0), (1, 0), (0, 1), (2, 2)]);
        drop(first);
        assert_eq!([&second, &third, &fourth].map(Coming::before), [(0, 0), (0, 0), (1, 1)]);
        drop((second, third, fourth));
        assert!(registry.state().coming.is_empty());
    }
}
