//! What a door asks of a session whose channels are lanes: one carries one transaction after another, such as the requests
//! of a browser, and policy is asked about each (P2).

use bytes::Bytes;
use chaperone_policy::{Access, Reason, WindowId};
use chaperone_recorder::{ChannelKind, ChannelRecorder, Kept, Recorded, Steps, Stream};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::flow::Flow;
use crate::gate::{Gate, Refused, short};
use crate::live::{LiveSession, NotRecorded};
use crate::open::not_recorded;
use crate::relay::{RelayEnd, record};
use crate::watch::clock_time;

/// Something of a transaction that is recorded together with what comes before and after it.
#[derive(Clone, Debug)]
pub enum Step {
    /// An event of this kind with this body.
    Event(&'static str, Value),
    /// Payload.
    Data(Stream, Bytes),
}

impl Gate {
    /// Asks policy again, for one transaction of a live session. What it refuses becomes a fact with
    /// [`Gate::transaction_refused`], once for each changed outcome.
    ///
    /// # Errors
    /// The reason, and what the technician reads.
    pub async fn permits_still(
        &self,
        session: &LiveSession,
        access: Access,
    ) -> Result<(), (Reason, Refused)> {
        match self.channel_verdict(session, access).await {
            Ok(()) => Ok(()),
            Err(refusal) => Err((refusal.reason, self.refused(&refusal, &short(session.attempt.id.0)))),
        }
    }

    /// A transaction of a session was refused, or was none that is taken.
    pub async fn transaction_refused(&self, session: &LiveSession, kind: &'static str, what: Value) {
        if let Err(error) = session.note(None, "refused", json!({ "channel": kind, "what": what })).await {
            tracing::warn!(session.id = %session.id, %error, "a refused request could not be recorded");
        }
        self.write_channel_refused(Some(session), kind, what).await;
    }

    /// Opens a lane in the recording. Policy has been asked about the transaction that needs it.
    ///
    /// # Errors
    /// When the recording cannot take it: then nothing may pass on it.
    pub async fn open_lane(&self, session: &LiveSession, kind: &str) -> Result<ChannelRecorder, Refused> {
        let about = json!({ "request": kind });
        match session.record_channel(ChannelKind::new(kind, about.clone()), false).await {
            Ok(channel) => {
                self.write_channel_opened(session, &channel, Access::Tls, about);
                Ok(channel)
            }
            Err(error) => {
                let refusal = not_recorded(session, &error);
                let what = json!({ "reason": refusal.reason, "about": about });
                self.write_channel_refused(Some(session), kind, what).await;
                Err(self.refused_channel(&refusal, session, &[Access::Tls]))
            }
        }
    }
}

impl Gate {
    /// When nothing of a window flows any more; `None` when it is not known now.
    pub async fn window_ends(&self, window: WindowId) -> Option<Timestamp> {
        Some(self.facts().await.ok()?.windows.get(&window)?.ends())
    }

    /// A time of day as the hospital reads it.
    #[must_use]
    pub fn clock_time(&self, at: Timestamp) -> String {
        clock_time(at, &self.shared.settings.zone)
    }
}

impl LiveSession {
    /// Records payload of a channel; what comes back may be forwarded. A recording that cannot take it is waited out, for as
    /// long as a relay waits.
    ///
    /// # Errors
    /// How whoever asked must end.
    pub async fn append(
        &self,
        channel: &ChannelRecorder,
        stream: Stream,
        bytes: Bytes,
        flow: &mut watch::Receiver<Flow>,
    ) -> Result<Recorded, RelayEnd> {
        match record(self, channel, stream, vec![bytes], false, flow).await?.pop() {
            Some(Kept::Here(recorded)) => Ok(recorded),
            // Nothing is spilled that was not asked to be, and one piece stays one.
            Some(Kept::There(_)) | None => Err(RelayEnd::Recorder),
        }
    }

    /// Records all of these steps at once, in their order, or none: the payload comes back, and may be forwarded. A fault is
    /// waited out as one on payload is.
    ///
    /// # Errors
    /// How whoever asked must end.
    pub async fn record_steps(
        &self,
        channel: &ChannelRecorder,
        all: Vec<Step>,
        flow: &mut watch::Receiver<Flow>,
    ) -> Result<Vec<Recorded>, RelayEnd> {
        let mut steps = Steps::default();
        for one in all {
            steps = match one {
                Step::Data(stream, bytes) => steps.data(stream, bytes),
                Step::Event(kind, body) => {
                    self.tap.event(channel.number(), kind, &body);
                    let added = steps.event(kind, &body);
                    added.map_err(|error| {
                        self.recorder_gave_up(&error);
                        RelayEnd::Recorder
                    })?
                }
            };
        }
        self.insist(flow, || channel.append_steps(&steps)).await
    }

    /// Records how something of a channel ended, also in a session that is cut: until its seal.
    ///
    /// # Errors
    /// When the recording cannot take it now.
    pub async fn note_end(&self, channel: u32, kind: &'static str, body: Value) -> Result<(), NotRecorded> {
        self.note(Some(channel), kind, body).await
    }
}
