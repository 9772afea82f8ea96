//! What verifying a bundle found: failures by name and place, gaps, attempts, sessions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::channel::Coverage;
use crate::failure::Failure;

/// Failures that are listed; the rest is counted.
const LISTED: usize = 1_000;
/// Attempts that are listed; all are counted.
const LISTED_ATTEMPTS: usize = 100_000;

macro_rules! failings {
    ($($variant:ident = $name:literal, $words:literal;)+) => {
        /// What can be wrong with a bundle. The names are part of the format's specification.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the words beside each variant say it")]
        pub enum Failing { $($variant),+ }

        impl Failing {
            /// Every name.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The kebab-case name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What it means, in words for somebody who is not an engineer.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$variant => $words),+ }
            }
        }
    };
}

failings! {
    Unreadable = "unreadable", "The file could not be read to its end.";
    ArchiveTruncated = "archive-truncated", "The file breaks off.";
    ArchiveMalformed = "archive-malformed", "The file is not as it was packed: it was unpacked and packed again, or changed.";
    EntryUnknown = "entry-unknown", "Something is in the file that no bundle has.";
    EntryDuplicate = "entry-duplicate", "Something is in the file twice.";
    EntryTooLarge = "entry-too-large", "A part of the file is larger than it can be.";
    EntryMissing = "entry-missing", "A part that every bundle has is not there.";
    ManifestMalformed = "manifest-malformed", "The list of contents cannot be read.";
    UnknownVersion = "unknown-version", "The bundle was made by a version that this program does not know.";
    ManifestChanged = "manifest-changed", "The list of contents is not what a trusted key signed.";
    CheckpointMalformed = "checkpoint-malformed", "A checkpoint cannot be read.";
    CheckpointSignature = "checkpoint-signature", "A checkpoint is not signed by a key that was given as trusted.";
    CheckpointForeign = "checkpoint-foreign", "A checkpoint is of another ledger, or not the one that this bundle is about.";
    RangeMismatch = "range-mismatch", "What came before checkpoint A is not stated as A has it.";
    ConsistencyWrong = "consistency-wrong", "It is not shown that the ledger only grew from checkpoint A to B.";
    CheckpointOutside = "checkpoint-outside", "The checkpoint that you hold is not between A and B, so nothing can be said of it.";
    TagKeysMalformed = "tag-keys-malformed", "The keys that recognise a server's entries cannot be read.";
    KeysMalformed = "keys-malformed", "The recordings' keys cannot be read.";
    KeysNotOpened = "keys-not-opened", "None of the given identities opens the recordings' keys.";
    LeafMalformed = "leaf-malformed", "An entry of the ledger cannot be read.";
    LeafReordered = "leaf-reordered", "An entry of the ledger stands in the wrong place, or twice.";
    LeafMissing = "leaf-missing", "An entry of the ledger was removed.";
    LeafBeyond = "leaf-beyond", "An entry is behind the end that checkpoint B states.";
    LeafChanged = "leaf-changed", "An entry of the ledger was changed.";
    FactMalformed = "fact-malformed", "A fact cannot be read.";
    FactReordered = "fact-reordered", "A fact stands in the wrong place, or twice.";
    FactOutside = "fact-outside", "A fact is not between checkpoints A and B.";
    ProofWrong = "proof-wrong", "It is not shown that a fact is in the ledger.";
    FactChanged = "fact-changed", "What a fact says was changed.";
    FactGapUnknown = "fact-gap-unknown", "What a fact says is left out, for no reason that there can be.";
    TagKeyWrong = "tag-key-wrong", "A server's key does not recognise an entry about this server: others may be hidden.";
    FactForeign = "fact-foreign", "A fact is in the bundle that is not about its subject.";
    FactMissing = "fact-missing", "A fact about the server was left out or removed.";
    RootMismatch = "root-mismatch", "The entries are not those that checkpoint B was signed for.";
    CheckpointMismatch = "checkpoint-mismatch", "The ledger was changed since you received the checkpoint that you hold.";
    MakingMissing = "making-missing", "The fact that this bundle was made is not in it.";
    RangeStartsLate = "range-starts-late", "Entries from the beginning of the asked time are not covered.";
    RangeEndsEarly = "range-ends-early", "Entries from the end of the asked time are not covered.";
    OutcomeMissing = "outcome-missing", "What became of a session was left out.";
    RecordingMissing = "recording-missing", "The recording of a session is not in the bundle.";
    RecordingUnexpected = "recording-unexpected", "A recording is in the bundle that the ledger has no seal of.";
    RecordingUnsound = "recording-unsound", "A recording is not as it was sealed.";
    KeyMissing = "key-missing", "The key of a recording is not in the bundle, and was not withheld on purpose.";
    KeyNotCommitted = "key-not-committed", "The key of a recording is not the one that it was made with.";
    FileMissing = "file-missing", "A part that the list of contents names is not there.";
    FileUnlisted = "file-unlisted", "A part is there that the list of contents does not name.";
    FileChanged = "file-changed", "A part is not what the list of contents says.";
    TooMuch = "too-much", "The bundle holds more than this program takes.";
}

impl Serialize for Failing {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One failure, and what it concerns.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What is wrong.
    pub name: Failing,
    /// The fact or leaf.
    #[serde(serialize_with = "super::decimal::maybe")]
    pub number: Option<u64>,
    /// The session.
    pub session: Option<Uuid>,
    /// The entry of the archive.
    pub file: Option<String>,
    /// What is wrong with a recording.
    pub failure: Option<Failure>,
    /// For engineers.
    pub detail: String,
}

impl Finding {
    pub(super) fn new(name: Failing, detail: impl Into<String>) -> Self {
        Self { name, number: None, session: None, file: None, failure: None, detail: detail.into() }
    }

    pub(super) fn number(self, number: u64) -> Self {
        Self { number: Some(number), ..self }
    }

    pub(super) fn session(self, session: Uuid) -> Self {
        Self { session: Some(session), ..self }
    }

    pub(super) fn file(self, file: &str) -> Self {
        Self { file: Some(file.to_owned()), ..self }
    }

    pub(super) fn failure(self, failure: Option<Failure>) -> Self {
        Self { failure, ..self }
    }
}

/// Something that is not there, says so, and can be shown to be meant so.
#[derive(Clone, Debug, Serialize)]
pub struct Gap {
    /// `body-deleted`, `recording-deleted`, `key-withheld`, `keys-sealed`, `not-ended` or `outcome-not-shown`.
    pub name: &'static str,
    /// The fact.
    #[serde(serialize_with = "super::decimal::maybe")]
    pub number: Option<u64>,
    /// The session.
    pub session: Option<Uuid>,
    /// In words.
    pub detail: String,
}

/// Somebody tried.
#[derive(Clone, Debug, Serialize)]
pub struct AttemptSeen {
    /// Number of its fact.
    #[serde(with = "super::decimal")]
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// `attempt-failed`, `attempt-refused` or `session-admitted`.
    pub kind: String,
    /// Who, if somebody was proved.
    pub person: Option<String>,
    /// The session that it became.
    pub session: Option<Uuid>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// What became of the recording of a session, as far as the bundle shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordingStands {
    /// It is there and as it was sealed.
    Sound,
    /// It is there and not as it was sealed.
    Unsound,
    /// It should be there.
    Missing,
    /// Retention has deleted it, says the ledger.
    Deleted,
    /// There is none: never started, lost, not ended, or with an outcome that is not shown.
    None,
}

/// A session that was admitted.
#[derive(Clone, Debug, Serialize)]
pub struct SessionSeen {
    /// Its id.
    pub session: Uuid,
    /// Number of the fact that admitted it.
    #[serde(with = "super::decimal")]
    pub number: u64,
    /// When it was admitted.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Kind of the fact that says what became of it.
    pub outcome: Option<String>,
    /// Why it ended.
    pub end_reason: Option<String>,
    /// Its recording.
    pub recording: RecordingStands,
    /// The weakest of its channels' coverages; unknown when recovered, none where none was opened.
    pub coverage: Option<Coverage>,
    /// Whether there is typed input, or may be, and its key opened it.
    #[serde(skip)]
    pub(super) typed: bool,
    /// `opened`, or `not-opened`.
    pub content: &'static str,
}

/// A state of the ledger.
#[derive(Clone, Debug, Serialize)]
pub struct TreeState {
    /// Leaves.
    #[serde(with = "super::decimal")]
    pub size: u64,
    /// Hex.
    pub root: String,
}

/// What verification found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `bundle`.
    pub kind: &'static str,
    /// Whether nothing is wrong with what was asked for.
    pub holds: bool,
    /// The strongest sentence that is proved; only where all holds.
    pub statement: Option<String>,
    /// What the bundle is about, as its manifest has it.
    pub subject: Value,
    /// Checkpoint A.
    pub from: Option<TreeState>,
    /// Checkpoint B.
    pub to: Option<TreeState>,
    /// Checkpoint C, if one was given.
    pub since: Option<TreeState>,
    /// How many attempts.
    pub attempts: u64,
    /// How many sessions.
    pub sessions: u64,
    /// The attempts, in order.
    pub attempt_list: Vec<AttemptSeen>,
    /// The sessions, in order.
    pub session_list: Vec<SessionSeen>,
    /// Facts about the targets that are not in the bundle, by kind.
    pub not_disclosed: BTreeMap<String, u64>,
    /// What is left out and says so.
    pub gaps: Vec<Gap>,
    /// What is wrong, in the order of the checks.
    pub failures: Vec<Finding>,
    /// How many more there are.
    pub more_failures: u64,
    /// What no bundle proves.
    pub not_proved: Vec<&'static str>,
    /// Attempts whose words are gone by retention.
    #[serde(skip)]
    pub(super) wordless: u64,
    /// Names that the maker gave, for the words.
    #[serde(skip)]
    pub(super) names: super::names::Names,
    /// The maker's words: who, when, why.
    #[serde(skip)]
    pub(super) made: Option<(String, String, String)>,
}

impl Report {
    pub(super) fn new() -> Self {
        Self {
            kind: "bundle",
            holds: false,
            statement: None,
            subject: Value::Null,
            from: None,
            to: None,
            since: None,
            attempts: 0,
            sessions: 0,
            attempt_list: Vec::new(),
            session_list: Vec::new(),
            not_disclosed: BTreeMap::new(),
            gaps: Vec::new(),
            failures: Vec::new(),
            more_failures: 0,
            not_proved: super::words::NOT_PROVED.to_vec(),
            wordless: 0,
            names: super::names::Names::default(),
            made: None,
        }
    }

    pub(super) fn fail(&mut self, finding: Finding) {
        if self.failures.len() < LISTED {
            self.failures.push(finding);
        } else {
            self.more_failures = self.more_failures.saturating_add(1);
        }
    }

    pub(super) fn gap(
        &mut self,
        name: &'static str,
        number: Option<u64>,
        session: Option<Uuid>,
        detail: &str,
    ) {
        if self.gaps.len() < LISTED_ATTEMPTS {
            self.gaps.push(Gap { name, number, session, detail: detail.to_owned() });
        }
    }

    pub(super) fn attempt(&mut self, attempt: AttemptSeen) {
        self.attempts = self.attempts.saturating_add(1);
        if self.attempt_list.len() < LISTED_ATTEMPTS {
            self.attempt_list.push(attempt);
        }
    }
}
