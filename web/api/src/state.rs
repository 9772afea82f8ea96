//! What every handler works with.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use chaperone_alert::{AddressPolicy, Delivery};
use chaperone_desk::Desk;
use chaperone_identity::{Factors, TokenKeys};
use chaperone_policy::Endpoint;
use chaperone_recorder::{Folder, Space};
use chaperone_session::{DialError, Gate};
use chaperone_store::{FactKind, ProposedKey, Store};
use chaperone_vault::Vault;
use futures::future::BoxFuture;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::carry::Carrier;
use crate::handle::two_keepers::TwoKeepers;
use crate::host_token::HostTokens;
use crate::issuing::{Issue, Succession, TlsDoor};
use crate::looked::Looked;
use crate::problem::Problem;
use crate::reading::TlsReader;
use crate::router;
use crate::stream::Places;

/// How the API treats its callers.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether tokens minted on the host may approve, replay, verify and export (P8).
    pub host_tokens: bool,
    /// Where webhooks may go.
    pub addresses: AddressPolicy,
    /// Whether browsers come by HTTPS.
    pub https: bool,
    /// How long a proven second factor does for acts that want a fresh one.
    pub step_up: SignedDuration,
    /// The hospital's time zone: times that people read are in it.
    pub zone: TimeZone,
    /// The file that says whom the demo signs in with one click; nothing but in the demo.
    pub demo: Option<PathBuf>,
}

/// Where technicians come by SSH.
#[derive(Clone, Debug)]
pub struct SshDoor {
    /// The name or address that they use.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The host key, as one OpenSSH public key line.
    pub key: String,
    /// Its fingerprint, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// The line of `known_hosts` that vouches for servers which are reached by `ssh -J`; `None` where none is.
    pub authority: Option<String>,
}

/// Asks an SSH endpoint which host keys it shows; sends nothing secret.
pub type Scan =
    Box<dyn Fn(Endpoint) -> BoxFuture<'static, Result<Vec<ProposedKey>, DialError>> + Send + Sync>;

/// What an [`App`] is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The node's sessions.
    pub gate: Gate,
    /// Seals credentials.
    pub vault: Vault,
    /// Where recordings are written.
    pub folder: Folder,
    /// Opens evidence.
    pub desk: Desk,
    /// Delivers alerts.
    pub delivery: Delivery,
    /// Checks tokens.
    pub tokens: TokenKeys,
    /// Checks passwords and second factors.
    pub factors: Factors,
    /// How callers are treated.
    pub settings: Settings,
}

/// The API of one node; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) parts: Arc<Shared>,
}

pub(crate) struct Shared {
    pub store: Store,
    pub gate: Gate,
    pub vault: Vault,
    pub folder: Folder,
    pub desk: Desk,
    pub delivery: Delivery,
    pub tokens: TokenKeys,
    pub factors: Factors,
    pub settings: Settings,
    pub host_tokens: HostTokens,
    pub keepers: TwoKeepers,
    pub looked: Looked,
    pub site: OnceLock<String>,
    pub ssh: OnceLock<SshDoor>,
    pub carrier: OnceLock<Carrier>,
    pub tls_carrier: OnceLock<Carrier>,
    pub tls: OnceLock<TlsDoor>,
    pub issue: OnceLock<Issue>,
    pub succession: OnceLock<Succession>,
    pub reader: OnceLock<Box<dyn TlsReader>>,
    pub scan: OnceLock<Scan>,
    pub streams: Places,
    pub openapi: String,
}

impl App {
    /// An API over its parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { store, gate, vault, folder, desk, delivery, tokens, factors, settings } = parts;
        let (host_tokens, keepers) = (HostTokens::default(), TwoKeepers::default());
        let openapi = router::openapi();
        Self {
            parts: Arc::new(Shared {
                store,
                gate,
                vault,
                folder,
                desk,
                delivery,
                tokens,
                factors,
                settings,
                host_tokens,
                keepers,
                looked: Looked::default(),
                site: OnceLock::new(),
                ssh: OnceLock::new(),
                carrier: OnceLock::new(),
                tls_carrier: OnceLock::new(),
                tls: OnceLock::new(),
                issue: OnceLock::new(),
                succession: OnceLock::new(),
                reader: OnceLock::new(),
                scan: OnceLock::new(),
                streams: Places::default(),
                openapi,
            }),
        }
    }
}

impl App {
    /// Says how host keys are asked for, on a node that reaches servers. The first word stands.
    pub fn scans_with(&self, scan: Scan) {
        // A node has one way; a second word changes nothing.
        drop(self.parts.scan.set(scan));
    }
}

impl App {
    /// Says what links to the pages begin with, without a slash at the end. The first word stands.
    pub fn is_at(&self, site: String) {
        drop(self.parts.site.set(site));
    }

    /// Says where technicians come by SSH, once that door is open. The first word stands.
    pub fn ssh_is_at(&self, door: SshDoor) {
        drop(self.parts.ssh.set(door));
    }

    /// Says where technicians come by TLS, once that door is open. The first word stands.
    pub fn tls_is_at(&self, door: TlsDoor) {
        drop(self.parts.tls.set(door));
    }

    /// Says who signs certificates for technicians, on a node that lets them in. The first word stands.
    pub fn issues_with(&self, issue: Issue) {
        drop(self.parts.issue.set(issue));
    }

    /// Says how the authority that vouches for the gate is replaced. The first word stands.
    pub fn succeeds_with(&self, succession: Succession) {
        drop(self.parts.succession.set(succession));
    }

    /// Says who reads certificates and keys. The first word stands.
    pub fn reads_tls_with(&self, reader: Box<dyn TlsReader>) {
        drop(self.parts.reader.set(reader));
    }

    /// Who reads certificates and keys, for those who show what they can.
    pub(crate) fn reading(&self) -> Option<&dyn TlsReader> {
        self.parts.reader.get().map(|reader| &**reader)
    }

    /// Who reads certificates and keys.
    pub(crate) fn reader(&self) -> Result<&dyn TlsReader, Problem> {
        let none = || Problem::unavailable("this node reads no certificates", "ask another node");
        self.reading().ok_or_else(none)
    }

    /// Says who takes SSH that comes over web sockets, once that door is open. The first word stands.
    pub fn carries_ssh_to(&self, carrier: Carrier) {
        drop(self.parts.carrier.set(carrier));
    }

    /// Says who takes TLS that comes over web sockets, once that door is open. The first word stands.
    pub fn carries_tls_to(&self, carrier: Carrier) {
        drop(self.parts.tls_carrier.set(carrier));
    }

    /// What links to the pages begin with.
    #[must_use]
    pub fn site(&self) -> &str {
        self.parts.site.get().map(String::as_str).unwrap_or_default()
    }

    /// Why a visit would not be let in now; empty when it would.
    pub(crate) async fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        match self.parts.store.went_back().await {
            Ok(false) => {}
            Ok(true) => {
                faults.push("the database went back: two people run chaperone ledger fork".to_owned())
            }
            Err(error) => faults.push(error.to_string()),
        }
        if !self.parts.gate.is_accepting() {
            faults.push("the spool is full: no connection is taken until the database is back".to_owned());
        }
        match self.parts.folder.space() {
            Ok(Space::Ok) => {}
            Ok(_) => faults.push("the recordings' disk is low: no visit begins".to_owned()),
            Err(error) => faults.push(error.to_string()),
        }
        faults
    }

    /// Name, kind, help and value of every figure.
    pub(crate) async fn figures(&self) -> Vec<(&'static str, &'static str, &'static str, f64)> {
        let now = Timestamp::now();
        let store = &self.parts.store;
        let mut figures = vec![
            ("sessions_live", "gauge", "Visits on this node now.", count(self.parts.gate.live_count())),
            ("facts_total", "counter", "Facts in the ledger.", whole(store.head().size)),
            (
                "database_up",
                "gauge",
                "Whether the database answers.",
                f64::from(u8::from(store.gone_for().is_none())),
            ),
        ];
        if let Ok(refused) = store.count_facts(FactKind::AttemptRefused).await {
            figures.push((
                "attempts_refused_total",
                "counter",
                "Refused attempts of proven people.",
                whole(refused),
            ));
        }
        if let Ok(failed) = store.count_facts(FactKind::AttemptFailed).await {
            figures.push(("attempts_failed_total", "counter", "Attempts whose proof failed.", whole(failed)));
        }
        if let Ok(health) = self.parts.delivery.health().await {
            let depth = health.iter().map(|line| line.depth).sum();
            let oldest = health.iter().filter_map(|line| line.oldest).min();
            let age = oldest.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64());
            figures.push(("outbox_depth", "gauge", "Messages that wait for their receivers.", whole(depth)));
            figures.push(("outbox_oldest_seconds", "gauge", "How long the oldest of them has waited.", age));
        }
        figures
    }
}

/// Exact up to 2⁵³, which no counter of ours reaches.
fn whole(number: u64) -> f64 {
    number as f64
}

fn count(number: usize) -> f64 {
    number as f64
}
