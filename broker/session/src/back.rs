//! Coming back after a connection was lost. What makes the new session a part of the same visit is decided where it is
//! admitted (`chaperone_store`, `visits.rs`); here a connection that only seems to be there is given up for it: one whose
//! network has gone says nothing, and would be found out by its keepalives minutes later.

use std::sync::PoisonError;
use std::time::Duration;

use chaperone_policy::Attempt;
use tokio::time::timeout;

use crate::flow::EndReason;
use crate::gate::Gate;
use crate::live::LiveSession;

/// A client that has said nothing for so long has not answered a keepalive, which goes out every 15 s.
const SILENT: Duration = Duration::from_secs(20);
/// How long the end of the old session may take, so that the new one goes on with its visit.
const GIVEN_UP: Duration = Duration::from_secs(2);

impl Gate {
    /// Gives up the silent connections of whoever comes back: the same person to the same account of the same target. A
    /// second terminal beside one that answers is no coming back, and touches nothing. Returns whether there were any.
    pub(crate) async fn give_up_silent(&self, comes: &Attempt) -> bool {
        if self.shared.settings.come_back.is_zero() {
            return false;
        }
        let live = self.shared.live.all().into_iter();
        let silent: Vec<_> = live.filter(|session| session.is_silent_for(comes)).collect();
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
    fn is_silent_for(&self, comes: &Attempt) -> bool {
        let mine = &self.attempt;
        let same =
            mine.person == comes.person && mine.target == comes.target && mine.account == comes.account;
        let legs = self.legs.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = || legs.iter().any(|leg| leg.name == "client" && leg.cord.silent_for() >= SILENT);
        same && !self.flow.borrow().is_cut() && silent()
    }
}
