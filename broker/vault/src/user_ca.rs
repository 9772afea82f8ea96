//! The SSH user CA: the Ed25519 key that vouches for the gate's own sign-ins. Servers that have its public line in
//! `TrustedUserCAKeys` need no credential of the gate's at all: each visit signs in with a certificate that dies with its
//! window (OpenSSH's PROTOCOL.certkeys). The key is made once for a database, and is sealed in it. A new one is made beside it when it is to
//! be replaced: both vouch, the new one first, until the old one is retired.

use std::fmt;

use aws_lc_rs::rand;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chaperone_policy::PersonId;
use chaperone_store::{GateKey, Store};
use zeroize::Zeroizing;

use crate::{Vault, VaultError};

/// Its name in the store, and its place in the vault.
const NAME: &str = "user-ca";
const PLACE: &str = "gate/user-ca";
const KIND: &str = "ssh-ed25519";
const SEED_BYTES: usize = 32;

/// The CA's key, open for one certificate; wiped when dropped.
#[derive(Clone)]
pub struct UserCa(Zeroizing<[u8; SEED_BYTES]>);

impl UserCa {
    /// The key of this seed.
    #[must_use]
    pub fn from_seed(seed: [u8; SEED_BYTES]) -> Self {
        Self(Zeroizing::new(seed))
    }

    /// The Ed25519 seed (RFC 8032 §5.1.5), for the one call that signs.
    #[must_use]
    pub fn seed(&self) -> &[u8; SEED_BYTES] {
        &self.0
    }

    /// What servers put into the file that `TrustedUserCAKeys` names.
    fn public_line(&self) -> Result<String, VaultError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(self.0.as_slice()).map_err(|_| VaultError::Sealed)?;
        let mut blob = Vec::new();
        for field in [KIND.as_bytes(), pair.public_key().as_ref()] {
            blob.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
            blob.extend_from_slice(field);
        }
        Ok(format!("{KIND} {} chaperone-user-ca", STANDARD.encode(blob)))
    }
}

impl fmt::Debug for UserCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCa(..)")
    }
}

impl Vault {
    /// Makes the CA's key where the database has none; returns its public line. Nodes that start together end up with the
    /// same one.
    ///
    /// # Errors
    /// When the system has no randomness, or the database does not answer.
    pub async fn make_user_ca(&self, store: &Store) -> Result<String, VaultError> {
        if let Some(known) = store.gate_key(NAME).await? {
            return Ok(known.public);
        }
        let key = self.fresh_user_ca()?;
        store.write(move |tx| Box::pin(async move { tx.add_gate_key(NAME, &key).await })).await?;
        let known = store.gate_key(NAME).await?;
        known.map(|known| known.public).ok_or(VaultError::Missing)
    }

    fn fresh_user_ca(&self) -> Result<GateKey, VaultError> {
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        rand::fill(seed.as_mut_slice()).map_err(|_| VaultError::Random)?;
        let sealed = self.seal(PLACE, seed.as_slice())?;
        Ok(GateKey { public: UserCa(seed).public_line()?, sealed })
    }

    /// Makes the key that is to take the CA's place, on somebody's word. `false` where one waits already.
    ///
    /// # Errors
    /// When the system has no randomness, or the database does not answer.
    pub async fn make_next_user_ca(
        &self,
        store: &Store,
        by: PersonId,
        reason: String,
    ) -> Result<bool, VaultError> {
        let key = self.fresh_user_ca()?;
        let made = store
            .write(move |tx| Box::pin(async move { tx.succeed_gate_key(NAME, &key, (by, &reason)).await }));
        Ok(made.await?)
    }

    /// Retires the CA's key for the one that waits, on somebody's word. `false` where none waits.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retire_user_ca(
        &self,
        store: &Store,
        by: PersonId,
        reason: String,
    ) -> Result<bool, VaultError> {
        let retired =
            store.write(move |tx| Box::pin(async move { tx.retire_gate_key(NAME, (by, &reason)).await }));
        Ok(retired.await?)
    }

    /// The CA's keys, opened for one sign-in: the one that waits first, where there is one.
    ///
    /// # Errors
    /// When there is none, or one does not open.
    pub async fn user_ca(&self, store: &Store) -> Result<Vec<UserCa>, VaultError> {
        let known = [store.next_gate_key(NAME).await?, store.gate_key(NAME).await?];
        let open = |key: GateKey| -> Result<UserCa, VaultError> {
            let seed = self.unseal(PLACE, &key.sealed)?;
            let seed = <[u8; SEED_BYTES]>::try_from(seed.as_slice()).map_err(|_| VaultError::Sealed)?;
            Ok(UserCa(Zeroizing::new(seed)))
        };
        let open = known.into_iter().flatten().map(open).collect::<Result<Vec<UserCa>, VaultError>>()?;
        if open.is_empty() { Err(VaultError::Missing) } else { Ok(open) }
    }

    /// The CA's public line, if it has been made, and that of the key which is to take its place.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn user_ca_public(
        &self,
        store: &Store,
    ) -> Result<Option<(String, Option<String>)>, VaultError> {
        let next = store.next_gate_key(NAME).await?.map(|next| next.public);
        Ok(store.gate_key(NAME).await?.map(|known| (known.public, next)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_line_is_that_of_the_seed() {
        // RFC 8032 §7.1, test 1.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let bytes = |hex: &str| -> [u8; 32] {
            std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        };
        let line = UserCa(Zeroizing::new(bytes(seed))).public_line().unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        let blob = STANDARD.decode(words[1]).unwrap();
        assert_eq!((words[0], words[2], blob.len()), ("ssh-ed25519", "chaperone-user-ca", 51));
        assert_eq!(&blob[19..], bytes(public));
    }
}
