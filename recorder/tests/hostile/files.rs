//! Files as somebody without any key could change them: verified, read, recovered, and given to the command.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;

use chaperone_recorder::{
    Folder, Header, Identity, Recording, Recovering, Recovery, SigningKey, Thresholds, VerifyWith, foreign,
    recover, verify, verify_bytes,
};
use jiff::Timestamp;
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::sample::Index;
use uuid::Uuid;

use crate::bounds::{READING, within};
use crate::mutation::{changed, edits, fixtures, seeds};

fn with() -> VerifyWith {
    let keys = fixtures().join("keys");
    let signer = SigningKey::load(&keys.join("gate.pem")).unwrap();
    let identity = |name: &str| Identity::load(&keys.join(name)).unwrap();
    VerifyWith {
        keys: vec![signer.public()],
        identities: vec![identity("evidence.txt"), identity("unmask.txt")],
        ledger: None,
    }
}

/// Verifies, and reads as far as it goes.
fn read(file: Vec<u8>, with: &VerifyWith) {
    let copy = file.clone();
    within(READING, || drop(verify_bytes(copy, with)));
    let opened = within(READING, || match Recording::from_bytes(file, &with.identities) {
        Ok(recording) => recording.is_unmasked() && recording.take(3_000_000).all(|entry| entry.is_ok()),
        Err(bad) => bad.offset > 0,
    });
    std::hint::black_box(opened);
}

fn recovered(chap: &[u8], tail: &[u8]) {
    let dir = tempfile::tempdir().unwrap();
    let thresholds = Thresholds { reserve_bytes: 0, low_bytes: 0, critical_bytes: 0 };
    let folder = Folder::open_with(dir.path(), thresholds).unwrap();
    let opened = Recording::from_bytes(chap.to_vec(), &with().identities);
    let session = opened.map_or(Uuid::from_u128(7), |recording| recording.header().session);
    fs::write(folder.recording(session), chap).unwrap();
    fs::write(folder.tail(session), tail).unwrap();
    let signer = Arc::new(SigningKey::load(&fixtures().join("keys").join("gate.pem")).unwrap());
    let recovering = Recovering {
        signer,
        at: Timestamp::UNIX_EPOCH,
        reason: "crash".into(),
        checkpoint: None,
        begun: None,
    };
    within(READING, || drop(folder.list().unwrap()));
    let done =
        within(READING, || matches!(recover(&folder, session, &recovering), Ok(Recovery::Recovered(_))));
    let verdict = verify(&folder.recording(session), &VerifyWith { identities: Vec::new(), ..with() });
    assert!(!done || verdict.sound, "what recovery sealed is sound: {verdict}");
    if done {
        let again = fs::read(folder.recording(session)).unwrap();
        assert!(recover(&folder, session, &recovering).is_ok());
        assert_eq!(fs::read(folder.recording(session)).unwrap(), again, "it is sealed once");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn changed_recordings_are_read_within_bounds(seed in any::<Index>(), edits in edits()) {
        let seeds = seeds();
        read(changed(seeds[seed.index(seeds.len())].clone(), &edits, &seeds), &with());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn changed_files_are_recovered_within_bounds(seed in any::<Index>(), edits in edits(), of_tail in edits()) {
        let seeds = seeds();
        let crashed = fs::read(fixtures().join("crashed.chap")).unwrap();
        let tail = fs::read(fixtures().join("crashed.tail")).unwrap();
        let chap = if seed.index(2) == 0 { crashed } else { seeds[seed.index(seeds.len())].clone() };
        recovered(&changed(chap, &edits, &seeds), &changed(tail.clone(), &of_tail, &[tail]));
    }

    #[test]
    fn foreign_bytes_are_read_within_bounds(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
        read(bytes.clone(), &with());
        read([&b"CHAPREC\n\0\x01\0\0"[..], &bytes].concat(), &with());
    }
}

#[test]
fn lengths_that_lie_are_not_believed() {
    let whole = fs::read(fixtures().join("sound.chap")).unwrap();
    let header_end = 16 + u32::from_be_bytes(whole[12..16].try_into().unwrap()) as usize + 64;
    for length in [0, 1, 16, 2 << 20, (2 << 20) + 16, (2 << 20) + 17, 1 << 30, u32::MAX] {
        for field in [48, 52, 56, 60, 64] {
            let mut file = whole.clone();
            file[header_end + field..header_end + field + 4].copy_from_slice(&length.to_be_bytes());
            read(file, &with());
        }
        let mut file = whole.clone();
        file[12..16].copy_from_slice(&length.to_be_bytes());
        read(file, &with());
    }
}

/// Texts that are short and become large: of a header, and of a seal.
#[test]
fn texts_of_many_small_things_stay_small() {
    let whole = fs::read(fixtures().join("word.chap")).unwrap();
    let seal_at = whole.windows(4).rposition(|four| four == b"CSEL").unwrap();
    for part in ["[0],", "\"\",", "{\"a\":0},"] {
        let header = format!("[{}0]", part.repeat((255 << 10) / part.len()));
        let mut file = b"CHAPREC\n\0\x01\0\0".to_vec();
        file.extend_from_slice(&(header.len() as u32).to_be_bytes());
        file.extend_from_slice(header.as_bytes());
        file.extend_from_slice(&[0; 64]);
        read(file, &with());
        let seal = format!("{{\"at\":[{}0]}}", part.repeat((1023 << 10) / part.len()));
        let mut file = whole[..seal_at + 4].to_vec();
        file.extend_from_slice(&(seal.len() as u32).to_be_bytes());
        file.extend_from_slice(seal.as_bytes());
        file.extend_from_slice(&[0; 64]);
        file.extend_from_slice(&(seal.len() as u32 + 84).to_be_bytes());
        file.extend_from_slice(b"CHAPEND\n");
        read(file, &with());
    }
}

/// A tail that is full of beginnings of the frame that is due.
#[test]
fn a_tail_of_false_beginnings_is_searched_in_bounded_time() {
    let chap = fs::read(fixtures().join("crashed.chap")).unwrap();
    let tail = fs::read(fixtures().join("crashed.tail")).unwrap();
    let mut head = tail[..60].to_vec();
    head[52..60].copy_from_slice(&[0, 0, 0x40, 0x10, 0, 0, 0x40, 0x10]);
    recovered(&chap, &head.repeat((1 << 20) / 60));
    recovered(&chap, &b"CFRM".repeat(1 << 18));
}

#[test]
fn the_command_never_panics() {
    let dir = tempfile::tempdir().unwrap();
    let (path, seeds) = (dir.path().join("recording.chap"), seeds());
    let keys = fixtures().join("keys");
    for (number, seed) in seeds.iter().enumerate() {
        let mut file = seed.clone();
        let at = (number * 977) % (file.len() + 1);
        file.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 0x20);
        fs::write(&path, file).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_chaperone-verify"));
        command
            .arg(&path)
            .arg("--key")
            .arg(keys.join("gate.pub"))
            .arg("--identity")
            .arg(keys.join("evidence.txt"));
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    }
}

#[test]
fn a_header_says_of_whom_it_is_without_an_open_key() {
    let opened = Recording::open(&fixtures().join("sound.chap"), &with().identities).unwrap();
    let header: &Header = opened.header();
    assert!(foreign(header, header.session).is_none() && foreign(header, Uuid::from_u128(7)).is_some());
}
