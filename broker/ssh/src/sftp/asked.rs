//! What is under way: what a request was, until its answer comes.

use bytes::Bytes;

use super::answer::Answer;
use super::request::Flags;

/// What a request was, for its answer.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Its answer is a status, or what the operation gives.
    Other(&'static str),
    /// Where a path's size is asked for.
    Size {
        operation: &'static str,
        path: Box<[u8]>,
    },
    SizeOf {
        operation: &'static str,
        file: u32,
    },
    Open {
        operation: &'static str,
        file: u32,
        path: Box<[u8]>,
        flags: Option<Flags>,
    },
    /// The length of whatever is there is set.
    CutAt {
        operation: &'static str,
        path: Box<[u8]>,
    },
    /// Its length is set.
    Cut {
        file: u32,
        size: u64,
    },
    Close {
        file: u32,
    },
    Read {
        file: u32,
        offset: u64,
        len: u32,
    },
    Write {
        file: u32,
        offset: u64,
        len: u32,
    },
    /// The gate itself is at it.
    Works(&'static str),
    /// The gate's own answer, which waits for those before it.
    Ours(Bytes),
}

impl Asked {
    /// What is kept of its path, in bytes.
    pub(crate) fn kept(&self) -> usize {
        match self {
            Self::Size { path, .. } | Self::CutAt { path, .. } | Self::Open { path, .. } => path.len(),
            _ => 0,
        }
    }

    pub(crate) fn operation(&self) -> &'static str {
        match self {
            Self::Other(operation)
            | Self::Size { operation, .. }
            | Self::SizeOf { operation, .. }
            | Self::CutAt { operation, .. }
            | Self::Open { operation, .. } => operation,
            Self::Cut { .. } => "fsetstat",
            Self::Close { .. } => "close",
            Self::Read { .. } => "read",
            Self::Write { .. } => "write",
            Self::Works(operation) => operation,
            Self::Ours(_) => "refused",
        }
    }

    /// Whether this can be the answer to it.
    pub(crate) fn takes(&self, answer: &Answer<'_>) -> bool {
        match (self, answer) {
            (_, Answer::Status(_)) => true,
            (Self::Open { .. }, Answer::Handle(_)) => true,
            (Self::Read { len, .. }, Answer::Data(got)) => got <= len,
            (Self::Size { .. } | Self::SizeOf { .. }, Answer::Attributes(_) | Answer::Names(..)) => true,
            (Self::Size { .. } | Self::SizeOf { .. } | Self::Other(_), Answer::Other) => true,
            (Self::Other(_), Answer::Names(..)) => true,
            _ => false,
        }
    }
}
