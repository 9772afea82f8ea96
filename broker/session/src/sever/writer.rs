//! The writing half of a stream with a cord, for a leg whose two directions are two tasks' work.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use tokio::io::AsyncWrite;

use super::{Severable, Slot};

/// Writes to a severable stream while its other half is read. One task at a time writes: one waker is kept.
pub struct SeverableWriter {
    slot: Arc<Slot>,
}

impl Severable {
    /// A writing half beside this one, which goes on reading.
    #[must_use]
    pub fn writer(&self) -> SeverableWriter {
        let slot: Arc<Slot> = Arc::clone(&self.slot);
        SeverableWriter { slot }
    }
}

impl SeverableWriter {
    /// Writes all of it; returns when it is with the kernel.
    ///
    /// # Errors
    /// When the peer is gone or the cord is pulled.
    pub async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = poll_fn(|cx| {
                Severable::poll_stream(
                    &self.slot,
                    cx,
                    |open| &mut open.writer,
                    |stream, cx| stream.poll_write(cx, bytes),
                )
            });
            let count = written.await?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = bytes.get(count..).unwrap_or_default();
        }
        Ok(())
    }

    /// Says that no more comes; the peer may go on.
    ///
    /// # Errors
    /// When the peer is gone or the cord is pulled.
    pub async fn finish(&self) -> io::Result<()> {
        poll_fn(|cx| {
            Severable::poll_stream(
                &self.slot,
                cx,
                |open| &mut open.writer,
                |stream: Pin<&mut _>, cx| stream.poll_shutdown(cx),
            )
        })
        .await
    }
}
