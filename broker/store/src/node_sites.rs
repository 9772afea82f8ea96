//! Where each node serves its pages, for links from one node's pages to another's.

use crate::db::{exec, sql};
use crate::{Store, StoreError, Tx};

impl Tx {
    /// Keeps where a node serves its pages: the last word counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn node_is_at(&mut self, node: &str, site: &str) -> Result<(), StoreError> {
        exec!(
            &mut self.conn,
            "INSERT INTO nodes (name, site, told_us) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET site = $2, told_us = $3",
            node,
            site,
            self.now.as_microsecond()
        )?;
        Ok(())
    }
}

impl Store {
    /// What links to a node's pages begin with, if it has said so.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn site_of(&self, node: &str) -> Result<Option<String>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(fetch_optional &mut conn, (String,), "SELECT site FROM nodes WHERE name = $1", node)?;
        Ok(row.map(|(site,)| site))
    }
}
