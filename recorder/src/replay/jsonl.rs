//! JSON lines: one object for each record, for programs. Bytes are base 64, with their text beside them; typed input is a
//! length unless it is unmasked.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::ReplayError;
use super::text::plain;
use crate::content::{Entry, What};
use crate::read::Recording;

/// Writes every record as one line of JSON. 64-bit numbers that may pass 2⁵³ are strings.
///
/// # Errors
/// When the recording is not sound to its end, or `to` cannot be written.
pub fn jsonl(recording: &mut Recording, to: &mut dyn Write) -> Result<(), ReplayError> {
    for entry in recording.by_ref() {
        let line = line(&entry?);
        writeln!(to, "{line}")?;
    }
    Ok(())
}

fn line(entry: &Entry) -> Value {
    let mut line = json!({
        "at": entry.at, "ns": entry.mono_ns.to_string(), "ms": entry.mono_ns / 1_000_000, "channel": entry.channel,
    });
    let more = match &entry.what {
        What::Bytes(stream, bytes) => json!({
            "stream": stream.name(), "bytes": bytes.len(), "base64": STANDARD.encode(bytes),
            "text": String::from_utf8_lossy(bytes).split('\n').map(plain).collect::<Vec<_>>().join("\n"),
        }),
        What::Masked(stream, len) => json!({ "stream": stream.name(), "masked": true, "bytes": len }),
        What::Delivered(stream, total) => json!({ "stream": stream.name(), "delivered": total.to_string() }),
        What::Event(kind, body) => json!({ "event": kind, "body": body }),
    };
    if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
        line.extend(more);
    }
    line
}
