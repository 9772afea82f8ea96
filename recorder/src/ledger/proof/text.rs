//! Proofs as text that stands alone: a leaf's as C2SP tlog-proof, a growth's as the body of C2SP tlog-witness's
//! add-checkpoint. Both end in a signed checkpoint, word for word.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{MAX_PATH, ProofError, verify_consistency, verify_inclusion};
use crate::ledger::{Checkpoint, Hash, VerifierKey};

/// First line of a leaf's proof.
const HEADING: &str = "c2sp.org/tlog-proof@v1";
/// Before the hint, the index and the older size.
const EXTRA: &str = "extra ";
const INDEX: &str = "index ";
const OLD: &str = "old ";
/// A text that is longer is refused unread: a note's bound, and as much again for what is not hashes.
const MAX_TEXT_BYTES: usize = 2 << 20;

/// That one leaf is in the tree of a signed checkpoint (C2SP tlog-proof).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// A hint for the reader, such as which fact it is. Nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// The leaf's number.
    pub index: u64,
    /// From the leaf's sibling to the child of the root.
    pub path: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
}

impl InclusionProof {
    /// That this leaf is in the ledger of this key; the checkpoint that says so.
    ///
    /// # Errors
    /// When the checkpoint is not of this key, or the path does not lead to its root.
    pub fn verify(&self, leaf: &Hash, key: &VerifierKey) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key).map_err(ProofError::Checkpoint)?;
        verify_inclusion(leaf, self.index, &self.path, checkpoint.size, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for InclusionProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADING}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "{EXTRA}{}", STANDARD.encode(extra))?;
        }
        writeln!(f, "{INDEX}{}", self.index)?;
        write_path(f, &self.path)?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for InclusionProof {
    type Err = ProofError;

    fn from_str(text: &str) -> Result<Self, ProofError> {
        let mut lines = Lines::of(text)?;
        if lines.next() != Some(HEADING) {
            return Err(ProofError::Malformed("it does not begin with c2sp.org/tlog-proof@v1"));
        }
        let mut line = lines.next();
        let extra = match line.and_then(|line| line.strip_prefix(EXTRA)) {
            Some(encoded) => {
                line = lines.next();
                let extra = STANDARD.decode(encoded);
                Some(extra.map_err(|_| ProofError::Malformed("the extra data is not base64"))?)
            }
            None => None,
        };
        let index = number(line, INDEX).ok_or(ProofError::Malformed("there is no line with the index"))?;
        let path = lines.path()?;
        Ok(Self { extra, index, path, checkpoint: lines.0.to_owned() })
    }
}

/// That the tree of a signed checkpoint is an older one with more behind it (C2SP tlog-witness, add-checkpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// Leaves of the older tree.
    pub from: u64,
    /// As RFC 6962 §2.1.2 orders them.
    pub path: Vec<Hash>,
    /// The newer tree's signed note.
    pub checkpoint: String,
}

impl ConsistencyProof {
    /// That the ledger of this key only grew from the older root; the checkpoint that it grew to.
    ///
    /// # Errors
    /// When the checkpoint is not of this key, or the path does not lead to both roots.
    pub fn verify(&self, from_root: &Hash, key: &VerifierKey) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key).map_err(ProofError::Checkpoint)?;
        verify_consistency(self.from, from_root, &self.path, checkpoint.size, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for ConsistencyProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{OLD}{}", self.from)?;
        write_path(f, &self.path)?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for ConsistencyProof {
    type Err = ProofError;

    fn from_str(text: &str) -> Result<Self, ProofError> {
        let mut lines = Lines::of(text)?;
        let from = number(lines.next(), OLD);
        let from = from.ok_or(ProofError::Malformed("it does not begin with the older size"))?;
        let path = lines.path()?;
        Ok(Self { from, path, checkpoint: lines.0.to_owned() })
    }
}

fn write_path(f: &mut fmt::Formatter<'_>, path: &[Hash]) -> fmt::Result {
    path.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash)))
}

/// What of a text is not read yet.
struct Lines<'t>(&'t str);

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Result<Self, ProofError> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(ProofError::Malformed("it is longer than two mebibytes"));
        }
        Ok(Self(text))
    }

    /// The next line; nothing once there is no newline any more.
    fn next(&mut self) -> Option<&'t str> {
        let (line, rest) = self.0.split_once('\n')?;
        self.0 = rest;
        Some(line)
    }

    /// Hashes, up to the empty line before the checkpoint.
    fn path(&mut self) -> Result<Vec<Hash>, ProofError> {
        let mut path = Vec::new();
        loop {
            match self.next() {
                Some("") => return Ok(path),
                Some(_) if path.len() == MAX_PATH => {
                    return Err(ProofError::Malformed("more hashes than any tree needs"));
                }
                Some(line) => {
                    let hash = STANDARD.decode(line).ok().and_then(|hash| Hash::try_from(hash).ok());
                    path.push(hash.ok_or(ProofError::Malformed("a line is not 32 bytes of base64"))?);
                }
                None => return Err(ProofError::Malformed("no empty line before the checkpoint")),
            }
        }
    }
}

/// The number after a word, as it is written canonically.
fn number(line: Option<&str>, word: &str) -> Option<u64> {
    let digits = line?.strip_prefix(word)?;
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}
