//! One person of each role, two vendors, and the API served on loopback.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chaperone_alert::{AddressPolicy, Alerts, Delivery};
use chaperone_desk::{Desk, DeskKeys};
use chaperone_identity::{Factors, TokenKeys};
use chaperone_policy::{Grant, Person, PersonId, Role, Scope, Validity, Vendor, VendorId};
use chaperone_recorder::{Folder, Identity, RecordingKeys, SigningKey};
use chaperone_session::Gate;
use chaperone_store::{Store, StoreConfig, StoreError, StoreTasks};
use chaperone_vault::Vault;
use chaperone_web::route::Route;
use chaperone_web::{Accept, App, Parts, Sealing, Settings, serve};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// A public key of nobody's.
pub const SSH_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJl3dIeudNqd0DPMRD6OIh65EPLqKjdZkAA6ZTqCmN0d";
/// A webhook's secret.
pub const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// The API of a small hospital. It ends when this is dropped.
pub struct Hospital {
    pub store: Store,
    tokens: TokenKeys,
    client: reqwest::Client,
    address: SocketAddr,
    folder: tempfile::TempDir,
    _tasks: StoreTasks,
    _serving: DropGuard,
}

struct Plain(TcpListener);

impl Accept for Plain {
    type Stream = TcpStream;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        self.0.accept().await.unwrap()
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Hospital {
    pub async fn open(host_tokens: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, tasks, alerts) = database(folder.path()).await;
        let identity = Identity::generate();
        let keys = RecordingKeys {
            evidence: vec![identity.recipient()],
            unmask: vec![Identity::generate().recipient()],
            signer: Arc::new(SigningKey::generate().unwrap()),
        };
        let recordings = Folder::open(&folder.path().join("recordings")).unwrap();
        let vault = Vault::load_or_create(&folder.path().join("vault.key")).unwrap();
        let tokens = TokenKeys::load_or_create(&folder.path().join("token.key")).unwrap();
        let desk_keys = DeskKeys { seal_keys: vec![keys.signer.public()], identities: vec![identity] };
        let gate = Gate::new(
            store.clone(),
            recordings.clone(),
            keys,
            vault.clone(),
            chaperone_session::Settings::default(),
        );
        let delivery = Delivery::new(store.clone(), alerts, AddressPolicy::private(), Arc::new(|_| None));
        let app = App::new(Parts {
            store: store.clone(),
            gate,
            vault: vault.clone(),
            folder: recordings.clone(),
            desk: Desk::new(store.clone(), recordings, desk_keys),
            delivery,
            tokens: tokens.clone(),
            factors: Factors::new(store.clone(), Box::new(Sealing(vault)), "Test".into()),
            settings: Settings {
                host_tokens,
                addresses: AddressPolicy::private(),
                https: false,
                step_up: SignedDuration::from_mins(15),
                zone: TimeZone::UTC,
                demo: None,
            },
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(serve(app, Plain(listener), stop.clone()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { store, tokens, client, address, folder, _tasks: tasks, _serving: stop.drop_guard() }
    }

    pub fn token(&self, login: &str) -> String {
        self.tokens
            .mint_on_host(&login.parse().unwrap(), Timestamp::now(), SignedDuration::from_hours(1))
            .unwrap()
    }

    /// Tries a route with nothing in particular in its path and body.
    pub async fn knock(&self, route: &Route, token: &str) -> (StatusCode, Value) {
        let mut path = route.path.to_owned();
        while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
            path.replace_range(from..=to, "0193a5c4-0000-7000-8000-000000000000");
        }
        if path.ends_with("/export") {
            path.push_str("?format=txt");
        }
        let body = (route.method != "GET").then(|| json!({}));
        self.send(route.method.parse().unwrap(), &path, token, body).await
    }

    pub async fn get(&self, login: &str, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, path, &self.token(login), None).await
    }

    pub async fn post(&self, login: &str, path: &str, body: Value) -> (StatusCode, Value) {
        self.send(Method::POST, path, &self.token(login), Some(body)).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("http://{}{path}", self.address));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let kind = response.headers().get("content-type").map(|kind| kind.as_bytes().to_vec());
        if kind.is_some_and(|kind| kind.starts_with(b"text/event-stream")) {
            return (status, Value::Null);
        }
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub async fn target(&self, name: &str) {
        let target = json!({
            "name": name,
            "ssh": {
                "address": "127.0.0.1:22", "host_keys": [SSH_KEY],
                "accounts": [{"account": "svc", "kind": "password", "secret": "hunter2"}],
            },
        });
        let (status, answer) = self.post("clinical-engineer", "/api/targets", target).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    pub fn wish(&self, target: &str, technician: &str) -> Value {
        json!({
            "targets": [target], "technicians": [technician], "access": ["shell"], "opens": "now", "closes": "+1h",
            "purpose": "patch", "reason": "security patch",
        })
    }

    /// Every file of the hospital's, except the keys.
    pub fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_file() && path.extension().is_none_or(|ext| ext != "key")).collect()
    }
}

async fn database(folder: &Path) -> (Store, StoreTasks, Arc<Alerts>) {
    let url = format!("sqlite:{}", folder.join("chaperone.db").display());
    Store::migrate(&url).await.unwrap();
    let config = StoreConfig {
        url,
        node: "gate".to_owned(),
        folder: folder.to_owned(),
        origin: "hospital.example/test".to_owned(),
        ledger_key: Arc::new(SigningKey::generate().unwrap()),
    };
    let alerts = Arc::new(Alerts::new(TimeZone::UTC));
    let (store, tasks) = Store::open(config, alerts.clone()).await.unwrap();
    let people: Result<(), StoreError> = store
        .write(|tx| {
            Box::pin(async move {
                let [ours, theirs] = ["Meridian", "Northwind"].map(vendor);
                let admin = person("administrator", Role::Administrator, None);
                tx.add_person(&admin, None).await?;
                tx.add_vendor(&ours, admin.id).await?;
                tx.add_vendor(&theirs, admin.id).await?;
                for role in Role::ALL.into_iter().filter(|role| *role != Role::Administrator) {
                    let of_vendor = matches!(role, Role::Technician | Role::Coordinator).then_some(ours.id);
                    tx.add_person(&person(role.as_str(), role, of_vendor), Some(admin.id)).await?;
                }
                let other = person("other-technician", Role::Technician, Some(theirs.id));
                tx.add_person(&other, Some(admin.id)).await
            })
        })
        .await;
    people.unwrap();
    (store, tasks, alerts)
}

fn vendor(name: &str) -> Vendor {
    let id = VendorId(Uuid::now_v7());
    Vendor {
        id,
        name: name.to_owned(),
        sponsor: None,
        validity: Validity::default(),
        source_networks: Vec::new(),
    }
}

fn person(login: &str, role: Role, vendor: Option<VendorId>) -> Person {
    Person {
        id: PersonId(Uuid::now_v7()),
        login: login.parse().unwrap(),
        name: login.to_owned(),
        email: None,
        vendor,
        grants: vec![Grant { role, scope: Scope::All }],
        validity: Validity::default(),
        source_networks: Vec::new(),
        keys: Vec::new(),
        session_limit: None,
        sponsor: None,
    }
}
