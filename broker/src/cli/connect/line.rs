//! A connection of which both ends matter: an orderly end is carried on as one, and so is a broken one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

/// A stream of bytes in both directions that can be broken off.
pub(super) trait Line: AsyncRead + AsyncWrite + Unpin + Send {
    /// From here on, dropping it says to the peer that it broke off, where the protocol below has a word for that.
    fn breaks_off(&self);
}

impl Line for TcpStream {
    fn breaks_off(&self) {
        // A connection that the system has forgotten already is broken off.
        drop(self.set_zero_linger());
    }
}

impl<L: Line + ?Sized> Line for Box<L> {
    fn breaks_off(&self) {
        (**self).breaks_off();
    }
}

/// Dropped without its own goodbye, TLS says the same.
impl<L: Line> Line for TlsStream<L> {
    fn breaks_off(&self) {
        self.get_ref().0.breaks_off();
    }
}

/// A stream whose end without a goodbye is all that can be said.
pub(super) struct NoReset<S>(pub S);

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Line for NoReset<S> {
    fn breaks_off(&self) {}
}

impl<S: AsyncRead + Unpin> AsyncRead for NoReset<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for NoReset<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
