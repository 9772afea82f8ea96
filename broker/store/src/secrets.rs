//! Sealed credentials of targets. The store sees ciphertext only.

use chaperone_policy::{AccountName, PersonId, TargetId};
use serde_json::json;

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

impl Tx {
    /// Stores a sealed credential in place of the one before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_secret(
        &mut self,
        target: TargetId,
        account: &AccountName,
        row: &SealedRow,
        by: PersonId,
    ) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "INSERT INTO secrets (target_id, account, kind, sealed) VALUES ($1, $2, $3, $4)
             ON CONFLICT (target_id, account) DO UPDATE SET kind = $3, sealed = $4",
            target.0,
            account.as_str(),
            row.kind.as_str(),
            row.sealed.clone()
        )?;
        let body = json!({ "account": account, "kind": row.kind });
        self.fact(NewFact::new(FactKind::CredentialSealed, self.now, body).by(by).on(target)).await.map(drop)
    }
}

impl Store {
    /// The sealed credential of an account, if there is one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn secret(
        &self,
        target: TargetId,
        account: &AccountName,
    ) -> Result<Option<SealedRow>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(
            fetch_optional &mut conn, (String, Vec<u8>),
            "SELECT kind, sealed FROM secrets WHERE target_id = $1 AND account = $2",
            target.0, account.as_str()
        )?;
        Ok(row.map(|(kind, sealed)| SealedRow { kind, sealed }))
    }
}
