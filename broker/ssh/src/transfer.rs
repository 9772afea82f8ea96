//! One file on its way: its SHA-256 while it streams, what is said of it when it is over, and where its bytes stand in the
//! recording.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use chaperone_session::{FileDirection, FileTransfer};
use serde_json::{Map, Value, json};

use crate::early::{Early, Room};

/// Payload of one file that may wait for what belongs before it, in bytes and in pieces.
const WAITING_BYTES: usize = 4 << 20;
const WAITING_PIECES: usize = 256;
/// As much of a path as is said, and kept of a file that is under way.
const PATH_BYTES: usize = 1024;

/// A file that is written or read in one go.
pub(crate) struct Transfer {
    direction: FileDirection,
    sha: Context,
    /// Everything before this offset is hashed.
    next: u64,
    /// Where what came furthest ends.
    reach: u64,
    waiting: BTreeMap<u64, Early>,
    waiting_bytes: usize,
    /// What all files of the channel may have waiting.
    room: Room,
    bytes: u64,
    partial: Option<&'static str>,
}

impl std::fmt::Debug for Transfer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Transfer({:?}, {} bytes)", self.direction, self.bytes)
    }
}

impl Transfer {
    pub(crate) fn new(direction: FileDirection, room: &Room) -> Self {
        Self {
            direction,
            sha: Context::new(&SHA256),
            next: 0,
            reach: 0,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            room: room.clone(),
            bytes: 0,
            partial: None,
        }
    }

    /// Takes payload that belongs at an offset.
    pub(crate) fn take(&mut self, offset: u64, payload: Bytes) {
        self.bytes += count(&payload);
        self.reach = self.reach.max(offset.saturating_add(count(&payload)));
        if self.partial.is_some() || payload.is_empty() {
            return;
        }
        if offset < self.next {
            return self.give_up("a part of it passed twice");
        }
        if offset > self.next {
            return self.wait(offset, &payload);
        }
        self.hash(&payload);
        while let Some(first) = self.waiting.first_entry()
            && *first.key() <= self.next
        {
            let (offset, payload) = first.remove_entry();
            self.waiting_bytes -= payload.len();
            if offset < self.next {
                return self.give_up("a part of it passed twice");
            }
            self.hash(&payload.into_bytes());
        }
    }

    /// Keeps what belongs behind something that has not come, if there is room for it.
    fn wait(&mut self, offset: u64, payload: &[u8]) {
        self.waiting_bytes += payload.len();
        let few = self.waiting_bytes <= WAITING_BYTES && self.waiting.len() < WAITING_PIECES;
        let kept = if few { self.room.keep(payload) } else { None };
        match kept.map(|early| self.waiting.insert(offset, early)) {
            None => self.give_up("it passed out of order, or from its middle on"),
            Some(Some(_)) => self.give_up("a part of it passed twice"),
            Some(None) => {}
        }
    }

    fn hash(&mut self, payload: &Bytes) {
        self.sha.update(payload);
        self.next += count(payload);
    }

    /// No hash while it streams: it is computed from the recording.
    pub(crate) fn give_up(&mut self, why: &'static str) {
        self.partial.get_or_insert(why);
        self.waiting = BTreeMap::new();
        self.waiting_bytes = 0;
    }

    /// Up to where it has passed from its beginning on.
    pub(crate) fn passed(&self) -> u64 {
        self.next
    }

    /// Where what came furthest ends, whether all before it has come or not.
    pub(crate) fn reach(&self) -> u64 {
        self.reach
    }

    /// What is said of it.
    pub(crate) fn end(mut self, of: &Named<'_>) -> FileTransfer {
        if !self.waiting.is_empty() {
            self.give_up("a part of it is missing");
        }
        let sha256 = self.partial.is_none().then(|| {
            let mut hash = [0; 32];
            hash.iter_mut().zip(self.sha.finish().as_ref()).for_each(|(to, from)| *to = *from);
            hash
        });
        FileTransfer {
            channel: of.channel,
            file: of.file,
            protocol: of.protocol,
            direction: self.direction,
            path: shown(of.path),
            or_path: of.or_path.map(shown),
            bytes: self.bytes,
            sha256,
            partial: self.partial,
        }
    }
}

/// Which file of which channel.
pub(crate) struct Named<'n> {
    pub channel: u32,
    /// Its number on the channel.
    pub file: u32,
    /// `sftp` or `scp`.
    pub protocol: &'static str,
    pub path: &'n [u8],
    /// The other path that it may have.
    pub or_path: Option<&'n [u8]>,
}

/// A path that is longer than what is said of one ends with an ellipsis.
fn shown(path: &[u8]) -> String {
    match path.get(..PATH_BYTES) {
        Some(beginning) if beginning.len() < path.len() => {
            String::from_utf8_lossy(beginning).into_owned() + "…"
        }
        _ => String::from_utf8_lossy(path).into_owned(),
    }
}

/// As much of a path as is kept: one byte more than is said of it tells that it goes on.
pub(crate) fn kept(path: &[u8]) -> &[u8] {
    path.get(..=PATH_BYTES).unwrap_or(path)
}

/// Payload of one file that stands in the recording at regular distances, as one entry: `at` is where its first byte is
/// in the stream, `chunk` how much stands together, `gap` what of the protocol is between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub operation: &'static str,
    pub file: u32,
    /// In the file.
    pub offset: u64,
    pub bytes: u64,
    pub requests: u32,
    /// Where the payload is; `None` for what has none.
    pub place: Option<Place>,
}

/// Where a run's payload is in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub at: u64,
    pub chunk: u64,
    pub gap: u64,
}

impl Run {
    pub(crate) fn new(operation: &'static str, file: u32, offset: u64, bytes: u64, at: Option<u64>) -> Self {
        let place = at.map(|at| Place { at, chunk: bytes, gap: 0 });
        Self { operation, file, offset, bytes, requests: 1, place }
    }

    /// Takes the one that follows into itself, if it follows without a break.
    pub(crate) fn joins(&mut self, next: &Self) -> bool {
        let follows = self.operation == next.operation
            && self.file == next.file
            && self.offset.checked_add(self.bytes) == Some(next.offset);
        if !follows {
            return false;
        }
        if let (Some(place), Some(after)) = (&mut self.place, next.place) {
            let whole = u64::from(self.requests) * place.chunk == self.bytes;
            if !whole || next.bytes > place.chunk {
                return false;
            }
            let last_ends = place.at + self.bytes + u64::from(self.requests - 1) * place.gap;
            let Some(gap) = after.at.checked_sub(last_ends) else { return false };
            if self.requests > 1 && gap != place.gap {
                return false;
            }
            place.gap = gap;
        }
        self.bytes += next.bytes;
        self.requests = self.requests.saturating_add(1);
        true
    }

    pub(crate) fn say(&self) -> Value {
        let mut said = Map::new();
        let mut say = |key: &str, value: Value| drop(said.insert(key.to_owned(), value));
        say("operation", self.operation.into());
        say("file", self.file.into());
        say("offset", self.offset.to_string().into());
        say("bytes", self.bytes.to_string().into());
        say("requests", json!(self.requests));
        if let Some(Place { at, chunk, gap }) = self.place {
            say("at", at.to_string().into());
            say("chunk", chunk.to_string().into());
            say("gap", gap.to_string().into());
        }
        Value::Object(said)
    }
}

fn count(payload: &Bytes) -> u64 {
    u64::try_from(payload.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
