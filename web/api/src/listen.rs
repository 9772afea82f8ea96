//! Serves the routes over whatever accepts connections: plain TCP on loopback, TLS elsewhere. This layer knows no TLS;
//! the listener that ends it is handed in.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use chaperone_session::Cord;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use crate::App;
use crate::router::router;

/// Something that accepts connections. Faults of one connection are its own to handle: it goes on accepting.
pub trait Accept: Send + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection.
    fn accept(&mut self) -> impl Future<Output = (Self::Stream, Peer)> + Send;

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket has no address.
    fn address(&self) -> io::Result<SocketAddr>;
}

struct Accepted<A>(A);

impl<A: Accept> Listener for Accepted<A> {
    type Io = A::Stream;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        self.0.accept().await
    }

    fn local_addr(&self) -> io::Result<Peer> {
        let at = self.0.address()?;
        Ok(Peer { at, secured: false, cord: None })
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where they are: the other end, or whom a trusted proxy named.
    pub at: SocketAddr,
    /// Whether it is HTTPS.
    pub secured: bool,
    /// Ends the connection at once, whatever state it is in. None of a listener itself.
    pub cord: Option<Cord>,
}

impl<A: Accept> Connected<IncomingStream<'_, Accepted<A>>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Accepted<A>>) -> Self {
        stream.remote_addr().clone()
    }
}

/// Serves until `stop` is cancelled, and then until the requests under way are answered.
///
/// # Errors
/// When serving fails as a whole.
pub async fn serve(app: App, listener: impl Accept, stop: CancellationToken) -> io::Result<()> {
    let service = router(app).into_make_service_with_connect_info::<Peer>();
    axum::serve(Accepted(listener), service).with_graceful_shutdown(stop.cancelled_owned()).await
}
