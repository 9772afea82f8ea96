//! Sealed credentials of targets, one in a slot: an account's, or one of its TLS service's. The store sees ciphertext only.

use chaperone_policy::{AccountName, PersonId, TargetId};
use serde_json::{Value, json};

use crate::db::{exec, sql};
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// A sealed credential.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedRow {
    /// What kind of credential: the vault's word.
    pub kind: String,
    /// The vault's ciphertext.
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for SealedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedRow").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Where a credential of a target is kept. No account has a colon in its name: none takes another's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot<'a> {
    /// An account's on its SSH server.
    Account(&'a AccountName),
    /// The key of the certificate that the gate shows to its TLS service.
    TlsKey,
    /// What the gate signs in to its web console with.
    ConsoleSignIn,
}

impl<'a> From<&'a AccountName> for Slot<'a> {
    fn from(account: &'a AccountName) -> Self {
        Self::Account(account)
    }
}

impl Slot<'_> {
    /// The stored name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Account(account) => account.as_str(),
            Self::TlsKey => "tls:client-key",
            Self::ConsoleSignIn => "tls:sign-in",
        }
    }

    /// What a fact says of it.
    fn told(&self, kind: Option<&str>) -> Value {
        match self {
            Self::Account(account) => json!({ "account": account, "kind": kind }),
            Self::TlsKey => json!({ "account": null, "for": "client certificate", "kind": kind }),
            Self::ConsoleSignIn => json!({ "account": null, "for": "console sign-in", "kind": kind }),
        }
    }
}

impl Tx {
    /// Stores a sealed credential in place of the one before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_secret(
        &mut self,
        target: TargetId,
        slot: impl Into<Slot<'_>> + Send,
        row: &SealedRow,
        by: PersonId,
    ) -> Result<(), StoreError> {
        let slot = slot.into();
        exec!(
            &mut self.conn,
            "INSERT INTO secrets (target_id, account, kind, sealed) VALUES ($1, $2, $3, $4)
             ON CONFLICT (target_id, account) DO UPDATE SET kind = $3, sealed = $4",
            target.0,
            slot.as_str(),
            row.kind.as_str(),
            row.sealed.clone()
        )?;
        let body = slot.told(Some(&row.kind));
        self.fact(NewFact::new(FactKind::CredentialSealed, self.now, body).by(by).on(target)).await.map(drop)
    }

    /// Forgets a sealed credential; a fact where there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_secret(
        &mut self,
        target: TargetId,
        slot: impl Into<Slot<'_>> + Send,
        by: PersonId,
    ) -> Result<bool, StoreError> {
        let slot = slot.into();
        let gone = exec!(
            &mut self.conn,
            "DELETE FROM secrets WHERE target_id = $1 AND account = $2",
            target.0,
            slot.as_str()
        )?;
        if gone == 0 {
            return Ok(false);
        }
        let body = slot.told(None);
        let fact = NewFact::new(FactKind::CredentialRemoved, self.now, body).by(by).on(target);
        self.fact(fact).await.map(|_| true)
    }
}

impl Store {
    /// The sealed credential in a slot, if there is one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn secret(
        &self,
        target: TargetId,
        slot: impl Into<Slot<'_>> + Send,
    ) -> Result<Option<SealedRow>, StoreError> {
        let slot = slot.into();
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(
            fetch_optional &mut conn, (String, Vec<u8>),
            "SELECT kind, sealed FROM secrets WHERE target_id = $1 AND account = $2",
            target.0, slot.as_str()
        )?;
        Ok(row.map(|(kind, sealed)| SealedRow { kind, sealed }))
    }
}
