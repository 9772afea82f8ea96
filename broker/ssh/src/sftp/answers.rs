//! Reads a server's answers: bytes as they come, what they say before them, and the gate's own between two of them.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use chaperone_session::{Item, Source, Stream};

use super::log::Log;
use super::malformed::Malformed;
use super::split::{Part, Side, Splitter};
use super::{Sftp, malformed, passed};
use crate::note::SshNote;

/// The server's side.
pub(crate) struct Answers<S> {
    inner: S,
    sftp: Arc<Sftp>,
    splitter: Splitter,
    log: Log,
    /// Where the next byte stands in the stream.
    position: u64,
    /// Where the payload of the present answer belongs.
    payload: Option<(u32, u64)>,
    queue: VecDeque<Item<SshNote>>,
    over: bool,
}

impl<S: Source<Note = SshNote>> Answers<S> {
    pub(crate) fn new(inner: S, sftp: &Arc<Sftp>) -> Self {
        Self {
            inner,
            sftp: Arc::clone(sftp),
            splitter: Splitter::new(Side::Server),
            log: Log::default(),
            position: 0,
            payload: None,
            queue: VecDeque::new(),
            over: false,
        }
    }

    fn take(&mut self, item: Item<SshNote>) {
        match item {
            Item::Data(Stream::Output, bytes) => {
                // Nothing of what is no SFTP goes to the client.
                if let Err(why) = self.read(&bytes) {
                    self.tell();
                    self.queue.push_back(Item::Note(malformed(&self.sftp.teller, "server", why, &bytes)));
                    self.over = true;
                }
            }
            other => {
                self.tell();
                self.queue.push_back(other);
            }
        }
    }

    /// Reads answers; what they say goes before them, and what the gate answers where its turn comes.
    fn read(&mut self, bytes: &Bytes) -> Result<(), Malformed> {
        let mut rest = bytes.clone();
        let (before, mut shown) = (self.position, 0);
        let (mut data, mut files) = (Vec::new(), Vec::new());
        while let Some(part) = self.splitter.next(&mut rest)? {
            let end = bytes.len() - rest.len();
            self.position = before + end as u64;
            let mut dialogue = self.sftp.dialogue();
            match part {
                Part::Packet(raw) => drop(dialogue.answer(&raw, self.position, &mut self.log)?),
                Part::Head(raw, len) => {
                    let belongs = dialogue.answer(&raw, self.position, &mut self.log)?;
                    self.payload = belongs.filter(|_| len > 0);
                }
                Part::Payload(payload) => {
                    if let Some((file, offset)) = self.payload.as_mut() {
                        let at = *offset;
                        *offset = offset.saturating_add(payload.len() as u64);
                        dialogue.was_read(*file, at, payload);
                    }
                }
            }
            files.append(&mut dialogue.passed());
            if self.log.is_full() {
                let said = self.log.take("answers");
                self.queue.extend(said.map(|said| Item::Note(SshNote::told("sftp-answer", said))));
            }
            if self.splitter.is_between() {
                while let Some(answer) = dialogue.due() {
                    if shown < end {
                        data.push(Item::Data(Stream::Output, bytes.slice(shown..end)));
                        shown = end;
                    }
                    data.push(Item::Data(Stream::Gate, answer));
                }
            }
        }
        self.position = before + bytes.len() as u64;
        if shown < bytes.len() {
            data.push(Item::Data(Stream::Output, bytes.slice(shown..)));
        }
        if self.log.is_due() {
            self.tell();
        }
        for file in files {
            self.sftp.teller.file(&file);
            self.queue.push_back(Item::Note(passed(&file)));
        }
        self.queue.extend(data);
        Ok(())
    }

    fn tell(&mut self) {
        let said = self.log.take("answers");
        self.queue.extend(said.map(|said| Item::Note(SshNote::told("sftp-answer", said))));
    }

    /// What the gate itself has to say, if its turn has come and the server is between two of its: files that are there now,
    /// words for people, and an answer.
    fn own(&mut self) {
        if !self.splitter.is_between() {
            return;
        }
        let mut dialogue = self.sftp.dialogue();
        let (files, words, answer) = (dialogue.passed(), dialogue.words(), dialogue.due());
        drop(dialogue);
        for file in files {
            self.sftp.teller.file(&file);
            self.queue.push_back(Item::Note(passed(&file)));
        }
        let words = words.map(|words| Item::Note(SshNote::Said(words)));
        let answer = answer.map(|answer| Item::Data(Stream::Gate, answer));
        self.queue.extend(words.into_iter().chain(answer));
    }
}

impl<S: Source<Note = SshNote>> Source for Answers<S> {
    type Note = SshNote;

    async fn next(&mut self) -> Option<Item<SshNote>> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Some(item);
            }
            if self.over {
                return None;
            }
            self.own();
            if let Some(own) = self.queue.pop_front() {
                return Some(own);
            }
            let sftp = Arc::clone(&self.sftp);
            tokio::select! {
                biased;
                item = self.inner.next() => match item {
                    Some(item) => self.take(item),
                    None => {
                        self.over = true;
                        self.tell();
                    }
                },
                () = sftp.due.notified() => {}
            }
        }
    }

    fn ready(&mut self) -> Option<Item<SshNote>> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Some(item);
            }
            if self.over {
                return None;
            }
            self.own();
            if let Some(own) = self.queue.pop_front() {
                return Some(own);
            }
            let item = self.inner.ready()?;
            self.take(item);
        }
    }
}
