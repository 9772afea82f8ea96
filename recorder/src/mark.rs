//! A place between two blocks, from where a recording can be read on without what is before it.

use crate::ledger::Hash;

/// Where reading may go on. It is derived and proves nothing about what is before it; the block that follows must continue
/// the chain from here, or it is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The next block's offset in the file.
    pub offset: u64,
    /// The ordinal of the block before it; 0 at the first.
    pub ordinal: u64,
    /// The nonce counter of the block before it.
    pub nonce: u64,
    /// The chain value of the block before it; C₀ at the first.
    pub chain: Hash,
}
