//! The web's listener: plain TCP on loopback, TLS on every other address.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use chaperone_tls::{TlsListener, TlsStream};
use chaperone_web::Accept;
use tokio::net::{TcpListener, TcpStream};

/// Plain TCP, for loopback.
pub(super) struct Plain(pub TcpListener);

impl Accept for Plain {
    type Stream = TcpStream;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, peer)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "a connection is slower than it could be");
                    }
                    return (stream, peer);
                }
                Err(error) => {
                    // Out of file descriptors, say: wait for some to come back.
                    tracing::warn!(%error, "a web connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// TLS, for every other address. Handshakes are the listener's own matter: bounded in number and time.
pub(super) struct Secured(pub TlsListener);

impl Accept for Secured {
    type Stream = TlsStream<TcpStream>;

    async fn accept(&mut self) -> (Self::Stream, SocketAddr) {
        self.0.accept().await
    }

    fn address(&self) -> io::Result<SocketAddr> {
        self.0.address()
    }
}
