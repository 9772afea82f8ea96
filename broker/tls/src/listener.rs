//! Accepts TLS connections. Handshakes run beside the listener, so that a slow one holds up nobody.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsStream};

use crate::ServerTls;
use crate::handshakes::Handshakes;

/// How long a client has for its handshake.
pub const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// Most handshakes under way; each holds some 30 kB.
const HANDSHAKES: usize = 256;
/// How long to wait before the next connection when the system has no room for it, such as no file descriptor.
const PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from, before anything is said on them.
pub trait Incoming: Send + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// Who is at its other end.
    type Peer: Send + 'static;

    /// The next connection, with the address that counts as its source. Faults of one connection are its own to handle.
    /// Dropping the future loses no connection.
    fn next(&mut self) -> impl Future<Output = (Self::Stream, Self::Peer, IpAddr)> + Send;

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket has no address.
    fn address(&self) -> io::Result<SocketAddr>;
}

impl Incoming for TcpListener {
    type Stream = TcpStream;
    type Peer = SocketAddr;

    async fn next(&mut self) -> (TcpStream, SocketAddr, IpAddr) {
        loop {
            match self.accept().await {
                Ok((stream, peer)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "a connection is slower than it could be");
                    }
                    return (stream, peer, peer.ip());
                }
                Err(error) if of_one_connection(&error) => {}
                Err(error) => {
                    // Out of file descriptors, say: wait for some to come back.
                    tracing::error!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }
}

/// Connections that speak TLS, out of others.
pub struct TlsListener<I: Incoming> {
    incoming: I,
    acceptor: TlsAcceptor,
    handshakes: Handshakes<(TlsStream<I::Stream>, I::Peer)>,
}

impl<I: Incoming> TlsListener<I> {
    /// Serves TLS on what comes in.
    #[must_use]
    pub fn new(incoming: I, tls: &ServerTls) -> Self {
        Self::bounded(incoming, tls, HANDSHAKES, HANDSHAKE_WITHIN)
    }

    fn bounded(incoming: I, tls: &ServerTls, most: usize, within: Duration) -> Self {
        let acceptor = TlsAcceptor::from(tls.config());
        Self { incoming, acceptor, handshakes: Handshakes::new(most, within) }
    }

    /// The next client whose handshake is done. Faults of one connection are logged and end only that. Dropping the future
    /// loses no connection; dropping the listener ends the handshakes under way.
    pub async fn accept(&mut self) -> (TlsStream<I::Stream>, I::Peer) {
        loop {
            tokio::select! {
                done = self.handshakes.next() => return done,
                (stream, peer, source) = self.incoming.next() => {
                    let acceptor = self.acceptor.clone();
                    self.handshakes.begin(source, async move {
                        let stream = handshake(acceptor, stream, source).await?;
                        Some((stream, peer))
                    });
                }
            }
        }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.incoming.address()
    }
}

async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    acceptor: TlsAcceptor,
    stream: S,
    source: IpAddr,
) -> Option<TlsStream<S>> {
    match acceptor.accept(stream).await {
        Ok(stream) => Some(stream.into()),
        Err(error) => {
            tracing::debug!(client.addr = %source, %error, "a TLS handshake failed");
            None
        }
    }
}

/// Whether the peer went away before it was accepted: the next may be there already.
fn of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests;
