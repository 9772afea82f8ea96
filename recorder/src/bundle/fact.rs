//! Leaves and facts as a bundle holds them, and reading them chunk by chunk.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::archive::Archive;
use super::layout;
use super::report::Finding;
use crate::ledger::{Hash, Leaf, Salt};

/// Kinds that keep their words for as long as the ledger: they say why something else is not there any more, or on whose
/// word.
const KEEP_THEIR_WORDS: &[&str] = &[
    "recording-expired",
    "recording-deleted",
    "bodies-cleared",
    "retention-changed",
    "retention-assigned",
    "retention-allowed",
    "hold-added",
    "hold-lifted",
    "ledger-forked",
    "clock-accepted",
];
/// The one reason for which a body may be gone.
const RETENTION: &str = "retention";
/// More hashes than any path has.
const MAX_PATH: usize = 64;

/// A leaf as a chunk holds it: its length, then its bytes.
#[must_use]
pub fn encode_leaf(leaf: &Leaf) -> Vec<u8> {
    let leaf = leaf.encode();
    // A leaf is at most 1.2 MB: its counts are 16 bits wide.
    let mut bytes = u32::try_from(leaf.len()).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    bytes.extend_from_slice(&leaf);
    bytes
}

/// A disclosed fact, as its line holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactLine {
    #[serde(with = "super::decimal")]
    number: u64,
    leaf: String,
    salt: Option<String>,
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gap: Option<String>,
    proof: Vec<String>,
}

impl FactLine {
    /// A fact, with its salt and its document's text unless retention has removed them.
    #[must_use]
    pub fn new(leaf: &Leaf, opened: Option<(&Salt, &str)>, proof: &[Hash]) -> Self {
        Self {
            number: leaf.number,
            leaf: STANDARD.encode(leaf.encode()),
            salt: opened.map(|(salt, _)| hex::encode(salt)),
            body: opened.map(|(_, text)| text.to_owned()),
            gap: opened.is_none().then(|| RETENTION.to_owned()),
            proof: proof.iter().map(|hash| STANDARD.encode(hash)).collect(),
        }
    }

    /// The line, with its newline.
    #[must_use]
    pub fn to_line(&self) -> String {
        // Strings and lists of strings always have a JSON form.
        format!("{}\n", serde_json::to_string(self).unwrap_or_default())
    }

    fn read(&self) -> Option<ReadFact> {
        let leaf = STANDARD.decode(&self.leaf).ok().and_then(|leaf| Leaf::decode(&leaf))?;
        let hash = |text: &String| STANDARD.decode(text).ok()?.try_into().ok();
        let proof: Option<Vec<Hash>> = self.proof.iter().take(MAX_PATH + 1).map(hash).collect();
        let opened = match (&self.salt, &self.body) {
            (Some(salt), Some(body)) => {
                let mut bytes = Salt::default();
                hex::decode_to_slice(salt, &mut bytes).ok()?;
                Some((bytes, body.clone()))
            }
            (None, None) => None,
            _ => return None,
        };
        let by_retention =
            self.gap.as_deref() == Some(RETENTION) && !KEEP_THEIR_WORDS.contains(&leaf.kind.as_str());
        let known_gap = opened.is_some() || by_retention;
        (leaf.number == self.number).then_some(ReadFact { leaf, opened, known_gap, proof: proof? })
    }
}

/// A line that says what a fact's line says.
#[derive(Clone, Debug)]
pub(super) struct ReadFact {
    pub leaf: Leaf,
    pub opened: Option<(Salt, String)>,
    pub known_gap: bool,
    pub proof: Vec<Hash>,
}

/// The next line.
#[derive(Debug)]
pub(super) struct NextFact {
    pub file: String,
    /// Where the line says so much.
    pub number: Option<u64>,
    pub fact: Option<ReadFact>,
}

/// The chunks of one kind, one after the other; one of them in memory.
struct Chunks<'a> {
    archive: &'a Archive,
    named: fn(usize) -> String,
    /// The one that is read after this.
    next: usize,
    bytes: Vec<u8>,
    at: usize,
}

impl<'a> Chunks<'a> {
    fn new(archive: &'a Archive, named: fn(usize) -> String) -> Self {
        Self { archive, named, next: 0, bytes: Vec::new(), at: 0 }
    }

    /// What is left of the chunk that has anything left; `None` after the last.
    fn rest(&mut self) -> Result<Option<&[u8]>, Finding> {
        while self.at >= self.bytes.len() {
            let name = (self.named)(self.next);
            if !self.archive.has(&name) {
                return Ok(None);
            }
            self.bytes = self.archive.content(&name)?;
            self.at = 0;
            self.next += 1;
        }
        Ok(self.bytes.get(self.at..))
    }

    /// The chunk that is being read.
    fn name(&self) -> String {
        (self.named)(self.next.saturating_sub(1))
    }
}

/// All facts, in the order of the chunks.
pub(super) struct FactReader<'a>(Chunks<'a>);

impl<'a> FactReader<'a> {
    pub(super) fn new(archive: &'a Archive) -> Self {
        Self(Chunks::new(archive, layout::facts))
    }

    pub(super) fn next(&mut self) -> Result<Option<NextFact>, Finding> {
        let Some(rest) = self.0.rest()? else { return Ok(None) };
        let end = rest.iter().position(|byte| *byte == b'\n');
        let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let parsed = end.and_then(|_| serde_json::from_slice::<FactLine>(line).ok());
        let number = parsed.as_ref().map(|line| line.number).or_else(|| number_alone(line));
        self.0.at += line.len() + 1;
        Ok(Some(NextFact { file: self.0.name(), number, fact: parsed.and_then(|line| line.read()) }))
    }
}

/// The number of a line that lacks something else.
fn number_alone(line: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Numbered {
        #[serde(with = "super::decimal")]
        number: u64,
    }
    serde_json::from_slice::<Numbered>(line).ok().map(|line| line.number)
}

/// The next leaf.
#[derive(Debug)]
pub(super) enum NextLeaf {
    Leaf(Leaf),
    /// Bytes that are no leaf.
    Malformed,
}

/// All leaves, in the order of the chunks.
pub(super) struct LeafReader<'a>(Chunks<'a>);

impl<'a> LeafReader<'a> {
    pub(super) fn new(archive: &'a Archive) -> Self {
        Self(Chunks::new(archive, layout::leaves))
    }

    pub(super) fn next(&mut self) -> Result<Option<NextLeaf>, Finding> {
        let Some(rest) = self.0.rest()? else { return Ok(None) };
        let cut = rest.split_first_chunk::<4>().and_then(|(len, rest)| {
            let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
            rest.get(..len)
        });
        // A length that goes past its chunk ends it.
        let (read, leaf) = cut.map_or((rest.len(), None), |bytes| (4 + bytes.len(), Leaf::decode(bytes)));
        self.0.at += read;
        Ok(Some(leaf.map_or(NextLeaf::Malformed, NextLeaf::Leaf)))
    }
}
