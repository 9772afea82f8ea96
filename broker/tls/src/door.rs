//! The gate's TLS door: what a connection says first decides what it is for, and everything that needs no visit is dealt
//! with here, beside the listener, bounded in number and time.
//!
//! ```text
//!   accept ─▶ PROXY header ─▶ first octet ─▶ ClientHello ─▶ LABEL.tls. ─▶ certificate, verdict ─▶ raw visit
//!                                │                       ├▶ LABEL.web. ─▶ web console
//!                                │                       ├▶ DOMAIN ─▶ the web, or a redirect there
//!                                │                       └▶ anything else ─▶ the web on a shared port, or an alert
//!                                └▶ HTTP without TLS: a redirect; anything else: nothing
//! ```

mod answers;
mod hello;
mod proves;

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::PersonId;
use chaperone_session::{Ask, Cord, Gate, Proof, Severable};
use futures::future::BoxFuture;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::server::ResolvesServerCert;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::Incoming;
use crate::handshakes::Handshakes;
use crate::names::{Label, Names};
use crate::places::{Place, Places};
use crate::protocols::Protocols;
use crate::raw::{self, Client};
use crate::serving::{self, ServingError};
use crate::told::Told;
use crate::verifier::{ClientTrust, Trusted};
use crate::visit::Visits;

/// How long a client has until its handshake is over; and a little more, so that it is this door that ends it.
const WITHIN: Duration = Duration::from_secs(10);
const DROPPED_AFTER: Duration = Duration::from_secs(12);
/// Connections of which nothing is known yet, each some 30 kB.
const UNKNOWN: usize = 512;
/// Connections to web consoles that have no visit yet; and those of one source, so that nobody keeps others out: as many as
/// one visit may have, since each of those begins so.
const WITHOUT_VISIT: usize = 1024;
const OF_ONE_SOURCE: usize = 256;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    /// From where.
    pub from: SocketAddr,
    /// Whose token opened the way here, where one did: nobody else's certificate or cookie is taken on it.
    pub bearer: Option<PersonId>,
}

impl From<SocketAddr> for Calls {
    fn from(from: SocketAddr) -> Self {
        Self { from, bearer: None }
    }
}

/// The peer of a connection: who it is, after a PROXY header where a trusted proxy sent one; `None` where it is refused.
pub type Arrives<P> =
    Arc<dyn Fn(TcpStream, P) -> BoxFuture<'static, Option<(TcpStream, Calls)>> + Send + Sync>;

/// Serves a connection to a web console to its end.
pub type ServesConsoles = Arc<dyn Fn(WebConnection) -> BoxFuture<'static, ()> + Send + Sync>;

/// What a door is made of.
pub struct DoorParts {
    /// Decides, records, dials.
    pub gate: Gate,
    /// The visits of this node's TLS doors.
    pub visits: Visits,
    /// What they are called.
    pub names: Names,
    /// The certificates that they show.
    pub certificates: Arc<dyn ResolvesServerCert>,
    /// Whose client certificates they take.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Web consoles.
    pub consoles: ServesConsoles,
    /// Where people sign in: what a redirect leads to.
    pub site: Arc<str>,
    /// The port that clients come to, where that is another than this node's.
    pub public_port: Option<u16>,
    /// Counts a connection that ended before anybody was named.
    pub unheard: Arc<dyn Fn(IpAddr) + Send + Sync>,
    /// Where visits run: what is recorded is written there.
    pub runtime: Handle,
}

/// A connection to `LABEL.web.DOMAIN`, its TLS ended. Nobody is proven on it yet.
pub struct WebConnection {
    /// What is spoken on: HTTP/2 where that is its protocol (ALPN), else HTTP/1.1.
    pub stream: TlsStream<Severable>,
    /// Ends it at once.
    pub cord: Cord,
    /// Who calls.
    pub caller: SocketAddr,
    /// The target, as the client names it.
    pub label: Label,
    /// The host name, in small letters, without a port.
    pub host: String,
    /// Whose token opened the way here, where one did: nobody else's cookie is taken on it.
    pub bearer: Option<PersonId>,
    /// Held by connections that have no visit: dropped when this one is of one.
    pub place: Place,
}

/// A connection that is for the web or the API, on a port that it shares.
pub struct Passed {
    /// What is spoken on.
    pub stream: TlsStream<Severable>,
    /// Ends it at once.
    pub cord: Cord,
    /// Who calls.
    pub caller: SocketAddr,
}

/// What has no name of a TLS door goes there.
#[derive(Clone)]
pub struct Elsewhere {
    /// The web's own TLS.
    pub config: Arc<ServerConfig>,
    /// Takes each at once.
    pub to: mpsc::Sender<Passed>,
}

/// The TLS door; cheap to clone. It serves on whatever port it is given.
#[derive(Clone)]
pub struct TlsDoor(Arc<Inner>);

struct Inner {
    gate: Gate,
    visits: Visits,
    names: Names,
    certificates: Arc<dyn ResolvesServerCert>,
    trust: Trusted,
    web: Arc<ServerConfig>,
    own_name: Arc<ServerConfig>,
    consoles: ServesConsoles,
    site: Arc<str>,
    public_port: Option<u16>,
    unheard: Arc<dyn Fn(IpAddr) + Send + Sync>,
    protocols: Protocols,
    without_visit: Places,
    told: Told,
    runtime: Handle,
}

/// A connection that is worth a task of its own.
enum Heard {
    Proven(Box<Client>, Proof, Box<Ask>),
    Web(Box<WebConnection>),
    Elsewhere(Box<Passed>, mpsc::Sender<Passed>),
}

impl TlsDoor {
    /// A door over its parts.
    ///
    /// # Errors
    /// When the authority's certificate is of no use.
    pub fn new(parts: DoorParts) -> Result<Self, ServingError> {
        let DoorParts {
            gate,
            visits,
            names,
            certificates,
            authorities,
            consoles,
            site,
            public_port,
            unheard,
            runtime,
        } = parts;
        let trust = Trusted::new(ClientTrust::in_authorities(&authorities)?);
        let web = serving::web_console(Arc::clone(&certificates))?;
        let own_name = serving::one_answer(Arc::clone(&certificates))?;
        let without_visit = Places::new(WITHOUT_VISIT, OF_ONE_SOURCE);
        let (protocols, told) = (Protocols::default(), Told::default());
        Ok(Self(Arc::new(Inner {
            gate,
            visits,
            names,
            certificates,
            trust,
            web,
            own_name,
            consoles,
            site,
            public_port,
            unheard,
            protocols,
            without_visit,
            told,
            runtime,
        })))
    }

    /// From the next handshake on, client certificates of these authorities are taken, and of no other. What is open goes on.
    ///
    /// # Errors
    /// When a certificate is of no use; then everything stays as it is.
    pub fn trusts(&self, authorities: &[CertificateDer<'static>]) -> Result<(), ServingError> {
        self.0.trust.is_now(ClientTrust::in_authorities(authorities)?);
        Ok(())
    }

    /// Serves what comes in until `stop` is cancelled. What has no name of this door's goes elsewhere, where there is such
    /// a place.
    pub async fn serve<P: Send + 'static>(
        self,
        mut incoming: impl Incoming<Stream = TcpStream, Peer = P>,
        arrives: Arrives<P>,
        elsewhere: Option<Elsewhere>,
        stop: CancellationToken,
    ) {
        let mut unknown = Handshakes::new(UNKNOWN, DROPPED_AFTER);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                heard = unknown.next() => self.take(heard),
                (stream, peer, source) = incoming.next() => {
                    // Nobody is heard while a refusal could not even be spooled.
                    if !self.0.gate.is_accepting() {
                        continue;
                    }
                    let (door, arrives, elsewhere) = (self.clone(), Arc::clone(&arrives), elsewhere.clone());
                    unknown.begin(source, async move {
                        let (stream, calls) = arrives(stream, peer).await?;
                        door.hear(stream, calls, elsewhere).await
                    });
                }
            }
        }
    }

    /// Hears a connection until it is known what it is; tells of one that does not come so far in time.
    async fn hear(self, stream: TcpStream, calls: Calls, elsewhere: Option<Elsewhere>) -> Option<Heard> {
        let hearing = hello::hear(Arc::clone(&self.0), stream, calls, elsewhere);
        let heard = tokio::time::timeout(WITHIN, hearing).await;
        heard.unwrap_or_else(|_elapsed| {
            (self.0.unheard)(calls.from.ip());
            None
        })
    }

    /// Serves a connection on a task of its own.
    fn take(&self, heard: Heard) {
        let inner = Arc::clone(&self.0);
        match heard {
            Heard::Proven(client, proof, ask) => drop(self.0.runtime.spawn(async move {
                // What is refused here, after the handshake, is a fact with its alert like any other; no alert of TLS can
                // say so any more.
                if let Ok(visit) = inner.visits.enter(proof, *ask).await {
                    raw::serve(&inner.gate, &inner.protocols, *client, visit).await;
                }
            })),
            Heard::Web(connection) => drop(self.0.runtime.spawn((inner.consoles)(*connection))),
            // Full only while the web's listener is not asked: then this one is dropped, as it would have been there.
            Heard::Elsewhere(passed, to) => drop(to.try_send(*passed)),
        }
    }
}

/// Counts what a connection that comes to nothing was, on its way out.
async fn nothing<T>(
    inner: &Inner,
    caller: SocketAddr,
    why: &str,
    ending: impl Future<Output = T>,
) -> Option<Heard> {
    tracing::debug!(client.addr = %caller, why, "a TLS connection came to nothing");
    (inner.unheard)(caller.ip());
    ending.await;
    None
}
