//! The far end of a forward: a TCP connection to a declared endpoint, and its two halves.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chaperone_session::{
    Broken, Cord, Flow, Item, Passage, Recorded, Severable, SeverableWriter, Sink, Source, Stream,
};
use futures::FutureExt;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::leg::{PIECE_BYTES, input_flows};
use crate::note::SshNote;

/// How long an endpoint may take to be found and to accept the connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Bytes that are read at once, and the room for which no new buffer is taken: small reads share one.
const READ_BYTES: usize = 64 << 10;
const LEAST_BYTES: usize = 8 << 10;

/// Connects; `None` where nobody answers in time, or the session ends first.
pub(super) async fn connect(passage: &Passage) -> Option<(EndpointSource, EndpointSink, Cord)> {
    let mut flow = passage.session().flow();
    // In the overrun nothing opens any more: nor does what was decided before it and takes its time.
    let is_over = |flow: &Flow| flow.is_cut() || *flow == Flow::Frozen;
    let connected = tokio::select! {
        biased;
        _ = flow.wait_for(is_over) => return None,
        connected = timeout(CONNECT, reach(passage.address())) => connected,
    };
    let stream = match connected {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::info!(session.id = %passage.session().id(), %error, "a declared endpoint cannot be reached");
            return None;
        }
        Err(_elapsed) => {
            tracing::info!(session.id = %passage.session().id(), "a declared endpoint does not answer");
            return None;
        }
    };
    let (stream, cord) = Severable::new(stream).ok()?;
    let sink = EndpointSink { write: stream.writer(), finished: watch::Sender::new(false), flow };
    Some((EndpointSource { read: stream, buffer: BytesMut::new(), said: Said::Nothing }, sink, cord))
}

/// Tries the host's addresses one after another. A name leads out of this machine, whatever its owner makes it resolve to:
/// only an address that is declared as loopback is reached there.
async fn reach((host, port): (&str, u16)) -> io::Result<TcpStream> {
    let named = host.parse::<IpAddr>().is_err() && !host.eq_ignore_ascii_case("localhost");
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "it has no address that may be reached");
    for address in lookup_host((host, port)).await?.filter(|address| !named || !is_here(*address)) {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn is_here(address: SocketAddr) -> bool {
    let ip = address.ip().to_canonical();
    ip.is_loopback() || ip.is_unspecified()
}

/// Reads what the endpoint sends.
pub(super) struct EndpointSource {
    read: Severable,
    buffer: BytesMut,
    said: Said,
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
}

impl EndpointSink {
    /// Says that no more comes. Says it once.
    pub(super) async fn finish(&self) -> Result<(), Broken> {
        if self.finished.send_replace(true) {
            return Ok(());
        }
        self.write.finish().await.map_err(|_| Broken)
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
        for piece in payload.into_bytes().chunks(PIECE_BYTES) {
            input_flows(&self.flow).await?;
            self.write.write_all(piece).await.map_err(|_| Broken)?;
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
