//! A visit to record: a shell with typed input, an exec, small and large batches. And the layout of its file, read here
//! from the specification alone.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use chaperone_recorder::{
    ChannelCoverage, ChannelKind, ChannelRecorder, Coverage, Durability, Ending, Entry, Folder, Identity,
    LiveRecording, Opening, Recording, RecordingKeys, Seal, SigningKey, Stream, Thresholds, Typed,
    VerifyWith,
};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

pub const SECRET: &str = "correct horse battery staple";
pub const OUTPUT: &str = "Welcome to alaris-sm-01\r\n";

/// A node with its keys.
pub struct Gate {
    pub dir: tempfile::TempDir,
    pub folder: Folder,
    pub signer: Arc<SigningKey>,
    pub evidence: Identity,
    pub auditor: Identity,
    pub unmask: Identity,
}

impl Gate {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let thresholds = Thresholds { reserve_bytes: 4096, low_bytes: 0, critical_bytes: 0 };
        Self {
            folder: Folder::open_with(dir.path(), thresholds).unwrap(),
            dir,
            signer: Arc::new(SigningKey::generate().unwrap()),
            evidence: Identity::generate(),
            auditor: Identity::generate(),
            unmask: Identity::generate(),
        }
    }

    pub fn keys(&self) -> RecordingKeys {
        RecordingKeys {
            evidence: vec![self.evidence.recipient(), self.auditor.recipient()],
            unmask: vec![self.unmask.recipient()],
            signer: Arc::clone(&self.signer),
        }
    }

    /// Everybody who may see everything.
    pub fn readers(&self) -> Vec<Identity> {
        vec![self.evidence.clone(), self.unmask.clone()]
    }

    pub fn start(&self) -> (LiveRecording, ChannelRecorder) {
        self.start_in(Durability::Prompt)
    }

    pub fn start_in(&self, mode: Durability) -> (LiveRecording, ChannelRecorder) {
        self.begin(Uuid::now_v7(), mode)
    }

    /// A recording under this name.
    pub fn start_as(&self, session: Uuid) -> (LiveRecording, ChannelRecorder) {
        self.begin(session, Durability::Prompt)
    }

    fn begin(&self, session: Uuid, mode: Durability) -> (LiveRecording, ChannelRecorder) {
        let opening = Opening {
            session,
            started: Timestamp::now(),
            facts: json!({ "person": "dana", "target": "alaris-sm-01" }),
            mode,
        };
        let live = LiveRecording::start(&self.folder, opening, &self.keys()).unwrap();
        let about = json!({ "terminal": { "columns": 100, "rows": 30, "name": "xterm-256color" } });
        let shell = live.open_channel(0, ChannelKind { name: "shell".into(), about }, true).unwrap();
        (live, shell)
    }

    /// A whole visit of six blocks, sealed.
    pub fn visit(&self) -> (Uuid, Seal) {
        let (live, shell) = self.start();
        say(&shell, Stream::Output, OUTPUT.as_bytes());
        for key in SECRET.bytes() {
            say(&shell, Stream::Input, &[key]);
        }
        live.checkpoint().unwrap();
        say(&shell, Stream::Output, &vec![b'a'; 20_000]);
        say(&shell, Stream::Output, &noise(30_000));
        let about = json!({ "command": "cat /etc/hostname" });
        let exec = live.open_channel(1, ChannelKind { name: "exec".into(), about }, false).unwrap();
        say(&exec, Stream::Input, b"stdin of a command");
        live.checkpoint().unwrap();
        say(&exec, Stream::Output, b"alaris-sm-01\n");
        live.event(Some(1), "exit-status", json!({ "status": 0 })).unwrap();
        live.checkpoint().unwrap();
        let seal = live.seal(ending_of(&[0, 1])).unwrap();
        assert_eq!(seal.blocks, 6);
        (live.session(), seal)
    }

    pub fn path(&self, session: Uuid) -> PathBuf {
        self.folder.recording(session)
    }

    pub fn file(&self, session: Uuid) -> Vec<u8> {
        std::fs::read(self.path(session)).unwrap()
    }

    pub fn without_identity(&self) -> VerifyWith {
        VerifyWith { keys: vec![self.signer.public()], ..VerifyWith::default() }
    }

    pub fn with_identities(&self) -> VerifyWith {
        VerifyWith { identities: self.readers(), ..self.without_identity() }
    }

    pub fn entries(&self, session: Uuid) -> Vec<Entry> {
        let recording =
            Recording::open(&self.path(session), &self.readers()).unwrap().showing(Typed::default());
        recording.collect::<Result<_, _>>().unwrap()
    }
}

pub fn say(channel: &ChannelRecorder, stream: Stream, bytes: &[u8]) {
    let recorded = channel.append(stream, Bytes::copy_from_slice(bytes)).unwrap();
    channel.delivered(stream, recorded.len() as u64);
}

/// The end of a session with one channel.
pub fn ending() -> Ending {
    ending_of(&[0])
}

pub fn ending_of(channels: &[u32]) -> Ending {
    let coverage = |&channel| ChannelCoverage { channel, coverage: Coverage::Captured, why: String::new() };
    Ending {
        reason: "closed".into(),
        at: Timestamp::now(),
        coverage: channels.iter().map(coverage).collect(),
    }
}

pub fn noise(n: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 9) as u8
    };
    (0..n).map(next).collect()
}

/// Where the parts of a sealed file are.
pub struct Layout {
    pub header: Range<usize>,
    pub blocks: Vec<Range<usize>>,
    pub seal: Range<usize>,
}

pub fn be32(file: &[u8], at: usize) -> usize {
    u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize
}

impl Layout {
    pub fn of(file: &[u8]) -> Self {
        let header = 0..16 + be32(file, 12) + 64;
        let mut at = header.end;
        let mut blocks = Vec::new();
        while file[at..].starts_with(b"CBLK") {
            let end = at + 68 + be32(file, at + 52) + be32(file, at + 56) + 32;
            blocks.push(at..end);
            at = end;
        }
        Self { header, blocks, seal: at..file.len() }
    }
}

/// The file's parts, put together again in another way.
pub fn joined(file: &[u8], parts: &[Range<usize>]) -> Vec<u8> {
    parts.iter().flat_map(|part| &file[part.clone()]).copied().collect()
}
