//! The stage: where a file waits between whoever sent it and its server. On disk it is sealed from its first byte on; it is
//! hashed on the way in, and what comes out again is checked piece by piece.
//!
//! Who can read the folder learns how long files are and when they came; who can write to it can destroy one, and can
//! neither change one unseen nor put another in its place.

mod sealed;

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use chaperone_policy::FileId;
use chaperone_vault::{Vault, VaultError};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use self::sealed::{Sealing, Unsealing};

/// Pieces under way to or from the disk: one or two are enough, since the disk is the slower end.
const AHEAD: usize = 4;
/// What a file is called while it comes in, and once it is whole.
const COMING: &str = "coming";
const WHOLE: &str = "sealed";
/// What nobody asks for any more is swept away after this long: nobody is still writing to it.
const FORGOTTEN: Duration = Duration::from_secs(6 * 3600);

/// Why the stage cannot take or give a file.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The folder or a file in it.
    #[error("the stage cannot be used: {0}")]
    File(io::Error),
    /// The vault.
    #[error("a staged file's key cannot be sealed or opened")]
    Key(#[source] VaultError),
    /// The system has no randomness, or the cipher refuses.
    #[error("a staged file cannot be sealed")]
    Seal,
    /// What lies there is no staged file, or not the one that was put there.
    #[error("a staged file is damaged, or another lies in its place")]
    Damaged,
    /// The thread that worked on it is gone.
    #[error("the work on a staged file was given up")]
    Work,
}

impl From<io::Error> for StageError {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

/// The folder with its sealing keys; cheap to clone.
#[derive(Clone)]
pub(crate) struct Stage {
    folder: PathBuf,
    vault: Vault,
}

/// What the stage knows of a file that is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub size_bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// A file on its way in. Dropped before its end, it is gone.
pub(crate) struct Coming {
    pieces: mpsc::Sender<Bytes>,
    end: tokio::task::JoinHandle<Result<Taken, StageError>>,
}

/// A file on its way out, piece by piece.
pub(crate) struct Chunks(mpsc::Receiver<Result<Bytes, StageError>>);

impl Chunks {
    /// The next piece; `None` after the last, which is known to be the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, StageError> {
        self.0.recv().await.transpose()
    }
}

impl Stage {
    pub(crate) fn new(folder: PathBuf, vault: Vault) -> Self {
        Self { folder, vault }
    }

    fn path(&self, file: FileId, state: &str) -> PathBuf {
        self.folder.join(format!("{file}.{state}"))
    }

    /// Takes a file in. Nothing of it counts before [`Coming::whole`].
    pub(crate) fn take(&self, file: FileId) -> Coming {
        let (pieces, mut queue) = mpsc::channel::<Bytes>(AHEAD);
        let stage = self.clone();
        let end = spawn_blocking(move || {
            let path = stage.path(file, COMING);
            let written = stage.write(file, &path, &mut queue);
            if written.is_err() {
                drop(fs::remove_file(&path));
            }
            written
        });
        Coming { pieces, end }
    }

    fn write(
        &self,
        file: FileId,
        path: &Path,
        queue: &mut mpsc::Receiver<Bytes>,
    ) -> Result<Taken, StageError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let mut sealing = Sealing::begin(path, file, &self.vault)?;
        loop {
            match queue.blocking_recv() {
                Some(piece) if piece.is_empty() => break,
                Some(piece) => sealing.put(&piece)?,
                // Whoever sent it has broken off: there is no end mark.
                None => return Err(StageError::Work),
            }
        }
        let taken = sealing.end()?;
        Ok(taken)
    }

    /// Puts a file that came in and is clean where it waits, and makes that durable.
    pub(crate) async fn keep(&self, file: FileId) -> Result<(), StageError> {
        let (from, to, folder) = (self.path(file, COMING), self.path(file, WHOLE), self.folder.clone());
        let kept = spawn_blocking(move || {
            fs::rename(from, to)?;
            File::open(folder)?.sync_all()
        });
        kept.await.map_err(|_| StageError::Work)?.map_err(StageError::File)
    }

    /// Gives a file out: one that waits, or one that has only come in.
    pub(crate) fn read(&self, file: FileId) -> Chunks {
        let (pieces, queue) = mpsc::channel(AHEAD);
        let stage = self.clone();
        spawn_blocking(move || {
            let mut unsealing = match stage.open(file) {
                Ok(unsealing) => unsealing,
                // Nobody who waits for it is told twice.
                Err(error) => return drop(pieces.blocking_send(Err(error))),
            };
            while let Some(piece) = unsealing.next().transpose() {
                let last = piece.is_err();
                if pieces.blocking_send(piece.map(Bytes::from)).is_err() || last {
                    return;
                }
            }
        });
        Chunks(queue)
    }

    fn open(&self, file: FileId) -> Result<Unsealing, StageError> {
        let whole = self.path(file, WHOLE);
        let path = if whole.exists() { whole } else { self.path(file, COMING) };
        Unsealing::begin(&path, file, &self.vault)
    }

    /// Removes a file, wherever it stands.
    pub(crate) async fn remove(&self, file: FileId) {
        self.remove_as(file, &[COMING, WHOLE]).await;
    }

    async fn remove_as(&self, file: FileId, states: &[&str]) {
        let paths: Vec<PathBuf> = states.iter().map(|state| self.path(file, state)).collect();
        let removed = spawn_blocking(move || {
            for path in paths {
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        tracing::warn!(path = %path.display(), %error, "a staged file could not be removed");
                    }
                    _ => {}
                }
            }
        });
        drop(removed.await);
    }

    /// Files that have lain there for long: whoever asks whether they are still wanted removes those that are not.
    pub(crate) async fn old(&self) -> Vec<FileId> {
        self.found(|path| {
            let age =
                path.metadata().and_then(|about| about.modified()).ok().and_then(|at| at.elapsed().ok());
            age.is_some_and(|age| age > FORGOTTEN)
        })
        .await
    }

    /// Throws away what was coming in when the gate last ended. Called before anything comes in.
    pub(crate) async fn forget_broken(&self) {
        let broken = |path: &Path| path.extension().is_some_and(|state| state == COMING);
        for file in self.found(broken).await {
            self.remove_as(file, &[COMING]).await;
        }
    }

    /// The files in the folder of which this is so.
    async fn found(&self, wanted: impl Fn(&Path) -> bool + Send + 'static) -> Vec<FileId> {
        let folder = self.folder.clone();
        let found = spawn_blocking(move || {
            let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
            let paths = entries.flatten().map(|entry| entry.path()).filter(|path| wanted(path));
            paths.filter_map(|path| path.file_stem()?.to_str()?.parse::<FileId>().ok()).collect()
        });
        found.await.unwrap_or_default()
    }
}

impl Coming {
    /// Takes a piece; `false` when the stage can take no more, which [`Coming::whole`] explains.
    pub(crate) async fn put(&self, piece: Bytes) -> bool {
        piece.is_empty() || self.pieces.send(piece).await.is_ok()
    }

    /// There is no more: on disk, durable, hashed.
    pub(crate) async fn whole(self) -> Result<Taken, StageError> {
        // An empty piece is the end mark.
        drop(self.pieces.send(Bytes::new()).await);
        self.end.await.map_err(|_| StageError::Work)?
    }
}

#[cfg(test)]
mod tests;
