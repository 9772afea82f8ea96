//! The gate's own host key: made by `init`, kept in OpenSSH's format.

use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::ssh_key::{LineEnding, PublicKey};
use russh::keys::{HashAlg, PrivateKey};

use crate::host_authority::HostAuthority;

/// How the gate proves that it is the gate.
pub struct HostIdentity {
    /// Its own host keys.
    pub keys: Vec<HostKey>,
    /// Vouches for the first of them in a server's name, where connections to servers are ended inside those to the gate
    /// (`ssh -J`).
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

impl std::fmt::Debug for HostKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("HostKey").field(&self.fingerprint()).finish()
    }
}
