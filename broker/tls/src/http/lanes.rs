//! Lanes: the channels of a console's recording. A transaction takes one that is free, or opens one, so that there are as
//! many as were ever needed at once; what happens on one is in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chaperone_session::{Captured, ChannelRecorder, Gate, LiveSession, Pending, Refused};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::timeout;

use super::limits;
use crate::told::Told;

/// What the recording calls a lane.
const KIND: &str = "http";
/// How long transactions have to state their end once their session is cut.
const LAST_WORDS: Duration = Duration::from_millis(400);

/// The lanes of one visit.
pub(super) struct Lanes {
    gate: Gate,
    session: Arc<LiveSession>,
    free: Mutex<Vec<Arc<Lane>>>,
    all: Mutex<Vec<Arc<Lane>>>,
    turns: Arc<Semaphore>,
    /// Places of those who wait for a turn.
    waiting: Arc<Semaphore>,
    /// Places of answers that a client has not taken.
    untaken: Arc<Semaphore>,
    /// There was no such place, and all who waited have not had their turn yet.
    crowded: AtomicBool,
    told: Told,
    /// The target is reached without TLS.
    in_clear: bool,
}

/// One lane.
struct Lane {
    channel: ChannelRecorder,
    /// A body was not kept whole.
    short: AtomicBool,
}

/// The right to begin a transaction.
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
    _pending: Pending,
}

/// Why a transaction has no turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoTurn {
    /// The visit is over.
    Over,
    /// Too many wait already.
    Crowded,
}

/// The place of an answer until its client has taken it, or is gone.
#[derive(Debug)]
pub(super) struct Untaken {
    _place: OwnedSemaphorePermit,
}

impl Untaken {
    pub(super) fn of(place: OwnedSemaphorePermit) -> Self {
        Self { _place: place }
    }
}

/// A lane that a transaction has; free again when everybody who records on it is done.
pub(super) struct Taken {
    lane: Arc<Lane>,
    lanes: Arc<Lanes>,
    _turn: Turn,
}

impl Lanes {
    pub(super) fn new(gate: &Gate, session: &Arc<LiveSession>, in_clear: bool) -> Arc<Self> {
        Arc::new(Self {
            gate: gate.clone(),
            session: Arc::clone(session),
            free: Mutex::default(),
            all: Mutex::default(),
            turns: Arc::new(Semaphore::new(limits::TRANSACTIONS)),
            waiting: Arc::new(Semaphore::new(limits::WAITING)),
            untaken: Arc::new(Semaphore::new(limits::UNTAKEN)),
            crowded: AtomicBool::new(false),
            told: Told::default(),
            in_clear,
        })
    }

    /// Waits until there are few enough transactions. Dropping the future gives the place among those who wait back.
    ///
    /// # Errors
    /// When the visit is over, and when too many wait already: that is a fact, once until they have had their turn.
    pub(super) async fn turn(&self) -> Result<(Turn, Untaken), NoTurn> {
        let Ok(place) = Arc::clone(&self.untaken).try_acquire_owned() else {
            self.is_crowded("too many answers that are not taken", limits::UNTAKEN).await;
            return Err(NoTurn::Crowded);
        };
        let untaken = Untaken::of(place);
        match Arc::clone(&self.turns).try_acquire_owned() {
            Ok(permit) => {
                self.crowded.store(false, Ordering::Release);
                return Ok((self.begins(permit), untaken));
            }
            Err(TryAcquireError::Closed) => return Err(NoTurn::Over),
            Err(TryAcquireError::NoPermits) => {}
        }
        let Ok(_place) = self.waiting.try_acquire() else {
            self.is_crowded("too many requests at once", limits::TRANSACTIONS).await;
            return Err(NoTurn::Crowded);
        };
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        turn.map(|permit| (self.begins(permit), untaken)).map_err(|_closed| NoTurn::Over)
    }

    /// A request is not taken: a fact, once while it is so.
    async fn is_crowded(&self, why: &str, most: usize) {
        if !self.crowded.swap(true, Ordering::AcqRel) && self.told.tells() {
            let what = json!({
                "request": "http", "why": why, "under_way": most, "waiting": limits::WAITING,
            });
            self.gate.transaction_refused(&self.session, KIND, what).await;
        }
    }

    fn begins(&self, permit: OwnedSemaphorePermit) -> Turn {
        Turn { _permit: permit, _pending: self.session.begins() }
    }

    /// A lane for a transaction.
    ///
    /// # Errors
    /// When the recording cannot take another.
    pub(super) async fn take(self: &Arc<Self>, turn: Turn) -> Result<Taken, Refused> {
        let free = held(&self.free).pop();
        let lane = match free {
            Some(lane) => lane,
            None => {
                let channel = self.gate.open_lane(&self.session, KIND).await?;
                let lane = Arc::new(Lane { channel, short: AtomicBool::new(false) });
                held(&self.all).push(Arc::clone(&lane));
                lane
            }
        };
        Ok(Taken { lane, lanes: Arc::clone(self), _turn: turn })
    }

    /// The session is cut: nothing begins any more, what is under way states its end, and each lane what it holds.
    pub(super) async fn close(&self) {
        self.turns.close();
        let all = u32::try_from(limits::TRANSACTIONS).unwrap_or(u32::MAX);
        let idle = async {
            // Closed for those who wait; those who are done give theirs back.
            while self.turns.available_permits() < usize::try_from(all).unwrap_or(usize::MAX) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if timeout(LAST_WORDS, idle).await.is_err() {
            tracing::warn!(session.id = %self.session.id(), "a transaction has not stated its end before the seal");
        }
        let lanes = std::mem::take(&mut *held(&self.all));
        for lane in lanes {
            let short = lane.short.load(Ordering::Acquire);
            let captured = match (short, self.in_clear) {
                (false, false) => Captured::All,
                (true, false) => Captured::Measured,
                (false, true) => Captured::InClear,
                (true, true) => Captured::MeasuredInClear,
            };
            self.gate.close_channel(&self.session, &lane.channel, captured).await;
        }
    }
}

impl Taken {
    /// Where the transaction is recorded.
    pub(super) fn channel(&self) -> &ChannelRecorder {
        &self.lane.channel
    }

    /// A body on it is not kept whole.
    pub(super) fn is_short(&self) {
        self.lane.short.store(true, Ordering::Release);
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        held(&self.lanes.free).push(Arc::clone(&self.lane));
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
