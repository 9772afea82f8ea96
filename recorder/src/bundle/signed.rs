//! The three checkpoints of a verification, and the keys that may have signed them.

use std::str::FromStr;

use super::report::{Failing, Finding};
use crate::key::{KeyError, PublicKey};
use crate::ledger::{Checkpoint, OpenedNote, VerifierKey};

/// A ledger's key as somebody gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerKey {
    /// With the ledger's name.
    Named(VerifierKey),
    /// The key alone: it stands for whatever ledger a note names.
    Bare(PublicKey),
}

impl LedgerKey {
    /// The key itself.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Named(key) => key.public(),
            Self::Bare(key) => *key,
        }
    }

    fn of(&self, origin: &str) -> Option<VerifierKey> {
        match self {
            Self::Named(key) => Some(key.clone()),
            Self::Bare(key) => VerifierKey::new(origin, *key).ok(),
        }
    }
}

impl FromStr for LedgerKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text.parse::<VerifierKey>() {
            Ok(key) => Ok(Self::Named(key)),
            Err(_) => text.parse().map(Self::Bare),
        }
    }
}

/// Whether a text is a checkpoint's note at all, whoever signed it. What is none cannot be compared with.
#[must_use]
pub fn is_checkpoint(note: &str) -> bool {
    opened(note.as_bytes(), &[], "").is_ok()
}

/// A checkpoint, as far as it can be read, and whether a given key signed it.
pub(super) fn opened(
    note: &[u8],
    keys: &[LedgerKey],
    file: &str,
) -> Result<(Checkpoint, Option<Finding>), Finding> {
    let malformed = |detail: &str| Finding::new(Failing::CheckpointMalformed, detail).file(file);
    let note = std::str::from_utf8(note).map_err(|_| malformed("it is no text"))?;
    let (text, _) = note.rsplit_once("\n\n").ok_or_else(|| malformed("it has no signatures"))?;
    let checkpoint =
        Checkpoint::parse(&format!("{text}\n")).map_err(|error| malformed(&error.to_string()))?;
    let known: Vec<VerifierKey> = keys.iter().filter_map(|key| key.of(&checkpoint.origin)).collect();
    let wrong = OpenedNote::open(note, &known).err();
    let wrong = wrong.map(|error| Finding::new(Failing::CheckpointSignature, error.to_string()).file(file));
    Ok((checkpoint, wrong))
}
