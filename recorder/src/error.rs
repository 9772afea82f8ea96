//! Why a recording cannot be started, written or sealed.

use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use uuid::Uuid;

use crate::channel::CHANNELS;
use crate::key::KeyError;
use crate::ledger::CanonicalError;

/// A recording could not be written. Fatal to the session unless a later attempt succeeds: nothing is forwarded
/// meanwhile.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// An operation on a file failed. The recording repairs itself on the next attempt.
    #[error("cannot {operation}")]
    Medium {
        /// What was tried.
        operation: &'static str,
        /// What the kernel said.
        #[source]
        cause: io::Error,
    },
    /// An operation on a named file or folder failed.
    #[error("cannot {operation} {path}")]
    Path {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        cause: io::Error,
    },
    /// A recording of this session exists already; a second one is never started.
    #[error("session {0} has a recording already")]
    Exists(Uuid),
    /// Another process writes this recording.
    #[error("the recording of session {0} is being written by another process")]
    InUse(Uuid),
    /// The recording is sealed: nothing can be added.
    #[error("the recording is sealed")]
    Sealed,
    /// One batch is larger than a block can hold.
    #[error("a batch of {bytes} bytes is more than the {limit} that a block can hold")]
    TooLarge {
        /// Bytes in the batch.
        bytes: usize,
        /// Bytes that fit.
        limit: usize,
    },
    /// The disk is full, and what the reserve gave back is for seals.
    #[error("the disk is full; what room is left is kept for seals")]
    SealsOnly,
    /// The channel's number is taken.
    #[error("channel {0} is open already")]
    ChannelExists(u32),
    /// As many channels were opened as the seal surely has room for.
    #[error("the recording has {CHANNELS} channels, and takes no more")]
    TooManyChannels,
    /// A key failed.
    #[error("a key of the recording failed")]
    Key(#[from] KeyError),
    /// A body of facts or an event has no canonical JSON.
    #[error("a body cannot be written as canonical JSON")]
    Canonical(#[from] CanonicalError),
    /// Encryption or compression failed.
    #[error("cannot {0} a section")]
    Section(&'static str),
    /// What the medium returns for bytes that were written and not yet durable is not what was written.
    #[error("the medium lost bytes before they were durable: block {block} reads back differently")]
    Lost {
        /// First block that differs.
        block: u64,
    },
}

impl RecordError {
    pub(crate) fn medium(operation: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Medium { operation, cause }
    }

    pub(crate) fn path(operation: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Path { operation, path, cause }
    }

    /// Whether the medium is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Medium { cause, .. } | Self::Path { cause, .. } => {
                matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::SealsOnly => true,
            _ => false,
        }
    }
}

/// A batch was not recorded; here it is again, so that it can be tried again.
#[derive(Debug, thiserror::Error)]
#[error("the batch was not recorded")]
pub struct AppendError {
    /// The batch, unchanged.
    pub pieces: Vec<Bytes>,
    /// Why.
    #[source]
    pub cause: RecordError,
}
