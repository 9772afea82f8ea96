//! The numbered migrations, one text for both engines, applied in order, each in a transaction.

use aws_lc_rs::digest::{SHA256, digest};

use crate::StoreError;
use crate::db::{Db, exec, sql};

/// Number and text of each migration. A text never changes once it has been released.
const MIGRATIONS: &[(i64, &str)] = &[(1, include_str!("../../../migrations/0001_first.sql"))];

/// Applies what is missing.
pub(crate) async fn migrate(db: &Db) -> Result<(), StoreError> {
    let mut conn = db.conn().await?;
    exec!(
        &mut conn,
        "CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, checksum TEXT NOT NULL, applied_us BIGINT NOT NULL)"
    )?;
    conn.begin().await?;
    let applied: Vec<(i64, String)> =
        sql!(fetch_all &mut conn, (i64, String), "SELECT number, checksum FROM migrations ORDER BY number")?;
    for (number, checksum) in &applied {
        let known = MIGRATIONS.iter().find(|(ours, _)| ours == number);
        if known.is_none_or(|(_, text)| fingerprint(text) != *checksum) {
            conn.abandon().await;
            return Err(StoreError::Migration(*number));
        }
    }
    for (number, text) in MIGRATIONS.iter().filter(|(number, _)| !applied.iter().any(|(done, _)| done == number)) {
        for statement in statements(text) {
            exec!(&mut conn, statement)?;
        }
        let now = jiff::Timestamp::now().as_microsecond();
        exec!(&mut conn, "INSERT INTO migrations VALUES ($1, $2, $3)", *number, fingerprint(text), now)?;
    }
    conn.commit().await
}

/// Statements end with a semicolon at the end of a line; comments are whole lines.
fn statements(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(";\n").map(str::trim).filter(|statement| {
        statement.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"))
    })
}

fn fingerprint(text: &str) -> String {
    hex::encode(digest(&SHA256, text.as_bytes()))
}
