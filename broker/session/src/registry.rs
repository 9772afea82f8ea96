//! The live sessions of this node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chaperone_policy::{PersonId, SessionId, TargetName};

use crate::live::LiveSession;

/// Who is on now.
#[derive(Default)]
pub(crate) struct Registry {
    live: Mutex<HashMap<SessionId, Arc<LiveSession>>>,
}

impl Registry {
    fn live(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<LiveSession>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, session: &Arc<LiveSession>) {
        self.live().insert(session.id, Arc::clone(session));
    }

    pub(crate) fn remove(&self, session: SessionId) {
        self.live().remove(&session);
    }

    pub(crate) fn find(&self, session: SessionId) -> Option<Arc<LiveSession>> {
        self.live().get(&session).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<LiveSession>> {
        self.live().values().cloned().collect()
    }

    /// Live sessions of a person, and on a target, not counting `but`.
    pub(crate) fn count(&self, person: PersonId, target: &TargetName, but: Option<SessionId>) -> (u32, u32) {
        let live = self.live();
        let others = || live.values().filter(|session| Some(session.id) != but);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (
            count(others().filter(|session| session.attempt.person == person).count()),
            count(others().filter(|session| session.attempt.target == *target).count()),
        )
    }
}
