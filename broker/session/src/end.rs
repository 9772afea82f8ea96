//! The end of a session, in its order (DESIGN §4): relays stop, goodbye, both legs severed, sockets verified gone, end
//! marker, seal, fact.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chaperone_recorder::{Ending, Seal};
use futures::future::join_all;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::failpoint;
use crate::flow::{EndReason, Flow};
use crate::gate::Gate;
use crate::live::{LiveSession, in_full};
use crate::sever::Cord;
use crate::sockets;

/// Time for an orderly goodbye on both legs; then they are severed.
const GOODBYE: Duration = Duration::from_millis(300);
/// How long channels have to close before the seal is written without their statement.
const CLOSING: Duration = Duration::from_millis(500);
/// How long the kernel's table is asked before the record says that a socket is still there.
const GONE_WITHIN: Duration = Duration::from_secs(1);
/// How often a seal that cannot be written is tried again.
const SEAL_RETRY: Duration = Duration::from_millis(500);
/// A session whose seal takes longer is over all the same: it is sealed when its medium answers, or by the next start.
const SEAL_SOON: Duration = Duration::from_secs(5);

impl Gate {
    /// Waits for the session's end and carries it out. Nothing here waits for the recording's medium before both legs
    /// are gone.
    pub(crate) async fn end(self, session: Arc<LiveSession>) {
        let reason = ended_by(&session).await;
        let cut_at = Instant::now();
        let cords = part(&session, reason).await;
        failpoint::reached("after-close");
        let gone = verified_gone(&cords).await;
        let took_ms = u64::try_from(cut_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        if !gone {
            tracing::error!(session.id = %session.id, "a socket of an ended session is still in the kernel's table");
        }
        failpoint::reached("before-end");
        let sealing = seal(&session, reason, session.end_body(reason, gone, took_ms));
        tokio::pin!(sealing);
        let ending = self.write_end(&session, reason, gone, took_ms);
        let ((), sealed) = tokio::join!(ending, timeout(SEAL_SOON, &mut sealing));
        let seal = match sealed {
            Ok(seal) => seal,
            Err(_elapsed) => {
                tracing::error!(session.id = %session.id, "the recording is not sealed yet; it is when its medium answers");
                self.shared.live.remove(session.id);
                sealing.await
            }
        };
        failpoint::reached("after-seal");
        self.write_seal(&session, reason, &seal).await;
        failpoint::reached("after-sealed");
        self.shared.live.remove(session.id);
        session.ended.send_replace(true);
    }
}

async fn ended_by(session: &LiveSession) -> EndReason {
    let mut flow = session.flow();
    // The sender lives in `session`: the wait cannot fail before a cut.
    match flow.wait_for(|flow| flow.is_cut()).await.as_deref() {
        Ok(Flow::Cut(reason)) => *reason,
        _ => EndReason::NoLongerPermitted,
    }
}

/// Says goodbye on all legs at once, for a bounded time, and severs them.
async fn part(session: &LiveSession, reason: EndReason) -> Vec<Cord> {
    let legs = std::mem::take(&mut *session.legs.lock().unwrap_or_else(PoisonError::into_inner));
    let cords: Vec<Cord> = legs.iter().map(|leg| leg.cord.clone()).collect();
    // Channels get their last words out first.
    let goodbyes = async {
        sleep(GOODBYE / 2).await;
        join_all(legs.into_iter().map(|leg| (leg.goodbye)(reason))).await;
    };
    if timeout(GOODBYE, goodbyes).await.is_err() {
        tracing::debug!(session.id = %session.id, "a peer did not take its goodbye in time");
    }
    cords.iter().for_each(if reason.is_cut() { Cord::cut } else { Cord::sever });
    cords
}

/// Waits for the channels to state what was captured of them: the seal holds their statements.
async fn channels_closed(session: &LiveSession) {
    let until = Instant::now() + CLOSING;
    while session.tap.is_open() && Instant::now() < until {
        sleep(Duration::from_millis(5)).await;
    }
    if session.tap.is_open() {
        tracing::warn!(session.id = %session.id, "a channel has not stated its coverage before the seal");
    }
}

/// Asks the kernel until it knows none of the connections any more.
async fn verified_gone(cords: &[Cord]) -> bool {
    let until = Instant::now() + GONE_WITHIN;
    loop {
        let open = cords.iter().any(|cord| match sockets::open(cord) {
            Ok(open) => open,
            Err(error) => {
                tracing::warn!(%error, "the kernel's socket table cannot be read");
                true
            }
        });
        if !open {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Writes the end marker and seals; tries again for as long as the medium is at fault. A crash leaves it to the recovery
/// at the next start.
async fn seal(session: &Arc<LiveSession>, reason: EndReason, end: Value) -> Seal {
    // Somebody may be in the middle of a write that hangs: the channels close when it returns.
    drop(session.pen.turn().await);
    channels_closed(session).await;
    mark_end(session, end).await;
    failpoint::reached("after-end-marker");
    loop {
        let sealing = Arc::clone(session);
        let sealed = session.disk.aside(move || {
            let coverage = sealing.coverage.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let ending = Ending { reason: reason.as_str().to_owned(), at: sealing.began.now(), coverage };
            sealing.recording.seal(ending)
        });
        match sealed.await {
            Some(Ok(seal)) => return seal,
            Some(Err(error)) => {
                let error = in_full(&error);
                tracing::error!(session.id = %session.id, error, "the recording could not be sealed; trying again");
            }
            None => tracing::error!(session.id = %session.id, "sealing did not finish"),
        }
        sleep(SEAL_RETRY).await;
    }
}

/// What the gate saw of the end, as an event. A recording that cannot take it has the seal's own end marker.
async fn mark_end(session: &Arc<LiveSession>, end: Value) {
    let recording = session.recording.clone();
    match session.pen.aside(move || recording.event(None, "end", end)).await {
        Some(Ok(())) => {}
        Some(Err(error)) => {
            let error = in_full(&error);
            tracing::error!(session.id = %session.id, error, "the end could not be written into the recording");
        }
        None => tracing::error!(session.id = %session.id, "the end marker did not finish"),
    }
}
