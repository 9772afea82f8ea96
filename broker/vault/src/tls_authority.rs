//! The keys of the TLS authorities: one that vouches for the gate and for technicians at it, one that vouches for what a
//! technician's own machine serves to itself. Each is made once for a database, and sealed in it; its certificate is public.
//! Who makes and reads certificates is the TLS layer: here a key is some bytes, and a certificate is a text.

use std::fmt;

use chaperone_store::{GateKey, Store};
use zeroize::Zeroizing;

use crate::{Vault, VaultError};

/// Which authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsAuthority {
    /// Vouches for the gate, and for technicians at it.
    Gate,
    /// Vouches for what a technician's own machine serves to itself.
    Local,
}

impl TlsAuthority {
    /// Its name in the store.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gate => "tls-ca",
            Self::Local => "tls-connect-ca",
        }
    }

    /// Its place in the vault.
    pub(crate) fn place(self) -> &'static str {
        match self {
            Self::Gate => "gate/tls-ca",
            Self::Local => "gate/tls-connect-ca",
        }
    }
}

/// An authority's key, open to sign, and its certificate.
pub struct SealedAuthority {
    /// Private key (PKCS#8); wiped when dropped.
    pub key: Zeroizing<Vec<u8>>,
    /// Certificate (PEM).
    pub pem: String,
}

impl fmt::Debug for SealedAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedAuthority").field("pem", &self.pem).finish_non_exhaustive()
    }
}

impl Vault {
    /// Keeps a new authority where the database has none; returns the certificate of the one that it has now. Nodes that
    /// start together end up with the same one.
    ///
    /// # Errors
    /// When the system has no randomness, or the database does not answer.
    pub async fn keep_tls_authority(
        &self,
        store: &Store,
        which: TlsAuthority,
        made: SealedAuthority,
    ) -> Result<String, VaultError> {
        let sealed = self.seal(which.place(), &made.key)?;
        let key = GateKey { public: made.pem, sealed };
        store.write(move |tx| Box::pin(async move { tx.add_gate_key(which.name(), &key).await })).await?;
        self.tls_authority_public(store, which).await?.ok_or(VaultError::Missing)
    }

    /// The authority, opened to sign.
    ///
    /// # Errors
    /// When there is none, or it does not open.
    pub async fn tls_authority(
        &self,
        store: &Store,
        which: TlsAuthority,
    ) -> Result<SealedAuthority, VaultError> {
        let known = store.gate_key(which.name()).await?.ok_or(VaultError::Missing)?;
        let key = self.unseal(which.place(), &known.sealed)?;
        Ok(SealedAuthority { key, pem: known.public })
    }

    /// The authority's certificate, if it has been made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tls_authority_public(
        &self,
        store: &Store,
        which: TlsAuthority,
    ) -> Result<Option<String>, VaultError> {
        Ok(store.gate_key(which.name()).await?.map(|known| known.public))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_says_its_certificate_and_not_its_key() {
        let kept = SealedAuthority { key: Zeroizing::new(b"secret".to_vec()), pem: "public".into() };
        assert_eq!(format!("{kept:?}"), "SealedAuthority { pem: \"public\", .. }");
        assert_ne!(TlsAuthority::Gate.place(), TlsAuthority::Local.place());
        assert_ne!(TlsAuthority::Gate.name(), TlsAuthority::Local.name());
    }
}
