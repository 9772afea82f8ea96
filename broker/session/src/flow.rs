//! What a session's relays may do now.

use std::fmt;

use serde::Serialize;
use tokio::sync::watch;

use crate::relay::Broken;

/// The state that relays obey at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Both directions flow.
    Open,
    /// Input waits: paused by a person, or no observer is present.
    Paused,
    /// Input is over, output still flows: the overrun.
    Frozen,
    /// Nothing flows.
    Cut(EndReason),
}

impl Flow {
    /// Whether nothing flows any more.
    #[must_use]
    pub fn is_cut(self) -> bool {
        matches!(self, Self::Cut(_))
    }
}

/// Returns while input flows. What was taken in time and still waits for a server when input begins to wait goes on when
/// it flows again, and nowhere when the session is cut: its relay is dropped then.
///
/// # Errors
/// When there is no such session any more.
pub async fn input_flows(flow: &watch::Receiver<Flow>) -> Result<(), Broken> {
    if flows(flow) {
        return Ok(());
    }
    flow.clone().wait_for(|flow| *flow == Flow::Open).await.map(drop).map_err(|_| Broken)
}

/// Whether input flows at this moment.
#[must_use]
pub fn flows(flow: &watch::Receiver<Flow>) -> bool {
    *flow.borrow() == Flow::Open
}

/// Why a session ended: stored, shown, and said to the technician.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// The technician left.
    ClientClosed,
    /// The technician's connection broke off, with something still open in it: nobody said goodbye.
    ClientLost,
    /// The target closed the connection.
    TargetClosed,
    /// The target could not be reached or did not let the gate in.
    TargetFailed,
    /// The change window closed.
    WindowClosed,
    /// The work limit was used up.
    WorkLimit,
    /// A freeze began.
    Frozen,
    /// The window was revoked.
    Revoked,
    /// The person, vendor, target or everything was locked.
    Locked,
    /// The schedule no longer permits it for another reason.
    NoLongerPermitted,
    /// Its client went on asking for what is refused.
    TooManyRefusals,
    /// How its target is reached was withdrawn, or declared otherwise.
    EndpointChanged,
    /// Nobody came to observe it who must.
    ObserverRequired,
    /// Somebody stopped it.
    Stopped,
    /// The recording could not be written.
    Recorder,
    /// The database was gone for too long.
    Store,
    /// The clock cannot be trusted.
    Clock,
    /// The gate is shutting down.
    Shutdown,
}

impl EndReason {
    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientClosed => "client-closed",
            Self::ClientLost => "client-lost",
            Self::TargetClosed => "target-closed",
            Self::TargetFailed => "target-failed",
            Self::WindowClosed => "window-closed",
            Self::WorkLimit => "work-limit",
            Self::Frozen => "frozen",
            Self::Revoked => "revoked",
            Self::Locked => "locked",
            Self::NoLongerPermitted => "no-longer-permitted",
            Self::TooManyRefusals => "too-many-refusals",
            Self::EndpointChanged => "endpoint-changed",
            Self::ObserverRequired => "observer-required",
            Self::Stopped => "stopped",
            Self::Recorder => "recorder",
            Self::Store => "store",
            Self::Clock => "clock",
            Self::Shutdown => "shutdown",
        }
    }

    /// Whether the gate ended it, against the wish of both ends.
    #[must_use]
    pub fn is_cut(self) -> bool {
        !matches!(self, Self::ClientClosed | Self::ClientLost | Self::TargetClosed | Self::TargetFailed)
    }

    /// What the technician reads.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::ClientClosed => "you left",
            Self::ClientLost => "your connection was lost",
            Self::TargetClosed => "the server closed the connection",
            Self::TargetFailed => "the server could not be reached",
            Self::WindowClosed => "your change window has closed",
            Self::WorkLimit => "the time for work in this change window is used up",
            Self::Frozen => "a freeze has begun on this server",
            Self::Revoked => "the hospital has revoked this change window",
            Self::Locked => "access has been locked by the hospital",
            Self::NoLongerPermitted => "this visit is no longer permitted",
            Self::TooManyRefusals => "your client went on asking for what this visit does not grant",
            Self::EndpointChanged => "the hospital has changed how this server is reached",
            Self::ObserverRequired => "this visit needs an observer, and nobody came to watch",
            Self::Stopped => "the hospital has stopped this visit",
            Self::Recorder => "this visit cannot be recorded any more",
            Self::Store => "the gate has lost its database",
            Self::Clock => "the gate's clock cannot be trusted",
            Self::Shutdown => "the gate is shutting down",
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_waits_goes_on_when_input_flows_and_nowhere_after_the_cut() {
        let flow = watch::Sender::new(Flow::Open);
        let seen = flow.subscribe();
        assert_eq!(input_flows(&seen).now_or_never(), Some(Ok(())));
        for held in [Flow::Paused, Flow::Frozen] {
            flow.send_replace(held);
            assert_eq!(input_flows(&seen).now_or_never(), None, "{held:?}");
        }
        let mut waiting = std::pin::pin!(input_flows(&seen));
        assert!(futures::poll!(&mut waiting).is_pending());
        flow.send_replace(Flow::Open);
        assert_eq!(waiting.await, Ok(()));
        flow.send_replace(Flow::Cut(EndReason::Stopped));
        assert_eq!(input_flows(&seen).now_or_never(), None);
        drop(flow);
        assert_eq!(input_flows(&seen).await, Err(Broken));
    }
}
