//! The web's listeners: plain TCP on loopback, TLS on every other address. Every
//! connection has a cord: a visit that is carried over one can be ended at once, like any other.

use std::io;
use std::net::{IpAddr, SocketAddr};

use chaperone_session::Severable;
use chaperone_tls::{Incoming, TlsListener, TlsStream};
use chaperone_web::{Accept, Peer};
use tokio::net::{TcpListener, TcpStream};

/// Connections to a port of the web's own.
pub(super) struct Own(pub TcpListener);

impl Incoming for Own {
    type Stream = Severable;
    type Peer = Peer;

    async fn next(&mut self) -> (Severable, Peer, IpAddr) {
        loop {
            let (stream, peer, _) = self.0.next().await;
            if let Some(begun) = begin(stream, peer) {
                return begun;
            }
        }
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// None where the peer is gone already.
fn begin(stream: TcpStream, caller: SocketAddr) -> Option<(Severable, Peer, IpAddr)> {
    let (stream, cord) = Severable::new(stream).ok()?;
    Some((stream, Peer { at: caller, secured: false, cord: Some(cord) }, caller.ip()))
}

/// Plain HTTP.
pub(super) struct Plain(pub Own);

impl Accept for Plain {
    type Stream = Severable;

    async fn accept(&mut self) -> (Severable, Peer) {
        let (stream, peer, _) = self.0.next().await;
        (stream, peer)
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.0.address()
    }
}

/// HTTPS. Handshakes are the listener's own matter: bounded in number and time.
pub(super) struct Secured<I: Incoming>(pub TlsListener<I>);

impl<I: Incoming<Peer = Peer>> Accept for Secured<I> {
    type Stream = TlsStream<I::Stream>;

    async fn accept(&mut self) -> (Self::Stream, Peer) {
        let (stream, peer) = self.0.accept().await;
        (stream, Peer { secured: true, ..peer })
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.0.address()
    }
}
