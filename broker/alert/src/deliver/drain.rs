//! One destination's task: takes its queue in order, sends, marks; waits for news, for the line to break, or out a failure.
//!
//! ```text
//! due ─► connect ─► (new connection? send the last minute again) ─► send, send, … ─► mark
//! ```
//!
//! The mark is the commit point. A crash before it sends again; nothing is marked that was not sent.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chaperone_store::{OutboxRow, StoreError};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, info, warn};

use super::backoff::{Failure, pause};
use super::fault::SendError;
use super::gauge::Gauge;
use super::link::{Link, Outgoing};
use super::outbox::Outbox;
use crate::ocsf::numbered;

/// Rows that are in memory at once: with events of a few KiB, well under a MiB per destination.
const BATCH: usize = 64;
/// How often the queue is looked at without news.
const POLL: Duration = Duration::from_secs(1);
/// How long news gather before the queue is looked at: a flood of facts costs 50 looks a second, not thousands.
const GATHER: Duration = Duration::from_millis(20);
/// News cut a pause short, but not below this: a receiver that answers with errors is not asked at the pace of facts.
const RETRY_ON_NEWS: Duration = Duration::from_secs(60);

/// Why a round did not come to its end.
#[derive(Debug, thiserror::Error)]
enum DrainError {
    #[error("the outbox cannot be read or marked")]
    Outbox(#[from] StoreError),
    #[error("an event cannot be sent")]
    Send(#[from] SendError),
}

impl DrainError {
    fn failure(&self) -> Failure {
        match self {
            Self::Outbox(_) => Failure::Unreachable,
            Self::Send(fault) => fault.failure(),
        }
    }
}

/// The task of one destination. Dropping its future ends it; nothing is lost by that.
pub struct Drain<O, N> {
    /// The queue.
    pub outbox: O,
    /// The line.
    pub link: Link,
    /// The destination's name.
    pub name: String,
    /// This node's name.
    pub node: String,
    /// Changes whenever there may be news in the queue.
    pub news: watch::Receiver<N>,
    /// What others may know of this task.
    pub gauge: Arc<Gauge>,
    /// Whether an event that the receiver refuses for good is passed by, as a fact: what one person is told must not wait
    /// for another's mailbox. An alert is never passed by.
    pub passes_by: bool,
    /// What links to the web's pages begin with, once it is known.
    pub site: Arc<OnceLock<String>>,
    /// Whether an earlier connection may have lost something.
    pub lost: bool,
}

impl<O: Outbox, N: Send + Sync> Drain<O, N> {
    /// Runs until the receiver says that it wants no more.
    pub async fn run(mut self) {
        let mut failures = 0u32;
        loop {
            match self.round().await {
                Ok(true) => failures = 0,
                Ok(false) => {
                    failures = 0;
                    self.idle().await;
                }
                Err(DrainError::Send(fault)) if fault.is_final() => {
                    if self.give_up(&fault).await {
                        return;
                    }
                }
                Err(fault) => {
                    failures = failures.saturating_add(1);
                    self.rest(failures, &fault).await;
                }
            }
        }
    }

    /// Sends what is due, up to one batch. `Ok(false)` says that nothing was.
    async fn round(&mut self) -> Result<bool, DrainError> {
        let due = self.outbox.due(BATCH).await?;
        if due.is_empty() && !self.lost {
            return Ok(false);
        }
        if self.link.connect().await? {
            self.resend().await?;
        }
        self.lost = false;
        self.gauge.up();
        let some = !due.is_empty();
        for chunk in due.chunks(self.link.marks_every()) {
            self.send(chunk).await?;
        }
        Ok(some)
    }

    /// Sends a few rows and marks those that went out, also when a later one did not.
    async fn send(&mut self, rows: &[OutboxRow]) -> Result<(), DrainError> {
        let mut through = None;
        let mut fault = None;
        for row in rows {
            match self.send_one(row).await {
                Ok(()) => through = Some(row.sequence),
                Err(failed) if self.passes_by && failed.is_refusal() => {
                    let words = chain(&failed);
                    warn!(destination = %self.name, sequence = row.sequence, fault = %words, "a notice is passed by");
                    self.outbox.passed_by(row.sequence, &words).await?;
                    through = Some(row.sequence);
                }
                Err(failed) => {
                    fault = Some((row.sequence, failed));
                    break;
                }
            }
        }
        if let Some(through) = through {
            let now = Timestamp::now();
            self.outbox.sent(through, now).await?;
            self.gauge.delivered(now);
        }
        match fault {
            None => Ok(()),
            Some((sequence, failed)) => {
                self.gauge.waits_for(sequence);
                Err(failed.into())
            }
        }
    }

    /// Sends the last minute before the break again, under its old numbers: the line before may have lost it.
    async fn resend(&mut self) -> Result<(), DrainError> {
        let span = self.link.resends();
        if span.is_zero() {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let rows = self.outbox.recent(span, after, BATCH).await?;
            for row in &rows {
                self.send_one(row).await?;
                after = row.sequence;
            }
            if rows.len() < BATCH {
                return Ok(());
            }
        }
    }

    async fn send_one(&mut self, row: &OutboxRow) -> Result<(), SendError> {
        let event = numbered(&row.event, row.sequence);
        let out = Outgoing {
            event: &event,
            sequence: row.sequence,
            destination: &self.name,
            node: &self.node,
            site: self.site.get().map(String::as_str).unwrap_or_default(),
        };
        let sent = self.link.send(&out, Timestamp::now()).await;
        self.lost |= sent.is_err();
        sent
    }

    /// Waits for news, the next look, or a line that breaks.
    async fn idle(&mut self) {
        tokio::select! {
            changed = self.news.changed() => match changed {
                Ok(()) => sleep(GATHER).await,
                Err(_) => sleep(POLL).await,
            },
            () = sleep(POLL) => {}
            broken = self.link.broken() => {
                debug!(destination = %self.name, fault = %broken, "the collector went away");
                self.link.hang_up();
                self.lost = true;
            }
        }
    }

    /// Waits out a failure. News cut it short, unless the receiver asked for the pause.
    async fn rest(&mut self, failures: u32, fault: &DrainError) {
        let failure = fault.failure();
        let pause = pause(failures, failure);
        let words = chain(fault);
        if failures == 1 {
            warn!(destination = %self.name, fault = %words, "delivery fails; events wait in the outbox");
        }
        let now = Timestamp::now();
        self.gauge.down(&words, now);
        if let (DrainError::Send(_), Some(sequence)) = (fault, self.gauge.waiting()) {
            let next = now.checked_add(pause).unwrap_or(now);
            if let Err(unnoted) = self.outbox.failed(sequence, next).await {
                debug!(destination = %self.name, fault = %unnoted, "a failed delivery could not be noted");
            }
        }
        let start = Instant::now();
        let patient = matches!(failure, Failure::Answered(Some(_)));
        tokio::select! {
            () = sleep_until(start + pause) => {}
            _ = self.news.changed(), if !patient => sleep_until(start + pause.min(RETRY_ON_NEWS)).await,
        }
    }

    async fn give_up(&mut self, fault: &SendError) -> bool {
        let now = Timestamp::now();
        let words = chain(fault);
        self.gauge.down(&words, now);
        match self.outbox.disable(&words).await {
            Ok(()) => {
                info!(destination = %self.name, "the receiver wants no more: destination disabled");
                true
            }
            Err(unwritten) => {
                warn!(destination = %self.name, fault = %unwritten, "a destination could not be disabled");
                sleep(POLL).await;
                false
            }
        }
    }
}

/// An error with its causes, on one line.
pub(crate) fn chain(fault: &dyn std::error::Error) -> String {
    let mut words = fault.to_string();
    let mut cause = fault.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    crate::sanitise::plain(&words, crate::sanitise::FIELD_MAX)
}
