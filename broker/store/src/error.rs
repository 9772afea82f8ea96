//! What can go wrong between us and the database.

use chaperone_recorder::ledger::{CanonicalError, NoteError, ProofError, TreeError};

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer.
    #[error("the database does not answer")]
    Gone(#[source] Option<sqlx::Error>),
    /// The database is older than what this node has signed; it was restored or failed over.
    #[error(
        "the database went back, or has another history: it holds {found} facts, this node knows of {signed}"
    )]
    WentBack {
        /// Facts in the database.
        found: u64,
        /// Facts in the newest checkpoint of this node, or that it has seen since it started.
        signed: u64,
    },
    /// The ledger is not forked.
    #[error("the ledger is not forked: {0}")]
    NoFork(&'static str),
    /// A name is taken.
    #[error("there is one already: {0}")]
    Duplicate(String),
    /// No such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The database said no.
    #[error("the database refused a statement")]
    Database(#[source] sqlx::Error),
    /// A stored value is not what was stored.
    #[error("a stored {what} cannot be read")]
    Corrupt {
        /// Which.
        what: &'static str,
        /// How.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// A fact's body has no canonical form.
    #[error("a fact's body has no canonical form")]
    Canonical(#[from] CanonicalError),
    /// The ledger's head is damaged.
    #[error("the ledger's head cannot be read")]
    Tree(#[from] TreeError),
    /// There is no such proof.
    #[error(transparent)]
    NoProof(ProofError),
    /// A checkpoint cannot be signed or read.
    #[error("a checkpoint cannot be signed or read")]
    Note(#[from] NoteError),
    /// A migration that was applied has changed, or an unknown one is there.
    #[error("migration {0} in the database is not this program's: it was made by another version")]
    Migration(i64),
    /// A migration is missing.
    #[error("migration {0} is missing in the database: run `chaperone init` or `chaperone migrate` first")]
    NotMigrated(i64),
    /// A file beside the database.
    #[error("{what}")]
    File {
        /// What was tried.
        what: &'static str,
        /// How it failed.
        source: std::io::Error,
    },
    /// The URL names no database that we know, or one that a loss of power would empty.
    #[error("{0:?} is no database URL: it is sqlite:FILE or postgres://…")]
    Url(String),
    /// The spool is full.
    #[error("the spool is full")]
    SpoolFull,
}

impl StoreError {
    /// Whether waiting may help: the database is away, and nothing was decided.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Gone(_) | Self::WentBack { .. })
    }

    pub(crate) fn corrupt(what: &'static str) -> impl FnOnce(serde_json::Error) -> Self {
        move |source| Self::Corrupt { what, source: Some(source) }
    }

    pub(crate) fn file(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File { what, source }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(said) if said.is_unique_violation() => {
                Self::Duplicate(said.message().to_owned())
            }
            sqlx::Error::Database(said) if !is_away(said.as_ref()) => Self::Database(error),
            sqlx::Error::RowNotFound => Self::NotFound("row"),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Database(error),
            _ => Self::Gone(Some(error)),
        }
    }
}

/// SQLite's primary codes for a file that is busy, read-only, full or damaged, and PostgreSQL's classes for a server
/// that is stopping, starting, out of resources, read-only, or held up by another's lock: away, not a refusal of the
/// statement.
fn is_away(said: &dyn sqlx::error::DatabaseError) -> bool {
    let Some(code) = said.code() else { return false };
    match code.parse::<u32>() {
        Ok(extended) if code.len() < 5 => matches!(extended & 0xff, 5 | 6 | 8 | 10 | 11 | 13 | 14 | 26),
        _ => ["08", "25006", "40", "53", "55P03", "57"].iter().any(|class| code.starts_with(class)),
    }
}
