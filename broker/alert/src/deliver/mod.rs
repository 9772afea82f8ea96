//! Delivery: one task per destination drains its outbox; this module keeps the tasks in step with the table of
//! destinations, and sees to it that a stuck one is told of by another.

mod backoff;
mod drain;
mod fault;
mod fit;
mod gauge;
mod link;
mod mail;
mod outbox;
mod render;
mod syslog;
#[cfg(test)]
mod tests;
mod tls;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use chaperone_policy::{DestinationId, PersonId};
use chaperone_store::{Destination, DestinationKind, FactKind, NewFact, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::{info, warn};
use uuid::Uuid;

pub use fault::AddressFault;
pub use mail::MailError;
pub use syslog::SyslogError;
pub use tls::fault::TlsFault;
pub use tls::{PemFault, TermsFault};
pub use webhook::WebhookError;
pub use webhook::address::{AddressError, AddressPolicy};
pub use webhook::sign::{SecretError, WebhookSecret};

use crate::alerts::Alerts;
use crate::notice::{self, Timing};
use crate::ocsf::test_event;
use crate::overdue;
use drain::Drain;
pub(crate) use drain::chain;
use gauge::Gauge;
pub(crate) use link::{Link, NOTICES, Outgoing};
pub(crate) use mail::letter::Lines;
use outbox::StoreOutbox;

/// How often the table of destinations is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How often queues and growing alerts are looked through.
const REVIEW: Duration = Duration::from_secs(5);
/// A queue whose oldest event waits this long behind a line that is down is stuck.
const STUCK_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// How often the outboxes are cleared of what was delivered long ago.
const PRUNE: Duration = Duration::from_secs(600);
/// How long delivered events stay, for whoever asks for them again. The facts that they tell stay in the ledger.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long it is kept what people were told by the clock: longer than a window is looked at.
const TOLD_KEPT: SignedDuration = SignedDuration::from_hours(500 * 24);
/// Keys that are in memory at once; beyond them the database is asked again.
const TOLD_KNOWN: usize = 10_000;

/// Opens a destination's sealed secret; `None` says that it cannot be opened.
pub type Unseal = Arc<dyn Fn(&Destination) -> Option<String> + Send + Sync>;

/// How one destination stands.
#[derive(Clone, Debug, Serialize)]
pub struct DestinationHealth {
    /// Identity.
    pub destination: DestinationId,
    /// Name.
    pub name: String,
    /// Whether anything is sent.
    pub enabled: bool,
    /// Events that wait.
    pub depth: u64,
    /// When the oldest of them was queued.
    pub oldest: Option<Timestamp>,
    /// When this process last delivered one.
    pub last_delivered: Option<Timestamp>,
    /// Since when the line is down.
    pub failing_since: Option<Timestamp>,
    /// Why.
    pub fault: Option<String>,
}

/// The delivery of one node; cheap to clone. Exactly one node of those that share a database runs it.
#[derive(Clone)]
pub struct Delivery {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    alerts: Arc<Alerts>,
    addresses: Arc<AddressPolicy>,
    unseal: Unseal,
    site: Arc<OnceLock<String>>,
    timing: Timing,
    told: Mutex<BTreeSet<String>>,
    lines: Mutex<BTreeMap<DestinationId, Line>>,
}

/// One destination that is on.
struct Line {
    destination: Destination,
    gauge: Arc<Gauge>,
    /// `None` while its configuration is no use.
    task: Option<JoinHandle<()>>,
    told_stuck: bool,
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Delivery {
    /// Over a store. `addresses` says where webhooks may go; `unseal` opens their secrets.
    #[must_use]
    pub fn new(store: Store, alerts: Arc<Alerts>, addresses: AddressPolicy, unseal: Unseal) -> Self {
        Self::with_timing(store, alerts, addresses, unseal, Timing::default())
    }

    /// The same, with what people are told by the clock told at other times.
    #[must_use]
    pub fn with_timing(
        store: Store,
        alerts: Arc<Alerts>,
        addresses: AddressPolicy,
        unseal: Unseal,
        timing: Timing,
    ) -> Self {
        let (addresses, site) = (Arc::new(addresses), Arc::default());
        let (told, lines) = (Mutex::default(), Mutex::default());
        Self { shared: Arc::new(Shared { store, alerts, addresses, unseal, site, timing, told, lines }) }
    }

    /// Says what links to the web's pages begin with, without a slash at the end. The first word stands; until it is
    /// said, letters carry no links.
    pub fn is_at(&self, site: String) {
        drop(self.shared.site.set(site));
    }

    /// Delivers for ever. Dropping the future ends every destination's task; what was not marked is sent again by the
    /// next run.
    pub async fn run(&self) {
        let _ends_with_this = EndLines(&self.shared);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reviewed = tokio::time::Instant::now();
        let mut prune = interval(PRUNE);
        prune.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut news = self.shared.store.changes();
        loop {
            tokio::select! {
                _ = look.tick() => {}
                _ = prune.tick() => {
                    if let Err(error) = self.prune(Timestamp::now()).await {
                        warn!(%error, "what was delivered long ago cannot be removed from the outbox");
                    }
                }
                changed = news.changed() => {
                    // A new destination is a fact. A flood of facts is looked at ten times a second.
                    sleep(LOOK / 5).await;
                    if changed.is_err() {
                        sleep(LOOK).await;
                    }
                }
            }
            match self.shared.store.destinations().await {
                Ok(destinations) => self.shared.keep_in_step(destinations),
                Err(error) => warn!(%error, "the destinations cannot be read"),
            }
            if reviewed.elapsed() >= REVIEW {
                reviewed = tokio::time::Instant::now();
                if let Err(error) = self.review(Timestamp::now()).await {
                    warn!(%error, "queues and alerts cannot be looked through");
                }
            }
        }
    }

    /// Tells the SOC what has grown untold and what is stuck, and people what is due. [`Delivery::run`] does it every five seconds.
    ///
    /// # Errors
    /// When the database does not answer; the next call does the rest.
    pub async fn review(&self, now: Timestamp) -> Result<(), StoreError> {
        self.shared.alerts.tell_grown(&self.shared.store, now).await?;
        self.shared.tell_due(now).await?;
        self.shared.tell_overdue(now).await?;
        for health in self.health().await? {
            let waits = health.oldest.is_some_and(|oldest| now.duration_since(oldest) >= STUCK_AFTER);
            let stuck = health.enabled && waits && health.failing_since.is_some();
            if self.shared.turns_stuck(health.destination, stuck) {
                self.shared.store.fact(stuck_fact(&health, now)).await?;
            }
        }
        Ok(())
    }

    /// Removes what was delivered more than a week ago. [`Delivery::run`] does it every ten minutes.
    ///
    /// # Errors
    /// When the database does not answer; the next call does the rest.
    pub async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        let before = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        let long_ago = now.checked_sub(TOLD_KEPT).unwrap_or(Timestamp::MIN);
        self.shared.store.forget_told(long_ago).await?;
        for destination in self.shared.store.destinations().await? {
            let gone = self.shared.store.outbox_prune(destination.id, before).await?;
            if gone > 0 {
                info!(destination = %destination.name, gone, "delivered events have left the outbox");
            }
        }
        Ok(())
    }

    /// How every destination stands: queue depth, oldest event, and why nothing goes out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn health(&self) -> Result<Vec<DestinationHealth>, StoreError> {
        let mut all = Vec::new();
        for destination in self.shared.store.destinations().await? {
            let queue = self.shared.store.outbox_health(destination.id).await?;
            let state =
                self.shared.lines().get(&destination.id).map(|line| line.gauge.read()).unwrap_or_default();
            all.push(DestinationHealth {
                destination: destination.id,
                name: destination.name,
                enabled: destination.enabled,
                depth: queue.depth,
                oldest: queue.oldest,
                last_delivered: state.last_delivered,
                failing_since: state.failing_since,
                fault: state.fault,
            });
        }
        Ok(all)
    }
}

/// Checks a destination before it is stored; `secret` is what its sealed secret will hold.
///
/// # Errors
/// What is wrong with its address, certificates or secret.
pub fn check(
    destination: &Destination,
    secret: Option<&str>,
    addresses: &AddressPolicy,
) -> Result<(), AddressFault> {
    Link::new(destination, secret, &Arc::new(addresses.clone())).map(drop)
}

/// Queues a test message, as a fact, by somebody; returns its number at the destination. Where notices are mailed, the
/// test goes to whoever asks for it.
///
/// # Errors
/// When there is no such destination, who asks has no mail address where one is needed, or the database does not answer.
pub async fn send_test(store: &Store, destination: &Destination, by: PersonId) -> Result<u64, StoreError> {
    let (id, name) = (destination.id, destination.name.clone());
    let notices = destination.events == NOTICES && destination.kind == DestinationKind::Smtp;
    store
        .write(move |tx| {
            Box::pin(async move {
                let mut event = test_event(&Uuid::now_v7().to_string(), &name, tx.now());
                if notices {
                    let facts = tx.facts().await?;
                    let email = facts.people.get(&by).and_then(|person| person.email.clone());
                    event =
                        notice::test(&event, &email.ok_or(StoreError::NotFound("mail address of yours"))?);
                }
                let sequence = tx.queue(id, &event).await?;
                let body = json!({ "destination": id, "name": name, "sequence": sequence.to_string() });
                tx.fact(NewFact::new(FactKind::DestinationTested, tx.now(), body).by(by)).await?;
                Ok(sequence)
            })
        })
        .await
}

/// Waits until the destination has the event of this number; `false` when `patience` runs out first.
///
/// # Errors
/// When the database does not answer.
pub async fn await_delivery(
    store: &Store,
    destination: DestinationId,
    sequence: u64,
    patience: Duration,
) -> Result<bool, StoreError> {
    let end = tokio::time::Instant::now() + patience;
    loop {
        let due = store.outbox_due(destination, 1).await?;
        if due.first().is_none_or(|row| row.sequence > sequence) {
            return Ok(true);
        }
        if tokio::time::Instant::now() >= end {
            return Ok(false);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

fn stuck_fact(health: &DestinationHealth, now: Timestamp) -> NewFact {
    let body = json!({
        "destination": health.destination,
        "name": health.name,
        "why": health.fault,
        "waiting": health.depth.to_string(),
        "oldest": health.oldest.map(|oldest| oldest.to_string()),
    });
    NewFact::new(FactKind::DestinationFault, now, body)
}

/// Ends every line when the run that keeps them ends.
struct EndLines<'a>(&'a Shared);

impl Drop for EndLines<'_> {
    fn drop(&mut self) {
        self.0.lines().clear();
    }
}

impl Shared {
    /// Nothing panics while it holds the lock, and each change is one call: a poisoned map is whole.
    fn lines(&self) -> MutexGuard<'_, BTreeMap<DestinationId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells people what is due and was not told: each key once, whichever node comes first.
    async fn tell_due(&self, now: Timestamp) -> Result<(), StoreError> {
        let facts = self.store.facts().await?;
        let due = notice::due(&facts, &self.timing, now);
        for key in due.into_iter().map(|due| due.key).filter(|key| !self.knows(key)).collect::<Vec<_>>() {
            let (alerts, timing, wanted) = (Arc::clone(&self.alerts), self.timing.clone(), key.clone());
            let told = self
                .store
                .write(move |tx| Box::pin(async move { alerts.tell_due(tx, &wanted, &timing, now).await }));
            if told.await? {
                self.keep(key);
            }
        }
        Ok(())
    }

    /// Emergencies that nobody has reviewed in time.
    async fn tell_overdue(&self, now: Timestamp) -> Result<(), StoreError> {
        for (key, window) in overdue::overdue(&*self.store.facts().await?, now) {
            if !self.knows(&key) {
                overdue::tell(&self.store, key.clone(), window).await?;
                self.keep(key);
            }
        }
        Ok(())
    }

    fn knows(&self, key: &str) -> bool {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    fn keep(&self, key: String) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= TOLD_KNOWN {
            told.clear();
        }
        told.insert(key);
    }

    /// Starts, restarts and ends tasks, so that there is one for each destination that is on, as it is configured now.
    fn keep_in_step(&self, destinations: Vec<Destination>) {
        let mut lines = self.lines();
        lines.retain(|id, line| match destinations.iter().find(|now| now.id == *id) {
            None => false,
            // It is off: nothing is sent, and why it was turned off stays to be read.
            Some(now) if !now.enabled => {
                line.task.take().inspect(|task| task.abort());
                line.destination.enabled = false;
                true
            }
            Some(now) => *now == line.destination,
        });
        for destination in destinations.into_iter().filter(|destination| destination.enabled) {
            lines.entry(destination.id).or_insert_with(|| self.line(destination));
        }
    }

    fn line(&self, destination: Destination) -> Line {
        let gauge = Arc::new(Gauge::default());
        let secret = (self.unseal)(&destination);
        let link = Link::new(&destination, secret.as_deref(), &self.addresses);
        let task = match link {
            Ok(link) => Some(tokio::spawn(self.drain(&destination, link, &gauge).run())),
            Err(fault) => {
                let words = drain::chain(&fault);
                warn!(destination = %destination.name, fault = %words, "a destination cannot be used");
                gauge.down(&words, Timestamp::now());
                None
            }
        };
        info!(destination = %destination.name, kind = destination.kind.as_str(), "delivery starts");
        Line { destination, gauge, task, told_stuck: false }
    }

    fn drain(
        &self,
        destination: &Destination,
        link: Link,
        gauge: &Arc<Gauge>,
    ) -> Drain<StoreOutbox, chaperone_store::Head> {
        Drain {
            outbox: StoreOutbox::new(self.store.clone(), destination.id),
            link,
            name: destination.name.clone(),
            node: self.store.node().to_owned(),
            news: self.store.changes(),
            gauge: Arc::clone(gauge),
            passes_by: destination.events == NOTICES,
            site: Arc::clone(&self.site),
            lost: true,
        }
    }

    /// Keeps in mind whether a destination is stuck; `true` when it has just become so.
    fn turns_stuck(&self, id: DestinationId, stuck: bool) -> bool {
        let mut lines = self.lines();
        let Some(line) = lines.get_mut(&id) else { return false };
        let turns = stuck && !line.told_stuck;
        line.told_stuck = stuck;
        turns
    }
}
