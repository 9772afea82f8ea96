//! A stream inside another connection, with a cord of its own: a session's client leg where the client came through the
//! gate to a server. Several may share the connection, and each ends alone; the connection itself is ended with the last.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::Cord;

/// Those who share a connection.
#[derive(Clone, Debug)]
pub struct Tenants(Arc<watch::Sender<usize>>);

/// One of them.
pub(super) struct Tenant {
    tenants: Tenants,
    /// Cancelled when its stream is ended.
    ended: CancellationToken,
    stays: AtomicBool,
    /// Whether it ended the connection.
    was_last: AtomicBool,
}

/// A place among them that is taken before there is a stream; given back when dropped.
#[derive(Debug)]
pub struct Entered {
    tenants: Tenants,
    stays: bool,
}

/// A stream whose [`Cord`] ends it alone.
pub struct Within<S> {
    stream: S,
    tenant: Arc<Tenant>,
    /// Wakes whoever reads, and whoever writes.
    ended: [Pin<Box<WaitForCancellationFutureOwned>>; 2],
}

impl Default for Tenants {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Tenants {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        *self.0.borrow()
    }

    /// Takes a place, unless so many are taken.
    #[must_use]
    pub fn enter(&self, most: usize) -> Option<Entered> {
        let entered = self.0.send_if_modified(|count| {
            let room = *count < most;
            *count += usize::from(room);
            room
        });
        entered.then(|| Entered { tenants: self.clone(), stays: true })
    }

    /// Returns once there are none.
    pub async fn none(&self) {
        // The sender lives in `self`: the wait cannot fail.
        drop(self.0.subscribe().wait_for(|count| *count == 0).await);
    }

    /// One who keeps the connection whatever becomes of the others: it has a leg of its own.
    pub fn keep(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    fn leave(&self) -> bool {
        let mut last = false;
        self.0.send_modify(|count| {
            *count = count.saturating_sub(1);
            last = *count == 0;
        });
        last
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if self.stays {
            self.tenants.leave();
        }
    }
}

impl Tenant {
    /// Ends its stream; whether the connection must end with it.
    pub(super) fn sever(&self) -> bool {
        self.ended.cancel();
        let last = self.leaves();
        self.was_last.fetch_or(last, Ordering::AcqRel);
        last
    }

    /// As [`Tenant::sever`], also where the stream has heard a goodbye and left by itself: its client may be one that does
    /// nothing more, and then nobody would end the connection.
    pub(super) fn cut(&self) -> bool {
        let last = self.sever() || self.tenants.count() == 0;
        self.was_last.fetch_or(last, Ordering::AcqRel);
        last
    }

    /// Ends its stream alone.
    pub(super) fn leave(&self) {
        self.leaves();
        self.ended.cancel();
    }

    /// It goes, and was the last.
    fn leaves(&self) -> bool {
        self.stays.swap(false, Ordering::AcqRel) && self.tenants.leave()
    }

    /// Whether its stream has ended, and with it the connection if that was to end.
    pub(super) fn ended(&self) -> Option<bool> {
        self.ended.is_cancelled().then(|| self.was_last.load(Ordering::Acquire))
    }
}

impl<S> Within<S> {
    /// A stream inside the connection that `outer` ends, in the place that was taken for it.
    pub fn new(stream: S, outer: &Cord, mut place: Entered) -> (Self, Cord) {
        place.stays = false;
        let ended = CancellationToken::new();
        let wakers = [(), ()].map(|()| Box::pin(ended.clone().cancelled_owned()));
        let tenant = Tenant {
            tenants: place.tenants.clone(),
            ended,
            stays: AtomicBool::new(true),
            was_last: AtomicBool::new(false),
        };
        let tenant = Arc::new(tenant);
        let cord = Cord { slot: Arc::clone(&outer.slot), tenant: Some(Arc::clone(&tenant)) };
        (Self { stream, tenant, ended: wakers }, cord)
    }

    fn poll_ended(&mut self, cx: &mut Context<'_>, which: usize) -> Option<io::Error> {
        let ended = self.ended.get_mut(which)?;
        ended
            .as_mut()
            .poll(cx)
            .is_ready()
            .then(|| io::Error::new(io::ErrorKind::ConnectionAborted, "severed"))
    }
}

impl<S> Drop for Within<S> {
    /// Ended by itself: nothing passes any more, and the connection is its other tenants' or its client's to end.
    fn drop(&mut self) {
        self.tenant.leave();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Within<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(error) = self.poll_ended(cx, 0) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_read(cx, out)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Within<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(error) = self.poll_ended(cx, 1) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(error) = self.poll_ended(cx, 1) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(error) = self.poll_ended(cx, 1) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::sever::tests::pair;
    use crate::sockets;

    fn place(tenants: &Tenants) -> Entered {
        tenants.enter(usize::MAX).unwrap()
    }

    #[tokio::test]
    async fn so_many_enter_and_a_place_is_one_until_its_stream_has_ended() {
        let (_near, outer, _far) = pair().await;
        let tenants = Tenants::default();
        let (one, two) = (tenants.enter(2).unwrap(), tenants.enter(2).unwrap());
        assert!(tenants.enter(2).is_none());
        let (stream, _cord) = Within::new(duplex(64).0, &outer, one);
        assert!(tenants.enter(2).is_none(), "the place is the stream's");
        drop(two);
        assert_eq!(tenants.count(), 1, "one that came to nothing");
        drop(stream);
        tenants.none().await;
    }

    #[tokio::test]
    async fn each_stream_ends_alone_and_the_connection_with_the_last() {
        let (_near, outer, _far) = pair().await;
        let tenants = Tenants::default();
        let (one_end, _one_peer) = duplex(64);
        let (two_end, mut two_peer) = duplex(64);
        let (mut one, one_cord) = Within::new(one_end, &outer, place(&tenants));
        let (mut two, two_cord) = Within::new(two_end, &outer, place(&tenants));
        let waiting = tokio::spawn(async move { one.read_u8().await });
        tokio::task::yield_now().await;
        one_cord.sever();
        assert!(waiting.await.unwrap().is_err());
        assert!(!sockets::open(&one_cord).unwrap(), "its own stream has ended");
        assert!(sockets::open(&outer).unwrap(), "the connection is the other's, too");
        two.write_all(b"on").await.unwrap();
        let mut got = [0; 2];
        two_peer.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"on");
        assert!(sockets::open(&two_cord).unwrap());
        two_cord.sever();
        assert!(!sockets::open(&two_cord).unwrap() && !sockets::open(&outer).unwrap());
        assert_eq!(tenants.count(), 0);
    }

    #[tokio::test]
    async fn a_blocked_writer_is_woken_and_a_stream_that_ends_by_itself_leaves_the_connection() {
        let (_near, outer, _far) = pair().await;
        let tenants = Tenants::default();
        let (end, _never_reads) = duplex(64);
        let (mut stream, cord) = Within::new(end, &outer, place(&tenants));
        let writing = tokio::spawn(async move { stream.write_all(&[0; 4096]).await });
        tokio::task::yield_now().await;
        tenants.keep();
        cord.sever();
        assert!(writing.await.unwrap().is_err());
        assert!(sockets::open(&outer).unwrap(), "somebody keeps it");
        let (end, _peer) = duplex(64);
        let (stream, cord) = Within::new(end, &outer, place(&tenants));
        drop(stream);
        cord.sever();
        assert!(!sockets::open(&cord).unwrap());
        assert!(sockets::open(&outer).unwrap());
        assert_eq!(tenants.count(), 1);
    }

    #[tokio::test]
    async fn one_that_is_cut_takes_the_connection_along_also_after_it_left_unless_somebody_is_in_it() {
        let (_near, outer, _far) = pair().await;
        let tenants = Tenants::default();
        let ends = [(); 2].map(|()| Within::new(duplex(64).0, &outer, place(&tenants)));
        let [(one, one_cord), (two, two_cord)] = ends;
        drop(one);
        one_cord.cut();
        assert!(sockets::open(&outer).unwrap(), "the other is in it");
        drop(two);
        two_cord.sever();
        assert!(sockets::open(&outer).unwrap(), "it left by itself");
        two_cord.cut();
        assert!(!sockets::open(&two_cord).unwrap() && !sockets::open(&outer).unwrap());
    }
}
