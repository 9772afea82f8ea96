//! Delivery against real sockets: nothing lost, in order, under the same numbers, whatever goes down.

pub(super) mod authority;
mod mail;
mod mail_server;
mod receiver;
mod syslog;
mod tls;
mod webhook;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chaperone_policy::DestinationId;
use chaperone_store::{Destination, DestinationKind, OutboxRow, Reach, StoreError};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use uuid::Uuid;

use super::drain::Drain;
use super::gauge::Gauge;
use super::link::{Link, NOTICES};
use super::outbox::Outbox;
use super::webhook::address::AddressPolicy;
use crate::ocsf::test_event;

/// A queue in memory. Clones share it, as tasks before and after a crash share a database.
#[derive(Clone, Default)]
pub(super) struct MemoryOutbox {
    state: Arc<Mutex<Rows>>,
}

#[derive(Default)]
struct Rows {
    rows: BTreeMap<u64, (OutboxRow, Option<Timestamp>)>,
    refuse_marks: bool,
    failures: Vec<u64>,
    disabled: Option<String>,
    passed_by: Vec<u64>,
}

impl MemoryOutbox {
    pub(super) fn with(rows: std::ops::RangeInclusive<u64>) -> Self {
        let outbox = Self::default();
        rows.for_each(|sequence| outbox.push(sequence));
        outbox
    }

    pub(super) fn push(&self, sequence: u64) {
        let event = test_event(&format!("uid-{sequence}"), "soc", Timestamp::now());
        self.state.lock().unwrap().rows.insert(sequence, (OutboxRow { sequence, event }, None));
    }

    /// Something else than a test.
    pub(super) fn put(&self, sequence: u64, event: serde_json::Value) {
        self.state.lock().unwrap().rows.insert(sequence, (OutboxRow { sequence, event }, None));
    }

    /// As if marked at that time by an earlier process.
    pub(super) fn mark(&self, sequence: u64, at: Timestamp) {
        self.state.lock().unwrap().rows.get_mut(&sequence).unwrap().1 = Some(at);
    }

    pub(super) fn refuse_marks(&self, refuse: bool) {
        self.state.lock().unwrap().refuse_marks = refuse;
    }

    pub(super) fn marked(&self) -> usize {
        self.state.lock().unwrap().rows.values().filter(|row| row.1.is_some()).count()
    }

    pub(super) fn failures(&self) -> Vec<u64> {
        self.state.lock().unwrap().failures.clone()
    }

    pub(super) fn passed_by(&self) -> Vec<u64> {
        self.state.lock().unwrap().passed_by.clone()
    }

    pub(super) fn disabled(&self) -> Option<String> {
        self.state.lock().unwrap().disabled.clone()
    }
}

impl Outbox for MemoryOutbox {
    async fn due(&self, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        let state = self.state.lock().unwrap();
        Ok(state.rows.values().filter(|row| row.1.is_none()).take(limit).map(|row| row.0.clone()).collect())
    }

    async fn recent(&self, span: Duration, after: u64, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        let state = self.state.lock().unwrap();
        let Some(newest) = state.rows.values().filter_map(|row| row.1).max() else { return Ok(Vec::new()) };
        let from = newest - SignedDuration::try_from(span).unwrap();
        let recent = state.rows.iter().filter(|(n, row)| **n > after && row.1.is_some_and(|at| at >= from));
        Ok(recent.take(limit).map(|(_, row)| row.0.clone()).collect())
    }

    async fn sent(&self, through: u64, at: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state.lock().unwrap();
        if state.refuse_marks {
            return Err(refusal());
        }
        for row in state.rows.range_mut(..=through).map(|row| row.1).filter(|row| row.1.is_none()) {
            row.1 = Some(at);
        }
        Ok(())
    }

    async fn failed(&self, sequence: u64, _next: Timestamp) -> Result<(), StoreError> {
        self.state.lock().unwrap().failures.push(sequence);
        Ok(())
    }

    async fn passed_by(&self, sequence: u64, _why: &str) -> Result<(), StoreError> {
        self.state.lock().unwrap().passed_by.push(sequence);
        Ok(())
    }

    async fn disable(&self, why: &str) -> Result<(), StoreError> {
        self.state.lock().unwrap().disabled = Some(why.to_owned());
        Ok(())
    }
}

/// A destination of alerts at this address, and nothing else of it.
pub(super) fn destination(kind: DestinationKind, url: &str) -> Destination {
    Destination {
        id: DestinationId(Uuid::nil()),
        name: "soc".to_owned(),
        kind,
        address: url.to_owned(),
        reach: Reach::default(),
        events: "alerts".to_owned(),
        secret: None,
        enabled: true,
    }
}

/// A running task, ended when it is dropped: what kill -9 does, as far as the task is concerned.
pub(super) struct Running {
    task: tokio::task::JoinHandle<()>,
    pub gauge: Arc<Gauge>,
    news: watch::Sender<u64>,
}

impl Running {
    pub(super) fn start(
        outbox: &MemoryOutbox,
        kind: DestinationKind,
        url: &str,
        secret: Option<&str>,
    ) -> Self {
        Self::to(outbox, &destination(kind, url), secret)
    }

    pub(super) fn to(outbox: &MemoryOutbox, to: &Destination, secret: Option<&str>) -> Self {
        let policy = Arc::new(AddressPolicy { loopback: true, networks: Vec::new() });
        let (news, receiver) = watch::channel(0u64);
        let gauge = Arc::new(Gauge::default());
        let drain = Drain {
            outbox: outbox.clone(),
            link: Link::new(to, secret, &policy).unwrap(),
            name: "soc".into(),
            node: "gate-1".into(),
            news: receiver,
            gauge: Arc::clone(&gauge),
            passes_by: to.events == NOTICES,
            site: Arc::new("https://gate.example".to_owned().into()),
            lost: true,
        };
        Self { task: tokio::spawn(drain.run()), gauge, news }
    }

    pub(super) fn tell(&self) {
        self.news.send_modify(|n| *n += 1);
    }

    pub(super) async fn ended(mut self) {
        tokio::time::timeout(Duration::from_secs(5), &mut self.task).await.unwrap().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits for something that a task does on its own time.
pub(super) async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

fn refusal() -> StoreError {
    StoreError::Gone(None)
}
