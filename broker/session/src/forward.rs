//! One more connection of a live session, to an endpoint that its target declares, and nowhere else.
//!
//! ```text
//!   host, port ─▶ declared? ─▶ decide again ─▶ channel in the recording ─▶ Passage ─▶ connect ─▶ relay ─▶ close
//! ```
//!
//! As a dial needs a ticket, this needs a [`Passage`]: only a session makes one, for a channel that its permit grants and
//! its recording holds. The session's end severs the connection with all others.

use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::{Access, Endpoint, EndpointName, Forward, HostPort};
use chaperone_recorder::ChannelRecorder;
use futures::FutureExt;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::dial::DialError;
use crate::gate::{Gate, Refused};
use crate::inside::{Inside, Watched};
use crate::live::{Leg, LiveSession};
use crate::record::Captured;
use crate::relay::Source;
use crate::sever::{Cord, Severable};
use crate::sockets;
use crate::way::{Way, reach};
use crate::ways::{OnWay, Taken};

/// How long what a peer was sent may take to reach it, once both ends have finished.
const TAKEN_WITHIN: Duration = Duration::from_secs(5);
/// When the kernel is asked again whether it has; then after twice as long, and so on: its table is long on a busy gate.
const ASK_AGAIN: Duration = Duration::from_millis(10);

/// The right to connect once to a declared endpoint.
pub struct Passage {
    to: To,
    session: Arc<LiveSession>,
    channel: ChannelRecorder,
    inside: Inside,
    /// For as long as it is open; a TLS endpoint is the session's way to its end.
    _on_way: Option<OnWay>,
}

/// Where a passage leads.
enum To {
    /// To a declared forward: bytes as they are.
    Tcp { name: EndpointName, host: String, port: u16, opaque: bool },
    /// To a TLS endpoint, with which the gate itself speaks TLS.
    Tls(Box<Way>),
}

/// Why a forward does not open.
#[derive(Debug)]
pub enum NoPassage {
    /// The target declares no such endpoint. Nobody has been told yet.
    Undeclared,
    /// Not now, or not in this window; a fact.
    Refused(Refused),
}

impl Gate {
    /// Asks again, for a forward of a live session, and opens its channel in the recording. `asked` is what the client
    /// said of it, for the recording.
    ///
    /// # Errors
    /// When the target declares no such endpoint, or policy does not permit it.
    pub async fn open_forward(
        &self,
        session: &Arc<LiveSession>,
        host: &str,
        port: u32,
        asked: Value,
    ) -> Result<Passage, NoPassage> {
        let permit = session.permit();
        let port = u16::try_from(port).map_err(|_| NoPassage::Undeclared)?;
        let forward = permit.target().forward(host, port).ok_or(NoPassage::Undeclared)?;
        self.pass_to(session, forward, "direct-tcpip", asked).await
    }

    /// The same, for a client that names the endpoint and comes by TLS.
    ///
    /// # Errors
    /// When the target declares no such endpoint, or policy does not permit it.
    pub async fn open_named_forward(
        &self,
        session: &Arc<LiveSession>,
        name: &str,
        asked: Value,
    ) -> Result<Passage, NoPassage> {
        let permit = session.permit();
        let named = permit.target().forwards().find(|forward| forward.name.as_str() == name);
        self.pass_to(session, named.ok_or(NoPassage::Undeclared)?, "tls", asked).await
    }

    /// Asks again, for a connection to the TLS endpoint of a live session's target, and opens its channel.
    ///
    /// # Errors
    /// When the target has no such endpoint, or policy does not permit it.
    pub async fn open_tls(&self, session: &Arc<LiveSession>, asked: Value) -> Result<Passage, NoPassage> {
        let way = self.way_to_tls(session).await.map_err(|error| {
            tracing::warn!(session.id = %session.id, %error, "there is no way to a target's TLS endpoint");
            NoPassage::Undeclared
        })?;
        let Endpoint::Tls { host, port, server_name, .. } = way.endpoint() else {
            return Err(NoPassage::Undeclared);
        };
        let about = json!({
            "request": "tls", "host": host, "port": port, "server_name": server_name, "asked": asked,
        });
        let opened = self.open_channel(session, Access::Tls, about, false).await;
        let channel = opened.map_err(NoPassage::Refused)?;
        let (to, inside) = (To::Tls(Box::new(way)), Inside::default());
        Ok(Passage { to, session: Arc::clone(session), channel, inside, _on_way: None })
    }

    async fn pass_to(
        &self,
        session: &Arc<LiveSession>,
        forward: Forward<'_>,
        request: &str,
        asked: Value,
    ) -> Result<Passage, NoPassage> {
        let about = json!({
            "request": request, "endpoint": forward.name, "host": forward.host, "port": forward.port,
            "opaque": forward.opaque, "asked": asked,
        });
        let opened = self.open_channel(session, forward.access(), about, false).await;
        let channel = opened.map_err(NoPassage::Refused)?;
        let (name, host) = (forward.name.clone(), forward.host.to_owned());
        let (port, opaque) = (forward.port, forward.opaque);
        let declared = Endpoint::Tcp { name: name.clone(), host: host.clone(), port, opaque };
        let on_way = Some(session.goes_for_now(Taken::Declared(declared)));
        let to = To::Tcp { name, host, port, opaque };
        let inside = Inside::default();
        Ok(Passage { to, session: Arc::clone(session), channel, inside, _on_way: on_way })
    }
}

impl Passage {
    /// The way to a TLS endpoint, where it leads to one: there the gate speaks TLS.
    #[must_use]
    pub fn way(&self) -> Option<&Way> {
        match &self.to {
            To::Tls(way) => Some(way),
            To::Tcp { .. } => None,
        }
    }

    /// The session that it is for.
    #[must_use]
    pub fn session(&self) -> &Arc<LiveSession> {
        &self.session
    }

    /// Where its bytes are recorded.
    #[must_use]
    pub fn channel(&self) -> &ChannelRecorder {
        &self.channel
    }

    /// Reads along with one side of what was declared as readable, so that no SSH passes.
    pub fn watches<S: Source>(&self, source: S) -> Watched<S> {
        self.inside.watch(source, !matches!(self.to, To::Tcp { opaque: true, .. }))
    }

    /// Whether what passes may pass no more.
    #[must_use]
    pub fn was_refused(&self) -> bool {
        self.inside.ssh().is_some()
    }

    /// Returns once what passes may pass no more: its end is the caller's.
    pub async fn is_refused(&self) {
        self.inside.is_ssh().await;
    }

    /// Connects: from then on the session's end severs the connection. Its two ends are in the recording when this returns.
    ///
    /// # Errors
    /// When nobody answers in time, or the session ends first.
    pub async fn reach(&self) -> Result<(Severable, Cord), DialError> {
        let (stream, cord) = match &self.to {
            To::Tls(way) => return way.reach().await,
            To::Tcp { host, port, .. } => reach(&self.session, host, *port).await?,
        };
        let goodbye = Box::new(|_| futures::future::ready(()).boxed());
        self.session.hang(Leg { name: "forward", cord: cord.clone(), goodbye });
        let body = json!({ "local": cord.local().to_string(), "peer": cord.peer().to_string() });
        self.noted("forward-connected", body).await;
        Ok((stream, cord))
    }

    /// A declared forward was reached, by a visit that has no other connection to its target: a fact of the first one.
    pub fn connected(&self, gate: &Gate, cord: &Cord) {
        if let To::Tcp { name, host, port, .. } = &self.to {
            let address = HostPort { host: host.clone(), port: *port };
            let about = json!({
                "endpoint": name, "address": address.to_string(), "local": cord.local().to_string(),
                "peer": cord.peer().to_string(),
            });
            gate.write_first_connected(&self.session, &about);
        }
    }

    /// There is no connection: says why in the recording and in the channel's fact; spends the passage.
    pub async fn failed(self, gate: &Gate, error: &DialError) {
        match &self.to {
            To::Tls(way) => way.failed(gate, self.channel.number(), error).await,
            To::Tcp { .. } => {
                tracing::info!(session.id = %self.session.id, %error, "a declared endpoint cannot be reached");
                self.noted("forward-failed", json!({ "why": "the endpoint cannot be reached" })).await;
            }
        }
        gate.close_channel(&self.session, &self.channel, Captured::Failed).await;
    }

    /// It is over. Where both ends `finished`, what is under way to the endpoint may arrive; a session that ends meanwhile
    /// severs it. Spends the passage, and says what was captured.
    pub async fn over(self, gate: &Gate, cord: &Cord, finished: bool) {
        if finished {
            self.session.arrives(cord).await;
        }
        self.session.let_go(cord);
        if let Some(said) = self.inside.ssh() {
            let what = DialError::SshInside(said.to_owned());
            gate.tried(&self.session, self.channel.number(), &what).await;
        }
        let captured = match &self.to {
            _ if self.inside.was_tls() => Captured::Flow,
            To::Tls(_) => Captured::Plain,
            To::Tcp { opaque: true, .. } => Captured::Flow,
            To::Tcp { opaque: false, .. } => Captured::Bytes,
        };
        gate.close_channel(&self.session, &self.channel, captured).await;
    }

    async fn noted(&self, kind: &'static str, body: Value) {
        if let Err(error) = self.session.note(Some(self.channel.number()), kind, body).await {
            tracing::warn!(session.id = %self.session.id, %error, "what became of a forward could not be recorded");
        }
    }
}

impl LiveSession {
    /// Waits, for a bounded time, until the kernel has delivered what it was given for a peer; a session that ends meanwhile
    /// waits for nothing.
    pub async fn arrives(&self, cord: &Cord) {
        self.unless_cut(taken(cord)).await.unwrap_or_default();
    }
}

/// Returns once the kernel has delivered what it was given, or gives up.
async fn taken(cord: &Cord) {
    let until = Instant::now() + TAKEN_WITHIN;
    let mut wait = ASK_AGAIN;
    while Instant::now() < until && sockets::open(cord).unwrap_or(false) {
        sleep(wait).await;
        wait *= 2;
    }
}
