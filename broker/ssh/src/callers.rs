//! Whoever wants to speak SSH, by whatever way they came: the gate's own port, the port that it shares with the web, or a
//! web socket. All wait in one line, and all are asked the same.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use chaperone_policy::PersonId;
use chaperone_session::{Cord, Gate, Severable};
use russh::server;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::connection::Asks;
use crate::greeting::{Ahead, Carried, Offers};
use crate::jump::{JumpDoor, Jumps};
use crate::listener::{VERSION_EXCHANGE, connection};
use crate::proxied::HeaderFault;
use crate::unheard::{HalfOpen, Place, Waiting};

/// Takes callers; cheap to clone. Whatever thread hands one over, it is served on the runtime of the SSH door.
#[derive(Clone)]
pub struct Callers(Arc<Shared>);

struct Shared {
    gate: Gate,
    offers: Offers,
    asks: Asks,
    half_open: HalfOpen,
    runtime: Handle,
    jumps: Option<Arc<JumpDoor>>,
}

impl Callers {
    /// Must be called on the runtime that visits run on.
    pub(crate) fn new(gate: Gate, offers: Offers, asks: Asks, jumps: Option<Arc<JumpDoor>>) -> Self {
        let (half_open, runtime) = (HalfOpen::new(), Handle::current());
        Self(Arc::new(Shared { gate, offers, asks, half_open, runtime, jumps }))
    }

    /// Hears those that wait, at most so many a second, and tells of those that were not heard.
    pub(crate) fn hear(&self, per_second: NonZeroU32) -> (JoinHandle<()>, JoinHandle<()>) {
        let Shared { gate, half_open, runtime, .. } = &*self.0;
        let telling = runtime.spawn(half_open.clone().tell(gate.clone()));
        (telling, runtime.spawn(half_open.clone().call(gate.clone(), per_second)))
    }

    /// Takes a connection of which nothing is read yet. `caller` is whose policy, facts and alerts it is about: the peer, or
    /// whom a trusted proxy named.
    pub fn take(&self, stream: TcpStream, caller: SocketAddr) {
        let Some(waiting) = self.line(caller) else { return };
        // Its readiness is watched where it is served.
        let Ok(stream) = stream.into_std() else { return };
        let door = self.clone();
        self.0.runtime.spawn(async move {
            let Ok((stream, cord)) = TcpStream::from_std(stream).and_then(Severable::new) else { return };
            door.greet(waiting, (stream, cord), (caller, None)).await;
        });
    }

    /// Takes a stream that something else carries, for this person and nobody else. The cord ends the connection that
    /// carries it.
    pub fn take_carried(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        cord: Cord,
        caller: SocketAddr,
        whose: PersonId,
    ) {
        let Some(waiting) = self.line(caller) else { return cord.sever() };
        let door = self.clone();
        self.0.runtime.spawn(async move {
            door.greet(waiting, (Carried::new(stream), cord), (caller, Some(whose))).await;
        });
    }

    /// A connection ended before it spoke SSH, or anything else that is spoken here.
    pub fn unheard(&self, source: IpAddr) {
        self.0.half_open.unheard(source);
    }

    /// A listed proxy's connection is refused. Told of the proxy: nobody knows of whom else.
    pub fn refuse(&self, proxy: SocketAddr, fault: &HeaderFault) {
        tracing::warn!(proxy.addr = %proxy, %fault, "a proxy's connection is refused");
        self.unheard(proxy.ip());
    }

    /// A place in the line; none while refusals could not even be spooled, or when the line is full.
    fn line(&self, caller: SocketAddr) -> Option<Waiting> {
        if !self.0.gate.is_accepting() {
            return None;
        }
        self.0.half_open.wait(caller.ip())
    }

    /// Serves a caller in the ciphers that suit their client.
    async fn greet(
        self,
        waiting: Waiting,
        (mut stream, cord): (impl Ahead + AsyncRead + AsyncWrite + Unpin + 'static, Cord),
        caller: (SocketAddr, Option<PersonId>),
    ) {
        let Some(place) = waiting.place().await else { return cord.sever() };
        let from = self.0.half_open.from(caller.0.ip());
        let suited = timeout(VERSION_EXCHANGE, self.0.offers.suited_to(&mut stream, from)).await;
        let Ok(Ok(config)) = suited else {
            cord.sever();
            return self.unheard(caller.0.ip());
        };
        self.serve(place, config, (stream, cord), caller).await;
    }

    async fn serve(
        self,
        place: Place,
        config: Arc<server::Config>,
        (stream, cord): (impl AsyncRead + AsyncWrite + Unpin + Send + 'static, Cord),
        caller: (SocketAddr, Option<PersonId>),
    ) {
        let Shared { gate, asks, half_open, jumps, .. } = &*self.0;
        let held = (place, half_open.clone());
        let jumps = Jumps::new(jumps.clone());
        connection(gate.clone(), config, asks.clone(), (stream, cord), caller, held, jumps).await;
    }
}
