//! What a destination's task needs of the database: its queue, in order.

use std::future::Future;
use std::time::Duration;

use chaperone_policy::DestinationId;
use chaperone_store::{FactKind, NewFact, OutboxRow, Store, StoreError};
use jiff::Timestamp;
use serde_json::json;

/// The durable queue of one destination.
///
/// Rows come in by the commit of the fact that they tell. They go out in the order of their numbers; a row is marked after
/// it was sent, so a crash in between sends it again under the same number. One task calls this at a time.
pub trait Outbox: Send + Sync + 'static {
    /// The first `limit` rows that are not marked, lowest number first.
    fn due(&self, limit: usize) -> impl Future<Output = Result<Vec<OutboxRow>, StoreError>> + Send;

    /// Marked rows above `after` that were marked at most `span` before the newest mark, lowest number first.
    fn recent(
        &self,
        span: Duration,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<OutboxRow>, StoreError>> + Send;

    /// Marks every row up to and including `through`. Durable on return.
    fn sent(&self, through: u64, at: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Notes that the first row did not go out, and when it is tried again.
    fn failed(&self, sequence: u64, next: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes down, as a fact, that a row's receiver refuses it for good. The caller marks it.
    fn passed_by(&self, sequence: u64, why: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Turns the destination off, as a fact: its receiver wants no more.
    fn disable(&self, why: &str) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The outbox of one destination in the store.
pub struct StoreOutbox {
    store: Store,
    destination: DestinationId,
}

impl StoreOutbox {
    pub(super) fn new(store: Store, destination: DestinationId) -> Self {
        Self { store, destination }
    }
}

impl Outbox for StoreOutbox {
    async fn due(&self, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.store.outbox_due(self.destination, limit).await
    }

    async fn recent(&self, span: Duration, after: u64, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.store.outbox_recent(self.destination, span, after, limit).await
    }

    async fn sent(&self, through: u64, at: Timestamp) -> Result<(), StoreError> {
        self.store.outbox_sent(self.destination, through, at).await
    }

    async fn failed(&self, sequence: u64, next: Timestamp) -> Result<(), StoreError> {
        self.store.outbox_failed(self.destination, sequence, next).await
    }

    async fn passed_by(&self, sequence: u64, why: &str) -> Result<(), StoreError> {
        let body = json!({ "destination": self.destination, "sequence": sequence.to_string(), "why": why });
        self.store.fact(NewFact::new(FactKind::NoticeRefused, Timestamp::now(), body)).await.map(drop)
    }

    async fn disable(&self, why: &str) -> Result<(), StoreError> {
        self.store.disable_destination(self.destination, why.to_owned()).await
    }
}
