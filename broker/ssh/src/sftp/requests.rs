//! Reads a client's requests: bytes as they come, and behind each batch what was judged of it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use chaperone_session::{Item, Source, Stream};
use serde_json::{Value, json};

use super::dialogue::Verdict;
use super::log::Log;
use super::malformed::Malformed;
use super::refusal::Refusal;
use super::split::{Part, Side, Splitter};
use super::work::{ToDo, Work};
use super::{Sftp, malformed};
use crate::note::{SshNote, Step};

/// After so many judged bytes their judgement goes out: with the next chunk a batch would be full.
const BATCH: usize = 96 << 10;

/// The client's side.
pub(crate) struct Requests<S> {
    inner: S,
    sftp: Arc<Sftp>,
    splitter: Splitter,
    /// Judged and not told yet.
    steps: Vec<Step>,
    judged: usize,
    log: Log,
    /// Where the next byte stands in the stream.
    position: u64,
    payload: Payload,
    queue: VecDeque<Item<SshNote>>,
    over: bool,
    /// What comes goes nowhere, and is no request any more.
    deaf: bool,
}

/// Where the payload of the present write goes.
enum Payload {
    Nowhere,
    Into {
        file: u32,
        offset: u64,
    },
    /// So much more of it into the stage, and then the write is done.
    Staged {
        work: Work,
        offset: u64,
        left: u32,
    },
}

impl<S: Source<Note = SshNote>> Requests<S> {
    pub(crate) fn new(inner: S, sftp: &Arc<Sftp>) -> Self {
        Self {
            inner,
            sftp: Arc::clone(sftp),
            splitter: Splitter::new(Side::Client),
            steps: Vec::new(),
            judged: 0,
            log: Log::default(),
            position: 0,
            payload: Payload::Nowhere,
            queue: VecDeque::new(),
            over: false,
            deaf: false,
        }
    }

    /// Puts an item into the queue, after what is to be told before it.
    fn take(&mut self, item: Item<SshNote>) {
        match item {
            Item::Data(..) if self.deaf => self.queue.push_back(item),
            Item::Data(Stream::Input, bytes) => {
                self.queue.push_back(Item::Data(Stream::Input, bytes.clone()));
                if let Err(why) = self.judge(&bytes) {
                    self.tell();
                    self.queue.push_back(Item::Note(malformed(&self.sftp.teller, "client", why, &bytes)));
                    self.sftp.dialogue().ends(why);
                    self.sftp.due.notify_one();
                    self.over = true;
                } else if self.judged >= BATCH {
                    self.tell();
                }
            }
            other => {
                self.tell();
                self.queue.push_back(other);
            }
        }
    }

    fn judge(&mut self, bytes: &Bytes) -> Result<(), Malformed> {
        let mut rest = bytes.clone();
        let before = self.position;
        while let Some(part) = self.splitter.next(&mut rest)? {
            self.position = before + (bytes.len() - rest.len()) as u64;
            match part {
                Part::Packet(raw) => drop(self.request(&raw, 0)?),
                Part::Head(raw, len) => {
                    self.payload = self.request(&raw, len)?;
                    if len == 0 {
                        self.payload(Bytes::new());
                    }
                }
                Part::Payload(payload) => self.payload(payload),
            }
            if self.log.is_full() {
                self.tell();
            }
        }
        self.position = before + bytes.len() as u64;
        Ok(())
    }

    /// Judges a request; where its payload goes, if so much of it follows.
    fn request(&mut self, raw: &Bytes, payload: u32) -> Result<Payload, Malformed> {
        let session = self.sftp.teller.session();
        let withheld = |access| (!session.grants(access)).then(|| Refusal::missing(access));
        let mut dialogue = self.sftp.dialogue();
        let (verdict, file) = dialogue.request(raw, self.position, &withheld, &mut self.log)?;
        let missing = if let Verdict::Refused(missing) = verdict { missing } else { None };
        let refused = missing.map(|missing| (missing, dialogue.named(raw, file)));
        drop(dialogue);
        if let Some((missing, what)) = refused {
            self.sftp.teller.refused(json!({ "missing": missing, "request": what }));
        }
        let offset = super::request::offset_of(raw).unwrap_or_default();
        match verdict {
            Verdict::Send => self.step(Step::Forward(raw.len())),
            _ => self.step(Step::Drop(raw.len())),
        }
        Ok(match verdict {
            Verdict::Send => file.map_or(Payload::Nowhere, |file| Payload::Into { file, offset }),
            Verdict::Instead(bytes) => {
                self.step(Step::Instead(bytes));
                Payload::Nowhere
            }
            Verdict::Works(work) if work.to_do == ToDo::Written => {
                Payload::Staged { work, offset, left: payload }
            }
            Verdict::Works(work) => {
                self.step(Step::Work(work));
                Payload::Nowhere
            }
            Verdict::Refused(_) => {
                self.sftp.due.notify_one();
                Payload::Nowhere
            }
        })
    }

    fn payload(&mut self, payload: Bytes) {
        let len = payload.len();
        let more = u64::try_from(len).unwrap_or(u64::MAX);
        let step = match &mut self.payload {
            Payload::Into { file, offset } => {
                self.sftp.dialogue().written(*file, *offset, payload);
                *offset = offset.saturating_add(more);
                Step::Forward(len)
            }
            Payload::Staged { work, offset, left } => {
                let (file, at) = (work.file, *offset);
                *offset = offset.saturating_add(more);
                *left = left.saturating_sub(u32::try_from(len).unwrap_or(u32::MAX));
                Step::Stage { file, offset: at, len }
            }
            Payload::Nowhere => Step::Drop(len),
        };
        self.step(step);
        if let Payload::Staged { left: 0, .. } = self.payload
            && let Payload::Staged { work, .. } = std::mem::replace(&mut self.payload, Payload::Nowhere)
        {
            self.step(Step::Work(work));
        }
    }

    fn step(&mut self, step: Step) {
        self.judged += step.len();
        if !self.steps.last_mut().is_some_and(|last| last.joins(&step)) {
            self.steps.push(step);
        }
    }

    /// Tells what was judged since it was told last.
    fn tell(&mut self) {
        self.judged = 0;
        let (steps, said) = (std::mem::take(&mut self.steps), self.log.take("requests"));
        if !steps.is_empty() || said.is_some() {
            let body = said.unwrap_or(Value::Null);
            self.queue.push_back(Item::Note(SshNote::judged("sftp-request", body, steps)));
        }
    }

    fn tells(&mut self) -> Option<Item<SshNote>> {
        self.tell();
        self.queue.pop_front()
    }
}

impl<S: Source<Note = SshNote>> Source for Requests<S> {
    type Note = SshNote;

    async fn next(&mut self) -> Option<Item<SshNote>> {
        loop {
            if let Some(item) = self.queue.pop_front().or_else(|| self.tells()) {
                return Some(item);
            }
            if self.over {
                return None;
            }
            let item = self.inner.next().await?;
            self.take(item);
        }
    }

    fn ready(&mut self) -> Option<Item<SshNote>> {
        if let Some(item) = self.queue.pop_front() {
            return Some(item);
        }
        if self.over {
            return None;
        }
        match self.inner.ready() {
            Some(item) => {
                self.take(item);
                self.queue.pop_front()
            }
            None => self.tells(),
        }
    }

    fn loses_the_thread(&mut self) -> bool {
        self.deaf = true;
        true
    }
}
