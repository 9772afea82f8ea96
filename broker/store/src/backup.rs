//! A copy of the embedded database while nodes use it, and putting one back. PostgreSQL has its own tools for both.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;

use crate::db::{Conn, Db, Missing};
use crate::{Store, StoreError};

impl Store {
    /// Copies the database as it is at one moment into a file that must not exist, durably; `false` where it is a
    /// PostgreSQL, which copies itself. Nobody who writes waits for long: SQLite's readers keep nobody from writing.
    ///
    /// # Errors
    /// When it cannot be read, or the copy not be written; what there is of it then is no copy.
    pub async fn back_up(url: &str, to: &Path) -> Result<bool, StoreError> {
        let db = Db::open(url, Missing::Refuse)?;
        let mut conn = db.conn().await?;
        let Conn::Lite(lite) = &mut conn else { return Ok(false) };
        // Not bounded in time as other statements are: a large database takes minutes.
        let path = to.to_string_lossy().into_owned();
        sqlx::query("VACUUM INTO $1").bind(path).execute(&mut **lite).await?;
        drop(conn);
        db.close().await;
        let copied = std::fs::File::open(to).and_then(|file| file.sync_all());
        copied.map_err(StoreError::file("make the copy of the database durable"))?;
        Ok(true)
    }

    /// The file of an embedded database; `None` where it is a PostgreSQL.
    ///
    /// # Errors
    /// When the URL names no database.
    pub fn file_of(url: &str) -> Result<Option<PathBuf>, StoreError> {
        if !url.starts_with("sqlite:") {
            return Ok(None);
        }
        let options: SqliteConnectOptions = url.parse().map_err(|_| StoreError::Url(url.to_owned()))?;
        Ok(Some(options.get_filename().to_owned()))
    }
}
