//! Acts that only need a reason.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The lock on everything.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EverythingLock {
    /// Why everything is locked; nothing when it is not.
    pub reason: Option<String>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Whether the caller may lock and unlock everything.
    pub yours: bool,
}

/// Why something is done, in words. Stored in the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// The reason; acts that cut somebody off want one.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub reason: String,
}
