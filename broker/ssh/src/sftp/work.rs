//! What the gate does itself with a file that it takes into its stage: each request that is about one, done when its turn
//! comes among what is recorded.

use super::field::Attributes;

/// A request that the gate works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// The client's number of it, for the answer.
    pub id: u32,
    /// The file's number on the channel.
    pub file: u32,
    /// What to do.
    pub to_do: ToDo,
}

/// What a request asks of a staged file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToDo {
    /// To begin one.
    Open {
        path: Box<[u8]>,
        /// The handle that the client is to use.
        handle: Box<[u8]>,
        /// Whether it takes the place of what is there, whatever that is.
        begins_empty: bool,
        /// Whether there must be nothing.
        exclusive: bool,
        attributes: Attributes,
    },
    /// The payload before this is all of one write.
    Written,
    /// To tell of it.
    Look,
    /// To set what it will be like.
    Set(Attributes),
    /// To make it durable, which it will be.
    Sync,
    /// To scan it and to put it onto the server.
    Close,
}
