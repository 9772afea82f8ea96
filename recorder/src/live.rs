//! A recording that is being written: what a session holds on to.
//!
//! Everything is synchronous and inline: an append is one write by the calling task. One lock orders appends; a sync
//! does not hold it.

use std::borrow::Borrow;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::append::{ChannelRecorder, Parked, check_size};
use crate::channel::ChannelKind;
use crate::checkpoint::Checkpoint;
use crate::cipher::{DataKey, DataKeys};
use crate::error::RecordError;
use crate::fold::{Files, Writer};
use crate::folder::Folder;
use crate::header::{Header, recording_tag};
use crate::key::SigningKey;
use crate::ledger::{Hash, canonical_json};
use crate::medium::Medium;
use crate::opening::{Durability, Ending, Opening, RecordingKeys};
use crate::record::Record;
use crate::recover::Begun;
use crate::seal::Seal;
use crate::sync::SyncState;

/// Largest batch or event body.
pub const MAX_APPEND: usize = 1 << 20;
/// The wall clock may drift this far from the monotonic clock's reckoning before a `clock` event says so.
const WALL_DRIFT_NS: i128 = 10_000_000;

/// A recording between its header and its seal. Clones are handles on the same recording.
#[derive(Clone)]
pub struct LiveRecording {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub session: Uuid,
    pub started: Timestamp,
    pub origin: Instant,
    pub mode: Durability,
    pub folder: Folder,
    pub signer: Arc<SigningKey>,
    /// C₀.
    pub recording: Hash,
    pub files: Files,
    pub writer: Mutex<Writer>,
    pub synced: Mutex<SyncState>,
    /// Something was written since the last sync began. Set with the writer's lock held.
    pub unsynced: AtomicBool,
    /// A sync failed: appends stop until a repair succeeds.
    pub sync_failed: AtomicBool,
    /// Recorded, but not durable as the mode wants: a caller that tries again does not record it twice.
    pub parked: Mutex<Vec<Parked>>,
}

impl std::fmt::Debug for LiveRecording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LiveRecording({})", self.inner.session)
    }
}

impl LiveRecording {
    /// Starts a recording. Its header is durable when this returns: from here on a crash leaves a recording behind.
    ///
    /// # Errors
    /// When the session has a recording already, a key fails, or the medium does. Then no file is left behind.
    pub fn start(folder: &Folder, opening: Opening, keys: &RecordingKeys) -> Result<Self, RecordError> {
        Self::start_on(folder, opening, keys, &|file| Arc::new(file))
    }

    pub(crate) fn start_on(
        folder: &Folder,
        opening: Opening,
        keys: &RecordingKeys,
        medium: &dyn Fn(fs::File) -> Arc<dyn Medium>,
    ) -> Result<Self, RecordError> {
        let session = opening.session;
        let origin = Instant::now();
        let data = DataKeys { evidence: DataKey::generate()?, input: DataKey::generate()? };
        let (header, chain) = Header::write(&opening, keys, &data, monotonic_ns())?;
        let header_len = u64::try_from(header.len()).unwrap_or(u64::MAX);
        let (chap_path, tail_path) = (folder.recording(session), folder.tail(session));
        let chap = folder.create(&chap_path, session)?;
        let make = || -> Result<Files, RecordError> {
            let tail = folder.create(&tail_path, session)?;
            let files = Files { chap: medium(chap), tail: medium(tail) };
            files.chap.write_all_at(&header, 0).map_err(RecordError::medium("write the header"))?;
            files.chap.sync_data().map_err(RecordError::medium("sync the header"))?;
            folder.sync()?;
            Ok(files)
        };
        let files = make().inspect_err(|_| {
            // Nothing was recorded: what is left behind would only look like a loss.
            drop(fs::remove_file(&chap_path));
            drop(fs::remove_file(&tail_path));
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                session,
                started: opening.started,
                origin,
                mode: opening.mode,
                folder: folder.clone(),
                signer: Arc::clone(&keys.signer),
                recording: chain,
                files: files.clone(),
                writer: Mutex::new(Writer::new(files, data, chain, header_len)),
                synced: Mutex::new(SyncState::new(header_len, chain)),
                unsynced: AtomicBool::new(false),
                sync_failed: AtomicBool::new(false),
                parked: Mutex::default(),
            }),
        })
    }

    /// Takes back the recording of a session that came to nothing: its header goes, which is all there is. One that holds
    /// anything stays.
    pub fn withdraw(self) {
        let mut writer = self.inner.writer();
        if writer.ending || writer.ordinal > 0 || !writer.is_folded() {
            return;
        }
        writer.ending = true;
        // What cannot be removed is found at the next start, and is alarmed about there.
        for path in [self.inner.folder.recording(self.session()), self.inner.folder.tail(self.session())] {
            drop(fs::remove_file(path));
        }
    }

    /// Whose recording this is.
    #[must_use]
    pub fn session(&self) -> Uuid {
        self.inner.session
    }

    /// What it began with: whatever stands in its place later can be held against it.
    #[must_use]
    pub fn begun(&self) -> Begun {
        Begun { recording: Some(self.inner.recording), seal_key: self.inner.signer.public() }
    }

    /// First bytes of C₀, which every block of this recording carries.
    #[must_use]
    pub fn tag(&self) -> [u8; 8] {
        recording_tag(&self.inner.recording)
    }

    /// Opens a channel with a `channel-open` event. With `typed_input`, its [`Stream::Input`](crate::Stream::Input) is encrypted under the
    /// input key.
    ///
    /// # Errors
    /// When the number is taken, there are as many as a recording takes, or the event cannot be recorded; then the channel
    /// is not open.
    pub fn open_channel(
        &self,
        number: u32,
        about: ChannelKind,
        typed_input: bool,
    ) -> Result<ChannelRecorder, RecordError> {
        let delivered = self.inner.writer().counts.open_channel(number)?;
        let body = json!({ "kind": about.name, "about": about.about, "typed_input": typed_input });
        match self.event(Some(number), "channel-open", body) {
            Ok(()) => Ok(ChannelRecorder { recording: self.clone(), number, typed_input, delivered }),
            Err(error) => {
                self.inner.writer().counts.forget_channel(number);
                Err(error)
            }
        }
    }

    /// Records an event of a channel, or of the session.
    ///
    /// # Errors
    /// As an append; a body without canonical JSON is refused.
    pub fn event(
        &self,
        channel: Option<u32>,
        kind: &str,
        body: impl Borrow<Value>,
    ) -> Result<(), RecordError> {
        let body = canonical_json(body.borrow())?;
        check_size(kind.len() + body.len())?;
        let parked = || Parked::Event(channel, kind.to_owned(), body.clone());
        self.inner.take(parked, |writer, at_ns| {
            writer.record(at_ns, &Record::Event { channel, kind, body: &body }, &[])
        })
    }

    /// Folds what is pending, makes it durable, and says how far the recording is.
    ///
    /// # Errors
    /// When the medium fails. Then nothing was announced.
    pub fn checkpoint(&self) -> Result<Checkpoint, RecordError> {
        let mut synced = self.inner.lock_sync();
        let now_ns = self.inner.now_ns();
        let checkpoint = {
            let mut writer = self.inner.writer();
            self.inner.unsynced.store(true, Ordering::Release);
            if !writer.ending && (!writer.is_folded() || writer.ordinal > writer.announced) {
                writer.state_delivered(now_ns)?;
                self.inner.state_clock(&mut writer, now_ns)?;
            }
            writer.fold()?;
            writer.announced = writer.ordinal;
            Checkpoint {
                session: self.inner.session,
                block: writer.ordinal,
                chain: writer.chain,
                bytes: writer.counts.bytes,
                records: writer.counts.records,
                at: self.inner.wall(now_ns),
            }
        };
        self.inner.sync(&mut synced)?;
        Ok(checkpoint)
    }

    /// Makes durable what was appended before the call. In `prompt` mode the caller does this every 200 ms. Appends do
    /// not wait for it.
    ///
    /// # Errors
    /// When the medium fails; appends are refused until a repair succeeds, which each attempt tries.
    pub fn sync(&self) -> Result<(), RecordError> {
        let mut synced = self.inner.lock_sync();
        self.inner.sync(&mut synced)
    }

    /// Whether there is nothing for [`LiveRecording::sync`] to do. Waits for nothing.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        !self.inner.unsynced.load(Ordering::Acquire) && !self.inner.sync_failed.load(Ordering::Acquire)
    }

    /// Ends the recording: end marker, last block, fsync; then the seal, fsync. On a full disk the folder's reserve
    /// is released first. From the first call on nothing can be appended. After an error the call is repeated; once it
    /// has succeeded it returns the same seal again.
    ///
    /// # Errors
    /// When the medium fails. The recording then stays unsealed until a repetition or `recover`.
    pub fn seal(&self, ending: Ending) -> Result<Seal, RecordError> {
        match self.inner.try_seal(&ending) {
            Err(error) if error.is_full() => {
                self.inner.folder.release_reserve()?;
                self.inner.try_seal(&ending)
            }
            other => other,
        }
    }
}

impl Inner {
    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(|poisoned| {
            let mut writer = poisoned.into_inner();
            writer.distrust();
            self.writer.clear_poison();
            writer
        })
    }

    pub(crate) fn lock_sync(&self) -> MutexGuard<'_, SyncState> {
        self.synced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now_ns(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The wall time of a moment after the start, by the monotonic clock.
    pub(crate) fn wall(&self, after_ns: u64) -> Timestamp {
        wall_time(self.started, after_ns)
    }

    /// Says where the wall clock is, if it moved against the monotonic clock.
    pub(crate) fn state_clock(&self, writer: &mut Writer, now_ns: u64) -> Result<(), RecordError> {
        let now = Timestamp::now();
        let offset = now.as_nanosecond() - self.wall(self.now_ns()).as_nanosecond();
        if (offset - writer.wall_offset_ns).abs() < WALL_DRIFT_NS {
            return Ok(());
        }
        let body = canonical_json(&json!({ "wall": now, "ahead_ns": offset.to_string() }))?;
        writer.record(now_ns, &Record::Event { channel: None, kind: "clock", body: &body }, &[])?;
        writer.wall_offset_ns = offset;
        Ok(())
    }
}

/// `started`, and nanoseconds after it.
pub(crate) fn wall_time(started: Timestamp, after_ns: u64) -> Timestamp {
    let after = i64::try_from(after_ns).map_or(SignedDuration::MAX, SignedDuration::from_nanos);
    started.checked_add(after).unwrap_or(Timestamp::MAX)
}

/// The machine's monotonic clock, so that recordings of one boot can be laid side by side.
fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests;
