//! What happens in the same commit as a fact: an alert, the events that destinations asked for (P5), and what people are
//! told.

use chaperone_policy::AlertId;
use chaperone_store::{CommittedFact, FactKind, Reaction, StoreError, Tx};
use futures::future::BoxFuture;
use serde_json::Value;
use uuid::Uuid;

use crate::alerts::{Alerts, queue, send};
use crate::notice;
use crate::occurrence::Occurrence;
use crate::ocsf::activity;
use crate::ocsf::finding::Stage;
use crate::rule::Action;

/// What a destination wants that gets more than alerts.
const ALL_EVENTS: &str = "all";

impl Reaction for Alerts {
    fn react<'t>(&'t self, fact: &'t CommittedFact, tx: &'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>> {
        Box::pin(async move {
            if notice::concerns(fact.kind) {
                self.notify(fact, tx).await?;
            }
            match fact.kind {
                FactKind::AlertAcknowledged => return disposed(fact, Stage::Update, tx).await,
                FactKind::AlertClosed => return disposed(fact, Stage::Close, tx).await,
                // Most facts are the gate's own bookkeeping, and cost nothing here.
                kind if !self.rules().concerns(kind) && !activity::tells(kind) => return Ok(()),
                _ => {}
            }
            let bare = Occurrence::unnamed(fact);
            if let Some(rule) = self.rules().judge(&bare).filter(|rule| rule.action == Action::Alert) {
                self.alert(&bare, rule, tx).await?;
            }
            if activity::tells(fact.kind) {
                self.tell_all(&bare, tx).await?;
            }
            Ok(())
        })
    }
}

impl Alerts {
    /// The fact's own event, for destinations that want every one.
    async fn tell_all(&self, bare: &Occurrence, tx: &mut Tx) -> Result<(), StoreError> {
        let destinations = tx.destinations().await?.into_iter();
        let wanting = destinations.filter(|wants| wants.enabled && wants.events == ALL_EVENTS);
        let wanting: Vec<_> = wanting.map(|destination| destination.id).collect();
        if wanting.is_empty() {
            return Ok(());
        }
        let of = bare.named(&*self.names(tx).await?);
        match activity::event(&of, &Uuid::now_v7().to_string()) {
            Some(event) => queue(tx, wanting, &event).await,
            None => Ok(()),
        }
    }
}

/// Somebody took or closed an alert: whoever was told of it is told of that.
async fn disposed(fact: &CommittedFact, stage: Stage, tx: &mut Tx) -> Result<(), StoreError> {
    let id = fact.body.get("alert").and_then(Value::as_str).and_then(|id| id.parse::<AlertId>().ok());
    let Some(id) = id else { return Ok(()) };
    match tx.alert(id).await? {
        Some(alert) => send(tx, &alert, stage).await,
        None => Ok(()),
    }
}
