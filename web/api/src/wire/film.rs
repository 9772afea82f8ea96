//! A recording as a player reads it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What there is to play. Times are milliseconds from the beginning.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineView {
    /// The visit.
    #[schema(value_type = uuid::Uuid)]
    pub session: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub began: Timestamp,
    /// Its length.
    pub duration_ms: u64,
    /// Whether it still grows.
    pub live: bool,
    /// Whether output was left out, because there is more than a player takes; an export has all of it.
    pub shortened: bool,
    /// Where it ceases to be sound, in words.
    pub broken: Option<String>,
    /// Its channels.
    pub channels: Vec<TimelineChannel>,
    /// Moments to jump to.
    pub markers: Vec<TimelineMarker>,
    /// Stretches without output.
    pub idle: Vec<Idle>,
}

/// A channel of a recording.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineChannel {
    /// Its number.
    pub id: u32,
    /// `shell`, `exec`, …
    pub kind: String,
    /// The command, if it runs one.
    pub command: Option<String>,
    /// Whether it has a terminal.
    pub terminal: bool,
    /// Columns at its opening.
    pub columns: u16,
    /// Rows at its opening.
    pub rows: u16,
    /// When it opened.
    pub began_ms: u64,
    /// When it closed.
    pub ended_ms: Option<u64>,
    /// Its exit status.
    pub exit: Option<u64>,
    /// Payload bytes from the technician.
    pub bytes_in: u64,
    /// Payload bytes to the technician.
    pub bytes_out: u64,
    /// What was captured of it: `captured`, `flow-only`, …
    pub coverage: Option<String>,
    /// Why it is not more, in words.
    pub why: Option<String>,
}

/// A moment to jump to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineMarker {
    /// When.
    pub at_ms: u64,
    /// The channel; nothing for the whole visit.
    pub channel: Option<u32>,
    /// `start`, `command`, `resize`, `warning`, `pause`, `resume`, `stop`, `alert`, `note`, `end`.
    pub kind: String,
    /// In words.
    pub text: String,
}

/// A stretch without output.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Idle {
    /// From.
    pub from_ms: u64,
    /// To.
    pub to_ms: u64,
}

/// A piece to play.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PieceView {
    /// Columns at its beginning.
    pub columns: u16,
    /// Rows at its beginning.
    pub rows: u16,
    /// What to draw first, base 64.
    pub screen: String,
    /// What follows: `[at_ms, "o" or "e", base64]`, or `[at_ms, "r", columns, rows]`.
    #[schema(value_type = Vec<Vec<Object>>)]
    pub events: Vec<Value>,
    /// From when the next piece is to be had; nothing at the end.
    pub next_ms: Option<u64>,
}
