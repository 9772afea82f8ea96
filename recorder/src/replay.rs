//! Derived views of a recording: never evidence, rebuildable from it. Nothing here runs on the data path.

mod asciicast;
mod derive;
mod files;
mod film;
pub mod http;
mod jsonl;
mod keyframe;
mod lines;
mod pcapng;
mod piece;
mod screen;
mod sequence;
mod text;
mod typed;

pub use self::asciicast::{asciicast_v2, asciicast_v3};
pub use self::derive::{DERIVES, Derivation, derive};
pub use self::files::files;
pub use self::film::{Film, FilmChannel, Marker};
pub use self::jsonl::jsonl;
pub use self::keyframe::{Keyframe, before};
pub use self::lines::{Line, Seen};
pub use self::pcapng::pcapng;
pub use self::piece::{Frame, Piece, Shown, piece};
pub use self::screen::Screen;
pub use self::sequence::Sequence;
pub use self::text::text;
pub use self::typed::typed;

use serde_json::{Value, json};

use crate::failure::BadPlace;

/// The terminal's size where no channel asked for one.
const DEFAULT_SIZE: (u16, u16) = (80, 24);
/// A terminal that is larger is clamped: it costs memory per cell.
const MAX_SIDE: u16 = 500;

/// Why a view cannot be derived.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The recording is not sound up to its end. What was derived before stands.
    #[error("the recording is not sound")]
    Unsound(#[from] BadPlace),
    /// The view cannot be written.
    #[error("the view cannot be written")]
    Write(#[from] std::io::Error),
}

/// A terminal that is smaller is shown at this size, in columns and rows: whoever is watched chooses theirs, and must not
/// choose one that nobody can read.
const LEAST: (u16, u16) = (20, 4);

/// The size at which a terminal of so many columns and rows is shown; the same for watching and for replay. A client
/// without a screen says 0 × 0 (RFC 4254 §6.2: ignored), which is no size.
#[must_use]
pub fn readable(columns: u64, rows: u64) -> Option<(u16, u16)> {
    let side = |wanted: u64, least: u16| u16::try_from(wanted).unwrap_or(MAX_SIDE).clamp(least, MAX_SIDE);
    (columns > 0 && rows > 0).then(|| (side(columns, LEAST.0), side(rows, LEAST.1)))
}

/// Columns and rows out of an event's body, as they are shown.
fn size_of(body: &Value) -> Option<(u16, u16)> {
    let side = |name: &str| body.get(name).and_then(Value::as_u64);
    readable(side("columns")?, side("rows")?)
}

/// The terminal that a `channel-open` event asks for.
fn terminal_of(body: &Value) -> Option<&Value> {
    body.get("about")?.get("terminal").filter(|terminal| terminal.is_object())
}

/// Whether somebody reads what passes on a channel that is opened so: files are no text.
fn is_shown(opened: &Value) -> bool {
    opened.get("kind").and_then(Value::as_str) != Some("sftp")
}

/// A file that passed in an HTTP transaction, as the event of any other file says it.
fn http_file(file: &http::HttpFile) -> Value {
    let direction = if file.upload { "upload" } else { "download" };
    json!({
        "direction": direction, "path": file.name, "bytes": file.bytes.to_string(), "sha256": file.sha256,
        "coding": file.coding,
    })
}

/// A file that passed, in words.
fn file_words(body: &Value) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let (direction, path) = (text("direction").unwrap_or("file"), text("path").unwrap_or_default());
    let path: String = path.chars().take(160).collect();
    let content = match (text("sha256"), text("partial")) {
        (Some(hash), _) => format!("SHA-256 {hash}"),
        (None, why) => format!("no SHA-256: {}", why.unwrap_or("partial")),
    };
    let coding = text("coding").map(|coding| format!(", as it passed, under the content coding {coding}"));
    let (bytes, coding) = (text("bytes").unwrap_or("0"), coding.unwrap_or_default());
    format!("{direction} {path}, {bytes} bytes, {content}{coding}")
}
