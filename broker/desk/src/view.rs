//! The views of a recording that can be had.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use chaperone_policy::SessionId;
use chaperone_recorder::{BadPlace, Identity, Mark, Recording, Typed, foreign, replay};

/// A view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What was on the screen, as text without control characters.
    Text,
    /// asciicast version 3; typed input is masked.
    AsciicastV3,
    /// asciicast version 2, for older players.
    AsciicastV2,
    /// Every record as a line of JSON; typed input is a length.
    Jsonl,
    /// The raw bytes of each stream in a tar, with an index; typed input is left out.
    Files,
    /// HTTP transactions as HAR 1.2.
    Har,
    /// What passed through forwards and in TLS, as packets.
    Pcapng,
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

/// What a view is made from.
pub(crate) struct Source {
    pub path: PathBuf,
    pub session: SessionId,
    pub identities: Vec<Identity>,
    /// What of the typed input is shown; `None` where nobody agreed to any.
    pub shown: Option<Typed>,
}

impl Source {
    /// Opens it from its beginning, or from a mark on.
    pub(crate) fn open(&self, from: Option<&Mark>) -> Result<Recording, BadPlace> {
        let recording = match from {
            Some(mark) => Recording::open_at(&self.path, &self.identities, mark)?,
            None => opened(&self.path, self.session, &self.identities)?,
        };
        Ok(match self.shown {
            Some(shown) => recording.showing(shown),
            None => recording,
        })
    }
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
            Self::AsciicastV2 => "asciicast-v2",
            Self::Jsonl => "jsonl",
            Self::Files => "files",
            Self::Har => "har",
            Self::Pcapng => "pcapng",
            Self::Sealed => "chap",
        }
    }

    /// Makes the view, as it goes. Blocks: for a thread that may. Returns whether there is anything in it.
    pub(crate) fn write(self, from: &Source, to: &mut dyn Write) -> Result<bool, ViewError> {
        let channel = from.shown.and_then(|shown| shown.channel);
        match self {
            Self::Sealed => drop(std::io::copy(&mut File::open(&from.path)?, to)?),
            Self::Text => {
                replay::text(&mut from.open(None)?, to)?;
                if from.shown.is_some() {
                    to.write_all(b"typed input, unmasked:\n")?;
                    replay::typed(&mut from.open(None)?, to)?;
                }
            }
            Self::AsciicastV3 => replay::asciicast_v3(&mut from.open(None)?, channel, to)?,
            Self::AsciicastV2 => replay::asciicast_v2(&mut from.open(None)?, channel, to)?,
            Self::Jsonl => replay::jsonl(&mut from.open(None)?, to)?,
            Self::Files => replay::files(&|mark| from.open(mark), to)?,
            Self::Pcapng => replay::pcapng(&mut from.open(None)?, to)?,
            Self::Har => return Ok(replay::http::har(&|mark| from.open(mark), to)? > 0),
        }
        Ok(true)
    }
}
