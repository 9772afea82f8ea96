//! The newest checkpoint that this node signed, kept in a file of its own: a database that holds less than it went back
//! (DESIGN 5.4), and nothing is appended to it until two people say so.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chaperone_recorder::ledger::{Checkpoint, VerifierKey};

use crate::StoreError;

/// What this node knows it has signed.
pub(crate) struct Guard {
    file: PathBuf,
    newest: Mutex<Option<Checkpoint>>,
}

impl Guard {
    /// Reads the file, if there is one, and checks its signature.
    pub(crate) fn open(folder: &Path, key: &VerifierKey) -> Result<Self, StoreError> {
        let file = folder.join("newest-checkpoint");
        let newest = match fs::read_to_string(&file) {
            Ok(note) => Some(Checkpoint::open(&note, key)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(StoreError::file("read the newest checkpoint")(error)),
        };
        Ok(Self { file, newest: Mutex::new(newest) })
    }

    /// Whether a database with so many facts can be appended to.
    pub(crate) fn check(&self, found: u64) -> Result<(), StoreError> {
        match self.newest() {
            Some(newest) if found < newest.size => Err(StoreError::WentBack { found, signed: newest.size }),
            _ => Ok(()),
        }
    }

    pub(crate) fn newest(&self) -> Option<Checkpoint> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps a newly signed checkpoint: written beside, synced, renamed, and the folder synced, so that a crash leaves
    /// the old one or the new one.
    pub(crate) fn keep(&self, checkpoint: Checkpoint, note: &str) -> Result<(), StoreError> {
        let fresh = self.file.with_extension("new");
        let mut file = fs::File::create(&fresh).map_err(StoreError::file("write the newest checkpoint"))?;
        file.write_all(note.as_bytes()).map_err(StoreError::file("write the newest checkpoint"))?;
        file.sync_all().map_err(StoreError::file("sync the newest checkpoint"))?;
        fs::rename(&fresh, &self.file).map_err(StoreError::file("rename the newest checkpoint"))?;
        if let Some(folder) = self.file.parent() {
            let folder = fs::File::open(folder).map_err(StoreError::file("open the data folder"))?;
            folder.sync_all().map_err(StoreError::file("sync the data folder"))?;
        }
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(checkpoint);
        Ok(())
    }

    /// Two people accept that the database went back: what was signed stays signed elsewhere, this node starts anew.
    pub(crate) fn forget(&self) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
