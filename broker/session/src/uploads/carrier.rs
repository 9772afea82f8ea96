//! The way of one client's staged files to their server: opened with the first of them as a channel of the visit, decided and
//! recorded as one, and kept for those that follow.

use std::sync::Arc;

use chaperone_policy::Access;
use chaperone_recorder::ChannelRecorder;
use serde_json::json;

use crate::courier::{Delivered, Errand, Hand, NotDelivered, Parcel};
use crate::gate::Gate;
use crate::live::LiveSession;
use crate::record::Captured;

/// A way that is open, or opens when it is needed.
pub struct Carrier {
    gate: Gate,
    session: Arc<LiveSession>,
    /// For which channel of the client's.
    channel: u32,
    open: Option<(ChannelRecorder, Box<dyn Errand>)>,
}

impl Carrier {
    /// For the files of one channel.
    #[must_use]
    pub fn new(gate: &Gate, session: &Arc<LiveSession>, channel: u32) -> Self {
        Self { gate: gate.clone(), session: Arc::clone(session), channel, open: None }
    }

    pub(super) async fn deliver(&mut self, parcel: Parcel) -> Result<Delivered, NotDelivered> {
        let (channel, mut way) = match self.open.take() {
            Some(open) => open,
            None => self.set_out().await?,
        };
        let delivered = way.deliver(parcel).await;
        self.open = Some((channel, way));
        if delivered.is_err() {
            self.end().await;
        }
        delivered
    }

    async fn set_out(&mut self) -> Result<(ChannelRecorder, Box<dyn Errand>), NotDelivered> {
        let courier = self.session.courier.get().cloned().ok_or(NotDelivered::Ended)?;
        let about = json!({ "request": "release", "for_channel": self.channel });
        let opened = self.gate.open_channel(&self.session, Access::SftpWrite, about, false).await;
        // The refusal is a fact already.
        let channel = opened.map_err(|_| NotDelivered::Ended)?;
        let session = Arc::clone(&self.session);
        let hand = Hand { flow: session.flow(), session, channel: channel.clone() };
        match courier.sets_out(hand).await {
            Ok(way) => Ok((channel, way)),
            Err(error) => {
                self.gate.close_channel(&self.session, &channel, Captured::Failed).await;
                Err(error)
            }
        }
    }

    /// Closes what is open; the next file opens it again.
    pub async fn end(&mut self) {
        if let Some((channel, way)) = self.open.take() {
            way.end().await;
            self.gate.close_channel(&self.session, &channel, Captured::All).await;
        }
    }
}
