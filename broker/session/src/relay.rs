//! One direction of one channel: take a batch, record it, then forward what the recorder gave back (P1).
//!
//! The reading side never waits for the writing side until the backlog is full: what the source has said is evidence as
//! soon as it came, and a close or an end is seen at once.
//! Everything in the backlog is recorded already; it is what has been received and not yet delivered ([`crate::backlog`]).

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use chaperone_recorder::{AppendError, ChannelRecorder, Kept, Recorded, Stream};
use futures::FutureExt;
use futures::future::{Fuse, FusedFuture};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::backlog::{Backlog, Outgoing, Reading};
use crate::flow::Flow;
use crate::live::{LiveSession, Notice};
use crate::pieces::{Pieces, joined};
use crate::terminal::Terminal;

/// A batch is forwarded at this size at the latest; DESIGN 5.5 gives the measurement.
pub const BATCH_BYTES: usize = 128 * 1024;

/// How often a notice is tried again that could not be written.
const NOTICE_RETRY: Duration = Duration::from_millis(50);

/// How often a recording that cannot be written is tried again.
const RECORDER_RETRY: Duration = Duration::from_millis(100);

/// What comes from a leg, in order.
#[derive(Debug)]
pub enum Item<N> {
    /// Payload.
    Data(Stream, Bytes),
    /// Anything else of the protocol: a resize, an exit status, an end of file.
    Note(N),
}

/// The reading half of a leg's channel.
pub trait Source: Send {
    /// The protocol's own messages beside payload.
    type Note: Note;

    /// The next item; `None` when the channel is closed, or no more comes. Cancel safe.
    fn next(&mut self) -> impl Future<Output = Option<Item<Self::Note>>> + Send;

    /// The next item if it is here already.
    fn ready(&mut self) -> Option<Item<Self::Note>>;

    /// Whether it shares a connection with others: the channels of one connection, which has one loop for all of them.
    fn shares(&self) -> bool {
        true
    }

    /// Whether its end is the channel's: nobody is there any more for whom anything goes on. Else it ends what it says.
    fn ends_the_channel(&self) -> bool {
        false
    }

    /// From here on what comes goes nowhere. Answers whether it cannot be taken up again later: a source that reads its
    /// protocol has lost the thread of what the other side was told.
    fn loses_the_thread(&mut self) -> bool {
        false
    }

    /// Whether what comes later makes no sense without something that came and went nowhere.
    fn misses(&self) -> bool {
        false
    }
}

/// The writing half of a leg's channel. Payload arrives as [`Recorded`] only: what was not recorded cannot be written.
pub trait Sink: Send + Sync {
    /// The protocol's own messages beside payload.
    type Note: Note;

    /// Writes payload; returns when it is with the leg's connection.
    fn write(&self, payload: Recorded) -> impl Future<Output = Result<(), Broken>> + Send;

    /// Whether the sink itself counts what was delivered, because some payload may wait, or not go on at all.
    fn counts(&self) -> bool {
        false
    }

    /// Passes a message on.
    fn pass(&self, note: Self::Note) -> impl Future<Output = Result<(), Broken>> + Send;
}

/// A protocol message that is recorded as an event before it goes on.
pub trait Note: Send {
    /// Whether an earlier message that has not gone on yet means nothing any more: of two sizes, the newer counts.
    fn replaces(&self, earlier: &Self) -> bool;

    /// Kind and body of the event; `None` where the recording learns of it otherwise.
    fn event(&self) -> Option<(&'static str, serde_json::Value)>;
}

/// The leg is gone.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken;

/// Which way a relay goes; pausing and freezing stop input only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the technician to the target.
    Input,
    /// From the target to the technician.
    Output,
}

/// Why a relay came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayEnd {
    /// The source closed, and everything was delivered.
    Closed,
    /// The source's channel was closed while what it says may not go on: that goes nowhere.
    Left,
    /// The sink's leg is gone.
    Broken,
    /// The session is cut.
    Cut,
    /// The recording could not take the bytes within its grace.
    Recorder,
    /// The sink took nothing, and more came than may wait while others use the connection.
    Behind,
}

/// What one relay works with.
pub struct Relay<'s, S: Source, K: Sink<Note = S::Note>> {
    /// The session that it belongs to.
    pub session: &'s LiveSession,
    /// Where the bytes are recorded.
    pub channel: &'s ChannelRecorder,
    /// Which way.
    pub direction: Direction,
    /// Reads.
    pub source: S,
    /// Writes.
    pub sink: &'s K,
    /// The technician's terminal, where the gate may write notices.
    pub terminal: Option<Terminal>,
    /// Whether its source has lost the thread: false at first.
    pub lost: bool,
}

impl<S: Source, K: Sink<Note = S::Note>> Relay<'_, S, K> {
    /// Relays until the source closes, the sink breaks, or the session is cut.
    pub async fn run(mut self) -> RelayEnd {
        let mut flow = self.session.flow();
        let mut notices = self.session.notices();
        let mut channels = self.session.channels();
        let mut backlog = Backlog::new(self.direction, Instant::now());
        let mut closed = false;
        let mut notice: Option<Notice> = None;
        let writing = Fuse::terminated();
        tokio::pin!(writing);
        let mut busy = false;
        loop {
            let now = *flow.borrow_and_update();
            if now.is_cut() {
                return RelayEnd::Cut;
            }
            if now == Flow::Frozen && self.direction == Direction::Input {
                self.lost = self.lost || self.source.loses_the_thread();
            } else if self.lost {
                // The window was extended. What is half a request at the server would be read with what comes now.
                return RelayEnd::Broken;
            }
            let passes = self.direction == Direction::Output || now == Flow::Open;
            if !busy && passes {
                if let Some(item) = backlog.pop() {
                    writing.set(send(self.session, self.sink, self.channel, item).fuse());
                    busy = true;
                } else if closed {
                    return RelayEnd::Closed;
                }
            }
            if !passes {
                if closed && self.source.ends_the_channel() {
                    // A close is no input: what was started is not kept for somebody who has left it.
                    return RelayEnd::Left;
                }
                backlog.moves(Instant::now());
            }
            let open = *channels.borrow_and_update();
            backlog.shares(open);
            let (reads, stalls) = match backlog.reading(open > 1 && self.source.shares(), Instant::now()) {
                Reading::Goes => (!closed, None),
                Reading::WaitsUntil(moment) => (false, Some(moment)),
                Reading::Waits => (false, None),
                Reading::Over => return RelayEnd::Behind,
            };
            tokio::select! {
                biased;
                sent = &mut writing, if busy => {
                    busy = false;
                    backlog.moves(Instant::now());
                    if let Err(end) = sent {
                        return end;
                    }
                }
                changed = flow.changed() => {
                    if changed.is_err() {
                        return RelayEnd::Cut;
                    }
                }
                item = self.source.next(), if reads => match item {
                    None => closed = true,
                    Some(first) => {
                        let beside = writing.as_mut();
                        let end = self.take_beside(beside, &mut busy, first, &mut backlog, &mut flow).await;
                        if let Some(end) = end {
                            return end;
                        }
                    }
                },
                told = next_notice(&mut notices), if self.terminal.is_some() && notice.is_none() => {
                    notice = Some(told);
                }
                // Somebody else was writing to the recording, or the terminal was not at rest.
                () = sleep(NOTICE_RETRY), if notice.is_some() => {}
                () = until(stalls), if stalls.is_some() => {}
                // The sender is the session's: it outlives this.
                _ = channels.changed(), if !reads => {}
            }
            if let Some(end) = self.tell(&mut notice, &mut backlog) {
                return end;
            }
        }
    }

    /// Takes what came, and goes on writing meanwhile. Both may wait for their turn at the recording, and turns are given in
    /// order: one that is not looked at would hold up the other.
    async fn take_beside(
        &mut self,
        mut writing: Pin<&mut impl FusedFuture<Output = Result<(), RelayEnd>>>,
        busy: &mut bool,
        first: Item<S::Note>,
        backlog: &mut Backlog<S::Note>,
        flow: &mut watch::Receiver<Flow>,
    ) -> Option<RelayEnd> {
        let ended = {
            let taking = self.take(first, backlog, flow);
            tokio::pin!(taking);
            loop {
                tokio::select! {
                    biased;
                    ended = &mut taking => break ended,
                    sent = &mut writing, if *busy => {
                        *busy = false;
                        if let Err(end) = sent {
                            break Some(end);
                        }
                    }
                }
            }
        };
        if !*busy {
            backlog.moves(Instant::now());
        }
        ended
    }

    /// Takes everything that is here already as few batches, records them, and puts them into the backlog.
    async fn take(
        &mut self,
        first: Item<S::Note>,
        backlog: &mut Backlog<S::Note>,
        flow: &mut watch::Receiver<Flow>,
    ) -> Option<RelayEnd> {
        let mut next = Some(first);
        while let Some(item) = next.take() {
            match item {
                Item::Data(stream, bytes) => {
                    let (batch, behind) = self.batch(stream, bytes);
                    next = behind;
                    if let Some(terminal) = self.terminal.as_mut() {
                        batch.iter().for_each(|piece| terminal.saw(piece));
                    }
                    let shown = batch.clone();
                    let too_late = self.is_too_late(flow);
                    match record(self.session, self.channel, stream, batch, backlog.is_full(), flow).await {
                        Ok(kept) => {
                            let tap = &self.session.tap;
                            shown.iter().for_each(|piece| tap.output(self.channel.number(), stream, piece));
                            match too_late {
                                true => self.lost = self.lost || self.source.misses(),
                                false => kept.into_iter().for_each(|piece| backlog.push_payload(piece)),
                            }
                        }
                        Err(end) => return Some(end),
                    }
                }
                Item::Note(note) => {
                    if let Some((kind, body)) = note.event()
                        && let Err(end) =
                            self.session.record_event(self.channel.number(), kind, &body, flow).await
                    {
                        return Some(end);
                    }
                    if !self.is_too_late(flow) {
                        backlog.push_note(note);
                    }
                }
            }
        }
        None
    }

    /// Input that comes in the overrun: it is recorded, and goes nowhere, also if the window is extended later. Reading it
    /// keeps a client that types on from holding up the output.
    fn is_too_late(&self, flow: &watch::Receiver<Flow>) -> bool {
        self.direction == Direction::Input && (self.lost || *flow.borrow() == Flow::Frozen)
    }

    /// What is here of the same stream, in as few pieces as are worth it; the second value is what came behind it and does
    /// not fit.
    fn batch(&mut self, stream: Stream, first: Bytes) -> (Vec<Bytes>, Option<Item<S::Note>>) {
        let mut len = first.len();
        let mut pieces = Pieces::of(first);
        while len < BATCH_BYTES {
            match self.source.ready() {
                Some(Item::Data(more_of, more)) if more_of == stream && len + more.len() <= BATCH_BYTES => {
                    len += more.len();
                    pieces.push(more);
                }
                other => return (pieces.into_all(), other),
            }
        }
        (pieces.into_all(), None)
    }

    /// Writes a waiting notice once the terminal is at rest.
    fn tell(&self, notice: &mut Option<Notice>, backlog: &mut Backlog<S::Note>) -> Option<RelayEnd> {
        let terminal = self.terminal.as_ref().filter(|terminal| terminal.rests())?;
        let text = terminal.notice(&notice.as_ref()?.text);
        // A notice is no evidence of the target's doing: while the recording cannot take it, it is not shown.
        if let Some(recorded) = self.session.append_notice(self.channel, text) {
            backlog.push_payload(Kept::Here(recorded));
            *notice = None;
        }
        None
    }
}

async fn send<K: Sink>(
    session: &LiveSession,
    sink: &K,
    channel: &ChannelRecorder,
    item: Outgoing<K::Note>,
) -> Result<(), RelayEnd> {
    let recorded = match item {
        Outgoing::Payload(Kept::Here(recorded)) => recorded,
        Outgoing::Payload(Kept::There(spilled)) => {
            let fetched = session.pen.turn().await.write(|| spilled.fetch());
            fetched.map_err(|error| {
                session.recorder_gave_up(&error);
                RelayEnd::Recorder
            })?
        }
        Outgoing::Pass(note) => return sink.pass(note).await.map_err(|Broken| RelayEnd::Broken),
    };
    let (stream, len) = (recorded.stream(), recorded.len());
    sink.write(recorded).await.map_err(|Broken| RelayEnd::Broken)?;
    if !sink.counts() {
        channel.delivered(stream, u64::try_from(len).unwrap_or(u64::MAX));
    }
    Ok(())
}

/// Appends until the recording takes it, the session is cut, or the grace is over. Nothing goes on meanwhile.
pub(crate) async fn record(
    session: &LiveSession,
    channel: &ChannelRecorder,
    stream: Stream,
    batch: Vec<Bytes>,
    spills: bool,
    flow: &mut watch::Receiver<Flow>,
) -> Result<Vec<Kept>, RelayEnd> {
    let append = |batch: Vec<Bytes>| match spills {
        true => channel.append_spilled(stream, joined(batch)).map(|kept| vec![kept]),
        false => {
            let recorded = channel.append_pieces(stream, batch)?;
            Ok(recorded.into_iter().map(Kept::Here).collect())
        }
    };
    let mut failed = match session.in_turn(flow, || append(batch)).await? {
        Ok(kept) => return Ok(kept),
        Err(failed) => failed,
    };
    let give_up = Instant::now() + session.recorder_grace();
    session.recorder_failed(&failed.cause);
    loop {
        wait_or_cut(flow, RECORDER_RETRY).await?;
        let AppendError { pieces, .. } = failed;
        match session.in_turn(flow, || append(pieces)).await? {
            Ok(kept) => {
                session.recorder_mended();
                return Ok(kept);
            }
            Err(again) if Instant::now() >= give_up => {
                session.recorder_gave_up(&again.cause);
                return Err(RelayEnd::Recorder);
            }
            Err(again) => failed = again,
        }
    }
}

/// Waits, unless the session is cut first.
pub(crate) async fn wait_or_cut(flow: &mut watch::Receiver<Flow>, time: Duration) -> Result<(), RelayEnd> {
    match tokio::time::timeout(time, flow.wait_for(|flow| flow.is_cut())).await {
        Ok(_) => Err(RelayEnd::Cut),
        Err(_elapsed) => Ok(()),
    }
}

/// Waits for a moment, if there is one to wait for.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// The next notice. One that was missed because this relay lagged is not made up for: the newest says more.
async fn next_notice(notices: &mut broadcast::Receiver<Notice>) -> Notice {
    loop {
        match notices.recv().await {
            Ok(notice) => return notice,
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}
