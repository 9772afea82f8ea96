//! The derived store's own migrations, and, in each engine's own words, its index of words.

use crate::StoreError;
use crate::db::{Conn, Db, exec, sql};
use crate::migrate::{fingerprint, statements};

/// Number and text of each migration. A text never changes once it has been released.
const MIGRATIONS: &[(i64, &str)] = &[(1, include_str!("../../../../migrations/derived/0001_first.sql"))];

/// Desks that start together take turns; the number is ours alone.
const TURN: &str = "SELECT pg_advisory_xact_lock(7241538862)";

const APPLIED: &str = "CREATE TABLE IF NOT EXISTS derived_migrations (
    number BIGINT PRIMARY KEY, checksum TEXT NOT NULL, applied_us BIGINT NOT NULL)";

/// What is kept besides the lines is their words, with one space between: nothing else may separate them again.
const WORDS_ON_SQLITE: &[&str] = &["CREATE VIRTUAL TABLE IF NOT EXISTS derived_words USING fts5(
    words, content='', contentless_delete=1, tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'\")"];
const WORDS_ON_POSTGRES: &[&str] = &[
    "ALTER TABLE derived_lines ADD COLUMN IF NOT EXISTS words tsvector NOT NULL",
    "CREATE INDEX IF NOT EXISTS derived_lines_words ON derived_lines USING gin (words)",
];

/// Applies what is missing. A crash leaves the store as it was before, or migrated.
pub(super) async fn migrate(db: &Db) -> Result<(), StoreError> {
    let mut conn = db.conn().await?;
    let done = all(&mut conn).await;
    if done.is_err() {
        conn.abandon().await;
    }
    done
}

async fn all(conn: &mut Conn) -> Result<(), StoreError> {
    conn.begin().await?;
    let words = match conn {
        Conn::Lite(_) => WORDS_ON_SQLITE,
        Conn::Pg(pg) => {
            sqlx::query(TURN).execute(&mut **pg).await?;
            WORDS_ON_POSTGRES
        }
    };
    exec!(&mut *conn, APPLIED)?;
    let applied = sql!(fetch_all &mut *conn, (i64, String),
        "SELECT number, checksum FROM derived_migrations ORDER BY number")?;
    for (number, checksum) in &applied {
        let ours = MIGRATIONS.iter().any(|(known, text)| known == number && fingerprint(text) == *checksum);
        if !ours {
            return Err(StoreError::Migration(*number));
        }
    }
    for (number, text) in MIGRATIONS.iter().skip(applied.len()) {
        for statement in statements(text) {
            exec!(&mut *conn, statement)?;
        }
        let now = jiff::Timestamp::now().as_microsecond();
        exec!(
            &mut *conn,
            "INSERT INTO derived_migrations VALUES ($1, $2, $3)",
            *number,
            fingerprint(text),
            now
        )?;
    }
    for statement in words {
        exec!(&mut *conn, *statement)?;
    }
    conn.commit().await
}
