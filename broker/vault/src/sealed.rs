//! A sealed secret: AES-256-GCM, bound to its place by the additional data.
//!
//! ```text
//!   version (1) ‖ key id (8) ‖ nonce (12) ‖ ciphertext ‖ tag (16)        additional data: version ‖ key id ‖ context
//! ```

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

/// First byte of a sealed secret; another format has another.
const VERSION: u8 = 1;
const ID_BYTES: usize = 8;

/// Names a key in what it sealed. The key is random, so that its digest says nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyId([u8; ID_BYTES]);

/// One sealing key.
pub(crate) struct SealingKey {
    id: KeyId,
    key: LessSafeKey,
}

/// A sealed secret, taken apart.
struct Parts<'s> {
    id: KeyId,
    nonce: &'s [u8; NONCE_LEN],
    text: &'s [u8],
}

impl SealingKey {
    /// `None` when the bytes are not as many as a key has.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).ok()?;
        let mut context = Context::new(&SHA256);
        context.update(b"chaperone vault key id\0");
        context.update(bytes);
        let id = context.finish().as_ref().first_chunk().copied()?;
        Some(Self { id: KeyId(id), key: LessSafeKey::new(key) })
    }

    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    /// Seals for one place. Nonces are random: at 2³² secrets for one key they would begin to be too few (NIST SP 800-38D
    /// §8.3); a gate seals thousands. `None` when the system has no randomness.
    pub(crate) fn seal(&self, context: &str, secret: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).ok()?;
        let header = [&[VERSION], self.id.0.as_slice(), &nonce].concat();
        let room = header.len() + secret.len() + AES_256_GCM.tag_len();
        let mut text = Vec::with_capacity(room);
        text.extend_from_slice(secret);
        let place = place(self.id, context);
        // Encrypts in place, so that the secret stands nowhere afterwards.
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut text)
            .ok()?;
        text.splice(0..0, header);
        Some(text)
    }

    /// `None` when it was sealed with another key, for another place, or has changed.
    pub(crate) fn unseal(&self, context: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let parts = Parts::of(sealed)?;
        let mut text = Zeroizing::new(parts.text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*parts.nonce);
        let length =
            self.key.open_in_place(nonce, Aad::from(place(parts.id, context)), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

/// The key that a secret was sealed with; `None` when it is no sealed secret.
pub(crate) fn key_of(sealed: &[u8]) -> Option<KeyId> {
    Parts::of(sealed).map(|parts| parts.id)
}

impl<'s> Parts<'s> {
    fn of(sealed: &'s [u8]) -> Option<Self> {
        let (version, rest) = sealed.split_first()?;
        let (id, rest) = rest.split_first_chunk::<ID_BYTES>()?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
        (*version == VERSION).then_some(Self { id: KeyId(*id), nonce, text })
    }
}

fn place(id: KeyId, context: &str) -> Vec<u8> {
    [&[VERSION], id.0.as_slice(), context.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_is_drawn_as_above() {
        let key = SealingKey::new(&[7; 32]).unwrap();
        let sealed = key.seal("target/a", b"hunter2").unwrap();
        assert_eq!(sealed.len(), 1 + 8 + 12 + 7 + 16);
        assert_eq!((sealed[0], &sealed[1..9]), (1, key.id.0.as_slice()));
        assert_ne!(sealed, key.seal("target/a", b"hunter2").unwrap(), "each has its own nonce");
        assert_eq!(key_of(&sealed), Some(key.id()));
    }

    #[test]
    fn a_key_has_32_bytes_and_a_name_of_its_own() {
        assert!(SealingKey::new(&[7; 31]).is_none() && SealingKey::new(&[]).is_none());
        assert_ne!(SealingKey::new(&[7; 32]).unwrap().id(), SealingKey::new(&[8; 32]).unwrap().id());
    }
}
