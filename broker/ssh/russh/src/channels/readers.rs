//! Chaperone's: how a connection's loop hands messages to the readers of its channels. The loop serves all channels of its
//! connection, so it never waits for one reader for longer than a moment: what a reader has no room for waits beside the
//! channel, and the peer is given room (RFC 4254 §5.2) for as much as was taken and no more. A reader that takes nothing
//! stops its own channel, once its window is full, and no other.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::{ChannelMsg, ChannelRef};

/// A reader that is at work takes the next message within this.
const MOMENT: Duration = Duration::from_millis(2);

/// Small pieces of payload that wait one behind another become one of this size.
const PIECE: usize = 32 * 1024;

/// What waits for the readers of one connection: beyond it the loop waits for the reader, whoever that stops. A peer
/// comes here that fills many windows of channels which nobody reads, or that keeps to no window.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// And messages that wait for one reader.
const MOST_MESSAGES: usize = 1024;

/// What a reader and the loop know of each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Payload that came and was not taken, in bytes.
    untaken: AtomicUsize,
    /// Whether the loop wants to know when the reader has taken everything it was handed.
    wanted: AtomicBool,
    /// Tells it. Set before it is first wanted.
    told: OnceLock<Arc<Notify>>,
    /// Whether the peer has closed the channel, whatever is left to take.
    closed: watch::Sender<bool>,
}

impl Taken {
    /// The reader has taken a message; `all` says whether none is left.
    pub(crate) fn took(&self, message: &ChannelMsg, all: bool) {
        let bytes = payload(message);
        if bytes > 0 {
            self.0.untaken.fetch_sub(bytes, Ordering::AcqRel);
        }
        if all {
            self.tell();
        }
    }

    /// The reader is gone.
    pub(crate) fn left(&self) {
        self.tell();
    }

    /// Returns once the peer has closed the channel.
    pub(crate) async fn closed(self) {
        // The sender lives in `self`: the wait cannot fail.
        let _ = self.0.closed.subscribe().wait_for(|closed| *closed).await;
    }

    fn tell(&self) {
        fence(Ordering::SeqCst);
        if self.0.wanted.load(Ordering::SeqCst)
            && let Some(told) = self.0.told.get()
        {
            told.notify_one();
        }
    }
}

fn payload(message: &ChannelMsg) -> usize {
    match message {
        ChannelMsg::Data { data } | ChannelMsg::ExtendedData { data, .. } => data.len(),
        _ => 0,
    }
}

/// Messages that their reader has no room for.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    messages: VecDeque<ChannelMsg>,
    bytes: usize,
    /// Whether the reader was waited for in vain since it last took something.
    asleep: bool,
}

impl Waiting {
    fn push(&mut self, message: ChannelMsg) {
        self.bytes += payload(&message);
        match (self.messages.back_mut(), message) {
            (Some(ChannelMsg::Data { data: last }), ChannelMsg::Data { data })
                if last.len() + data.len() <= PIECE =>
            {
                join(last, &data);
            }
            (
                Some(ChannelMsg::ExtendedData { data: last, ext: before }),
                ChannelMsg::ExtendedData { data, ext },
            ) if *before == ext && last.len() + data.len() <= PIECE => join(last, &data),
            (_, message) => self.messages.push_back(message),
        }
    }

    fn pop(&mut self) -> Option<ChannelMsg> {
        let message = self.messages.pop_front()?;
        self.bytes -= payload(&message);
        Some(message)
    }
}

/// The first of many small ones is copied, the others are appended.
fn join(last: &mut Bytes, more: &Bytes) {
    let mut joined = match std::mem::take(last).try_into_mut() {
        Ok(joined) => joined,
        Err(shared) => BytesMut::from(&shared[..]),
    };
    joined.extend_from_slice(more);
    *last = joined.freeze();
}

/// What one connection's loop needs for its readers.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    /// Some reader that the loop wanted to hear of has taken everything.
    pub(crate) told: Arc<Notify>,
    /// What waits for all of them, in bytes.
    waiting: usize,
    /// Of channels that are closed: their readers have something to take yet.
    leaving: Vec<ChannelRef>,
}

impl Readers {
    /// Hands a message on, in order. One whose reader has gone is dropped.
    pub(crate) async fn give(&mut self, channel: &mut ChannelRef, mut message: ChannelMsg) {
        channel.taken().0.untaken.fetch_add(payload(&message), Ordering::AcqRel);
        if channel.waiting.messages.is_empty() {
            match channel.sender.try_send(message) {
                Ok(()) => return,
                Err(TrySendError::Closed(_)) => return channel.forget(),
                Err(TrySendError::Full(back)) => message = back,
            }
        }
        let before = channel.waiting.bytes;
        channel.waiting.push(message);
        self.waiting += channel.waiting.bytes - before;
        // A reader at work is waited for: what it takes is then the newest, and still warm.
        if !channel.waiting.asleep {
            match timeout(MOMENT, channel.sender.clone().reserve_owned()).await {
                Ok(Ok(permit)) => self.hand_first(channel, permit),
                Ok(Err(_)) => return self.forget(channel),
                Err(_elapsed) => channel.waiting.asleep = true,
            }
        }
        self.hand_on(channel);
        while self.waiting > MOST_BYTES || channel.waiting.messages.len() > MOST_MESSAGES {
            if channel.waiting.messages.is_empty() {
                return;
            }
            match channel.sender.clone().reserve_owned().await {
                Ok(permit) => self.hand_first(channel, permit),
                Err(_) => return self.forget(channel),
            }
        }
    }

    fn hand_first(&mut self, channel: &mut ChannelRef, permit: OwnedPermit<ChannelMsg>) {
        if let Some(message) = channel.waiting.pop() {
            self.waiting -= payload(&message);
            permit.send(message);
        }
    }

    /// A channel is closed: what waits for its reader is handed on all the same.
    pub(crate) fn leaves(&mut self, channel: ChannelRef) {
        channel.taken().0.closed.send_replace(true);
        if !channel.waiting.messages.is_empty() {
            self.leaving.push(channel);
            // Its reader may have taken what it had meanwhile.
            self.told.notify_one();
        }
    }

    /// Hands on what waited, where a reader has room now, to closed channels.
    pub(crate) fn hand_on_to_closed(&mut self) {
        for mut channel in std::mem::take(&mut self.leaving) {
            self.hand_on(&mut channel);
            if !channel.waiting.messages.is_empty() {
                self.leaving.push(channel);
            }
        }
    }

    /// The connection has ended: what came before its end is handed on, for as long as somebody takes it.
    pub(crate) async fn last(&mut self, channels: impl Iterator<Item = ChannelRef>) {
        for mut channel in channels.chain(std::mem::take(&mut self.leaving)) {
            while let Some(message) = channel.waiting.pop() {
                self.waiting -= payload(&message);
                if channel.sender.send(message).await.is_err() {
                    self.forget(&mut channel);
                }
            }
        }
    }

    /// Hands on what waited, as far as there is room, and wants to hear of room for the rest.
    pub(crate) fn hand_on(&mut self, channel: &mut ChannelRef) {
        loop {
            while let Some(message) = channel.waiting.messages.pop_front() {
                let bytes = payload(&message);
                match channel.sender.try_send(message) {
                    Ok(()) => {
                        channel.waiting.bytes -= bytes;
                        channel.waiting.asleep = false;
                        self.waiting -= bytes;
                    }
                    Err(TrySendError::Closed(_)) => return self.forget(channel),
                    Err(TrySendError::Full(back)) => {
                        channel.waiting.messages.push_front(back);
                        break;
                    }
                }
            }
            if channel.waiting.messages.is_empty() {
                channel.taken().0.wanted.store(false, Ordering::SeqCst);
                return;
            }
            if !self.wants(channel) {
                return;
            }
        }
    }

    /// Wants to hear when the reader has taken everything; answers whether it has already.
    pub(crate) fn wants(&self, channel: &ChannelRef) -> bool {
        let taken = &channel.taken().0;
        taken.told.get_or_init(|| Arc::clone(&self.told));
        taken.wanted.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        channel.sender.is_closed() || channel.sender.capacity() == channel.sender.max_capacity()
    }

    fn forget(&mut self, channel: &mut ChannelRef) {
        self.waiting -= channel.waiting.bytes;
        channel.forget();
    }
}

impl ChannelRef {
    /// Payload that came and was not taken, in bytes: nothing where nobody reads any more, since nothing is kept then.
    pub(crate) fn untaken(&self) -> u32 {
        if self.sender.is_closed() {
            return 0;
        }
        u32::try_from(self.taken().0.untaken.load(Ordering::Acquire)).unwrap_or(u32::MAX)
    }

    /// Whether the loop wanted to hear of it.
    pub(crate) fn is_wanted(&self) -> bool {
        self.taken().0.wanted.load(Ordering::SeqCst)
    }

    fn taken(&self) -> &Taken {
        self.window_size.taken()
    }

    /// Its reader is gone.
    fn forget(&mut self) {
        self.waiting = Waiting::default();
        self.taken().0.wanted.store(false, Ordering::SeqCst);
    }
}
