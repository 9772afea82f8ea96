//! Moves one body: reads a batch, waits while its direction waits, records it or states how far it has come, and lets it pass.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chaperone_session::{DialError, Flow, LiveSession, Stream};
use http::HeaderMap;
use http_body::Body;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::body::{Batch, Measure, Passed};
use super::console::Console;
use super::inject::{Injection, Sought};
use super::lanes::Taken;
use super::reader::{Read, Reader};
use super::sending::{Lost, Sending};

/// The event that states how far a body has come beyond what is kept of it: before the first of that passes, and again as
/// more does.
const BEYOND: &str = "http-beyond";

/// How a body ended; stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is whole.
    Complete,
    /// Its client has given it up.
    Aborted,
    /// The target has closed in the middle of it.
    Broken,
    /// The visit was cut, or its input was over.
    Cut,
}

impl Outcome {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Aborted => "aborted",
            Self::Broken => "broken",
            Self::Cut => "cut",
        }
    }
}

/// Which way a body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client to the target.
    Request,
    /// From the target to the client.
    Response,
}

impl Way {
    pub(super) fn stream(self) -> Stream {
        match self {
            Self::Request => Stream::ForwardIn,
            Self::Response => Stream::ForwardOut,
        }
    }

    /// Its name; stored.
    fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }

    /// The event that states its end.
    pub(super) fn end(self) -> &'static str {
        match self {
            Self::Request => "http-request-end",
            Self::Response => "http-response-end",
        }
    }
}

/// A body on its way.
pub(super) struct Flowing {
    pub console: Arc<Console>,
    pub lane: Arc<Taken>,
    /// Which transaction.
    pub n: u64,
    pub way: Way,
    /// How many bytes of it are kept.
    pub limit: u64,
    /// How long it may bring nothing.
    pub idle: Option<Duration>,
    /// What must not come back to the client.
    pub guarded: Option<Injection>,
    /// Of a request: who waits for its answer.
    pub sending: Option<Arc<Sending>>,
}

impl Flowing {
    /// Moves all of it. Its end is in the recording before the other side can know that it is whole.
    pub(super) async fn run<B>(self, mut reader: Reader<B>, to: mpsc::Sender<Batch>) -> Outcome
    where
        B: Body<Data = Bytes> + Unpin + Send,
        B::Error: Display,
    {
        let mut flow = self.console.session.flow();
        let mut sought = self.guarded.as_ref().map(Injection::sought);
        let mut measure = Measure::new(self.limit);
        loop {
            let read = match self.next(&mut reader, &to, &mut flow).await {
                Ok(read) => read,
                Err(outcome) => return self.end(measure, None, outcome).await,
            };
            let (bytes, over) = match read {
                Some(Read::Data(bytes)) => (bytes, reader.is_over().then_some(None)),
                Some(Read::Trailers(fields)) => (Bytes::new(), Some(Some(fields))),
                None => (Bytes::new(), Some(None)),
            };
            let Some(bytes) = clean(&mut sought, bytes, over.is_some()) else {
                self.console.echoed(&self.lane, self.n).await;
                return self.end(measure, None, Outcome::Cut).await;
            };
            let passed = match self.record(&mut measure, bytes, &mut flow).await {
                Ok(passed) => passed,
                Err(outcome) => return self.end(measure, None, outcome).await,
            };
            if let Some(trailers) = over {
                return self.last(measure, passed, trailers, &to, &mut flow).await;
            }
            if !self.give(passed, false, &to, &mut flow).await {
                return self.end(measure, None, self.broken(&flow)).await;
            }
        }
    }

    /// The rest of a body that is whole with it.
    async fn last(
        &self,
        measure: Measure,
        passed: Vec<Passed>,
        trailers: Option<HeaderMap>,
        to: &mpsc::Sender<Batch>,
        flow: &mut watch::Receiver<Flow>,
    ) -> Outcome {
        if self.flows(to, flow).await.is_err() {
            return self.end(measure, None, self.broken(flow)).await;
        }
        let Some(mut fields) = trailers else {
            let outcome = self.end(measure, None, Outcome::Complete).await;
            self.give(passed, true, to, flow).await;
            return outcome;
        };
        if !self.give(passed, false, to, flow).await {
            return self.end(measure, None, self.broken(flow)).await;
        }
        if self.guarded.as_ref().is_some_and(|secret| secret.take_out_of(&mut fields)) {
            self.console.echoed(&self.lane, self.n).await;
        }
        let outcome = self.end(measure, Some(&fields), Outcome::Complete).await;
        drop(to.send(Batch::Trailers(fields)).await);
        outcome
    }

    /// The next batch, once its direction flows.
    async fn next<B>(
        &self,
        reader: &mut Reader<B>,
        to: &mpsc::Sender<Batch>,
        flow: &mut watch::Receiver<Flow>,
    ) -> Result<Option<Read>, Outcome>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Display,
    {
        self.flows(to, flow).await?;
        let reading = async {
            match self.idle {
                Some(idle) => tokio::time::timeout(idle, reader.next()).await.unwrap_or_else(|_elapsed| {
                    self.lost(Lost::Slow);
                    Err(Outcome::Aborted)
                }),
                None => reader.next().await,
            }
        };
        let read = tokio::select! {
            biased;
            _ = flow.wait_for(|flow| self.is_over(*flow)) => {
                self.lost(Lost::Over);
                return Err(Outcome::Cut);
            }
            () = to.closed() => return Err(Outcome::Aborted),
            read = reading => read,
        };
        let read = match read {
            Err(_) if self.way == Way::Response => {
                let now = *flow.borrow();
                return Err(self.breaks_off(now).await);
            }
            read => read.inspect_err(|_| self.lost(Lost::Client))?,
        };
        // A pause may have come while it was waited for.
        self.flows(to, flow).await?;
        Ok(read)
    }

    /// Waits until input flows, where it is input.
    async fn flows(&self, to: &mpsc::Sender<Batch>, flow: &mut watch::Receiver<Flow>) -> Result<(), Outcome> {
        if self.way == Way::Response {
            return Ok(());
        }
        tokio::select! {
            biased;
            now = flow.wait_for(|flow| *flow != Flow::Paused) => match now.as_deref() {
                Ok(Flow::Open) => Ok(()),
                _ => {
                    self.lost(Lost::Over);
                    Err(Outcome::Cut)
                }
            },
            () = to.closed() => Err(Outcome::Aborted),
        }
    }

    /// Hashes and records; what comes back may go on.
    async fn record(
        &self,
        measure: &mut Measure,
        bytes: Bytes,
        flow: &mut watch::Receiver<Flow>,
    ) -> Result<Vec<Passed>, Outcome> {
        let (record, beyond) = measure.take(bytes);
        let mut passed = Vec::with_capacity(2);
        if !record.is_empty() {
            let channel = self.lane.channel();
            let recorded = self.console.session.append(channel, self.way.stream(), record, flow).await;
            passed.push(Passed::recorded(recorded.map_err(|_| Outcome::Cut)?, channel));
        }
        if let Some(beyond) = beyond {
            self.lane.is_short();
            if let Some((bytes, sha256)) = measure.states() {
                let stated =
                    json!({ "n": self.n, "way": self.way.as_str(), "bytes": bytes, "sha256": sha256 });
                let (session, channel) = (&self.console.session, self.lane.channel().number());
                session.record_event(channel, BEYOND, &stated, flow).await.map_err(|_| Outcome::Cut)?;
            }
            passed.push(Passed::measured(beyond));
        }
        Ok(passed)
    }

    /// Lets it pass; false when nobody takes it.
    async fn give(
        &self,
        passed: Vec<Passed>,
        last: bool,
        to: &mpsc::Sender<Batch>,
        flow: &mut watch::Receiver<Flow>,
    ) -> bool {
        let mut left = passed.len();
        if left == 0 {
            return !last || to.send(Batch::End).await.is_ok();
        }
        for passed in passed {
            left -= 1;
            if self.flows(to, flow).await.is_err() {
                return false;
            }
            let given = tokio::select! {
                biased;
                _ = flow.wait_for(|flow| flow.is_cut()) => false,
                given = to.send(Batch::Data { passed, last: last && left == 0 }) => given.is_ok(),
            };
            if !given {
                return false;
            }
            if let Some(sending) = &self.sending {
                sending.moved();
            }
        }
        true
    }

    /// An answer ends in its middle, and its client is there: the target's doing, unless the gate has ended the connection.
    async fn breaks_off(&self, flow: Flow) -> Outcome {
        if self.is_over(flow) || self.console.was_allowed_until_now() {
            return Outcome::Cut;
        }
        let error = DialError::Protocol("it closed the connection in the middle of an answer".to_owned());
        self.console.target_failed(&self.lane, self.n, &error).await;
        Outcome::Broken
    }

    /// It does not become whole, and the other side is not to blame.
    fn lost(&self, why: Lost) {
        if let Some(sending) = &self.sending {
            sending.lost(why);
        }
    }

    /// Whether nothing more goes this way.
    fn is_over(&self, flow: Flow) -> bool {
        flow.is_cut() || (self.way == Way::Request && flow == Flow::Frozen)
    }

    fn broken(&self, flow: &watch::Receiver<Flow>) -> Outcome {
        if self.is_over(*flow.borrow()) { Outcome::Cut } else { Outcome::Aborted }
    }

    /// States the end in the recording.
    async fn end(&self, measure: Measure, trailers: Option<&HeaderMap>, outcome: Outcome) -> Outcome {
        let body = ended(self.n, measure, trailers, outcome);
        note(&self.console.session, &self.lane, self.way.end(), body).await;
        // Before the other side can know of it.
        if let Some(sending) = &self.sending {
            sending.ended();
        }
        outcome
    }
}

/// What an end event says.
pub(super) fn ended(n: u64, measure: Measure, trailers: Option<&HeaderMap>, outcome: Outcome) -> Value {
    let (bytes, sha256, recorded) = measure.finish();
    let mut body = json!({
        "n": n, "bytes": bytes, "sha256": sha256, "recorded": recorded, "outcome": outcome.as_str(),
    });
    if let (Some(trailers), Some(fields)) = (trailers, body.as_object_mut()) {
        fields.insert("trailers".to_owned(), json!(super::headers::recorded(trailers)));
    }
    body
}

/// Records how something ended, also in a visit that is cut.
pub(super) async fn note(session: &LiveSession, lane: &Taken, kind: &'static str, body: Value) {
    let mut flow = session.flow();
    let recorded = session.record_event(lane.channel().number(), kind, &body, &mut flow).await;
    if recorded == Ok(()) {
        return;
    }
    if let Err(error) = session.note_end(lane.channel().number(), kind, body).await {
        tracing::warn!(session.id = %session.id(), %error, "the end of a body could not be recorded");
    }
}

/// What of a body may pass now, and with its end the rest; `None` when it holds what must not come back.
fn clean(sought: &mut Option<Sought>, bytes: Bytes, last: bool) -> Option<Bytes> {
    let Some(sought) = sought else { return Some(bytes) };
    if last { sought.last(bytes) } else { sought.passes(bytes) }
}
