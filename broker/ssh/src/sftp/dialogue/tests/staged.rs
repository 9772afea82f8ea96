//! The dialogue where the gate takes what is written: nothing that a client writes goes on to the server.

use super::*;
use crate::sftp::dialogue::Done;
use crate::sftp::dialogue::held::OWN;
use crate::sftp::field::status;
use crate::sftp::work::{ToDo, Work};

const WRITE_NEW: u32 = 0x1a;

fn open(id: u32, path: &[u8], flags: u32) -> Vec<u8> {
    packet(3, &[U32(id), Text(path), U32(flags), U32(0)])
}

fn staging() -> Channel {
    let mut channel = Channel::granting(&[Access::SftpRead, Access::SftpWrite]);
    channel.dialogue.stages = true;
    channel
}

impl Channel {
    #[track_caller]
    fn works(&mut self, raw: &[u8]) -> Work {
        match self.asks(raw) {
            Ok(Verdict::Works(work)) => work,
            other => panic!("{other:?}"),
        }
    }

    /// Opens a file that the gate holds; the handle that the client was given.
    #[track_caller]
    fn holds(&mut self, id: u32, path: &[u8], flags: u32) -> Vec<u8> {
        let work = self.works(&open(id, path, flags));
        let ToDo::Open { handle, .. } = &work.to_do else { panic!("{work:?}") };
        let handle = handle.to_vec();
        self.done(&work, false);
        handle
    }

    fn done(&mut self, work: &Work, over: bool) {
        let answer = status(work.id, answer::OK, "");
        self.dialogue.done(work, Done { answer, words: None, passed: None, over });
    }

    fn refused(&mut self, raw: &[u8]) -> bool {
        matches!(self.asks(raw), Ok(Verdict::Refused(_)))
    }
}

#[test]
fn what_is_opened_to_be_written_is_the_gate_s_and_the_rest_is_the_server_s() {
    let mut channel = staging();
    let handle = channel.holds(1, b"/opt/patch", WRITE_NEW);
    let write = channel.works(&packet(6, &[U32(2), Text(&handle), U64(0), U32(4)]));
    assert_eq!(write.to_do, ToDo::Written);
    assert_eq!(channel.works(&packet(8, &[U32(3), Text(&handle)])).to_do, ToDo::Look);
    assert_eq!(channel.works(&packet(17, &[U32(4), Text(b"/opt/patch")])).to_do, ToDo::Look);
    let mode = packet(9, &[U32(5), Text(b"/opt/patch"), U32(4), U32(0o600)]);
    assert!(
        matches!(channel.works(&mode).to_do, ToDo::Set(attributes) if attributes.permissions == Some(0o600))
    );
    let close = channel.works(&packet(4, &[U32(6), Text(&handle)]));
    assert_eq!((close.to_do.clone(), close.file), (ToDo::Close, write.file));
    // What is asked of the path behind the close is about what is on the server then; and the handle is gone.
    assert_eq!(channel.asks(&packet(17, &[U32(7), Text(b"/opt/patch")])), Ok(Verdict::Send));
    assert!(channel.refused(&packet(6, &[U32(8), Text(&handle), U64(0), U32(4)])));
    assert_eq!(channel.asks(&packet(14, &[U32(9), Text(b"/opt/new"), U32(0)])), Ok(Verdict::Send));
    assert_eq!(channel.asks(&open(10, b"/etc/motd", 0x1)), Ok(Verdict::Send));
}

#[test]
fn answers_of_the_gate_wait_for_those_before_them() {
    let mut channel = staging();
    let handle = channel.holds(1, b"/a", WRITE_NEW);
    assert!(channel.dialogue.due().is_some());
    let write = channel.works(&packet(6, &[U32(2), Text(&handle), U64(0), U32(1)]));
    channel.asks(&packet(17, &[U32(3), Text(b"/tmp")])).unwrap();
    let close = channel.works(&packet(4, &[U32(4), Text(&handle)]));
    channel.done(&close, true);
    assert_eq!(channel.dialogue.due(), None, "the write is under way");
    channel.done(&write, false);
    assert_eq!(channel.dialogue.due().unwrap()[8], 2);
    assert_eq!(channel.dialogue.due(), None, "the server has not answered the third");
    channel.answers(&packet(105, &[U32(3), U32(0)])).unwrap();
    assert_eq!(channel.dialogue.due().unwrap()[8], 4);
    assert!(channel.dialogue.own.is_empty() && channel.dialogue.under_way.is_empty());
}

#[test]
fn a_part_of_a_file_is_nobody_s_to_write() {
    let mut channel = staging();
    for flags in [0x2, 0x3, 0x4 | 0x2, 0x4 | 0x8 | 0x2] {
        assert!(channel.refused(&open(flags, b"/a", flags)), "{flags:x}");
        assert!(channel.dialogue.words().is_some(), "and it is said why");
        channel.dialogue.due().expect("the gate answers");
    }
    let cut = packet(9, &[U32(90), Text(b"/a"), U32(1), U64(3)]);
    assert!(channel.refused(&cut), "a file on the server is not cut");
    channel.opens(91, b"/a", 0x1, b"theirs");
    let copy =
        packet(200, &[U32(92), Text(b"copy-data"), Text(b"theirs"), U64(0), U64(0), Text(b"theirs"), U64(0)]);
    assert!(channel.refused(&copy));
    let handle = channel.holds(93, b"/b", WRITE_NEW | 0x1);
    assert!(
        channel.refused(&packet(5, &[U32(94), Text(&handle), U64(0), U32(9)])),
        "the stage gives nothing back"
    );
    assert!(channel.refused(&open(95, b"/b", WRITE_NEW)), "twice at once");
}

#[test]
fn no_more_is_held_than_there_are_threads_for_and_no_server_gives_out_the_gate_s_handles() {
    let mut channel = staging();
    let held: Vec<Vec<u8>> = (0..OWN)
        .map(|n| channel.holds(u32::try_from(n).unwrap(), format!("/{n}").as_bytes(), WRITE_NEW))
        .collect();
    assert!(channel.refused(&open(99, b"/more", WRITE_NEW)));
    channel.asks(&open(100, b"/read", 0x1)).unwrap();
    assert_eq!(channel.answers(&packet(102, &[U32(100), Text(&held[0])])), Err(Malformed::Unasked(100)));
    let close = channel.works(&packet(4, &[U32(101), Text(&held[0])]));
    assert_eq!(channel.answers(&ok(101)), Err(Malformed::Unasked(101)), "the gate itself is at it");
    channel.done(&close, true);
    channel.holds(102, b"/more", WRITE_NEW);
}

/// One turn of a client, a server or the gate.
#[derive(Clone, Debug)]
enum Turn {
    Opens(u8, u32),
    Writes(usize),
    Closes(usize),
    Asks(u8, Vec<u8>),
    Works,
    Answers(usize),
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let one = prop_oneof![
        3 => (0_u8..4, 0_u32..0x40).prop_map(|(path, flags)| Turn::Opens(path, flags)),
        3 => any::<usize>().prop_map(Turn::Writes),
        2 => any::<usize>().prop_map(Turn::Closes),
        1 => (3_u8..=20, prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(kind, body)| Turn::Asks(kind, body)),
        3 => Just(Turn::Works),
        3 => any::<usize>().prop_map(Turn::Answers),
    ];
    prop::collection::vec(one, 0..80)
}

proptest! {
    /// Whatever the three of them do, in whatever order: the server has nothing open that could be written, and nothing
    /// grows beyond its bound.
    #[test]
    fn the_server_never_has_anything_open_to_write_to(turns in turns()) {
        let mut channel = staging();
        let (mut id, mut works, mut asked, mut handles) = (100_u32, Vec::<Work>::new(), Vec::<u32>::new(), Vec::<Vec<u8>>::new());
        for turn in turns {
            id += 1;
            let (raw, writes) = match turn {
                Turn::Opens(path, flags) => (open(id, &[b'/', b'a' + path], flags), flags & !1 != 0),
                Turn::Writes(which) => {
                    let Some(handle) = handles.get(which % handles.len().max(1)) else { continue };
                    (packet(6, &[U32(id), Text(handle), U64(0), U32(1)]), true)
                }
                Turn::Closes(which) => {
                    let Some(handle) = handles.get(which % handles.len().max(1)) else { continue };
                    (packet(4, &[U32(id), Text(handle)]), false)
                }
                Turn::Asks(kind, body) => ([&(u32::try_from(body.len() + 1).unwrap()).to_be_bytes()[..], &[kind], &body].concat(), false),
                Turn::Works => {
                    if !works.is_empty() {
                        let work = works.remove(0);
                        channel.done(&work, work.to_do == ToDo::Close);
                    }
                    continue;
                }
                Turn::Answers(which) => {
                    if !asked.is_empty() {
                        let id = asked.remove(which % asked.len());
                        // A handle where that is an answer, else a status.
                        if channel.answers(&packet(102, &[U32(id), Text(&id.to_be_bytes())])).is_ok() {
                            handles.push(id.to_be_bytes().to_vec());
                        }
                    }
                    continue;
                }
            };
            match channel.asks(&raw) {
                Ok(Verdict::Send) => {
                    asked.push(id);
                    prop_assert!(!writes, "{raw:?} went on");
                }
                Ok(Verdict::Works(work)) => {
                    if let ToDo::Open { handle, .. } = &work.to_do {
                        handles.push(handle.to_vec());
                    }
                    works.push(work);
                }
                _ => {}
            }
            prop_assert!(channel.dialogue.own.len() <= OWN);
        }
        for work in works {
            channel.done(&work, work.to_do == ToDo::Close);
        }
    }
}
