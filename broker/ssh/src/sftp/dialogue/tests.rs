use bytes::{BufMut, BytesMut};
use chaperone_session::FileDirection;
use proptest::prelude::*;

use super::*;
use crate::sftp::field::status;
use crate::sftp::open_file::CHANGED;
use crate::sftp::split::{Part, Side, Splitter};

mod beside;
mod bounds;
mod staged;

const INIT_3: &[u8] = &[0, 0, 0, 5, 1, 0, 0, 0, 3];
const VERSION_3: &[u8] = &[0, 0, 0, 5, 2, 0, 0, 0, 3];

/// A field of a packet.
enum Field<'f> {
    U32(u32),
    U64(u64),
    Text(&'f [u8]),
}
use Field::{Text, U32, U64};

fn packet(kind: u8, fields: &[Field<'_>]) -> Vec<u8> {
    let mut body = BytesMut::new();
    body.put_u8(kind);
    for field in fields {
        match field {
            U32(number) => body.put_u32(*number),
            U64(number) => body.put_u64(*number),
            Text(text) => {
                body.put_u32(u32::try_from(text.len()).unwrap());
                body.put_slice(text);
            }
        }
    }
    [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat()
}

struct Channel {
    dialogue: Dialogue,
    log: Log,
    access: Vec<Access>,
}

impl Channel {
    fn granting(access: &[Access]) -> Self {
        let mut channel =
            Self { dialogue: Dialogue::new(0, false), log: Log::default(), access: access.to_vec() };
        assert_eq!(channel.asks(INIT_3), Ok(Verdict::Instead(Bytes::from_static(INIT_3))));
        channel.answers(VERSION_3).unwrap();
        channel
    }

    fn asks(&mut self, raw: &[u8]) -> Result<Verdict, Malformed> {
        let access = self.access.clone();
        let withheld = move |wanted| (!access.contains(&wanted)).then(|| Refusal::missing(wanted));
        self.dialogue.request(raw, 0, &withheld, &mut self.log).map(|(verdict, _)| verdict)
    }

    fn answers(&mut self, raw: &[u8]) -> Result<Option<(u32, u64)>, Malformed> {
        self.dialogue.answer(raw, 0, &mut self.log)
    }

    fn opens(&mut self, id: u32, path: &[u8], flags: u32, handle: &[u8]) {
        assert_eq!(self.asks(&packet(3, &[U32(id), Text(path), U32(flags), U32(0)])), Ok(Verdict::Send));
        self.answers(&packet(102, &[U32(id), Text(handle)])).unwrap();
    }
}

fn ok(id: u32) -> Vec<u8> {
    packet(101, &[U32(id), U32(0), Text(b""), Text(b"")])
}

/// Requests that change something, each with what it needs beside its number.
fn changes() -> Vec<Vec<u8>> {
    let path = || Text(b"/etc/passwd");
    vec![
        packet(3, &[U32(9), path(), U32(0x2), U32(0)]),
        packet(3, &[U32(9), path(), U32(0x1 | 0x10), U32(0)]),
        packet(3, &[U32(9), path(), U32(0x8), U32(0)]),
        packet(9, &[U32(9), path(), U32(0)]),
        packet(10, &[U32(9), Text(b"h"), U32(0)]),
        packet(13, &[U32(9), path()]),
        packet(14, &[U32(9), path(), U32(0)]),
        packet(15, &[U32(9), path()]),
        packet(18, &[U32(9), path(), path()]),
        packet(20, &[U32(9), path(), path()]),
        packet(6, &[U32(9), Text(b"h"), U64(0), Text(b"")]),
        packet(200, &[U32(9), Text(b"posix-rename@openssh.com"), path(), path()]),
        packet(200, &[U32(9), Text(b"hardlink@openssh.com"), path(), path()]),
        packet(200, &[U32(9), Text(b"fsync@openssh.com"), Text(b"h")]),
        packet(200, &[U32(9), Text(b"lsetstat@openssh.com"), path(), U32(0)]),
        packet(200, &[U32(9), Text(b"copy-data"), Text(b"h"), U64(0), U64(1), Text(b"h"), U64(9)]),
        packet(200, &[U32(9), Text(b"new@example.org"), path()]),
    ]
}

#[test]
fn without_sftp_write_nothing_that_changes_anything_goes_on() {
    for raw in changes() {
        let mut channel = Channel::granting(&[Access::SftpRead]);
        channel.opens(1, b"/tmp/log", 0x1, b"h");
        assert!(matches!(channel.asks(&raw), Ok(Verdict::Refused(Some(_)))), "{raw:?}");
        let answer = channel.dialogue.due().expect("the gate answers");
        assert_eq!(&answer[4..9], &[101, 0, 0, 0, 9], "with the client's own number");
        let code = if raw[4] == 200 && raw.ends_with(b"/etc/passwd") && answer[12] == 8 { 8 } else { 3 };
        assert_eq!(answer[12], code, "{raw:?}");
    }
}

#[test]
fn without_sftp_read_nothing_is_read_and_a_file_can_still_be_written() {
    let mut channel = Channel::granting(&[Access::SftpWrite]);
    for raw in [
        packet(3, &[U32(9), Text(b"/etc/shadow"), U32(0x1), U32(0)]),
        packet(3, &[U32(9), Text(b"/etc/shadow"), U32(0x3), U32(0)]),
        packet(3, &[U32(9), Text(b"/etc/shadow"), U32(0), U32(0)]),
        packet(11, &[U32(9), Text(b"/etc")]),
        packet(19, &[U32(9), Text(b"/etc")]),
    ] {
        assert_eq!(channel.asks(&raw), Ok(Verdict::Refused(Some("sftp-read"))), "{raw:?}");
        assert!(channel.dialogue.due().is_some());
    }
    channel.opens(1, b"/tmp/patch", 0x1a, b"h");
    assert_eq!(channel.asks(&packet(16, &[U32(2), Text(b".")])), Ok(Verdict::Send));
    assert_eq!(channel.asks(&packet(17, &[U32(3), Text(b"/tmp")])), Ok(Verdict::Send));
}

#[test]
fn a_refused_request_is_answered_after_those_before_it() {
    let mut channel = Channel::granting(&[Access::SftpRead]);
    let stat = |id| packet(17, &[U32(id), Text(b"/tmp")]);
    let remove = |id| packet(13, &[U32(id), Text(b"/tmp/a")]);
    for raw in [stat(1), remove(2), stat(3), remove(4)] {
        channel.asks(&raw).unwrap();
    }
    assert_eq!(channel.dialogue.due(), None);
    channel.answers(&packet(105, &[U32(3), U32(0)])).unwrap();
    assert_eq!(channel.dialogue.due(), None, "the first is under way");
    channel.answers(&packet(105, &[U32(1), U32(0)])).unwrap();
    let numbers: Vec<u8> = std::iter::from_fn(|| channel.dialogue.due()).map(|answer| answer[8]).collect();
    assert_eq!(numbers, [2, 4]);
}

#[test]
fn a_file_that_is_written_and_closed_has_its_hash() {
    let mut channel = Channel::granting(&[Access::SftpWrite]);
    channel.opens(1, b"/tmp/patch", 0x1a, b"h");
    for (id, offset, payload) in [(2, 0, b"infu"), (3, 4, b"sion")] {
        let head = packet(6, &[U32(id), Text(b"h"), U64(offset), U32(4)]);
        assert_eq!(channel.asks(&head), Ok(Verdict::Send));
        channel.dialogue.written(1, offset, Bytes::from_static(payload));
        channel.answers(&ok(id)).unwrap();
    }
    assert_eq!(channel.asks(&packet(4, &[U32(5), Text(b"h")])), Ok(Verdict::Send));
    assert!(channel.dialogue.passed().is_empty(), "it is not closed yet");
    channel.answers(&ok(5)).unwrap();
    let passed = channel.dialogue.passed();
    let sha = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"infusion");
    assert_eq!(passed[0].sha256.unwrap(), sha.as_ref());
    assert_eq!((passed[0].path.as_str(), passed[0].bytes, passed[0].partial), ("/tmp/patch", 8, None));
    // The handle is closed: what comes for it is answered by the gate.
    let late = packet(6, &[U32(6), Text(b"h"), U64(0), Text(b"")]);
    assert_eq!(channel.asks(&late), Ok(Verdict::Refused(None)));
}

#[test]
fn a_file_that_was_not_emptied_has_its_hash_only_if_it_is_cut_to_length() {
    for (cut, hashed) in [(Some(4), true), (Some(5), false), (Some(3), false), (None, false)] {
        let mut channel = Channel::granting(&[Access::SftpWrite]);
        channel.opens(1, b"/tmp/patch", 0xa, b"h");
        channel.asks(&packet(6, &[U32(2), Text(b"h"), U64(0), U32(4)])).unwrap();
        channel.dialogue.written(1, 0, Bytes::from_static(b"pump"));
        channel.answers(&ok(2)).unwrap();
        if let Some(size) = cut {
            channel.asks(&packet(10, &[U32(3), Text(b"h"), U32(1), U64(size)])).unwrap();
            channel.answers(&ok(3)).unwrap();
        }
        channel.asks(&packet(4, &[U32(5), Text(b"h")])).unwrap();
        channel.answers(&ok(5)).unwrap();
        assert_eq!(channel.dialogue.passed()[0].sha256.is_some(), hashed, "{cut:?}");
    }
}

#[test]
fn a_file_whose_length_is_set_by_its_path_has_no_hash_before_nor_after_its_close() {
    let set = |id, size| packet(9, &[U32(id), Text(b"/tmp/patch"), U32(1), U64(size)]);
    let mut channel = Channel::granting(&[Access::SftpWrite]);
    for (number, while_open) in [(1, true), (20, false)] {
        channel.opens(number, b"/tmp/patch", 0x1a, b"h");
        let file = channel.dialogue.handles[&b"h"[..]];
        channel.asks(&packet(6, &[U32(number + 1), Text(b"h"), U64(0), U32(4)])).unwrap();
        channel.dialogue.written(file, 0, Bytes::from_static(b"pump"));
        channel.answers(&ok(number + 1)).unwrap();
        let close = |channel: &mut Channel| {
            channel.asks(&packet(4, &[U32(number + 2), Text(b"h")])).unwrap();
            channel.answers(&ok(number + 2)).unwrap();
        };
        if !while_open {
            close(&mut channel);
            assert!(channel.dialogue.passed()[0].sha256.is_some());
        }
        channel.asks(&set(number + 3, 2)).unwrap();
        assert!(channel.dialogue.passed().is_empty(), "the server has not done it yet");
        channel.answers(&ok(number + 3)).unwrap();
        if while_open {
            close(&mut channel);
        }
        let passed = channel.dialogue.passed();
        assert_eq!(passed.len(), 1 + usize::from(while_open), "{passed:?}");
        for file in passed {
            assert_eq!((file.path.as_str(), file.direction), ("/tmp/patch", FileDirection::Upload));
            assert_eq!((file.sha256, file.partial), (None, Some(CHANGED)));
        }
    }
    // One that the server refuses changes nothing, nor does a mode.
    channel.asks(&set(40, 9)).unwrap();
    channel.answers(&packet(101, &[U32(40), U32(3), Text(b"no"), Text(b"")])).unwrap();
    channel.asks(&packet(9, &[U32(41), Text(b"/tmp/patch"), U32(4), U32(0o600)])).unwrap();
    channel.answers(&ok(41)).unwrap();
    assert!(channel.dialogue.passed().is_empty());
}

#[test]
fn answers_that_nobody_asked_for_end_the_channel() {
    let mut channel = Channel::granting(&[Access::SftpRead]);
    assert_eq!(channel.answers(&ok(1)), Err(Malformed::Unasked(1)));
    channel.asks(&packet(17, &[U32(2), Text(b"/tmp")])).unwrap();
    assert_eq!(channel.asks(&packet(17, &[U32(2), Text(b"/")])), Err(Malformed::Twice(2)));
    assert_eq!(channel.answers(&packet(102, &[U32(2), Text(b"h")])), Err(Malformed::Unasked(2)));
    channel.opens(3, b"/tmp/log", 0x1, b"h");
    channel.asks(&packet(5, &[U32(4), Text(b"h"), U64(0), U32(10)])).unwrap();
    let longer = packet(103, &[U32(4), U32(11)]);
    assert_eq!(channel.answers(&longer), Err(Malformed::Unasked(4)), "more than was asked for");
}

#[test]
fn what_the_gate_does_not_know_and_what_is_not_open_it_answers_itself() {
    let mut channel = Channel::granting(&[Access::SftpRead, Access::SftpWrite]);
    let hashes =
        packet(200, &[U32(1), Text(b"check-file-name"), Text(b"/etc/shadow"), Text(b"sha256"), U64(0)]);
    assert_eq!(channel.asks(&hashes), Ok(Verdict::Refused(Some("unknown extension"))));
    assert_eq!(channel.dialogue.due(), Some(status(1, answer::UNSUPPORTED, Refusal::UNKNOWN.words)));
    for about in [
        packet(4, &[U32(2), Text(b"never opened")]),
        packet(5, &[U32(2), Text(b"never opened"), U64(0), U32(9)]),
        packet(8, &[U32(2), Text(b"never opened")]),
        packet(200, &[U32(2), Text(b"fsync@openssh.com"), Text(b"never opened")]),
    ] {
        assert_eq!(channel.asks(&about), Ok(Verdict::Refused(None)), "{about:?}");
        assert!(channel.dialogue.due().is_some());
    }
}

#[test]
fn nothing_passes_before_a_version_is_agreed_and_none_but_the_third() {
    let nothing = |_| None;
    let mut dialogue = Dialogue::new(0, false);
    let mut log = Log::default();
    let stat = packet(17, &[U32(1), Text(b"/tmp")]);
    assert_eq!(dialogue.request(&stat, 0, &nothing, &mut log), Err(Malformed::Agreement));
    let six = [&INIT_3[..8], &[6]].concat();
    let asked = dialogue.request(&six, 0, &nothing, &mut log).map(|(verdict, _)| verdict);
    assert_eq!(asked, Ok(Verdict::Instead(Bytes::from_static(INIT_3))), "what goes on asks for 3");
    assert_eq!(dialogue.request(INIT_3, 0, &nothing, &mut log), Err(Malformed::Agreement));
    assert_eq!(dialogue.answer(&[0, 0, 0, 5, 2, 0, 0, 0, 6], 0, &mut log), Err(Malformed::Version(6)));
}

#[test]
fn more_open_files_and_more_requests_than_anybody_needs_are_not_taken() {
    let mut channel = Channel::granting(&[Access::SftpRead]);
    for id in 0..u32::try_from(OPEN).unwrap() {
        channel.opens(id, b"/tmp/a", 0x1, &id.to_be_bytes());
    }
    let one_more = packet(3, &[U32(5_000), Text(b"/tmp/a"), U32(1), U32(0)]);
    assert_eq!(channel.asks(&one_more), Ok(Verdict::Refused(None)));
    let ended = (10_000..).find_map(|id| channel.asks(&packet(17, &[U32(id), Text(b"/")])).err());
    assert_eq!(ended, Some(Malformed::TooMany(UNDER_WAY)));
}

#[test]
fn long_paths_are_few_while_nothing_is_answered_and_many_where_all_is() {
    let long = [b'a'; 60_000];
    let stat = |id| packet(17, &[U32(id), Text(&long)]);
    let mut channel = Channel::granting(&[Access::SftpRead]);
    for id in 0..100 {
        channel.asks(&stat(id)).unwrap();
        channel.answers(&packet(101, &[U32(id), U32(2), Text(b"no such file"), Text(b"")])).unwrap();
    }
    let ended = (100..).find_map(|id| channel.asks(&stat(id)).err());
    assert_eq!(ended, Some(Malformed::TooMany(UNDER_WAY_BYTES.div_ceil(long.len()))));
}

proptest! {
    /// Whatever both sides send, in whatever order: no panic, and nothing grows beyond its bound.
    #[test]
    fn any_two_sides_are_survived(
        turns in prop::collection::vec((any::<bool>(), 0_u8..=210, prop::collection::vec(any::<u8>(), 0..80)), 0..60),
        read in any::<bool>(),
        write in any::<bool>(),
    ) {
        let (mut dialogue, mut log) = (Dialogue::new(0, false), Log::default());
        let grants = |access| if access == Access::SftpRead { read } else { write };
        let withheld = |access| (!grants(access)).then(|| Refusal::missing(access));
        let (mut client, mut server) = (Splitter::new(Side::Client), Splitter::new(Side::Server));
        drop(dialogue.request(INIT_3, 0, &withheld, &mut log));
        dialogue.answer(VERSION_3, 0, &mut log).unwrap();
        for (asks, kind, body) in turns {
            let mut bytes: Bytes = packet(kind, &[]).into();
            if body.len() > 4 {
                bytes = [&(u32::try_from(body.len() + 1).unwrap()).to_be_bytes()[..], &[kind], &body].concat().into();
            }
            let side = if asks { &mut client } else { &mut server };
            while let Ok(Some(part)) = side.next(&mut bytes) {
                let (Part::Packet(raw) | Part::Head(raw, _)) = part else { continue };
                if asks {
                    drop(dialogue.request(&raw, 0, &withheld, &mut log));
                } else {
                    dialogue.answer(&raw, 0, &mut log).ok();
                }
            }
        }
        prop_assert!(dialogue.files.len() <= OPEN && dialogue.owed() <= UNDER_WAY);
        drop(dialogue.end());
    }

    /// Nothing but what is granted is judged to go on.
    #[test]
    fn whatever_is_asked_with_nothing_granted_is_refused(kind in 3_u8..=20, body in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut channel = Channel::granting(&[]);
        let raw = [&(u32::try_from(body.len() + 1).unwrap()).to_be_bytes()[..], &[kind], &body].concat();
        prop_assert_ne!(channel.asks(&raw), Ok(Verdict::Send));
    }
}
