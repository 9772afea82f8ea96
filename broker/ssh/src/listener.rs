//! Accepts technicians' connections: a bounded number that have no visit, heard one after another at a bounded rate, each
//! with little time to sign in.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::host_key::HostKey;
use chaperone_session::{EndReason, Gate, Severable};
use russh::server::{self, RunningSession};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, Verdict};
use crate::connection::{Connection, Progress, too_slow};
use crate::greeting::Offers;
use crate::second::SecondFactor;
use crate::unheard::{HalfOpen, Place};

/// Time to say what protocol is spoken (RFC 4253 §4.2); slower peers are no SSH clients.
const VERSION_EXCHANGE: Duration = Duration::from_secs(10);
/// Time to sign in, as OpenSSH's `LoginGraceTime` but shorter: nobody types a password here.
const SIGN_IN: Duration = Duration::from_secs(60);

/// The gate's SSH door.
pub struct SshListener {
    socket: TcpListener,
    gate: Gate,
    offers: Offers,
    banner: Arc<str>,
    second: SecondFactor,
    heard_per_second: NonZeroU32,
}

impl SshListener {
    /// Binds; port 0 takes a free one. So many connections a second are heard at most; the others wait in line.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(
        address: SocketAddr,
        gate: Gate,
        host_keys: Vec<HostKey>,
        banner: &str,
        second: SecondFactor,
        heard_per_second: NonZeroU32,
    ) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let offers = Offers::new(host_keys);
        Ok(Self { socket, gate, offers, banner: banner.into(), second, heard_per_second })
    }

    /// Offers nothing but post-quantum key exchange, if `only`.
    #[must_use]
    pub fn post_quantum_only(mut self, only: bool) -> Self {
        if only {
            self.offers.are_post_quantum_only();
        }
        self
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop` is cancelled.
    pub async fn serve(self, stop: CancellationToken) {
        let half_open = HalfOpen::new();
        let telling = tokio::spawn(half_open.clone().tell(self.gate.clone()));
        let calling = tokio::spawn(half_open.clone().call(self.gate.clone(), self.heard_per_second));
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
            if !self.gate.is_accepting() {
                continue;
            }
            // Full of peers that wait: this one is closed unheard.
            let Some(waiting) = half_open.wait(peer.ip()) else { continue };
            let half_open = half_open.clone();
            let (gate, offers) = (self.gate.clone(), self.offers.clone());
            let asks = (Arc::clone(&self.banner), self.second.clone());
            tokio::spawn(async move {
                let Some(place) = waiting.place().await else { return };
                connection(gate, offers, asks, stream, peer, (place, half_open)).await;
            });
        }
    }
}

/// Ends a task when whoever needs it has ended.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn connection(
    gate: Gate,
    offers: Offers,
    asks: (Arc<str>, SecondFactor),
    stream: TcpStream,
    peer: SocketAddr,
    (place, half_open): (Place, HalfOpen),
) {
    let Ok((mut stream, cord)) = Severable::new(stream) else { return };
    let until = Instant::now() + SIGN_IN;
    let verdict = watch::Sender::new(Verdict::Pending);
    let signed_in = watch::Sender::new(false);
    let (name, named) = watch::channel(false);
    let (place, over) = (Arc::new(place), CancellationToken::new());
    let _over = over.clone().drop_guard();
    let lent = Arc::downgrade(&place);
    let progress = Progress { named: name, signed_in: signed_in.clone(), place: lent, over };
    let handler = Connection::new(gate, peer, cord.clone(), asks, verdict.clone(), progress);
    let greeting = async {
        let config = offers.suited_to(&mut stream).await?;
        server::run_stream(config, stream, handler).await
    };
    let Ok(Ok(mut running)) = timeout(VERSION_EXCHANGE, greeting).await else {
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
        too_slow(&running.handle()).await;
        cord.sever();
        return;
    }
    if let Err(error) = to_its_end(running, place, &verdict).await {
        tracing::debug!(peer = %peer, %error, "a connection ended");
    }
    cord.sever();
    if let Some(session) = Admission::session(verdict.subscribe()).await {
        session.cut(EndReason::ClientClosed);
    }
}

/// Waits for the end of a connection. It keeps its place until it has a visit: somebody who is refused again and again
/// is one of those who have none.
async fn to_its_end(
    mut running: RunningSession<Connection>,
    place: Arc<Place>,
    verdict: &watch::Sender<Verdict>,
) -> Result<(), russh::Error> {
    let mut known = verdict.subscribe();
    tokio::select! {
        visit = known.wait_for(|verdict| matches!(verdict, Verdict::Visit(_))) => drop(visit),
        ended = &mut running => return ended,
    }
    drop(place);
    running.await
}
