//! One row of the ledger: the leaf that it says, and whether its columns are what was written.

use chaperone_recorder::ledger::{Leaf, Tag, body_hash, canonical_json};
use serde_json::Value;
use uuid::Uuid;

use crate::db::count;

pub(super) type Row = (
    i64,
    i64,
    String,
    String,
    Option<Uuid>,
    Option<Uuid>,
    Option<Uuid>,
    Option<Uuid>,
    Option<Uuid>,
    Option<Uuid>,
    Vec<u8>,
    Option<Vec<u8>>,
    Option<String>,
    Vec<u8>,
    Vec<u8>,
);

/// A row that is what was written.
pub(super) struct Written {
    /// Its leaf.
    pub leaf: Leaf,
    /// Whether its words are gone.
    pub emptied: bool,
}

/// The row that must have this number; or what of it is not what was written.
pub(super) fn read(row: Row, size: u64) -> Result<Written, &'static str> {
    let (
        number,
        at_us,
        kind,
        node,
        person,
        vendor,
        target,
        window,
        session,
        attempt,
        tags,
        salt,
        body,
        hash,
        leaf,
    ) = row;
    if count(number) != size {
        return Err("it is missing");
    }
    let Ok(hash) = <[u8; 32]>::try_from(hash) else {
        return Err("its body's hash is not what was written");
    };
    let (tags, odd) = tags.as_chunks::<16>();
    let tags = tags.iter().map(|tag| Tag(*tag)).collect();
    let written = Leaf { number: size, at_us, kind, tags, body_hash: hash };
    if !odd.is_empty() || written.hash().as_slice() != leaf.as_slice() {
        return Err("its number, time, kind, tags or body hash is not what was written");
    }
    let emptied = match (salt, body) {
        (Some(salt), Some(text)) => {
            let document = opened(&salt, &text, hash).ok_or("its body is not what was written")?;
            let ids = [
                ("person", person),
                ("vendor", vendor),
                ("target", target),
                ("window", window),
                ("session", session),
                ("attempt", attempt),
            ];
            let says = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
            if says("node") != Some(node)
                || ids.iter().any(|(name, id)| says(name) != id.map(|id| id.to_string()))
            {
                return Err("what it is about is not what was written");
            }
            false
        }
        (None, None) => true,
        _ => return Err("its body is there without its salt, or the other way round"),
    };
    Ok(Written { leaf: written, emptied })
}

/// The document in a body's text, if it is what the hash was made of, to the letter.
fn opened(salt: &[u8], text: &str, hash: [u8; 32]) -> Option<Value> {
    let salt = <[u8; 16]>::try_from(salt).ok()?;
    let document = serde_json::from_str(text).ok()?;
    let same = body_hash(&salt, &document).ok()? == hash && canonical_json(&document).ok()? == text;
    same.then_some(document)
}
