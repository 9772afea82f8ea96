//! One SQL text for two engines: a pool or a connection of either, and macros that run a `$1`-style text on it.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool};
use tokio::time::timeout;

use crate::StoreError;

/// How long a connection may take to be had.
const ACQUIRE: Duration = Duration::from_secs(2);
/// How long SQLite waits for another process's lock.
const BUSY: Duration = Duration::from_secs(4);
/// How long one statement may take; longer than what the engines themselves are told, so that it is they who say why.
const STATEMENT: Duration = Duration::from_secs(6);
/// How long saying goodbye to a broken connection may take.
const GOODBYE: Duration = Duration::from_secs(1);
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
            $crate::db::Conn::Lite(c) => {
                $crate::db::bounded(sqlx::query_as::<_, $row>($text)$(.bind($bind))*.$verb(&mut **c)).await
            }
            $crate::db::Conn::Pg(c) => {
                $crate::db::bounded(sqlx::query_as::<_, $row>($text)$(.bind($bind))*.$verb(&mut **c)).await
            }
        }
    };
}

/// Runs a statement on either engine; the number of rows that it changed.
macro_rules! exec {
    ($conn:expr, $text:expr $(, $bind:expr)* $(,)?) => {
        match $conn {
            $crate::db::Conn::Lite(c) => {
                let done = $crate::db::bounded(sqlx::query($text)$(.bind($bind))*.execute(&mut **c)).await;
                done.map(|done| done.rows_affected())
            }
            $crate::db::Conn::Pg(c) => {
                let done = $crate::db::bounded(sqlx::query($text)$(.bind($bind))*.execute(&mut **c)).await;
                done.map(|done| done.rows_affected())
            }
        }
    };
}

pub(crate) use {exec, sql};

/// A database that says nothing is away: no statement waits for ever.
pub(crate) async fn bounded<T>(
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let silent = || Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    timeout(STATEMENT, answer).await.unwrap_or_else(|_| silent())
}

/// Whether a missing SQLite file is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Create,
    /// A file that is not there is a database that is gone, never an empty ledger.
    Refuse,
}

impl Db {
    /// Opens a pool; connects when first used.
    pub(crate) fn open(url: &str, missing: Missing) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            if url.contains(":memory:") || url.contains("mode=memory") {
                return Err(StoreError::Url(url.to_owned()));
            }
            let options = SqliteConnectOptions::from_str(url)
                .map_err(|_| StoreError::Url(url.to_owned()))?
                .create_if_missing(missing == Missing::Create)
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                // FULL: a committed fact survives a loss of power, not only of the process.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY);
            let place = Arc::new(Place::default());
            let file: Arc<Path> = options.get_filename().into();
            let pool = SqlitePoolOptions::new()
                .max_connections(CONNECTIONS)
                .acquire_timeout(ACQUIRE)
                .before_acquire(move |_, about| {
                    let same = place.is_as_opened(&file, about.age);
                    Box::pin(std::future::ready(same))
                });
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
        // Boxed: everything that may ever ask the database would be 4 KiB larger for as long as it lives.
        Ok(match self {
            Self::Lite(pool) => Conn::Lite(Box::pin(pool.acquire()).await?),
            Self::Pg(pool) => Conn::Pg(Box::pin(pool.acquire()).await?),
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
                sqlx::query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .execute(&mut **c)
                    .await
                    .map(drop)?;
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
            Self::Lite(c) => drop(timeout(GOODBYE, c.close()).await),
            Self::Pg(c) => drop(timeout(GOODBYE, c.close()).await),
        }
    }
}

/// Which file SQLite's path names. A connection to a file that was moved away or replaced would go on writing where
/// nobody looks; it is closed instead, and the next one opens what is there.
#[derive(Default)]
struct Place {
    /// Device and inode, and since when they are known.
    known: Mutex<Option<((u64, u64), Instant)>>,
}

impl Place {
    fn is_as_opened(&self, file: &Path, connection_age: Duration) -> Result<bool, sqlx::Error> {
        let about = std::fs::metadata(file)?;
        let found = (about.dev(), about.ino());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match *known {
            Some((same, since)) if same == found => Ok(connection_age <= since.elapsed()),
            Some(_) => {
                *known = Some((found, Instant::now()));
                Ok(false)
            }
            None => {
                // The first connection is the one that is asked about.
                *known =
                    Some((found, Instant::now().checked_sub(connection_age).unwrap_or_else(Instant::now)));
                Ok(true)
            }
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
