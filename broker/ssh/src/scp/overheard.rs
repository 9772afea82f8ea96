//! A direction of a command whose streams are overheard: everything passes as it comes, and what was read out follows it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chaperone_session::{ChannelRecorder, FileDirection, Item, Source, Stream};
use serde_json::{Value, json};

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
    pub(crate) async fn end(&self, channel: &ChannelRecorder) {
        let sent = match self.sender {
            Side::Client => Stream::Input,
            Side::Server => Stream::Output,
        };
        let delivered = channel.delivered_so_far(sent);
        let found = self.scp.lock().unwrap_or_else(PoisonError::into_inner).end(delivered);
        for one in found {
            if let Found::File(file) = &one {
                self.teller.file(file);
            }
            let (kind, body) = one.say();
            self.teller.session().note_files(channel.number(), kind, body).await;
        }
        self.teller.end();
    }
}

impl Found {
    /// Kind and body of its event.
    fn say(&self) -> (&'static str, Value) {
        match self {
            Self::Payload(run) => ("scp", json!({ "pieces": [run.say()] })),
            Self::File(file) => ("file", file.event()),
            Self::Unread => ("scp", json!({ "unread": "what passes is no scp" })),
        }
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
            if let Found::File(file) = &one {
                self.listener.teller.file(file);
            }
            let (kind, body) = one.say();
            self.queue.push_back(Item::Note(SshNote::told(kind, body)));
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
