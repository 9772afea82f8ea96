//! What this node knows of the ledger beside the database: the newest checkpoint that it signed, in a file of its own,
//! and the head that it saw last. A database that holds less, or something else there, went back (DESIGN 5.4), and
//! nothing is appended to it until two people say so.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chaperone_recorder::ledger::{Checkpoint, CompactRange, Hash, VerifierKey};

use crate::StoreError;
use crate::db::{Conn, big, sql};
use crate::tx::TxHead;

/// What this node knows it has signed and seen.
pub(crate) struct Guard {
    file: PathBuf,
    key: VerifierKey,
    known: Mutex<Known>,
}

#[derive(Clone, Default)]
struct Known {
    /// The newest checkpoint in the file.
    newest: Option<Checkpoint>,
    /// Size and root after this node's last commit.
    committed: Option<(u64, Hash)>,
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
        Ok(Self { file, key: key.clone(), known: Mutex::new(Known { newest, committed: None }) })
    }

    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn newest(&self) -> Option<Checkpoint> {
        self.known().newest
    }

    /// Facts that the database holds at least, unless it went back.
    pub(crate) fn least(&self) -> u64 {
        let known = self.known();
        let signed = known.newest.map_or(0, |newest| newest.size);
        known.committed.map_or(signed, |(size, _)| size.max(signed))
    }

    /// Whether this locked head may be appended to. Where another node has gone on from a point that this node signed,
    /// the signed checkpoint stands in the database; in another history it does not.
    pub(crate) async fn check(&self, conn: &mut Conn, head: &CompactRange) -> Result<(), StoreError> {
        let known = self.known();
        self.check_against(known, conn, head).await
    }

    /// Whether a head that was read, and not locked, is behind what was known before the reading.
    pub(crate) async fn went_back(&self, conn: &mut Conn) -> Result<bool, StoreError> {
        let known = self.known();
        let head = TxHead::read(conn).await?;
        match self.check_against(known, conn, &head.range).await {
            Ok(()) => Ok(false),
            Err(StoreError::WentBack { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn check_against(
        &self,
        known: Known,
        conn: &mut Conn,
        head: &CompactRange,
    ) -> Result<(), StoreError> {
        let here = (head.size(), head.root());
        if known.committed == Some(here) {
            return Ok(());
        }
        let newest = known.newest.map(|newest| (newest.size, newest.root));
        let went_back = |signed| Err(StoreError::WentBack { found: head.size(), signed });
        for (size, root) in [known.committed, newest].into_iter().flatten() {
            if size > head.size() || (size == head.size() && root != here.1) {
                return went_back(size);
            }
        }
        let Some((size, root)) = newest.filter(|(size, _)| *size > 0 && *size < head.size()) else {
            return Ok(());
        };
        let notes =
            sql!(fetch_all conn, (String,), "SELECT note FROM checkpoints WHERE size = $1", big(size))?;
        let is_ours = |note: &str| Checkpoint::open(note, &self.key).is_ok_and(|found| found.root == root);
        if notes.iter().any(|(note,)| is_ours(note)) { Ok(()) } else { went_back(size) }
    }

    /// This node has committed up to here. After a fork that is all it knows, until the file says so too.
    pub(crate) fn committed(&self, head: &CompactRange, forked: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.committed = Some((head.size(), head.root()));
        if forked {
            known.newest = None;
        }
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
        self.known.lock().unwrap_or_else(PoisonError::into_inner).newest = Some(checkpoint);
        Ok(())
    }
}
