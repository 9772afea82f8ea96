//! A forward: one more connection of a live session, to an endpoint that its target declares, and nowhere else.
//!
//! ```text
//!   host, port ─▶ declared? ─▶ decide again ─▶ channel in the recording ─▶ Passage ─▶ connect ─▶ relay ─▶ close
//! ```
//!
//! As a dial needs a ticket, this needs a [`Passage`]: only a session makes one, for a channel that its permit grants and
//! its recording holds. The session's end severs the connection with all others.

use std::sync::Arc;
use std::time::Duration;

use chaperone_recorder::ChannelRecorder;
use futures::FutureExt;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::gate::{Gate, Refused};
use crate::live::{Leg, LiveSession};
use crate::record::Captured;
use crate::sever::Cord;
use crate::sockets;

/// How long what an endpoint was sent may take to reach it, once both ends have finished.
const TAKEN_WITHIN: Duration = Duration::from_secs(5);
/// How often the kernel is asked whether it has.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// The right to connect once to a declared endpoint.
pub struct Passage {
    host: String,
    port: u16,
    opaque: bool,
    session: Arc<LiveSession>,
    channel: ChannelRecorder,
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
        let about = json!({
            "request": "direct-tcpip", "endpoint": forward.name, "host": forward.host, "port": forward.port,
            "opaque": forward.opaque, "asked": asked,
        });
        let opened = self.open_channel(session, forward.access(), about, false).await;
        let channel = opened.map_err(NoPassage::Refused)?;
        Ok(Passage {
            host: forward.host.to_owned(),
            port: forward.port,
            opaque: forward.opaque,
            session: Arc::clone(session),
            channel,
        })
    }
}

impl Passage {
    /// Where to.
    #[must_use]
    pub fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
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

    /// There is a connection: from now on the session's end severs it. Its two ends are in the recording when this
    /// returns.
    pub async fn connected(&self, cord: &Cord) {
        let goodbye = Box::new(|_| futures::future::ready(()).boxed());
        self.session.hang(Leg { name: "forward", cord: cord.clone(), goodbye });
        let body = json!({ "local": cord.local().to_string(), "peer": cord.peer().to_string() });
        self.noted("forward-connected", body).await;
    }

    /// There is none: says why in the recording and in the channel's fact; spends the passage.
    pub async fn failed(self, gate: &Gate, why: &str) {
        self.noted("forward-failed", json!({ "why": why })).await;
        gate.close_channel(&self.session, &self.channel, Captured::Failed).await;
    }

    /// It is over. Where both ends `finished`, what is under way to the endpoint may arrive; a session that ends meanwhile
    /// severs it. Spends the passage, and says what was captured.
    pub async fn over(self, gate: &Gate, cord: &Cord, finished: bool) {
        if finished {
            self.session.unless_cut(taken(cord)).await.unwrap_or_default();
        }
        if !self.session.flow().borrow().is_cut() {
            cord.sever();
            self.session.unhang(cord);
        }
        let captured = if self.opaque { Captured::Flow } else { Captured::Bytes };
        gate.close_channel(&self.session, &self.channel, captured).await;
    }

    async fn noted(&self, kind: &'static str, body: Value) {
        if let Err(error) = self.session.note(Some(self.channel.number()), kind, body).await {
            tracing::warn!(session.id = %self.session.id, %error, "what became of a forward could not be recorded");
        }
    }
}

/// Returns once the kernel has delivered what it was given, or gives up.
async fn taken(cord: &Cord) {
    let until = Instant::now() + TAKEN_WITHIN;
    while Instant::now() < until && sockets::open(cord).unwrap_or(false) {
        sleep(ASK_AGAIN).await;
    }
}
