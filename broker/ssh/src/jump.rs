//! `ssh -J login@gate account@server`: the client's connection to the server is ended here, inside its connection to the
//! gate, so that it is decided about and recorded as any other.
//!
//! ```text
//!   client ── TCP ── outer connection: who they are is proven here
//!                      └─ direct-tcpip to a server's name ── SSH, with a certificate for that name
//!                           └─ inner connection: its user name is the account; an attempt of its own
//! ```
//!
//! Nobody signs in twice: the inner connection's person is the outer one's, and no other proof is asked for.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use chaperone_identity::ProvenPerson;
use chaperone_policy::TargetName;
use chaperone_session::{Cord, EndReason, Entered, Gate, LiveSession, Tenants, Within};
use jiff::Timestamp;
use russh::keys::ssh_key::Certificate;
use russh::server::{self, ChannelOpenHandle, Msg};
use russh::{Channel, ChannelOpenFailure};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, Verdict};
use crate::connection::{Asks, Connection, Progress, too_slow};
use crate::greeting::{Carried, Offers};
use crate::host_authority::HostAuthority;
use crate::unheard::HalfOpen;

/// The port that a client takes who names none.
pub(crate) const SSH_PORT: u32 = 22;

/// Connections inside one other at once: a handful of servers, and no more than one person's work.
const JUMPS: usize = 16;

/// Time for the version exchange, the keys and a sign-in that asks for nothing.
const SIGN_IN: Duration = Duration::from_secs(30);

/// What a listener needs to end connections inside others.
pub(crate) struct JumpDoor {
    authority: HostAuthority,
    /// The gate's own: what is ended inside is offered as much as what is ended there.
    offers: Offers,
}

impl JumpDoor {
    pub(crate) fn new(authority: HostAuthority, offers: Offers) -> Self {
        Self { authority, offers }
    }

    /// Of each key that a client may be shown in a server's name.
    fn certificates(&self, target: &TargetName, now: Timestamp) -> Option<Vec<Certificate>> {
        let keys = self.offers.host_keys();
        let made = keys.map(|key| self.authority.certificate(key, target, now)).collect::<Result<_, _>>();
        made.inspect_err(|error| {
            tracing::error!(%error, "no connection to a server can be ended inside one to the gate");
        })
        .ok()
    }
}

/// The connections inside one connection.
pub(crate) struct Jumps {
    door: Option<Arc<JumpDoor>>,
    tenants: Tenants,
    /// Turns true with the first visit.
    visited: watch::Sender<bool>,
    /// The visits inside.
    visits: Mutex<Vec<Weak<LiveSession>>>,
}

/// One that may begin.
pub(crate) struct Inside {
    offers: Offers,
    certificates: Vec<Certificate>,
    outer: Cord,
    place: Entered,
    jumps: Arc<Jumps>,
}

/// Whose connection somebody comes through.
#[derive(Clone)]
pub(crate) struct Through {
    pub proven: ProvenPerson,
    /// How the second factor was shown there.
    pub second: Option<&'static str>,
    /// The server that they named.
    pub target: TargetName,
    /// The outer connection's.
    pub reference: String,
}

/// What a client asks for.
pub(crate) struct Asked {
    pub channel: Channel<Msg>,
    pub reply: ChannelOpenHandle,
    pub peer: SocketAddr,
    pub through: Through,
    /// Where it waits to be heard, as every connection does.
    pub half_open: HalfOpen,
    /// Cancelled when the outer connection has ended.
    pub outer_over: CancellationToken,
}

impl Jumps {
    pub(crate) fn new(door: Option<Arc<JumpDoor>>) -> Arc<Self> {
        let (tenants, visited) = (Tenants::default(), watch::Sender::new(false));
        Arc::new(Self { door, tenants, visited, visits: Mutex::default() })
    }

    /// None inside a connection that is inside another.
    pub(crate) fn none_here() -> Arc<Self> {
        Self::new(None)
    }

    /// Whether connections are ended inside this one at all.
    pub(crate) fn are_taken(&self) -> bool {
        self.door.is_some()
    }

    /// The connection has a visit of its own: it does not end with those inside it.
    pub(crate) fn keep_outer(&self) {
        self.tenants.keep();
    }

    pub(crate) fn are_some(&self) -> bool {
        self.tenants.count() > 0
    }

    /// Returns once none is left.
    pub(crate) async fn none(&self) {
        self.tenants.none().await;
    }

    /// Returns once a visit has begun inside.
    pub(crate) async fn visited(&self) {
        // The sender lives in `self`: the wait cannot fail.
        drop(self.visited.subscribe().wait_for(|visited| *visited).await);
    }

    /// Ends the visits inside, which say why.
    pub(crate) fn cut(&self, reason: EndReason) {
        let visits = std::mem::take(&mut *self.visits.lock().unwrap_or_else(PoisonError::into_inner));
        visits.iter().filter_map(Weak::upgrade).for_each(|session| session.cut(reason));
    }

    /// A visit has begun inside.
    fn visit(&self, session: &Arc<LiveSession>) {
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        visits.retain(|session| session.strong_count() > 0);
        visits.push(Arc::downgrade(session));
        drop(visits);
        self.visited.send_replace(true);
    }

    /// One more, unless there are too many.
    pub(crate) fn begin(
        self: &Arc<Self>,
        outer: &Cord,
        target: &TargetName,
        now: Timestamp,
    ) -> Option<Inside> {
        let door = self.door.as_ref()?;
        let place = self.tenants.enter(JUMPS)?;
        let (offers, certificates) = (door.offers.clone(), door.certificates(target, now)?);
        Some(Inside { offers, certificates, outer: outer.clone(), place, jumps: Arc::clone(self) })
    }
}

/// Serves one connection inside another, to its end.
pub(crate) async fn run(gate: Gate, asks: Asks, asked: Asked, inside: Inside) {
    let Asked { channel, reply, peer, through, half_open, outer_over } = asked;
    let Inside { offers, certificates, outer, place, jumps } = inside;
    let sign_in = SIGN_IN.min(asks.bounds.sign_in);
    // It is a connection: it waits for its turn in the line of all, whatever it comes through.
    let heard = outer_over.run_until_cancelled(half_open.turn(peer.ip())).await.flatten();
    if heard.is_none() || !gate.is_accepting() {
        return reply.reject(ChannelOpenFailure::ResourceShortage).await;
    }
    reply.accept().await;
    let (stream, cord) = Within::new(channel.into_stream(), &outer, place);
    let verdict = watch::Sender::new(Verdict::Pending);
    let signed_in = watch::Sender::new(false);
    let over = CancellationToken::new();
    let _over = over.clone().drop_guard();
    let from = half_open.from(peer.ip());
    let progress = Progress {
        named: watch::Sender::new(false),
        signed_in: signed_in.clone(),
        place: Weak::new(),
        half_open,
        over,
    };
    let handler = Connection::new(
        gate,
        (peer, None),
        cord.clone(),
        asks,
        verdict.clone(),
        progress,
        Jumps::none_here(),
    );
    let handler = handler.inside(through);
    let mut stream = Carried::new(stream);
    let running = async {
        let config = offers.certified_to(&mut stream, from, certificates).await?;
        server::run_stream(config, stream, handler).await
    };
    let Ok(Ok(mut running)) = timeout(sign_in, running).await else {
        return cord.leave();
    };
    let mut let_in = signed_in.subscribe();
    let in_time = tokio::select! {
        waited = timeout(sign_in, let_in.wait_for(|signed_in| *signed_in)) => waited.is_ok(),
        _ended = &mut running => return cord.leave(),
    };
    if !in_time {
        too_slow(running).await;
        return cord.leave();
    }
    let mut known = verdict.subscribe();
    let visit = async {
        // None means that the connection is gone, or has no visit.
        if let Some(session) = Verdict::session(&mut known).await {
            jumps.visit(&session);
        }
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = &mut running => ended,
        () = visit => Ok(()),
    };
    let in_order = ended.is_ok();
    if let Err(error) = ended {
        tracing::debug!(peer = %peer, %error, "a connection inside another ended");
    }
    cord.leave();
    if let Some(session) = Admission::session(verdict.subscribe()).await {
        session.client_gone(in_order);
    }
}
