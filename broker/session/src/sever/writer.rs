//! The writing half of a stream with a cord, for a leg whose two directions are two tasks' work.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};

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
    /// Gives the kernel as much of it as that takes, once it takes some; unless nothing may go at that moment. Returns how
    /// many bytes went.
    ///
    /// # Errors
    /// When the peer is gone or the cord is pulled.
    pub async fn write_if(&self, bytes: &[u8], may_go: impl Fn() -> bool) -> io::Result<usize> {
        poll_fn(|cx| {
            if bytes.is_empty() || !may_go() {
                return Poll::Ready(Ok(0));
            }
            let written = ready!(self.slot.poll_give(cx, |stream, cx| stream.poll_write(cx, bytes)))?;
            Poll::Ready(if written == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(written) })
        })
        .await
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures::FutureExt;
    use tokio::io::AsyncReadExt;

    use crate::sever::tests::pair;

    #[tokio::test]
    async fn what_waits_for_the_peer_does_not_go_once_nothing_may() {
        let (stream, _cord, mut far) = pair().await;
        let (writer, may_go) = (stream.writer(), AtomicBool::new(true));
        let may = || may_go.load(Ordering::Relaxed);
        let piece = vec![7; 32 << 10];
        let mut sent = 0;
        while let Some(went) = writer.write_if(&piece, may).now_or_never() {
            sent += went.unwrap();
        }
        let waits = writer.write_if(&piece, may);
        tokio::pin!(waits);
        assert!(waits.as_mut().now_or_never().is_none());
        may_go.store(false, Ordering::Relaxed);
        let mut got = vec![0; sent];
        far.read_exact(&mut got).await.unwrap();
        assert_eq!(waits.await.unwrap(), 0, "there is room, and nothing may go");
        assert!(far.read_u8().now_or_never().is_none());
        may_go.store(true, Ordering::Relaxed);
        assert!(writer.write_if(&piece, may).await.unwrap() > 0);
        assert_eq!(far.read_u8().await.unwrap(), 7);
    }
}
