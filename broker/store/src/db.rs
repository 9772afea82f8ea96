//! One SQL text for two engines: a pool or a connection of either, and macros that run a `$1`-style text on it.

use std::str::FromStr;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool};

use crate::StoreError;

/// How long a connection may take to be had.
const ACQUIRE: Duration = Duration::from_secs(2);
/// How long SQLite waits for another process's lock.
const BUSY: Duration = Duration::from_secs(4);
/// Connections of a node: one writes, the poll and a few readers use the others.
const CONNECTIONS: u32 = 6;

/// A pool of either engine.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    Lite(SqlitePool),
    Pg(PgPool),
}

/// A connection of either engine.
pub(crate) enum Conn {
    Lite(PoolConnection<Sqlite>),
    Pg(PoolConnection<Postgres>),
}

/// Runs a query on either engine; `Result<_, sqlx::Error>`. The row type is a tuple.
macro_rules! sql {
    ($verb:ident $conn:expr, $row:ty, $text:expr $(, $bind:expr)* $(,)?) => {
        match $conn {
            $crate::db::Conn::Lite(c) => sqlx::query_as::<_, $row>($text)$(.bind($bind))*.$verb(&mut **c).await,
            $crate::db::Conn::Pg(c) => sqlx::query_as::<_, $row>($text)$(.bind($bind))*.$verb(&mut **c).await,
        }
    };
}

/// Runs a statement on either engine; the number of rows that it changed.
macro_rules! exec {
    ($conn:expr, $text:expr $(, $bind:expr)* $(,)?) => {
        match $conn {
            $crate::db::Conn::Lite(c) => {
                sqlx::query($text)$(.bind($bind))*.execute(&mut **c).await.map(|done| done.rows_affected())
            }
            $crate::db::Conn::Pg(c) => {
                sqlx::query($text)$(.bind($bind))*.execute(&mut **c).await.map(|done| done.rows_affected())
            }
        }
    };
}

pub(crate) use {exec, sql};

impl Db {
    /// Opens a pool; connects when first used.
    pub(crate) fn open(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)
                .map_err(|_| StoreError::Url(url.to_owned()))?
                .create_if_missing(true)
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                // FULL: a committed fact survives a loss of power, not only of the process.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY);
            let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(ACQUIRE);
            return Ok(Self::Lite(pool.connect_lazy_with(options)));
        }
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Url(url.to_owned()))?;
            let options = options.options([("statement_timeout", "5000"), ("lock_timeout", "4000")]);
            let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(ACQUIRE);
            return Ok(Self::Pg(pool.connect_lazy_with(options)));
        }
        Err(StoreError::Url(url.to_owned()))
    }

    pub(crate) async fn conn(&self) -> Result<Conn, StoreError> {
        Ok(match self {
            Self::Lite(pool) => Conn::Lite(pool.acquire().await?),
            Self::Pg(pool) => Conn::Pg(pool.acquire().await?),
        })
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Lite(pool) => pool.close().await,
            Self::Pg(pool) => pool.close().await,
        }
    }
}

impl Conn {
    /// Begins a transaction that writes.
    pub(crate) async fn begin(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Lite(c) => sqlx::query("BEGIN IMMEDIATE").execute(&mut **c).await.map(drop)?,
            Self::Pg(c) => sqlx::query("BEGIN").execute(&mut **c).await.map(drop)?,
        }
        Ok(())
    }

    /// Begins a transaction that reads one state of the database.
    pub(crate) async fn begin_reading(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Lite(c) => sqlx::query("BEGIN").execute(&mut **c).await.map(drop)?,
            Self::Pg(c) => {
                sqlx::query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut **c).await.map(drop)?;
            }
        }
        Ok(())
    }

    pub(crate) async fn commit(&mut self) -> Result<(), StoreError> {
        exec!(self, "COMMIT")?;
        Ok(())
    }

    /// Closes the connection instead of giving it back: whatever it was in the middle of is undone by the server.
    pub(crate) async fn abandon(self) {
        // An error here leaves nothing to do: the connection is dropped either way.
        match self {
            Self::Lite(c) => drop(c.close().await),
            Self::Pg(c) => drop(c.close().await),
        }
    }
}

/// Counts and numbers are `BIGINT`s; none comes near the end of its range.
pub(crate) fn big(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A `BIGINT` that was written by [`big`].
pub(crate) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
