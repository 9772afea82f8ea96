//! What the ledger learns of a recording while it grows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A durable state of a live recording. A file that later holds fewer blocks, or another chain value at this block,
/// was cut or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Whose recording.
    pub session: Uuid,
    /// Blocks so far; also the ordinal of the last one. 0 is the header alone.
    pub block: u64,
    /// Chain value of that block.
    #[serde(with = "hex::serde")]
    pub chain: [u8; 32],
    /// Payload bytes recorded so far.
    pub bytes: u64,
    /// Records so far.
    pub records: u64,
    /// When it was taken: the start, and what the monotonic clock added.
    pub at: Timestamp,
}

impl Checkpoint {
    /// Whether the recording holds more than it did at `earlier`.
    #[must_use]
    pub fn grew_since(&self, earlier: &Self) -> bool {
        self.block > earlier.block
    }
}
