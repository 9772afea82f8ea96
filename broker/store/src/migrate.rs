//! The numbered migrations, one text for both engines, applied in order in one transaction; and, in each engine's own
//! words, the triggers that keep the ledger as it was written (`append_only.rs`).

use aws_lc_rs::digest::{SHA256, digest};
use chaperone_recorder::ledger::CompactRange;

use crate::StoreError;
use crate::db::{Conn, Db, exec, sql};
use crate::{append_only, nodes};

/// Number and text of each migration. A text never changes once it has been released.
const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("../../../migrations/0001_first.sql")),
    (2, include_str!("../../../migrations/0002_sign_in.sql")),
    (3, include_str!("../../../migrations/0003_notices.sql")),
    (4, include_str!("../../../migrations/0004_long_lists.sql")),
    (5, include_str!("../../../migrations/0005_ledger_nodes.sql")),
    (6, include_str!("../../../migrations/0006_keeping.sql")),
    (7, include_str!("../../../migrations/0007_authorities.sql")),
    (8, include_str!("../../../migrations/0008_target_leg.sql")),
    (9, include_str!("../../../migrations/0009_uploads.sql")),
    (10, include_str!("../../../migrations/0010_visits.sql")),
    (11, include_str!("../../../migrations/0011_spent_proofs.sql")),
    (12, include_str!("../../../migrations/0012_nodes.sql")),
];

/// Nodes that start together take turns; the number is ours alone.
const TURN: &str = "SELECT pg_advisory_xact_lock(7241538861)";

const APPLIED: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number BIGINT PRIMARY KEY, checksum TEXT NOT NULL, applied_us BIGINT NOT NULL)";

/// Applies what is missing. A crash leaves the database as it was before, or migrated.
pub(crate) async fn migrate(db: &Db) -> Result<(), StoreError> {
    let mut conn = db.conn().await?;
    let done = all(&mut conn).await;
    if done.is_err() {
        conn.abandon().await;
    }
    done
}

/// That a database has every migration of ours, as we know it.
pub(crate) async fn check(conn: &mut Conn) -> Result<(), StoreError> {
    let applied = match applied(conn).await {
        // Without the table nothing was ever applied.
        Err(StoreError::Database(_)) => Vec::new(),
        other => other?,
    };
    match MIGRATIONS.iter().find(|(number, _)| !applied.contains(number)) {
        Some((number, _)) => Err(StoreError::NotMigrated(*number)),
        None => Ok(()),
    }
}

async fn all(conn: &mut Conn) -> Result<(), StoreError> {
    conn.begin().await?;
    let keep = match conn {
        Conn::Lite(_) => append_only::ON_SQLITE,
        Conn::Pg(pg) => {
            sqlx::query(TURN).execute(&mut **pg).await?;
            append_only::ON_POSTGRES
        }
    };
    exec!(conn, APPLIED)?;
    let applied = applied(conn).await?;
    for (number, text) in MIGRATIONS.iter().filter(|(number, _)| !applied.contains(number)) {
        for statement in statements(text) {
            exec!(conn, statement)?;
        }
        let now = jiff::Timestamp::now().as_microsecond();
        exec!(conn, "INSERT INTO migrations VALUES ($1, $2, $3)", *number, fingerprint(text), now)?;
    }
    for statement in keep {
        exec!(conn, *statement)?;
    }
    // The row that writers lock exists before the first of them comes.
    exec!(
        conn,
        "INSERT INTO ledger_head (id, size, frontier, policy_version)
         SELECT 1, 0, $1, 0 WHERE NOT EXISTS (SELECT 1 FROM ledger_head)",
        CompactRange::new().to_bytes()
    )?;
    nodes::fill(conn).await?;
    conn.commit().await
}

/// The numbers of those applied, all of them ours.
async fn applied(conn: &mut Conn) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64, String)> =
        sql!(fetch_all conn, (i64, String), "SELECT number, checksum FROM migrations ORDER BY number")?;
    rows.into_iter()
        .map(|(number, checksum)| {
            let known = MIGRATIONS.iter().find(|(ours, _)| *ours == number);
            let ours = known.is_some_and(|(_, text)| fingerprint(text) == checksum);
            if ours { Ok(number) } else { Err(StoreError::Migration(number)) }
        })
        .collect()
}

/// Statements end with a semicolon at the end of a line; comments are whole lines.
pub(crate) fn statements(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(";\n").map(str::trim).filter(|statement| {
        statement.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"))
    })
}

pub(crate) fn fingerprint(text: &str) -> String {
    hex::encode(digest(&SHA256, text.as_bytes()))
}
