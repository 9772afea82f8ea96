//! The two data keys of a recording: how sections are encrypted, how keys are committed to, wrapped and unwrapped.

use std::io::{Read, Write};

use age::{Decryptor, Encryptor};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use uuid::Uuid;

use crate::key::{Identity, KeyError, Recipient};
use crate::ledger::Hash;

/// Bytes that encryption adds to a section.
pub(crate) const TAG_LEN: usize = 16;
const KEY_LEN: usize = 32;
const COMMIT_LABEL: &[u8] = b"chaperone/recording/key/v1\n";
/// A wrapped key is a few hundred bytes per recipient.
const MAX_WRAPPED: usize = 128 * 1024;

/// Which of the two keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRole {
    /// Everything but typed input.
    Evidence,
    /// Typed input.
    Input,
}

impl KeyRole {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Input => "input",
        }
    }
}

/// One AES-256-GCM key with its commitment.
pub(crate) struct DataKey {
    bytes: [u8; KEY_LEN],
    sealing: LessSafeKey,
}

impl Drop for DataKey {
    fn drop(&mut self) {
        self.bytes.fill(0);
        std::hint::black_box(&self.bytes);
    }
}

impl DataKey {
    pub(crate) fn generate() -> Result<Self, KeyError> {
        let mut bytes = [0; KEY_LEN];
        rand::fill(&mut bytes).map_err(|_| KeyError::Library("generate a data key"))?;
        Self::new(bytes)
    }

    fn new(bytes: [u8; KEY_LEN]) -> Result<Self, KeyError> {
        let unbound =
            UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| KeyError::Library("load a data key"))?;
        Ok(Self { bytes, sealing: LessSafeKey::new(unbound) })
    }

    /// The key with these bytes, if it is the one that was committed to.
    pub(crate) fn committed(bytes: [u8; KEY_LEN], role: KeyRole, session: Uuid, to: &Hash) -> Option<Self> {
        (commitment(role, session, &bytes) == *to).then(|| Self::new(bytes).ok())?
    }

    /// The key itself, for a bundle: who is given it reads this recording and no other.
    pub(crate) fn disclosed(&self) -> [u8; KEY_LEN] {
        self.bytes
    }

    /// SHA-256(label ‖ role ‖ newline ‖ session id ‖ key).
    pub(crate) fn commitment(&self, role: KeyRole, session: Uuid) -> Hash {
        commitment(role, session, &self.bytes)
    }

    /// An age file that each of `recipients` can open.
    pub(crate) fn wrap(&self, recipients: &[Recipient]) -> Result<Vec<u8>, KeyError> {
        if recipients.is_empty() {
            return Err(KeyError::NoRecipient);
        }
        let to = recipients.iter().map(|recipient| &recipient.0 as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(to).map_err(|_| KeyError::Library("wrap a data key"))?;
        let mut wrapped = Vec::new();
        let write = || {
            let mut writer = encryptor.wrap_output(&mut wrapped)?;
            writer.write_all(&self.bytes)?;
            writer.finish()
        };
        write().map_err(|_| KeyError::Library("wrap a data key"))?;
        Ok(wrapped)
    }

    /// Encrypts `section` in place and returns its tag.
    pub(crate) fn seal(&self, nonce: u64, aad: &[u8], section: &mut [u8]) -> Option<[u8; TAG_LEN]> {
        let tag = self.sealing.seal_in_place_separate_tag(nonce_of(nonce), Aad::from(aad), section).ok()?;
        tag.as_ref().try_into().ok()
    }

    /// Decrypts ciphertext and tag in place.
    pub(crate) fn open<'t>(&self, nonce: u64, aad: &[u8], ciphertext: &'t mut [u8]) -> Option<&'t [u8]> {
        let plain = self.sealing.open_in_place(nonce_of(nonce), Aad::from(aad), ciphertext).ok()?;
        Some(plain)
    }
}

/// The two keys while a recording is written.
pub(crate) struct DataKeys {
    pub evidence: DataKey,
    pub input: DataKey,
}

/// What trying to unwrap a key gave.
pub(crate) enum Unwrapped {
    Key(DataKey),
    /// None of the identities is a recipient.
    NotForUs,
    /// It opened, and is not the key that the header commits to.
    NotCommitted,
}

pub(crate) fn unwrap(
    wrapped: &[u8],
    identities: &[Identity],
    role: KeyRole,
    session: Uuid,
    committed: &Hash,
) -> Unwrapped {
    if wrapped.len() > MAX_WRAPPED {
        return Unwrapped::NotForUs;
    }
    let ours = identities.iter().map(|identity| &identity.0 as &dyn age::Identity);
    let Ok(decryptor) = Decryptor::new(wrapped) else { return Unwrapped::NotForUs };
    let Ok(reader) = decryptor.decrypt(ours) else { return Unwrapped::NotForUs };
    let mut bytes = Vec::new();
    // One byte more than a key: a longer content is not a key.
    let limit = u64::try_from(KEY_LEN + 1).unwrap_or(u64::MAX);
    if reader.take(limit).read_to_end(&mut bytes).is_err() {
        return Unwrapped::NotForUs;
    }
    let Ok(key) = <[u8; KEY_LEN]>::try_from(bytes.as_slice()) else { return Unwrapped::NotCommitted };
    if commitment(role, session, &key) != *committed {
        return Unwrapped::NotCommitted;
    }
    DataKey::new(key).map_or(Unwrapped::NotForUs, Unwrapped::Key)
}

fn commitment(role: KeyRole, session: Uuid, key: &[u8; KEY_LEN]) -> Hash {
    crate::ledger::hash_of(&[COMMIT_LABEL, role.name().as_bytes(), b"\n", session.as_bytes(), key])
}

/// Four zero bytes, then the counter.
fn nonce_of(counter: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce.iter_mut().skip(NONCE_LEN - 8).zip(counter.to_be_bytes()).for_each(|(to, from)| *to = from);
    Nonce::assume_unique_for_key(nonce)
}
