//! The verdict on a recording: sound or not, by whose seal, the first bad place and what precedes it.
//!
//! It never says more than was proved: without an identity, order and completeness are proved and the content is not
//! opened.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::channel::{ChannelCoverage, Coverage, Stream, weakest};
use crate::checkpoint::Checkpoint;
use crate::content::OpenedKeys;
use crate::failure::{BadPlace, Failure};
use crate::header::Header;
use crate::key::{Identity, PublicKey};
use crate::ledger::Hash;
use crate::live::wall_time;
use crate::medium::Medium;
use crate::record::Record;
use crate::seal::{Seal, SealState};
use crate::walk::{SoundBlock, Step, Walk};

/// What a recording is verified with.
#[derive(Clone, Debug, Default)]
pub struct VerifyWith {
    /// Trusted seal keys; header and seal must be signed by one of them.
    pub keys: Vec<PublicKey>,
    /// Who opens the content. Empty: it is not opened, and the verdict says so. Otherwise one must open the evidence.
    pub identities: Vec<Identity>,
    /// What the ledger holds of this recording. `None`: the verdict says that the ledger was not asked.
    pub ledger: Option<LedgerView>,
}

/// What the ledger holds of one recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerView {
    /// Whose recording the file is said to be.
    pub session: Option<Uuid>,
    /// Its checkpoints. Those of other sessions are skipped.
    pub checkpoints: Vec<Checkpoint>,
    /// [`Seal::hash`] from the `session-sealed` fact, if there is one.
    pub seal: Option<Hash>,
}

/// How much of the content was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Nothing: order and completeness alone are proved.
    NotOpened,
    /// Everything but typed input.
    EvidenceOpened,
    /// Everything.
    AllOpened,
}

/// What verification found.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// Whether everything that was asked for holds.
    pub sound: bool,
    /// Whose recording, if its header is sound.
    pub session: Option<Uuid>,
    /// When it started.
    pub started: Option<Timestamp>,
    /// `sealed` or `recovered`, if it has a seal by a trusted key.
    pub state: Option<SealState>,
    /// Who sealed it.
    pub sealed_by: Option<PublicKey>,
    /// SHA-256 of the seal, as the ledger names it.
    #[serde(serialize_with = "show_hash")]
    pub seal_hash: Option<Hash>,
    /// Why the session ended.
    pub reason: Option<String>,
    /// The weakest of its channels' coverages; unknown when recovered.
    pub coverage: Option<Coverage>,
    /// Each channel's.
    pub channels: Vec<ChannelCoverage>,
    /// How much was opened.
    pub content: Content,
    /// Whether the ledger was asked.
    pub ledger_asked: bool,
    /// The first bad place; everything before it is sound.
    pub bad: Option<BadPlace>,
    /// Blocks in the sound part.
    pub sound_blocks: u64,
    /// Bytes of the file in the sound part.
    pub sound_bytes: u64,
    /// Time of the last record in the sound part.
    pub sound_until: Option<Timestamp>,
}

impl Verdict {
    /// Whether everything that was asked for holds.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.sound
    }

    /// The name of what is wrong.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        self.bad.as_ref().map(|bad| bad.failure)
    }
}

/// One line; it never claims more than was proved.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.bad, self.content) {
            (Some(bad), _) => write!(f, "not sound: {bad}; {} blocks before it are sound", self.sound_blocks),
            (None, Content::NotOpened) => {
                f.write_str("sound: order and completeness proved, content not opened")
            }
            (None, Content::EvidenceOpened) => f.write_str("sound: content opened, typed input masked"),
            (None, Content::AllOpened) => f.write_str("sound: all content opened"),
        }
    }
}

/// Verifies the recording at `path`.
#[must_use]
pub fn verify(path: &Path, with: &VerifyWith) -> Verdict {
    // A pipe or a device has no end to speak of.
    let open = || match std::fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(std::io::Error::other("it is not a regular file")),
    };
    match open() {
        Ok(file) => judge(Arc::new(file), with, None),
        Err(error) => {
            let bad = BadPlace::new(Failure::Unreadable, 0, None, error.to_string());
            Verdict { bad: Some(bad), ..nothing(with) }
        }
    }
}

/// Verifies a recording that is in memory.
#[must_use]
pub fn verify_bytes(bytes: Vec<u8>, with: &VerifyWith) -> Verdict {
    judge(Arc::new(bytes), with, None)
}

/// Verifies a part of a file, with data keys in place of identities.
pub(crate) fn verify_part(part: Arc<dyn Medium>, with: &VerifyWith, keys: Option<OpenedKeys>) -> Verdict {
    judge(part, with, keys)
}

fn nothing(with: &VerifyWith) -> Verdict {
    Verdict {
        sound: false,
        session: None,
        started: None,
        state: None,
        sealed_by: None,
        seal_hash: None,
        reason: None,
        coverage: None,
        channels: Vec::new(),
        content: Content::NotOpened,
        ledger_asked: with.ledger.is_some(),
        bad: None,
        sound_blocks: 0,
        sound_bytes: 0,
        sound_until: None,
    }
}

/// Whether a recording is another session's than it is said to be, however sound it is.
#[must_use]
pub fn foreign(header: &Header, session: Uuid) -> Option<BadPlace> {
    let detail = || format!("the header names session {}", header.session);
    (header.session != session).then(|| BadPlace::new(Failure::ForeignRecording, 0, None, detail()))
}

fn judge(file: Arc<dyn Medium>, with: &VerifyWith, opened: Option<OpenedKeys>) -> Verdict {
    let mut verdict = nothing(with);
    let mut walk = match Walk::start(file) {
        Ok(walk) => walk,
        Err(bad) => return Verdict { bad: Some(bad), ..verdict },
    };
    verdict.session = Some(walk.header.session);
    verdict.started = Some(walk.header.started);
    let judged = Judge::new(&walk, with, opened).and_then(|mut judge| judge.run(&mut walk, &mut verdict));
    verdict.sound_blocks = walk.place.ordinal;
    verdict.sound_bytes = walk.at;
    verdict.sound_until = walk.last_ns.map(|ns| wall_time(walk.header.started, ns));
    if let Err(bad) = &judged
        && bad.offset < verdict.sound_bytes
    {
        verdict.sound_bytes = bad.offset;
        // What is wrong with the seal leaves every block sound.
        if let Some(block) = bad.block {
            verdict.sound_blocks = block.saturating_sub(1);
        }
    }
    verdict.bad = judged.err();
    verdict.sound = verdict.bad.is_none();
    verdict
}

/// One verification.
struct Judge<'w> {
    with: &'w VerifyWith,
    keys: Option<OpenedKeys>,
    /// Chain values that the ledger holds, by block.
    expected: BTreeMap<u64, Hash>,
    tally: Tally,
}

impl<'w> Judge<'w> {
    fn new(walk: &Walk, with: &'w VerifyWith, opened: Option<OpenedKeys>) -> Result<Self, BadPlace> {
        if !with.keys.contains(&walk.header.seal_key) {
            let detail = format!("the header is signed by {}", walk.header.seal_key);
            return Err(BadPlace::new(Failure::WrongKey, 0, None, detail));
        }
        let asked = with.ledger.as_ref().and_then(|ledger| ledger.session);
        if let Some(bad) = asked.and_then(|session| foreign(&walk.header, session)) {
            return Err(bad);
        }
        let keys = match with.identities.as_slice() {
            [] => opened,
            identities => Some(OpenedKeys::open(&walk.header, identities)?),
        };
        let checkpoints = with.ledger.iter().flat_map(|ledger| &ledger.checkpoints);
        let ours = checkpoints.filter(|checkpoint| checkpoint.session == walk.header.session);
        let expected = ours.map(|checkpoint| (checkpoint.block, checkpoint.chain)).collect();
        Ok(Self { with, keys, expected, tally: Tally::default() })
    }

    fn run(&mut self, walk: &mut Walk, verdict: &mut Verdict) -> Result<(), BadPlace> {
        verdict.content = match &self.keys {
            None => Content::NotOpened,
            Some(OpenedKeys { input: None, .. }) => Content::EvidenceOpened,
            Some(_) => Content::AllOpened,
        };
        self.compare(walk, walk.at)?;
        let seal = loop {
            let offset = walk.at;
            match walk.step()? {
                Step::Block(block) => {
                    self.compare(walk, offset)?;
                    self.open(&block)?;
                }
                Step::Seal(seal) => break *seal,
                Step::End => {
                    self.reaches(walk)?;
                    let detail = "the file ends after a whole block";
                    return Err(BadPlace::new(Failure::MissingSeal, walk.at, None, detail));
                }
            }
        };
        self.reaches(walk)?;
        self.judge_seal(&seal, walk)?;
        verdict.state = Some(seal.state);
        verdict.sealed_by = Some(seal.seal_key);
        verdict.seal_hash = Some(seal.hash);
        // After a crash nobody could state the coverage.
        verdict.coverage = (seal.state == SealState::Sealed).then(|| weakest(&seal.coverage));
        verdict.reason = Some(seal.reason);
        verdict.channels = seal.coverage;
        Ok(())
    }

    /// Compares the walk's last block with what the ledger holds of it.
    fn compare(&mut self, walk: &Walk, offset: u64) -> Result<(), BadPlace> {
        match self.expected.remove(&walk.place.ordinal) {
            Some(chain) if chain != walk.place.chain => {
                let detail = "the ledger holds another chain value for this block";
                Err(BadPlace::new(Failure::LedgerMismatch, offset, Some(walk.place.ordinal), detail))
            }
            _ => Ok(()),
        }
    }

    /// Whether the recording holds every block that the ledger knows.
    fn reaches(&self, walk: &Walk) -> Result<(), BadPlace> {
        match self.expected.last_key_value() {
            None => Ok(()),
            Some((known, _)) => {
                let detail = format!("the ledger knows block {known}");
                Err(BadPlace::new(Failure::TailCut, walk.seal_at.unwrap_or(walk.at), None, detail))
            }
        }
    }

    fn open(&mut self, block: &SoundBlock) -> Result<(), BadPlace> {
        let Some(keys) = &self.keys else { return Ok(()) };
        keys.visited(block, |record| self.tally.add(record)).map(drop)
    }

    fn judge_seal(&self, seal: &Seal, walk: &Walk) -> Result<(), BadPlace> {
        let seal_at = walk.seal_at.unwrap_or(walk.at);
        let bad = |failure, detail: String| BadPlace::new(failure, seal_at, None, detail);
        let by_the_same = seal.state == SealState::Recovered || seal.seal_key == walk.header.seal_key;
        if !self.with.keys.contains(&seal.seal_key) || !by_the_same {
            return Err(bad(Failure::WrongKey, format!("the seal is signed by {}", seal.seal_key)));
        }
        if self.keys.is_some() && seal.state == SealState::Sealed {
            self.tally.compare(seal).map_err(|(failure, detail)| bad(failure, detail))?;
        }
        match &self.with.ledger {
            Some(ledger) if ledger.seal != Some(seal.hash) => {
                let held =
                    ledger.seal.map_or("no seal".to_owned(), |hash| format!("seal {}", hex::encode(hash)));
                Err(bad(Failure::SealNotInLedger, format!("the ledger holds {held}")))
            }
            _ => Ok(()),
        }
    }
}

/// What the content adds up to.
#[derive(Default)]
struct Tally {
    records: u64,
    bytes: u64,
    /// Channels that any record names.
    present: BTreeSet<u32>,
    streams: BTreeMap<(u32, Stream), Found>,
}

/// Bytes of one stream.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Found {
    received: u64,
    /// The total of the last `delivered` record.
    delivered: u64,
}

impl Tally {
    fn add(&mut self, record: &Record<'_>) {
        self.records += 1;
        self.present.extend(record.channel());
        let (channel, stream, len) = match *record {
            Record::Data { channel, stream, bytes } => {
                (channel, stream, u64::try_from(bytes.len()).unwrap_or(u64::MAX))
            }
            Record::Typed { channel, stream, len } => (channel, stream, len),
            Record::Delivered { channel, stream, total } => {
                self.streams.entry((channel, stream)).or_default().delivered = total;
                return;
            }
            Record::Event { .. } => return,
        };
        self.bytes = self.bytes.saturating_add(len);
        let found = self.streams.entry((channel, stream)).or_default();
        found.received = found.received.saturating_add(len);
    }

    fn compare(&self, seal: &Seal) -> Result<(), (Failure, String)> {
        let covered = seal.coverage.iter().filter(|one| one.coverage != Coverage::Refused);
        let known = seal.counts.iter().map(|count| count.channel).chain(covered.map(|one| one.channel));
        if let Some(gone) = known.filter(|channel| !self.present.contains(channel)).min() {
            return Err((Failure::ChannelStripped, format!("nothing of channel {gone} is here")));
        }
        if seal.records != Some(self.records) || seal.bytes != Some(self.bytes) {
            let detail = format!("{} records with {} bytes are here", self.records, self.bytes);
            return Err((Failure::CountsMismatch, detail));
        }
        let sealed: BTreeMap<_, _> = seal
            .counts
            .iter()
            .map(|count| {
                let found = Found { received: count.received, delivered: count.delivered };
                ((count.channel, count.stream), found)
            })
            .collect();
        let of = |counts: &BTreeMap<(u32, Stream), Found>, key: &(u32, Stream)| {
            counts.get(key).copied().unwrap_or_default()
        };
        let differs = |key: &&(u32, Stream)| of(&self.streams, key) != of(&sealed, key);
        match self.streams.keys().chain(sealed.keys()).find(differs) {
            None => Ok(()),
            Some(key @ (channel, stream)) => {
                let Found { received, delivered } = of(&self.streams, key);
                let here = format!("{received} bytes received and {delivered} delivered are here");
                Err((Failure::CountsMismatch, format!("channel {channel}, {stream}: {here}")))
            }
        }
    }
}

fn show_hash<S: serde::Serializer>(hash: &Option<Hash>, serializer: S) -> Result<S::Ok, S::Error> {
    match hash {
        Some(hash) => serializer.serialize_some(&hex::encode(hash)),
        None => serializer.serialize_none(),
    }
}
