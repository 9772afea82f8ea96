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
    /// And of known places, which strangers cannot take.
    open_known: Arc<Semaphore>,
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
    /// So many are heard at the same time, and so many more of known places.
    pub(crate) fn new(open: usize, more_of_known: usize) -> Self {
        let [open, open_known] = [open, more_of_known].map(|places| Arc::new(Semaphore::new(places)));
        Self { waiting: Mutex::default(), news: Notify::new(), open, open_known }
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
        loop {
            let per_second = rate();
            sleep_until(pace.next(per_second)).await;
            loop {
                let (call, permit) = self.next().await;
                // One that has gone takes nobody's turn.
                if call.send(permit).is_ok() {
                    break;
                }
            }
            pace.took(Instant::now(), per_second);
        }
    }

    async fn next(&self) -> (Call, OwnedSemaphorePermit) {
        loop {
            let (known, strangers) = {
                let mut waiting = self.waiting();
                if let Some(next) = waiting.next(&self.open, &self.open_known) {
                    return next;
                }
                (!waiting.known.calls.is_empty(), !waiting.strangers.calls.is_empty())
            };
            // Somebody else may call, too: a place that has come is taken at once, or is the next one's who waits for it.
            let (free, of_known) = tokio::select! {
                () = self.news.notified() => continue,
                free = Arc::clone(&self.open_known).acquire_owned(), if known => (free, true),
                free = Arc::clone(&self.open).acquire_owned(), if known || strangers => (free, false),
            };
            // The semaphores are never closed.
            if let (Ok(permit), Some(call)) = (free, self.waiting().next_on(of_known)) {
                return (call, permit);
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Whoever is next, and has a place.
    fn next(
        &mut self,
        open: &Arc<Semaphore>,
        open_known: &Arc<Semaphore>,
    ) -> Option<(Call, OwnedSemaphorePermit)> {
        let free = |places: &Arc<Semaphore>| Arc::clone(places).try_acquire_owned().ok();
        for known in self.order() {
            if self.queue(known).is_empty() {
                continue;
            }
            let permit = known.then(|| free(open_known)).flatten().or_else(|| free(open));
            if let Some(permit) = permit {
                return self.call(known).map(|call| (call, permit));
            }
        }
        None
    }

    /// Whoever is next on a place that is free: on one of those for known places nobody else.
    fn next_on(&mut self, of_known: bool) -> Option<Call> {
        let order = self.order();
        order.into_iter().filter(|known| *known || !of_known).find_map(|known| self.call(known))
    }

    /// Whether it is known places' turn first, and then.
    fn order(&self) -> [bool; 2] {
        let stranger_is_due = self.in_a_row >= KNOWN_IN_A_ROW;
        [!stranger_is_due, stranger_is_due]
    }

    fn queue(&mut self, known: bool) -> &mut Queue {
        if known { &mut self.known } else { &mut self.strangers }
    }

    fn call(&mut self, known: bool) -> Option<Call> {
        let call = self.queue(known).next()?;
        self.in_a_row = if known { self.in_a_row.saturating_add(1) } else { 0 };
        Some(call)
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

    /// Whether nobody waits; nothing is kept of those that have gone then.
    fn is_empty(&mut self) -> bool {
        let none = self.calls.is_empty();
        if none {
            self.newest.clear();
        }
        none
    }

    fn next(&mut self) -> Option<Call> {
        let ((turn, _), call) = self.calls.pop_first()?;
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
        let [open, more] = [1, 0].map(|places| Arc::new(Semaphore::new(places)));
        drop(waiting.next(&open, &more)?);
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

    #[tokio::test]
    async fn places_that_strangers_do_not_give_back_keep_out_nobody_who_is_known() {
        let line = Arc::new(Line::new(2, 1));
        let serving = Arc::clone(&line);
        let task = tokio::spawn(async move { serving.serve(|| NonZeroU32::MAX).await });
        let held = [line.turn(place(1)).await.unwrap(), line.turn(place(2)).await.unwrap()];
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, line.turn(place(3))).await.is_err());
        let known = line.turn_of_known(place(4)).await.unwrap();
        assert!(tokio::time::timeout(soon, line.turn_of_known(place(5))).await.is_err(), "there is one more");
        drop(held);
        assert!(line.turn_of_known(place(5)).await.is_some(), "and those of all");
        drop(known);
        task.abort();
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
        let line = Arc::new(Line::new(1, 0));
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
