//! The leg to the target: connect to one of its addresses, check what it is known by before any secret is sent, sign in
//! with what the technician never sees.

mod certificate;
mod check;
mod connect;
mod opening;
mod scan;
mod sign_in;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chaperone_policy::{Endpoint, HostPort, LegacyAlgorithm, Reach};
use chaperone_session::{
    Cord, Dial, DialError, Dialled, Gate, KeyOrigin, LiveSession, ProposedKey, Severable, Ticket,
};
use russh::Disconnect;
use russh::client::{self, Handle};
use russh::keys::HashAlg;
use russh::keys::ssh_key::PublicKey;
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};

use self::check::{HostKeyCheck, Known, Seen, told};
pub(crate) use self::opening::{NotOpened, TargetWrite};
pub use self::scan::scan_host_keys;
use crate::algorithms;
use crate::bounds::Rekey;

/// How long a target may take to accept a TCP connection at one of its addresses, and again to exchange keys, and again to
/// let the gate in.
const STEP: Duration = Duration::from_secs(10);

/// The longest line of a key that is proposed, in bytes: an RSA key of 16384 bits has 2.8 kB.
const LONGEST_KEY: usize = 4096;

/// Reaches a target by SSH.
#[derive(Clone)]
pub struct SshDial {
    /// Writes down what a target asks for that it should not.
    pub gate: Gate,
    /// When the gate asks a target for new keys.
    pub rekey: Rekey,
}

/// A signed-in connection to a target.
pub struct TargetLeg {
    handle: Arc<Handle<HostKeyCheck>>,
    gone: watch::Receiver<bool>,
}

impl TargetLeg {
    /// Turns true when the target's connection has ended.
    pub(crate) fn gone(&self) -> watch::Receiver<bool> {
        self.gone.clone()
    }

    /// Says goodbye; does not wait for an answer.
    pub(crate) async fn goodbye(&self, text: &str) {
        // The connection may be gone already: then there is nothing to say.
        drop(self.handle.disconnect(Disconnect::ByApplication, text, "").await);
    }
}

impl fmt::Debug for TargetLeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TargetLeg").finish_non_exhaustive()
    }
}

impl Dial for SshDial {
    type Leg = TargetLeg;

    async fn dial(&self, ticket: Ticket) -> Result<Dialled<TargetLeg>, DialError> {
        let way = Way::of(&ticket)?;
        let (stream, address) = connect::connect(&way.addresses).await?;
        let (stream, cord) =
            Severable::new(stream).map_err(|error| DialError::Unreachable(error.to_string()))?;
        ticket.connected(&cord);
        let signed_in = self.sign_in((stream, address), &cord, way, ticket).await;
        if signed_in.is_err() {
            cord.sever();
        }
        signed_in
    }
}

/// How a target is reached, as its record says at this time.
struct Way {
    addresses: Vec<HostPort>,
    known: Known,
    /// Old algorithms that are allowed now.
    legacy: BTreeSet<LegacyAlgorithm>,
    /// Until when some were that are not any more.
    expired: Option<jiff::Timestamp>,
}

impl Way {
    fn of(ticket: &Ticket) -> Result<Self, DialError> {
        let Endpoint::Ssh { host, port, host_keys, reach, .. } = ticket.endpoint() else {
            return Err(DialError::NoEndpoint);
        };
        let now = ticket.now();
        let addresses = addresses(host, *port, reach);
        let known = Known {
            keys: keys(host_keys),
            authorities: keys(&reach.authorities),
            names: addresses
                .iter()
                .map(|address| address.host.clone())
                .chain([ticket.target().to_string()])
                .collect(),
            now,
        };
        if known.keys.is_empty() && known.authorities.is_empty() {
            return Err(DialError::NoHostKey);
        }
        let legacy = legacy(reach, now);
        let expired = reach.legacy.as_ref().filter(|legacy| !legacy.holds(now)).map(|legacy| legacy.until);
        Ok(Self { addresses, known, legacy, expired })
    }

    /// Why there is no connection, after the key exchange has failed.
    fn failure(&self, error: russh::Error, seen: Seen) -> DialError {
        match error {
            // A host key of another kind than the pinned ones is another host key; unless it is the pinned kind, in a form
            // that nobody should speak any more.
            russh::Error::NoCommonAlgo { kind: russh::AlgorithmKind::Key, theirs, .. } => {
                let only_old = theirs.iter().all(|name| name == "ssh-rsa" || name == "ssh-dss")
                    && self.known.keys.iter().any(|pin| pin.algorithm().is_rsa());
                if only_old { self.too_old(&theirs) } else { DialError::HostKey { offered: shown(&theirs) } }
            }
            russh::Error::NoCommonAlgo { theirs, .. } => self.too_old(&theirs),
            _ if seen.refused => DialError::HostKey { offered: seen.host_key },
            error => DialError::Protocol(error.to_string()),
        }
    }

    fn too_old(&self, theirs: &[String]) -> DialError {
        match self.expired {
            Some(until) => DialError::LegacyExpired(until),
            None => DialError::OldAlgorithms { offered: shown(theirs) },
        }
    }
}

/// The addresses of an endpoint, in the order in which they are tried.
fn addresses(host: &str, port: u16, reach: &Reach) -> Vec<HostPort> {
    let first = HostPort { host: host.to_owned(), port };
    std::iter::once(first).chain(reach.also.iter().cloned()).collect()
}

/// Lines that no longer parse are of no use to anybody: what they stood for is not known.
fn keys(lines: &[String]) -> Vec<PublicKey> {
    lines.iter().filter_map(|line| line.parse().ok()).collect()
}

fn legacy(reach: &Reach, now: jiff::Timestamp) -> BTreeSet<LegacyAlgorithm> {
    reach
        .legacy
        .iter()
        .filter(|legacy| legacy.holds(now))
        .flat_map(|legacy| legacy.algorithms.clone())
        .collect()
}

/// Names that a target offers, as they may be written down.
fn shown(names: &[String]) -> String {
    let names = names.iter().map(|name| name.chars().filter(char::is_ascii_graphic).take(40).collect());
    names.take(8).collect::<Vec<String>>().join(", ")
}

impl SshDial {
    async fn sign_in(
        &self,
        (stream, at): (Severable, HostPort),
        cord: &Cord,
        way: Way,
        ticket: Ticket,
    ) -> Result<Dialled<TargetLeg>, DialError> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (alive, gone) = watch::channel(false);
        let (hears, announced) = oneshot::channel();
        let asks = Box::new(told(self.gate.clone(), Arc::downgrade(ticket.session())));
        let check = HostKeyCheck {
            known: way.known.clone(),
            seen: Arc::clone(&seen),
            alive,
            asks,
            announced: Some(hears),
        };
        let (keys, no_authority) = (&way.known.keys, way.known.authorities.is_empty());
        let config = Arc::new(algorithms::client(keys, no_authority, &way.legacy, self.rekey));
        let connected = within(client::connect_stream(config, stream, check)).await?;
        let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
        let mut handle = match connected {
            Ok(handle) => handle,
            Err(error) => {
                if let Some(key) = seen.shown.as_ref().filter(|_| seen.refused) {
                    let shown = proposed(key, KeyOrigin::Shown);
                    self.gate.host_keys_seen(ticket.session(), shown.into_iter().collect()).await;
                }
                return Err(way.failure(error, seen));
            }
        };
        let session = Arc::clone(ticket.session());
        let (mut about, known_by) = (about(&seen, &way, &ticket), seen.known_by(ticket.endpoint()));
        let authority = sign_in::sign_in(&mut handle, ticket, &way.legacy).await?;
        if let Some(fields) = about.as_object_mut() {
            fields.insert("address".to_owned(), json!(at.to_string()));
            fields.extend(authority.map(|authority| ("authority".to_owned(), authority.into())));
        }
        let handle = Arc::new(handle);
        if !seen.by_certificate {
            self.hear_of_keys(&handle, announced, session);
        }
        Ok(Dialled { leg: TargetLeg { handle, gone }, cord: cord.clone(), about, at, known_by })
    }

    /// Proposes the keys that a target announces which was known by a pinned one, once it has proven that it holds them
    /// (OpenSSH's PROTOCOL, `hostkeys-prove-00`).
    fn hear_of_keys(
        &self,
        handle: &Arc<Handle<HostKeyCheck>>,
        announced: oneshot::Receiver<Vec<PublicKey>>,
        session: Arc<LiveSession>,
    ) {
        let (gate, handle) = (self.gate.clone(), Arc::downgrade(handle));
        tokio::spawn(async move {
            let Ok(keys) = announced.await else { return };
            let Some(handle) = handle.upgrade() else { return };
            match within(handle.hostkeys_prove(keys.clone())).await {
                Ok(Ok(())) => {
                    let keys = keys.iter().filter_map(|key| proposed(key, KeyOrigin::Announced)).collect();
                    gate.host_keys_seen(&session, keys).await;
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "a target announced host keys that it does not hold")
                }
                Err(error) => tracing::warn!(%error, "a target announced host keys and did not prove them"),
            }
        });
    }
}

/// A key as it is proposed; `None` for one that has no line, or one that no server has.
fn proposed(key: &PublicKey, origin: KeyOrigin) -> Option<ProposedKey> {
    let line = PublicKey::new(key.key_data().clone(), "").to_openssh().ok()?;
    let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
    (line.len() <= LONGEST_KEY).then_some(ProposedKey { is_authority: false, line, fingerprint, origin })
}

/// What the recording and the ledger keep of a connection: no secret, and nothing that a target could make up at length.
fn about(seen: &Seen, way: &Way, ticket: &Ticket) -> Value {
    let mut about = json!({
        "algorithms": seen.algorithms, "host_key": seen.host_key, "account": ticket.account().as_str(),
        "credential": ticket.credential_kind(),
    });
    let Some(fields) = about.as_object_mut() else { return about };
    if seen.by_certificate {
        fields.insert("host_certificate".to_owned(), json!(true));
    }
    if !way.legacy.is_empty() {
        fields.insert("legacy".to_owned(), json!(way.legacy));
    }
    if let Some(mandate) = ticket.mandate() {
        fields.insert("serial".to_owned(), json!(mandate.serial.to_string()));
        fields.insert("certificate_until".to_owned(), json!(mandate.until));
    }
    about
}

async fn within<F: Future>(step: F) -> Result<F::Output, DialError> {
    tokio::time::timeout(STEP, step).await.map_err(|_elapsed| DialError::Slow(STEP))
}

#[cfg(test)]
mod tests;
