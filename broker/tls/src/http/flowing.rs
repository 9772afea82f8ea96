//! Moves one body: reads a batch, waits while its direction waits, records it, and lets it pass.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chaperone_session::{Flow, LiveSession, Stream};
use http::HeaderMap;
use http_body::Body;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::body::{Batch, Measure, Passed};
use super::inject::Injection;
use super::lanes::Taken;
use super::reader::{Read, Reader};

/// How a body ended; stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is whole.
    Complete,
    /// One of its ends has given it up.
    Aborted,
    /// The visit was cut, or its input was over.
    Cut,
}

impl Outcome {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Aborted => "aborted",
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
    pub session: Arc<LiveSession>,
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
}

impl Flowing {
    /// Moves all of it. Its end is in the recording before the other side can know that it is whole.
    pub(super) async fn run<B>(self, mut reader: Reader<B>, to: mpsc::Sender<Batch>) -> Outcome
    where
        B: Body<Data = Bytes> + Unpin + Send,
        B::Error: Display,
    {
        let mut flow = self.session.flow();
        let mut sought = self.guarded.as_ref().map(Injection::sought);
        let mut measure = Measure::new(self.limit);
        loop {
            let read = match self.next(&mut reader, &to, &mut flow).await {
                Ok(read) => read,
                Err(outcome) => return self.end(measure, None, outcome).await,
            };
            match read {
                Some(Read::Data(bytes)) => {
                    if sought.as_mut().is_some_and(|secret| secret.is_in(&bytes)) {
                        tracing::warn!(session.id = %self.session.id(), "a target's answer held the credential that the gate put in; it was cut");
                        return self.end(measure, None, Outcome::Cut).await;
                    }
                    let last = reader.is_over();
                    let passed = match self.record(&mut measure, bytes, &mut flow).await {
                        Ok(passed) => passed,
                        Err(outcome) => return self.end(measure, None, outcome).await,
                    };
                    if !last {
                        if !self.give(passed, false, &to, &mut flow).await {
                            return self.end(measure, None, self.broken(&flow)).await;
                        }
                        continue;
                    }
                    let outcome = self.end(measure, None, Outcome::Complete).await;
                    self.give(passed, true, &to, &mut flow).await;
                    return outcome;
                }
                Some(Read::Trailers(mut fields)) => {
                    if let Some(secret) = &sought {
                        secret.take_out_of(&mut fields);
                    }
                    let outcome = self.end(measure, Some(&fields), Outcome::Complete).await;
                    drop(to.send(Batch::Trailers(fields)).await);
                    return outcome;
                }
                None => {
                    let outcome = self.end(measure, None, Outcome::Complete).await;
                    drop(to.send(Batch::End).await);
                    return outcome;
                }
            }
        }
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
        if self.way == Way::Request {
            tokio::select! {
                biased;
                now = flow.wait_for(|flow| *flow != Flow::Paused) => match now.as_deref() {
                    Ok(Flow::Open) => {}
                    _ => return Err(Outcome::Cut),
                },
                () = to.closed() => return Err(Outcome::Aborted),
            }
        }
        let reading = async {
            match self.idle {
                Some(idle) => {
                    tokio::time::timeout(idle, reader.next()).await.unwrap_or(Err(Outcome::Aborted))
                }
                None => reader.next().await,
            }
        };
        let over = if self.way == Way::Request { is_input_over } else { Flow::is_cut };
        tokio::select! {
            biased;
            _ = flow.wait_for(|flow| over(*flow)) => Err(Outcome::Cut),
            () = to.closed() => Err(Outcome::Aborted),
            read = reading => read,
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
            let recorded = self.session.append(channel, self.way.stream(), record, flow).await;
            passed.push(Passed::recorded(recorded.map_err(|_| Outcome::Cut)?, channel));
        }
        if let Some(beyond) = beyond {
            self.lane.is_short();
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
            let given = tokio::select! {
                biased;
                _ = flow.wait_for(|flow| flow.is_cut()) => false,
                given = to.send(Batch::Data { passed, last: last && left == 0 }) => given.is_ok(),
            };
            if !given {
                return false;
            }
        }
        true
    }

    fn broken(&self, flow: &watch::Receiver<Flow>) -> Outcome {
        if flow.borrow().is_cut() { Outcome::Cut } else { Outcome::Aborted }
    }

    /// States the end in the recording.
    async fn end(&self, measure: Measure, trailers: Option<&HeaderMap>, outcome: Outcome) -> Outcome {
        let body = ended(self.n, measure, trailers, outcome);
        note(&self.session, &self.lane, self.way.end(), body).await;
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

fn is_input_over(flow: Flow) -> bool {
    matches!(flow, Flow::Frozen | Flow::Cut(_))
}
