//! A TCP stream with a cord: whoever holds the cord can end the connection at once, whatever state its peer is in (P3).
//!
//! The stream lives in a slot that the cord can empty. Emptying it sets `SO_LINGER` to zero and closes, so the kernel
//! forgets the connection and sends a reset; a task that waits on it is woken and reads an error.

mod within;
mod writer;

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::io::poll_read_buf;

pub use within::{Entered, Tenants, Within};
pub use writer::SeverableWriter;

use within::Tenant;

/// Bytes read from the kernel at once. SSH reads four bytes, then the packet: without this, two system calls a packet.
const READ_BUFFER_BYTES: usize = 64 * 1024;
/// After how long without a byte a peer's kernel is asked whether it is there, how often, and how many times in vain: a
/// network that has gone is found out within a minute and a half (RFC 9293 §3.8.4).
const ASKED_AFTER: Duration = Duration::from_secs(60);
const ASKED_EVERY: Duration = Duration::from_secs(10);
const ASKED: u32 = 3;

/// A stream whose [`Cord`] can be pulled.
pub struct Severable {
    slot: Arc<Slot>,
    /// What was read and not yet taken. Nothing is allocated while nothing comes.
    buffer: BytesMut,
    /// Bytes that were said already, and that whoever writes first says again.
    said: usize,
}

/// Ends the stream that it was made with.
#[derive(Clone)]
pub struct Cord {
    slot: Arc<Slot>,
    /// Set where the stream is inside the connection, among others.
    tenant: Option<Arc<Tenant>>,
}

struct Slot {
    open: Mutex<Open>,
    local: SocketAddr,
    peer: SocketAddr,
    since: Instant,
    /// When something was last read, in milliseconds after `since`.
    heard_ms: AtomicU64,
    /// When the kernel last took something for the peer, in the same.
    gave_ms: AtomicU64,
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
        let (since, heard_ms, gave_ms) = (Instant::now(), AtomicU64::new(0), AtomicU64::new(0));
        let slot = Arc::new(Slot { open, local, peer, since, heard_ms, gave_ms });
        let stream = Self { slot: Arc::clone(&slot), buffer: BytesMut::new(), said: 0 };
        Ok((stream, Cord { slot, tenant: None }))
    }

    /// Says something before the stream is given to somebody who will begin with the same words: those are then not said
    /// again.
    ///
    /// # Errors
    /// When the peer is gone.
    pub async fn says_first(&mut self, words: &[u8]) -> io::Result<()> {
        self.write_all(words).await?;
        self.said = words.len();
        Ok(())
    }

    /// Waits until what has come is `enough`, or is `most` bytes, or all that will come. It is not taken: whoever reads
    /// gets it. Cancel safe.
    ///
    /// # Errors
    /// When the peer is gone.
    pub async fn looks_ahead(&mut self, most: usize, enough: impl Fn(&[u8]) -> bool) -> io::Result<()> {
        while self.buffer.len() < most && !enough(&self.buffer) {
            let before = self.buffer.len();
            poll_fn(|cx| self.poll_fill(cx)).await?;
            if self.buffer.len() == before {
                break;
            }
        }
        Ok(())
    }

    /// What has come and was not taken yet.
    #[must_use]
    pub fn ahead(&self) -> &[u8] {
        &self.buffer
    }

    fn poll_stream<T>(
        slot: &Slot,
        cx: &mut Context<'_>,
        waits: fn(&mut Open) -> &mut Option<Waker>,
        poll: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut open = slot.open.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// Reads what is there into the buffer, which is given back where nothing is.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { slot, buffer, .. } = self;
        buffer.reserve(READ_BUFFER_BYTES);
        let polled = Self::poll_stream(
            slot,
            cx,
            |open| &mut open.reader,
            |stream, cx| poll_read_buf(stream, cx, buffer),
        );
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        polled.map_ok(drop)
    }
}

impl AsyncRead for Severable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.buffer.is_empty() {
            if out.remaining() >= READ_BUFFER_BYTES {
                let polled = Self::poll_stream(
                    &self.slot,
                    cx,
                    |open| &mut open.reader,
                    |stream, cx| stream.poll_read(cx, out),
                );
                if polled.is_ready() {
                    self.slot.heard();
                }
                return polled;
            }
            ready!(self.poll_fill(cx))?;
            self.slot.heard();
        }
        let count = self.buffer.len().min(out.remaining());
        out.put_slice(self.buffer.get(..count).unwrap_or_default());
        self.buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Severable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.said > 0 {
            let known = self.said.min(bytes.len());
            self.said -= known;
            return Poll::Ready(Ok(known));
        }
        self.slot.poll_give(cx, |stream, cx| stream.poll_write(cx, bytes))
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
        self.slot.poll_give(cx, |stream, cx| stream.poll_write_vectored(cx, parts))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_stream(&self.slot, cx, |open| &mut open.writer, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_stream(&self.slot, cx, |open| &mut open.writer, |stream, cx| stream.poll_shutdown(cx))
    }
}

impl Slot {
    fn heard(&self) {
        self.heard_ms.store(self.now_ms(), Ordering::Relaxed);
    }

    /// Writes; what the kernel takes of it is the peer's on its way.
    fn poll_give(
        &self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let written = Severable::poll_stream(self, cx, |open| &mut open.writer, write);
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.gave_ms.store(self.now_ms(), Ordering::Relaxed);
        }
        written
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long ago that was.
    fn ago(&self, moment_ms: &AtomicU64) -> Duration {
        self.since.elapsed().saturating_sub(Duration::from_millis(moment_ms.load(Ordering::Relaxed)))
    }
}

impl Cord {
    /// For how long nothing has come from the peer.
    #[must_use]
    pub fn silent_for(&self) -> Duration {
        self.slot.ago(&self.slot.heard_ms)
    }

    /// For how long nothing has come from the peer, and nothing could be given to it.
    #[must_use]
    pub fn still_for(&self) -> Duration {
        self.silent_for().min(self.slot.ago(&self.slot.gave_ms))
    }

    /// From now on the peer's kernel is asked for a sign of life while nothing passes; one that gives none is gone.
    pub fn is_asked_for_life(&self) {
        let open = self.slot.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(stream) = &open.stream else { return };
        let asks = TcpKeepalive::new().with_time(ASKED_AFTER).with_interval(ASKED_EVERY).with_retries(ASKED);
        if let Err(error) = SockRef::from(stream).set_tcp_keepalive(&asks) {
            tracing::debug!(%error, "a connection that is lost will be found out later");
        }
    }

    /// Ends the connection now. The second pull does nothing.
    pub fn sever(&self) {
        if self.tenant.as_ref().is_none_or(|tenant| tenant.sever()) {
            self.close();
        }
    }

    /// Ends the connection of a visit that the gate ends: the one that its stream was inside of, too, unless others are in it.
    pub fn cut(&self) {
        if self.tenant.as_ref().is_none_or(|tenant| tenant.cut()) {
            self.close();
        }
    }

    fn close(&self) {
        let (stream, wakers) = {
            let mut open = self.slot.open.lock().unwrap_or_else(PoisonError::into_inner);
            (open.stream.take(), [open.reader.take(), open.writer.take()])
        };
        if let Some(stream) = stream {
            // Without linger the kernel would keep unsent bytes for a peer that does not read.
            if let Err(error) = SockRef::from(&stream).set_linger(Some(Duration::ZERO)) {
                tracing::debug!(%error, "a severed connection keeps its linger time");
            }
        }
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Ends the stream, and not the connection that it is inside of; one that is inside of none as [`Cord::sever`] does.
    pub fn leave(&self) {
        match &self.tenant {
            Some(tenant) => tenant.leave(),
            None => self.sever(),
        }
    }

    /// Whether both end the same connection.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.slot, &other.slot) && self.tenant.is_none() && other.tenant.is_none()
    }

    /// Whether the stream has ended although its connection may go on, for others.
    pub(crate) fn has_left(&self) -> Option<bool> {
        let tenant = self.tenant.as_ref()?;
        match tenant.ended() {
            Some(with_the_connection) => (!with_the_connection).then_some(true),
            None => Some(false),
        }
    }

    /// Our end of the connection.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.slot.local
    }

    /// The peer's end of the connection.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.slot.peer
    }
}

impl fmt::Debug for Cord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} - {}", self.slot.local, self.slot.peer)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;
    use crate::sockets;

    pub(crate) async fn pair() -> (Severable, Cord, TcpStream) {
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
    async fn what_passes_in_either_direction_is_no_stillness() {
        let (mut near, cord, mut far) = pair().await;
        let little = Duration::from_millis(200);
        tokio::time::sleep(little).await;
        assert!(cord.silent_for() >= little && cord.still_for() >= little);
        near.write_all(b"output").await.unwrap();
        assert!(cord.silent_for() >= little && cord.still_for() < little);
        tokio::time::sleep(little).await;
        near.writer().write_if(b"more", || true).await.unwrap();
        assert!(cord.still_for() < little);
        tokio::time::sleep(little).await;
        far.write_all(b"input").await.unwrap();
        near.read_exact(&mut [0; 5]).await.unwrap();
        assert!(cord.silent_for() < little && cord.still_for() < little);
    }

    #[tokio::test]
    async fn what_is_looked_at_ahead_is_read_again_and_what_was_said_first_is_said_once() {
        let (mut near, _cord, mut far) = pair().await;
        far.write_all(b"first\nsecond").await.unwrap();
        near.says_first(b"hello\r\n").await.unwrap();
        near.looks_ahead(1000, |seen| seen.ends_with(b"second")).await.unwrap();
        assert_eq!(near.ahead(), b"first\nsecond");
        let mut got = [0; 12];
        near.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"first\nsecond");
        near.write_all(b"hel").await.unwrap();
        near.write_all(b"lo\r\nmore").await.unwrap();
        let mut said = [0; 11];
        far.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"hello\r\nmore");
        drop(far);
        near.looks_ahead(1000, |_| false).await.unwrap();
        assert!(near.ahead().is_empty());
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
