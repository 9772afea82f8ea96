//! What a recording begins with and ends with, as its caller states it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::channel::ChannelCoverage;
use crate::key::{Recipient, SigningKey};

/// When an append counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// With the kernel; the caller's `sync` makes it durable at least every 200 ms.
    #[default]
    Prompt,
    /// On the medium.
    Durable,
}

/// What the header states.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Names the recording and its files.
    pub session: Uuid,
    /// Wall time of the recording's start, read together with the call of `LiveRecording::start`.
    pub started: Timestamp,
    /// Person, proof, source, window, approvals, policy version, algorithms, build. Never a secret: the header is
    /// signed, not encrypted.
    pub facts: serde_json::Value,
    /// When an append counts as done.
    pub mode: Durability,
}

/// Whose the recording is: public halves, and the node's own signing key.
#[derive(Clone, Debug)]
pub struct RecordingKeys {
    /// To whom the evidence key is wrapped; at least one.
    pub evidence: Vec<Recipient>,
    /// To whom the key of typed input is wrapped; at least one.
    pub unmask: Vec<Recipient>,
    /// Signs header and seal.
    pub signer: Arc<SigningKey>,
}

/// What the seal states beside what the recorder knows itself.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Why the session ended, kebab-case.
    pub reason: String,
    /// Wall time of the end.
    pub at: Timestamp,
    /// One statement per channel.
    pub coverage: Vec<ChannelCoverage>,
}
