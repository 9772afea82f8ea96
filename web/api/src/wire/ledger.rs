//! The ledger on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The newest signed checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CheckpointView {
    /// The signed note (C2SP tlog-checkpoint).
    pub note: String,
    /// The key to check it with (C2SP signed-note verifier key).
    pub verifier_key: String,
}

/// What recomputing the ledger found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LedgerVerdict {
    /// Whether every leaf, root and signed checkpoint agrees.
    pub sound: bool,
    /// Number of facts.
    pub facts: u64,
    /// Root hash over all of them, hex.
    pub root: String,
    /// In words.
    pub summary: String,
    /// Number of the first fact that differs.
    pub first_bad: Option<u64>,
}

/// One person's word that the ledger may go on from a database that went back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForkRequest {
    /// Why: what was restored, by whom.
    pub reason: String,
}

/// Where a fork stands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ForkView {
    /// Whether both have, and it is done.
    pub done: bool,
    /// Who has given their word.
    pub by: Vec<String>,
    /// What happens next.
    pub next: String,
}
