//! The words for what passes: streams, channels and their coverage, and bytes that have been recorded.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Most channels of one recording: its seal states and counts each of them, and surely has room for so many.
pub const CHANNELS: usize = 16_000;

/// Which way bytes went, and where they came from. The number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Stream {
    /// Target to client.
    Output = 0,
    /// Target to client, extended data 1 (RFC 4254 §5.2).
    Stderr = 1,
    /// Client to target.
    Input = 2,
    /// What the gate itself wrote to the client.
    Gate = 3,
    /// Client to target through a forward.
    ForwardIn = 4,
    /// Target to client through a forward.
    ForwardOut = 5,
}

impl Stream {
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Output,
            1 => Self::Stderr,
            2 => Self::Input,
            3 => Self::Gate,
            4 => Self::ForwardIn,
            5 => Self::ForwardOut,
            _ => return None,
        })
    }

    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The stored name, as in the seal's counts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Stderr => "stderr",
            Self::Input => "input",
            Self::Gate => "gate",
            Self::ForwardIn => "forward-in",
            Self::ForwardOut => "forward-out",
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a channel is for; becomes the body of its `channel-open` event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChannelKind {
    /// `shell`, `exec`, `sftp`, `forward`, `tls`, or another name of the protocol.
    pub name: String,
    /// What was asked for: command, environment, `terminal` (`columns`, `rows`, `name`), destination.
    pub about: serde_json::Value,
}

impl ChannelKind {
    /// A channel of this name, for which this was asked.
    #[must_use]
    pub fn new(name: impl Into<String>, about: serde_json::Value) -> Self {
        Self { name: name.into(), about }
    }
}

/// How much of a channel the recording holds. Ordered from the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// The channel was not allowed; nothing passed.
    Refused,
    /// The bytes are kept, but are encrypted inside.
    FlowOnly,
    /// By policy, output only.
    OutputOnly,
    /// Everything that passed.
    Captured,
}

/// The statement that each channel ends with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelCoverage {
    /// The channel's number.
    pub channel: u32,
    /// How much.
    pub coverage: Coverage,
    /// Why it is not more, in words; empty for `captured`.
    pub why: String,
}

/// The weakest coverage of those given; `Captured` where there is none.
#[must_use]
pub fn weakest(coverage: &[ChannelCoverage]) -> Coverage {
    coverage.iter().map(|one| one.coverage).min().unwrap_or(Coverage::Captured)
}

/// Bytes that are in the recording. Only the recorder makes this, and a leg's write spends it (P1).
#[must_use = "what was recorded is meant to be forwarded"]
#[derive(Debug)]
pub struct Recorded {
    pub(crate) session: Uuid,
    pub(crate) channel: u32,
    pub(crate) stream: Stream,
    pub(crate) bytes: Bytes,
}

impl Recorded {
    /// The bytes, to be forwarded.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// The session whose recording holds them.
    #[must_use]
    pub fn session(&self) -> Uuid {
        self.session
    }

    /// The channel that they passed through.
    #[must_use]
    pub fn channel(&self) -> u32 {
        self.channel
    }

    /// Which way.
    #[must_use]
    pub fn stream(&self) -> Stream {
        self.stream
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
