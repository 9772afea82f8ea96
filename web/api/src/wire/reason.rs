//! Acts that only need a reason.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why something is done, in words. Stored in the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// The reason; acts that cut somebody off want one.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub reason: String,
}
