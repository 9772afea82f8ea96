//! Files that are sent ahead of a visit: taken in, hashed, sealed and scanned; kept, taken back or thrown away; and given to
//! a server inside a live visit ([`release`]).
//!
//! ```text
//!   bytes ─▶ stage (hashed, sealed) ─▶ scanner ─▶ clean: fact file-sent-ahead, it waits
//!                                        │            └─▶ release: visit, sftp-write, recorded ─▶ server, read back
//!                                        └─▶ found, or no verdict: fact file-refused, its bytes are gone
//! ```
//!
//! What a client writes by SFTP to a server whose files are staged takes the same road, all of it before the client hears that
//! its file is closed ([`passing`]).

mod carrier;
mod passing;
mod release;
mod taking;
mod under_way;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chaperone_policy::{FileId, PersonId, Target, Uploads, WindowId};
use chaperone_store::{SentFile, StoreError};
use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};

pub use self::carrier::Carrier;
pub use self::passing::{NotPassed, Passing, Staging};
pub use self::release::{NotReleased, ReleaseWish};
pub(crate) use self::under_way::UnderWay;
use crate::gate::Gate;
use crate::scan::{ScanError, Scanner};
use crate::stage::{Stage, StageError};

/// How often it is looked for files that nobody waits for any more.
const SWEEP: Duration = Duration::from_secs(10);
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
    /// Where from.
    pub source: Option<SocketAddr>,
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
    /// More at once than there are threads for.
    #[error("as many files come in at once as may: try again when some of them are through")]
    TooMany,
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
