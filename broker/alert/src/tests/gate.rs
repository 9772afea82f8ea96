//! A store with the alert reaction on a fresh SQLite file, a few people, and a receiver of octet-counted messages.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::sample::Town;
use crate::{AddressPolicy, Alerts, Delivery, DestinationHealth};
use chaperone_policy::{
    Card, DestinationId, Grant, Person, PersonId, Reason, Refusal, Role, Scope, Target, TargetId, Validity,
};
use chaperone_recorder::SigningKey;
use chaperone_store::{
    Destination, DestinationKind, FactFilter, FactKind, NewFact, Reach, Store, StoreConfig, StoreError,
    StoreTasks,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

pub struct Gate {
    pub store: Store,
    pub dana: PersonId,
    pub eve: PersonId,
    pub priya: PersonId,
    target: TargetId,
    alerts: Arc<Alerts>,
    _tasks: StoreTasks,
    _folder: TempDir,
}

/// A running delivery, ended when it is dropped.
pub struct Running(Delivery, JoinHandle<()>);

impl std::ops::Deref for Running {
    type Target = Delivery;
    fn deref(&self) -> &Delivery {
        &self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.1.abort();
    }
}

impl Gate {
    /// With everybody and everything of a town, and nobody else.
    pub async fn of(town: &Town) -> Self {
        let gate = Self::empty().await;
        let (facts, by) = (town.facts.clone(), town.dana);
        let moved_in = gate.store.write(move |tx| {
            Box::pin(async move {
                for vendor in facts.vendors.values() {
                    tx.add_vendor(vendor, by).await?;
                }
                for person in facts.people.values() {
                    tx.add_person(person, None).await?;
                }
                for target in facts.targets.values() {
                    tx.add_target(target, by).await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        moved_in.await.unwrap();
        gate
    }

    pub async fn open() -> Self {
        let gate = Self::empty().await;
        let (dana, eve, priya, target) = (gate.dana, gate.eve, gate.priya, gate.target);
        let people = [
            person(dana, "dana", "Dana Reyes", Role::Technician),
            person(eve, "eve", "Eve Stone", Role::Technician),
            person(priya, "priya", "Priya", Role::ClinicalEngineer),
        ];
        gate.store
            .write(move |tx| {
                Box::pin(async move {
                    for person in &people {
                        tx.add_person(person, None).await?;
                    }
                    tx.add_target(&server(target), priya).await
                })
            })
            .await
            .unwrap();
        gate
    }

    async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("gate.db").display());
        Store::migrate(&url).await.unwrap();
        let alerts = Arc::new(Alerts::new(TimeZone::UTC));
        let config = StoreConfig {
            url,
            node: "gate-1".into(),
            folder: folder.path().to_owned(),
            origin: "gate.test/ledger".into(),
            ledger_key: Arc::new(SigningKey::generate().unwrap()),
        };
        let (store, tasks) = Store::open(config, alerts.clone()).await.unwrap();
        let [dana, eve, priya] = [1u128, 2, 3].map(|n| PersonId(Uuid::from_u128(n)));
        let target = TargetId(Uuid::from_u128(4));
        Self { store, dana, eve, priya, target, alerts, _tasks: tasks, _folder: folder }
    }

    /// A destination; returns its id.
    pub async fn add(&self, destination: Destination) -> DestinationId {
        let id = destination.id;
        self.store.add_destination(destination, self.priya).await.unwrap();
        id
    }

    /// A delivery that does nothing by itself.
    pub fn delivery(&self) -> Delivery {
        let policy = AddressPolicy { loopback: true, networks: Vec::new() };
        Delivery::new(self.store.clone(), self.alerts.clone(), policy, Arc::new(|_| None))
    }

    pub async fn syslog(&self, name: &str, url: &str, events: &str) -> DestinationId {
        let id = DestinationId(Uuid::now_v7());
        let destination = Destination {
            id,
            name: name.into(),
            kind: DestinationKind::Syslog,
            address: url.into(),
            reach: Reach::default(),
            events: events.into(),
            secret: None,
            enabled: true,
        };
        self.store.add_destination(destination, self.priya).await.unwrap();
        id
    }

    pub async fn refuse(&self, reason: &str, source: &str) {
        self.refuse_person(self.dana, reason, source).await;
    }

    pub async fn refuse_person(&self, person: PersonId, reason: &str, source: &str) {
        self.store.fact(self.refusal(person, reason, source)).await.unwrap();
    }

    pub async fn refuse_and_fail(&self, reason: &str) {
        let fact = self.refusal(self.dana, reason, "203.0.113.7:1");
        let done = self.store.write(move |tx| {
            Box::pin(async move {
                tx.fact(fact).await?;
                Err::<(), _>(StoreError::NotFound("what this command needs"))
            })
        });
        done.await.unwrap_err();
    }

    fn refusal(&self, person: PersonId, reason: &str, source: &str) -> NewFact {
        let reason: Reason = serde_json::from_value(json!(reason)).unwrap();
        let refusal =
            Refusal { off_by: Some(SignedDuration::from_mins(190)), ..Refusal::without_window(reason) };
        let body = json!({
            "reason": reason, "refusal": refusal, "source": source, "target": "alaris-sm-01",
            "proof": { "login": "dana", "method": "publickey", "key": "SHA256:abc" },
        });
        NewFact::new(FactKind::AttemptRefused, Timestamp::now(), body).by(person).on(self.target)
    }

    pub async fn fail(&self, login: &str, source: &str) {
        let body = json!({ "reason": "unknown-person", "source": source, "proof": { "login": login } });
        self.store.fact(NewFact::new(FactKind::AttemptFailed, Timestamp::now(), body)).await.unwrap();
    }

    pub async fn facts_of(&self, kind: FactKind) -> usize {
        let page = self.store.facts_page(&FactFilter::default(), 1_000).await.unwrap();
        page.iter().filter(|fact| fact.kind == kind).count()
    }

    pub fn deliver(&self) -> Running {
        let delivery = self.delivery();
        let runs = delivery.clone();
        Running(delivery, tokio::spawn(async move { runs.run().await }))
    }

    /// How the first destination by name stands.
    pub async fn health(&self, running: &Running) -> DestinationHealth {
        running.0.health().await.unwrap().remove(0)
    }
}

fn person(id: PersonId, login: &str, name: &str, role: Role) -> Person {
    Person {
        id,
        login: login.parse().unwrap(),
        name: name.into(),
        email: None,
        vendor: None,
        grants: vec![Grant { role, scope: Scope::All }],
        validity: Validity::default(),
        source_networks: Vec::new(),
        keys: Vec::new(),
        session_limit: None,
        sponsor: None,
    }
}

fn server(id: TargetId) -> Target {
    Target {
        id,
        name: "alaris-sm-01".parse().unwrap(),
        endpoints: Vec::new(),
        card: Card { pumps: Some(412), ..Card::default() },
        approvals: Vec::new(),
        durable: false,
        observer_required: false,
        session_limit: None,
    }
}

/// Reads octet-counted messages for ever.
pub struct Receiver {
    port: u16,
    state: Arc<Mutex<(usize, Vec<String>)>>,
}

impl Receiver {
    pub async fn listen() -> Self {
        Self::on(0).await
    }

    /// A port that nobody listens on, for a receiver that comes up later.
    pub async fn port_for_later() -> u16 {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
    }

    pub async fn on(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new((0, Vec::new())));
        let kept = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                kept.lock().unwrap().0 += 1;
                let kept = Arc::clone(&kept);
                tokio::spawn(async move {
                    let mut reader = BufReader::new(stream);
                    loop {
                        let mut count = Vec::new();
                        if reader.read_until(b' ', &mut count).await.unwrap_or(0) == 0 {
                            return;
                        }
                        let length: usize = std::str::from_utf8(&count).unwrap().trim().parse().unwrap();
                        let mut message = vec![0; length];
                        reader.read_exact(&mut message).await.unwrap();
                        kept.lock().unwrap().1.push(String::from_utf8(message).unwrap());
                    }
                });
            }
        });
        Self { port, state }
    }

    pub fn url(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    pub async fn connected(&self) {
        while self.state.lock().unwrap().0 == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The message that arrived as the `n`th, once it has.
    pub async fn nth(&self, n: usize) -> String {
        for _ in 0..1_000 {
            if let Some(message) = self.state.lock().unwrap().1.get(n) {
                return message.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("message {n} never came");
    }
}
