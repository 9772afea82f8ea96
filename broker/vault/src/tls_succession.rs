//! Replacing a TLS authority: the next one is made beside it, on somebody's word, and both are trusted, until the old one
//! is retired. Each step is one commit with its fact.

use chaperone_policy::PersonId;
use chaperone_store::{GateKey, Store, StoreError};
use jiff::{SignedDuration, Timestamp};

use crate::{SealedAuthority, TlsAuthority, Vault, VaultError};

/// The certificates of an authority, and of the one that takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsAuthorities {
    /// Of the one that counts (PEM).
    pub pem: String,
    /// The one that waits, where there is one: it counts beside it.
    pub next: Option<NextAuthority>,
}

/// An authority that waits to take the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextAuthority {
    /// Its certificate (PEM).
    pub pem: String,
    /// When it was made.
    pub made: Timestamp,
}

impl TlsAuthorities {
    /// The certificates of both, one after the other (PEM): what is to be trusted now.
    #[must_use]
    pub fn trusted(&self) -> String {
        let Some(next) = &self.next else { return self.pem.clone() };
        format!("{}\n{}", self.pem.trim_end(), next.pem)
    }
}

/// What became of the wish to retire an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retiring {
    /// It counts no longer.
    Done,
    /// Nothing waits to take its place.
    NoneWaits,
    /// The next one has not stood beside it for long enough; it will have from then on.
    Early(Timestamp),
}

impl Vault {
    /// The certificates of an authority and of the one that waits, if it has been made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tls_authorities(
        &self,
        store: &Store,
        which: TlsAuthority,
    ) -> Result<Option<TlsAuthorities>, VaultError> {
        let name = which.name();
        // The one that waits is read first: it is never missed because it took the other's place in between.
        let (next, made) = (store.next_gate_key(name).await?, store.gate_key_waits_since(name).await?);
        let next = next.zip(made).map(|(next, made)| NextAuthority { pem: next.public, made });
        let known = store.gate_key(name).await?.map(|known| known.public);
        Ok(known.map(|pem| TlsAuthorities { next: next.filter(|next| next.pem != pem), pem }))
    }

    /// The authority that waits, opened to sign.
    ///
    /// # Errors
    /// When none waits, or it does not open.
    pub async fn next_tls_authority(
        &self,
        store: &Store,
        which: TlsAuthority,
    ) -> Result<SealedAuthority, VaultError> {
        let next = store.next_gate_key(which.name()).await?.ok_or(VaultError::Missing)?;
        let key = self.unseal(which.place(), &next.sealed)?;
        Ok(SealedAuthority { key, pem: next.public })
    }

    /// Keeps the authority that is to take another's place, on somebody's word. `false` where one waits already.
    ///
    /// # Errors
    /// When the system has no randomness, or the database does not answer.
    pub async fn succeed_tls_authority(
        &self,
        store: &Store,
        which: TlsAuthority,
        made: SealedAuthority,
        (by, reason): (PersonId, String),
    ) -> Result<bool, VaultError> {
        let sealed = self.seal(which.place(), &made.key)?;
        let key = GateKey { public: made.pem, sealed };
        let kept = store.write(move |tx| {
            Box::pin(async move { tx.succeed_gate_key(which.name(), &key, (by, &reason)).await })
        });
        Ok(kept.await?)
    }

    /// Retires an authority for the one that waits, on somebody's word, once that has stood beside it for so long.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retire_tls_authority(
        &self,
        store: &Store,
        which: TlsAuthority,
        after: SignedDuration,
        (by, reason): (PersonId, String),
    ) -> Result<Retiring, VaultError> {
        let retiring = store.write(move |tx| {
            Box::pin(async move {
                let Some(made) = tx.gate_key_waits_since(which.name()).await? else {
                    return Ok(Retiring::NoneWaits);
                };
                let from = made.checked_add(after).unwrap_or(Timestamp::MAX);
                if tx.now() < from {
                    return Ok(Retiring::Early(from));
                }
                let retired = tx.retire_gate_key(which.name(), (by, &reason)).await?;
                Ok::<_, StoreError>(if retired { Retiring::Done } else { Retiring::NoneWaits })
            })
        });
        Ok(retiring.await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_trusted_is_each_certificate_on_lines_of_its_own() {
        let alone = TlsAuthorities { pem: "old".into(), next: None };
        assert_eq!(alone.trusted(), "old");
        let next = NextAuthority { pem: "new\n".into(), made: Timestamp::UNIX_EPOCH };
        assert_eq!(TlsAuthorities { next: Some(next), ..alone }.trusted(), "old\nnew\n");
    }
}
