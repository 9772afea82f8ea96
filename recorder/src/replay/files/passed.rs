//! Files that passed by SFTP or scp, put together again from where their payload stands in the streams.
//!
//! Events say where: an entry with `at` (of its first byte in its stream), `chunk` and `gap` (so many bytes stand together,
//! and so many of the protocol are between two), `offset` and `bytes` (in the file). `recorder/README.md` has the shapes.

use std::collections::BTreeMap;
use std::io::Write;

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Value, json};

use super::{member, pad};
use crate::channel::Stream;
use crate::content::What;
use crate::failure::BadPlace;
use crate::mark::Mark;
use crate::read::Recording;
use crate::replay::ReplayError;

/// Files, and runs of payload, that are put together; what is more stays in the streams.
const MOST_FILES: usize = 20_000;
const MOST_RUNS: usize = 500_000;
/// Bytes of a stream between two places that reading can begin at.
const STRIDE: u64 = 1 << 20;

/// Which file: channel, number on it, and the stream that its payload is in.
type Key = (u32, u64, Stream);

/// Everything that is known of files before their bytes are read again.
#[derive(Default)]
pub(super) struct Passed {
    files: BTreeMap<Key, File>,
    runs: usize,
    /// Where reading can begin: a stream's position, and a mark before it.
    places: BTreeMap<(u32, Stream), Vec<(u64, Mark)>>,
    positions: BTreeMap<(u32, Stream), Position>,
    left_out: u64,
}

/// How far a stream has come, and in which block its last bytes stood.
#[derive(Default)]
struct Position {
    bytes: u64,
    block: Option<u64>,
}

#[derive(Default)]
struct File {
    runs: Vec<Run>,
    /// What its end said of it.
    said: Option<Value>,
    /// Whether each run follows the one before it.
    scattered: bool,
}

#[derive(Clone, Copy)]
struct Run {
    offset: u64,
    bytes: u64,
    at: u64,
    chunk: u64,
    gap: u64,
}

impl Run {
    /// Where in the stream its payload ends.
    fn ends(&self) -> Option<u64> {
        let gaps = self.bytes.checked_sub(1)?.checked_div(self.chunk)?;
        self.at.checked_add(self.bytes)?.checked_add(gaps.checked_mul(self.gap)?)
    }

    /// As much of it as is in a stream of this length: the last payload of a visit may have broken off.
    fn within(mut self, length: u64) -> Self {
        if self.ends().is_none_or(|end| end > length) {
            let (here, step) = (length.saturating_sub(self.at), self.chunk.saturating_add(self.gap));
            let whole = here.checked_div(step).unwrap_or(0);
            let rest = here.checked_rem(step).unwrap_or(0).min(self.chunk);
            self.bytes = self.bytes.min(whole.saturating_mul(self.chunk).saturating_add(rest));
        }
        self
    }

    fn read(entry: &Value) -> Option<Self> {
        let number = |name: &str| entry.get(name)?.as_str()?.parse().ok();
        let run = Self {
            offset: number("offset")?,
            bytes: number("bytes")?,
            at: number("at")?,
            chunk: number("chunk")?,
            gap: number("gap")?,
        };
        run.ends().map(|_| run)
    }
}

impl Passed {
    /// Bytes of a stream; `block` is a mark before them.
    pub(super) fn bytes(&mut self, channel: u32, stream: Stream, len: usize, block: Option<Mark>) {
        if !matches!(stream, Stream::Input | Stream::Output) {
            return;
        }
        let position = self.positions.entry((channel, stream)).or_default();
        let places = self.places.entry((channel, stream)).or_default();
        let far = places.last().is_none_or(|(last, _)| position.bytes - last >= STRIDE);
        if let Some(mark) = block {
            // A mark is where its block begins: it is before the stream's bytes from the first of them in the block on.
            if far && position.block != Some(mark.offset) {
                places.push((position.bytes, mark));
            }
            position.block = Some(mark.offset);
        }
        position.bytes += len as u64;
    }

    /// An event that may say something of files.
    pub(super) fn event(&mut self, channel: u32, kind: &str, body: &Value) {
        let entries = match kind {
            "sftp-request" => body.get("requests"),
            "sftp-answer" => body.get("answers"),
            "scp" => body.get("pieces"),
            "file" => return self.ended(channel, body),
            _ => None,
        };
        for entry in entries.and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| entry.get(name).and_then(Value::as_str);
            let stream = match text("operation") {
                Some("write") => Stream::Input,
                Some("data") => Stream::Output,
                _ => continue,
            };
            if let Some((number, run)) = entry.get("file").and_then(Value::as_u64).zip(Run::read(entry)) {
                self.run((channel, number, stream), run);
            }
        }
    }

    fn run(&mut self, key: Key, run: Run) {
        let room = self.runs < MOST_RUNS && (self.files.len() < MOST_FILES || self.files.contains_key(&key));
        if !room {
            self.left_out += 1;
            return;
        }
        self.runs += 1;
        let file = self.files.entry(key).or_default();
        let follows = file.runs.last().is_none_or(|last| {
            last.offset.checked_add(last.bytes) == Some(run.offset)
                && last.ends().is_some_and(|end| end <= run.at)
        });
        file.scattered |= !follows;
        file.runs.push(run);
    }

    fn ended(&mut self, channel: u32, body: &Value) {
        let stream = match body.get("direction").and_then(Value::as_str) {
            Some("upload") => Stream::Input,
            _ => Stream::Output,
        };
        let Some(number) = body.get("file").and_then(Value::as_u64) else { return };
        if self.files.len() < MOST_FILES || self.files.contains_key(&(channel, number, stream)) {
            self.files.entry((channel, number, stream)).or_default().said = Some(body.clone());
        } else {
            self.left_out += 1;
        }
    }

    /// Writes each file as a member, and then what is known of them.
    pub(super) fn write(
        &self,
        open: &dyn Fn(Option<&Mark>) -> Result<Recording, BadPlace>,
        at: i64,
        to: &mut dyn Write,
    ) -> Result<(), ReplayError> {
        if self.files.is_empty() {
            return Ok(());
        }
        let mut listed = Vec::new();
        for (key, file) in &self.files {
            let mut about =
                json!({ "channel": key.0, "file": key.1, "stream": key.2.name(), "said": file.said });
            let more = if file.scattered {
                json!({ "left_out": "its pieces stand out of order: they are in the stream, where the events say" })
            } else {
                let (name, bytes, hash) = self.copy(open, key, file, at, to)?;
                let from = file.runs.first().map_or(0, |run| run.offset);
                json!({ "name": name, "from": from.to_string(), "bytes": bytes.to_string(), "sha256": hash })
            };
            if let (Some(about), Value::Object(more)) = (about.as_object_mut(), more) {
                about.extend(more);
            }
            listed.push(about);
        }
        let index = json!({ "files": listed, "left_out": self.left_out.to_string() });
        let index = format!("{index:#}\n");
        member(to, "files.json", index.len() as u64, at)?;
        to.write_all(index.as_bytes())?;
        pad(to, index.len() as u64)
    }

    fn copy(
        &self,
        open: &dyn Fn(Option<&Mark>) -> Result<Recording, BadPlace>,
        key: &Key,
        file: &File,
        at: i64,
        to: &mut dyn Write,
    ) -> Result<(String, u64, String), ReplayError> {
        let (channel, number, stream) = *key;
        let length = self.positions.get(&(channel, stream)).map_or(0, |position| position.bytes);
        let runs: Vec<Run> = file.runs.iter().map(|run| run.within(length)).collect();
        let bytes = runs.iter().fold(0_u64, |sum, run| sum.saturating_add(run.bytes));
        let path = file.said.as_ref().and_then(|said| said.get("path")?.as_str()).unwrap_or("unfinished");
        let name = format!("files/ch-{channel}/{number:05}-{}", plain_name(path));
        member(to, &name, bytes, at)?;
        let mut sha = Context::new(&SHA256);
        if let Some(first) = runs.first() {
            let places = self.places.get(&(channel, stream));
            let place = places.and_then(|all| all.iter().rev().find(|(position, _)| *position <= first.at));
            let mut reader = Reader {
                recording: open(place.map(|(_, mark)| mark))?,
                of: (channel, stream),
                position: place.map_or(0, |(position, _)| *position),
                rest: Vec::new(),
            };
            for run in &runs {
                let (mut left, mut from) = (run.bytes, run.at);
                while left > 0 {
                    let len = left.min(run.chunk);
                    reader.copy(from, len, &mut |piece| {
                        sha.update(piece);
                        Ok(to.write_all(piece)?)
                    })?;
                    (left, from) = (left - len, from + len + run.gap);
                }
            }
        }
        pad(to, bytes)?;
        Ok((name, bytes, hex::encode(sha.finish())))
    }
}

/// Reads one stream forwards.
struct Reader {
    recording: Recording,
    of: (u32, Stream),
    /// Of the first byte of `rest`.
    position: u64,
    rest: Vec<u8>,
}

impl Reader {
    /// Gives the bytes from here on, and skips what is before them.
    fn copy(
        &mut self,
        from: u64,
        mut len: u64,
        give: &mut dyn FnMut(&[u8]) -> Result<(), ReplayError>,
    ) -> Result<(), ReplayError> {
        let mut from = from;
        while len > 0 {
            let skip = usize::try_from(from.saturating_sub(self.position)).unwrap_or(usize::MAX);
            let here = self.rest.get(skip..).unwrap_or_default();
            let take = usize::try_from(len).unwrap_or(usize::MAX).min(here.len());
            give(here.get(..take).unwrap_or_default())?;
            (from, len) = (from + take as u64, len - take as u64);
            if len > 0 {
                self.position += self.rest.len() as u64;
                self.rest = self.next()?;
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Vec<u8>, ReplayError> {
        loop {
            let Some(entry) = self.recording.next() else {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            };
            let entry = entry?;
            if let (Some(channel), What::Bytes(stream, bytes)) = (entry.channel, entry.what)
                && (channel, stream) == self.of
            {
                return Ok(bytes.to_vec());
            }
        }
    }
}

/// The end of a path as a name that steers no reader's file system.
fn plain_name(path: &str) -> String {
    let last = path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or("file");
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' };
    last.chars().map(plain).take(48).collect()
}
