//! Why a session's input waits: somebody of the hospital paused it, or nobody observes it who must. It flows again when
//! neither holds it; a resume by the one gives nothing that the other holds.

use std::sync::{MutexGuard, PoisonError};

use serde_json::json;

use crate::flow::{EndReason, Flow};
use crate::live::LiveSession;

/// What holds a session's input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holds {
    /// Somebody has paused it.
    pub paused: bool,
    /// An observer is required, and nobody observes.
    pub unobserved: bool,
}

impl Holds {
    /// What relays may do before `closes`.
    fn flow(self) -> Flow {
        if self.paused || self.unobserved { Flow::Paused } else { Flow::Open }
    }
}

impl LiveSession {
    /// Somebody pauses its input, or lets it go on.
    pub(crate) fn pause(&self, paused: bool) {
        self.hold(|holds| holds.paused = paused);
    }

    /// Nobody observes who must, or somebody does again. Returns whether that is news.
    pub(crate) fn await_observer(&self, unobserved: bool) -> bool {
        let before = self.holds().unobserved;
        self.hold(|holds| holds.unobserved = unobserved);
        before != unobserved
    }

    /// Whether its input waits for somebody who observes.
    #[must_use]
    pub fn awaits_observer(&self) -> bool {
        self.holds().unobserved && !self.flow.borrow().is_cut()
    }

    /// Input is over: the overrun has begun. Returns whether that is news.
    pub(crate) fn freeze_input(&self) -> bool {
        self.flow.send_if_modified(|flow| {
            let changes = matches!(flow, Flow::Open | Flow::Paused);
            if changes {
                *flow = Flow::Frozen;
            }
            changes
        })
    }

    /// Input flows again after an extension that came in the overrun, if nothing else holds it. Returns whether that is news.
    pub(crate) fn thaw_input(&self) -> bool {
        // Held while the flow follows: a pause at the same moment is not passed over.
        let holds = self.holds();
        self.flow.send_if_modified(|flow| {
            let changes = *flow == Flow::Frozen;
            if changes {
                *flow = holds.flow();
            }
            changes
        })
    }

    /// Waits while the session's input waits: something new is input too. An error says why nothing opens any more.
    ///
    /// # Errors
    /// The session is cut, or its input is over (`None`).
    pub async fn input_flows(&self) -> Result<(), Option<EndReason>> {
        let mut flow = self.flow();
        // The sender lives in `self`: the wait cannot fail.
        match flow.wait_for(|flow| *flow != Flow::Paused).await.as_deref() {
            Ok(Flow::Open) => Ok(()),
            Ok(Flow::Cut(reason)) => Err(Some(*reason)),
            _ => Err(None),
        }
    }

    /// Records what the gate says in a terminal whose channel has not started. Returns whether it may be said.
    pub async fn note_words(&self, text: &str) -> bool {
        match self.note(None, "gate-said", json!({ "text": text })).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(session.id = %self.id, %error, "what the gate says could not be recorded, and is not said");
                false
            }
        }
    }

    /// Records what the gate says beside a channel's payload, or to somebody for whom no channel opened. It is said in any
    /// case: whoever is refused reads why, also where it is the recording that cannot be written.
    pub async fn note_said(&self, channel: Option<u32>, text: &str) {
        if let Err(error) = self.note(channel, "gate-said", json!({ "text": text })).await {
            tracing::warn!(session.id = %self.id, %error, "what the gate says could not be recorded");
        }
    }

    fn hold(&self, change: impl FnOnce(&mut Holds)) {
        // Held while the flow follows, so that two changes at once end as the second.
        let mut holds = self.holds();
        change(&mut holds);
        let wanted = holds.flow();
        self.flow.send_if_modified(|flow| {
            let changes = matches!(flow, Flow::Open | Flow::Paused) && *flow != wanted;
            if changes {
                *flow = wanted;
            }
            changes
        });
    }

    fn holds(&self) -> MutexGuard<'_, Holds> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
