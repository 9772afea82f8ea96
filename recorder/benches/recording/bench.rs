//! A folder and keys to record with, and how figures are printed.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chaperone_recorder::{
    ChannelKind, ChannelRecorder, Durability, Ending, Folder, Identity, LiveRecording, Opening,
    RecordingKeys, SigningKey, Thresholds, VerifyWith,
};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

/// Batches as a session takes them off a socket.
pub const BATCH: usize = 32 << 10;
pub const MB: f64 = 1e6;

pub struct Bench {
    dir: tempfile::TempDir,
    pub folder: Folder,
    pub signer: Arc<SigningKey>,
    pub readers: [Identity; 2],
}

impl Bench {
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let thresholds = Thresholds { reserve_bytes: 0, low_bytes: 0, critical_bytes: 0 };
        let folder = Folder::open_with(dir.path(), thresholds)?;
        let readers = [Identity::generate(), Identity::generate()];
        Ok(Self { dir, folder, signer: Arc::new(SigningKey::generate()?), readers })
    }

    /// A recording with one channel: a shell, or a command without a terminal.
    pub fn start(&self, mode: Durability) -> Result<(LiveRecording, ChannelRecorder), Box<dyn Error>> {
        let keys = RecordingKeys {
            evidence: vec![self.readers[0].recipient()],
            unmask: vec![self.readers[1].recipient()],
            signer: Arc::clone(&self.signer),
        };
        let opening = Opening {
            session: Uuid::now_v7(),
            started: Timestamp::now(),
            facts: json!({ "person": "dana", "target": "alaris-sm-01" }),
            mode,
        };
        let live = LiveRecording::start(&self.folder, opening, &keys)?;
        let about = json!({ "terminal": { "columns": 120, "rows": 40, "name": "xterm-256color" } });
        let shell = live.open_channel(0, ChannelKind::new("shell", about), true)?;
        Ok((live, shell))
    }

    pub fn with(&self, opened: bool) -> VerifyWith {
        let identities = if opened { self.readers.to_vec() } else { Vec::new() };
        VerifyWith { keys: vec![self.signer.public()], identities, ledger: None }
    }

    /// Seals and returns the size of the file.
    pub fn seal(&self, live: &LiveRecording) -> Result<u64, Box<dyn Error>> {
        live.seal(Ending { reason: "closed".into(), at: Timestamp::now(), coverage: Vec::new() })?;
        Ok(std::fs::metadata(self.folder.recording(live.session()))?.len())
    }

    pub fn forget(&self, live: &LiveRecording) -> Result<(), Box<dyn Error>> {
        Ok(std::fs::remove_file(self.folder.recording(live.session()))?)
    }

    /// A new file in the folder's disk.
    pub fn file(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }
}

/// The stream in batches, without a copy.
pub fn batches(stream: &Bytes, size: usize) -> impl Iterator<Item = Bytes> + '_ {
    (0..stream.len()).step_by(size).map(move |at| stream.slice(at..(at + size).min(stream.len())))
}

/// The median of five runs.
pub fn median(mut run: impl FnMut() -> Result<Duration, Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let mut times = Vec::new();
    for _ in 0..5 {
        times.push(run()?);
    }
    times.sort();
    Ok(times.get(2).copied().unwrap_or_default())
}

pub fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let done = what();
    (done, started.elapsed())
}

pub fn mb_per_s(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / MB / time.as_secs_f64().max(1e-9)
}

/// The value below which this share of the sorted ones lies.
pub fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}
