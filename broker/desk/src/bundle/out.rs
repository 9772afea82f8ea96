//! The way out of a bundle: pieces in a bounded queue. Whoever takes nothing for a minute gets no more.

use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Bytes of a piece.
const PIECE: usize = 256 * 1024;
/// Pieces that wait: 2 MiB.
const AHEAD: usize = 8;
/// How long a piece waits for whoever takes it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pieces of a bundle, in order. An error is the last: what came before it is no bundle.
pub struct Pieces {
    from: mpsc::Receiver<io::Result<Bytes>>,
}

impl Pieces {
    /// The next piece; nothing after the last.
    pub async fn next(&mut self) -> Option<io::Result<Bytes>> {
        self.from.recv().await
    }
}

/// Writes pieces, from a thread that may wait.
pub(super) struct Out {
    to: mpsc::Sender<io::Result<Bytes>>,
    runtime: Handle,
    piece: Vec<u8>,
}

/// A way out, and its other end.
pub(super) fn way_out() -> (Out, Pieces) {
    let (to, from) = mpsc::channel(AHEAD);
    (Out { to, runtime: Handle::current(), piece: Vec::with_capacity(PIECE) }, Pieces { from })
}

impl Out {
    fn send(&self, piece: io::Result<Bytes>) -> io::Result<()> {
        match self.runtime.block_on(timeout(PATIENCE, self.to.send(piece))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Says that it ends here, without being a bundle.
    pub(super) fn break_off(to: &mpsc::Sender<io::Result<Bytes>>, error: io::Error) {
        // A reader that has gone needs no telling; one with a full queue sees the end without the last blocks.
        drop(to.try_send(Err(error)));
    }

    pub(super) fn sender(&self) -> mpsc::Sender<io::Result<Bytes>> {
        self.to.clone()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE.saturating_sub(self.piece.len());
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.piece.extend_from_slice(taken);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.send(Ok(Bytes::from(piece)))
    }
}
