//! What is said of requests or answers in the recording: a list at a time, and payload that follows payload as one entry.

use serde_json::{Map, Value, json};

use crate::transfer::Run;

/// Entries of one event at most.
const MOST: usize = 64;
/// Text of one event, in bytes: far below what the recorder takes at once, however much of it must be escaped.
const TEXT: usize = 128 << 10;
/// A byte of text takes as many at most in JSON.
const ESCAPED: usize = 6;
/// Payload of one event at most, in bytes: what a crash leaves undecoded is decoded from the bytes.
const RUN_BYTES: u64 = 1 << 20;

/// Entries that are not in the recording yet.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: Vec<Value>,
    run: Option<Run>,
    /// Whether there is anything beside payload.
    said: bool,
    text: usize,
}

impl Log {
    pub(crate) fn say(&mut self, entry: Map<String, Value>) {
        self.close();
        self.text += entry.values().map(|value| value.as_str().map_or(0, str::len) * ESCAPED).sum::<usize>();
        self.entries.push(Value::Object(entry));
        self.said = true;
    }

    pub(crate) fn payload(&mut self, run: Run) {
        if self.run.as_mut().is_some_and(|open| open.joins(&run)) {
            return;
        }
        self.close();
        self.run = Some(run);
    }

    fn close(&mut self) {
        self.entries.extend(self.run.take().map(|run| run.say()));
    }

    /// Whether it should be recorded with what is here.
    pub(crate) fn is_due(&self) -> bool {
        self.said || self.is_full()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= MOST
            || self.text >= TEXT
            || self.run.as_ref().is_some_and(|run| run.bytes >= RUN_BYTES)
    }

    /// Everything so far, as an event's body under this name; `None` where there is nothing.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.close();
        (self.said, self.text) = (false, 0);
        let entries = std::mem::take(&mut self.entries);
        (!entries.is_empty()).then(|| json!({ name: entries }))
    }
}
