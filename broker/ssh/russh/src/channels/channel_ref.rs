use tokio::sync::mpsc::Sender;

use super::WindowSizeRef;
use super::readers::Waiting;
use crate::ChannelMsg;

/// A handle to the [`super::Channel`]'s to be able to transmit messages
/// to it and update it's `window_size`.
#[derive(Debug)]
pub struct ChannelRef {
    pub(crate) sender: Sender<ChannelMsg>,
    pub(super) window_size: WindowSizeRef,
    /// Chaperone's: what the channel's reader has no room for.
    pub(super) waiting: Waiting,
}

impl ChannelRef {
    pub fn new(sender: Sender<ChannelMsg>) -> Self {
        Self {
            sender,
            window_size: WindowSizeRef::new(0),
            waiting: Waiting::default(),
        }
    }

    pub(crate) fn window_size(&self) -> &WindowSizeRef {
        &self.window_size
    }
}
