//! How long a target may leave a request unanswered. The time runs anew whenever some of the request went on to it: an upload
//! takes as long as it takes. It stands while the hospital has paused input.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chaperone_session::Flow;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How far a request has come on its way to the target.
#[derive(Debug)]
pub(super) struct Sending(Mutex<State>);

#[derive(Clone, Copy, Debug)]
struct State {
    /// When some of it went on last.
    moved: Instant,
    /// Nothing more of it comes.
    ended: bool,
    /// Why it never became whole, where the target is not to blame.
    lost: Option<Lost>,
}

/// Why a request did not become whole before the target could have all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// The client has given it up.
    Client,
    /// The client has sent nothing of it for too long.
    Slow,
    /// Input is over.
    Over,
}

impl Sending {
    /// Nothing of it has gone on yet.
    pub(super) fn begins() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { moved: Instant::now(), ended: false, lost: None })))
    }

    /// Some of it went on.
    pub(super) fn moved(&self) {
        self.state().moved = Instant::now();
    }

    /// Nothing more of it comes.
    pub(super) fn ended(&self) {
        let mut state = self.state();
        (state.moved, state.ended) = (Instant::now(), true);
    }

    /// It does not become whole.
    pub(super) fn lost(&self, why: Lost) {
        self.state().lost.get_or_insert(why);
    }

    /// Why it did not: what the target does then is no fault of its own.
    pub(super) fn why_lost(&self) -> Option<Lost> {
        self.state().lost
    }

    /// Waits until the target has had nothing of it for so long, and has not answered.
    pub(super) async fn overdue(&self, within: Duration, mut flow: watch::Receiver<Flow>) {
        let mut from = Instant::now();
        loop {
            let State { moved, ended, .. } = *self.state();
            from = from.max(moved);
            if !ended && *flow.borrow_and_update() == Flow::Paused {
                // The sender lives in the session.
                drop(flow.wait_for(|flow| *flow != Flow::Paused).await);
                from = Instant::now();
                continue;
            }
            let due = from + within;
            if Instant::now() >= due {
                return;
            }
            tokio::select! {
                () = sleep_until(due) => {}
                Ok(()) = flow.changed() => {}
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
