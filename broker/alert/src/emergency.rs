//! While the database is gone there is no alert table and no outbox; the SOC hears all the same (DESIGN 5.4).
//!
//! Facts that go to the store's spool are told at once to one syslog collector that stands in the configuration file and
//! not in the database. Each is told again, as an ordinary alert, once the spool has entered the ledger: these messages
//! are the first word, and say so (`unmapped.emergency`).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::{AlertId, DestinationId, Facts};
use chaperone_store::{CommittedFact, Destination, DestinationKind, Reach, Store};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;
use uuid::Uuid;

use crate::content::{Telling, content};
use crate::deliver::{AddressFault, AddressPolicy, Link, Outgoing, chain};
use crate::group;
use crate::occurrence::Occurrence;
use crate::ocsf::finding::{self, Finding, Stage};
use crate::ocsf::{activity, numbered};
use crate::rule::{Action, Rule, RuleBook};

/// The destination's name in its messages.
const NAME: &str = "emergency";
/// Messages that wait for the collector; the oldest go first, and the count says how many went.
const WAITING: usize = 256;
/// Groups that are counted; a scan that makes up more starts the count again.
const GROUPS: usize = 1024;
/// Between tries of a collector that does not answer.
const RETRY: Duration = Duration::from_secs(1);

/// Tells one collector of what goes to the spool.
pub struct Emergency {
    link: Link,
    rules: RuleBook,
    zone: TimeZone,
    counts: HashMap<String, u64>,
    waiting: VecDeque<Value>,
    dropped: u64,
    sequence: u64,
}

impl Emergency {
    /// For a collector at `tls://HOST:PORT`, whom the certificates of this machine vouch for, `tcp://HOST:PORT` or
    /// `udp://HOST:PORT`; `zone` is the hospital's, for the words. Connects to nothing until there is something to say.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(url: &str, zone: TimeZone) -> Result<Self, AddressFault> {
        let collector = Destination {
            id: DestinationId(Uuid::nil()),
            name: NAME.to_owned(),
            kind: DestinationKind::Syslog,
            address: url.to_owned(),
            reach: Reach::default(),
            events: "alerts".to_owned(),
            secret: None,
            enabled: true,
        };
        let link = Link::new(&collector, None, &Arc::new(AddressPolicy::default()))?;
        let (counts, waiting) = (HashMap::new(), VecDeque::new());
        Ok(Self { link, rules: RuleBook::standard(), zone, counts, waiting, dropped: 0, sequence: 0 })
    }

    /// Tells for ever; best effort, since what it is about is on stable storage already.
    pub async fn run(mut self, store: Store) {
        let mut spooled = store.spooled();
        loop {
            let fact = tokio::select! {
                fact = spooled.recv() => fact,
                () = sleep(RETRY), if !self.waiting.is_empty() => {
                    self.send_waiting(store.node()).await;
                    continue;
                }
            };
            match fact {
                Ok(fact) => {
                    let facts = store.last_known_facts().unwrap_or_default();
                    if let Some(event) = self.event(&fact, &facts) {
                        self.put(event);
                        self.send_waiting(store.node()).await;
                    }
                }
                Err(RecvError::Lagged(missed)) => self.dropped = self.dropped.saturating_add(missed),
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// What the fact is told as: an alert where a rule makes one of it, the end of a visit as its own event, nothing
    /// otherwise.
    fn event(&mut self, fact: &CommittedFact, facts: &Facts) -> Option<Value> {
        let of = Occurrence::read(fact, facts);
        let uid = Uuid::now_v7().to_string();
        let rule = self.rules.judge(&of).filter(|rule| rule.action == Action::Alert).cloned();
        let mut event = match rule {
            None => activity::event(&of, &uid)?,
            Some(rule) => self.alert(&of, &rule, facts, &uid)?,
        };
        mark(&mut event, self.dropped);
        Some(event)
    }

    /// The alert on it; a group that grows speaks at 1, 10, 100, …
    fn alert(&mut self, of: &Occurrence, rule: &Rule, facts: &Facts, uid: &str) -> Option<Value> {
        let count = self.counted(group::key(rule, of));
        if !group::speaks(count, of.at, of.at) {
            return None;
        }
        let (severity, zone) = (rule.severity, &self.zone);
        let telling = Telling { rule, severity, escalation: None, facts, zone, sessions_now: &[] };
        let content = content(of, &telling);
        let finding = Finding {
            alert: AlertId(Uuid::now_v7()),
            stage: Stage::Create,
            acknowledged: false,
            severity,
            count,
            first: of.at,
            last: of.at,
            content: &content,
            verdict_id: None,
        };
        Some(finding::event(&finding, uid, Timestamp::now()))
    }

    fn counted(&mut self, key: String) -> u64 {
        if self.counts.len() >= GROUPS && !self.counts.contains_key(&key) {
            self.counts.clear();
        }
        let count = self.counts.entry(key).or_default();
        *count += 1;
        *count
    }

    fn put(&mut self, event: Value) {
        if self.waiting.len() >= WAITING {
            self.waiting.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
        self.sequence += 1;
        self.waiting.push_back(numbered(&event, self.sequence));
    }

    async fn send_waiting(&mut self, node: &str) {
        while let Some(event) = self.waiting.front() {
            let sequence = event.pointer("/metadata/sequence").and_then(Value::as_u64).unwrap_or_default();
            let out = Outgoing { event, sequence, destination: NAME, node, site: "" };
            let sent = match self.link.connect().await {
                Ok(_) => self.link.send(&out, Timestamp::now()).await,
                Err(error) => Err(error),
            };
            if let Err(error) = sent {
                tracing::warn!(error = chain(&error), "the emergency destination does not take a message");
                return;
            }
            self.waiting.pop_front();
        }
    }
}

/// Says that this is the first word from a gate without its database, and has no number in the ledger yet.
fn mark(event: &mut Value, dropped: u64) {
    let Some(members) = event.as_object_mut() else { return };
    let unmapped = members.entry("unmapped").or_insert_with(|| json!({}));
    if let Some(unmapped) = unmapped.as_object_mut() {
        unmapped.remove("fact");
        unmapped.insert("emergency".to_owned(), json!(true));
        unmapped.insert("dropped".to_owned(), json!(dropped));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_group_speaks_at_powers_of_ten_and_every_message_says_what_it_is() {
        let mut emergency = Emergency::new("udp://127.0.0.1:514", TimeZone::UTC).unwrap();
        let facts = sample::town().facts;
        let body = sample::refused_body(chaperone_policy::Reason::Store, None);
        let fact = sample::fact(chaperone_store::FactKind::AttemptRefused, body);
        let told: Vec<Value> = (0..100).filter_map(|_| emergency.event(&fact, &facts)).collect();
        let counts: Vec<_> = told.iter().map(|event| event["count"].as_u64().unwrap()).collect();
        assert_eq!(counts, [1, 10, 100]);
        for event in &told {
            assert_eq!(event["unmapped"]["emergency"], true, "{event:#}");
            assert!(event["unmapped"].get("fact").is_none(), "it has no number yet");
        }
    }

    #[test]
    fn what_waits_is_bounded_and_says_what_it_lost() {
        let mut emergency = Emergency::new("tcp://127.0.0.1:1", TimeZone::UTC).unwrap();
        for _ in 0..WAITING + 7 {
            emergency.put(json!({ "metadata": {} }));
        }
        assert_eq!((emergency.waiting.len(), emergency.dropped), (WAITING, 7));
        assert_eq!(emergency.waiting[0]["metadata"]["sequence"], 8);
    }
}
