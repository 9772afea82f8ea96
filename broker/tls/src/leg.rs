//! The two halves of one end of a connection, TLS or not: what is read from it in batches, and what is written to it once it
//! is recorded. Both halves are one task's work, so that the lock between them is never waited for.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use chaperone_session::{BATCH_BYTES, Broken, Flow, Item, Note, Recorded, Sink, Source, Stream};
use futures::FutureExt;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_util::io::poll_read_buf;

use crate::held::while_it_flows;

/// Smallest room that is made for reading, and the room for which no new buffer is taken.
const LEAST_BYTES: usize = 16 << 10;
const NEARLY_FULL: usize = 4 << 10;

/// What one end says beside payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LegNote {
    /// No more comes: `close_notify` (RFC 8446 §6.1), or the end of a plain connection.
    Finished,
}

impl Note for LegNote {
    fn replaces(&self, _earlier: &Self) -> bool {
        false
    }

    fn event(&self) -> Option<(&'static str, Value)> {
        None
    }
}

/// Makes the halves of one end; what is read is recorded as `stream`.
pub(crate) fn halves<S>(leg: S, stream: Stream) -> (LegSource<S>, LegSink<S>) {
    let leg = Arc::new(Mutex::new(leg));
    let source =
        LegSource { leg: Arc::clone(&leg), stream, buffer: BytesMut::new(), room: LEAST_BYTES, ended: None };
    (source, LegSink { leg, finished: watch::Sender::new(false), flow: None })
}

fn lock<S>(leg: &Mutex<S>) -> MutexGuard<'_, S> {
    leg.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads what one end sends.
pub(crate) struct LegSource<S> {
    leg: Arc<Mutex<S>>,
    stream: Stream,
    buffer: BytesMut,
    /// How much is read at once: as much as came lately.
    room: usize,
    ended: Option<Ended>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// It has said so; the word has not gone on yet.
    Finished,
    /// Nothing more comes.
    Over,
}

impl<S: AsyncRead + Unpin> LegSource<S> {
    /// Reads as much as is there, up to one batch.
    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item<LegNote>>> {
        match self.ended {
            None => {}
            Some(Ended::Finished) => {
                self.ended = Some(Ended::Over);
                return Poll::Ready(Some(Item::Note(LegNote::Finished)));
            }
            Some(Ended::Over) => return Poll::Ready(None),
        }
        let read = ready!(self.poll_read(cx));
        if let Err(ended) = read {
            self.ended = Some(ended);
        }
        if self.buffer.is_empty() {
            return self.poll_batch(cx);
        }
        Poll::Ready(Some(Item::Data(self.stream, self.taken())))
    }

    /// Fills the buffer; pending where nothing came.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        let leg = Arc::clone(&self.leg);
        let mut leg = lock(&leg);
        while self.buffer.len() < BATCH_BYTES {
            if self.buffer.capacity() - self.buffer.len() < NEARLY_FULL {
                self.buffer.reserve(self.room);
            }
            match poll_read_buf(Pin::new(&mut *leg), cx, &mut self.buffer) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(Ended::Finished)),
                Poll::Ready(Ok(_)) => {}
                // Reset, severed, or ended without a word: nothing more comes, and it has not said so.
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Ended::Over)),
                Poll::Pending if self.buffer.is_empty() => {
                    // Nothing is kept for somebody who says nothing.
                    self.buffer = BytesMut::new();
                    return Poll::Pending;
                }
                Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn taken(&mut self) -> Bytes {
        let len = self.buffer.len();
        self.room = match len {
            _ if len >= self.room => (self.room * 2).min(BATCH_BYTES),
            _ if len < self.room / 8 => (self.room / 2).max(LEAST_BYTES),
            _ => self.room,
        };
        self.buffer.split().freeze()
    }
}

impl<S: AsyncRead + Unpin + Send> Source for LegSource<S> {
    type Note = LegNote;

    async fn next(&mut self) -> Option<Item<LegNote>> {
        // Cancel safe: what has been read is in the buffer or given out.
        poll_fn(|cx| self.poll_batch(cx)).await
    }

    fn ready(&mut self) -> Option<Item<LegNote>> {
        self.next().now_or_never().flatten()
    }

    fn shares(&self) -> bool {
        false
    }

    fn misses(&self) -> bool {
        true
    }
}

/// Writes to one end.
pub(crate) struct LegSink<S> {
    leg: Arc<Mutex<S>>,
    finished: watch::Sender<bool>,
    /// The session's, where this end is given input.
    flow: Option<watch::Receiver<Flow>>,
}

impl<S: AsyncWrite + Unpin> LegSink<S> {
    /// Writes only while input flows.
    pub(crate) fn of_input(self, flow: watch::Receiver<Flow>) -> Self {
        Self { flow: Some(flow), ..self }
    }

    /// Says that no more comes. Says it once.
    async fn finish(&self) -> Result<(), Broken> {
        if self.finished.send_replace(true) {
            return Ok(());
        }
        let shut = poll_fn(|cx| Pin::new(&mut *lock(&self.leg)).poll_shutdown(cx));
        shut.await.map_err(|_| Broken)
    }

    /// Whether it was told that no more comes.
    pub(crate) fn is_finished(&self) -> bool {
        *self.finished.borrow()
    }

    fn poll_write(&self, cx: &mut Context<'_>, rest: &mut &[u8]) -> Poll<io::Result<()>> {
        let mut leg = lock(&self.leg);
        while !rest.is_empty() {
            let count = ready!(Pin::new(&mut *leg).poll_write(cx, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *rest = rest.get(count..).unwrap_or_default();
        }
        Pin::new(&mut *leg).poll_flush(cx)
    }
}

impl<S: AsyncWrite + Unpin + Send> Sink for LegSink<S> {
    type Note = LegNote;

    async fn write(&self, payload: Recorded) -> Result<(), Broken> {
        let bytes = payload.into_bytes();
        while_it_flows(self.flow.as_ref(), &bytes, |cx, rest| self.poll_write(cx, rest)).await
    }

    async fn pass(&self, note: LegNote) -> Result<(), Broken> {
        match note {
            LegNote::Finished => self.finish().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn what_is_there_is_one_batch_and_the_end_is_said_once() {
        let (near, mut far) = duplex(1 << 20);
        let (mut source, _sink) = halves(near, Stream::ForwardIn);
        assert!(source.ready().is_none(), "nothing came");
        for _ in 0..20 {
            far.write_all(&[7; 10_000]).await.unwrap();
        }
        let mut got = Vec::new();
        while let Some(Item::Data(Stream::ForwardIn, bytes)) = source.ready() {
            // A batch is read as a whole, however many records or packets it came in.
            assert!(bytes.len() >= LEAST_BYTES && bytes.len() < 2 * BATCH_BYTES, "{}", bytes.len());
            got.extend_from_slice(&bytes);
        }
        assert_eq!(got, vec![7; 200_000]);
        far.write_all(b"last").await.unwrap();
        drop(far);
        assert!(matches!(source.next().await, Some(Item::Data(_, bytes)) if &bytes[..] == b"last"));
        assert!(matches!(source.next().await, Some(Item::Note(LegNote::Finished))));
        assert!(source.next().await.is_none() && source.next().await.is_none());
    }

    #[tokio::test]
    async fn an_end_is_told_once_and_the_other_half_goes_on() {
        let (near, mut far) = duplex(1 << 10);
        let (mut source, sink) = halves(near, Stream::ForwardOut);
        assert!(!sink.is_finished());
        for _ in 0..2 {
            sink.pass(LegNote::Finished).await.unwrap();
        }
        assert!(sink.is_finished());
        let mut heard = Vec::new();
        far.read_to_end(&mut heard).await.unwrap();
        far.write_all(b"still").await.unwrap();
        assert!(matches!(source.next().await, Some(Item::Data(_, bytes)) if &bytes[..] == b"still"));
    }
}
