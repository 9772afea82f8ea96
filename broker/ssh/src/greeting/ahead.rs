//! A stream on which the gate says who it is, and hears what the client can do, before whoever speaks SSH on it does both once
//! more.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use chaperone_session::Severable;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Bytes for which there is room at once: an offer is shorter.
const ROOM: usize = 4 << 10;

/// What is said and heard ahead.
pub(crate) trait Ahead: Send {
    /// Says what whoever writes next begins with: it is not said again.
    fn says_first(&mut self, words: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// Waits until what has come is `enough`, or is `most` bytes, or all that will come. It is not taken: whoever reads gets
    /// it. Cancel safe.
    fn looks_ahead(
        &mut self,
        most: usize,
        enough: impl Fn(&[u8]) -> bool + Send,
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// What has come and was not taken yet.
    fn ahead(&self) -> &[u8];
}

impl Ahead for Severable {
    fn says_first(&mut self, words: &[u8]) -> impl Future<Output = io::Result<()>> + Send {
        Severable::says_first(self, words)
    }

    fn looks_ahead(
        &mut self,
        most: usize,
        enough: impl Fn(&[u8]) -> bool + Send,
    ) -> impl Future<Output = io::Result<()>> + Send {
        Severable::looks_ahead(self, most, enough)
    }

    fn ahead(&self) -> &[u8] {
        Severable::ahead(self)
    }
}

/// A stream that something else carries.
pub(crate) struct Carried<S> {
    stream: S,
    /// What was read and not yet taken.
    heard: BytesMut,
    /// Bytes that were said already, and that whoever writes first says again.
    said: usize,
}

impl<S> Carried<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, heard: BytesMut::new(), said: 0 }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Ahead for Carried<S> {
    async fn says_first(&mut self, words: &[u8]) -> io::Result<()> {
        self.stream.write_all(words).await?;
        self.stream.flush().await?;
        self.said = words.len();
        Ok(())
    }

    async fn looks_ahead(&mut self, most: usize, enough: impl Fn(&[u8]) -> bool + Send) -> io::Result<()> {
        while self.heard.len() < most && !enough(&self.heard) {
            self.heard.reserve(ROOM);
            // Cancel safe: what has been read is in the buffer.
            if self.stream.read_buf(&mut self.heard).await? == 0 {
                break;
            }
        }
        Ok(())
    }

    fn ahead(&self) -> &[u8] {
        &self.heard
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Carried<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.heard.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, out);
        }
        let count = self.heard.len().min(out.remaining());
        out.put_slice(self.heard.get(..count).unwrap_or_default());
        self.heard.advance(count);
        if self.heard.is_empty() {
            // A connection that lasts keeps no room for its beginning.
            self.heard = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Carried<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.said > 0 {
            let known = self.said.min(bytes.len());
            self.said -= known;
            return Poll::Ready(Ok(known));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.said > 0 {
            let first = parts.iter().find(|part| !part.is_empty()).map_or(&[][..], |part| part);
            return self.as_mut().poll_write(cx, first);
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    #[tokio::test]
    async fn what_was_heard_ahead_is_read_again_and_what_was_said_first_is_said_once() {
        let (near, mut far) = duplex(64);
        let mut near = Carried::new(near);
        far.write_all(b"first\nsecond").await.unwrap();
        near.says_first(b"hello\r\n").await.unwrap();
        near.looks_ahead(1000, |seen| seen.ends_with(b"second")).await.unwrap();
        assert_eq!(near.ahead(), b"first\nsecond");
        far.write_all(b", third").await.unwrap();
        let mut got = [0; 19];
        near.read_exact(&mut got[..4]).await.unwrap();
        near.read_exact(&mut got[4..]).await.unwrap();
        assert_eq!(&got, b"first\nsecond, third");
        near.write_all(b"hel").await.unwrap();
        near.write_all(b"lo\r\nmore").await.unwrap();
        let mut said = [0; 11];
        far.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"hello\r\nmore");
        drop(far);
        near.looks_ahead(1000, |_| false).await.unwrap();
        assert!(near.ahead().is_empty());
    }
}
