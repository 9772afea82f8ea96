//! What a search finds, on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A line that has the phrase: a hint where to look. The recording is the evidence.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SearchHit {
    /// The visit.
    #[schema(value_type = uuid::Uuid)]
    pub session: String,
    /// Login.
    pub person: String,
    /// Server's name.
    pub target: String,
    /// When the visit began.
    #[schema(value_type = String, format = DateTime)]
    pub began: Timestamp,
    /// When the line was first there.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The same, in milliseconds from the recording's beginning.
    pub at_ms: u64,
    /// The channel's number.
    pub channel: u32,
    /// Where it was seen: `screen`, `command` (a command line as the client sent it), `command-guess` (it stood behind a
    /// prompt), `file` (a file that was transferred).
    pub seen: String,
    /// The line, without control characters.
    pub snippet: String,
    /// The page that replays that moment.
    pub link: String,
}
