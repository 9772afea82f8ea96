//! Keys and their files: Ed25519 for seals and checkpoints, X25519 (age) for the recipients of data keys.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A key file that is longer is no key file.
const MAX_KEY_FILE: u64 = 16 * 1024;
/// SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410 §4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why a key cannot be had or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key file cannot be read.
    #[error("cannot read the key file {0}")]
    Read(PathBuf, #[source] std::io::Error),
    /// The key file cannot be written.
    #[error("cannot write the key file {0}")]
    Write(PathBuf, #[source] std::io::Error),
    /// The bytes are no Ed25519 private key.
    #[error("not an Ed25519 private key (PKCS#8, DER or PEM)")]
    NotPrivate,
    /// The text is no Ed25519 public key.
    #[error("not an Ed25519 public key (base64, hexadecimal, PEM, or name+id+key)")]
    NotPublic,
    /// The text is no age X25519 recipient.
    #[error("not an age recipient (age1…)")]
    NotRecipient,
    /// The text is no age X25519 identity.
    #[error("not an age identity (AGE-SECRET-KEY-1…)")]
    NotIdentity,
    /// No recipient was given.
    #[error("a data key needs at least one recipient")]
    NoRecipient,
    /// The cryptographic library failed.
    #[error("the cryptographic library failed to {0}")]
    Library(&'static str),
}

/// A node's private Ed25519 key: signs headers, seals and checkpoints.
pub struct SigningKey(Ed25519KeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public())
    }
}

impl SigningKey {
    /// A new random key.
    ///
    /// # Errors
    /// When the library has no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        Ed25519KeyPair::generate().map(Self).map_err(|_| KeyError::Library("generate a key"))
    }

    /// Reads PKCS#8 (RFC 8410), version 1 or 2, DER.
    ///
    /// # Errors
    /// [`KeyError::NotPrivate`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_pkcs8(der).map(Self).map_err(|_| KeyError::NotPrivate)
    }

    /// PKCS#8 version 1, DER, as OpenSSL reads it.
    ///
    /// # Errors
    /// When the library fails.
    pub fn to_pkcs8(&self) -> Result<Vec<u8>, KeyError> {
        let der = self.0.to_pkcs8v1().map_err(|_| KeyError::Library("encode a key"))?;
        Ok(der.as_ref().to_vec())
    }

    /// Loads a PKCS#8 file, PEM or DER.
    ///
    /// # Errors
    /// When the file cannot be read or holds no such key.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let bytes = read_bounded(path)?;
        let der = std::str::from_utf8(&bytes).ok().and_then(|text| pem_body(text, "PRIVATE KEY"));
        Self::from_pkcs8(&der.unwrap_or(bytes))
    }

    /// Writes a PEM file that only its owner can read, and makes it durable. An existing file is never replaced.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        write_private(path, &pem("PRIVATE KEY", &self.to_pkcs8()?))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::try_from(self.0.public_key().as_ref()).unwrap_or(PublicKey([0; 32]))
    }

    /// An Ed25519 signature (RFC 8032).
    ///
    /// # Errors
    /// When the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], KeyError> {
        let signature = self.0.try_sign(message).map_err(|_| KeyError::Library("sign"))?;
        signature.as_ref().try_into().map_err(|_| KeyError::Library("sign"))
    }
}

/// A public Ed25519 key. Shown as base64 of its 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The 32 bytes of RFC 8032.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `signature` is this key's over `message`.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }

    /// The key as a PEM file (SubjectPublicKeyInfo), as OpenSSL reads it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem("PUBLIC KEY", &[&SPKI_PREFIX[..], &self.0].concat())
    }

    /// Loads a file that holds any of the texts that [`PublicKey::from_str`] takes.
    ///
    /// # Errors
    /// When the file cannot be read or holds no such key.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let bytes = read_bounded(path)?;
        std::str::from_utf8(&bytes).map_err(|_| KeyError::NotPublic)?.parse()
    }
}

impl TryFrom<&[u8]> for PublicKey {
    type Error = KeyError;

    fn try_from(bytes: &[u8]) -> Result<Self, KeyError> {
        bytes.try_into().map(Self).map_err(|_| KeyError::NotPublic)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if let Some(der) = pem_body(text, "PUBLIC KEY") {
            let key = der.strip_prefix(&SPKI_PREFIX).ok_or(KeyError::NotPublic)?;
            return Self::try_from(key);
        }
        if let Ok(key) = text.parse::<crate::ledger::VerifierKey>() {
            return Ok(key.public());
        }
        let bytes = match text.len() {
            64 => hex::decode(text).map_err(|_| KeyError::NotPublic)?,
            _ => STANDARD.decode(text).map_err(|_| KeyError::NotPublic)?,
        };
        Self::try_from(bytes.as_slice())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl serde::Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Somebody to whom data keys are wrapped: an age X25519 recipient. A gate needs only this half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient(pub(crate) age::x25519::Recipient);

impl FromStr for Recipient {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        text.trim().parse().map(Self).map_err(|_| KeyError::NotRecipient)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The private half of a [`Recipient`]: opens data keys that were wrapped to it.
#[derive(Clone)]
pub struct Identity(pub(crate) age::x25519::Identity);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.recipient())
    }
}

impl Identity {
    /// A new random identity.
    #[must_use]
    pub fn generate() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// The public half.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    /// Loads an age identity file: the first line that is neither empty nor a comment.
    ///
    /// # Errors
    /// When the file cannot be read or holds no X25519 identity.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let bytes = read_bounded(path)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| KeyError::NotIdentity)?;
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        line.ok_or(KeyError::NotIdentity)?.parse()
    }

    /// Loads every identity of a file: one a line; empty lines and comments are passed over. Who rotates keeps the older
    /// ones beside the new one, so that older recordings stay open.
    ///
    /// # Errors
    /// When the file cannot be read, holds none, or a line is no X25519 identity.
    pub fn load_all(path: &Path) -> Result<Vec<Self>, KeyError> {
        let bytes = read_bounded(path)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| KeyError::NotIdentity)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let identities: Vec<Self> = lines.map(str::parse).collect::<Result<_, _>>()?;
        if identities.is_empty() { Err(KeyError::NotIdentity) } else { Ok(identities) }
    }

    /// Writes an age identity file that only its owner can read, and makes it durable. An existing file is never
    /// replaced.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        let text = format!("# public key: {}\n{}\n", self.recipient(), self.0.to_string().expose_secret());
        write_private(path, &text)
    }
}

impl FromStr for Identity {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        text.trim().parse().map(Self).map_err(|_| KeyError::NotIdentity)
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, KeyError> {
    let failed = |cause| KeyError::Read(path.to_owned(), cause);
    if fs::metadata(path).map_err(failed)?.len() > MAX_KEY_FILE {
        return Err(failed(std::io::Error::other("it is too long for a key file")));
    }
    fs::read(path).map_err(failed)
}

fn write_private(path: &Path, text: &str) -> Result<(), KeyError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|cause| KeyError::Write(path.to_owned(), cause))
}

fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = more;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

fn pem_body(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, after) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = after.split_once(&format!("-----END {label}-----"))?;
    let joined: String = body.split_whitespace().collect();
    STANDARD.decode(joined).ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{Identity, PublicKey, SigningKey};

    #[test]
    fn key_files_come_back_and_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let (signing, identity) = (folder.path().join("seal.pem"), folder.path().join("evidence.txt"));
        let (key, reader) = (SigningKey::generate().unwrap(), Identity::generate());
        key.save(&signing).unwrap();
        reader.save(&identity).unwrap();
        assert_eq!(SigningKey::load(&signing).unwrap().public(), key.public());
        assert_eq!(Identity::load(&identity).unwrap().recipient(), reader.recipient());
        for path in [&signing, &identity] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(key.save(&signing).is_err(), "an existing key is never replaced");
        let other = folder.path().join("other.txt");
        Identity::generate().save(&other).unwrap();
        let both = [std::fs::read(&identity).unwrap(), std::fs::read(&other).unwrap()].concat();
        std::fs::write(&other, both).unwrap();
        assert_eq!(Identity::load_all(&other).unwrap().len(), 2, "a file may hold several");
        std::fs::write(&other, "# none\n").unwrap();
        assert!(Identity::load_all(&other).is_err());
    }

    #[test]
    fn public_keys_are_read_in_every_form() {
        let key = SigningKey::generate().unwrap();
        let public = key.public();
        let named = crate::ledger::VerifierKey::new("gate.example", public).unwrap();
        for text in [public.to_string(), hex::encode(public.as_bytes()), public.to_pem(), named.to_string()] {
            assert_eq!(text.parse::<PublicKey>().unwrap(), public, "{text}");
        }
        assert!("".parse::<PublicKey>().is_err());
        assert!(public.verify(b"m", &key.sign(b"m").unwrap()));
        assert!(!public.verify(b"n", &key.sign(b"m").unwrap()));
    }
}
