//! Reads a client's requests: bytes as they come, and behind each batch what was judged of it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use chaperone_policy::Access;
use chaperone_session::{Item, Source, Stream};
use serde_json::{Value, json};

use super::dialogue::Verdict;
use super::log::Log;
use super::malformed::Malformed;
use super::refusal::Refusal;
use super::split::{Part, Side, Splitter};
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
#[derive(Clone, Copy)]
enum Payload {
    Nowhere,
    Into { file: u32, offset: u64 },
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
                Part::Packet(raw) => self.request(&raw)?,
                Part::Head(raw, 0) => self.request(&raw)?,
                Part::Head(raw, _) => {
                    let file = self.request_of(&raw)?;
                    let offset = super::request::offset_of(&raw);
                    self.payload = match file.zip(offset) {
                        Some((file, offset)) => Payload::Into { file, offset },
                        None => Payload::Nowhere,
                    };
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

    fn request(&mut self, raw: &Bytes) -> Result<(), Malformed> {
        self.request_of(raw).map(drop)
    }

    /// The file whose payload follows and goes on.
    fn request_of(&mut self, raw: &Bytes) -> Result<Option<u32>, Malformed> {
        let session = self.sftp.teller.session();
        let staged = self.sftp.staged;
        let withheld = |access| match access {
            access if !session.grants(access) => Some(Refusal::missing(access)),
            Access::SftpWrite if staged => Some(Refusal::STAGED),
            _ => None,
        };
        let mut dialogue = self.sftp.dialogue();
        let (verdict, file) = dialogue.request(raw, self.position, &withheld, &mut self.log)?;
        let refused = match verdict {
            Verdict::Refused(missing) => missing.map(|missing| (missing, dialogue.named(raw, file))),
            _ => None,
        };
        drop(dialogue);
        let goes_on = verdict != Verdict::Refused(None) && refused.is_none();
        if !goes_on {
            self.sftp.due.notify_one();
        }
        if let Some((missing, what)) = refused {
            self.sftp.teller.refused(json!({ "missing": missing, "request": what }));
        }
        match verdict {
            Verdict::Instead(bytes) => {
                self.step(Step::Drop(raw.len()));
                self.steps.push(Step::Instead(bytes));
            }
            Verdict::Send => self.step(Step::Forward(raw.len())),
            Verdict::Refused(_) => self.step(Step::Drop(raw.len())),
        }
        Ok(file.filter(|_| goes_on))
    }

    fn payload(&mut self, payload: Bytes) {
        let len = payload.len();
        match &mut self.payload {
            Payload::Into { file, offset } => {
                let (file, at) = (*file, *offset);
                *offset = offset.saturating_add(len as u64);
                self.sftp.dialogue().written(file, at, payload);
                self.step(Step::Forward(len));
            }
            Payload::Nowhere => self.step(Step::Drop(len)),
        }
    }

    fn step(&mut self, step: Step) {
        self.judged += step.len();
        match (self.steps.last_mut(), step) {
            (Some(Step::Forward(before)), Step::Forward(more)) => *before += more,
            (Some(Step::Drop(before)), Step::Drop(more)) => *before += more,
            (_, step) => self.steps.push(step),
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
