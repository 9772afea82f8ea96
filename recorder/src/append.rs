//! Appending to a live recording: one write by the calling task, and in `durable` mode a sync.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;

use crate::channel::{Recorded, Stream};
use crate::count::Delivered;
use crate::error::{AppendError, RecordError};
use crate::fold::Writer;
use crate::live::{Inner, LiveRecording, MAX_APPEND};
use crate::opening::Durability;
use crate::record::Record;
use crate::steps::SameSteps;
use crate::sync::TAIL_BYTES;

/// Records one channel.
#[derive(Clone)]
pub struct ChannelRecorder {
    pub(crate) recording: LiveRecording,
    pub(crate) number: u32,
    pub(crate) typed_input: bool,
    pub(crate) delivered: Arc<Delivered>,
}

impl std::fmt::Debug for ChannelRecorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChannelRecorder({}, {})", self.recording.inner.session, self.number)
    }
}

impl ChannelRecorder {
    /// The channel's number in the recording.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The recording that it belongs to.
    #[must_use]
    pub fn recording(&self) -> &LiveRecording {
        &self.recording
    }

    /// Records a batch of at most [`MAX_APPEND`] bytes. It is with the kernel, or durable in `durable` mode, when this
    /// returns; only then do the bytes come back as something that can be forwarded.
    ///
    /// # Errors
    /// The batch comes back with the cause. Trying again with the same bytes repairs what can be repaired, and never
    /// records them twice.
    pub fn append(&self, stream: Stream, bytes: Bytes) -> Result<Recorded, AppendError> {
        match self.take(stream, std::slice::from_ref(&bytes), |_| ()) {
            Ok(_) => Ok(self.recorded(stream, bytes)),
            Err(cause) => Err(AppendError { pieces: vec![bytes], cause }),
        }
    }

    /// Records a batch that came in pieces, without joining them, as [`ChannelRecorder::append`] does; each piece comes back
    /// by itself.
    ///
    /// # Errors
    /// As for [`ChannelRecorder::append`].
    pub fn append_pieces(&self, stream: Stream, pieces: Vec<Bytes>) -> Result<Vec<Recorded>, AppendError> {
        match self.take(stream, &pieces, |_| ()) {
            Ok(_) => Ok(pieces.into_iter().map(|bytes| self.recorded(stream, bytes)).collect()),
            Err(cause) => Err(AppendError { pieces, cause }),
        }
    }

    /// Writes the pieces as one record, and does what is to be done `then` under the same lock; `None` where the record was
    /// there already.
    pub(crate) fn take<T>(
        &self,
        stream: Stream,
        pieces: &[Bytes],
        then: impl FnOnce(&mut Writer) -> T,
    ) -> Result<Option<T>, RecordError> {
        let (channel, bytes) = (self.number, pieces.iter().map(Bytes::len).sum());
        check_size(bytes)?;
        let mut done = None;
        let parked = || Parked::Batch(channel, stream, pieces.to_vec());
        self.recording.inner.take(parked, |writer, at_ns| {
            if self.is_typed(stream) {
                let len = u64::try_from(bytes).unwrap_or(u64::MAX);
                writer.record(at_ns, &Record::Typed { channel, stream, len }, pieces)?;
            } else {
                let (first, more) = pieces.split_first().map_or((&[][..], &[][..]), |(a, b)| (&a[..], b));
                writer.record(at_ns, &Record::Data { channel, stream, bytes: first }, more)?;
            }
            done = Some(then(writer));
            Ok(())
        })?;
        Ok(done)
    }

    pub(crate) fn recorded(&self, stream: Stream, bytes: Bytes) -> Recorded {
        Recorded { session: self.recording.session(), channel: self.number, stream, bytes }
    }

    /// How many bytes of a stream were written to the other leg until now.
    #[must_use]
    pub fn delivered_so_far(&self, stream: Stream) -> u64 {
        self.delivered.total(stream)
    }

    /// Counts bytes that were written to the other leg.
    pub fn delivered(&self, stream: Stream, bytes: u64) {
        self.delivered.add(stream, bytes);
    }
}

pub(crate) fn check_size(bytes: usize) -> Result<(), RecordError> {
    if bytes > MAX_APPEND { Err(RecordError::TooLarge { bytes, limit: MAX_APPEND }) } else { Ok(()) }
}

/// What a failed durable append left in the recording.
#[derive(PartialEq)]
pub(crate) enum Parked {
    /// The very same bytes: the clone keeps their address from being used again.
    Batch(u32, Stream, Vec<Bytes>),
    Event(Option<u32>, String, String),
    Steps(u32, SameSteps),
}

impl Parked {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Batch(a, b, c), Self::Batch(d, e, f)) => {
                let same = |(c, f): (&Bytes, &Bytes)| c.as_ptr() == f.as_ptr() && c.len() == f.len();
                a == d && b == e && c.len() == f.len() && c.iter().zip(f).all(same)
            }
            _ => self == other,
        }
    }
}

impl Inner {
    /// Appends through `write`, and in `durable` mode makes it durable. `parked` names what is appended.
    pub(crate) fn take(
        &self,
        parked: impl Fn() -> Parked,
        write: impl FnOnce(&mut Writer, u64) -> Result<(), RecordError>,
    ) -> Result<(), RecordError> {
        if self.folder.is_for_seals_only() {
            return Err(RecordError::SealsOnly);
        }
        if self.sync_failed.load(Ordering::Acquire) {
            self.heal(&mut self.lock_sync())?;
        }
        let durable = self.mode == Durability::Durable;
        if durable && self.unpark(&parked()) {
            // It is in the recording since the last attempt, and the repair or this sync makes it durable.
            return self.sync(&mut self.lock_sync()).inspect_err(|_| self.park(parked()));
        }
        let over = {
            let mut writer = self.writer();
            if writer.ending {
                return Err(RecordError::Sealed);
            }
            // A write that failed may be in the file all the same.
            self.unsynced.store(true, Ordering::Release);
            write(&mut writer, self.now_ns())?;
            writer.tail_len > TAIL_BYTES
        };
        if over {
            // What was appended is in the tail: a failure here is tried again by the next append.
            drop(self.heal(&mut self.lock_sync()));
        }
        if durable {
            self.sync(&mut self.lock_sync()).inspect_err(|_| self.park(parked()))?;
        }
        Ok(())
    }

    fn park(&self, parked: Parked) {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).push(parked);
    }

    fn unpark(&self, wanted: &Parked) -> bool {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        let found = parked.iter().position(|one| one.is(wanted));
        found.is_some_and(|at| {
            parked.swap_remove(at);
            true
        })
    }
}
