//! What people were told because a time had come: each key once, whichever node comes first.

use jiff::Timestamp;

use crate::db::exec;
use crate::{Store, StoreError, Tx};

impl Tx {
    /// Marks a key as told; `false` when it was told before. Of several nodes that come at once, one hears `true`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tell_once(&mut self, key: &str) -> Result<bool, StoreError> {
        let new = exec!(
            &mut self.conn,
            "INSERT INTO told (key, told_us) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
            key,
            self.now.as_microsecond()
        )?;
        Ok(new > 0)
    }
}

impl Store {
    /// Forgets what was told before `before`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_told(&self, before: Timestamp) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                exec!(&mut tx.conn, "DELETE FROM told WHERE told_us < $1", before.as_microsecond())?;
                Ok::<_, StoreError>(())
            })
        })
        .await
    }
}
