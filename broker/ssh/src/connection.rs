//! One technician's connection: proof, then the schedule's verdict, then channels. Every request is answered at once, by
//! [`handler`]; payload and everything that needs the target goes to the channel's own task.

mod asked;
mod certificate;
mod forwards;
mod handler;
mod proof;
mod refusals;
mod unknown;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use chaperone_identity::{ProofFailure, ProvenPerson};
use chaperone_policy::PersonId;
use chaperone_session::{Cord, Gate, Refused, new_reference};
use russh::server::{RunningSession, Session};
use russh::{ChannelId, Disconnect};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::admission::Verdict;
use crate::bounds::Bounds;
use crate::jump::{Jumps, Through};
use crate::second::SecondFactor;
use crate::unheard::{self, HalfOpen};

pub(crate) use self::asked::Ending;
pub(crate) use self::asked::takes_variable;
use self::asked::{Channels, Held};
#[cfg(test)]
pub(crate) use self::asked::{ENVIRONMENT_BYTES, VARIABLE_BYTES, VARIABLES};
pub(crate) use self::refusals::Refusals;

/// Key offers that are remembered for the fact; an agent rarely holds more.
const OFFERS: usize = 32;

/// Proofs that may fail before the connection is ended.
const FAILED_PROOFS: usize = 6;

/// How long the last words may take to a client that was too slow.
const PARTING: Duration = Duration::from_millis(300);

/// Channels that one connection may have open.
const CHANNELS: usize = 64;
/// Channels that one connection may have a task for: as many again may wait for a slow server after their client has closed
/// them. Each may hold what was asked for, some 400 KiB at most.
const TASKS: usize = 2 * CHANNELS;
/// Connections to endpoints that may outlive their channels, for some seconds and with little else than a socket: a browser
/// opens and closes many.
const LINGERING: usize = 4 * CHANNELS;

/// What everybody reads and is asked for, and how long they may take; cheap to clone.
#[derive(Clone)]
pub(crate) struct Asks {
    pub banner: Arc<str>,
    pub second: SecondFactor,
    pub bounds: Bounds,
}

/// What the listener wants to know of a connection, and what it lends it.
pub(crate) struct Progress {
    /// Somebody was named.
    pub named: watch::Sender<bool>,
    /// Somebody was let in: the sign-in is over.
    pub signed_in: watch::Sender<bool>,
    /// Its place among the connections that have no visit, while the listener holds it.
    pub place: Weak<unheard::Place>,
    /// Those connections.
    pub half_open: HalfOpen,
    /// Cancelled when the connection has ended.
    pub over: CancellationToken,
}

/// What russh calls for one connection.
pub(crate) struct Connection {
    gate: Gate,
    peer: SocketAddr,
    /// For whom alone the connection is: whose token carries it, where something does.
    whose: Option<PersonId>,
    cord: Cord,
    asks: Asks,
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
    half: Option<Half>,
    /// Whether a key was proven here, in whatever name, that owed a code.
    owed: bool,
    /// How the second factor was shown, if one was.
    shown: Option<&'static str>,
    /// A refusal that is a fact already.
    foretold: Option<Refused>,
    /// Nobody could say whether a code is owed: nothing opens on this connection, also when the database is back.
    unsure: bool,
    verdict: watch::Sender<Verdict>,
    progress: Progress,
    channels: Channels,
    refusals: Arc<Refusals>,
    /// The connections that are ended inside this one.
    jumps: Arc<Jumps>,
    /// Whose connection this one came through, if it came through one.
    through: Option<Through>,
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
        (peer, whose): (SocketAddr, Option<PersonId>),
        cord: Cord,
        asks: Asks,
        verdict: watch::Sender<Verdict>,
        progress: Progress,
        jumps: Arc<Jumps>,
    ) -> Self {
        let refusals = Refusals::new(gate.clone(), peer, cord.clone(), verdict.clone(), Arc::clone(&jumps));
        Self {
            gate,
            peer,
            whose,
            cord,
            asks,
            reference: new_reference(),
            offers: Vec::new(),
            failed: 0,
            refused_offer: None,
            told: false,
            named: None,
            user: None,
            proven: None,
            half: None,
            owed: false,
            shown: None,
            foretold: None,
            unsure: false,
            verdict,
            progress,
            channels: Channels::default(),
            refusals,
            jumps,
            through: None,
        }
    }

    /// A connection inside another one, whose person is proven there.
    pub(crate) fn inside(mut self, through: Through) -> Self {
        self.reference.clone_from(&through.reference);
        self.through = Some(through);
        self
    }

    /// Makes a request on a channel that the design does not open a fact; of a flood only the first few and, at the end,
    /// how many there were.
    fn refuse(&self, kind: &'static str, what: serde_json::Value) {
        self.refusals.refuse(kind, what);
    }

    /// Whether no more channels may be opened at this time.
    fn has_its_channels(&mut self) -> bool {
        let channels = &mut self.channels;
        channels.open() >= CHANNELS || channels.tasks() >= TASKS || channels.lingering() >= LINGERING
    }

    /// The first request of a channel starts it; a second is refused (RFC 4254 §6.5: only one can succeed).
    fn start(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        if self.channels.starts(channel) {
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
            self.refusals.sum_up();
        }
        // An agent that offered keys in vain and left, or somebody who said no more than a name.
        let nothing_came = self.proven.is_none() && self.user.is_some() && self.foretold.is_none();
        if nothing_came && tokio::runtime::Handle::try_current().is_ok() {
            drop(self.leave_name());
        }
    }
}

/// Serves a channel; it counts as open for as long. Who serves it is boxed: this has room for it twice.
async fn held_for(held: Held, serving: Pin<Box<impl Future<Output = ()>>>) {
    serving.await;
    drop(held);
}

/// Ends a connection whose client has not signed in in time, and says why, in the protocol's own words.
pub(crate) async fn too_slow(running: RunningSession<Connection>) {
    let handle = running.handle();
    let goodbye = async {
        let words = "sign-in took too long".to_owned();
        drop(handle.disconnect(Disconnect::ByApplication, words, String::new()).await);
        running.await
    };
    // The connection is severed next, whether this has arrived or not.
    drop(timeout(PARTING, goodbye).await);
}
