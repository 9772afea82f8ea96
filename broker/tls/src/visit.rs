//! Visits of clients that make many connections: one for each proof and target, which the first connection opens and the
//! others join. A visit that nobody uses any more stays for a while, because the next connection may come at once.
//!
//! ```text
//!   Visits::enter ─▶ one is on: join it │ none: Gate::attempt, one at a time ─▶ Visit, which counts until it is dropped
//!   the last one dropped ─▶ gate.tls_linger ─▶ the session ends: the client has left
//!   a visit that was stopped, or left ─▶ its proof opens no other, at either of the doors: the database says so to every node
//! ```

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chaperone_policy::{Reason, TargetName};
use chaperone_session::{Ask, EndReason, Flow, Gate, LiveSession, Proof, Refused};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::timeout;

/// Most proofs that are remembered as over; with more, those that are worth nothing any more go, and others are asked about.
const MOST_OVER: usize = 10_000;
/// Connections that one visit may have at once. More do not open; they are told of anew once there were as few as `CALM`.
pub(crate) const CONNECTIONS: usize = 256;
const CALM: usize = 192;
/// How long one is remembered whose window's end is not known now.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// Which visit: a proof that is shown from another address begins another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct VisitKey {
    proof: Proof,
    target: TargetName,
    source: IpAddr,
}

/// The visits of a node's TLS doors; cheap to clone.
#[derive(Clone)]
pub struct Visits(Arc<Shared>);

struct Shared {
    gate: Gate,
    linger: Duration,
    slots: Mutex<HashMap<VisitKey, Arc<Slot>>>,
    /// Proofs of which this node has heard that their visits were stopped or left, why, and until when they would be worth
    /// something: what a handshake can be told at once.
    over: Mutex<HashMap<Proof, (EndReason, Timestamp)>>,
}

/// The place of one visit.
#[derive(Default)]
struct Slot {
    /// Held by whoever opens the visit: the others wait for what comes of it.
    opening: tokio::sync::Mutex<()>,
    open: Mutex<Option<Open>>,
}

#[derive(Clone)]
struct Open {
    session: Arc<LiveSession>,
    users: Arc<Users>,
}

/// How many use a visit.
#[derive(Default)]
struct Users {
    count: watch::Sender<usize>,
    /// There were more than may be, and it has been told: not again before there are clearly fewer.
    crowded: AtomicBool,
}

/// One more than a visit may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// Whether that is news: one fact is for all that come while it is so.
    pub is_news: bool,
}

impl Open {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.session, &other.session)
    }
}

/// A use of a visit.
pub struct Visit(Open);

impl Visits {
    /// No visit yet. One that nobody uses ends after `linger`.
    #[must_use]
    pub fn new(gate: Gate, linger: Duration) -> Self {
        Self(Arc::new(Shared { gate, linger, slots: Mutex::default(), over: Mutex::default() }))
    }

    /// Joins the visit of this proof from there to that target, or opens it: policy decides. Dropping the future leaves a
    /// visit that was about to open to end by itself.
    ///
    /// # Errors
    /// The refusal, committed as a fact with its alert.
    pub async fn enter(&self, proof: Proof, ask: Ask) -> Result<Visit, Refused> {
        let key = VisitKey::of(proof, &ask);
        let ask = Ask { shown: Some(key.proof.clone()), ..ask };
        let slot = self.slot(&key);
        if let Some(visit) = slot.join() {
            return Ok(visit);
        }
        let (visits, opens) = (self.clone(), Arc::clone(&slot));
        // On a task of its own: whoever goes away in the middle breaks nothing off.
        let opening = tokio::spawn(async move {
            let _turn = opens.opening.lock().await;
            if let Some(visit) = opens.join() {
                return Ok(visit);
            }
            if let Some(refused) = visits.refuses_spent(&key, &ask).await {
                visits.forget(&key, &opens);
                return Err(refused);
            }
            visits.open(&key, &opens, ask).await
        });
        match opening.await {
            Ok(entered) => entered,
            Err(error) => {
                tracing::error!(%error, "a visit could not be opened");
                Err(Refused { reason: Reason::Recorder, text: String::new() })
            }
        }
    }

    /// The visit that such a connection would join.
    #[must_use]
    pub fn live(&self, proof: Proof, ask: &Ask) -> Option<Arc<LiveSession>> {
        let slot = self.slots().get(&VisitKey::of(proof, ask)).cloned()?;
        Some(Arc::clone(slot.join()?.session()))
    }

    /// Refuses a proof that opens no visit any more, wherever it was stopped or left. A database that cannot be asked
    /// refuses as it does at the other doors.
    async fn refuses_spent(&self, key: &VisitKey, ask: &Ask) -> Option<Refused> {
        let gate = &self.0.gate;
        if let Some(over) = self.over(&key.proof, ask) {
            return Some(gate.refuse_spent(ask, over).await);
        }
        let over = match gate.proof_over(&key.proof).await {
            Ok(over) => over?,
            Err(_) => return Some(gate.refuse_without_store(ask).await),
        };
        // What the schedule refuses is told first: somebody who is locked has left nothing by themselves.
        if let Some(refused) = gate.foretell(ask).await {
            return Some(refused);
        }
        let until = match ask.within {
            Some(window) => gate.window_ends(window).await,
            None => None,
        };
        let for_a_while = || Timestamp::now().checked_add(REMEMBERED).unwrap_or(Timestamp::MAX);
        self.remember(key.proof.clone(), over, until.unwrap_or_else(for_a_while));
        Some(gate.refuse_spent(ask, over).await)
    }

    /// Why a proof opens no visit any more, as this node knows at once: somebody has stopped its visit, or its holder has
    /// left it. The schedule alone would let them in again at once.
    #[must_use]
    pub fn over(&self, proof: &Proof, ask: &Ask) -> Option<EndReason> {
        self.over_from(proof, &ask.target, ask.source.ip())
    }

    /// The same, of a proof for this target that is shown from there.
    #[must_use]
    pub fn over_from(&self, proof: &Proof, target: &TargetName, source: IpAddr) -> Option<EndReason> {
        let known = self.proofs_over().get(proof).map(|(reason, _)| *reason);
        // A visit that is just being cut is not remembered yet.
        known.or_else(|| {
            let slot = self.slots().get(&VisitKey::from(proof.clone(), target, source)).cloned()?;
            let open = slot.open().clone()?;
            match *open.session.flow().borrow() {
                Flow::Cut(EndReason::Stopped) => Some(EndReason::Stopped),
                _ => None,
            }
        })
    }

    /// The holder of a console's token has left its visit for good.
    pub fn left(&self, proof: Proof, session: &LiveSession) {
        self.remember(proof.clone(), EndReason::ClientClosed, session.permit().output_until());
        session.cut(EndReason::ClientClosed);
        let gate = self.0.gate.clone();
        tokio::spawn(async move { gate.leave_console(&proof).await });
    }

    fn remember(&self, proof: Proof, reason: EndReason, until: Timestamp) {
        let mut over = self.proofs_over();
        if over.len() >= MOST_OVER {
            let now = Timestamp::now();
            over.retain(|_, (_, until)| *until > now);
        }
        if over.len() < MOST_OVER {
            over.entry(proof).or_insert((reason, until));
        }
    }

    fn proofs_over(&self) -> MutexGuard<'_, HashMap<Proof, (EndReason, Timestamp)>> {
        self.0.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn open(&self, key: &VisitKey, slot: &Arc<Slot>, ask: Ask) -> Result<Visit, Refused> {
        let session = match self.0.gate.attempt(ask).await {
            Ok(session) => session,
            Err(refused) => {
                self.forget(key, slot);
                return Err(refused);
            }
        };
        let open = Open { session, users: Arc::default() };
        *slot.open() = Some(open.clone());
        let visit = Visit::of(open.clone());
        tokio::spawn(self.clone().keep(key.clone(), Arc::clone(slot), open));
        Ok(visit)
    }

    /// Waits for the end of a visit, and brings it about when nobody has used it for long enough.
    async fn keep(self, key: VisitKey, slot: Arc<Slot>, open: Open) {
        let (mut flow, mut users) = (open.session.flow(), open.users.count.subscribe());
        let unused = async {
            loop {
                // The sender lives in `open`: the waits cannot fail.
                drop(users.wait_for(|users| *users == 0).await);
                let used = timeout(self.0.linger, users.wait_for(|users| *users > 0)).await.is_ok();
                if !used && slot.closes_unused(&open) {
                    return;
                }
            }
        };
        tokio::select! {
            biased;
            _ = flow.wait_for(|flow| flow.is_cut()) => self.ended(&key, &open.session),
            () = unused => open.session.client_gone(true),
        }
        slot.gives_up(&open);
        self.forget(&key, &slot);
    }

    /// A visit was ended by somebody: stopped, or left, by whoever signed out of all theirs too.
    fn ended(&self, key: &VisitKey, session: &LiveSession) {
        if let Flow::Cut(reason @ (EndReason::Stopped | EndReason::ClientClosed)) = *session.flow().borrow() {
            self.remember(key.proof.clone(), reason, session.permit().output_until());
        }
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<VisitKey, Arc<Slot>>> {
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, key: &VisitKey) -> Arc<Slot> {
        Arc::clone(self.slots().entry(key.clone()).or_default())
    }

    /// Gives a place back in which there is no visit.
    fn forget(&self, key: &VisitKey, slot: &Arc<Slot>) {
        let mut slots = self.slots();
        let is_it = slots.get(key).is_some_and(|held| Arc::ptr_eq(held, slot));
        if is_it && slot.open().is_none() {
            slots.remove(key);
        }
    }
}

impl VisitKey {
    fn of(proof: Proof, ask: &Ask) -> Self {
        Self::from(proof, &ask.target, ask.source.ip())
    }

    fn from(proof: Proof, target: &TargetName, source: IpAddr) -> Self {
        Self { proof, target: target.clone(), source: source.to_canonical() }
    }
}

impl Slot {
    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the visit, if one is on in which something can still open.
    fn join(&self) -> Option<Visit> {
        let open = self.open();
        let goes_on = |open: &&Open| !open.session.flow().borrow().is_cut() && !open.session.is_full();
        Some(Visit::of(open.as_ref().filter(goes_on)?.clone()))
    }

    /// Takes a visit out, unless somebody has joined it meanwhile.
    fn closes_unused(&self, visit: &Open) -> bool {
        let mut open = self.open();
        let unused = visit.users.now() == 0;
        if unused {
            open.take_if(|open| open.is(visit));
        }
        unused
    }

    /// Takes a visit out that is over. Another one may be in its place: one that was full was left for it.
    fn gives_up(&self, visit: &Open) {
        self.open().take_if(|open| open.is(visit));
    }
}

impl Visit {
    fn of(open: Open) -> Self {
        open.users.count.send_modify(|users| *users += 1);
        Self(open)
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> &Arc<LiveSession> {
        &self.0.session
    }

    /// Whether this is one more than it may have.
    #[must_use]
    pub fn beyond(&self) -> Option<Beyond> {
        self.0.users.beyond()
    }
}

impl Users {
    fn now(&self) -> usize {
        *self.count.borrow()
    }

    fn beyond(&self) -> Option<Beyond> {
        (self.now() > CONNECTIONS).then(|| Beyond { is_news: !self.crowded.swap(true, Ordering::AcqRel) })
    }

    fn one_less(&self) {
        self.count.send_modify(|users| *users = users.saturating_sub(1));
        if self.now() <= CALM {
            self.crowded.store(false, Ordering::Release);
        }
    }
}

impl Deref for Visit {
    type Target = Arc<LiveSession>;

    fn deref(&self) -> &Arc<LiveSession> {
        &self.0.session
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.users.one_less();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_told_of_once_until_it_has_gone() {
        let users = Users::default();
        let comes = || users.count.send_modify(|users| *users += 1);
        (0..CONNECTIONS).for_each(|_| comes());
        assert_eq!(users.beyond(), None);
        comes();
        assert_eq!(users.beyond(), Some(Beyond { is_news: true }));
        // Each further one is refused, and whoever comes as soon as there is room again tells nothing anew.
        for _ in 0..1000 {
            assert_eq!(users.beyond(), Some(Beyond { is_news: false }));
            users.one_less();
            assert_eq!(users.beyond(), None);
            comes();
        }
        (CALM..=CONNECTIONS).for_each(|_| users.one_less());
        assert_eq!(users.now(), CALM);
        (CALM..=CONNECTIONS).for_each(|_| comes());
        assert_eq!(users.beyond(), Some(Beyond { is_news: true }));
    }
}
