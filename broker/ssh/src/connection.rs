//! One technician's connection, as russh drives it: proof, then the schedule's verdict, then channels. Every request is
//! answered here; payload and everything that needs the target goes to the channel's own task.

mod certificate;
mod proof;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use chaperone_identity::{CertificateFault, ProofFailure, ProvenPerson, UserName, Why};
use chaperone_session::{Cord, Gate, Refused, new_reference};
use russh::keys::ssh_key::{Certificate, PublicKey};
use russh::server::{
    Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Response, Session, VerifiedPublicKey,
};
use russh::{Channel, ChannelId, ChannelOpenFailure, Disconnect, Pty, Sig};
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, Verdict};
use crate::channel;
use crate::second::SecondFactor;
use crate::unheard::Place;

/// Key offers that are remembered for the fact; an agent rarely holds more.
const OFFERS: usize = 32;

/// Proofs that may fail before the connection is ended.
const FAILED_PROOFS: usize = 6;

/// Refused requests of one connection that are a fact each; the rest are counted in one.
const REFUSALS_TOLD: u64 = 16;

/// Refused requests after which the connection is ended: no client goes on like this.
const REFUSALS_MOST: u64 = 1000;

/// Channels that one connection may have open.
const CHANNELS: usize = 64;

/// What the listener wants to know of a connection, and what it lends it.
pub(crate) struct Progress {
    /// Somebody was named.
    pub named: watch::Sender<bool>,
    /// Somebody was let in: the sign-in is over.
    pub signed_in: watch::Sender<bool>,
    /// Its place among the connections that have no visit, while the listener holds it.
    pub place: Weak<Place>,
    /// Cancelled when the connection has ended.
    pub over: CancellationToken,
}

/// What russh calls for one connection.
pub(crate) struct Connection {
    gate: Gate,
    peer: SocketAddr,
    cord: Cord,
    banner: Arc<str>,
    /// What the help desk can look this connection up by; in the banner, and in its facts.
    reference: String,
    offers: Vec<String>,
    failed: usize,
    /// Why an offer was not accepted; the fact of a connection that ends with nothing but offers.
    refused_offer: Option<ProofFailure>,
    /// Whether something that failed under this user name is a fact already.
    told: bool,
    /// The user name last tried, as it was sent; a change of it resets what was proven under the other.
    named: Option<String>,
    /// The same, printable.
    user: Option<String>,
    proven: Option<ProvenPerson>,
    second: SecondFactor,
    half: Option<Half>,
    /// How the second factor was shown, if one was.
    shown: Option<&'static str>,
    /// A refusal that is a fact already.
    foretold: Option<Refused>,
    verdict: watch::Sender<Verdict>,
    progress: Progress,
    started: HashSet<ChannelId>,
    open: usize,
    refused_requests: u64,
}

/// Somebody who has proven a key and still owes a code.
struct Half {
    proven: ProvenPerson,
    /// The schedule's refusal, which is a fact already; told after the last factor.
    foretold: Option<Refused>,
    /// Whether a failed code is a fact already.
    told: bool,
}

impl Connection {
    pub(crate) fn new(
        gate: Gate,
        peer: SocketAddr,
        cord: Cord,
        (banner, second): (Arc<str>, SecondFactor),
        verdict: watch::Sender<Verdict>,
        progress: Progress,
    ) -> Self {
        Self {
            gate,
            peer,
            cord,
            banner,
            reference: new_reference(),
            offers: Vec::new(),
            failed: 0,
            refused_offer: None,
            told: false,
            named: None,
            user: None,
            proven: None,
            second,
            half: None,
            shown: None,
            foretold: None,
            verdict,
            progress,
            started: HashSet::new(),
            open: 0,
            refused_requests: 0,
        }
    }

    /// Answers a request on a channel that the design does not open, and makes it a fact; of a flood only the first few
    /// and, at the end, how many there were.
    fn refuse(&mut self, kind: &'static str, what: serde_json::Value) {
        self.refused_requests += 1;
        if self.refused_requests > REFUSALS_TOLD {
            if self.refused_requests > REFUSALS_MOST {
                self.cord.sever();
            }
            return;
        }
        self.tell_refused(kind, what);
    }

    fn tell_refused(&self, kind: &'static str, what: serde_json::Value) {
        let (gate, verdict) = (self.gate.clone(), self.verdict.subscribe());
        let (user, peer) = (self.user.clone().unwrap_or_default(), self.peer);
        tokio::spawn(async move {
            let session = Admission::session(verdict).await;
            gate.channel_refused(session.as_deref(), &user, peer, kind, what).await;
        });
    }

    /// The first request of a channel starts it; a second is refused (RFC 4254 §6.5: only one can succeed).
    fn start(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        if self.started.insert(channel) {
            session.channel_success(channel)
        } else {
            self.refuse("second-request", json!({}));
            session.channel_failure(channel)
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if tokio::runtime::Handle::try_current().is_ok() {
            drop(self.leave_half());
            if self.refused_requests > REFUSALS_TOLD {
                let more = self.refused_requests - REFUSALS_TOLD;
                self.tell_refused("more-requests", json!({ "more": more.to_string() }));
            }
        }
        // An agent that offered keys in vain and left, or somebody who said no more than a name.
        let nothing_came = self.proven.is_none() && self.user.is_some() && self.foretold.is_none();
        if nothing_came && tokio::runtime::Handle::try_current().is_ok() {
            drop(self.leave_name());
        }
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn authentication_banner(&mut self) -> Result<Option<String>, russh::Error> {
        let space = if self.banner.is_empty() { "" } else { " " };
        Ok(Some(format!("{}{space}Reference {}.\n", self.banner.trim_end(), self.reference)))
    }

    async fn auth_none(&mut self, user: &str) -> Result<Auth, russh::Error> {
        self.names(user).await;
        if self.is_spent() { Err(russh::Error::Disconnect) } else { Ok(Auth::reject()) }
    }

    async fn auth_password(&mut self, user: &str, _password: &str) -> Result<Auth, russh::Error> {
        self.names(user).await;
        if self.is_spent() {
            return Err(russh::Error::Disconnect);
        }
        Ok(self.fail(ProofFailure::credential()).await)
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, russh::Error> {
        self.names(user).await;
        self.offered(offer.public_key);
        // An offer is no sign-in: nobody is proven by it, whatever the answer.
        match self.worth_a_signature(user, &offer).await {
            Ok(()) => Ok(Auth::Accept),
            Err(_) if self.is_spent() => Err(russh::Error::Disconnect),
            Err(failure) => {
                self.refuse_offer(failure);
                Ok(Auth::reject())
            }
        }
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        self.names(user).await;
        self.offered(key.public_key);
        let proof = self.prove(user, &key).await;
        self.first_factor(proof).await
    }

    async fn auth_openssh_certificate_signed(
        &mut self,
        user: &str,
        certificate: &Certificate,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        self.names(user).await;
        self.offered(key.public_key);
        let proof = self.prove_by_certificate(user, certificate, &key).await;
        self.first_factor(proof).await
    }

    async fn openssh_certificate_rejected(
        &mut self,
        user: &str,
        certificate: &Certificate,
    ) -> Result<(), russh::Error> {
        self.names(user).await;
        self.offered(&PublicKey::new(certificate.public_key().clone(), ""));
        let why = Why::Certificate(CertificateFault::Unsound);
        self.refuse_offer(ProofFailure::credential().because(why));
        if self.is_spent() { Err(russh::Error::Disconnect) } else { Ok(()) }
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        self.names(user).await;
        if self.is_spent() {
            return Err(russh::Error::Disconnect);
        }
        if self.half.is_none() {
            return Ok(self.fail(ProofFailure::credential()).await);
        }
        let Some(mut response) = response else {
            return Ok(Auth::Partial {
                name: "".into(),
                instructions: "".into(),
                prompts: vec![("Authenticator code: ".into(), false)].into(),
            });
        };
        let code = response.next().map(|code| String::from_utf8_lossy(&code).into_owned());
        self.code_given(&code.unwrap_or_default()).await
    }

    async fn auth_succeeded(&mut self, session: &mut Session) -> Result<(), russh::Error> {
        let Some(proven) = self.proven.take() else {
            return Err(russh::Error::Inconsistent);
        };
        let admission = Admission {
            gate: self.gate.clone(),
            user: self.user.clone().unwrap_or_default(),
            peer: self.peer,
            cord: self.cord.clone(),
            offers: std::mem::take(&mut self.offers),
            reference: self.reference.clone(),
            client: String::from_utf8_lossy(session.remote_sshid())
                .chars()
                .filter(|c| !c.is_control())
                .take(80)
                .collect(),
            second: self.shown,
            foretold: self.foretold.take(),
            handle: session.handle(),
            over: self.progress.over.clone(),
        };
        self.proven = Some(proven.clone());
        self.progress.signed_in.send_replace(true);
        tokio::spawn(admission.decide(proven, self.verdict.clone()));
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.open >= CHANNELS {
            self.refuse("session", json!({ "why": "too many channels" }));
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        }
        self.open += 1;
        reply.accept().await;
        tokio::spawn(channel::run(self.gate.clone(), channel, session.handle(), self.verdict.subscribe()));
        Ok(())
    }

    async fn channel_open_x11(
        &mut self,
        _channel: Channel<Msg>,
        _address: &str,
        _port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.refuse("x11", json!({}));
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        host: &str,
        port: u32,
        _originator: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.refuse("direct-tcpip", json!({ "host": UserName::printable(host), "port": port }));
        Ok(())
    }

    async fn channel_open_direct_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.refuse("direct-streamlocal", json!({ "path": UserName::printable(path) }));
        Ok(())
    }

    async fn channel_open_forwarded_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        host: &str,
        port: u32,
        _originator: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.refuse("forwarded-tcpip", json!({ "host": UserName::printable(host), "port": port }));
        Ok(())
    }

    async fn channel_close(
        &mut self,
        channel: ChannelId,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.started.remove(&channel);
        self.open = self.open.saturating_sub(1);
        Ok(())
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.started.contains(&channel) {
            session.channel_failure(channel)
        } else {
            session.channel_success(channel)
        }
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        _name: &str,
        _value: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.started.contains(&channel) {
            session.channel_failure(channel)
        } else {
            session.channel_success(channel)
        }
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        self.start(channel, session)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.start(channel, session)
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.refuse("subsystem", json!({ "name": UserName::printable(name) }));
        session.channel_failure(channel)
    }

    async fn x11_request(
        &mut self,
        channel: ChannelId,
        _single: bool,
        _protocol: &str,
        _cookie: &str,
        _screen: u32,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.refuse("x11", json!({}));
        session.channel_failure(channel)
    }

    async fn agent_request(
        &mut self,
        _channel: ChannelId,
        _session: &mut Session,
    ) -> Result<bool, russh::Error> {
        self.refuse("agent", json!({}));
        Ok(false)
    }

    async fn tcpip_forward(
        &mut self,
        address: &str,
        port: &mut u32,
        _session: &mut Session,
    ) -> Result<bool, russh::Error> {
        self.refuse("tcpip-forward", json!({ "address": UserName::printable(address), "port": *port }));
        Ok(false)
    }

    async fn streamlocal_forward(
        &mut self,
        path: &str,
        _session: &mut Session,
    ) -> Result<bool, russh::Error> {
        self.refuse("streamlocal-forward", json!({ "path": UserName::printable(path) }));
        Ok(false)
    }

    async fn signal(
        &mut self,
        _channel: ChannelId,
        _signal: Sig,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        Ok(())
    }
}

/// Says why a connection ends before anybody proved anything: the protocol's own words.
pub(crate) async fn too_slow(handle: &russh::server::Handle) {
    // The connection is severed next, whether this arrives or not.
    drop(handle.disconnect(Disconnect::ByApplication, "sign-in took too long".into(), String::new()).await);
}
