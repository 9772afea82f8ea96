//! Requests and their answers, held together: who may what, which number is whose, and what is open.
//!
//! A request is judged before it goes on. One that is not granted is answered by the gate, in the order in which a server
//! that works one request after the other would have answered it.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use chaperone_policy::Access;
use chaperone_session::{FileTransfer, new_reference};
use serde_json::Map;

use super::answer::{self, Answer};
use super::asked::Asked;
use super::log::Log;
use super::malformed::Malformed;
use super::open_file::OpenFile;
use super::own::{Own, Whose};
use super::refusal::Refusal;
use super::request::{self, Flags, INIT, Request, Takes};
use super::work::Work;
use crate::early::Room;
use crate::transfer::Run;

/// Requests that may be under way, and answers of the gate that may wait to be taken: a client that waits for nothing has
/// some hundred.
const UNDER_WAY: usize = 16_384;
/// Bytes of paths that may be kept for those under way: long ones are few.
const UNDER_WAY_BYTES: usize = 1 << 20;
/// Handles that may be open, or asked for.
const OPEN: usize = 1024;
/// Requests that may be refused: no client goes on like this.
const REFUSED: usize = 1 << 16;
/// Sizes that are remembered between a `stat` and the `open` after it.
const SIZES: usize = 64;
/// The longest path of which one is, as most systems have it.
const SIZE_OF_BYTES: usize = 4096;
/// The version that is agreed: the only one that the gate reads.
const VERSION: u32 = 3;

/// What happens to a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes on.
    Send,
    /// It goes on as these bytes.
    Instead(Bytes),
    /// The gate does it, and answers when it has.
    Works(Work),
    /// The gate answers. With the access that was missing, where that was it.
    Refused(Option<&'static str>),
}

/// Where the agreement on a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agreement {
    Nothing,
    Asked,
    Agreed,
}

/// One channel's requests, answers and files.
#[derive(Debug)]
pub(crate) struct Dialogue {
    channel: u32,
    /// Whether the gate itself takes what is written, since the server's files are staged.
    stages: bool,
    agreement: Agreement,
    under_way: HashMap<u32, Asked>,
    /// What is kept of their paths, in bytes.
    kept: usize,
    /// In which order they came; answered ones are dropped when they are first.
    order: VecDeque<u32>,
    /// What the gate answers next.
    due: VecDeque<Bytes>,
    /// How many requests were refused.
    refused: usize,
    files: HashMap<u32, OpenFile>,
    handles: HashMap<Box<[u8]>, u32>,
    /// What all files may have waiting.
    room: Room,
    /// Files that the gate holds.
    own: HashMap<u32, Own>,
    /// What no server could know, in the handles of those.
    secret: String,
    /// Why something was refused, for people, and not told yet.
    words: VecDeque<String>,
    sizes: VecDeque<(Box<[u8]>, u64)>,
    opening: usize,
    next_file: u32,
    /// Files that have passed and are not told yet.
    passed: Vec<FileTransfer>,
}

impl Dialogue {
    pub(crate) fn new(channel: u32, stages: bool) -> Self {
        Self {
            channel,
            stages,
            agreement: Agreement::Nothing,
            under_way: HashMap::new(),
            kept: 0,
            order: VecDeque::new(),
            due: VecDeque::new(),
            refused: 0,
            files: HashMap::new(),
            handles: HashMap::new(),
            room: Room::default(),
            own: HashMap::new(),
            secret: new_reference(),
            words: VecDeque::new(),
            sizes: VecDeque::new(),
            opening: 0,
            next_file: 1,
            passed: Vec::new(),
        }
    }

    /// Judges a request, and says it in the log. `at` is where its payload stands in the stream.
    ///
    /// # Errors
    /// When it is none: nothing of it goes on.
    pub(crate) fn request(
        &mut self,
        raw: &[u8],
        at: u64,
        withheld: &dyn Fn(Access) -> Option<Refusal>,
        log: &mut Log,
    ) -> Result<(Verdict, Option<u32>), Malformed> {
        if raw.get(4) == Some(&INIT) {
            return self.begin(raw, log).map(|verdict| (verdict, None));
        }
        if self.agreement == Agreement::Nothing {
            return Err(Malformed::Agreement);
        }
        let (id, request) = request::read(raw)?;
        if self.under_way.contains_key(&id) {
            return Err(Malformed::Twice(id));
        }
        if self.owed() >= UNDER_WAY || self.kept >= UNDER_WAY_BYTES {
            return Err(Malformed::TooMany(self.owed()));
        }
        let file = request.handles()[0].and_then(|handle| self.handles.get(handle).copied());
        let whose = match self.refusal(&request, withheld) {
            Some(refusal) => Whose::Nobody(refusal),
            None => self.whose(&request, file),
        };
        let refusal = if let Whose::Nobody(refusal) = &whose { Some(refusal) } else { None };
        self.refused += usize::from(refusal.is_some());
        if self.refused > REFUSED {
            return Err(Malformed::Refused(REFUSED));
        }
        if refusal.is_none()
            && let (Request::Read { offset, len, .. } | Request::Write { offset, len, .. }, Some(file)) =
                (&request, file)
        {
            let operation = request.operation();
            let at = (operation == "write").then_some(at);
            log.payload(Run::new(operation, file, *offset, u64::from(*len), at));
        } else {
            log.say(said(id, &request, file, refusal));
        }
        self.order.push_back(id);
        Ok(self.judged(id, &request, file, whose))
    }

    /// Requests whose answers are not with the client yet, whoever gives them.
    fn owed(&self) -> usize {
        self.order.len() + self.due.len()
    }

    /// What all files of the channel may have waiting.
    pub(crate) fn room(&self) -> Room {
        self.room.clone()
    }

    /// `SSH_FXP_INIT`: what goes on never asks for more than the gate reads.
    fn begin(&mut self, raw: &[u8], log: &mut Log) -> Result<Verdict, Malformed> {
        if self.agreement != Agreement::Nothing {
            return Err(Malformed::Agreement);
        }
        let version = raw.get(5..9).and_then(|field| field.try_into().ok()).map(u32::from_be_bytes);
        let version = version.ok_or(Malformed::Fields(INIT))?;
        self.agreement = Agreement::Asked;
        let mut said = Map::new();
        said.insert("operation".to_owned(), "init".into());
        said.insert("version".to_owned(), version.into());
        log.say(said);
        if version < VERSION {
            return Err(Malformed::Version(version));
        }
        Ok(Verdict::Instead(Bytes::from_static(&[0, 0, 0, 5, INIT, 0, 0, 0, 3])))
    }

    /// Why the gate answers a request itself, if it does.
    fn refusal(
        &self,
        request: &Request<'_>,
        withheld: &dyn Fn(Access) -> Option<Refusal>,
    ) -> Option<Refusal> {
        let refused = match request.takes() {
            Takes::Nothing => Some(Refusal::UNKNOWN),
            Takes::Either => withheld(Access::SftpWrite).and_then(|_| withheld(Access::SftpRead)),
            Takes::All(needed) => needed.iter().find_map(|access| withheld(*access)),
        };
        if refused.is_some() {
            return refused;
        }
        if request.handles().into_iter().flatten().any(|handle| !self.handles.contains_key(handle)) {
            return Some(Refusal::NO_HANDLE);
        }
        let opens = matches!(request, Request::Open { .. } | Request::OpenFolder { .. });
        (opens && self.files.len() + self.own.len() + self.opening >= OPEN).then_some(Refusal::TOO_MANY)
    }

    /// What must be known when the answer comes; files learn here what is done to them.
    fn asked(&mut self, request: &Request<'_>, file: Option<u32>) -> Asked {
        let operation = request.operation();
        let Some(number) = file else {
            return match *request {
                Request::Open { path, flags, .. } => self.opens(operation, path, Some(flags)),
                Request::OpenFolder { path } => self.opens(operation, path, None),
                Request::Look { operation, path } => Asked::Size { operation, path: path.into() },
                Request::Set { operation, path, attributes } if attributes.size.is_some() => {
                    Asked::CutAt { operation, path: path.into() }
                }
                _ => Asked::Other(operation),
            };
        };
        match *request {
            Request::Read { offset, len, .. } => Asked::Read { file: number, offset, len },
            Request::Write { offset, len, .. } => Asked::Write { file: number, offset, len },
            Request::LookAt { operation, .. } => Asked::SizeOf { operation, file: number },
            Request::Close { handle } => {
                self.handles.remove(handle);
                Asked::Close { file: number }
            }
            Request::SetOn { attributes, .. } => match attributes.size {
                Some(size) => Asked::Cut { file: number, size },
                None => Asked::Other(operation),
            },
            Request::Copy { to, .. } => {
                let into = self.handles.get(to).and_then(|into| self.files.get_mut(into));
                into.into_iter().for_each(OpenFile::copied_into);
                Asked::Other(operation)
            }
            _ => Asked::Other(operation),
        }
    }

    fn opens(&mut self, operation: &'static str, path: &[u8], flags: Option<Flags>) -> Asked {
        let file = self.next_file;
        self.next_file = self.next_file.wrapping_add(1);
        self.opening += 1;
        Asked::Open { operation, file, path: path.into(), flags }
    }

    /// Payload of a write that goes on.
    pub(crate) fn written(&mut self, file: u32, offset: u64, payload: Bytes) {
        if let Some(file) = self.files.get_mut(&file) {
            file.up().take(offset, payload);
        }
    }

    /// Payload of an answer to a read.
    pub(crate) fn was_read(&mut self, file: u32, offset: u64, payload: Bytes) {
        if let Some(file) = self.files.get_mut(&file) {
            file.down().take(offset, payload);
        }
    }

    /// Takes an answer, and says it in the log. What it gives is the file and offset that its payload belongs to.
    ///
    /// # Errors
    /// When it is none, or none to anything that was asked.
    pub(crate) fn answer(
        &mut self,
        raw: &[u8],
        at: u64,
        log: &mut Log,
    ) -> Result<Option<(u32, u64)>, Malformed> {
        if raw.get(4) == Some(&answer::VERSION) {
            return self.agree(raw, log).map(|()| None);
        }
        let (id, answer) = answer::read(raw)?;
        let asked = match self.under_way.remove(&id) {
            None | Some(Asked::Ours(_) | Asked::Works(_)) => return Err(Malformed::Unasked(id)),
            Some(asked) => asked,
        };
        self.kept -= asked.kept();
        let payload = self.answered(id, asked, &answer, at, log)?;
        self.settle();
        Ok(payload)
    }

    fn agree(&mut self, raw: &[u8], log: &mut Log) -> Result<(), Malformed> {
        if self.agreement != Agreement::Asked {
            return Err(Malformed::Agreement);
        }
        let version = answer::version(raw)?;
        if version != VERSION {
            return Err(Malformed::Version(version));
        }
        self.agreement = Agreement::Agreed;
        let mut said = Map::new();
        said.insert("operation".to_owned(), "version".into());
        said.insert("version".to_owned(), version.into());
        log.say(said);
        Ok(())
    }

    fn answered(
        &mut self,
        id: u32,
        asked: Asked,
        answer: &Answer<'_>,
        at: u64,
        log: &mut Log,
    ) -> Result<Option<(u32, u64)>, Malformed> {
        if self.agreement != Agreement::Agreed {
            return Err(Malformed::Agreement);
        }
        let operation = asked.operation();
        let ours = matches!(answer, Answer::Handle(handle) if self.is_ours(handle));
        if !asked.takes(answer) || ours {
            return Err(Malformed::Unasked(id));
        }
        match (asked, answer) {
            (Asked::Read { file, offset, .. }, Answer::Data(len)) => {
                log.payload(Run::new("data", file, offset, u64::from(*len), Some(at)));
                return Ok(Some((file, offset)));
            }
            (Asked::Write { file, offset, len }, Answer::Status(answer::OK)) => {
                log.payload(Run::new("written", file, offset, u64::from(len), None));
                return Ok(None);
            }
            (asked, answer) => {
                let file = self.learn(asked, answer);
                log.say(answered(id, operation, file, answer));
            }
        }
        Ok(None)
    }

    /// What an answer says of files; the number of the one that it is about.
    fn learn(&mut self, asked: Asked, answer: &Answer<'_>) -> Option<u32> {
        match (asked, answer) {
            (Asked::Open { file, path, flags, .. }, answer) => {
                self.opening = self.opening.saturating_sub(1);
                let Answer::Handle(handle) = answer else { return None };
                let size = self.sizes.iter().find(|(of, _)| *of == path).map(|(_, size)| *size);
                let mut open = OpenFile::new(&path, flags, size, &self.room);
                self.opens_beside(&mut open);
                self.files.insert(file, open);
                if let Some(reused) = self.handles.insert((*handle).into(), file) {
                    self.finish(reused, false);
                }
                Some(file)
            }
            (Asked::Close { file }, answer) => {
                self.finish(file, *answer == Answer::Status(answer::OK));
                Some(file)
            }
            (Asked::Read { file, offset, .. }, answer) => {
                if *answer == Answer::Status(answer::EOF)
                    && let Some(file) = self.files.get_mut(&file)
                {
                    file.ends_at(offset);
                }
                Some(file)
            }
            (Asked::Cut { file, size }, answer) => {
                if *answer == Answer::Status(answer::OK)
                    && let Some(file) = self.files.get_mut(&file)
                {
                    file.cut_to(size);
                }
                Some(file)
            }
            (Asked::Write { file, .. }, _) => {
                self.files.get_mut(&file).into_iter().for_each(OpenFile::write_failed);
                Some(file)
            }
            (Asked::SizeOf { file, .. }, answer) => {
                if let (Answer::Attributes(attributes), Some(open)) = (answer, self.files.get_mut(&file)) {
                    attributes.size.into_iter().for_each(|size| open.is_long(size));
                }
                Some(file)
            }
            (Asked::Size { path, .. }, Answer::Attributes(attributes)) => {
                self.sizes.retain(|(of, _)| *of != path);
                self.sizes.truncate(SIZES - 1);
                let size = attributes.size.filter(|_| path.len() <= SIZE_OF_BYTES);
                size.into_iter().for_each(|size| self.sizes.push_front((path.clone(), size)));
                None
            }
            (Asked::CutAt { path, .. }, Answer::Status(answer::OK)) => {
                self.cut_at(&path);
                None
            }
            _ => None,
        }
    }

    fn finish(&mut self, file: u32, closed: bool) {
        if let Some(open) = self.files.remove(&file) {
            self.passed.extend(open.finish(self.channel, file, closed));
        }
    }

    /// What is answered by the gate and has no earlier request before it any more is due.
    fn settle(&mut self) {
        while let Some(first) = self.order.front() {
            match self.under_way.get(first) {
                None => {}
                Some(Asked::Ours(answer)) => {
                    self.due.push_back(answer.clone());
                    self.under_way.remove(first);
                }
                Some(_) => return,
            }
            self.order.pop_front();
        }
    }

    /// What the gate answers now.
    pub(crate) fn due(&mut self) -> Option<Bytes> {
        self.due.pop_front()
    }

    /// Files that have passed since it was asked last.
    pub(crate) fn passed(&mut self) -> Vec<FileTransfer> {
        std::mem::take(&mut self.passed)
    }

    /// The channel is over: what is open has passed as far as it came.
    pub(crate) fn end(&mut self) -> Vec<FileTransfer> {
        let mut open: Vec<u32> = self.files.keys().copied().collect();
        open.sort_unstable();
        open.into_iter().for_each(|file| self.finish(file, false));
        self.passed()
    }
}

mod by_path;
mod held;
mod told;

pub(crate) use self::held::Done;
use self::told::{answered, said};

#[cfg(test)]
mod tests;
