//! A channel of a connection to a target: opened in its time, and closed when nobody has it any more. A server keeps a
//! session for each that is not closed, and only so many of one connection (OpenSSH's `MaxSessions`).

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use russh::{ChannelReadHalf, ChannelWriteHalf, client};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::TargetLeg;

/// How long a target may take to open a channel.
const OPEN: Duration = Duration::from_secs(10);

/// Why there is no channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotOpened {
    /// Nothing came within [`OPEN`].
    #[error("the target did not answer in time")]
    Slow,
    /// The target takes no more, or its connection has ended.
    #[error("the target opened no channel")]
    Refused,
}

impl TargetLeg {
    /// Opens a session channel. One that opens later than this waits is closed.
    pub(crate) async fn opens(&self) -> Result<(ChannelReadHalf, TargetWrite), NotOpened> {
        let handle = Arc::clone(&self.handle);
        // Goes on when nobody waits any more, and then drops what it has opened.
        let opening = tokio::spawn(async move {
            let (read, write) = handle.channel_open_session().await?.split();
            Ok::<_, russh::Error>((read, TargetWrite::new(write)))
        });
        match timeout(OPEN, opening).await {
            Ok(Ok(Ok(opened))) => Ok(opened),
            Ok(_) => Err(NotOpened::Refused),
            Err(_elapsed) => Err(NotOpened::Slow),
        }
    }
}

/// The writing half of a channel to a target. The channel is closed when this is dropped: russh's own half says nothing
/// then.
pub(crate) struct TargetWrite {
    half: Arc<ChannelWriteHalf<client::Msg>>,
    closed: AtomicBool,
    runtime: Handle,
}

impl TargetWrite {
    pub(crate) fn new(half: ChannelWriteHalf<client::Msg>) -> Self {
        Self { half: Arc::new(half), closed: AtomicBool::new(false), runtime: Handle::current() }
    }

    /// Closes the channel (RFC 4254 §5.3).
    pub(crate) async fn close(&self) {
        // Its connection may be gone: that is what is asked for.
        drop(self.half.close().await);
        self.closed.store(true, Ordering::Relaxed);
    }
}

impl Deref for TargetWrite {
    type Target = ChannelWriteHalf<client::Msg>;

    fn deref(&self) -> &Self::Target {
        &self.half
    }
}

impl Drop for TargetWrite {
    fn drop(&mut self) {
        if !self.closed.load(Ordering::Relaxed) {
            let half = Arc::clone(&self.half);
            self.runtime.spawn(async move { half.close().await });
        }
    }
}
