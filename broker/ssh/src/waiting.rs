//! A channel that does not start yet, since its visit's input waits: for an observer, or because somebody paused it. What
//! its client sends meanwhile is kept, and where that is enough, its window is used up (RFC 4254 §5.2): it waits, and the
//! other channels of its connection do not. Nothing of it has reached the recording or the target.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chaperone_session::LiveSession;
use russh::{ChannelMsg, ChannelReadHalf};
use tokio::time::timeout;

use crate::leg::ClientSink;
use crate::wish::Wish;

/// What is kept of an impatient client, in bytes: a channel's window. One that sends more waits.
const KEPT_BYTES: usize = 2 << 20;
/// And in messages.
const KEPT_MESSAGES: usize = 4096;
/// What is kept for all waiting channels of a session together, and for each of them in any case.
const KEPT_IN_ALL: usize = 4 * KEPT_BYTES;
const KEPT_LEAST: usize = 64 << 10;

/// How long a line may take to a client that does not read: what it waits for comes meanwhile.
const SAYING: Duration = Duration::from_millis(200);

/// How the wait ended.
pub(crate) enum Waited {
    /// Input flows; what came meanwhile, in order.
    Flows(VecDeque<ChannelMsg>),
    /// The visit is over, or its input is: what the technician reads.
    Over(String),
    /// The client has closed the channel.
    Left,
}

/// Waits until input flows. A terminal is told why, and what changes.
pub(crate) async fn wait(
    session: &LiveSession,
    read: &mut ChannelReadHalf,
    client: &ClientSink,
    wish: &Wish,
) -> Waited {
    let mut kept = Kept::new(session.early());
    let mut notices = session.notices();
    let terminal = wish.terminal.is_some();
    if let Some(why) = session.why_it_waits().filter(|_| terminal) {
        say(session, client, why).await;
    }
    let flows = session.input_flows();
    let closed = read.closed();
    tokio::pin!(flows, closed);
    loop {
        tokio::select! {
            biased;
            flows = &mut flows => return match flows {
                Ok(()) => Waited::Flows(std::mem::take(&mut kept.messages)),
                Err(Some(reason)) => Waited::Over(session.last_words(reason)),
                Err(None) => Waited::Over("Your change window has closed: nothing new starts in it.".to_owned()),
            },
            // One that was missed is made up for by the next, or by the end of the wait.
            Ok(notice) = notices.recv(), if terminal => {
                if session.why_it_waits() != Some(notice.text.as_str()) {
                    say(session, client, &notice.text).await;
                }
            }
            // One that leaves is not started for, whatever it had to say.
            () = &mut closed, if !kept.has_room() => return Waited::Left,
            message = read.wait(), if kept.has_room() => match message {
                None | Some(ChannelMsg::Close) => return Waited::Left,
                Some(message) => kept.keep(message),
            },
        }
    }
}

/// A line in a terminal that no channel of the recording holds yet: an event of the session's holds it.
async fn say(session: &LiveSession, client: &ClientSink, text: &str) {
    if session.note_words(text).await {
        // A client that is gone is found out by the read.
        let line = client.write.data_bytes(format!("\r\n\x1b[7m {text} \x1b[0m\r\n"));
        drop(timeout(SAYING, line).await);
    }
}

struct Kept<'s> {
    messages: VecDeque<ChannelMsg>,
    bytes: usize,
    /// What is kept for this channel and others.
    in_all: &'s AtomicUsize,
}

impl<'s> Kept<'s> {
    fn new(in_all: &'s AtomicUsize) -> Self {
        Self { messages: VecDeque::new(), bytes: 0, in_all }
    }

    fn has_room(&self) -> bool {
        let own = self.bytes < KEPT_BYTES && self.messages.len() < KEPT_MESSAGES;
        own && (self.bytes < KEPT_LEAST || self.in_all.load(Ordering::Relaxed) < KEPT_IN_ALL)
    }

    fn keep(&mut self, message: ChannelMsg) {
        if let ChannelMsg::Data { data } | ChannelMsg::ExtendedData { data, .. } = &message {
            self.bytes += data.len();
            self.in_all.fetch_add(data.len(), Ordering::Relaxed);
        }
        self.messages.push_back(message);
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        self.in_all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps as much as there is room for; returns how much that is.
    fn fill(kept: &mut Kept<'_>) -> usize {
        while kept.has_room() {
            kept.keep(ChannelMsg::Data { data: vec![0; 32 << 10].into() });
        }
        kept.bytes
    }

    #[test]
    fn waiting_channels_share_what_is_kept_and_each_has_a_little() {
        let in_all = AtomicUsize::new(0);
        let mut waiting: Vec<_> = (0..64).map(|_| Kept::new(&in_all)).collect();
        let kept: Vec<usize> = waiting.iter_mut().map(fill).collect();
        assert_eq!(kept[..4], [KEPT_BYTES; 4]);
        assert_eq!(kept[4..], [KEPT_LEAST; 60]);
        assert_eq!(in_all.load(Ordering::Relaxed), KEPT_IN_ALL + 60 * KEPT_LEAST);
        drop(waiting);
        assert_eq!(in_all.load(Ordering::Relaxed), 0);
        let mut one = Kept::new(&in_all);
        while one.has_room() {
            one.keep(ChannelMsg::Success);
        }
        assert_eq!(one.messages.len(), KEPT_MESSAGES);
    }
}
