//! A live recording on a medium whose weather a test makes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::append::ChannelRecorder;
use crate::channel::{ChannelKind, Stream};
use crate::content::{Typed, What};
use crate::error::RecordError;
use crate::folder::{Folder, Thresholds};
use crate::key::{Identity, SigningKey};
use crate::live::LiveRecording;
use crate::medium::Medium;
use crate::opening::{Durability, Ending, Opening, RecordingKeys};
use crate::read::Recording;
use crate::verify::{VerifyWith, verify};

/// What the medium does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// Writes this many bytes of what it was given, and fails.
    ShortWrite(usize),
    /// Writes nothing: the disk is full.
    Full,
    /// Writes nothing: an I/O error.
    Io,
    /// Writes everything, and says that it failed.
    FailedButPersisted,
    /// Cannot sync; what was written since the last sync stays readable.
    Sync,
    /// Cannot cut.
    Cut,
    /// The filesystem was mounted anew, to be read only.
    ReadOnly,
    /// Does everything, and takes its time.
    Slow,
}

/// Which of the two files.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Which {
    Chap,
    Tail,
}

/// Recording and counter.
type Nonce = ([u8; 8], u64);

/// Faults that are due, shared by both files; and what was written under every nonce.
#[derive(Debug, Default)]
pub(super) struct Weather {
    fault: Mutex<Option<Fault>>,
    /// The tail is spared.
    chap_only: Mutex<bool>,
    pub nonces: Mutex<BTreeMap<Nonce, Vec<u8>>>,
    pub writes: Mutex<usize>,
}

impl Weather {
    fn on(&self, which: Which) -> Option<Fault> {
        let fault = *self.fault.lock().unwrap();
        if fault == Some(Fault::Slow) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let spared = which == Which::Tail && *self.chap_only.lock().unwrap();
        fault.filter(|_| !spared)
    }
}

#[derive(Debug)]
struct Faulty {
    file: File,
    which: Which,
    weather: Arc<Weather>,
}

fn injected(kind: io::ErrorKind) -> io::Result<()> {
    Err(io::Error::new(kind, "injected"))
}

impl Medium for Faulty {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        Medium::read_exact_at(&self.file, buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        *self.weather.writes.lock().unwrap() += 1;
        if matches!(bytes.first_chunk(), Some(b"CBLK" | b"CFRM")) {
            let recording = bytes[8..16].try_into().unwrap();
            let nonce = u64::from_be_bytes(bytes[24..32].try_into().unwrap());
            // A repair after a failed sync puts the same bytes down again: only other bytes need another nonce.
            let mut nonces = self.weather.nonces.lock().unwrap();
            let first = nonces.entry((recording, nonce)).or_insert_with(|| bytes.to_vec());
            assert_eq!(first, bytes, "nonce {nonce} was used for other bytes");
        }
        match self.weather.on(self.which) {
            Some(Fault::ShortWrite(some)) => {
                Medium::write_all_at(&self.file, &bytes[..some.min(bytes.len())], offset)?;
                injected(io::ErrorKind::WriteZero)
            }
            Some(Fault::Full) => injected(io::ErrorKind::StorageFull),
            Some(Fault::Io) => injected(io::ErrorKind::Other),
            Some(Fault::ReadOnly) => injected(io::ErrorKind::ReadOnlyFilesystem),
            Some(Fault::FailedButPersisted) => {
                Medium::write_all_at(&self.file, bytes, offset)?;
                injected(io::ErrorKind::Other)
            }
            _ => Medium::write_all_at(&self.file, bytes, offset),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        match self.weather.on(self.which) {
            Some(Fault::Cut) => injected(io::ErrorKind::Other),
            Some(Fault::ReadOnly) => injected(io::ErrorKind::ReadOnlyFilesystem),
            _ => Medium::set_len(&self.file, len),
        }
    }

    fn len(&self) -> io::Result<u64> {
        Medium::len(&self.file)
    }

    fn sync_data(&self) -> io::Result<()> {
        match self.weather.on(self.which) {
            Some(Fault::Sync) => injected(io::ErrorKind::Other),
            _ => Ok(()),
        }
    }
}

pub(super) struct Stage {
    pub dir: tempfile::TempDir,
    pub folder: Folder,
    pub session: Uuid,
    pub signer: Arc<SigningKey>,
    pub readers: [Identity; 2],
    pub weather: Arc<Weather>,
    pub live: LiveRecording,
    pub shell: ChannelRecorder,
}

impl Stage {
    pub fn set(mode: Durability) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let thresholds = Thresholds { reserve_bytes: 1 << 16, low_bytes: 0, critical_bytes: 0 };
        let folder = Folder::open_with(dir.path(), thresholds).unwrap();
        let signer = Arc::new(SigningKey::generate().unwrap());
        let readers = [Identity::generate(), Identity::generate()];
        let weather = Arc::new(Weather::default());
        let session = Uuid::now_v7();
        let live = start(&folder, session, mode, &signer, &readers, &weather).unwrap();
        let about = json!({ "terminal": { "columns": 80, "rows": 24, "name": "xterm" } });
        let shell = live.open_channel(0, ChannelKind { name: "shell".into(), about }, true).unwrap();
        Self { dir, folder, session, signer, readers, weather, live, shell }
    }

    pub fn takes(&self, stream: Stream, batch: Bytes) {
        drop(self.shell.append(stream, batch).unwrap());
    }

    pub fn fault(&self, fault: impl Into<Option<Fault>>) {
        *self.weather.fault.lock().unwrap() = fault.into();
    }

    /// Only the recording itself is hit, not its tail.
    pub fn fault_of_chap(&self, fault: Fault) {
        *self.weather.chap_only.lock().unwrap() = true;
        self.fault(fault);
    }

    pub fn mend(&self) {
        self.fault(None);
        *self.weather.chap_only.lock().unwrap() = false;
    }

    pub fn end(&self) -> Ending {
        Ending { reason: "closed".into(), at: Timestamp::now(), coverage: vec![] }
    }

    pub fn verify_with(&self) -> VerifyWith {
        VerifyWith { keys: vec![self.signer.public()], identities: self.readers.to_vec(), ledger: None }
    }

    /// Everything that was recorded of one stream, as it reads back.
    pub fn payload(&self, wanted: Stream) -> Vec<u8> {
        let recording = Recording::open(&self.folder.recording(self.session), &self.readers)
            .unwrap()
            .showing(Typed::default());
        let mut all = Vec::new();
        for entry in recording {
            if let What::Bytes(stream, bytes) = entry.unwrap().what
                && stream == wanted
            {
                all.extend_from_slice(&bytes);
            }
        }
        all
    }

    pub fn check_sealed(&self, output: &[u8], input: &[u8]) {
        let verdict = verify(&self.folder.recording(self.session), &self.verify_with());
        assert!(verdict.sound, "{:?}", verdict.bad);
        assert_eq!(self.payload(Stream::Output), output);
        assert_eq!(self.payload(Stream::Input), input);
        assert!(!self.weather.nonces.lock().unwrap().is_empty(), "nonces were watched");
    }
}

/// `n` bytes that do not compress.
pub(super) fn noise(n: usize, seed: u32) -> Bytes {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let bytes = (0..n).map(|_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 11) as u8
    });
    bytes.collect()
}

/// Starts a recording on a medium that has this weather.
pub(super) fn start(
    folder: &Folder,
    session: Uuid,
    mode: Durability,
    signer: &Arc<SigningKey>,
    readers: &[Identity; 2],
    weather: &Arc<Weather>,
) -> Result<LiveRecording, RecordError> {
    let keys = RecordingKeys {
        evidence: vec![readers[0].recipient()],
        unmask: vec![readers[1].recipient()],
        signer: Arc::clone(signer),
    };
    let opening = Opening { session, started: Timestamp::now(), facts: json!({}), mode };
    let made = AtomicBool::new(false);
    let medium = |file| {
        let which = if made.swap(true, Ordering::Relaxed) { Which::Tail } else { Which::Chap };
        Arc::new(Faulty { file, which, weather: Arc::clone(weather) }) as Arc<dyn Medium>
    };
    LiveRecording::start_on(folder, opening, &keys, &medium)
}
