//! The vault: the node's sealing keys, and the credentials that they open.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use chaperone_policy::{AccountName, TargetId};
use chaperone_store::{SealedRow, Slot, Store, StoreError};
use zeroize::Zeroizing;

use crate::key_file::{self, KeyFileFault, Keys};
use crate::sealed::{SealingKey, key_of};
use crate::{Secret, TargetCredential};

/// Why something is not sealed or does not open.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The keys' file.
    #[error("the vault key's file cannot be used")]
    File(#[source] io::Error),
    /// The keys.
    #[error("the vault key's file does not hold keys of 32 bytes, 120 at most")]
    Key,
    /// The system's randomness.
    #[error("the system has no randomness")]
    Random,
    /// Nothing is sealed there.
    #[error("no credential is sealed for this account")]
    Missing,
    /// Sealed with a key that is not in the file.
    #[error("a secret was sealed with a key that this vault does not have")]
    UnknownKey,
    /// Sealed for something else, or damaged.
    #[error("a sealed secret does not open in this place: it belongs to another or is damaged")]
    Sealed,
    /// The store.
    #[error("a sealed secret cannot be read")]
    Store(#[from] StoreError),
}

impl From<KeyFileFault> for VaultError {
    fn from(fault: KeyFileFault) -> Self {
        match fault {
            KeyFileFault::File(error) => Self::File(error),
            KeyFileFault::Length => Self::Key,
            KeyFileFault::Random => Self::Random,
        }
    }
}

/// The node's sealing keys. Every one opens, the newest seals. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Ring>);

struct Ring {
    newest: SealingKey,
    older: Vec<SealingKey>,
}

impl Vault {
    /// Reads the keys, or makes a file with one that only this user may read.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds no keys.
    pub fn load_or_create(path: &Path) -> Result<Self, VaultError> {
        if !path.exists() {
            key_file::create(path)?;
        }
        Self::load(path)
    }

    /// Reads the keys.
    ///
    /// # Errors
    /// When the file cannot be read or holds no keys.
    pub fn load(path: &Path) -> Result<Self, VaultError> {
        let keys = Keys::read(path)?;
        let mut ring: Vec<SealingKey> = keys.iter().filter_map(SealingKey::new).collect();
        let newest = ring.pop().ok_or(VaultError::Key)?;
        Ok(Self(Arc::new(Ring { newest, older: ring })))
    }

    /// Adds a key to the file, which seals from now on; what the older ones sealed still opens, here and wherever the new
    /// file has been read.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is full.
    pub fn add_key(path: &Path) -> Result<Self, VaultError> {
        key_file::add(path)?;
        Self::load(path)
    }

    /// Whether the newest key sealed this. What it did not can be sealed again, so that an older key may go.
    #[must_use]
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        key_of(sealed) == Some(self.0.newest.id())
    }

    /// Seals a secret for one place; `context` names the place, and nothing else may have its name.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn seal(&self, context: &str, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.0.newest.seal(context, secret).ok_or(VaultError::Random)
    }

    /// Opens what [`Vault::seal`] sealed for the same place.
    ///
    /// # Errors
    /// When it was sealed with a key that is not here, for another place, or has changed.
    pub fn unseal(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let id = key_of(sealed).ok_or(VaultError::Sealed)?;
        let mut keys = std::iter::once(&self.0.newest).chain(&self.0.older);
        let key = keys.find(|key| key.id() == id).ok_or(VaultError::UnknownKey)?;
        key.unseal(context, sealed).ok_or(VaultError::Sealed)
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
        let sealed = self.seal(&place(target, account.as_str(), kind), credential.expose().as_bytes())?;
        Ok(SealedRow { kind: kind.to_owned(), sealed })
    }

    /// Opens a row of the store.
    ///
    /// # Errors
    /// When it is not this account's, or of a kind that is not known.
    pub fn unseal_credential(
        &self,
        target: TargetId,
        account: &AccountName,
        row: &SealedRow,
    ) -> Result<TargetCredential, VaultError> {
        let secret = self.unseal(&place(target, account.as_str(), &row.kind), &row.sealed)?;
        let secret = std::str::from_utf8(&secret).map_err(|_| VaultError::Sealed)?;
        TargetCredential::of_kind(&row.kind, secret.to_owned()).ok_or(VaultError::Sealed)
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
        self.unseal_credential(target, account, &row)
    }
}

impl Vault {
    /// Seals what a target's TLS service wants, as a row of the store.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn seal_in(
        &self,
        target: TargetId,
        slot: Slot<'_>,
        secret: &Secret,
    ) -> Result<SealedRow, VaultError> {
        let kind = kind_in(slot);
        let sealed = self.seal(&place(target, slot.as_str(), kind), secret.expose().as_bytes())?;
        Ok(SealedRow { kind: kind.to_owned(), sealed })
    }

    /// What a target's TLS service wants, opened for one connection.
    ///
    /// # Errors
    /// When nothing is sealed there, or it does not open.
    pub async fn secret_in(
        &self,
        store: &Store,
        target: TargetId,
        slot: Slot<'_>,
    ) -> Result<Secret, VaultError> {
        let row = store.secret(target, slot).await?.ok_or(VaultError::Missing)?;
        self.open_in(target, slot, &row)
    }

    fn open_in(&self, target: TargetId, slot: Slot<'_>, row: &SealedRow) -> Result<Secret, VaultError> {
        let secret = self.unseal(&place(target, slot.as_str(), kind_in(slot)), &row.sealed)?;
        let secret = std::str::from_utf8(&secret).map_err(|_| VaultError::Sealed)?;
        Ok(secret.to_owned().into())
    }
}

/// The stored name of what is sealed in a slot that is no account's.
fn kind_in(slot: Slot<'_>) -> &'static str {
    match slot {
        Slot::Account(_) => "password",
        Slot::TlsKey => "tls-key",
        Slot::ConsoleSignIn => "console-sign-in",
    }
}

/// Names the place of a credential: neither an id nor an account has a slash in it.
fn place(target: TargetId, slot: &str, kind: &str) -> String {
    format!("target/{target}/{slot}/{kind}")
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

#[cfg(test)]
mod tests;
