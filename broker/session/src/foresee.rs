//! The schedule's verdict for a door whose protocol must be answered at once: a TLS handshake says why it fails, or never.
//!
//! It is asked of the newest facts that this node has read, without waiting for any. What it refuses is refused, and becomes
//! a fact with its alert; what it lets pass is decided by [`Gate::attempt`] or [`Gate::open_channel`] like everything else.

use std::sync::Arc;

use chaperone_policy::{Access, Attempt, AttemptId, Reason, Refusal, decide};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::gate::{Ask, Gate, Refused, short};
use crate::live::LiveSession;

/// A refusal that a peer has been told of, and that is no fact yet.
#[must_use = "what was refused must become a fact"]
pub struct Foreseen {
    refusal: Box<Refusal>,
    of: Of,
}

/// What is refused.
enum Of {
    /// A visit.
    Attempt(Box<Attempt>),
    /// One more connection of a visit that is on.
    Channel(Arc<LiveSession>, Access),
}

impl Gate {
    /// Whether somebody would be let in now, as far as is known at once.
    ///
    /// # Errors
    /// The refusal. Tell the peer, and give it to [`Gate::refuse_foreseen`].
    pub fn foresee(&self, ask: &Ask) -> Result<(), Foreseen> {
        let Some(facts) = self.shared.store.last_facts() else { return Ok(()) };
        let attempt = self.attempt_of(ask, AttemptId(Uuid::now_v7()));
        match decide(&facts, &attempt, self.now()) {
            // Visits whose connection is silent may yet make room.
            Err(refusal) if refusal.reason != Reason::Limit => {
                Err(Foreseen { refusal, of: Of::Attempt(Box::new(attempt)) })
            }
            _ => Ok(()),
        }
    }

    /// The same, for one more connection of a visit that is on.
    ///
    /// # Errors
    /// The refusal.
    pub fn foresee_channel(&self, session: &Arc<LiveSession>, access: Access) -> Result<(), Foreseen> {
        let Some(facts) = self.shared.store.last_facts() else { return Ok(()) };
        match self.channel_verdict_on(&facts, session, access) {
            // It waits for its observer, as it waits while input is paused.
            Err(refusal) if refusal.reason != Reason::ObserverRequired => {
                Err(Foreseen { refusal, of: Of::Channel(Arc::clone(session), access) })
            }
            _ => Ok(()),
        }
    }

    /// Writes down what was foreseen and told, as the refusal that it is. `about` is what the client asked for.
    pub async fn refuse_foreseen(&self, ask: &Ask, foreseen: Foreseen, about: Value) -> Refused {
        let refusal = *foreseen.refusal;
        match foreseen.of {
            Of::Attempt(attempt) => self.refuse(ask, &attempt, refusal).await,
            Of::Channel(session, access) => {
                let what = json!({ "reason": refusal.reason, "about": about });
                self.write_channel_refused(Some(&session), access.as_str(), what).await;
                self.refused(&refusal, &short(session.attempt.id.0))
            }
        }
    }
}
