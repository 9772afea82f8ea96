//! Recordings on the wire.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A recording.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RecordingView {
    /// The session it records.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// Where it stands: `live`, `sealed`, `recovered`, `lost`, `none`, `expiring`, `deleted`.
    pub state: String,
    /// Login.
    pub person: String,
    /// Target's name.
    pub target: String,
    /// When the session was admitted.
    #[schema(value_type = String, format = DateTime)]
    pub began: Timestamp,
    /// When the session ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended: Option<Timestamp>,
    /// The weakest coverage of its channels.
    pub coverage: Option<String>,
    /// Why it is not more, in words.
    #[serde(default)]
    pub coverage_why: Option<String>,
    /// Final chain value, hex.
    pub chain: Option<String>,
}

/// What verification found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RecordingVerdict {
    /// The session.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// Whether everything asked for holds.
    pub sound: bool,
    /// In words.
    pub summary: String,
    /// The first failure by its stable name; nothing when sound.
    pub failure: Option<String>,
    /// Everything found: bad place, seal, coverage, counts.
    #[schema(value_type = Object)]
    pub verdict: serde_json::Value,
}

/// How a recording is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ExportFormat {
    /// asciicast version 3, for players of terminal sessions.
    #[serde(rename = "asciicast-v3")]
    AsciicastV3,
    /// asciicast version 2, for older players.
    #[serde(rename = "asciicast-v2")]
    AsciicastV2,
    /// What was on the screen, as text.
    #[serde(rename = "txt")]
    Txt,
    /// Every record as a line of JSON; typed input is a length.
    #[serde(rename = "jsonl")]
    Jsonl,
    /// The bytes of each stream in a tar, and files that passed by SFTP or scp, with their SHA-256; typed input is left out.
    #[serde(rename = "files")]
    Files,
    /// HTTP transactions of web consoles as HAR 1.2, for browsers' developer tools.
    #[serde(rename = "har")]
    Har,
    /// What passed through forwards and in TLS as packets, for Wireshark: the bytes are the recording's, the headers around them are made.
    #[serde(rename = "pcapng")]
    Pcapng,
    /// The sealed recording itself, for `chaperone-verify`.
    #[serde(rename = "chap")]
    Chap,
}

impl ExportFormat {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AsciicastV3 => "asciicast-v3",
            Self::AsciicastV2 => "asciicast-v2",
            Self::Txt => "txt",
            Self::Jsonl => "jsonl",
            Self::Files => "files",
            Self::Har => "har",
            Self::Pcapng => "pcapng",
            Self::Chap => "chap",
        }
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no export format; right is asciicast-v3, asciicast-v2, txt, jsonl, files, har, pcapng or chap"
)]
pub struct UnknownFormat(pub String);

impl FromStr for ExportFormat {
    type Err = UnknownFormat;
    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let all = [
            Self::AsciicastV3,
            Self::AsciicastV2,
            Self::Txt,
            Self::Jsonl,
            Self::Files,
            Self::Har,
            Self::Pcapng,
            Self::Chap,
        ];
        all.into_iter().find(|format| format.as_str() == text).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}
