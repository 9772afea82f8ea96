//! Files that passed come out of a recording as they were, put together from where its events say that they are.

use chaperone_recorder::replay::{self, Film, derive};
use chaperone_recorder::{ChannelKind, ChannelRecorder, LiveRecording, Mark, Recording, Stream};
use serde_json::{Value, json};

use crate::visit::{Gate, ending, say};

/// A channel of files on a recording.
struct Channel {
    live: LiveRecording,
    recorder: ChannelRecorder,
    /// How much input has passed.
    position: u64,
}

impl Channel {
    fn open(gate: &Gate) -> Self {
        let (live, _) = gate.start();
        let recorder = live.open_channel(7, ChannelKind::new("sftp", json!({})), false).unwrap();
        Self { live, recorder, position: 0 }
    }

    fn input(&mut self, bytes: &[u8]) {
        say(&self.recorder, Stream::Input, bytes);
        self.position += bytes.len() as u64;
    }

    fn event(&self, kind: &str, body: Value) {
        self.live.event(Some(7), kind, body).unwrap();
    }

    /// A run of payload that begins here, with 9 bytes of protocol before each piece.
    fn writes(&mut self, file: u32, offset: u64, pieces: &[&[u8]]) {
        let (at, bytes): (u64, usize) = (self.position + 9, pieces.iter().map(|piece| piece.len()).sum());
        for piece in pieces {
            self.input(b"protocol!");
            self.input(piece);
        }
        let entry = json!({
            "operation": "write", "file": file, "offset": offset.to_string(), "bytes": bytes.to_string(),
            "requests": pieces.len(), "at": at.to_string(), "chunk": pieces[0].len().to_string(), "gap": "9",
        });
        self.event("sftp-request", json!({ "requests": [entry] }));
    }

    fn ends(&self, file: u32, path: &str) {
        let body = json!({ "file": file, "direction": "upload", "path": path, "bytes": "0", "sha256": null });
        self.event("file", body);
    }
}

/// The tar's members, unpacked, and the index of files.
fn unpacked(gate: &Gate, live: LiveRecording) -> (std::path::PathBuf, Value) {
    let session = live.session();
    live.seal(ending()).unwrap();
    let path = gate.folder.recording(session);
    let identities = vec![gate.evidence.clone()];
    let open = |mark: Option<&Mark>| match mark {
        Some(mark) => Recording::open_at(&path, &identities, mark),
        None => Recording::open(&path, &identities),
    };
    let (tar, folder) = (gate.dir.path().join("files.tar"), gate.dir.path().join("files"));
    replay::files(&open, &mut std::fs::File::create(&tar).unwrap()).unwrap();
    std::fs::create_dir(&folder).unwrap();
    let ran = std::process::Command::new("tar").arg("-xf").arg(&tar).arg("-C").arg(&folder).status();
    assert!(ran.unwrap().success());
    let index = std::fs::read_to_string(folder.join("files.json")).unwrap();
    (folder, serde_json::from_str(&index).unwrap())
}

fn content(folder: &std::path::Path, index: &Value, file: usize) -> Vec<u8> {
    std::fs::read(folder.join(index["files"][file]["name"].as_str().unwrap())).unwrap()
}

#[test]
fn a_file_in_many_pieces_over_many_blocks_comes_out_whole() {
    let gate = Gate::new();
    let mut channel = Channel::open(&gate);
    let pieces: Vec<Vec<u8>> = (0..60_u32)
        .map(|n| (0..100_000_u32).map(|byte| (byte.wrapping_mul(n + 7) >> 3) as u8).collect())
        .collect();
    let whole: Vec<u8> = pieces.concat();
    for (number, ten) in pieces.chunks(10).enumerate() {
        let ten: Vec<&[u8]> = ten.iter().map(Vec::as_slice).collect();
        channel.writes(1, number as u64 * 1_000_000, &ten);
        // Another file in between.
        channel.writes(2, number as u64 * 3, &[b"abc"]);
    }
    channel.ends(1, "/opt/../../etc/pass wd");
    channel.ends(2, "b");
    let (folder, index) = unpacked(&gate, channel.live);
    assert!(content(&folder, &index, 0) == whole);
    assert_eq!(content(&folder, &index, 1), b"abc".repeat(6));
    let hash = hex::encode(chaperone_recorder::ledger::hash_of(&[&whole]));
    assert_eq!(index["files"][0]["sha256"], hash.as_str());
    assert_eq!(index["files"][0]["name"], "files/ch-7/00001-pass_wd");
}

#[test]
fn payload_that_broke_off_out_of_order_or_empty_is_said_as_it_is() {
    let gate = Gate::new();
    let mut channel = Channel::open(&gate);
    channel.writes(1, 500, &[b"second"]);
    channel.writes(1, 0, &[b"first"]);
    channel.ends(2, "empty");
    let at = channel.position;
    channel.input(b"0123456789");
    let broken = json!({
        "operation": "write", "file": 3, "offset": "40", "bytes": "1000", "requests": 10, "at": at.to_string(),
        "chunk": "4", "gap": "2",
    });
    let lies = json!({
        "operation": "write", "file": 4, "offset": "0", "bytes": u64::MAX.to_string(), "requests": 1,
        "at": u64::MAX.to_string(), "chunk": "0", "gap": "1",
    });
    channel.event("sftp-request", json!({ "requests": [broken, lies, 5, null] }));
    let (folder, index) = unpacked(&gate, channel.live);
    assert!(index["files"][0]["left_out"].as_str().unwrap().contains("out of order"));
    assert_eq!(content(&folder, &index, 1), b"");
    assert_eq!(content(&folder, &index, 2), b"01236789");
    assert_eq!(index["files"][2]["from"], "40");
    assert_eq!(index["files"].as_array().unwrap().len(), 3);
}

#[test]
fn a_file_is_marked_and_found_and_its_bytes_are_no_text() {
    let gate = Gate::new();
    let mut channel = Channel::open(&gate);
    channel.writes(1, 0, &[b"not a line of any screen\n"]);
    say(&channel.recorder, Stream::Gate, b"permission denied, in bytes\n");
    channel.ends(1, "/opt/pump/patch.bin");
    let session = channel.live.session();
    channel.live.seal(ending()).unwrap();
    let path = gate.folder.recording(session);
    let open = || Recording::open(&path, &gate.readers()).unwrap();
    let (film, _) = Film::of(&mut open());
    let marked: Vec<&str> = film.markers.iter().map(|marker| marker.kind.as_ref()).collect();
    assert!(marked.contains(&"file") && !marked.contains(&"warning"), "{:?}", film.markers);
    let lines = derive(&mut open(), || {}).lines;
    assert!(lines.iter().any(|line| line.seen == replay::Seen::File && line.text.contains("patch.bin")));
    assert!(!lines.iter().any(|line| line.text.contains("in bytes")));
    let mut text = Vec::new();
    replay::text(&mut open(), &mut text).unwrap();
    assert!(!String::from_utf8(text).unwrap().contains("in bytes"));
}
