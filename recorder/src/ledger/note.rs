//! Signed statements about the ledger: C2SP tlog-checkpoint in a C2SP signed note, with Ed25519 (signature type 1).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::tree::{Hash, sha256};
use crate::key::{KeyError, PublicKey, SigningKey};

/// Signature type byte of Ed25519 in a signed note.
const ED25519: u8 = 1;
/// A note that is longer is refused unread.
const MAX_NOTE_BYTES: usize = 1 << 20;
/// Signature lines that are read; the specification asks for at least 16.
const MAX_SIGNATURES: usize = 64;

/// Why a note, a checkpoint or a verifier key is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// The text is no signed note.
    #[error("malformed note: {0}")]
    Malformed(&'static str),
    /// No signature by a known key.
    #[error("the note carries no signature of a known key")]
    NoKnownSignature,
    /// A signature that names a known key does not verify.
    #[error("the signature of {0} does not verify")]
    BadSignature(String),
    /// The note's text is no checkpoint.
    #[error("malformed checkpoint: {0}")]
    Checkpoint(&'static str),
    /// A key's name is empty, or has a space or a plus sign.
    #[error("a key name must not be empty nor hold spaces or a plus sign")]
    Name,
    /// The text is no verifier key.
    #[error("malformed verifier key: {0}")]
    VerifierKey(&'static str),
    /// The signing key failed.
    #[error("the note could not be signed")]
    Sign(#[source] KeyError),
}

/// A public key with its name, as `name+id+key` (C2SP signed note, verifier key of golang.org/x/mod/sumdb/note).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: PublicKey,
}

impl VerifierKey {
    /// Names a public key.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+') {
            return Err(NoteError::Name);
        }
        Ok(Self { name: name.to_owned(), key })
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key itself.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.key
    }

    /// SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), its first four bytes.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = sha256(&[self.name.as_bytes(), b"\n", &[ED25519], self.key.as_bytes()]);
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut typed = vec![ED25519];
        typed.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id()), STANDARD.encode(typed))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::VerifierKey("it is not name+id+key"));
        };
        let typed = STANDARD.decode(key).map_err(|_| NoteError::VerifierKey("the key is not base64"))?;
        let Some((&ED25519, key)) = typed.split_first() else {
            return Err(NoteError::VerifierKey("the key is not of type Ed25519"));
        };
        let key =
            PublicKey::try_from(key).map_err(|_| NoteError::VerifierKey("the key is not 32 bytes long"))?;
        let read = Self::new(name, key)?;
        if hex::encode(read.id()) != id {
            return Err(NoteError::VerifierKey("the id is not that of the key"));
        }
        Ok(read)
    }
}

/// Signs notes under a name.
#[derive(Clone, Debug)]
pub struct NoteSigner {
    verifier: VerifierKey,
    key: std::sync::Arc<SigningKey>,
}

impl NoteSigner {
    /// Names a signing key. For a ledger, the name is its origin.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn new(name: &str, key: std::sync::Arc<SigningKey>) -> Result<Self, NoteError> {
        Ok(Self { verifier: VerifierKey::new(name, key.public())?, key })
    }

    /// What others check this signer's notes with.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text and returns the whole note. The text ends with a newline.
    ///
    /// # Errors
    /// When the text cannot stand in a note, or the key fails.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        if !text.ends_with('\n') || text.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::Malformed(
                "a note's text ends in a newline and has no other control characters",
            ));
        }
        let mut signature = self.verifier.id().to_vec();
        signature.extend_from_slice(&self.key.sign(text.as_bytes()).map_err(NoteError::Sign)?);
        Ok(format!("{text}\n\u{2014} {} {}\n", self.verifier.name, STANDARD.encode(signature)))
    }
}

impl NoteSigner {
    /// The key's signature over bytes that are no note. They begin with a label of their own, which no note does.
    ///
    /// # Errors
    /// When the key fails.
    pub(crate) fn sign_labelled(&self, message: &[u8]) -> Result<[u8; 64], NoteError> {
        self.key.sign(message).map_err(NoteError::Sign)
    }
}

/// A note of which at least one signature by a known key was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedNote {
    /// The signed text, with its last newline.
    pub text: String,
    /// The keys whose signatures verified.
    pub signed_by: Vec<VerifierKey>,
}

impl OpenedNote {
    /// Opens a note: signatures of unknown keys are skipped, a false one of a known key refuses the note.
    ///
    /// # Errors
    /// When the note is malformed, has a false signature, or none by `known`.
    pub fn open(note: &str, known: &[VerifierKey]) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::Malformed("it is longer than a mebibyte"));
        }
        if note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::Malformed("it has control characters"));
        }
        let (body, signatures) =
            note.rsplit_once("\n\n").ok_or(NoteError::Malformed("no blank line before the signatures"))?;
        let text = format!("{body}\n");
        let lines = signatures.strip_suffix('\n').ok_or(NoteError::Malformed("no newline at the end"))?;
        let mut signed_by = Vec::new();
        for (count, line) in lines.split('\n').enumerate() {
            if count == MAX_SIGNATURES {
                return Err(NoteError::Malformed("too many signatures"));
            }
            if let Some(key) = check_line(line, &text, known)? {
                signed_by.push(key);
            }
        }
        if signed_by.is_empty() { Err(NoteError::NoKnownSignature) } else { Ok(Self { text, signed_by }) }
    }
}

fn check_line(line: &str, text: &str, known: &[VerifierKey]) -> Result<Option<VerifierKey>, NoteError> {
    let line =
        line.strip_prefix("\u{2014} ").ok_or(NoteError::Malformed("a signature line begins otherwise"))?;
    let (name, encoded) =
        line.split_once(' ').ok_or(NoteError::Malformed("a signature line has no signature"))?;
    let signature =
        STANDARD.decode(encoded).map_err(|_| NoteError::Malformed("a signature is not base64"))?;
    let Some((id, signature)) = signature.split_first_chunk::<4>() else {
        return Err(NoteError::Malformed("a signature is too short"));
    };
    let Some(key) = known.iter().find(|key| key.name == name && key.id() == *id) else { return Ok(None) };
    if key.key.verify(text.as_bytes(), signature) {
        Ok(Some(key.clone()))
    } else {
        Err(NoteError::BadSignature(name.chars().take(200).collect()))
    }
}

/// The ledger's head at one size (C2SP tlog-checkpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the ledger.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// RFC 6962 root at that size.
    pub root: Hash,
}

impl Checkpoint {
    /// The note text: origin, size, root in base64, a line each.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The signed note of this checkpoint.
    ///
    /// # Errors
    /// As [`NoteSigner::sign`].
    pub fn sign(&self, signer: &NoteSigner) -> Result<String, NoteError> {
        if self.origin.is_empty() || self.origin.contains('\n') {
            return Err(NoteError::Checkpoint("the origin is one non-empty line"));
        }
        signer.sign(&self.text())
    }

    /// Reads a note's text. Extension lines are allowed and skipped.
    ///
    /// # Errors
    /// [`NoteError::Checkpoint`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let body = text.strip_suffix('\n').ok_or(NoteError::Checkpoint("no newline at the end"))?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size_text), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(NoteError::Checkpoint("fewer than three lines"));
        };
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err(NoteError::Checkpoint("an empty line"));
        }
        let size: u64 = size_text.parse().map_err(|_| NoteError::Checkpoint("the size is no number"))?;
        if size.to_string() != size_text {
            return Err(NoteError::Checkpoint("the size is not written canonically"));
        }
        let root = STANDARD.decode(root).ok().and_then(|root| Hash::try_from(root).ok());
        let root = root.ok_or(NoteError::Checkpoint("the root is not 32 bytes of base64"))?;
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Opens a signed checkpoint: signature by `key`, whose name is the origin.
    ///
    /// # Errors
    /// When the note does not open, is no checkpoint, or is that of another ledger.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, NoteError> {
        let opened = OpenedNote::open(note, std::slice::from_ref(key))?;
        let checkpoint = Self::parse(&opened.text)?;
        if checkpoint.origin == key.name() {
            Ok(checkpoint)
        } else {
            Err(NoteError::Checkpoint("the origin is not the name of its key"))
        }
    }
}

#[cfg(test)]
mod tests;
