//! The database behind the gate: which one it is, and a way to look at it and to tamper with it behind the gate's back.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::machine::{must, program, word};
use crate::postgres::{Postgres, binary};
use crate::process::Process;

/// Which database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    #[default]
    Sqlite,
    /// What several nodes share.
    Postgresql,
}

/// The database of a house.
pub enum Database {
    /// A file, and somebody who keeps it locked while it is down.
    Sqlite(PathBuf, Option<Process>),
    /// A private cluster.
    Postgresql(Postgres),
}

impl Database {
    /// Prepares one; the gate makes its tables.
    ///
    /// # Panics
    /// When PostgreSQL does not come up.
    #[must_use]
    pub fn prepare(engine: Engine, folder: &Path) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(folder.join("chaperone.db"), None),
            Engine::Postgresql => Self::Postgresql(Postgres::start()),
        }
    }

    /// Where it is, as `init --database` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(path, _) => format!("sqlite:{}", path.display()),
            Self::Postgresql(postgres) => postgres.url(),
        }
    }

    /// The rows of a query.
    ///
    /// # Panics
    /// When the database refuses it.
    #[track_caller]
    #[must_use]
    pub fn rows(&self, query: &str) -> Vec<Value> {
        let said = match self {
            Self::Sqlite(path, _) => must(Command::new(program("sqlite3", "sqlite3")).args([
                "-readonly",
                "-json",
                "-cmd",
                ".timeout 10000",
                word(path),
                query,
            ])),
            Self::Postgresql(_) => self.psql(&format!("SELECT coalesce(json_agg(q), '[]') FROM ({query}) q")),
        };
        if said.trim().is_empty() {
            return Vec::new();
        }
        serde_json::from_str(&said)
            .unwrap_or_else(|error| panic!("the rows of {query:?} are no JSON ({error}): {said}"))
    }

    /// Changes it behind the gate's back.
    ///
    /// # Panics
    /// When the database refuses it.
    #[track_caller]
    pub fn tamper(&self, statement: &str) {
        match self {
            Self::Sqlite(path, _) => {
                must(Command::new(program("sqlite3", "sqlite3")).args([
                    "-bail",
                    "-cmd",
                    ".timeout 10000",
                    word(path),
                    statement,
                ]));
            }
            Self::Postgresql(_) => drop(self.psql(statement)),
        }
    }

    /// Takes the guards off a table, as somebody who owns the database can.
    ///
    /// # Panics
    /// When the database refuses it.
    #[track_caller]
    pub fn unguard(&self, table: &str) {
        match self {
            Self::Sqlite(..) => {
                let guards = self.rows(&format!(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"
                ));
                for guard in guards.iter().filter_map(|row| row.get("name")?.as_str()) {
                    self.tamper(&format!("DROP TRIGGER {guard}"));
                }
            }
            Self::Postgresql(_) => self.tamper(&format!("ALTER TABLE {table} DISABLE TRIGGER ALL")),
        }
    }

    #[track_caller]
    fn psql(&self, statement: &str) -> String {
        let mut psql = Command::new(binary("psql"));
        must(psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.url(), "-c", statement]))
    }

    /// Takes it away while the gate goes on: PostgreSQL is shut down, SQLite's file is locked by another process.
    ///
    /// # Panics
    /// When it cannot be taken away.
    pub fn fall(&mut self) {
        match self {
            Self::Sqlite(path, lock) => {
                let mut holder = Command::new(program("sqlite3", "sqlite3"));
                holder.args(["-bail", "-cmd", ".timeout 10000", word(path)]);
                holder.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
                let mut holder = Process::start("sqlite3", &mut holder);
                let child = holder.child();
                let asked = child
                    .stdin
                    .as_mut()
                    .map(|input| input.write_all(b"BEGIN EXCLUSIVE;\nSELECT 'locked';\n"));
                asked.expect("sqlite3 has an input").expect("sqlite3 reads it");
                let mut said = [0; 6];
                let out = child.stdout.as_mut().expect("sqlite3 has an output");
                std::io::Read::read_exact(out, &mut said).expect("sqlite3 holds the lock");
                *lock = Some(holder);
            }
            Self::Postgresql(postgres) => postgres.fall(),
        }
    }

    /// Brings it back.
    ///
    /// # Panics
    /// When it does not come back.
    pub fn rise(&mut self) {
        match self {
            Self::Sqlite(_, lock) => *lock = None,
            Self::Postgresql(postgres) => postgres.rise(),
        }
    }

    /// Copies everything in it to a folder, as a backup does. The gate must not be running.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn back_up(&mut self, to: &Path) {
        match self {
            Self::Sqlite(path, _) => {
                must(
                    Command::new(program("sqlite3", "sqlite3"))
                        .args([word(path), &format!(".backup '{}'", to.display())]),
                );
            }
            Self::Postgresql(postgres) => postgres.back_up(to),
        }
    }

    /// Dumps a PostgreSQL into a file while it is used, as the operator's guide says.
    ///
    /// # Panics
    /// When it is none, or refuses.
    pub fn dump(&self, to: &Path) {
        assert!(matches!(self, Self::Postgresql(_)), "SQLite is copied by the gate itself");
        must(Command::new(binary("pg_dump")).args(["-Fc", "-d", &self.url(), "-f", word(to)]));
    }

    /// Loses everything in a PostgreSQL and puts a dump back, as the operator's guide says. The gate must not be running.
    ///
    /// # Panics
    /// When it is none, or refuses.
    pub fn load(&self, from: &Path) {
        self.tamper("DROP SCHEMA public CASCADE");
        self.tamper("CREATE SCHEMA public");
        must(Command::new(binary("pg_restore")).args([
            "--exit-on-error",
            "--no-owner",
            "-d",
            &self.url(),
            word(from),
        ]));
    }

    /// Goes back to that copy. The gate must not be running.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn restore(&mut self, from: &Path) {
        match self {
            Self::Sqlite(path, _) => {
                for beside in ["-wal", "-shm"] {
                    // They are there only if the last user of the database crashed.
                    drop(std::fs::remove_file(format!("{}{beside}", path.display())));
                }
                std::fs::copy(from, path).expect("the backup is copied over the database");
            }
            Self::Postgresql(postgres) => postgres.restore(from),
        }
    }
}
