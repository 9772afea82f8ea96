//! The only SQL: one text for SQLite and PostgreSQL, one writer, numbered facts, the change feed.
//!
//! ```text
//!   command ─▶ queue ─▶ writer: BEGIN, lock head ─▶ each: SAVEPOINT, tables, facts, reactions ─▶ head, COMMIT ─▶ answers
//!                                                                                                  │
//!   facts() ◀─ snapshot ◀─ feed (in process, NOTIFY, 200 ms poll) ◀──────────────────────────────────┘
//! ```
//!
//! What is committed together: a fact, its leaf, what it changed in the tables, and what a [`Reaction`] made of it
//! (alert, outbox). This layer decides nothing: callers bring transitions that `policy` made. Entry points:
//! [`Store::open`], [`Store::write`], [`Store::facts`].

mod alerts;
mod append_only;
mod authorities;
mod backup;
mod bundle;
mod consoles;
mod db;
mod derived;
mod destinations;
mod drain;
mod emptying;
mod error;
mod expiry;
mod fact;
mod fact_search;
mod factors;
mod facts;
mod feed;
mod gate_keys;
mod growth;
mod guard;
mod holds;
mod host_keys;
mod ledger;
mod lost;
mod migrate;
mod more_time;
mod node_sites;
mod nodes;
mod proof;
mod records;
mod second_word;
mod secrets;
mod sent_files;
mod sessions;
mod snapshot;
mod spool;
mod standing;
mod store;
mod told;
mod tx;
mod verify;
mod visits;
mod web_sessions;
mod windows;
mod writer;

pub use alerts::{AlertRow, AlertState};
pub use authorities::RevokedRow;
pub use bundle::LedgerFact;
pub use consoles::{Followed, NewConsole, ProofOver};
pub use derived::{
    Derived, DerivedFilm, DerivedHit, DerivedOf, DerivedQuery, Underived, words as derived_words,
};
pub use destinations::{Destination, DestinationKind, OutboxHealth, OutboxRow, Reach};
pub use emptying::WordyFact;
pub use error::StoreError;
pub use expiry::{Expiring, LEAP};
pub use fact::{CommittedFact, FactKind, NewFact, UnknownKind};
pub use fact_search::{FactSearch, LedgerEntry};
pub use factors::{Enrolled, EnrolmentRow, FactorRow, Reset};
pub use facts::FactFilter;
pub use feed::Head;
pub use gate_keys::GateKey;
pub use growth::KnownGrowth;
pub use holds::AssignedTo;
pub use host_keys::{KeyOrigin, KeyProposal, KeyYes, MOST_PROPOSED, ProposedKey};
pub use more_time::{Decision, MoreTime};
pub use second_word::{WAITS_FOR, Word, WordState};
pub use secrets::{SealedRow, Slot};
pub use sent_files::{Release, SentFile, SentState};
pub use sessions::{NewSession, RecordingState, SessionFilter, SessionRow};
pub use spool::SpooledEnd;
pub use store::{Store, StoreConfig, StoreTasks};
pub use tx::Tx;
pub use verify::{BadPlace, LedgerVerdict};
pub use visits::BrokenOff;
pub use web_sessions::{IDLE as WEB_IDLE, WHOLE as WEB_WHOLE, WebSession};
pub use writer::Reaction;
