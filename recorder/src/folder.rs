//! A node's local folder of recordings: their files, and the reserve that lets seals be written on a full disk.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use uuid::Uuid;

use crate::error::RecordError;
use crate::header::{self, Header};
use crate::medium::Medium;
use crate::seal;

/// Thresholds of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Kept allocated so that seals can be written when the disk is full. A seal with its last block is below 64 KiB.
    pub reserve_bytes: u64,
    /// Below this much free space no session starts.
    pub low_bytes: u64,
    /// Below this much free space running sessions are ended in order.
    pub critical_bytes: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { reserve_bytes: 16 << 20, low_bytes: 1 << 30, critical_bytes: 256 << 20 }
    }
}

/// How much room the folder's disk has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Enough.
    Ok,
    /// No new session may start.
    Low,
    /// Running sessions must end.
    Critical,
}

/// A folder of recordings. `<session>.chap` and, while it is live, `<session>.tail`.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    thresholds: Thresholds,
    /// The reserve is in use: until it is back, what room there is belongs to seals.
    released: Arc<AtomicBool>,
}

/// What a file in the folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundState {
    /// A header and no block; perhaps frames.
    HeaderOnly,
    /// Blocks without a seal: live, or left behind by a crash.
    Unsealed,
    /// Ends with a seal. Whether it is sound is for `verify`.
    Sealed,
    /// Its header cannot be read.
    Damaged,
}

/// A recording in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// From the file's name.
    pub session: Uuid,
    /// From its beginning and its end.
    pub state: FoundState,
}

impl Folder {
    /// Opens or makes the folder (mode 0700) with the ordinary thresholds.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        Self::open_with(path, Thresholds::default())
    }

    /// Opens or makes the folder (mode 0700), and its reserve.
    ///
    /// # Errors
    /// When it cannot be made or written. A disk too full for the reserve is no error: `space` says so.
    pub fn open_with(path: &Path, thresholds: Thresholds) -> Result<Self, RecordError> {
        use std::os::unix::fs::DirBuilderExt;
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(RecordError::path("make the folder", path))?;
        let folder = Self { path: path.to_owned(), thresholds, released: Arc::default() };
        match folder.replenish() {
            Err(error) if !error.is_full() => Err(error),
            _ => Ok(folder),
        }
    }

    /// A folder that is only looked into, such as another node's, mounted read-only: nothing is made in it, and its room
    /// is nobody's concern here.
    ///
    /// # Errors
    /// When it is not there or cannot be listed.
    pub fn looking(path: &Path) -> Result<Self, RecordError> {
        fs::read_dir(path).map_err(RecordError::path("list", path))?;
        let thresholds = Thresholds { reserve_bytes: 0, low_bytes: 0, critical_bytes: 0 };
        Ok(Self { path: path.to_owned(), thresholds, released: Arc::default() })
    }

    /// The folder's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of a session's recording.
    #[must_use]
    pub fn recording(&self, session: Uuid) -> PathBuf {
        self.path.join(format!("{session}.chap"))
    }

    /// The journal of a live recording's pending block.
    #[must_use]
    pub fn tail(&self, session: Uuid) -> PathBuf {
        self.path.join(format!("{session}.tail"))
    }

    /// Where recovery keeps bytes that it could not adopt.
    #[must_use]
    pub fn rest(&self, session: Uuid) -> PathBuf {
        self.path.join(format!("{session}.rest"))
    }

    /// How much room there is.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn space(&self) -> Result<Space, RecordError> {
        let free = self.free_bytes()?;
        Ok(if free < self.thresholds.critical_bytes {
            Space::Critical
        } else if free < self.thresholds.low_bytes || self.is_for_seals_only() {
            Space::Low
        } else {
            Space::Ok
        })
    }

    /// Bytes that this process may still write.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn free_bytes(&self) -> Result<u64, RecordError> {
        let stat = statvfs(&self.path).map_err(io::Error::from);
        let stat = stat.map_err(RecordError::path("ask for the free space of", &self.path))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Whether a file can be opened for writing here.
    ///
    /// # Errors
    /// When it cannot: on a disk that is read-only or has failed, or without file descriptors.
    pub fn opens(&self) -> Result<(), RecordError> {
        self.open_reserve().map(drop)
    }

    fn open_reserve(&self) -> Result<File, RecordError> {
        let path = self.path.join("reserve");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        file.map_err(RecordError::path("open", &path))
    }

    /// Whether the reserve is in use, so that nothing but seals may be written.
    pub(crate) fn is_for_seals_only(&self) -> bool {
        self.released.load(Ordering::Acquire)
    }

    /// Gives the reserve's space back to the disk, so that seals can be written: until it is allocated again, nothing
    /// else is. Harmless when it is gone already.
    ///
    /// # Errors
    /// When the reserve cannot be cut.
    pub fn release_reserve(&self) -> Result<(), RecordError> {
        let path = self.path.join("reserve");
        self.released.store(true, Ordering::Release);
        let cut = OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(0));
        match cut {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(RecordError::path("release", &path)),
        }
    }

    /// Allocates the reserve again, where there is room for it and for running sessions beside it.
    ///
    /// # Errors
    /// When the reserve cannot be allocated.
    pub fn replenish(&self) -> Result<(), RecordError> {
        let path = self.path.join("reserve");
        let wanted = self.thresholds.reserve_bytes;
        let file = self.open_reserve()?;
        let has = Medium::len(&file).map_err(RecordError::path("measure", &path))?;
        if has < wanted {
            if self.free_bytes()? < wanted.saturating_add(self.thresholds.critical_bytes) {
                return Ok(());
            }
            let allocated = fallocate(&file, FallocateFlags::empty(), 0, wanted).map_err(io::Error::from);
            allocated.map_err(RecordError::path("allocate", &path))?;
        }
        self.released.store(false, Ordering::Release);
        Ok(())
    }

    /// The recordings in the folder, by session id. A file whose name is no session's is not listed.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Found>, RecordError> {
        let failed = |cause| RecordError::path("list", &self.path)(cause);
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let session = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            if let Some(session) = session
                && path.extension().is_some_and(|extension| extension == "chap")
            {
                found.push(Found { session, state: state_of(&path) });
            }
        }
        found.sort_unstable_by_key(|one| one.session);
        Ok(found)
    }

    /// Deletes a sealed recording, with whatever a recovery kept beside it, durably. Whether it may be deleted is decided
    /// before, and written where it stays. One that is gone already is no error: a crash may have come in between.
    ///
    /// # Errors
    /// When it is being written, or a file cannot be removed.
    pub fn delete(&self, session: Uuid) -> Result<(), RecordError> {
        let path = self.recording(session);
        match OpenOptions::new().read(true).open(&path) {
            Ok(file) => lock(&file, session)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(RecordError::path("open", &path)(error)),
        }
        // The recording last: while it is there, so is what tells that the rest is still to go.
        for path in [self.rest(session), self.tail(session), path] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(RecordError::path("delete", &path)(error));
                }
                _ => {}
            }
        }
        self.sync()
    }

    /// Makes names that were created or removed durable.
    pub(crate) fn sync(&self) -> Result<(), RecordError> {
        let synced = File::open(&self.path).and_then(|folder| folder.sync_all());
        synced.map_err(RecordError::path("sync", &self.path))
    }

    /// Creates a file that must not exist, for its owner alone, and locks it.
    pub(crate) fn create(&self, path: &Path, session: Uuid) -> Result<File, RecordError> {
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create_new(true).mode(0o600).open(path).map_err(|cause| {
                if cause.kind() == io::ErrorKind::AlreadyExists {
                    RecordError::Exists(session)
                } else {
                    RecordError::path("create", path)(cause)
                }
            })?;
        lock(&file, session)?;
        Ok(file)
    }
}

/// Takes the recording for this process.
pub(crate) fn lock(file: &File, session: Uuid) -> Result<(), RecordError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(fs::TryLockError::WouldBlock) => Err(RecordError::InUse(session)),
        Err(fs::TryLockError::Error(cause)) => {
            Err(RecordError::Medium { operation: "lock the recording", cause })
        }
    }
}

fn state_of(path: &Path) -> FoundState {
    let look = || {
        let file = File::open(path).ok()?;
        let len = Medium::len(&file).ok()?;
        let mut prefix = [0; header::PREFIX_LEN];
        Medium::read_exact_at(&file, &mut prefix, 0).ok()?;
        let mut bytes = vec![0; Header::measure(&prefix).ok()?];
        Medium::read_exact_at(&file, &mut bytes, 0).ok()?;
        let header = Header::read(&bytes).ok()?;
        Some(if seal::ends_with_seal(&file, len) {
            FoundState::Sealed
        } else if len > header.len {
            FoundState::Unsealed
        } else {
            FoundState::HeaderOnly
        })
    };
    look().unwrap_or(FoundState::Damaged)
}

#[cfg(test)]
mod tests {
    use super::{Folder, Space, Thresholds};

    #[test]
    fn space_levels_follow_the_thresholds() {
        let dir = tempfile::tempdir().unwrap();
        let with = |low_bytes, critical_bytes| {
            let thresholds = Thresholds { reserve_bytes: 4096, low_bytes, critical_bytes };
            Folder::open_with(dir.path(), thresholds).unwrap().space().unwrap()
        };
        assert_eq!(with(0, 0), Space::Ok);
        assert_eq!(with(u64::MAX, 0), Space::Low);
        assert_eq!(with(u64::MAX, u64::MAX), Space::Critical);
    }

    #[test]
    fn reserve_is_allocated_released_and_replenished() {
        let dir = tempfile::tempdir().unwrap();
        let thresholds = Thresholds { reserve_bytes: 8192, low_bytes: 0, critical_bytes: 0 };
        let folder = Folder::open_with(dir.path(), thresholds).unwrap();
        let reserved = || std::fs::metadata(dir.path().join("reserve")).unwrap().len();
        assert_eq!(reserved(), 8192);
        assert_eq!(folder.space().unwrap(), Space::Ok);
        folder.release_reserve().unwrap();
        assert_eq!((reserved(), folder.space().unwrap()), (0, Space::Low), "what room there is is for seals");
        folder.replenish().unwrap();
        assert_eq!((reserved(), folder.space().unwrap()), (8192, Space::Ok));
        std::fs::remove_file(dir.path().join("reserve")).unwrap();
        folder.release_reserve().unwrap();
    }
}
