//! Coming back after a connection was lost. What makes the new session a part of the same visit is decided where it is
//! admitted (`chaperone_store`, `visits.rs`); here a connection that only seems to be there is given up for it: one whose
//! network has gone says nothing, and would be found out minutes later.
//!
//! | visit | is given up for whoever comes back when |
//! |---|---|
//! | by SSH | its client has sent nothing for 20 s: it has not answered a keepalive |
//! | by TLS | nothing is under way, and it has no connection, or none on which anything moved for 90 s, either way |
//!
//! A client of the TLS door need not say anything while it takes a download or waits for an answer, and has connections
//! that do nothing: what is not given up has the new visit beside it, as the limits on visits allow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chaperone_policy::Attempt;
use tokio::time::timeout;

use crate::failpoint;
use crate::flow::EndReason;
use crate::gate::Gate;
use crate::live::LiveSession;

/// An SSH client that has said nothing for so long has not answered a keepalive, which goes out every 15 s.
const SILENT: Duration = Duration::from_secs(20);
/// On a connection to the TLS door on which nothing has moved for so many seconds, nobody is: one that waits for the next
/// request is ended after 60 s, and HTTP/2 is asked for a sign of life as often.
const STILL: u32 = 90;
/// A visit that has just begun has no connection yet.
const JUST_BEGUN: Duration = Duration::from_secs(20);
/// How long the end of the old session may take, so that the new one goes on with its visit.
const GIVEN_UP: Duration = Duration::from_secs(2);

/// Something is under way in a visit, until this is dropped.
pub struct Pending(Arc<AtomicUsize>);

impl Gate {
    /// Gives up the silent connections of whoever comes back: the same person by the same door to the same account of the
    /// same target. A second terminal beside one that answers is no coming back, and touches nothing. Returns whether there were
    /// any.
    pub(crate) async fn give_up_silent(&self, comes: &Attempt, protocol: &str) -> bool {
        if self.shared.settings.come_back.is_zero() {
            return false;
        }
        let live = self.shared.live.all().into_iter();
        let silent: Vec<_> =
            live.filter(|session| session.is_of(comes, protocol) && session.is_silent()).collect();
        for session in &silent {
            tracing::info!(session.id = %session.id, "its technician comes back, and its connection is silent: it is given up");
            session.cut(EndReason::ClientLost);
            if timeout(GIVEN_UP, session.ended()).await.is_err() {
                tracing::warn!(session.id = %session.id, "a session that was given up has not ended yet");
            }
        }
        !silent.is_empty()
    }
}

impl LiveSession {
    /// Something begins in the visit that its client may wait for without a word, such as the answer to a request.
    #[must_use]
    pub fn begins(&self) -> Pending {
        self.under_way.fetch_add(1, Ordering::AcqRel);
        Pending(Arc::clone(&self.under_way))
    }

    fn is_of(&self, comes: &Attempt, protocol: &str) -> bool {
        let mine = &self.attempt;
        self.protocol == protocol
            && mine.person == comes.person
            && mine.target == comes.target
            && mine.account == comes.account
    }

    fn is_silent(&self) -> bool {
        if self.flow.borrow().is_cut() {
            return false;
        }
        let legs = self.legs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cords = legs.iter().filter(|leg| leg.name == "client").map(|leg| &leg.cord);
        if self.protocol == "ssh" {
            return cords.any(|cord| cord.silent_for() >= SILENT);
        }
        let still = Duration::from_secs(failpoint::bound("still", STILL).into());
        let has_begun = self.began.monotonic.elapsed() >= JUST_BEGUN.min(still);
        has_begun
            && self.under_way.load(Ordering::Acquire) == 0
            && cords.all(|cord| cord.still_for() >= still)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
