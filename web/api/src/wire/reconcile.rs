//! A server's own log against the ledger, on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A sign-in that the server wrote down.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SignInView {
    /// The line of the log, from 1.
    pub line: u64,
    /// When; nothing where the log says no times.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// As which account.
    pub account: String,
    /// Address, and port where the log says it.
    pub source: Option<String>,
    /// How, in the log's words.
    pub how: String,
}

/// A visit that the server's log does not have.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UnseenVisit {
    /// Id of the visit.
    pub session: String,
    /// Login.
    pub person: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started: Timestamp,
}

/// What fits, and what does not.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReconcileView {
    /// Name of the server.
    pub target: String,
    /// In which format the log was read.
    pub format: String,
    /// Lines or events in it.
    pub lines: u64,
    /// How many of these were understood.
    pub understood: u64,
    /// How many told of a sign-in and could not be read as one: they are compared with nothing.
    pub unread: u64,
    /// The first of these, by their lines.
    pub unread_lines: Vec<u64>,
    /// Sign-ins that a visit explains.
    pub explained: u64,
    /// Sign-ins that none does: each is a fact, and an alarm. The first two hundred.
    pub unexplained: Vec<SignInView>,
    /// Visits without a sign-in. The first two hundred.
    pub without_sign_in: Vec<UnseenVisit>,
    /// In words.
    pub summary: String,
}
