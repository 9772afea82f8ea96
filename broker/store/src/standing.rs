//! How the ledger stands, for those who watch over it.

use crate::db::{count, sql};
use crate::{FactKind, Store, StoreError};

impl Store {
    /// Whether the database holds less than this node has signed, so that nothing is appended until `fork_ledger`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn went_back(&self) -> Result<bool, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        self.shared().guard.went_back(&mut conn).await
    }

    /// How many facts of a kind there are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_facts(&self, kind: FactKind) -> Result<u64, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: Option<(i64,)> = sql!(fetch_optional &mut conn, (i64,), "SELECT COUNT(*) FROM facts WHERE kind = $1", kind.as_str())?;
        Ok(row.map_or(0, |(number,)| count(number)))
    }
}
