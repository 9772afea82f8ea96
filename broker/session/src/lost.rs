//! Nodes that do not come back. A node that has visits signs the ledger at least once a minute; when another has not been
//! heard of for long, its sessions are declared lost: a fact and an alert. Should it come back after all, it recovers what
//! it finds, and the ledger holds both.

use std::time::Duration;

use chaperone_store::{FactKind, NewFact, SessionRow, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::gate::Gate;

/// How often a node with visits signs, so that others know of it.
const SIGN_EVERY: Duration = Duration::from_secs(60);
/// How often others are looked after, at most.
const LOOK_EVERY: Duration = Duration::from_secs(60);

impl Gate {
    /// Tells other nodes that this one is there, as long as it has visits.
    pub(crate) async fn give_signs(&self) {
        let mut tick = interval(SIGN_EVERY.min(self.shared.settings.lost_after / 4));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if self.live_count() == 0 {
                continue;
            }
            if let Err(error) = self.shared.store.checkpoint().await {
                tracing::debug!(error = &error as &dyn std::error::Error, "no sign was given to other nodes");
            }
        }
    }

    /// Declares the sessions of nodes that are gone as lost.
    pub(crate) async fn look_after_others(&self) {
        let lost_after = self.shared.settings.lost_after;
        let mut tick = interval(LOOK_EVERY.min(lost_after / 4));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let silence = SignedDuration::try_from(lost_after).unwrap_or(SignedDuration::MAX);
            let since = Timestamp::now().checked_sub(silence).unwrap_or(Timestamp::UNIX_EPOCH);
            // A database that does not answer has not heard of the others either.
            let Ok(silent) = self.shared.store.sessions_of_silent_nodes(since).await else { continue };
            for row in silent {
                if let Err(error) = self.declare_lost(&row, silence).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(session.id = %row.id, error, "a session of a node that is gone is not declared lost yet");
                }
            }
        }
    }

    async fn declare_lost(&self, row: &SessionRow, silence: SignedDuration) -> Result<(), StoreError> {
        let why = format!("its node has not been heard of for {} s", silence.as_secs());
        let body = json!({ "why": why, "node": row.node, "declared_by": self.shared.store.node(), "protocol": row.protocol });
        let fact = NewFact::new(FactKind::SessionLost, self.now(), body).by(row.person).on(row.target);
        let fact = fact.in_window(row.window).in_session(row.id).of_attempt(row.attempt);
        let id = row.id;
        let declared = self.shared.store.write(move |tx| {
            Box::pin(async move {
                // Two nodes may look at the same time, or it comes back just now: one statement decides.
                if tx.lose_session(id).await? {
                    tx.fact(fact).await?;
                }
                Ok(())
            })
        });
        declared.await
    }
}
