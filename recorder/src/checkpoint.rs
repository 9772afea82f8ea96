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
    /// As a fact of the ledger lists it: 64-bit numbers and the chain as strings. `None` for what is none.
    #[must_use]
    pub fn from_ledger(listed: &serde_json::Value) -> Option<Self> {
        let text = |name: &str| listed.get(name)?.as_str();
        let number = |name: &str| text(name)?.parse().ok();
        let mut chain = [0; 32];
        ::hex::decode_to_slice(text("chain")?, &mut chain).ok()?;
        Some(Self {
            session: text("session")?.parse().ok()?,
            block: number("block")?,
            chain,
            bytes: number("bytes")?,
            records: number("records")?,
            at: text("at")?.parse().ok()?,
        })
    }

    /// Whether the recording holds more than it did at `earlier`.
    #[must_use]
    pub fn grew_since(&self, earlier: &Self) -> bool {
        self.block > earlier.block
    }
}
