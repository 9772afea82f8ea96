//! Many attempts at a gate on loopback that all must be refused, as fast as a number of connections in parallel allow.
//!
//! ```text
//! flood --gate 127.0.0.1:2222 --kind proven   --user viktor+alaris-sm-01 --key FILE --attempts 2000
//! flood --gate 127.0.0.1:2222 --kind unproven --user viktor+alaris-sm-01 --key FILE --attempts 2000
//! ```
//!
//! *proven* signs in with an enrolled key, asks for a command and reads status 77. *unproven* takes turns with an unknown
//! name, a key that is not enrolled, and a password. A connection that is closed before anybody was named is no attempt:
//! it is counted as turned away and made again. Ends with one line of JSON, and with 0 if every attempt was refused in
//! the way it must be.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use russh::client::{self, AuthResult, Handle};
use russh::keys::ssh_key::PrivateKey;
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{ChannelMsg, Disconnect};
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What a refused visit ends with.
const REFUSED: u32 = 77;
/// How long one attempt may take, waiting in line included.
const ATTEMPT: Duration = Duration::from_secs(60);
/// How often one attempt may be turned away before it was heard.
const TRIES: u32 = 1000;
/// How long somebody waits who was turned away.
const AGAIN: Duration = Duration::from_millis(50);

/// How an attempt ended that must be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// As it must.
    Refused,
    /// Let in, or told anything else: a fault of the gate.
    Otherwise,
    /// Broken off after somebody was named: whether it is a fact, the ledger says.
    BrokenOff,
}

/// Why an attempt has no outcome.
struct TurnedAway;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Proven,
    Unproven,
}

/// What all attempts have in common.
struct Flood {
    gate: SocketAddr,
    sources: Vec<Ipv4Addr>,
    kind: Kind,
    user: String,
    key: Arc<PrivateKey>,
    config: Arc<client::Config>,
    attempts: u64,
    next: AtomicU64,
    turned_away: AtomicU64,
}

struct Client;

impl client::Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        // The gate is this machine's own.
        Ok(true)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let (flood, parallel) = flood(std::env::args().skip(1));
    let flood = Arc::new(flood);
    let began = Instant::now();
    let mut lanes = JoinSet::new();
    for _ in 0..parallel {
        lanes.spawn(lane(Arc::clone(&flood)));
    }
    let (mut took, mut outcomes) = (Vec::new(), BTreeMap::<Outcome, u64>::new());
    for (outcome, ms) in lanes.join_all().await.into_iter().flatten() {
        *outcomes.entry(outcome).or_default() += 1;
        took.push(ms);
    }
    let said = report(&flood, &mut took, &outcomes, began.elapsed());
    println!("{said}");
    match outcomes.get(&Outcome::Refused) {
        Some(refused) if *refused == flood.attempts => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Reads the command line.
fn flood(words: impl Iterator<Item = String>) -> (Flood, u64) {
    let words: Vec<String> = words.collect();
    let given: BTreeMap<&str, &str> =
        words.chunks(2).filter_map(|pair| Some((pair.first()?.as_str(), pair.get(1)?.as_str()))).collect();
    let text = |name: &str| *given.get(name).unwrap_or_else(|| panic!("{name} is missing"));
    let whole = |name: &str, standard: u64| {
        given.get(name).map_or(standard, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
    };
    let gate: SocketAddr = text("--gate").parse().expect("--gate is ADDRESS:PORT");
    assert!(gate.ip().is_loopback(), "only a gate on loopback is flooded");
    let sources = given.get("--from").unwrap_or(&"127.0.0.1").split(',');
    let sources: Vec<Ipv4Addr> =
        sources.map(|source| source.parse().expect("--from lists IPv4 addresses")).collect();
    let key = std::fs::read_to_string(text("--key")).expect("the key's file can be read");
    let flood = Flood {
        gate,
        sources,
        kind: if text("--kind") == "proven" { Kind::Proven } else { Kind::Unproven },
        user: text("--user").to_owned(),
        key: Arc::new(PrivateKey::from_openssh(key).expect("an OpenSSH key without a passphrase")),
        config: Arc::new(client::Config { nodelay: true, ..client::Config::default() }),
        attempts: whole("--attempts", 2000),
        next: AtomicU64::new(0),
        turned_away: AtomicU64::new(0),
    };
    (flood, whole("--parallel", 48))
}

/// One attempt after another, until none is left.
async fn lane(flood: Arc<Flood>) -> Vec<(Outcome, f64)> {
    let mut done = Vec::new();
    loop {
        let number = flood.next.fetch_add(1, Ordering::Relaxed);
        if number >= flood.attempts {
            return done;
        }
        let began = Instant::now();
        let outcome = flood.until_heard(number).await;
        done.push((outcome, began.elapsed().as_secs_f64() * 1e3));
    }
}

impl Flood {
    async fn until_heard(&self, number: u64) -> Outcome {
        for _ in 0..TRIES {
            match timeout(ATTEMPT, self.attempt(number)).await {
                Ok(Ok(outcome)) => return outcome,
                Ok(Err(TurnedAway)) => {
                    self.turned_away.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(AGAIN).await;
                }
                Err(_) => return Outcome::BrokenOff,
            }
        }
        Outcome::BrokenOff
    }

    async fn attempt(&self, number: u64) -> Result<Outcome, TurnedAway> {
        let mut session = self.connect(number).await?;
        let outcome = match self.kind {
            Kind::Proven => self.proven(&mut session).await,
            Kind::Unproven => self.unproven(&mut session, number).await,
        };
        // The gate may have ended it first.
        drop(session.disconnect(Disconnect::ByApplication, "", "").await);
        drop(timeout(Duration::from_secs(5), session).await);
        Ok(outcome.unwrap_or(Outcome::BrokenOff))
    }

    async fn connect(&self, number: u64) -> Result<Handle<Client>, TurnedAway> {
        let source = usize::try_from(number).unwrap_or_default() % self.sources.len();
        let socket = TcpSocket::new_v4().map_err(|_| TurnedAway)?;
        // As any client's, the port is chosen when it connects: thousands of them must not run out.
        socket.set_reuseaddr(true).map_err(|_| TurnedAway)?;
        socket.bind((IpAddr::V4(self.sources[source]), 0).into()).map_err(|_| TurnedAway)?;
        let stream = socket.connect(self.gate).await.map_err(|_| TurnedAway)?;
        client::connect_stream(Arc::clone(&self.config), stream, Client).await.map_err(|_| TurnedAway)
    }

    async fn proven(&self, session: &mut Handle<Client>) -> Result<Outcome, russh::Error> {
        if !self.shows_key(session, &self.user).await?.success() {
            return Ok(Outcome::Otherwise);
        }
        let mut channel = session.channel_open_session().await?;
        channel.exec(true, "id").await?;
        let mut status = None;
        while let Some(message) = channel.wait().await {
            match message {
                ChannelMsg::ExitStatus { exit_status } => status = Some(exit_status),
                ChannelMsg::Close => break,
                _ => {}
            }
        }
        Ok(match status {
            Some(REFUSED) => Outcome::Refused,
            Some(_) => Outcome::Otherwise,
            None => Outcome::BrokenOff,
        })
    }

    async fn unproven(&self, session: &mut Handle<Client>, number: u64) -> Result<Outcome, russh::Error> {
        let answer = match number % 3 {
            0 => self.shows_key(session, &format!("nobody{number}+{}", self.target())).await?,
            1 => self.shows_key(session, &self.user).await?,
            _ => session.authenticate_password(self.user.as_str(), "guess").await?,
        };
        Ok(if answer.success() { Outcome::Otherwise } else { Outcome::Refused })
    }

    async fn shows_key(&self, session: &mut Handle<Client>, user: &str) -> Result<AuthResult, russh::Error> {
        session.authenticate_publickey(user, PrivateKeyWithHashAlg::new(Arc::clone(&self.key), None)).await
    }

    fn target(&self) -> &str {
        self.user.split_once('+').map_or("", |(_, target)| target)
    }
}

fn report(flood: &Flood, took: &mut [f64], outcomes: &BTreeMap<Outcome, u64>, all: Duration) -> Value {
    took.sort_by(f64::total_cmp);
    let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
    let of = |outcome| outcomes.get(&outcome).copied().unwrap_or_default();
    json!({
        "attempts": flood.attempts,
        "refused": of(Outcome::Refused),
        "otherwise": of(Outcome::Otherwise),
        "broken_off": of(Outcome::BrokenOff),
        "turned_away": flood.turned_away.load(Ordering::Relaxed),
        "seconds": all.as_secs_f64(),
        "attempt_p50_ms": at(50),
        "attempt_p99_ms": at(99),
    })
}
