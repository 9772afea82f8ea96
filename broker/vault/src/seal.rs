//! The sealing itself.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use chaperone_policy::{AccountName, TargetId};
use chaperone_store::{SealedRow, Store, StoreError};

use crate::TargetCredential;

/// First byte of a sealed secret; a later format has another.
const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;

/// Why something is not sealed or does not open.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key's file.
    #[error("the vault key's file cannot be used")]
    File(#[source] std::io::Error),
    /// The key.
    #[error("the vault key has not 32 bytes")]
    Key,
    /// The system's randomness.
    #[error("the system has no randomness")]
    Random,
    /// Nothing is sealed there.
    #[error("no credential is sealed for this account")]
    Missing,
    /// Sealed with another key, for something else, or damaged.
    #[error("a sealed secret does not open with this key in this place")]
    Sealed,
    /// The store.
    #[error("a sealed secret cannot be read")]
    Store(#[from] StoreError),
}

/// The node's vault key; cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<LessSafeKey>);

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// Reads the key, or makes one that only this user may read.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is no key.
    pub fn load_or_create(path: &Path) -> Result<Self, VaultError> {
        if !path.exists() {
            let mut key = [0; KEY_BYTES];
            rand::fill(&mut key).map_err(|_| VaultError::Random)?;
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            let mut file = made.map_err(VaultError::File)?;
            file.write_all(&key).and_then(|()| file.sync_all()).map_err(VaultError::File)?;
        }
        Self::load(path)
    }

    /// Reads the key.
    ///
    /// # Errors
    /// When the file cannot be read or is no key.
    pub fn load(path: &Path) -> Result<Self, VaultError> {
        let key = fs::read(path).map_err(VaultError::File)?;
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| VaultError::Key)?;
        Ok(Self(Arc::new(LessSafeKey::new(key))))
    }

    /// Seals a secret for one place. Random 96-bit nonces: a vault seals far fewer than 2³² secrets.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn seal(&self, context: &str, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| VaultError::Random)?;
        let mut text = secret.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context.as_bytes()), &mut text)
            .map_err(|_| VaultError::Sealed)?;
        Ok([&[VERSION], nonce.as_slice(), &text].concat())
    }

    /// Opens what [`Vault::seal`] sealed for the same place.
    ///
    /// # Errors
    /// When it was sealed with another key, for another place, or has changed.
    pub fn unseal(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (&[VERSION], rest) = sealed.split_first_chunk::<1>().ok_or(VaultError::Sealed)? else {
            return Err(VaultError::Sealed);
        };
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::Sealed)?;
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place(nonce, Aad::from(context.as_bytes()), &mut text);
        opened.map(|secret| secret.to_vec()).map_err(|_| VaultError::Sealed)
    }

    /// Seals a target's credential as a row of the store.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn seal_credential(
        &self,
        target: TargetId,
        account: &AccountName,
        credential: &TargetCredential,
    ) -> Result<SealedRow, VaultError> {
        let kind = credential.kind();
        let sealed = self.seal(&place(target, account, kind), credential.expose().as_bytes())?;
        Ok(SealedRow { kind: kind.to_owned(), sealed })
    }

    /// The credential of a target's account, opened for one dial.
    ///
    /// # Errors
    /// When none is sealed, or it does not open.
    pub async fn credential(
        &self,
        store: &Store,
        target: TargetId,
        account: &AccountName,
    ) -> Result<TargetCredential, VaultError> {
        let row = store.secret(target, account).await?.ok_or(VaultError::Missing)?;
        let secret = self.unseal(&place(target, account, &row.kind), &row.sealed)?;
        let secret = String::from_utf8(secret).map_err(|_| VaultError::Sealed)?;
        TargetCredential::of_kind(&row.kind, secret).ok_or(VaultError::Sealed)
    }
}

fn place(target: TargetId, account: &AccountName, kind: &str) -> String {
    format!("target/{target}/{account}/{kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::load_or_create(&tempfile::tempdir().unwrap().path().join("vault.key")).unwrap()
    }

    #[test]
    fn a_secret_opens_in_its_own_place_with_its_own_key_and_unchanged() {
        let vault = vault();
        let sealed = vault.seal("target/a", b"hunter2").unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_eq!(vault.unseal("target/a", &sealed).unwrap(), b"hunter2");
        assert!(vault.unseal("target/b", &sealed).is_err(), "another place");
        assert!(self::vault().unseal("target/a", &sealed).is_err(), "another key");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.unseal("target/a", &changed).is_err(), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert!(vault.unseal("target/a", &sealed[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn nothing_prints_a_secret() {
        let credential = TargetCredential::Password("hunter2".to_owned().into());
        assert!(!format!("{credential:?} {:?}", vault()).contains("hunter2"));
    }
}
