//! The views of a recording that can be had.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use chaperone_policy::SessionId;
use chaperone_recorder::{BadPlace, Identity, Recording, foreign, replay};

/// A view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What was on the screen, as text without control characters.
    Text,
    /// asciicast version 3; typed input is masked.
    AsciicastV3,
    /// The recording itself, as it is on disk.
    Sealed,
}

/// Why a view cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ViewError {
    /// The recording cannot be opened.
    #[error("the recording cannot be opened")]
    Open(#[from] BadPlace),
    /// It cannot be derived to its end.
    #[error("the view cannot be derived to the recording's end")]
    Derive(#[from] replay::ReplayError),
    /// The file cannot be read.
    #[error("the recording's file cannot be read")]
    Read(#[from] std::io::Error),
}

/// Opens the recording of a session: another's in its place is not shown as if it were this one's.
pub(crate) fn opened(
    path: &Path,
    session: SessionId,
    identities: &[Identity],
) -> Result<Recording, BadPlace> {
    let recording = Recording::open(path, identities)?;
    match foreign(recording.header(), session.0) {
        Some(bad) => Err(bad),
        None => Ok(recording),
    }
}

impl View {
    /// The name in facts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::AsciicastV3 => "asciicast-v3",
            Self::Sealed => "chap",
        }
    }

    /// Makes the view. Blocks: for a thread that may.
    pub(crate) fn derive(
        self,
        path: &Path,
        session: SessionId,
        identities: &[Identity],
    ) -> Result<Vec<u8>, ViewError> {
        let mut made = Vec::new();
        self.write(path, session, identities, &mut made)?;
        Ok(made)
    }

    /// Makes the view as it is written. Blocks: for a thread that may.
    pub(crate) fn write(
        self,
        path: &Path,
        session: SessionId,
        identities: &[Identity],
        mut out: &mut dyn Write,
    ) -> Result<(), ViewError> {
        match self {
            Self::Sealed => drop(std::io::copy(&mut File::open(path)?, out)?),
            Self::Text => replay::text(&mut opened(path, session, identities)?, &mut out)?,
            Self::AsciicastV3 => {
                replay::asciicast_v3(&mut opened(path, session, identities)?, None, &mut out)?
            }
        }
        Ok(())
    }
}
