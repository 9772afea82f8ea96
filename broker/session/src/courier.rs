//! Putting a staged file onto the target of a live visit: what a door's protocol implements, and the hand with which it
//! does. A hand gives back what the recording has taken and nothing else, so that a courier can write nothing that was not
//! recorded first (P1), waits while the visit's input does, and stops with it.

use std::sync::Arc;

use bytes::Bytes;
use chaperone_recorder::{ChannelRecorder, Kept, Recorded, Stream};
use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::flow::{Flow, flows};
use crate::live::LiveSession;
use crate::relay::{RelayEnd, record};
use crate::stage::{Chunks, StageError};

/// A door's way to put files onto the target.
pub trait Courier: Send + Sync {
    /// Opens a way to the target, on which files go one after the other.
    fn sets_out(&self, hand: Hand) -> BoxFuture<'static, Result<Box<dyn Errand>, NotDelivered>>;
}

/// An open way to the target. An implementation writes to a place beside the path, reads back what the target has, and puts
/// it in its place only when that is the file: what fails leaves nothing where the path points.
pub trait Errand: Send {
    /// Delivers one file; goes on to its end also when nobody waits for it any more. Not retried. After an error the way is of
    /// no more use, and is ended.
    fn deliver(&mut self, parcel: Parcel) -> BoxFuture<'_, Result<Delivered, NotDelivered>>;

    /// Closes it.
    fn end(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// A file to deliver.
pub struct Parcel {
    /// Its name, for a path that is a folder; without one a folder is no place for it.
    pub name: Option<String>,
    /// How long it is.
    pub size_bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Where to, on the target.
    pub to: String,
    /// Whether it may take the place of another file.
    pub replaces: bool,
    /// What it is to be like there.
    pub attributes: FileAttributes,
    pub(crate) chunks: Chunks,
}

/// What a file is to be like beside its bytes; what is not said is as the target has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileAttributes {
    /// The permissions that it is made with, of which the target takes away what it always does.
    pub made_with: Option<u32>,
    /// The permissions that it has in the end.
    pub permissions: Option<u32>,
    /// User and group.
    pub owner: Option<(u32, u32)>,
    /// Last access and last change, in seconds since 1970.
    pub times: Option<(u32, u32)>,
}

impl Parcel {
    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// When the stage cannot give it.
    pub async fn next(&mut self) -> Result<Option<Bytes>, NotDelivered> {
        self.chunks.next().await.map_err(NotDelivered::Stage)
    }
}

/// A file that has reached its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The whole path.
    pub path: String,
    /// SHA-256 of what was read back from there, in hexadecimal.
    pub sha256: String,
}

/// Why a file is not in its place.
#[derive(Debug, thiserror::Error)]
pub enum NotDelivered {
    /// The visit has ended, or its connection to the target.
    #[error("the visit ended first")]
    Ended,
    /// The target takes no files this way.
    #[error("the server takes no files by SFTP")]
    NoSftp,
    /// The target refused one of the steps, in its own words.
    #[error("the server refused to {step}: {words}")]
    Refused {
        /// What was asked of it.
        step: &'static str,
        /// Its words, plain and short.
        words: String,
    },
    /// Another file has its place, which it was not to replace.
    #[error(
        "there is a file already, which was not to be replaced: put the whole file anew, or remove that one first"
    )]
    Taken,
    /// The target broke the protocol.
    #[error("the server broke the file protocol")]
    Protocol,
    /// It has other bytes than were sent.
    #[error("the server has other bytes than were sent: SHA-256 {0}")]
    Differs(String),
    /// The target does not answer.
    #[error("the server did not answer in time")]
    Slow,
    /// The stage.
    #[error("the staged file cannot be read")]
    Stage(#[source] StageError),
}

impl From<RelayEnd> for NotDelivered {
    fn from(_: RelayEnd) -> Self {
        Self::Ended
    }
}

/// The recording of one delivery.
pub struct Hand {
    pub(crate) session: Arc<LiveSession>,
    pub(crate) channel: ChannelRecorder,
    pub(crate) flow: watch::Receiver<Flow>,
}

impl Hand {
    /// Records what is to be sent to the target; waits while input is paused.
    ///
    /// # Errors
    /// When the visit is cut, its input is over, or the recording cannot take it.
    pub async fn to_target(&mut self, bytes: Bytes) -> Result<Recorded, NotDelivered> {
        self.may_write().await?;
        self.record(Stream::Input, bytes).await
    }

    /// Waits while input is paused: what was recorded goes on after that.
    ///
    /// # Errors
    /// When the visit is cut, or its input is over.
    pub async fn may_write(&mut self) -> Result<(), NotDelivered> {
        let open = self.flow.wait_for(|flow| *flow != Flow::Paused).await;
        if open.is_ok_and(|flow| *flow == Flow::Open) { Ok(()) } else { Err(NotDelivered::Ended) }
    }

    /// Whether input flows at this moment.
    #[must_use]
    pub fn flows(&self) -> bool {
        flows(&self.flow)
    }

    /// Records what the target has sent.
    ///
    /// # Errors
    /// When the visit is cut, or the recording cannot take it.
    pub async fn from_target(&mut self, bytes: Bytes) -> Result<Bytes, NotDelivered> {
        let recorded = self.record(Stream::Output, bytes).await?;
        self.passed(Stream::Output, recorded.len());
        Ok(recorded.into_bytes())
    }

    /// Counts what has been written to the target.
    pub fn written(&self, length: usize) {
        self.passed(Stream::Input, length);
    }

    fn passed(&self, stream: Stream, length: usize) {
        self.channel.delivered(stream, u64::try_from(length).unwrap_or(u64::MAX));
    }

    /// Returns when the visit is cut.
    pub async fn cut(&self) {
        let mut flow = self.flow.clone();
        // The sender lives in the session, which this hand holds.
        drop(flow.wait_for(|flow| flow.is_cut()).await);
    }

    async fn record(&mut self, stream: Stream, bytes: Bytes) -> Result<Recorded, NotDelivered> {
        let shown = bytes.clone();
        let mut kept =
            record(&self.session, &self.channel, stream, vec![bytes], false, &mut self.flow).await?;
        self.session.tap.output(self.channel.number(), stream, &shown);
        match kept.pop() {
            Some(Kept::Here(recorded)) => Ok(recorded),
            Some(Kept::There(spilled)) => spilled.fetch().map_err(|_| NotDelivered::Ended),
            None => Err(NotDelivered::Ended),
        }
    }
}

impl LiveSession {
    /// Says how files reach its target; the first word stands.
    pub fn brings_files_by(&self, courier: Arc<dyn Courier>) {
        drop(self.courier.set(courier));
    }
}
