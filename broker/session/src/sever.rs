//! A TCP stream with a cord: whoever holds the cord can end the connection at once, whatever state its peer is in (P3).
//!
//! The stream lives in a slot that the cord can empty. Emptying it sets `SO_LINGER` to zero and closes, so the kernel
//! forgets the connection and sends a reset; a task that waits on it is woken and reads an error.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes read from the kernel at once. SSH reads four bytes, then the packet: without this, two system calls a packet.
const READ_BUFFER_BYTES: usize = 64 * 1024;

/// A stream whose [`Cord`] can be pulled.
pub struct Severable {
    slot: Arc<Slot>,
    /// What was read and not yet taken; no allocation is held while it is empty.
    buffer: Vec<u8>,
    taken: usize,
}

/// Ends the stream that it was made with.
#[derive(Clone)]
pub struct Cord(Arc<Slot>);

struct Slot {
    open: Mutex<Open>,
    local: SocketAddr,
    peer: SocketAddr,
    since: Instant,
    /// When something was last read, in milliseconds after `since`.
    heard_ms: AtomicU64,
}

struct Open {
    stream: Option<TcpStream>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Severable {
    /// Takes a connected stream and turns Nagle's algorithm off.
    ///
    /// # Errors
    /// When the peer is gone already, so that the stream has no addresses.
    pub fn new(stream: TcpStream) -> io::Result<(Self, Cord)> {
        stream.set_nodelay(true)?;
        let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
        let open = Mutex::new(Open { stream: Some(stream), reader: None, writer: None });
        let (since, heard_ms) = (Instant::now(), AtomicU64::new(0));
        let slot = Arc::new(Slot { open, local, peer, since, heard_ms });
        Ok((Self { slot: Arc::clone(&slot), buffer: Vec::new(), taken: 0 }, Cord(slot)))
    }

    fn poll_stream<T>(
        &self,
        cx: &mut Context<'_>,
        waits: fn(&mut Open) -> &mut Option<Waker>,
        poll: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut open = self.slot.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(stream) = open.stream.as_mut() else {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "severed")));
        };
        let polled = poll(Pin::new(stream), cx);
        if polled.is_pending() {
            let waker = waits(&mut open);
            if !waker.as_ref().is_some_and(|held| held.will_wake(cx.waker())) {
                *waker = Some(cx.waker().clone());
            }
        }
        polled
    }
}

impl AsyncRead for Severable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.taken == self.buffer.len() {
            if out.remaining() >= READ_BUFFER_BYTES {
                let polled =
                    self.poll_stream(cx, |open| &mut open.reader, |stream, cx| stream.poll_read(cx, out));
                if polled.is_ready() {
                    self.slot.heard();
                }
                return polled;
            }
            let mut fresh = vec![0; READ_BUFFER_BYTES];
            let mut room = ReadBuf::new(&mut fresh);
            let polled =
                self.poll_stream(cx, |open| &mut open.reader, |stream, cx| stream.poll_read(cx, &mut room));
            let filled = room.filled().len();
            match polled {
                Poll::Ready(Ok(())) if filled > 0 => {
                    self.slot.heard();
                    fresh.truncate(filled);
                    self.buffer = fresh;
                    self.taken = 0;
                }
                other => return other,
            }
        }
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(out.remaining());
        out.put_slice(rest.get(..count).unwrap_or_default());
        self.taken += count;
        if self.taken == self.buffer.len() {
            self.buffer = Vec::new();
            self.taken = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Severable {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_stream(cx, |open| &mut open.writer, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_stream(cx, |open| &mut open.writer, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_stream(cx, |open| &mut open.writer, |stream, cx| stream.poll_shutdown(cx))
    }
}

impl Slot {
    fn heard(&self) {
        let ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard_ms.store(ms, Ordering::Relaxed);
    }
}

impl Cord {
    /// For how long nothing has come from the peer.
    #[must_use]
    pub fn silent_for(&self) -> Duration {
        let heard = Duration::from_millis(self.0.heard_ms.load(Ordering::Relaxed));
        self.0.since.elapsed().saturating_sub(heard)
    }

    /// Ends the connection now. The second pull does nothing.
    pub fn sever(&self) {
        let (stream, wakers) = {
            let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
            (open.stream.take(), [open.reader.take(), open.writer.take()])
        };
        if let Some(stream) = stream {
            // Without linger the kernel would keep unsent bytes for a peer that does not read.
            if let Err(error) = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)) {
                tracing::debug!(%error, "a severed connection keeps its linger time");
            }
        }
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Our end of the connection.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.0.local
    }

    /// The peer's end of the connection.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.0.peer
    }
}

impl fmt::Debug for Cord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} - {}", self.0.local, self.0.peer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::sockets;

    async fn pair() -> (Severable, Cord, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (near, far) = tokio::join!(listener.accept(), TcpStream::connect(listener.local_addr().unwrap()));
        let (stream, cord) = Severable::new(near.unwrap().0).unwrap();
        (stream, cord, far.unwrap())
    }

    #[tokio::test]
    async fn bytes_pass_in_both_directions_in_small_and_large_reads() {
        let (mut near, _cord, mut far) = pair().await;
        let sent: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let writer = {
            let sent = sent.clone();
            tokio::spawn(async move {
                far.write_all(&sent).await.unwrap();
                far
            })
        };
        let mut got = vec![0; sent.len()];
        near.read_exact(&mut got[..4]).await.unwrap();
        near.read_exact(&mut got[4..]).await.unwrap();
        assert_eq!(got, sent);
        let mut far = writer.await.unwrap();
        near.write_all(b"back").await.unwrap();
        let mut answer = [0; 4];
        far.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"back");
    }

    #[tokio::test]
    async fn severing_wakes_a_waiting_reader_and_a_blocked_writer_and_frees_the_socket() {
        let (mut near, cord, far) = pair().await;
        let reader = tokio::spawn(async move { near.read_u8().await });
        tokio::task::yield_now().await;
        assert!(sockets::open(&cord).unwrap());
        cord.sever();
        assert!(reader.await.unwrap().is_err());
        assert!(!sockets::open(&cord).unwrap(), "the kernel still knows the connection");
        drop(far);

        let (mut near, cord, _far_never_reads) = pair().await;
        let writer = tokio::spawn(async move { near.write_all(&vec![0; 64 << 20]).await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        cord.sever();
        assert!(writer.await.unwrap().is_err());
        assert!(!sockets::open(&cord).unwrap());
    }
}
