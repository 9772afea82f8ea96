//! From a judged occurrence to an alert: raised or grown, and told to every destination, inside one transaction.

use std::sync::{Arc, Mutex, PoisonError};

use chaperone_policy::{AlertId, DestinationId, Facts};
use chaperone_store::{AlertRow, AlertState, CommittedFact, FactKind, NewFact, Store, StoreError, Tx};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Severity;
use crate::content::{Telling, content, grown};
use crate::deliver::NOTICES;
use crate::group;
use crate::notice::{self, Timing};
use crate::occurrence::Occurrence;
use crate::ocsf::finding::{self, Finding, Stage};
use crate::rule::{Grouping, Rule, RuleBook};

/// How old the names in an event that is no alert may be.
const NAMES_FRESH: SignedDuration = SignedDuration::from_secs(1);
/// Two proven people off schedule within this are together worse than each alone.
const AT_ONCE: SignedDuration = SignedDuration::from_mins(10);
/// Alerts that are looked through for growth nobody was told of.
const LOOKED_THROUGH: u32 = 500;

/// The SOC's side of every commit: judges facts, keeps alerts, fills outboxes. Hand it to [`Store::open`].
pub struct Alerts {
    book: RuleBook,
    zone: TimeZone,
    names: Mutex<Option<(Timestamp, Arc<Facts>)>>,
}

impl Alerts {
    /// With the standard rules; `zone` is the hospital's, for the words in alerts.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        Self::with_rules(RuleBook::standard(), zone)
    }

    /// With these rules.
    #[must_use]
    pub fn with_rules(book: RuleBook, zone: TimeZone) -> Self {
        Self { book, zone, names: Mutex::new(None) }
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &RuleBook {
        &self.book
    }

    /// Tells what has grown since it was last told, once a minute has passed: the count at which a flood ended.
    ///
    /// # Errors
    /// When the database does not answer; the next call does the rest.
    pub async fn tell_grown(&self, store: &Store, now: Timestamp) -> Result<(), StoreError> {
        for alert in store.open_alerts(LOOKED_THROUGH).await? {
            if alert.last > alert.told && now.duration_since(alert.told) >= group::TELL_EVERY {
                let key = alert.group_key;
                store.write(move |tx| Box::pin(tell_if_grown(tx, key, now))).await?;
            }
        }
        Ok(())
    }

    /// Tells people what a fact about a change window says, in the fact's own commit.
    pub(crate) async fn notify(&self, fact: &CommittedFact, tx: &mut Tx) -> Result<(), StoreError> {
        let wanting = notice::wanting(tx).await?;
        if wanting.is_empty() {
            return Ok(());
        }
        let facts = tx.shared_facts().await?;
        match notice::spoken(fact, &facts) {
            Some(news) => notice::queue(tx, &notice::notices(&news, &facts, &self.zone), &wanting).await,
            None => Ok(()),
        }
    }

    /// Tells what is due under this key, unless another node has; `false` when it is due no more.
    pub(crate) async fn tell_due(
        &self,
        tx: &mut Tx,
        key: &str,
        timing: &Timing,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let facts = tx.shared_facts().await?;
        let due = notice::due(&facts, timing, now);
        let Some(due) = due.iter().find(|due| due.key == key) else { return Ok(false) };
        let wanting = notice::wanting(tx).await?;
        // The mark and the messages are one commit: told once, and not marked without being told.
        if tx.tell_once(key).await? {
            notice::queue(tx, &notice::notices(&due.news, &facts, &self.zone), &wanting).await?;
        }
        Ok(true)
    }

    /// Raises an alert on the occurrence, or lets the one that is open grow.
    pub(crate) async fn alert(&self, bare: &Occurrence, rule: &Rule, tx: &mut Tx) -> Result<(), StoreError> {
        let key = group::key(rule, bare);
        match tx.open_alert(&key).await? {
            None => self.raise(bare, rule, key, tx).await,
            Some(alert) => self.grow(alert, bare, rule, tx).await,
        }
    }

    async fn raise(
        &self,
        bare: &Occurrence,
        rule: &Rule,
        key: String,
        tx: &mut Tx,
    ) -> Result<(), StoreError> {
        let others = if rule.grouping == Grouping::Person { together(bare, rule, tx).await? } else { false };
        let escalation = others.then_some("a second proven person is off schedule at the same time");
        let severity = if others { Severity::Critical } else { rule.severity };
        let (told, title) = self.tell(bare, rule, severity, escalation, tx).await?;
        let now = tx.now();
        let mut alert = AlertRow {
            id: AlertId(Uuid::now_v7()),
            group_key: key,
            rule: rule.name.to_owned(),
            severity: severity.as_str().to_owned(),
            state: AlertState::New.as_str().to_owned(),
            title,
            first: bare.at,
            last: bare.at,
            told: now,
            count: 1,
            content: Value::Null,
            acknowledged_by: None,
            closed_by: None,
            disposition: None,
            note: None,
        };
        alert.content = grown(&told, bare, &alert);
        tx.put_alert(&alert).await?;
        tx.fact(fact(FactKind::AlertRaised, &alert, bare, now)).await?;
        send(tx, &alert, Stage::Create).await
    }

    async fn grow(
        &self,
        mut alert: AlertRow,
        bare: &Occurrence,
        rule: &Rule,
        tx: &mut Tx,
    ) -> Result<(), StoreError> {
        let now = tx.now();
        alert.count = alert.count.saturating_add(1);
        // Facts from a spool carry their own, earlier times.
        alert.first = alert.first.min(bare.at);
        alert.last = alert.last.max(bare.at);
        let speaks = group::speaks(alert.count, alert.told, now);
        if speaks {
            let severity = severity(&alert).max(rule.severity);
            let escalation = alert.content.get("escalation").and_then(Value::as_str).map(str::to_owned);
            let (mut told, title) = self.tell(bare, rule, severity, escalation.as_deref(), tx).await?;
            keep_samples(&alert.content, &mut told);
            (alert.content, alert.title, alert.told) = (told, title, now);
            severity.as_str().clone_into(&mut alert.severity);
        }
        alert.content = grown(&alert.content, bare, &alert);
        tx.put_alert(&alert).await?;
        if speaks {
            tx.fact(fact(FactKind::AlertGrown, &alert, bare, now)).await?;
            send(tx, &alert, Stage::Update).await?;
        }
        Ok(())
    }

    /// The alert's content and title, with every name in them.
    async fn tell(
        &self,
        bare: &Occurrence,
        rule: &Rule,
        severity: Severity,
        escalation: Option<&str>,
        tx: &mut Tx,
    ) -> Result<(Value, String), StoreError> {
        let facts = tx.shared_facts().await?;
        let of = bare.named(&facts);
        let sessions_now = match of.target_id {
            Some(target) => tx.live_sessions_on(target).await?,
            None => Vec::new(),
        };
        let telling = Telling {
            rule,
            severity,
            escalation,
            facts: &facts,
            zone: &self.zone,
            sessions_now: &sessions_now,
        };
        let content = content(&of, &telling);
        let title = content.get("verdict").and_then(Value::as_str).unwrap_or(rule.title).to_owned();
        Ok((content, title))
    }

    /// Names for events that are no alerts; a flood of them reads the tables once a second.
    pub(crate) async fn names(&self, tx: &mut Tx) -> Result<Arc<Facts>, StoreError> {
        let now = tx.now();
        let kept = self.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, facts)) = kept
            && now.duration_since(at).abs() < NAMES_FRESH
        {
            return Ok(facts);
        }
        let facts = tx.shared_facts().await?;
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&facts)));
        Ok(facts)
    }
}

/// Whether another proven person's alert of the same rule began a moment ago.
async fn together(bare: &Occurrence, rule: &Rule, tx: &mut Tx) -> Result<bool, StoreError> {
    if rule.severity < Severity::High || bare.kind != FactKind::AttemptRefused {
        return Ok(false);
    }
    let Some(person) = bare.person_id else { return Ok(false) };
    let since = tx.now().checked_sub(AT_ONCE).unwrap_or(Timestamp::MIN);
    let theirs = format!("|person={person}|");
    let open = tx.open_alerts_since(since).await?;
    Ok(open.iter().any(|alert| {
        alert.rule == rule.name && alert.group_key.contains("|person=") && !alert.group_key.contains(&theirs)
    }))
}

async fn tell_if_grown(tx: &mut Tx, key: String, now: Timestamp) -> Result<(), StoreError> {
    // Somebody else may have told it, or closed it, since it was read.
    let Some(mut alert) = tx.open_alert(&key).await? else { return Ok(()) };
    if alert.last <= alert.told || now.duration_since(alert.told) < group::TELL_EVERY {
        return Ok(());
    }
    alert.told = now;
    tx.put_alert(&alert).await?;
    let fact = NewFact::new(FactKind::AlertGrown, now, body(&alert)).also_on(tx.target_of(&alert).await?);
    tx.fact(fact).await?;
    send(tx, &alert, Stage::Update).await
}

/// Puts the alert's event into the outbox of every destination that is on.
pub(crate) async fn send(tx: &mut Tx, alert: &AlertRow, stage: Stage) -> Result<(), StoreError> {
    let uid = Uuid::now_v7().to_string();
    let finding = Finding {
        alert: alert.id,
        stage,
        acknowledged: alert.state == AlertState::Acknowledged.as_str(),
        severity: severity(alert),
        count: alert.count,
        first: alert.first,
        last: alert.last,
        content: &alert.content,
        verdict_id: alert.disposition.as_deref().and_then(verdict_id),
    };
    let event = finding::event(&finding, &uid, tx.now());
    let destinations = tx.destinations().await?;
    let on =
        destinations.into_iter().filter(|destination| destination.enabled && destination.events != NOTICES);
    queue(tx, on.map(|destination| destination.id).collect(), &event).await
}

/// Puts an event into these outboxes, under each one's next number.
pub(crate) async fn queue(tx: &mut Tx, to: Vec<DestinationId>, event: &Value) -> Result<(), StoreError> {
    for destination in to {
        tx.queue(destination, event).await?;
    }
    Ok(())
}

/// OCSF `verdict_id` of a disposition.
fn verdict_id(disposition: &str) -> Option<u8> {
    match disposition {
        "true-positive" => Some(2),
        "benign" => Some(5),
        "false-positive" => Some(1),
        "needs-more-data" => Some(7),
        _ => None,
    }
}

fn severity(alert: &AlertRow) -> Severity {
    Severity::ALL.into_iter().find(|severity| severity.as_str() == alert.severity).unwrap_or(Severity::High)
}

fn fact(kind: FactKind, alert: &AlertRow, of: &Occurrence, now: Timestamp) -> NewFact {
    NewFact {
        person: of.person_id,
        target: of.target_id,
        // With the window goes the vendor: who may see the one is not shown another's.
        window: of.window,
        vendor: of.vendor_id,
        session: of.session,
        attempt: of.attempt,
        ..NewFact::new(kind, now, body(alert))
    }
}

fn body(alert: &AlertRow) -> Value {
    json!({
        "alert": alert.id,
        "rule": alert.rule,
        "severity": alert.severity,
        "title": alert.title,
        "count": alert.count.to_string(),
    })
}

fn keep_samples(old: &Value, new: &mut Value) {
    if let (Some(samples), Some(new)) = (old.get("samples"), new.as_object_mut()) {
        new.insert("samples".to_owned(), samples.clone());
    }
}
