//! What can be wrong with a recording: one name for each, which reports, fixtures and other verifiers share.

use std::fmt;

use serde::Serialize;

/// A named failure. The names are part of the format's specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The file cannot be read.
    Unreadable,
    /// It does not begin as a recording does.
    NotARecording,
    /// Another version of the format.
    UnknownVersion,
    /// The header is cut or malformed.
    HeaderDamaged,
    /// The header's signature does not verify.
    HeaderSignature,
    /// Header or seal is signed by a key that is not trusted.
    WrongKey,
    /// The file ends inside a block or the seal.
    Truncated,
    /// A block is not what was written at its place.
    ChainBroken,
    /// Bytes that are neither a block nor a seal.
    NotABlock,
    /// The whole file is another session's than it is said to be.
    ForeignRecording,
    /// A block of another recording.
    ForeignBlock,
    /// A block is not there, and later ones are.
    BlockMissing,
    /// Blocks stand in another order.
    Reordered,
    /// A block stands there twice.
    Duplicated,
    /// A nonce that was used before.
    NonceReused,
    /// The frames of a recovered block do not follow each other.
    FramesBroken,
    /// Blocks at the end are missing that the seal or the ledger knows.
    TailCut,
    /// The file ends without a seal.
    MissingSeal,
    /// The seal is malformed.
    SealDamaged,
    /// The seal's signature does not verify.
    SealSignature,
    /// The seal of another recording.
    ForeignSeal,
    /// The blocks are not those that were sealed.
    ChainNotSealed,
    /// There is a second seal.
    SecondSeal,
    /// Something follows the seal.
    BytesAfterSeal,
    /// The ledger holds another chain value for a block.
    LedgerMismatch,
    /// The ledger does not hold this seal.
    SealNotInLedger,
    /// None of the identities opens the evidence key.
    WrongIdentity,
    /// A data key is not the one that the header commits to.
    KeyCommitmentMismatch,
    /// A section does not decrypt or decompress to what its block states.
    ContentBroken,
    /// A section is not a sequence of records.
    RecordsMalformed,
    /// A channel that the seal counts has no payload in the recording.
    ChannelStripped,
    /// The contents do not add up to the seal's counts.
    CountsMismatch,
}

impl Failure {
    /// The kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.told().0
    }

    /// What it means, in words for somebody who is not an engineer.
    #[must_use]
    pub fn words(self) -> &'static str {
        self.told().1
    }

    fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Unreadable => ("unreadable", "The file could not be read to its end."),
            Self::NotARecording => ("not-a-recording", "This file is not a Chaperone recording."),
            Self::UnknownVersion => {
                ("unknown-version", "The recording was made by a version that this program does not know.")
            }
            Self::HeaderDamaged => ("header-damaged", "The beginning of the recording is damaged."),
            Self::HeaderSignature => {
                ("header-signature", "The beginning of the recording was changed after it was signed.")
            }
            Self::WrongKey => {
                ("wrong-key", "The recording is signed, but not by a key that was given as trusted.")
            }
            Self::Truncated => ("truncated", "The file breaks off in the middle."),
            Self::ChainBroken => {
                ("chain-broken", "A part of the recording was changed after it was written.")
            }
            Self::NotABlock => ("not-a-block", "The recording contains bytes that do not belong to it."),
            Self::ForeignRecording => (
                "foreign-recording",
                "This is the recording of another visit, put in the place of this one's.",
            ),
            Self::ForeignBlock => ("foreign-block", "A part of another recording was put into this one."),
            Self::BlockMissing => ("block-missing", "A part in the middle of the recording is missing."),
            Self::Reordered => ("reordered", "Parts of the recording stand in the wrong order."),
            Self::Duplicated => ("duplicated", "A part of the recording stands there twice."),
            Self::NonceReused => (
                "nonce-reused",
                "A part of the recording was encrypted in a way that the recorder never does.",
            ),
            Self::FramesBroken => ("frames-broken", "The part that was recovered after a crash was changed."),
            Self::TailCut => {
                ("tail-cut", "The end of the recording was cut off: more is known to have been recorded.")
            }
            Self::MissingSeal => ("missing-seal", "The recording has no seal: its end is not proved."),
            Self::SealDamaged => ("seal-damaged", "The seal is damaged."),
            Self::SealSignature => ("seal-signature", "The seal was changed after it was signed."),
            Self::ForeignSeal => ("foreign-seal", "The seal belongs to another recording."),
            Self::ChainNotSealed => {
                ("chain-not-sealed", "What the recording contains is not what was sealed.")
            }
            Self::SecondSeal => {
                ("second-seal", "The recording has a second seal; there is never more than one.")
            }
            Self::BytesAfterSeal => ("bytes-after-seal", "Something was added behind the seal."),
            Self::LedgerMismatch => {
                ("ledger-mismatch", "The ledger knows a different content for this recording.")
            }
            Self::SealNotInLedger => ("seal-not-in-ledger", "The ledger does not know this seal."),
            Self::WrongIdentity => (
                "wrong-identity",
                "The given identity cannot open this recording; its content was not checked.",
            ),
            Self::KeyCommitmentMismatch => (
                "key-commitment-mismatch",
                "The key found for the content is not the one that the recording was made with.",
            ),
            Self::ContentBroken => {
                ("content-broken", "The content does not open, although the order of its parts is proved.")
            }
            Self::RecordsMalformed => {
                ("records-malformed", "The content opens, but does not read as a recording.")
            }
            Self::ChannelStripped => {
                ("channel-stripped", "Everything of one channel is missing from the content.")
            }
            Self::CountsMismatch => {
                ("counts-mismatch", "The content does not add up to what the seal states.")
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The first bad place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{failure} at byte {offset}{}: {detail}", .block.map(|block| format!(", block {block}")).unwrap_or_default())]
pub struct BadPlace {
    /// What is wrong.
    pub failure: Failure,
    /// Bytes from the start of the file.
    pub offset: u64,
    /// The block that stands or should stand there; `None` in the header, and from where no block is due any more.
    pub block: Option<u64>,
    /// For engineers.
    pub detail: String,
}

impl BadPlace {
    pub(crate) fn new(failure: Failure, offset: u64, block: Option<u64>, detail: impl Into<String>) -> Self {
        Self { failure, offset, block, detail: detail.into() }
    }
}
