//! Emergencies whose review is overdue: a fact once for each deadline, and by it an alert.

use chaperone_policy::{Facts, Window, WindowId};
use chaperone_store::{FactKind, NewFact, Store, StoreError};
use jiff::Timestamp;
use serde_json::json;

/// The key under which an overdue review is told, so that one node tells it once.
fn key(window: WindowId, due: Timestamp) -> String {
    format!("review-overdue/{window}/{}", due.as_microsecond())
}

/// The emergencies that nobody has reviewed in time, each with its key.
pub(crate) fn overdue(facts: &Facts, now: Timestamp) -> Vec<(String, WindowId)> {
    let late = |window: &Window| window.review_overdue(now).map(|due| (key(window.id, due), window.id));
    facts.windows.values().filter_map(late).collect()
}

/// Writes down that a review is overdue, unless that was done before, or somebody has reviewed it since.
pub(crate) async fn tell(store: &Store, wanted: String, id: WindowId) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            Box::pin(async move {
                let (window, now) = (tx.window(id).await?, tx.now());
                let Some(due) = window.review_overdue(now).filter(|due| key(id, *due) == wanted) else {
                    return Ok(());
                };
                if !tx.tell_once(&wanted).await? {
                    return Ok(());
                }
                let words: Vec<_> = window.approvals.iter().map(|yes| yes.by).collect();
                let body = json!({ "due": due, "opened_by": words, "reason": window.reason });
                let fact = NewFact::new(FactKind::ReviewOverdue, now, body);
                let fact = fact.in_window(id).of_vendor(window.vendor).also_on(window.targets);
                tx.fact(fact).await.map(drop)
            })
        })
        .await
}
