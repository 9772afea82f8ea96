//! Events in a session's recording that must be there before anything goes on: a fault is waited out, as one on payload is.

use std::time::Duration;

use chaperone_recorder::RecordError;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::flow::Flow;
use crate::live::LiveSession;
use crate::relay::{RelayEnd, wait_or_cut};

/// How often it is tried again.
const RETRY: Duration = Duration::from_millis(100);

impl LiveSession {
    /// Records an event. A fault here is waited out as one on payload is.
    ///
    /// # Errors
    /// How the relay that asked must end.
    pub async fn record_event(
        &self,
        channel: u32,
        kind: &str,
        body: &serde_json::Value,
        flow: &mut watch::Receiver<Flow>,
    ) -> Result<(), RelayEnd> {
        self.tap.event(channel, kind, body);
        self.insist(flow, || self.recording.event(Some(channel), kind, body)).await
    }

    /// Writes until the recording takes it, the session is cut, or the grace is over.
    pub(crate) async fn insist<T>(
        &self,
        flow: &mut watch::Receiver<Flow>,
        write: impl Fn() -> Result<T, RecordError>,
    ) -> Result<T, RelayEnd> {
        let mut failed = match self.in_turn(flow, &write).await? {
            Ok(written) => return Ok(written),
            Err(failed) => failed,
        };
        let give_up = Instant::now() + self.recorder_grace;
        self.recorder_failed(&failed);
        while Instant::now() < give_up {
            wait_or_cut(flow, RETRY).await?;
            match self.in_turn(flow, &write).await? {
                Ok(written) => {
                    self.recorder_mended();
                    return Ok(written);
                }
                Err(again) => failed = again,
            }
        }
        self.recorder_gave_up(&failed);
        Err(RelayEnd::Recorder)
    }
}
