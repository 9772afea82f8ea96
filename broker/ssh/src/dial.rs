//! The leg to the target: connect, check the pinned host key before any secret is sent, sign in with the sealed
//! credential that the technician never sees.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use chaperone_policy::Endpoint;
use chaperone_session::{
    Cord, Credential, Dial, DialError, Dialled, EndReason, Gate, LiveSession, Severable, Ticket,
};
use russh::client::{self, ChannelOpenHandle, Handle, Msg};
use russh::keys::ssh_key::PublicKey;
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{Channel, Disconnect, Names};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::algorithms;

/// How long a target may take to accept the TCP connection, and again to exchange keys, and again to let the gate in.
const STEP: Duration = Duration::from_secs(10);

/// Channels that a target asks for in vain and that are facts, and after how many it is cut.
const ASKED_TOLD: usize = 4;
const ASKED_MOST: usize = 64;

/// Reaches a target by SSH.
#[derive(Clone)]
pub struct SshDial {
    /// Writes down what a target asks for that it should not.
    pub gate: Gate,
}

/// A signed-in connection to a target.
pub struct TargetLeg {
    handle: Handle<HostKeyCheck>,
    gone: watch::Receiver<bool>,
}

impl TargetLeg {
    /// The connection's handle, which opens channels.
    pub(crate) fn handle(&self) -> &Handle<HostKeyCheck> {
        &self.handle
    }

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
        let Endpoint::Ssh { host, port, host_keys, .. } = ticket.endpoint() else {
            return Err(DialError::NoEndpoint);
        };
        let stream = within(TcpStream::connect((host.as_str(), *port)))
            .await?
            .map_err(|error| DialError::Unreachable(error.to_string()))?;
        let (stream, cord) =
            Severable::new(stream).map_err(|error| DialError::Unreachable(error.to_string()))?;
        ticket.connected(&cord);
        let host_keys = host_keys.clone();
        let signed_in = sign_in(self.gate.clone(), stream, &cord, &host_keys, ticket).await;
        if signed_in.is_err() {
            cord.sever();
        }
        signed_in
    }
}

async fn sign_in(
    gate: Gate,
    stream: Severable,
    cord: &Cord,
    host_keys: &[String],
    ticket: Ticket,
) -> Result<Dialled<TargetLeg>, DialError> {
    let pinned: Vec<PublicKey> = host_keys.iter().filter_map(|line| line.parse().ok()).collect();
    let seen = Arc::new(std::sync::Mutex::new(Seen::default()));
    let (alive, gone) = watch::channel(false);
    let asks = Box::new(told(gate, Arc::downgrade(ticket.session())));
    let check = HostKeyCheck { pinned: pinned.clone(), seen: Arc::clone(&seen), alive, asks };
    let config = Arc::new(algorithms::client(&pinned));
    let connected = within(client::connect_stream(config, stream, check)).await?;
    let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    let mut handle = match connected {
        Ok(handle) => handle,
        // A host key of another kind than the pinned ones is another host key.
        Err(russh::Error::NoCommonAlgo { kind: russh::AlgorithmKind::Key, theirs, .. }) => {
            let offered =
                theirs.iter().map(|name| name.chars().filter(char::is_ascii_graphic).take(40).collect());
            let offered: Vec<String> = offered.take(8).collect();
            return Err(DialError::HostKey { offered: offered.join(", ") });
        }
        Err(_) if seen.refused => return Err(DialError::HostKey { offered: seen.host_key }),
        Err(error) => return Err(DialError::Protocol(error.to_string())),
    };
    let account = ticket.account().clone();
    let answer = match ticket.into_credential() {
        Credential::Password(password) => {
            within(handle.authenticate_password(account.as_str(), password.expose())).await?
        }
        Credential::SshKey(pem) => {
            let key = PrivateKey::from_openssh(pem.expose()).map_err(|_| DialError::Credential)?;
            let hash = key.algorithm().is_rsa().then_some(HashAlg::Sha512);
            let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
            within(handle.authenticate_publickey(account.as_str(), key)).await?
        }
    };
    match answer {
        Ok(answer) if answer.success() => {}
        Ok(_) => return Err(DialError::Credential),
        Err(error) => return Err(DialError::Protocol(error.to_string())),
    }
    let about =
        json!({ "algorithms": seen.algorithms, "host_key": seen.host_key, "account": account.as_str() });
    Ok(Dialled { leg: TargetLeg { handle, gone }, cord: cord.clone(), about })
}

async fn within<F: Future>(step: F) -> Result<F::Output, DialError> {
    tokio::time::timeout(STEP, step).await.map_err(|_elapsed| DialError::Slow(STEP))
}

#[derive(Default)]
struct Seen {
    host_key: String,
    refused: bool,
    algorithms: serde_json::Value,
}

/// Accepts pinned host keys only, and no channel: a target has nothing to open here.
pub(crate) struct HostKeyCheck {
    pinned: Vec<PublicKey>,
    seen: Arc<std::sync::Mutex<Seen>>,
    alive: watch::Sender<bool>,
    /// Hears of each channel that the target asks for.
    asks: Box<dyn FnMut(&'static str) + Send>,
}

impl HostKeyCheck {
    /// The target asks for a channel. Its reply is dropped, which refuses it.
    fn asked_for(&mut self, kind: &'static str) {
        (self.asks)(kind);
    }
}

/// Of channels that a target asks for the first few are facts; who goes on asking is no server, and is cut.
fn told(gate: Gate, session: Weak<LiveSession>) -> impl FnMut(&'static str) + Send {
    let mut asked = 0;
    move |kind| {
        asked += 1;
        let Some(session) = session.upgrade() else { return };
        if asked > ASKED_MOST {
            session.cut(EndReason::TargetFailed);
        }
        if asked <= ASKED_TOLD {
            let gate = gate.clone();
            tokio::spawn(async move {
                let (source, what) = (session.source(), json!({ "asked_by": "target" }));
                gate.channel_refused(Some(&session), "", source, kind, what).await;
            });
        }
    }
}

impl Drop for HostKeyCheck {
    fn drop(&mut self) {
        self.alive.send_replace(true);
    }
}

impl client::Handler for HostKeyCheck {
    type Error = russh::Error;

    async fn check_server_key(&mut self, offered: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let PublicKeyOrCertificate::PublicKey { key, .. } = offered else {
            seen.refused = true;
            return Ok(false);
        };
        seen.host_key = key.fingerprint(HashAlg::Sha256).to_string();
        let known = self.pinned.iter().any(|pin| pin.key_data() == key.key_data());
        seen.refused = !known;
        Ok(known)
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _address: &str,
        _port: u32,
        _originator: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("forwarded-tcpip");
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("forwarded-streamlocal");
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _channel: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("agent");
        Ok(())
    }

    async fn server_channel_open_unknown(
        &mut self,
        _channel: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("unknown");
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("session");
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _host: &str,
        _port: u32,
        _originator: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("direct-tcpip");
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("direct-streamlocal");
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _channel: Channel<Msg>,
        _originator: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        self.asked_for("x11");
        Ok(())
    }

    async fn kex_done(
        &mut self,
        _secret: Option<&[u8]>,
        names: &Names,
        _session: &mut client::Session,
    ) -> Result<(), russh::Error> {
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.algorithms = algorithms::describe(names);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
