//! Accepts TLS connections. Handshakes run beside the listener, so that a slow one holds up nobody.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

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

/// A listening socket whose connections speak TLS.
pub struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    handshakes: Handshakes<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    /// Serves TLS on a bound socket.
    #[must_use]
    pub fn new(tcp: TcpListener, tls: &ServerTls) -> Self {
        Self::bounded(tcp, tls, HANDSHAKES, HANDSHAKE_WITHIN)
    }

    fn bounded(tcp: TcpListener, tls: &ServerTls, most: usize, within: Duration) -> Self {
        let acceptor = TlsAcceptor::from(tls.config());
        Self { tcp, acceptor, handshakes: Handshakes::new(most, within) }
    }

    /// The next client whose handshake is done. Faults of one connection are logged and end only that. Dropping the future
    /// loses no connection; dropping the listener ends the handshakes under way.
    pub async fn accept(&mut self) -> (TlsStream<TcpStream>, SocketAddr) {
        loop {
            tokio::select! {
                done = self.handshakes.next() => return done,
                accepted = self.tcp.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let handshake = handshake(self.acceptor.clone(), stream, peer);
                        self.handshakes.begin(peer.ip(), handshake);
                    }
                    Err(error) if of_one_connection(&error) => {}
                    Err(error) => {
                        tracing::error!(%error, "a TLS connection cannot be accepted");
                        tokio::time::sleep(PAUSE).await;
                    }
                },
            }
        }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

async fn handshake(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
) -> Option<(TlsStream<TcpStream>, SocketAddr)> {
    let done = async {
        stream.set_nodelay(true)?;
        acceptor.accept(stream).await
    };
    match done.await {
        Ok(stream) => Some((stream.into(), peer)),
        Err(error) => {
            tracing::debug!(client.addr = %peer, %error, "a TLS handshake failed");
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
