//! A node: its layers, opened over one another, and its doors.

mod tls;
mod web;

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chaperone_alert::{AddressPolicy, Alerts, Delivery, Emergency, Unseal};
use chaperone_desk::Desk;
use chaperone_identity::{Factors, TokenKeys};
use chaperone_session::Gate;
use chaperone_ssh::{
    Bounds, Callers, Demand, HostIdentity, HostKey, Proxies, Rekey, SecondFactor, SshListener, scan_host_keys,
};
use chaperone_store::{Destination, FactKind, NewFact, Store, StoreTasks};
use chaperone_vault::Vault;
use chaperone_web::{App, Carried, Carrier, Parts, Sealing, SshDoor};
use futures::future::select_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::certificate::{self, Shown};
use super::keys::{Authority, Keys};
use super::recipients::{self, Recipients};
use super::tls_reader::Reads;
use super::visits::Visits;
use super::{NodeRole, authority, database, evidence, expiry};
use crate::cli::{Failure, chain};
use crate::config::{Config, Mode, TlsPort};

/// A node's open layers.
pub(super) struct Node {
    store: Store,
    /// Ended by dropping, after everything that uses the store.
    _tasks: StoreTasks,
    gate: Gate,
    delivery: Delivery,
    desk: Desk,
    app: App,
    factors: Factors,
    vault: Vault,
    /// The certificates of its doors.
    shown: Vec<Shown>,
    host: Option<HostKey>,
    /// Signs what browsers show at consoles.
    tokens: TokenKeys,
    /// What vouches for servers that are reached by `ssh -J`.
    authority: Option<Authority>,
    /// Whom recordings are sealed to, where visits are let in.
    recipients: Option<Recipients>,
    /// What it has to say of its keys.
    said: serde_json::Value,
    delivers: bool,
    visits: Visits,
    /// Held as long as the node runs.
    _alone: File,
}

/// A node's doors, open.
pub(super) struct Served {
    /// Where SSH is served.
    pub ssh: Option<SocketAddr>,
    /// The web's address, as a URL.
    pub web: String,
    /// SHA-256 of the web's certificate, where it speaks HTTPS.
    pub certificate: Option<String>,
    /// Where targets are reached by TLS.
    pub tls: Option<SocketAddr>,
    /// Where all of them share a port.
    pub shared: Option<SocketAddr>,
    doors: Vec<Door>,
}

/// A task that runs as long as the node does.
struct Door {
    name: &'static str,
    task: JoinHandle<()>,
}

impl Served {
    /// Waits for the signal. A task that ends before it is a fault, and stops the node: half a gate is none.
    pub(super) async fn until_stopped(self, stop: &CancellationToken) -> Result<(), Failure> {
        let (names, tasks): (Vec<_>, Vec<_>) =
            self.doors.into_iter().map(|door| (door.name, door.task)).unzip();
        // Tasks that are left when the signal comes go on: listeners end by the token, the rest with the process.
        // Asked first: a listener that has ended because of the token has not ended by itself.
        tokio::select! {
            biased;
            () = stop.cancelled() => Ok(()),
            (_, at, _) = select_all(tasks) => {
                stop.cancel();
                let name = names.get(at).copied().unwrap_or("a task");
                Err(Failure::failed(format!("{name} ended by itself"), "see the log; systemd starts the gate again"))
            }
        }
    }
}

impl Node {
    /// Opens every layer; recovers what the last run left behind.
    pub(super) async fn open(
        config: &Config,
        roles: &[NodeRole],
        demo: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let alone = alone(config)?;
        let (lets_in, delivers) = (roles.contains(&NodeRole::Gate), roles.contains(&NodeRole::Desk));
        let mut keys = Keys::read(&config.data, lets_in, delivers)?;
        let mut said = evidence::told(keys.desk.as_ref(), &keys.left_alone);
        database::migrate(config).await?;
        let alerts = Arc::new(Alerts::new(config.gate.time_zone.clone()));
        let (store, tasks) = database::open(config, Arc::clone(&keys.ledger), Arc::clone(&alerts)).await?;
        let visits = Visits::start()
            .map_err(|error| Failure::failed(format!("no threads can be had for visits: {error}"), ""))?;
        let folder = evidence::folder(config, lets_in)?;
        let gate = evidence::gate(config, &store, &folder, keys.gate.as_ref(), keys.vault.clone());
        let recipients = lets_in.then(|| Recipients::read(&config.data)).transpose()?;
        if let Some(recipients) = &recipients {
            if let Some(said) = said.as_object_mut() {
                said.insert("recipients".to_owned(), recipients.told());
            }
            gate.recover().await.map_err(|error| database::failed("be recovered from", &error))?;
            // Made by `init`; an installation from before there was one gets it now. Visits do not wait for it.
            if let Err(error) = keys.vault.make_user_ca(&store).await {
                tracing::warn!(
                    error = chain(&error),
                    "the SSH user CA cannot be made; no server can trust it yet"
                );
            }
            if let Err(error) = authority::make(&keys.vault, &store).await {
                tracing::warn!(%error, "there is no TLS authority; nobody gets a certificate yet");
            }
        }
        let addresses = addresses(config);
        let unseal = unseal(keys.vault.clone());
        let delivery =
            Delivery::with_timing(store.clone(), alerts, addresses.clone(), unseal, config.notice.clone());
        let desk = evidence::desk(config, &store, &folder, keys.gate.as_ref(), keys.desk.take()).await?;
        let issuer = format!("Chaperone {}", config.gate.name);
        let factors = Factors::new(store.clone(), Box::new(Sealing(keys.vault.clone())), issuer);
        let (vault, tokens) = (keys.vault.clone(), keys.tokens.clone());
        let issue = authority::issuer(vault.clone(), store.clone());
        let app = App::new(Parts {
            store: store.clone(),
            gate: gate.clone(),
            vault: keys.vault,
            folder,
            desk: desk.clone(),
            delivery: delivery.clone(),
            tokens: keys.tokens,
            factors: factors.clone(),
            settings: web_settings(config, addresses, demo),
        });
        app.reads_tls_with(Box::new(Reads));
        app.succeeds_with(authority::succession());
        let (host, authority) = keys.gate.map(|keys| (Some(keys.host), keys.authority)).unwrap_or_default();
        if lets_in {
            app.scans_with(Box::new(|endpoint| {
                Box::pin(async move { scan_host_keys(&endpoint, Timestamp::now()).await })
            }));
            app.issues_with(issue);
        }
        Ok(Self {
            store,
            _tasks: tasks,
            gate,
            delivery,
            desk,
            app,
            factors,
            vault,
            tokens,
            shown: Vec::new(),
            host,
            authority,
            recipients,
            said,
            delivers,
            visits,
            _alone: alone,
        })
    }

    /// Opens the doors.
    pub(super) async fn serve(
        &mut self,
        config: &Config,
        stop: CancellationToken,
    ) -> Result<Served, Failure> {
        let started = json!({
            "build": env!("CARGO_PKG_VERSION"), "gate": self.recipients.is_some(), "desk": self.delivers,
            "keys": self.said.take(),
            "recording": match config.recording.mode { Mode::Prompt => "prompt", Mode::Durable => "durable" },
            "host_tokens": config.security.host_tokens,
        });
        self.note(FactKind::NodeStarted, started).await;
        self.sign().await;
        let mut doors = Vec::new();
        self.open_roles(config, &mut doors);
        if let Some(emergency) = emergency(config) {
            let task = tokio::spawn(emergency.run(self.store.clone()));
            doors.push(Door { name: "the emergency destination", task });
        }
        let ssh = self.open_ssh(config, &stop, &mut doors).await?;
        let (web, mut certificate) = self.open_web(config, stop.clone(), &mut doors).await?;
        let (mut tls, mut shared) = (None, None);
        if let Some((_, callers)) = &ssh
            && (config.gate.tls != TlsPort::Off || config.gate.shared.is_some())
        {
            let door = self.tls_door(config, callers).await?;
            self.watch_authority(door.clone(), &mut doors);
            self.open_carried(door.clone(), config.web.listen, stop.clone(), &mut doors);
            tls = self.open_tls(config, door.clone(), callers, stop.clone(), &mut doors).await?;
            if let Some(at) = config.gate.shared {
                let (address, fingerprint) =
                    self.open_shared(config, (at, door), callers, stop, &mut doors).await?;
                shared = Some(address);
                certificate = Some(fingerprint);
            }
        }
        if let Some(address) = tls.or(shared) {
            self.app.tls_is_at(super::tls::told(config, address));
        }
        self.watch_certificates(&mut doors);
        let ssh = ssh.map(|(address, _)| address);
        Ok(Served { ssh, web, certificate, tls, shared, doors })
    }

    /// The tasks of a gate, and of a desk.
    fn open_roles(&mut self, config: &Config, doors: &mut Vec<Door>) {
        let mut open = |name, task| doors.push(Door { name, task });
        if let Some(recipients) = self.recipients.take() {
            let gate = self.gate.clone();
            open("the gate's own tasks", tokio::spawn(async move { gate.run().await }));
            let keeping =
                recipients::keep(config.data.clone(), self.gate.clone(), self.store.clone(), recipients);
            open("the watch over recipients", tokio::spawn(keeping));
        }
        if self.delivers {
            let (delivery, desk) = (self.delivery.clone(), self.desk.clone());
            open("the delivery of alerts", tokio::spawn(async move { delivery.run().await }));
            open("the desk's reading of recordings", tokio::spawn(async move { desk.keep_deriving().await }));
            let (desk, gate, store) = (self.desk.clone(), self.gate.clone(), self.store.clone());
            open("retention", tokio::spawn(super::retention::keep(desk, gate, store)));
        }
    }

    /// The certificates of the doors are renewed while they serve, and everybody's ends are told in time.
    fn watch_certificates(&mut self, doors: &mut Vec<Door>) {
        let shown = std::mem::take(&mut self.shown);
        let ends = shown.iter().map(|shown| (shown.key, shown.tls.clone())).collect();
        let telling = expiry::watch(ends, self.vault.clone(), self.store.clone());
        doors.push(Door { name: "the watch over ends of certificates", task: tokio::spawn(telling) });
        let keeping = certificate::keep(shown, self.store.clone());
        doors.push(Door { name: "the watch over certificates", task: tokio::spawn(keeping) });
    }

    async fn open_ssh(
        &mut self,
        config: &Config,
        stop: &CancellationToken,
        doors: &mut Vec<Door>,
    ) -> Result<Option<(SocketAddr, Callers)>, Failure> {
        let Some(host) = self.host.take() else { return Ok(None) };
        let (key, fingerprint) = (host.public_line().unwrap_or_default(), host.fingerprint());
        let keys = vec![host];
        // A banner without a line's end would run into what the client prints next.
        let banner = match config.gate.banner.trim_end() {
            "" => String::new(),
            banner => format!("{banner}\r\n"),
        };
        let second = SecondFactor {
            factors: self.factors.clone(),
            demand: demand(config.security.ssh_second_factor),
            lasts: SignedDuration::try_from(config.security.second_factor).unwrap_or(SignedDuration::ZERO),
        };
        let heard = (config.gate.attempts_per_second, Proxies::new(config.gate.proxy_from.clone()));
        let (at, gate) = (config.gate.ssh, self.gate.clone());
        let (authority, known_hosts) =
            self.authority.take().map(|authority| (authority.key, authority.known_hosts)).unzip();
        let post_quantum_only = config.gate.post_quantum_only;
        let identity = HostIdentity { keys, authority, post_quantum_only };
        let bounds = bounds(config);
        let binding =
            async move { SshListener::bind(at, gate, identity, &banner, second, heard, bounds).await };
        let door = self.visits.run(binding).await.unwrap_or_else(|error| Err(error.into()));
        let door = door.map_err(|error| cannot_listen("gate.ssh", config.gate.ssh, &error))?;
        let address = door.address().map_err(|error| cannot_listen("gate.ssh", config.gate.ssh, &error))?;
        self.app.ssh_is_at(SshDoor {
            host: public_name(config, address),
            port: address.port(),
            key,
            fingerprint,
            authority: known_hosts,
        });
        let (callers, carried) = (door.callers(), door.callers());
        self.app.carries_ssh_to(Carrier::new(move |Carried { stream, cord, caller, whose }| {
            carried.take_carried(stream, cord, caller, whose);
        }));
        let stop = stop.clone();
        let task = self.visits.run(async move { door.serve(stop).await });
        doors.push(Door { name: "the SSH door", task });
        Ok(Some((address, callers)))
    }

    /// Ends visits in order and seals them; says so in the ledger.
    pub(super) async fn close(self, within: Duration) {
        self.gate.shut_down(within).await;
        self.note(FactKind::NodeStopped, json!({})).await;
        self.sign().await;
    }

    /// Signs what the ledger holds at a start and at a stop: a restore of an older database shows from here on.
    async fn sign(&self) {
        match self.store.checkpoint().await {
            Ok(_) => {}
            Err(error) if error.is_gone() => {}
            Err(error) => tracing::warn!(error = chain(&error), "a checkpoint could not be signed"),
        }
    }

    /// What happens to the node itself is a fact; a database that is gone does not keep it from starting or stopping.
    async fn note(&self, kind: FactKind, body: serde_json::Value) {
        if let Err(error) = self.store.fact_or_spool(NewFact::new(kind, Timestamp::now(), body), None).await {
            tracing::warn!(error = chain(&error), %kind, "a fact about the node could not be written");
        }
    }
}

/// One node to a data folder: a second one would take the first one's running visits for lost.
pub(crate) fn alone(config: &Config) -> Result<File, Failure> {
    let path = config.data.lock();
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let taken = |why: String| Failure::failed(format!("{} cannot be locked: {why}", path.display()), "");
    let file = open.map_err(|error| taken(error.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::failed(
            "another node runs on this data folder",
            "stop it first; several nodes share a database, each with a data folder of its own",
        )),
        Err(TryLockError::Error(error)) => Err(taken(error.to_string())),
    }
}

/// Who hears what cannot be written while the database is gone.
fn emergency(config: &Config) -> Option<Emergency> {
    // The configuration has judged the address.
    Emergency::new(config.alert.emergency.as_deref()?, config.gate.time_zone.clone()).ok()
}

fn web_settings(config: &Config, addresses: AddressPolicy, demo: Option<PathBuf>) -> chaperone_web::Settings {
    let loopback = config.web.listen.ip().is_loopback() && config.web.certificate.is_none();
    chaperone_web::Settings {
        host_tokens: config.security.host_tokens,
        addresses,
        https: !loopback,
        step_up: SignedDuration::try_from(config.security.step_up).unwrap_or(SignedDuration::from_mins(15)),
        zone: config.gate.time_zone.clone(),
        // One click signs in there: nobody but this machine may.
        demo: demo.filter(|_| loopback && config.gate.shared.is_none()),
    }
}

/// By which name technicians reach the gate: the site's, or the address itself.
fn public_name(config: &Config, address: SocketAddr) -> String {
    let site = config.web.url.as_deref().and_then(|url| url.split_once("://"));
    let host = site.map(|(_, host)| host.rsplit_once(':').map_or(host, |(name, _)| name));
    match host {
        Some(host) => host.to_owned(),
        None if address.ip().is_unspecified() => config.gate.name.clone(),
        None => address.ip().to_string(),
    }
}

fn demand(configured: crate::config::SecondFactor) -> Demand {
    match configured {
        crate::config::SecondFactor::Always => Demand::Always,
        crate::config::SecondFactor::WhenEnrolled => Demand::WhenEnrolled,
        crate::config::SecondFactor::Never => Demand::Never,
    }
}

fn bounds(config: &Config) -> Bounds {
    let gate = &config.gate;
    let rekey = Rekey { bytes: gate.rekey_bytes, after: gate.rekey_after };
    Bounds { sign_in: gate.sign_in, menu_idle: gate.menu_idle, rekey }
}

fn addresses(config: &Config) -> AddressPolicy {
    if config.alert.allow_private_webhooks { AddressPolicy::private() } else { AddressPolicy::default() }
}

/// Opens the sealed secret of a destination.
fn unseal(vault: Vault) -> Unseal {
    Arc::new(move |destination: &Destination| {
        let sealed = destination.secret.as_deref()?;
        let opened = vault.unseal(&chaperone_web::secret_place(destination.id), sealed);
        if let Err(error) = &opened {
            tracing::error!(destination = %destination.name, error = chain(error), "a destination's secret does not open");
        }
        String::from_utf8(opened.ok()?.to_vec()).ok()
    })
}

fn cannot_listen(key: &str, address: SocketAddr, error: &std::io::Error) -> Failure {
    let next = format!("is another program there, or does the port need a privilege? the key is {key}");
    Failure::failed(format!("{address} cannot be listened on: {error}"), next)
}
