//! One live session: what its relays, its watch and its end share.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chaperone_policy::{Attempt, Permit, SessionId};
use chaperone_recorder::{
    ChannelCoverage, ChannelKind, ChannelRecorder, Coverage, LiveRecording, RecordError, Recorded, Stream,
};
use chaperone_store::BrokenOff;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use crate::courier::Courier;
use crate::failing::Failing;
use crate::failpoint;
use crate::flow::{EndReason, Flow};
use crate::health::{Health, Trouble};
use crate::hold::Holds;
use crate::pen::{Pen, Workers};
use crate::relay::{RelayEnd, wait_or_cut};
use crate::sever::Cord;
use crate::tap::{Seen, SeenChannel, Tap, Watching};
use crate::ways::Ways;

/// How long after a channel of it a connection ends that broke off with it.
const JUST_NOW: Duration = Duration::from_secs(1);

/// Notices that a terminal has not taken yet; the newest matter.
const NOTICES: usize = 8;
/// How long an event beside the payload waits for a medium that does not answer.
const BESIDE: Duration = Duration::from_secs(5);
/// A sync that is under way for longer holds up what is forwarded: the mode promises less loss than that.
const SYNC_OVERDUE: Duration = Duration::from_secs(1);
/// How often it is looked whether it is over.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Why something beside the payload is not in the recording.
#[derive(Debug, thiserror::Error)]
pub enum NotRecorded {
    /// The recording could not take it.
    #[error("the recording could not take it: {}", in_full(.0))]
    Fault(RecordError),
    /// The medium did not answer in time; it may be recorded yet.
    #[error("the recording's medium did not answer in time")]
    Silent,
    /// As many channels were opened as a visit has.
    #[error("the visit has had as many channels as one may have")]
    TooManyChannels,
}

/// Most channels of one visit: its seal states each of them, and surely has room for so many.
const CHANNELS: u32 = 16_000;
const _: () = assert!(CHANNELS as usize <= chaperone_recorder::CHANNELS, "a recording takes as many");

/// Something that the gate tells a technician in their terminal.
#[derive(Clone, Debug)]
pub struct Notice {
    /// One line of plain text.
    pub text: String,
}

/// A connection of the session: how to say goodbye on it, and the cord that ends it.
pub struct Leg {
    /// `client`, `target` or `forward`, as the recording names it. A visit over TLS may have several of each.
    pub name: &'static str,
    /// Ends it at once.
    pub cord: Cord,
    /// Ends it in order; given up after 300 ms.
    pub goodbye: Box<dyn FnOnce(EndReason) -> BoxFuture<'static, ()> + Send>,
}

/// That somebody of the hospital stopped a visit.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    /// Who, by sign-in name.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}

impl From<RecordError> for NotRecorded {
    fn from(error: RecordError) -> Self {
        Self::Fault(error)
    }
}

/// A session between its admission and its seal.
pub struct LiveSession {
    pub(crate) id: SessionId,
    pub(crate) attempt: Attempt,
    pub(crate) login: String,
    /// What is spoken: `ssh`, `tls` or `http`.
    pub(crate) protocol: &'static str,
    pub(crate) source: SocketAddr,
    /// The session that it goes on from, whose connection was lost.
    pub(crate) continues: Option<BrokenOff>,
    pub(crate) recording: LiveRecording,
    /// Who appends to the recording.
    pub(crate) pen: Arc<Pen>,
    /// Who makes it durable, or seals it.
    pub(crate) disk: Arc<Pen>,
    pub(crate) health: Health,
    pub(crate) recorder_grace: Duration,
    pub(crate) began: Began,
    pub(crate) permit: watch::Sender<Permit>,
    pub(crate) flow: watch::Sender<Flow>,
    pub(crate) notices: broadcast::Sender<Notice>,
    pub(crate) legs: Mutex<Vec<Leg>>,
    pub(crate) coverage: Mutex<Vec<ChannelCoverage>>,
    pub(crate) stop: Mutex<Option<Stop>>,
    pub(crate) ended: watch::Sender<bool>,
    pub(crate) holds: Mutex<Holds>,
    pub(crate) tap: Tap,
    /// How staged files reach its target, once that is reached.
    pub(crate) courier: OnceLock<Arc<dyn Courier>>,
    /// How it goes to its target.
    pub(crate) ways: Ways,
    /// That it reached its target is a fact already.
    pub(crate) reached: AtomicBool,
    /// How many channels are open.
    pub(crate) channels: watch::Sender<usize>,
    /// What its target does wrong, as was told.
    pub(crate) failing: Failing,
    /// How much is under way in it, of what begins and ends inside a visit that goes on.
    pub(crate) under_way: Arc<AtomicUsize>,
    /// Bytes that are kept for channels which wait to begin.
    early: AtomicUsize,
    /// When a channel of it broke off last.
    broke_off: Mutex<Option<Instant>>,
    next_channel: AtomicU32,
}

/// The session's own clock: wall time at its start, carried on by the monotonic clock, so that a jump of the wall
/// clock moves no deadline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Began {
    pub wall: Timestamp,
    pub monotonic: Instant,
}

impl Began {
    pub(crate) fn now(self) -> Timestamp {
        let passed = SignedDuration::try_from(self.monotonic.elapsed()).unwrap_or(SignedDuration::ZERO);
        self.wall.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// When a wall-clock deadline comes, by the monotonic clock.
    pub(crate) fn instant(self, deadline: Timestamp) -> Instant {
        let ahead = Duration::try_from(deadline.duration_since(self.wall)).unwrap_or(Duration::ZERO);
        self.monotonic.checked_add(ahead).unwrap_or(self.monotonic + Duration::from_secs(86_400 * 365))
    }
}

impl LiveSession {
    pub(crate) fn new(
        attempt: Attempt,
        (login, protocol): (String, &'static str),
        source: SocketAddr,
        (permit, continues): (Permit, Option<BrokenOff>),
        recording: LiveRecording,
        recorder_grace: Duration,
        (began, workers): (Began, &Arc<Workers>),
    ) -> Arc<Self> {
        // Nothing flows in before its watch has seen an observer.
        let unobserved = permit.observer_required();
        let flow = if unobserved { Flow::Paused } else { Flow::Open };
        let holds = Holds { unobserved, ..Holds::default() };
        Arc::new(Self {
            id: SessionId(recording.session()),
            attempt,
            login,
            protocol,
            source,
            continues,
            recording,
            pen: Pen::new(workers),
            disk: Pen::new(workers),
            health: Health::default(),
            recorder_grace,
            began,
            permit: watch::Sender::new(permit),
            flow: watch::Sender::new(flow),
            notices: broadcast::Sender::new(NOTICES),
            legs: Mutex::default(),
            coverage: Mutex::default(),
            stop: Mutex::default(),
            ended: watch::Sender::new(false),
            holds: Mutex::new(holds),
            tap: Tap::default(),
            courier: OnceLock::new(),
            ways: Ways::default(),
            reached: AtomicBool::new(false),
            channels: watch::Sender::new(0),
            failing: Failing::default(),
            under_way: Arc::default(),
            early: AtomicUsize::new(0),
            broke_off: Mutex::new(None),
            next_channel: AtomicU32::new(0),
        })
    }

    /// Identity; names the recording too.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// The permit in force.
    #[must_use]
    pub fn permit(&self) -> Permit {
        self.permit.borrow().clone()
    }

    /// First instant from which nothing goes to the target, as the permit in force has it.
    #[must_use]
    pub fn input_until(&self) -> Timestamp {
        self.permit.borrow().input_until()
    }

    /// First instant from which nothing flows, as the permit in force has it.
    #[must_use]
    pub fn output_until(&self) -> Timestamp {
        self.permit.borrow().output_until()
    }

    /// What relays may do, now and from now on.
    #[must_use]
    pub fn flow(&self) -> watch::Receiver<Flow> {
        self.flow.subscribe()
    }

    /// How many channels share the session's connections, now and from now on.
    #[must_use]
    pub fn channels(&self) -> watch::Receiver<usize> {
        self.channels.subscribe()
    }

    /// Bytes that are kept, all in all, for channels which wait to begin. Whoever keeps some counts them here.
    #[must_use]
    pub fn early(&self) -> &AtomicUsize {
        &self.early
    }

    /// What the gate tells the technician from now on.
    #[must_use]
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// Where the technician's connection comes from.
    #[must_use]
    pub fn source(&self) -> SocketAddr {
        self.source
    }

    /// Opens a channel in the recording. `typed_input` says that its input may be a password typed at a prompt. Waits for
    /// a medium that does not answer until the session is cut.
    ///
    /// # Errors
    /// When the recording cannot take it: then the channel must not open.
    pub async fn record_channel(
        &self,
        kind: ChannelKind,
        typed_input: bool,
    ) -> Result<ChannelRecorder, NotRecorded> {
        let number = self.next_number().ok_or(NotRecorded::TooManyChannels)?;
        let (name, about) = (kind.name.clone(), kind.about.clone());
        let recording = self.recording.clone();
        let opening = self.pen.aside(move || recording.open_channel(number, kind, typed_input));
        let Some(opened) = self.unless_cut(opening).await else {
            let why = "the recording did not answer, so that it did not open".to_owned();
            self.cover(ChannelCoverage { channel: number, coverage: Coverage::Refused, why });
            return Err(NotRecorded::Silent);
        };
        let channel = opened.ok_or(NotRecorded::Silent)??;
        self.tap.opened(number, &name, &about);
        self.channels.send_modify(|open| *open += 1);
        Ok(channel)
    }

    /// How many channels it may have from its beginning to its end.
    pub(crate) fn most_channels() -> u32 {
        failpoint::bound("channels", CHANNELS)
    }

    /// The number of the next channel; none after the last.
    fn next_number(&self) -> Option<u32> {
        let most = Self::most_channels();
        let next = |number: u32| (number < most).then(|| number + 1);
        self.next_channel.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()
    }

    /// Whether no channel opens in it any more, since it has had as many as one may have.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.next_channel.load(Ordering::Relaxed) >= Self::most_channels()
    }

    /// Records what the gate itself says to the technician, and shows it to those who watch. Waits for as long as the
    /// medium takes.
    ///
    /// # Errors
    /// When the recording cannot take it: then it must not be said.
    pub async fn append_gate(
        &self,
        channel: &ChannelRecorder,
        stream: Stream,
        text: impl Into<Bytes>,
    ) -> Result<Recorded, NotRecorded> {
        let (bytes, recorder) = (text.into(), channel.clone());
        let shown = bytes.clone();
        let appended = self.pen.aside(move || recorder.append(stream, bytes)).await;
        let recorded = appended.ok_or(NotRecorded::Silent)?.map_err(|error| error.cause)?;
        self.tap.output(channel.number(), stream, &shown);
        Ok(recorded)
    }

    /// Records a notice, if the recording takes it now: it is no evidence of the target's doing, and is not waited for.
    pub(crate) fn append_notice(&self, channel: &ChannelRecorder, text: String) -> Option<Recorded> {
        let bytes = Bytes::from(text);
        let turn = self.pen.try_turn()?;
        let recorded = turn.write(|| channel.append(Stream::Gate, bytes.clone())).ok()?;
        self.tap.output(channel.number(), Stream::Gate, &bytes);
        Some(recorded)
    }

    /// Records an event beside the payload, on a thread that may wait; given up when the medium does not answer.
    ///
    /// # Errors
    /// When the recording cannot take it.
    pub(crate) async fn note(
        &self,
        channel: Option<u32>,
        kind: &'static str,
        body: serde_json::Value,
    ) -> Result<(), NotRecorded> {
        let recording = self.recording.clone();
        let noting = self.pen.aside(move || recording.event(channel, kind, body));
        let noted = tokio::time::timeout(BESIDE, noting).await.ok().flatten();
        Ok(noted.ok_or(NotRecorded::Silent)??)
    }

    /// Writes into the recording in turn, on this thread. Waits without one while somebody else writes, or while what
    /// was written before is overdue to be durable.
    ///
    /// # Errors
    /// When the session is cut first.
    pub(crate) async fn in_turn<T>(
        &self,
        flow: &mut watch::Receiver<Flow>,
        write: impl FnOnce() -> T,
    ) -> Result<T, RelayEnd> {
        while self.disk.busy_for().is_some_and(|busy| busy > SYNC_OVERDUE) {
            wait_or_cut(flow, LOOK_AGAIN).await?;
        }
        let turn = match self.pen.try_turn() {
            Some(turn) => turn,
            None => tokio::select! {
                biased;
                _ = flow.wait_for(|flow| flow.is_cut()) => return Err(RelayEnd::Cut),
                turn = self.pen.turn() => turn,
            },
        };
        Ok(turn.write(write))
    }

    /// Waits for something unless the session is cut first.
    pub(crate) async fn unless_cut<T>(&self, something: impl Future<Output = T>) -> Option<T> {
        let mut flow = self.flow();
        tokio::select! {
            biased;
            _ = flow.wait_for(|flow| flow.is_cut()) => None,
            done = something => Some(done),
        }
    }

    /// What is open now, and what happens from now on, for somebody who watches.
    #[must_use]
    pub fn watch(&self) -> (Vec<SeenChannel>, broadcast::Receiver<Seen>) {
        self.tap.watch()
    }

    /// A place among those who watch; `None` when there are too many.
    #[must_use]
    pub fn place(&self) -> Option<Watching<'_>> {
        self.tap.place()
    }

    /// How many watch.
    #[must_use]
    pub fn watchers(&self) -> usize {
        self.tap.watchers()
    }

    /// When it began.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        self.began.wall
    }

    /// States what was captured of a channel that closed.
    pub fn cover(&self, coverage: ChannelCoverage) {
        self.coverage.lock().unwrap_or_else(PoisonError::into_inner).push(coverage);
    }

    /// Hangs a connection on the session: when the session ends, so does the connection. One that comes too late ends
    /// at once.
    pub fn hang(&self, leg: Leg) {
        // SSH asks for signs of life itself.
        if self.protocol != "ssh" && leg.name == "client" {
            leg.cord.is_asked_for_life();
        }
        let mut legs = self.legs.lock().unwrap_or_else(PoisonError::into_inner);
        if self.flow.borrow().is_cut() {
            leg.cord.sever();
        }
        legs.push(leg);
    }

    /// A channel has ended because a side of it took nothing any more.
    pub fn broke_off(&self) {
        *self.broke_off.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// The technician's connection has ended: in order, or broken off with something still open in it.
    pub fn client_gone(&self, in_order: bool) {
        // What was open may have found it out first.
        let broke_off = *self.broke_off.lock().unwrap_or_else(PoisonError::into_inner);
        let just_now = broke_off.is_some_and(|moment| moment.elapsed() < JUST_NOW);
        let lost = !in_order && (self.tap.is_open() || just_now);
        self.cut(if lost { EndReason::ClientLost } else { EndReason::ClientClosed });
    }

    /// Takes a connection that has ended by itself off the session. A session that is cut has taken them all.
    pub(crate) fn unhang(&self, cord: &Cord) {
        self.legs.lock().unwrap_or_else(PoisonError::into_inner).retain(|leg| !leg.cord.is_of(cord));
    }

    /// Ends the session. The first reason stands.
    pub fn cut(&self, reason: EndReason) {
        self.flow.send_if_modified(|flow| {
            let first = !flow.is_cut();
            if first {
                *flow = Flow::Cut(reason);
            }
            first
        });
    }

    /// Tells the technician something, where a terminal is open.
    pub fn tell(&self, text: String) {
        // Nobody listens when no terminal is open: then there is nobody to tell.
        drop(self.notices.send(Notice { text }));
    }

    /// Returns once the session is sealed and its end is a fact.
    pub async fn ended(&self) {
        // The sender lives in `self`: the wait cannot fail.
        drop(self.ended.subscribe().wait_for(|ended| *ended).await);
    }

    /// How long forwarding waits for a recording that cannot be written.
    #[must_use]
    pub fn recorder_grace(&self) -> Duration {
        self.recorder_grace
    }

    pub(crate) fn recorder_failed(&self, cause: &RecordError) {
        if self.health.failed(Trouble::Write, in_full(cause)) {
            let error = in_full(cause);
            tracing::error!(session.id = %self.id, error, "the recording cannot be written; forwarding has stopped");
        }
    }

    pub(crate) fn recorder_mended(&self) {
        if self.health.mended(Trouble::Write) {
            tracing::info!(session.id = %self.id, "the recording can be written again; forwarding goes on");
        }
    }

    pub(crate) fn recorder_gave_up(&self, cause: &RecordError) {
        tracing::error!(session.id = %self.id, error = in_full(cause), "the recording could not be written in time; the session ends");
        self.cut(EndReason::Recorder);
    }
}

/// An error with what the kernel said.
pub(crate) fn in_full(error: &RecordError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
