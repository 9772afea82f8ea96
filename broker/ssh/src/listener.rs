//! Accepts technicians' connections: a bounded number that have no visit, heard one after another at a bounded rate, each
//! with little time to sign in.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::PersonId;
use chaperone_session::{Cord, Gate};
use russh::server::{self, RunningSession};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, Verdict};
use crate::bounds::Bounds;
use crate::callers::Callers;
use crate::connection::{Asks, Connection, Progress, too_slow};
use crate::greeting::Offers;
use crate::host_key::{HostIdentity, HostKey};
use crate::jump::{JumpDoor, Jumps};
use crate::menu::Menu;
use crate::proxied::Proxies;
use crate::second::SecondFactor;
use crate::unheard::{HalfOpen, Place};

/// Time to say what protocol is spoken (RFC 4253 §4.2); slower peers are no SSH clients.
pub(crate) const VERSION_EXCHANGE: Duration = Duration::from_secs(10);

/// The gate's SSH door.
pub struct SshListener {
    socket: TcpListener,
    callers: Callers,
    proxies: Proxies,
    heard_per_second: NonZeroU32,
}

impl SshListener {
    /// Binds; port 0 takes a free one. So many connections a second are heard at most; the others wait in line. Who comes
    /// through a listed proxy is whom that names.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(
        address: SocketAddr,
        gate: Gate,
        identity: HostIdentity,
        banner: &str,
        second: SecondFactor,
        (heard_per_second, proxies): (NonZeroU32, Proxies),
        bounds: Bounds,
    ) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let HostIdentity { keys, authority, post_quantum_only } = identity;
        let keys: Vec<_> = keys.into_iter().map(HostKey::into_private).collect();
        let mut offers = Offers::new(keys, bounds.rekey);
        if post_quantum_only {
            offers.are_post_quantum_only();
        }
        let jumps = authority.map(|authority| Arc::new(JumpDoor::new(authority, offers.clone())));
        let asks = Asks { banner: banner.into(), second, bounds };
        let callers = Callers::new(gate, offers, asks, jumps);
        Ok(Self { socket, callers, proxies, heard_per_second })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Takes callers who came by another way. They are heard while this listener serves, in the same line.
    #[must_use]
    pub fn callers(&self) -> Callers {
        self.callers.clone()
    }

    /// Serves until `stop` is cancelled.
    pub async fn serve(self, stop: CancellationToken) {
        let (telling, calling) = self.callers.hear(self.heard_per_second);
        let _end_with_this = [AbortOnDrop(telling), AbortOnDrop(calling)];
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = self.socket.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, say: wait for some to come back.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            if self.proxies.lists(peer.ip()) {
                tokio::spawn(proxied(self.callers.clone(), self.proxies.clone(), stream, peer));
            } else {
                self.callers.take(stream, peer);
            }
        }
    }
}

/// A connection from a listed proxy: whom it names is who calls.
async fn proxied(callers: Callers, proxies: Proxies, mut stream: TcpStream, peer: SocketAddr) {
    match proxies.caller(&mut stream, peer).await {
        Ok(caller) => callers.take(stream, caller),
        Err(fault) => callers.refuse(peer, &fault),
    }
}

/// Ends a task when whoever needs it has ended.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves one connection, by whatever way it came, to its end.
pub(crate) async fn connection(
    gate: Gate,
    config: Arc<server::Config>,
    asks: Asks,
    (stream, cord): (impl AsyncRead + AsyncWrite + Unpin + Send + 'static, Cord),
    (peer, whose): (SocketAddr, Option<PersonId>),
    (place, half_open): (Place, HalfOpen),
    jumps: Arc<Jumps>,
) {
    let until = Instant::now() + asks.bounds.sign_in;
    let verdict = watch::Sender::new(Verdict::Pending);
    let signed_in = watch::Sender::new(false);
    let (name, named) = watch::channel(false);
    let (place, over) = (Arc::new(place), CancellationToken::new());
    let _over = over.clone().drop_guard();
    let lent = Arc::downgrade(&place);
    let progress = Progress {
        named: name,
        signed_in: signed_in.clone(),
        place: lent,
        half_open: half_open.clone(),
        over,
    };
    let inside = Arc::clone(&jumps);
    let handler = Connection::new(gate, (peer, whose), cord.clone(), asks, verdict.clone(), progress, inside);
    let Ok(Ok(mut running)) = timeout(VERSION_EXCHANGE, server::run_stream(config, stream, handler)).await
    else {
        cord.sever();
        half_open.unheard(peer.ip());
        return;
    };
    let mut let_in = signed_in.subscribe();
    let in_time = tokio::select! {
        waited = timeout_at(until, let_in.wait_for(|signed_in| *signed_in)) => waited.is_ok(),
        ended = &mut running => {
            tracing::debug!(peer = %peer, ended = ?ended.err(), "a connection ended before sign-in");
            cord.sever();
            if !*named.borrow() {
                half_open.unheard(peer.ip());
            }
            return;
        }
    };
    if !in_time && !*named.borrow() {
        half_open.unheard(peer.ip());
    }
    if !in_time {
        too_slow(running).await;
        cord.sever();
        return;
    }
    // A client that leaves says so (RFC 4253 §11.1); one whose network or machine has gone does not.
    let visited = || half_open.visited(peer.ip());
    let in_order = match to_its_end(running, (place, visited), &verdict, &jumps).await {
        Ok(()) => true,
        Err(error) => {
            tracing::debug!(peer = %peer, %error, "a connection ended");
            false
        }
    };
    cord.sever();
    if let Some(session) = Admission::session(verdict.subscribe()).await {
        session.client_gone(in_order);
    }
}

/// Waits for the end of a connection. It keeps its place until it has a visit, or one inside it, or shows a menu, which is
/// counted by itself: somebody who is refused again and again is one of those who have none.
async fn to_its_end(
    mut running: RunningSession<Connection>,
    (place, visited): (Arc<Place>, impl FnOnce()),
    verdict: &watch::Sender<Verdict>,
    jumps: &Jumps,
) -> Result<(), russh::Error> {
    let mut known = verdict.subscribe();
    tokio::select! {
        visit = known.wait_for(Verdict::is_visit) => {
            drop(visit);
            visited();
        }
        () = jumps.visited() => visited(),
        () = Menu::is_shown(verdict.subscribe()) => {}
        ended = &mut running => return ended,
    }
    drop(place);
    running.await
}
