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
mod db;
mod destinations;
mod drain;
mod error;
mod fact;
mod fact_search;
mod factors;
mod facts;
mod feed;
mod guard;
mod ledger;
mod migrate;
mod more_time;
mod nodes;
mod proof;
mod records;
mod secrets;
mod sessions;
mod snapshot;
mod spool;
mod standing;
mod store;
mod told;
mod tx;
mod verify;
mod web_sessions;
mod windows;
mod writer;

pub use alerts::{AlertRow, AlertState};
pub use destinations::{Destination, DestinationKind, OutboxHealth, OutboxRow, Reach};
pub use error::StoreError;
pub use fact::{CommittedFact, FactKind, NewFact, UnknownKind};
pub use fact_search::{FactSearch, LedgerEntry};
pub use factors::{Enrolled, EnrolmentRow, FactorRow, Reset};
pub use facts::FactFilter;
pub use feed::Head;
pub use more_time::{Decision, MoreTime};
pub use secrets::SealedRow;
pub use sessions::{NewSession, RecordingState, SessionFilter, SessionRow};
pub use spool::SpooledEnd;
pub use store::{Store, StoreConfig, StoreTasks};
pub use tx::Tx;
pub use verify::{BadPlace, LedgerVerdict};
pub use web_sessions::{IDLE as WEB_IDLE, WHOLE as WEB_WHOLE, WebSession};
pub use writer::Reaction;
