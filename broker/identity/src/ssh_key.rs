//! SSH public keys as people give them: one line, checked and normalised; and as the protocol carries them.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use self::wire::{Kind, check};

mod wire;

/// Longest text that is looked at, in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// How much of a word of somebody else's an error repeats, in characters.
const SHOWN: usize = 40;

/// A public key of a kind that we accept.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    openssh: String,
    fingerprint: String,
    blob: Vec<u8>,
}

/// Why a text is no public key that can be enrolled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// A private key was given.
    #[error("this is a private key; give the public one (the .pub file), and treat the private one as lost")]
    Private,
    /// Longer than any key.
    #[error("a public key has at most 16384 bytes")]
    TooLong,
    /// No key at all.
    #[error("a public key is one line: its kind, its data in base64, and a comment")]
    Form,
    /// More than one key.
    #[error("this is more than one line; give one public key")]
    Several,
    /// Options before the key, as in `authorized_keys`.
    #[error("options before a key are not accepted; give the line from its kind on, such as ssh-ed25519")]
    Options,
    /// A certificate.
    #[error("this is a certificate; give the public key that it certifies")]
    Certificate,
    /// A kind that is not accepted.
    #[error("keys of kind {0} are not accepted; use ed25519, ecdsa, rsa of 2048 to 8192 bits, or sk-")]
    Kind(String),
    /// The data is not that of its kind.
    #[error("the key's data is damaged")]
    Data,
    /// Too small to be safe, or too large for the gate to check a signature with.
    #[error("an RSA key needs 2048 to 8192 bits, this one has {0}")]
    Size(usize),
}

impl PublicKey {
    /// The key as the protocol carries it (RFC 4253 §6.6).
    #[must_use]
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// `SHA256:` and base64, as `ssh-keygen -l` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// As one line, without a comment.
    #[must_use]
    pub fn openssh(&self) -> &str {
        &self.openssh
    }

    /// Reads one key as the protocol carries it.
    ///
    /// # Errors
    /// What is wrong with it; a certificate is none.
    pub fn from_blob(blob: &[u8]) -> Result<Self, KeyFault> {
        if blob.len() > MAX_BYTES {
            return Err(KeyFault::TooLong);
        }
        let name = wire::name(blob).ok_or(KeyFault::Data)?;
        let kind = Kind::named(name).ok_or_else(|| stranger(name, name))?;
        check(kind, blob)?;
        let openssh = format!("{} {}", kind.name, STANDARD.encode(blob));
        Ok(Self { openssh, fingerprint: fingerprint(blob), blob: blob.to_owned() })
    }

    /// Whether it lives in a security key (FIDO), whose signatures say whether somebody touched it.
    #[must_use]
    pub fn is_in_a_security_key(&self) -> bool {
        is_in_a_security_key(&self.blob)
    }

    /// Reads one key from the text of a `.pub` file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, KeyFault> {
        text.parse()
    }
}

/// Whether a key blob is of a kind that lives in a security key.
pub(crate) fn is_in_a_security_key(blob: &[u8]) -> bool {
    wire::name(blob).and_then(Kind::named).is_some_and(|kind| kind.hardware)
}

/// `SHA256:` and the unpadded base64 of a key blob's digest.
#[must_use]
pub fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, blob)))
}

impl FromStr for PublicKey {
    type Err = KeyFault;

    fn from_str(text: &str) -> Result<Self, KeyFault> {
        // OpenSSH's and PKCS's armour; PuTTY's own.
        if text.contains("PRIVATE KEY-----") || text.trim_start().starts_with("PuTTY-User-Key-File-") {
            return Err(KeyFault::Private);
        }
        if text.len() > MAX_BYTES {
            return Err(KeyFault::TooLong);
        }
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let line = lines.next().ok_or(KeyFault::Form)?;
        if lines.next().is_some() {
            return Err(KeyFault::Several);
        }
        let mut words = line.split_ascii_whitespace();
        let (Some(first), Some(data)) = (words.next(), words.next()) else { return Err(KeyFault::Form) };
        let Some(kind) = Kind::named(first) else { return Err(stranger(first, line)) };
        let blob = STANDARD.decode(data).map_err(|_| KeyFault::Data)?;
        check(kind, &blob)?;
        Ok(Self { openssh: format!("{first} {data}"), fingerprint: fingerprint(&blob), blob })
    }
}

/// What is wrong with a line whose first word is no kind that we accept.
fn stranger(first: &str, line: &str) -> KeyFault {
    if first.ends_with("-cert-v01@openssh.com") {
        return KeyFault::Certificate;
    }
    if line.split_ascii_whitespace().any(|word| Kind::named(word).is_some()) {
        return KeyFault::Options;
    }
    KeyFault::Kind(first.chars().filter(char::is_ascii_graphic).take(SHOWN).collect())
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.openssh)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint)
    }
}

#[cfg(test)]
mod tests;
