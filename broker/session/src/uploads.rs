//! Files that are sent ahead of a visit: taken in, hashed, sealed and scanned; kept, taken back or thrown away; and given to
//! a server inside a live visit ([`release`]).
//!
//! ```text
//!   bytes ─▶ stage (hashed, sealed) ─▶ scanner ─▶ clean: fact file-sent-ahead, it waits
//!                                        │            └─▶ release: visit, sftp-write, recorded ─▶ server, read back
//!                                        └─▶ found, or no verdict: fact file-refused, its bytes are gone
//! ```

mod release;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use chaperone_policy::{FileId, PersonId, Target, Uploads, WindowId};
use chaperone_store::{SentFile, SentState, StoreError};
use futures::{Stream, StreamExt};
use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

pub use self::release::{NotReleased, ReleaseWish};
use crate::gate::Gate;
use crate::room::Room;
use crate::scan::{Content, ScanError, Scanner, Verdict};
use crate::stage::{Stage, StageError, Taken};

/// How often it is looked for files that nobody waits for any more.
const SWEEP: Duration = Duration::from_secs(30);
/// How long a sender may be silent.
const SILENT: Duration = Duration::from_secs(30);
/// Files that may wait for one window.
const FILES: u64 = 200;
/// The longest name of a file, as most file systems have it.
const NAME_BYTES: usize = 255;

/// How files are taken.
#[derive(Clone, Debug)]
pub struct UploadSettings {
    /// Who looks at them; without one none is taken.
    pub scanner: Option<Scanner>,
    /// Where they wait.
    pub folder: PathBuf,
    /// The longest file.
    pub file_bytes: u64,
    /// The most that may wait for one window.
    pub window_bytes: u64,
    /// For how long a clean scan counts; an older one is made again before the file goes on.
    pub clean_for: Duration,
    /// Whether every server is one whose files are staged.
    pub staging_required: bool,
}

impl Default for UploadSettings {
    fn default() -> Self {
        Self {
            scanner: None,
            folder: PathBuf::from("stage"),
            file_bytes: 2 << 30,
            window_bytes: 8 << 30,
            clean_for: Duration::from_secs(24 * 3600),
            staging_required: false,
        }
    }
}

/// A file's name: no folder, nothing that a terminal or a path would take for more than a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

/// The text is no name of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a file's name has 1 to {NAME_BYTES} bytes, no slash and no control character, and is neither . nor .."
)]
pub struct NoFileName;

impl FileName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for FileName {
    type Err = NoFileName;
    fn from_str(text: &str) -> Result<Self, NoFileName> {
        let fits = (1..=NAME_BYTES).contains(&text.len()) && !matches!(text, "." | "..");
        let plain = !text.chars().any(|c| c == '/' || c == '\\' || c.is_control());
        if fits && plain { Ok(Self(text.to_owned())) } else { Err(NoFileName) }
    }
}

/// Somebody who sends a file.
#[derive(Clone, Debug)]
pub struct Sending {
    /// For which window.
    pub window: WindowId,
    /// Who.
    pub by: PersonId,
    /// What it is called.
    pub name: FileName,
}

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Nobody looks at files here.
    #[error("this gate has no scanner, so it takes no files")]
    NoScanner,
    /// A node without visits cannot hand files on.
    #[error("this node lets nobody in, so it takes no files")]
    Closed,
    /// Longer than a file may be.
    #[error("the file is longer than {0} bytes")]
    TooBig(u64),
    /// More than may wait for one window.
    #[error("as much waits for this window as may: {0} bytes or {FILES} files")]
    TooMuch(u64),
    /// The disk.
    #[error("there is no room for files")]
    Room,
    /// Whoever sent it broke off, or was silent for too long.
    #[error("the file broke off")]
    BrokeOff,
    /// A scanner has found something.
    #[error("the scanner found {0}")]
    Found(String),
    /// There is no verdict.
    #[error("the file could not be scanned")]
    Unscanned(#[source] ScanError),
    /// The stage.
    #[error("the file could not be staged")]
    Stage(#[from] StageError),
    /// The store, or what a caller's check inside the transaction says.
    #[error("the file could not be written down")]
    Store(#[from] StoreError),
}

impl Gate {
    /// Whether files for this target wait at the gate, and no client writes them.
    #[must_use]
    pub fn stages(&self, target: &Target) -> bool {
        self.uploads().staging_required || target.uploads == Uploads::Staged
    }

    /// How files are taken.
    #[must_use]
    pub fn uploads(&self) -> &UploadSettings {
        &self.shared.settings.uploads
    }

    pub(crate) fn stage(&self) -> Stage {
        Stage::new(self.uploads().folder.clone(), self.shared.vault.clone())
    }

    /// Takes a file: its bytes are sealed and hashed as they come, and scanned. Returns once it is on disk and in the
    /// ledger; what came of it is a fact in any case, unless it broke off.
    ///
    /// # Errors
    /// Why not; nothing of it is left then.
    pub async fn take_file<E>(
        &self,
        sending: Sending,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<SentFile, NotTaken> {
        let scanner = self.uploads().scanner.clone().ok_or(NotTaken::NoScanner)?;
        if self.shared.recording_keys().is_none() {
            return Err(NotTaken::Closed);
        }
        if self.shared.room.now() != Room::Ok {
            return Err(NotTaken::Room);
        }
        self.has_room_for(sending.window, 0).await?;
        let (id, stage) = (FileId(Uuid::now_v7()), self.stage());
        let taken = match self.receive(&stage, id, bytes).await {
            Ok(taken) => taken,
            Err(error) => {
                stage.remove(id).await;
                return Err(error);
            }
        };
        // Whoever sent it may be gone by now: what becomes of it is written down all the same.
        let gate = self.clone();
        let settled = self.shared.core.spawn(async move {
            let settled = gate.settle(&stage, &scanner, &sending, id, &taken).await;
            if settled.is_err() {
                stage.remove(id).await;
            }
            settled
        });
        settled.await.unwrap_or(Err(NotTaken::Stage(StageError::Work)))
    }

    async fn receive<E>(
        &self,
        stage: &Stage,
        id: FileId,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<Taken, NotTaken> {
        let (most, coming) = (self.uploads().file_bytes, stage.take(id));
        let mut bytes = std::pin::pin!(bytes);
        let mut length = 0_u64;
        loop {
            match tokio::time::timeout(SILENT, bytes.next()).await {
                Ok(None) => return Ok(coming.whole().await?),
                Ok(Some(Ok(piece))) => {
                    length = length.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                    if length > most {
                        return Err(NotTaken::TooBig(most));
                    }
                    if !coming.put(piece).await {
                        return Err(coming.whole().await.map_or_else(Into::into, |_| NotTaken::BrokeOff));
                    }
                }
                Ok(Some(Err(_))) | Err(_) => return Err(NotTaken::BrokeOff),
            }
        }
    }

    /// Scans a file that has come in, and writes down what became of it.
    async fn settle(
        &self,
        stage: &Stage,
        scanner: &Scanner,
        sending: &Sending,
        id: FileId,
        taken: &Taken,
    ) -> Result<SentFile, NotTaken> {
        let Taken { size_bytes, sha256 } = taken.clone();
        self.has_room_for(sending.window, size_bytes).await?;
        let name = sending.name.as_str().to_owned();
        let content =
            Content { name: name.clone(), size_bytes, sha256: sha256.clone(), chunks: stage.read(id) };
        let looked = scanner.scan(content).await;
        let now = self.now();
        let mut file = SentFile {
            id,
            window: sending.window,
            name,
            size_bytes,
            sha256,
            state: SentState::Clean,
            found: None,
            scanner: scanner.at.to_string(),
            node: self.shared.store.node().to_owned(),
            sent_by: sending.by,
            sent: now,
            scanned: Some(now),
            released: None,
            released_to: None,
        };
        match looked {
            Ok((Verdict::Clean, scanner)) => {
                file.scanner = scanner;
                // In its place before the ledger says so: a file that the ledger does not know is swept away.
                stage.keep(id).await?;
                self.add_file(file).await
            }
            Ok((Verdict::Found(found), scanner)) => {
                let refused = SentFile {
                    state: SentState::Refused,
                    found: Some(found.clone()),
                    scanner,
                    scanned: None,
                    ..file
                };
                self.add_file(refused).await?;
                Err(NotTaken::Found(found))
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a file could not be scanned; it is refused"
                );
                let why = error.to_string();
                let written = self.shared.store.write(move |tx| {
                    Box::pin(async move { tx.file_not_taken(&file, "scanner", &why).await })
                });
                written.await?;
                Err(NotTaken::Unscanned(error))
            }
        }
    }

    async fn add_file(&self, file: SentFile) -> Result<SentFile, NotTaken> {
        let row = file.clone();
        let written =
            self.shared.store.write(move |tx| Box::pin(async move { tx.add_sent_file(&row).await }));
        written.await?;
        Ok(file)
    }

    async fn has_room_for(&self, window: WindowId, size_bytes: u64) -> Result<(), NotTaken> {
        let most = self.uploads().window_bytes;
        let (bytes, files) = self.shared.store.staged_for(window).await?;
        if files >= FILES || bytes.saturating_add(size_bytes) > most {
            return Err(NotTaken::TooMuch(most));
        }
        Ok(())
    }

    /// Takes a file back on somebody's word; its bytes are gone afterwards.
    ///
    /// # Errors
    /// When it does not wait any more, or the store fails.
    pub async fn withdraw_file(&self, file: FileId, by: PersonId) -> Result<SentFile, StoreError> {
        let written =
            self.shared.store.write(move |tx| Box::pin(async move { tx.withdraw_sent_file(file, by).await }));
        let withdrawn = written.await?;
        self.stage().remove(file).await;
        Ok(withdrawn)
    }

    /// Throws away the files whose window is over, and what the ledger does not know.
    pub(crate) async fn keep_stage(&self) {
        let mut tick = interval(SWEEP);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Err(error) = self.sweep(self.now()).await
                && !error.is_gone()
            {
                tracing::warn!(error = &error as &dyn std::error::Error, "the stage could not be swept");
            }
        }
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        let stage = self.stage();
        for file in self.shared.store.files_to_discard(now).await? {
            let id = file.id;
            let written =
                self.shared.store.write(move |tx| Box::pin(async move { tx.discard_sent_file(id).await }));
            written.await?;
            stage.remove(id).await;
        }
        for id in stage.old().await {
            if !self.shared.store.waits(id).await? {
                stage.remove(id).await;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_name_and_no_path() {
        for name in ["patch-7.2.bin", "Änderung 3.zip", "a"] {
            assert_eq!(name.parse::<FileName>().unwrap().as_str(), name);
        }
        let long = "x".repeat(256);
        for wrong in ["", ".", "..", "a/b", "..\\b", "a\nb", "\u{1b}[2J", long.as_str()] {
            assert!(wrong.parse::<FileName>().is_err(), "{wrong:?}");
        }
    }
}
