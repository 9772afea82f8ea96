//! What a destination's task lets others know: whether the line is up, and since when not.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// The state of one destination's line. Written by its task, read by anybody.
#[derive(Debug, Default)]
pub struct Gauge {
    state: Mutex<State>,
}

/// A reading of a [`Gauge`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// When the newest event went out, in this process's life.
    pub last_delivered: Option<Timestamp>,
    /// Since when nothing goes out; `None` while the line is up.
    pub failing_since: Option<Timestamp>,
    /// Why nothing goes out, in words.
    pub fault: Option<String>,
    /// The number of the event that waits at the head of the queue, after a failure.
    pub waiting: Option<u64>,
}

impl Gauge {
    /// The state now.
    #[must_use]
    pub fn read(&self) -> State {
        self.state().clone()
    }

    pub(super) fn up(&self) {
        let mut state = self.state();
        if state.waiting.is_none() {
            (state.failing_since, state.fault) = (None, None);
        }
    }

    pub(super) fn delivered(&self, at: Timestamp) {
        *self.state() = State { last_delivered: Some(at), ..State::default() };
    }

    pub(super) fn waits_for(&self, sequence: u64) {
        self.state().waiting = Some(sequence);
    }

    pub(super) fn waiting(&self) -> Option<u64> {
        self.state().waiting
    }

    pub(super) fn down(&self, why: &str, at: Timestamp) {
        let mut state = self.state();
        state.failing_since.get_or_insert(at);
        state.fault = Some(why.to_owned());
    }

    /// A writer that panicked left a whole state behind: every write is one assignment per member.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
