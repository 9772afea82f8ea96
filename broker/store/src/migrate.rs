//! The numbered migrations, one text for both engines, applied in order in one transaction; and, in each engine's own
//! words, the triggers that keep facts as they were written.

use aws_lc_rs::digest::{SHA256, digest};
use chaperone_recorder::ledger::CompactRange;

use crate::StoreError;
use crate::db::{Conn, Db, exec, sql};

/// Number and text of each migration. A text never changes once it has been released.
const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("../../../migrations/0001_first.sql")),
    (2, include_str!("../../../migrations/0002_sign_in.sql")),
    (3, include_str!("../../../migrations/0003_notices.sql")),
    (4, include_str!("../../../migrations/0004_long_lists.sql")),
    (6, include_str!("../../../migrations/0006_keeping.sql")),
    (7, include_str!("../../../migrations/0007_bundles.sql")),
];

/// Nodes that start together take turns; the number is ours alone.
const TURN: &str = "SELECT pg_advisory_xact_lock(7241538861)";

const APPLIED: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number BIGINT PRIMARY KEY, checksum TEXT NOT NULL, applied_us BIGINT NOT NULL)";

/// A fact stays; retention may empty its body and salt, and nothing else of it changes. Retention says so in `emptying`,
/// within its own transaction, and only of what is long past by the database's own clock. Against mistakes: who owns
/// the database can drop a trigger, and then verification finds what they changed.
const KEEP_ON_SQLITE: &[&str] = &[
    "CREATE TRIGGER IF NOT EXISTS facts_stay BEFORE DELETE ON facts
     BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS facts_stand BEFORE UPDATE OF number, at_us, kind, node, person_id, vendor_id,
        target_id, window_id, session_id, attempt_id, tags, body_hash, leaf_hash ON facts
     BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END",
    "DROP TRIGGER IF EXISTS facts_only_empty",
    "CREATE TRIGGER facts_only_empty BEFORE UPDATE OF salt, body ON facts
     WHEN NEW.salt IS NOT NULL OR NEW.body IS NOT NULL
       OR NOT EXISTS (SELECT 1 FROM emptying WHERE OLD.at_us < before_us)
     BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END",
    "DROP TRIGGER IF EXISTS emptying_long_past",
    "CREATE TRIGGER emptying_long_past BEFORE INSERT ON emptying
     WHEN NEW.before_us > (CAST(strftime('%s', 'now') AS INTEGER) - 90 * 86400) * 1000000
     BEGIN SELECT RAISE(ABORT, 'facts keep their words for 90 days at least'); END",
    "CREATE TRIGGER IF NOT EXISTS emptying_stands BEFORE UPDATE ON emptying
     BEGIN SELECT RAISE(ABORT, 'retention says it anew'); END",
];
const KEEP_ON_POSTGRES: &[&str] = &[
    "CREATE OR REPLACE FUNCTION facts_stand() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
        IF TG_OP = 'UPDATE' AND NEW.salt IS NULL AND NEW.body IS NULL
           AND EXISTS (SELECT 1 FROM emptying WHERE OLD.at_us < before_us) THEN
            OLD.salt := NULL;
            OLD.body := NULL;
            IF NEW IS NOT DISTINCT FROM OLD THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'facts are append-only';
     END $$",
    "CREATE OR REPLACE TRIGGER facts_stand BEFORE UPDATE OR DELETE ON facts
     FOR EACH ROW EXECUTE FUNCTION facts_stand()",
    "CREATE OR REPLACE FUNCTION emptying_long_past() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
        IF TG_OP = 'INSERT'
           AND NEW.before_us <= (EXTRACT(EPOCH FROM clock_timestamp()) - 90 * 86400) * 1000000 THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'facts keep their words for 90 days at least';
     END $$",
    "CREATE OR REPLACE TRIGGER emptying_long_past BEFORE INSERT OR UPDATE ON emptying
     FOR EACH ROW EXECUTE FUNCTION emptying_long_past()",
];

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
        Conn::Lite(_) => KEEP_ON_SQLITE,
        Conn::Pg(pg) => {
            sqlx::query(TURN).execute(&mut **pg).await?;
            KEEP_ON_POSTGRES
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
        "INSERT INTO ledger_head (id, size, frontier, policy_version) VALUES (1, 0, $1, 0) ON CONFLICT (id) DO NOTHING",
        CompactRange::new().to_bytes()
    )?;
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
