//! A direction of a command whose streams are overheard: everything passes as it comes, and what was read out follows it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chaperone_session::{FileDirection, Item, Source, Stream};
use serde_json::json;

use super::{Found, Scp};
use crate::note::SshNote;
use crate::teller::Teller;

/// What both directions share.
pub(crate) struct Listener {
    scp: Mutex<Scp>,
    sender: Side,
    teller: Teller,
}

/// Which end of the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// Listens to a copy.
pub(crate) fn listen(scp: Scp, teller: Teller) -> Arc<Listener> {
    let sender = match scp.direction() {
        FileDirection::Upload => Side::Client,
        FileDirection::Download => Side::Server,
    };
    Arc::new(Listener { scp: Mutex::new(scp), sender, teller })
}

impl Listener {
    fn hear(&self, side: Side, bytes: &Bytes) -> Vec<Found> {
        let mut scp = self.scp.lock().unwrap_or_else(PoisonError::into_inner);
        if side == self.sender {
            scp.sent(bytes.clone());
        } else {
            scp.answered(bytes);
        }
        scp.found()
    }

    /// The channel is over.
    pub(crate) async fn end(&self, channel: u32) {
        let found = self.scp.lock().unwrap_or_else(PoisonError::into_inner).end();
        for one in found {
            if let Found::File(file) = one {
                self.teller.file(&file);
                self.teller.session().note_files(channel, "file", file.event()).await;
            }
        }
        self.teller.end();
    }
}

/// One direction.
pub(crate) struct Overheard<S> {
    inner: S,
    side: Side,
    listener: Arc<Listener>,
    queue: VecDeque<Item<SshNote>>,
    /// What comes goes nowhere, and is no part of a file.
    deaf: bool,
}

impl<S: Source<Note = SshNote>> Overheard<S> {
    pub(crate) fn new(inner: S, side: Side, listener: &Arc<Listener>) -> Self {
        Self { inner, side, listener: Arc::clone(listener), queue: VecDeque::new(), deaf: false }
    }

    fn hear(&mut self, item: &Item<SshNote>) {
        let Item::Data(Stream::Input | Stream::Output, bytes) = item else { return };
        if self.deaf {
            return;
        }
        for one in self.listener.hear(self.side, bytes) {
            self.queue.push_back(Item::Note(match one {
                Found::Payload(run) => SshNote::told("scp", json!({ "pieces": [run.say()] })),
                Found::File(file) => {
                    self.listener.teller.file(&file);
                    SshNote::told("file", file.event())
                }
                Found::Unread => SshNote::told("scp", json!({ "unread": "what passes is no scp" })),
            }));
        }
    }
}

impl<S: Source<Note = SshNote>> Source for Overheard<S> {
    type Note = SshNote;

    async fn next(&mut self) -> Option<Item<SshNote>> {
        if let Some(item) = self.queue.pop_front() {
            return Some(item);
        }
        let item = self.inner.next().await?;
        self.hear(&item);
        Some(item)
    }

    fn ready(&mut self) -> Option<Item<SshNote>> {
        if let Some(item) = self.queue.pop_front() {
            return Some(item);
        }
        let item = self.inner.ready()?;
        self.hear(&item);
        Some(item)
    }

    fn ends_the_channel(&self) -> bool {
        self.inner.ends_the_channel()
    }

    fn loses_the_thread(&mut self) -> bool {
        self.deaf = true;
        true
    }
}
