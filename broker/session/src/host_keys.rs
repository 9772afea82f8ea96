//! Host keys that targets show or announce and that nobody has pinned: the gate proposes them, and pins none.

use std::sync::Arc;

use chaperone_store::{KeyOrigin, ProposedKey};

use crate::gate::Gate;
use crate::live::LiveSession;

impl Gate {
    /// Proposes keys that a session's target has shown or announced. Two engineers look before one of them counts; that
    /// the database cannot take a proposal is logged, since the next visit makes it again.
    pub async fn host_keys_seen(&self, session: &Arc<LiveSession>, keys: Vec<ProposedKey>) {
        let (target, id) = (session.permit().target().id, session.id);
        let shown = keys.iter().any(|key| key.origin == KeyOrigin::Shown);
        let reason = if shown {
            "the server showed it in place of a pinned key; nothing secret was sent to it"
        } else {
            "the server, known by its pinned key, announced it and proved that it holds it"
        };
        let written = self.shared.store.write(move |tx| {
            Box::pin(async move { tx.propose_host_keys(target, &keys, (None, Some(id)), reason).await })
        });
        if let Err(error) = written.await {
            tracing::warn!(session.id = %id, %error, "host keys that a server showed could not be proposed");
        }
    }
}
