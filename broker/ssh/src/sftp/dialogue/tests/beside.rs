//! What is done to a file beside what is written to it, against a server that does it all: a hash that is told is the hash of
//! what the server has.

use std::collections::VecDeque;

use super::*;
use crate::sftp::open_file::{CUT, SHARED};

/// What a client does to one file.
#[derive(Clone, Debug)]
enum Step {
    /// Through one of its handles.
    Write(u8, u64, Vec<u8>),
    Cut(u8, u64),
    CutAtPath(u64),
    Open(u8, u32),
    Close(u8),
    /// The server's next answers come.
    Hear(usize),
}
use Step::{Close, Cut, CutAtPath, Hear, Open, Write};

/// A server with one file, which works one request after the other, and a channel to it.
struct Served {
    channel: Channel,
    there: Vec<u8>,
    /// Answers that are under way.
    coming: VecDeque<Vec<u8>>,
    open: Vec<u8>,
    next_id: u32,
    /// What was told: the hash of each file that passed, or why it has none.
    told: Vec<Result<[u8; 32], &'static str>>,
}

const PATH: &[u8] = b"/tmp/patch";
/// Written anew and emptied; written over.
const ANEW: u32 = 0x1a;
const OVER: u32 = 0x0a;

impl Served {
    fn new() -> Self {
        let channel = Channel::granting(&[Access::SftpRead, Access::SftpWrite]);
        let there = b"what was there".to_vec();
        Self { channel, there, coming: VecDeque::new(), open: Vec::new(), next_id: 1, told: Vec::new() }
    }

    fn asks(&mut self, raw: &[u8], answer: Vec<u8>) {
        assert_eq!(self.channel.asks(raw), Ok(Verdict::Send));
        self.coming.push_back(answer);
    }

    fn does(&mut self, step: Step) {
        let id = self.next_id;
        self.next_id += 1;
        match step {
            // A handle is known once its answer has come.
            Open(handle, flags) if !self.open.contains(&handle) => {
                if flags & 0x10 != 0 {
                    self.there.clear();
                }
                let raw = packet(3, &[U32(id), Text(PATH), U32(flags), U32(0)]);
                self.asks(&raw, packet(102, &[U32(id), Text(&[handle])]));
                self.hears(usize::MAX);
                self.open.push(handle);
            }
            Write(handle, offset, bytes) if self.open.contains(&handle) => {
                let len = u32::try_from(bytes.len()).unwrap();
                self.asks(&packet(6, &[U32(id), Text(&[handle]), U64(offset), U32(len)]), ok(id));
                let file = self.channel.dialogue.handles[&[handle][..]];
                let at = usize::try_from(offset).unwrap();
                if !bytes.is_empty() {
                    self.there.resize(self.there.len().max(at + bytes.len()), 0);
                    self.there[at..at + bytes.len()].copy_from_slice(&bytes);
                }
                self.channel.dialogue.written(file, offset, bytes.into());
            }
            Cut(handle, size) if self.open.contains(&handle) => {
                self.asks(&packet(10, &[U32(id), Text(&[handle]), U32(1), U64(size)]), ok(id));
                self.there.resize(usize::try_from(size).unwrap(), 0);
            }
            CutAtPath(size) => {
                self.asks(&packet(9, &[U32(id), Text(PATH), U32(1), U64(size)]), ok(id));
                self.there.resize(usize::try_from(size).unwrap(), 0);
            }
            Close(handle) if self.open.contains(&handle) => {
                self.asks(&packet(4, &[U32(id), Text(&[handle])]), ok(id));
                self.open.retain(|open| *open != handle);
                self.hears(usize::MAX);
            }
            Hear(answers) => self.hears(answers),
            _ => {}
        }
    }

    /// Takes so many answers; what is told then to have a hash is what is there.
    fn hears(&mut self, answers: usize) {
        for answer in self.coming.drain(..answers.min(self.coming.len())).collect::<Vec<_>>() {
            self.channel.answers(&answer).unwrap();
        }
        for file in self.channel.dialogue.passed() {
            self.told.push(file.sha256.ok_or_else(|| file.partial.unwrap()));
        }
    }

    /// What was told of one file, all steps done.
    fn told_after(steps: &[Step]) -> Vec<Result<[u8; 32], &'static str>> {
        let mut served = Self::new();
        steps.iter().cloned().for_each(|step| served.does(step));
        served.told
    }
}

fn sha(bytes: &[u8]) -> [u8; 32] {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().try_into().unwrap()
}

#[test]
fn what_was_cut_off_and_grown_again_has_no_hash_and_what_is_made_room_for_has() {
    let words = |at: u64, words: &[u8]| Write(1, at, words.to_vec());
    let all = || Ok(sha(b"infusion"));
    for (flags, steps, told) in [
        (ANEW, vec![words(0, b"infusion"), Cut(1, 2), Cut(1, 8)], Err(CUT)),
        (ANEW, vec![words(0, b"infu"), Cut(1, 0), words(4, b"sion"), Cut(1, 8)], Err(CUT)),
        (ANEW, vec![words(0, b"infu"), Hear(9), Cut(1, 0), Hear(9), words(4, b"sion"), Cut(1, 8)], Err(CUT)),
        // What waits for what belongs before it is there, too.
        (ANEW, vec![words(4, b"sion"), Hear(9), Cut(1, 0), Hear(9), words(0, b"infu"), Cut(1, 8)], Err(CUT)),
        (ANEW, vec![Cut(1, 8), words(0, b"infu"), words(4, b"sion")], all()),
        (ANEW, vec![words(0, b"infu"), Cut(1, 6), Hear(9), words(4, b"sion")], all()),
        (OVER, vec![Cut(1, 0), Hear(9), words(0, b"infusion")], all()),
        (OVER, vec![words(0, b"infusion"), Cut(1, 8)], all()),
    ] {
        let steps = [vec![Open(1, flags)], steps, vec![Close(1)]].concat();
        assert_eq!(Served::told_after(&steps), [told], "{steps:?}");
    }
}

#[test]
fn what_is_open_to_be_written_twice_at_once_has_no_hash_and_one_after_the_other_it_has() {
    let one = |handle, word: &[u8]| [Open(handle, ANEW), Write(handle, 0, word.to_vec())];
    let both = [&one(1, b"XXXX")[..], &one(2, b"Y"), &[Close(1), Close(2)]].concat();
    assert_eq!(Served::told_after(&both), [Err(SHARED); 2]);
    let in_turn = [&one(1, b"XXXX")[..], &[Close(1)], &one(2, b"Y"), &[Close(2)]].concat();
    assert_eq!(Served::told_after(&in_turn), [Ok(sha(b"XXXX")), Ok(sha(b"Y"))]);
}

fn step() -> impl Strategy<Value = Step> {
    let handle = 1_u8..=2;
    prop_oneof![
        4 => (handle.clone(), 0_u64..12, prop::collection::vec(any::<u8>(), 0..8))
            .prop_map(|(handle, at, bytes)| Write(handle, at, bytes)),
        // What follows without a gap, as most do.
        2 => (handle.clone(), 0_u64..4).prop_map(|(handle, n)| Write(handle, n * 4, vec![7; 4])),
        2 => (handle.clone(), 0_u64..16).prop_map(|(handle, size)| Cut(handle, size)),
        1 => (0_u64..16).prop_map(CutAtPath),
        2 => (handle.clone(), prop::sample::select(vec![ANEW, OVER])).prop_map(|(handle, flags)| Open(handle, flags)),
        1 => handle.prop_map(Close),
        2 => (0_usize..4).prop_map(Hear),
    ]
}

proptest! {
    /// Whatever is done to a file, in whatever order, and however late the answers come.
    #[test]
    fn a_hash_that_is_told_is_of_what_the_server_has(steps in prop::collection::vec(step(), 0..24)) {
        let mut served = Served::new();
        for step in steps.into_iter().chain([Close(1), Close(2)]) {
            let before = served.told.len();
            served.does(step);
            for hash in served.told[before..].iter().flatten() {
                prop_assert_eq!(*hash, sha(&served.there));
            }
        }
    }
}
