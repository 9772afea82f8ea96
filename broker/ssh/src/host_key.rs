//! The gate's own host key: made by `init`, kept in OpenSSH's format.

use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::hmac;
use russh::keys::ssh_key::private::{EcdsaKeypair, Ed25519Keypair, KeypairData};
use russh::keys::ssh_key::public::EcdsaPublicKey;
use russh::keys::ssh_key::{LineEnding, PublicKey};
use russh::keys::{HashAlg, PrivateKey};

use crate::host_authority::HostAuthority;

/// What the ECDSA key is derived for. Never changed: technicians pin what comes of it.
const ECDSA_LABEL: &[u8] = b"chaperone host key ecdsa-sha2-nistp256";

/// How the gate proves that it is the gate.
pub struct HostIdentity {
    /// Its own host keys.
    pub keys: Vec<HostKey>,
    /// Vouches for them in a server's name, where connections to servers are ended inside those to the gate (`ssh -J`).
    pub authority: Option<HostAuthority>,
    /// Whether nothing but post-quantum key exchange is offered.
    pub post_quantum_only: bool,
}

/// An Ed25519 host key.
pub struct HostKey(PrivateKey);

/// Why a text is no host key.
#[derive(Debug, thiserror::Error)]
pub enum HostKeyError {
    /// Not a private key in OpenSSH's format without a passphrase.
    #[error("the host key is no OpenSSH private key without a passphrase")]
    Form(#[source] russh::keys::ssh_key::Error),
}

impl HostKey {
    /// A key from 32 random bytes.
    ///
    /// # Errors
    /// When the comment cannot be kept in the format.
    pub fn from_seed(seed: &[u8; 32], comment: &str) -> Result<Self, HostKeyError> {
        let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(seed));
        PrivateKey::new(pair, comment).map(Self).map_err(HostKeyError::Form)
    }

    /// Reads a key.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_openssh(pem: &str) -> Result<Self, HostKeyError> {
        PrivateKey::from_openssh(pem).map(Self).map_err(HostKeyError::Form)
    }

    /// As OpenSSH keeps it.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn to_openssh(&self) -> Result<String, HostKeyError> {
        Ok(self.0.to_openssh(LineEnding::LF).map_err(HostKeyError::Form)?.to_string())
    }

    /// The public half, as one line.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn public_line(&self) -> Result<String, HostKeyError> {
        let public: &PublicKey = self.0.public_key();
        public.to_openssh().map_err(HostKeyError::Form)
    }

    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0.public_key().fingerprint(HashAlg::Sha256).to_string()
    }

    pub(crate) fn into_private(self) -> PrivateKey {
        self.0
    }
}

/// The key of clients that have no Ed25519, made from the Ed25519 key: all copies of that have the same, and there is no other
/// file to keep. `None` for a key of another kind.
pub(crate) fn ecdsa_of(key: &PrivateKey) -> Option<PrivateKey> {
    let KeypairData::Ed25519(pair) = key.key_data() else { return None };
    let derive = hmac::Key::new(hmac::HMAC_SHA256, pair.private.as_ref());
    // One in 2^32 is beyond the curve's order.
    (0..=u8::MAX).find_map(|round| {
        let derived = hmac::sign(&derive, &[ECDSA_LABEL, &[round]].concat());
        let scalar: [u8; 32] = derived.as_ref().try_into().ok()?;
        let private = agreement::PrivateKey::from_private_key(&ECDH_P256, &scalar).ok()?;
        let public = private.compute_public_key().ok()?;
        let EcdsaPublicKey::NistP256(public) = EcdsaPublicKey::from_sec1_bytes(public.as_ref()).ok()? else {
            return None;
        };
        let pair = KeypairData::Ecdsa(EcdsaKeypair::NistP256 { public, private: scalar.into() });
        PrivateKey::new(pair, key.comment().to_owned()).ok()
    })
}

impl std::fmt::Debug for HostKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("HostKey").field(&self.fingerprint()).finish()
    }
}

#[cfg(test)]
mod tests {
    use russh::keys::signature::{Signer, Verifier};
    use russh::keys::ssh_key::Signature;

    use super::*;

    fn of(seed: u8) -> PrivateKey {
        ecdsa_of(&HostKey::from_seed(&[seed; 32], "test").unwrap().into_private()).unwrap()
    }

    #[test]
    fn the_ecdsa_key_is_a_matter_of_the_ed25519_key_alone() {
        // Computed with another library: what technicians have pinned stays.
        const PINNED: &str = "SHA256:qCEQpuhuGoXhc93xu5jKC1i3X9y+x+yH9MyYUzX6U8k";
        assert_eq!(of(1).public_key().fingerprint(HashAlg::Sha256).to_string(), PINNED);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1).public_key(), of(2).public_key());
        assert!(ecdsa_of(&of(1)).is_none(), "no key is derived from a derived one");
    }

    #[test]
    fn what_it_signs_is_known_by_its_public_half() {
        for seed in 0..20 {
            let key = of(seed);
            let signature: Signature = key.try_sign(b"an exchange").unwrap();
            assert!(key.public_key().key_data().verify(b"an exchange", &signature).is_ok());
            assert!(key.public_key().key_data().verify(b"another", &signature).is_err());
        }
    }
}
