//! The way to a target's TLS endpoint: where it is, what its certificate must be, and what the gate shows there. Only a
//! session has one, and its end severs whatever was connected on it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::{Endpoint, HostPort, TargetName};
use chaperone_store::Slot;
use chaperone_vault::Secret;
use futures::FutureExt;
use serde_json::{Value, json};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::dial::DialError;
use crate::flow::Flow;
use crate::gate::Gate;
use crate::live::{Leg, LiveSession};
use crate::sever::{Cord, Severable};
use crate::ways::Taken;

/// Tries of a visit that are a fact each; the recording has all.
const TRIED_TOLD: u32 = 16;
/// How long a target may take to be found and to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// The right to connect to the TLS endpoint of a session's target, for as long as the session lives. Who connects on it has
/// a channel of the session in the recording first.
pub struct Way {
    endpoint: Endpoint,
    client_key: Option<Secret>,
    session: Arc<LiveSession>,
}

impl Gate {
    /// The way to the TLS endpoint of a session's target.
    ///
    /// # Errors
    /// When the target has none, or its credential does not open.
    pub async fn way_to_tls(&self, session: &Arc<LiveSession>) -> Result<Way, DialError> {
        let permit = session.permit();
        let is_tls = |endpoint: &&Endpoint| matches!(endpoint, Endpoint::Tls { .. });
        let endpoint = permit.target().endpoints.iter().find(is_tls).cloned().ok_or(DialError::NoEndpoint)?;
        let Endpoint::Tls { terms, .. } = &endpoint else { return Err(DialError::NoEndpoint) };
        let client_key = match &terms.client_pem {
            Some(_) => Some(self.sealed(session, Slot::TlsKey).await?),
            None => None,
        };
        session.goes(Taken::Declared(endpoint.clone()));
        Ok(Way { endpoint, client_key, session: Arc::clone(session) })
    }

    /// The secret of what the gate adds to each request to a session's web console, where there is such a thing.
    ///
    /// # Errors
    /// When it does not open.
    pub async fn console_secret(&self, session: &LiveSession) -> Result<Option<Secret>, DialError> {
        let permit = session.permit();
        let signs_in = |endpoint: &Endpoint| match endpoint {
            Endpoint::Tls { terms, .. } => terms.sign_in.is_some(),
            Endpoint::Ssh { .. } | Endpoint::Tcp { .. } => false,
        };
        match permit.target().endpoints.iter().any(signs_in) {
            true => self.sealed(session, Slot::ConsoleSignIn).await.map(Some),
            false => Ok(None),
        }
    }

    /// A target was not reached for a transaction, is not who it should be, or answers what is not passed on: in the recording,
    /// and a fact, unless it goes on doing so. The session goes on.
    pub async fn target_failed(&self, session: &LiveSession, channel: u32, n: u64, error: &DialError) {
        if matches!(error, DialError::Ended) || !session.failing.is_news(error) {
            return;
        }
        let detail = error.to_string();
        let body = json!({ "failure": error.as_str(), "detail": detail, "channel": channel, "n": n });
        note_failure(session, channel, body.clone()).await;
        self.write_target_failed(session, error, body).await;
    }

    /// Somebody tried what is not passed on: in the recording each time, and a fact of each of the first few of a visit.
    pub(crate) async fn tried(&self, session: &LiveSession, channel: u32, error: &DialError) {
        let body = json!({ "failure": error.as_str(), "detail": error.to_string(), "channel": channel });
        note_failure(session, channel, body.clone()).await;
        if session.failing.counts(error) <= TRIED_TOLD {
            self.write_target_failed(session, error, body).await;
        }
    }

    async fn sealed(&self, session: &LiveSession, slot: Slot<'_>) -> Result<Secret, DialError> {
        let target = session.permit().target().id;
        self.shared.vault.secret_in(&self.shared.store, target, slot).await.map_err(|error| {
            tracing::error!(session.id = %session.id(), %error, "a target's credential could not be opened");
            DialError::NoCredential
        })
    }
}

impl Way {
    /// Where to, and what is trusted there.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The gate's own certificate for it and its key, both PEM, where the target wants one.
    #[must_use]
    pub fn client(&self) -> Option<(&str, &str)> {
        let Endpoint::Tls { terms, .. } = &self.endpoint else { return None };
        Some((terms.client_pem.as_deref()?, self.client_key.as_ref()?.expose()))
    }

    /// What the target is called at the gate.
    #[must_use]
    pub fn target(&self) -> TargetName {
        self.session.permit().target().name.clone()
    }

    /// The session that it is for.
    #[must_use]
    pub fn session(&self) -> &Arc<LiveSession> {
        &self.session
    }

    /// Connects, unless the session ends first. From then on the session's end severs the connection.
    ///
    /// # Errors
    /// When nobody answers in time, or the session ends first.
    pub async fn reach(&self) -> Result<(Severable, Cord), DialError> {
        let (host, port) = match &self.endpoint {
            Endpoint::Tls { host, port, .. } => (host.as_str(), *port),
            Endpoint::Ssh { .. } | Endpoint::Tcp { .. } => return Err(DialError::NoEndpoint),
        };
        let (stream, cord) = reach(&self.session, host, port).await?;
        let goodbye = Box::new(|_| futures::future::ready(()).boxed());
        self.session.hang(Leg { name: "target", cord: cord.clone(), goodbye });
        Ok((stream, cord))
    }

    /// The target has shown who it is, on this connection: in the recording when this returns. The first one of a visit is
    /// a fact.
    pub async fn connected(&self, gate: &Gate, channel: Option<u32>, cord: &Cord, mut about: Value) {
        if let (Some(fields), Endpoint::Tls { host, port, .. }) = (about.as_object_mut(), &self.endpoint) {
            let address = HostPort { host: host.clone(), port: *port };
            fields.insert("address".to_owned(), json!(address.to_string()));
            fields.insert("local".to_owned(), json!(cord.local().to_string()));
            fields.insert("peer".to_owned(), json!(cord.peer().to_string()));
        }
        if let Err(error) = self.session.note(channel, "target-leg", about.clone()).await {
            tracing::warn!(session.id = %self.session.id(), %error, "a connection to a target could not be recorded");
        }
        gate.write_first_connected(&self.session, &about);
        self.session.target_does_well();
    }

    /// A connection has ended by itself. A session that is cut severs it.
    pub fn ended(&self, cord: &Cord) {
        self.session.let_go(cord);
    }

    /// The target was not reached for a connection of its own channel, or is not who it should be: in the recording, and a fact,
    /// unless it goes on doing so. The session goes on.
    pub(crate) async fn failed(&self, gate: &Gate, channel: u32, error: &DialError) {
        if matches!(error, DialError::Ended) {
            return;
        }
        let body = json!({ "failure": error.as_str(), "detail": error.to_string(), "channel": channel });
        note_failure(&self.session, channel, body.clone()).await;
        if self.session.failing.is_news(error) {
            gate.write_target_failed(&self.session, error, body).await;
        }
    }
}

async fn note_failure(session: &LiveSession, channel: u32, body: Value) {
    if let Err(error) = session.note(Some(channel), "target-failed", body).await {
        tracing::error!(session.id = %session.id, %error, "the target's failure could not be recorded");
    }
}

impl LiveSession {
    /// Severs a connection of the session that is over, and forgets it; the cut of a session does that by itself.
    pub fn let_go(&self, cord: &Cord) {
        if !self.flow().borrow().is_cut() {
            cord.sever();
            self.unhang(cord);
        }
    }
}

/// Connects to a declared host, unless the session ends first.
pub(crate) async fn reach(
    session: &LiveSession,
    host: &str,
    port: u16,
) -> Result<(Severable, Cord), DialError> {
    let reaching = timeout(CONNECT, try_each(host, port));
    let mut flow = session.flow();
    // In the overrun nothing opens any more: nor does what was decided before it and takes its time.
    let is_over = |flow: &Flow| flow.is_cut() || *flow == Flow::Frozen;
    let reached = tokio::select! {
        biased;
        _ = flow.wait_for(is_over) => return Err(DialError::Ended),
        reached = reaching => reached,
    };
    let stream = reached.map_err(|_elapsed| DialError::Slow(CONNECT))?;
    let stream = stream.map_err(|error| DialError::Unreachable(error.to_string()))?;
    Severable::new(stream).map_err(|error| DialError::Unreachable(error.to_string()))
}

/// Tries the host's addresses one after another. A name leads out of this machine, whatever its owner makes it resolve to:
/// only an address that is declared as loopback is reached there.
async fn try_each(host: &str, port: u16) -> io::Result<TcpStream> {
    let named = host.parse::<IpAddr>().is_err() && !host.eq_ignore_ascii_case("localhost");
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "it has no address that may be reached");
    for address in lookup_host((host, port)).await?.filter(|address| !named || !is_here(*address)) {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn is_here(address: SocketAddr) -> bool {
    let ip = address.ip().to_canonical();
    ip.is_loopback() || ip.is_unspecified()
}
