//! Tokens minted on the host: every use is known to the SOC. The first use of a token, and the first in each hour after
//! it, is a fact of its own, which alarms; each names the request. More would drown the ledger in a script's calls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chaperone_store::{FactKind, NewFact, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::App;
use crate::actor::Actor;
use crate::problem::Problem;

/// How long one fact stands for the uses of a token.
const STANDS_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Tokens remembered; beyond it the oldest are forgotten, and their next use is a fact again.
const REMEMBERED: usize = 4096;

/// Which tokens have a fact that still stands.
#[derive(Debug, Default)]
pub(crate) struct HostTokens {
    since: Mutex<HashMap<String, Timestamp>>,
}

impl HostTokens {
    /// Writes the fact, unless one stands. The request goes on only after it is committed.
    pub(crate) async fn used(
        &self,
        app: &App,
        actor: &Actor,
        token: &str,
        method: &str,
        route: &str,
    ) -> Result<(), Problem> {
        if self.stands(token, actor.now) {
            return Ok(());
        }
        let body = json!({
            "host_minted": true, "token": token, "request": format!("{method} {route}"),
            "source": actor.source.map(|source| source.to_string()),
        });
        match app.parts.store.fact(NewFact::new(FactKind::TokenUsed, actor.now, body).by(actor.person)).await
        {
            Ok(_) => {
                self.remember(token, actor.now);
                Ok(())
            }
            // A ledger that cannot be appended to must be mendable, and looked at.
            Err(StoreError::WentBack { .. }) if route.starts_with("/api/ledger/") => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn stands(&self, token: &str, now: Timestamp) -> bool {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.get(token).is_some_and(|since| now.duration_since(*since).abs() < STANDS_FOR)
    }

    fn remember(&self, token: &str, now: Timestamp) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.len() >= REMEMBERED {
            since.retain(|_, at| now.duration_since(*at) < STANDS_FOR);
        }
        if since.len() >= REMEMBERED
            && let Some(oldest) = since.iter().min_by_key(|(_, at)| **at).map(|(token, _)| token.clone())
        {
            since.remove(&oldest);
        }
        since.insert(token.to_owned(), now);
    }
}
