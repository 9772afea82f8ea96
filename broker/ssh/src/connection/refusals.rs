//! What a connection asks for and does not get: a fact each, and of a flood only the first few and how many there were.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chaperone_session::{Cord, EndReason, Gate, LiveSession};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::admission::{Admission, Verdict};
use crate::jump::Jumps;

/// Refused requests of one connection that are a fact each; the rest are counted in one.
const REFUSALS_TOLD: u64 = 16;

/// And of those that say nothing ill of a client.
const DECLINED_TOLD: u64 = 4;

/// Refused requests after which the connection is ended: no client goes on like this.
const REFUSALS_MOST: u64 = 1000;

/// How long it is waited for what becomes of the connection's attempt.
const VERDICT: Duration = Duration::from_secs(10);

/// How long the visits inside the connection may take to say why they end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The refusals of one connection, of its requests and of its channels.
pub(crate) struct Refusals {
    gate: Gate,
    peer: SocketAddr,
    cord: Cord,
    verdict: watch::Sender<Verdict>,
    /// The connections inside this one.
    jumps: Arc<Jumps>,
    /// The user name that it signed in with.
    user: Mutex<String>,
    count: AtomicU64,
    /// Those that say nothing ill of a client.
    declined: AtomicU64,
}

impl Refusals {
    pub(crate) fn new(
        gate: Gate,
        peer: SocketAddr,
        cord: Cord,
        verdict: watch::Sender<Verdict>,
        jumps: Arc<Jumps>,
    ) -> Arc<Self> {
        let (user, count, declined) = (Mutex::default(), AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(Self { gate, peer, cord, verdict, jumps, user, count, declined })
    }

    /// Somebody has signed in by this name.
    pub(crate) fn are_of(&self, user: &str) {
        user.clone_into(&mut self.user.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Makes a refusal a fact; the answer is the caller's.
    pub(crate) fn refuse(&self, kind: &'static str, what: Value) {
        if self.counts_one() <= REFUSALS_TOLD {
            self.tell(kind, what);
        }
    }

    /// Makes a refusal a fact that says nothing ill of a client: for want of room, since a browser behind a forward asks again
    /// as often as it likes; of what its configuration has it ask for in each session. However many there are, the
    /// connection is not ended for them.
    pub(crate) fn declines(&self, kind: &'static str, what: Value) {
        if self.declined.fetch_add(1, Ordering::Relaxed) < DECLINED_TOLD {
            self.tell(kind, what);
        }
    }

    /// Makes the refusal of a channel in a visit a fact, before its answer.
    pub(crate) async fn refuse_in(&self, session: &LiveSession, kind: &'static str, what: Value) {
        if self.counts_one() <= REFUSALS_TOLD {
            self.gate.channel_refused(Some(session), "", session.source(), kind, what).await;
        }
    }

    /// Counts a refusal that is a fact already; returns how many there were.
    pub(crate) fn counts_one(&self) -> u64 {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if count == REFUSALS_MOST + 1 {
            self.end();
        }
        count
    }

    /// Ends the visit and those inside, which say why on all their connections and sever them; or the connection, which has
    /// none.
    fn end(&self) {
        let (verdict, cord, jumps) = (self.verdict.subscribe(), self.cord.clone(), Arc::clone(&self.jumps));
        tokio::spawn(async move {
            jumps.cut(EndReason::TooManyRefusals);
            match timeout(VERDICT, Admission::session(verdict)).await {
                Ok(Some(session)) => session.cut(EndReason::TooManyRefusals),
                Ok(None) | Err(_) => {
                    drop(timeout(LAST_WORDS, jumps.none()).await);
                    cord.sever();
                }
            }
        });
    }

    /// The connection has ended: how many were not told one by one.
    pub(crate) fn sum_up(&self) {
        let more = |count: &AtomicU64, told| count.load(Ordering::Relaxed).saturating_sub(told);
        let more = more(&self.count, REFUSALS_TOLD) + more(&self.declined, DECLINED_TOLD);
        if more > 0 {
            self.tell("more-requests", json!({ "more": more.to_string() }));
        }
    }

    fn tell(&self, kind: &'static str, what: Value) {
        let (gate, verdict, peer) = (self.gate.clone(), self.verdict.subscribe(), self.peer);
        let user = self.user.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tokio::spawn(async move {
            let session = Admission::session(verdict).await;
            gate.channel_refused(session.as_deref(), &user, peer, kind, what).await;
        });
    }
}
