//! The far end of a forward: a TCP connection to a declared endpoint, and its two halves.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Buf, Bytes, BytesMut};
use chaperone_session::{
    Broken, Flow, Item, Recorded, Severable, SeverableWriter, Sink, Source, Stream, flows, input_flows,
};
use futures::FutureExt;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;

use crate::leg::PIECE_BYTES;
use crate::note::SshNote;

/// Bytes that are read at once, and the room for which no new buffer is taken: small reads share one.
const READ_BYTES: usize = 64 << 10;
const LEAST_BYTES: usize = 8 << 10;

/// The two halves of a connection to an endpoint; what the session's relays may do says when the client is heard.
pub(super) fn halves(stream: Severable, flow: watch::Receiver<Flow>) -> (EndpointSource, EndpointSink) {
    let (write, broken) = (stream.writer(), Arc::<AtomicBool>::default());
    let source = EndpointSource {
        read: stream,
        buffer: BytesMut::new(),
        said: Said::Nothing,
        broken: Arc::clone(&broken),
    };
    (source, EndpointSink { write, finished: watch::Sender::new(false), flow, broken })
}

/// Reads what the endpoint sends.
pub(super) struct EndpointSource {
    read: Severable,
    buffer: BytesMut,
    said: Said,
    /// The sink's, too.
    broken: Arc<AtomicBool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    /// Its end of file, which has gone on.
    All,
}

impl EndpointSource {
    fn take(&mut self, read: io::Result<usize>) -> Option<Item<SshNote>> {
        match read {
            Ok(1..) => Some(Item::Data(Stream::ForwardOut, self.taken())),
            Ok(0) => {
                self.said = Said::All;
                Some(Item::Note(SshNote::Eof))
            }
            // Reset, or severed: nothing more comes, and it has not said so.
            Err(_) => {
                self.broken.store(true, Ordering::Relaxed);
                self.said = Said::All;
                None
            }
        }
    }

    fn make_room(&mut self) {
        if self.buffer.capacity() < LEAST_BYTES {
            self.buffer.reserve(READ_BYTES);
        }
    }

    fn taken(&mut self) -> Bytes {
        self.buffer.split().freeze()
    }
}

impl Source for EndpointSource {
    type Note = SshNote;

    async fn next(&mut self) -> Option<Item<SshNote>> {
        if self.said == Said::All {
            return None;
        }
        self.make_room();
        // Cancel safe: what has been read is in the buffer.
        let read = self.read.read_buf(&mut self.buffer).await;
        self.take(read)
    }

    fn ready(&mut self) -> Option<Item<SshNote>> {
        if self.said == Said::All {
            return None;
        }
        self.make_room();
        let read = self.read.read_buf(&mut self.buffer).now_or_never()?;
        self.take(read)
    }
}

/// Writes to the endpoint.
pub(super) struct EndpointSink {
    write: SeverableWriter,
    finished: watch::Sender<bool>,
    /// The session's.
    flow: watch::Receiver<Flow>,
    /// Whether the endpoint has broken off: its source finds out.
    broken: Arc<AtomicBool>,
}

impl EndpointSink {
    /// Says that no more comes. Says it once.
    pub(super) async fn finish(&self) -> Result<(), Broken> {
        if self.finished.send_replace(true) {
            return Ok(());
        }
        self.write.finish().await.map_err(|_| Broken)
    }

    /// Whether the endpoint has broken off without saying that no more comes.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Returns once the client has said its last.
    pub(super) async fn finished(&self) {
        // The sender lives in `self`: the wait cannot fail.
        drop(self.finished.subscribe().wait_for(|finished| *finished).await);
    }
}

impl Sink for EndpointSink {
    type Note = SshNote;

    async fn write(&self, payload: Recorded) -> Result<(), Broken> {
        let mut bytes = payload.into_bytes();
        while !bytes.is_empty() {
            input_flows(&self.flow).await?;
            let piece = bytes.get(..PIECE_BYTES).unwrap_or(&bytes);
            let went = self.write.write_if(piece, || flows(&self.flow)).await.map_err(|_| Broken)?;
            bytes.advance(went);
        }
        Ok(())
    }

    async fn pass(&self, note: SshNote) -> Result<(), Broken> {
        match note {
            SshNote::Eof => self.finish().await,
            _ => Ok(()),
        }
    }
}
