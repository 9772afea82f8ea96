//! Looks that facts stand for: one fact for the looks of one person at one thing for a while, so that a page that is open
//! does not fill the ledger.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chaperone_policy::PersonId;
use chaperone_store::{FactKind, NewFact, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::App;
use crate::actor::Actor;
use crate::problem::Problem;

/// For how long.
const STANDS_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Looks that are remembered.
const LOOKS: usize = 4096;

/// Looks that were written down.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    at: Mutex<HashMap<(PersonId, FactKind, String), Timestamp>>,
}

impl Looked {
    fn stands(&self, look: &(PersonId, FactKind, String), now: Timestamp) -> bool {
        let looks = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        looks.get(look).is_some_and(|at| now.duration_since(*at).abs() < STANDS_FOR)
    }

    fn note(&self, look: (PersonId, FactKind, String), now: Timestamp) {
        let mut looks = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= LOOKS {
            looks.retain(|_, at| now.duration_since(*at) < STANDS_FOR);
        }
        if looks.len() >= LOOKS {
            looks.clear();
        }
        looks.insert(look, now);
    }
}

/// Writes a look down before it is answered, unless a fact stands for it. The body says at what, and why.
pub(crate) async fn looked(app: &App, actor: &Actor, kind: FactKind, body: Value) -> Result<(), Problem> {
    let look = (actor.person, kind, body.to_string());
    if app.parts.looked.stands(&look, actor.now) {
        return Ok(());
    }
    match app.parts.store.fact(NewFact::new(kind, actor.now, body).by(actor.person)).await {
        Ok(_) => app.parts.looked.note(look, actor.now),
        // The SOC reads its queue also while two people have to mend the ledger.
        Err(StoreError::WentBack { .. }) if kind == FactKind::AlertsViewed => {
            tracing::warn!(person = actor.login, "alerts are read while the ledger takes no facts");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_stands_for_one_person_s_looks_at_one_thing_for_a_while() {
        let looked = Looked::default();
        let look = |person, thing: &str| {
            (PersonId(uuid::Uuid::from_u128(person)), FactKind::AlertsViewed, thing.to_owned())
        };
        let now = Timestamp::UNIX_EPOCH;
        looked.note(look(1, "queue"), now);
        assert!(looked.stands(&look(1, "queue"), now + SignedDuration::from_mins(9)));
        assert!(!looked.stands(&look(1, "queue"), now + SignedDuration::from_mins(10)));
        assert!(!looked.stands(&look(2, "queue"), now) && !looked.stands(&look(1, "one"), now));
    }
}
