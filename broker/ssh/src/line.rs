//! Whose turn it is to be heard: so many connections a second, and each place in turn. Who floods the door waits behind
//! themselves; somebody who comes once from elsewhere is next (fair queueing: every place is served as if it stood in a
//! line of its own, and the lines are taken in turn). Places that are known stand apart from strangers and have most of the
//! turns, so that a flood from thousands of addresses keeps none of them waiting, for however long it lasts.
//!
//! Nobody is dropped here: what waits is bounded by who lets connections join ([`crate::unheard`]).

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, sleep_until};

/// Connections that are heard at once after a quiet time.
const BURST: u32 = 64;
/// Turns of known places in a row while a stranger waits.
const KNOWN_IN_A_ROW: u8 = 3;
/// Places whose last turn is remembered beyond those that wait; more are forgotten, and begin as newcomers.
const REMEMBERED: usize = 8192;

/// The line before the door.
pub(crate) struct Line {
    waiting: Mutex<Waiting>,
    news: Notify,
    /// How many may be heard at the same time.
    open: Arc<Semaphore>,
}

type Call = oneshot::Sender<OwnedSemaphorePermit>;

#[derive(Default)]
struct Waiting {
    known: Queue,
    strangers: Queue,
    /// Turns of known places since a stranger's.
    in_a_row: u8,
}

/// Places that are served in turn.
#[derive(Default)]
struct Queue {
    /// By the number of the turn, then by arrival.
    calls: BTreeMap<(u64, u64), Call>,
    /// The number of each place's newest turn.
    newest: HashMap<IpAddr, u64>,
    /// The turn that is being served.
    turn: u64,
    arrivals: u64,
}

impl Line {
    pub(crate) fn new(open: usize) -> Self {
        Self { waiting: Mutex::default(), news: Notify::new(), open: Arc::new(Semaphore::new(open)) }
    }

    /// Waits for a turn; `None` where nobody calls any more. The permit is one of those who may be heard at the same time.
    pub(crate) async fn turn(&self, place: IpAddr) -> Option<OwnedSemaphorePermit> {
        let called = self.waiting().strangers.join(place);
        self.called(called).await
    }

    /// Waits for a turn of a place that is known.
    pub(crate) async fn turn_of_known(&self, place: IpAddr) -> Option<OwnedSemaphorePermit> {
        let called = self.waiting().known.join(place);
        self.called(called).await
    }

    async fn called(&self, called: oneshot::Receiver<OwnedSemaphorePermit>) -> Option<OwnedSemaphorePermit> {
        self.news.notify_one();
        called.await.ok()
    }

    /// Calls one after another, for ever. `rate` is asked before each: how many a second.
    pub(crate) async fn serve(&self, rate: impl Fn() -> NonZeroU32) {
        let mut pace = Pace::new(Instant::now());
        // The semaphore is never closed.
        while let Ok(mut permit) = Arc::clone(&self.open).acquire_owned().await {
            let per_second = rate();
            sleep_until(pace.next(per_second)).await;
            loop {
                let call = self.next().await;
                match call.send(permit) {
                    Ok(()) => break,
                    // That one has gone: it takes nobody's turn.
                    Err(unused) => permit = unused,
                }
            }
            pace.took(Instant::now(), per_second);
        }
    }

    async fn next(&self) -> Call {
        loop {
            if let Some(call) = self.waiting().next() {
                return call;
            }
            self.news.notified().await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn next(&mut self) -> Option<Call> {
        let stranger_is_next = self.in_a_row >= KNOWN_IN_A_ROW && !self.strangers.calls.is_empty();
        if let Some(call) = (!stranger_is_next).then(|| self.known.next()).flatten() {
            self.in_a_row = self.in_a_row.saturating_add(1);
            return Some(call);
        }
        self.in_a_row = 0;
        self.strangers.next()
    }
}

impl Queue {
    fn join(&mut self, place: IpAddr) -> oneshot::Receiver<OwnedSemaphorePermit> {
        let (call, called) = oneshot::channel();
        let turn = self.newest.get(&place).map_or(self.turn, |newest| self.turn.max(*newest)) + 1;
        if self.newest.len() >= REMEMBERED {
            let now = self.turn;
            self.newest.retain(|_, newest| *newest > now);
        }
        self.newest.insert(place, turn);
        self.calls.insert((turn, self.arrivals), call);
        self.arrivals += 1;
        called
    }

    fn next(&mut self) -> Option<Call> {
        let Some(((turn, _), call)) = self.calls.pop_first() else {
            self.newest.clear();
            return None;
        };
        self.turn = turn;
        Some(call)
    }
}

/// A rate with a burst (the generic cell rate algorithm): the time at which all that was taken is paid for.
struct Pace {
    paid: Instant,
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self { paid: now }
    }

    /// When the next may be.
    fn next(&self, per_second: NonZeroU32) -> Instant {
        let ahead = Duration::from_secs(1) * (BURST - 1) / per_second.get();
        self.paid.checked_sub(ahead).unwrap_or(self.paid)
    }

    fn took(&mut self, now: Instant, per_second: NonZeroU32) {
        self.paid = self.paid.max(now) + Duration::from_secs(1) / per_second.get();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    type Called = oneshot::Receiver<OwnedSemaphorePermit>;

    /// Lets these places join, in this order; those from 200 on are known.
    fn joined(waiting: &mut Waiting, joining: &[u8]) -> Vec<(u8, Called)> {
        let mut joins = |last: &u8| {
            let queue = if *last < 200 { &mut waiting.strangers } else { &mut waiting.known };
            (*last, queue.join(place(*last)))
        };
        joining.iter().map(&mut joins).collect()
    }

    /// Serves one of them.
    fn serve(waiting: &mut Waiting, calls: &mut Vec<(u8, Called)>) -> Option<u8> {
        drop(waiting.next()?);
        let closed = |(_, called): &mut (u8, Called)| {
            matches!(called.try_recv(), Err(oneshot::error::TryRecvError::Closed))
        };
        calls.extract_if(.., closed).map(|(last, _)| last).next()
    }

    /// Who was served when.
    fn served(waiting: &mut Waiting, joining: &[u8]) -> Vec<u8> {
        let mut calls = joined(waiting, joining);
        std::iter::from_fn(|| serve(waiting, &mut calls)).collect()
    }

    #[test]
    fn who_comes_once_is_next_whoever_floods() {
        let mut waiting = Waiting::default();
        assert_eq!(served(&mut waiting, &[1, 1, 1, 1, 2, 3, 2]), [1, 2, 3, 1, 2, 1, 1]);
        assert!(waiting.strangers.newest.is_empty(), "nothing is kept of those that have gone");
        assert_eq!(served(&mut waiting, &[2, 2, 1]), [2, 1, 2], "nor held against them");
    }

    #[test]
    fn who_is_known_does_not_wait_for_every_stranger_and_takes_no_more_than_their_part() {
        let mut waiting = Waiting::default();
        let strangers: Vec<u8> = (1..200).collect();
        let order = served(&mut waiting, &[&strangers[..], &[201, 201, 202, 201]].concat());
        assert_eq!(order[..5], [201, 202, 201, 1, 201], "next, and in turn among themselves");
        let order = served(&mut waiting, &[&[201; 40][..], &[1, 2]].concat());
        assert!(
            order[..8].contains(&1) && order[..8].contains(&2),
            "a stranger waits for no flood of theirs"
        );
    }

    #[test]
    fn a_flood_that_does_not_end_keeps_nobody_waiting_who_is_known() {
        let mut waiting = Waiting::default();
        let mut calls = Vec::new();
        for _ in 0..100 {
            // More strangers come than are served, and somebody who comes again as soon as they were served.
            calls.extend(joined(&mut waiting, &[1, 2, 3, 4, 5, 6, 7, 8, 201]));
            let two = [serve(&mut waiting, &mut calls), serve(&mut waiting, &mut calls)];
            assert!(two.contains(&Some(201)), "{two:?}");
        }
    }

    #[test]
    fn a_burst_is_at_once_and_the_rest_at_its_rate() {
        let start = Instant::now();
        let rate = NonZeroU32::new(100).unwrap();
        let mut pace = Pace::new(start);
        let mut now = start;
        for _ in 0..BURST {
            now = now.max(pace.next(rate));
            pace.took(now, rate);
        }
        assert_eq!(now, start, "a burst waits for nothing");
        for _ in 0..100 {
            now = now.max(pace.next(rate));
            pace.took(now, rate);
        }
        assert_eq!(now, start + Duration::from_secs(1));
    }

    #[tokio::test]
    async fn so_many_are_heard_at_the_same_time_and_one_that_left_takes_no_place() {
        let line = Arc::new(Line::new(1));
        let serving = Arc::clone(&line);
        let task = tokio::spawn(async move { serving.serve(|| NonZeroU32::new(1000).unwrap()).await });
        let first = line.turn(place(1)).await.unwrap();
        let gone = tokio::time::timeout(Duration::from_millis(20), line.turn(place(2))).await;
        assert!(gone.is_err(), "there is one place");
        drop(first);
        assert!(line.turn(place(3)).await.is_some(), "the one that left was passed over");
        task.abort();
    }
}
