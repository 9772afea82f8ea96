//! The ledger on the wire.

use jiff::Timestamp;
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

/// What to recompute the ledger against.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyLedger {
    /// Why, in words. Stored in the ledger.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub reason: String,
    /// Signed notes that somebody else has kept, such as the SOC.
    #[serde(default)]
    #[schema(max_items = 256)]
    pub checkpoints: Vec<String>,
    /// Whether the answer tells how far it is: a JSON object a line, the last with `verdict` or `problem`.
    #[serde(default)]
    pub progress: bool,
}

/// That a fact is in the ledger of a signed checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct InclusionView {
    /// Number of the fact.
    pub fact: u64,
    /// Hash of its leaf, hex.
    pub leaf_hash: String,
    /// Facts in the checkpoint.
    pub size: u64,
    /// Their root, hex.
    pub root: String,
    /// From the leaf's sibling to the child of the root, hex (RFC 6962 §2.1.1).
    pub path: Vec<String>,
    /// The same, with the signed checkpoint, as C2SP tlog-proof.
    pub proof: String,
    /// The key to check it with (C2SP signed-note verifier key).
    pub verifier_key: String,
}

/// That the ledger of a signed checkpoint is an older one with more behind it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConsistencyView {
    /// Facts in the older ledger.
    pub from: u64,
    /// Its root, hex.
    pub from_root: String,
    /// Facts in the checkpoint.
    pub to: u64,
    /// Their root, hex.
    pub to_root: String,
    /// As RFC 6962 §2.1.2 orders them, hex.
    pub path: Vec<String>,
    /// The same, with the signed checkpoint, as the body of C2SP tlog-witness's add-checkpoint.
    pub proof: String,
    /// The key to check it with.
    pub verifier_key: String,
}

/// One fact of the ledger.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FactView {
    /// Without gaps, from 0.
    pub number: u64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What kind.
    pub kind: String,
    /// Which node wrote it.
    pub node: String,
    /// Login of whom it is about, or who did it.
    pub person: Option<String>,
    /// Name of the server.
    pub target: Option<String>,
    /// Id of the visit.
    pub session: Option<String>,
    /// Id of the window.
    pub window: Option<String>,
    /// Everything else; nothing once retention has removed it.
    #[schema(value_type = Option<Object>)]
    pub body: Option<serde_json::Value>,
}

/// Facts that were searched for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FactsView {
    /// In order.
    pub facts: Vec<FactView>,
    /// Ask again from this number for more; nothing when these are all.
    pub next: Option<u64>,
}

/// What recomputing the ledger found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LedgerVerdict {
    /// Whether every leaf, root and signed checkpoint agrees.
    pub sound: bool,
    /// Number of facts.
    pub facts: u64,
    /// Of those, whose words retention has cleared: their leaves hold.
    pub emptied: u64,
    /// Checkpoints on the way that another key than this node's has signed.
    pub foreign_checkpoints: u64,
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
