//! Whose turn it is to write into a recording, and on which thread.
//!
//! An append is one write by the calling task: it keeps its thread for as long as the medium takes. Three bounds keep a
//! medium that hangs from becoming everybody's trouble. One task at a time writes into a session's recording; the others
//! wait for their turn without a thread, and can be cut meanwhile. The last free worker of the runtime is never lent to a
//! medium: whoever would take it lets another thread work in its place. And while a write is under way, a free worker
//! is roused: the one that hangs may be the one that was to hear of sockets and timers for all.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard};
use tokio::task::{block_in_place, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};

/// For so long at most a write that hangs keeps other visits from being heard.
const ROUSE_EVERY: Duration = Duration::from_millis(20);

/// The workers of the runtime that visits run on.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    lent: AtomicUsize,
    /// The runtime, known from the first write; and how many of its workers may be inside a write at once.
    runtime: OnceLock<(Handle, usize)>,
}

/// One thing on a medium that one task at a time works on.
#[derive(Debug)]
pub(crate) struct Pen {
    turn: Arc<Mutex<()>>,
    /// Since when somebody is at it, in milliseconds after `made`, plus one; 0 while nobody is.
    since_ms: AtomicU64,
    made: Instant,
    workers: Arc<Workers>,
}

/// The turn to write. Given back when it is dropped.
pub(crate) struct Turn<'p> {
    pen: &'p Pen,
    _turn: MutexGuard<'p, ()>,
}

impl Workers {
    fn lend<T>(&self, work: impl FnOnce() -> T) -> T {
        let (_, most) = self.runtime.get_or_init(|| {
            let handle = Handle::current();
            // Where there is one thread there is none to let work in its place.
            let all_but_one = handle.metrics().num_workers().saturating_sub(1);
            let many = handle.runtime_flavor() == RuntimeFlavor::MultiThread;
            (handle, if many { all_but_one } else { usize::MAX })
        });
        let lent = Lent(&self.lent, self.lent.fetch_add(1, Ordering::Relaxed));
        if lent.1 < *most { work() } else { block_in_place(work) }
    }

    /// Rouses a worker again and again while others are lent. For another runtime than that of visits.
    pub(crate) async fn rouse(&self) {
        let mut tick = interval(ROUSE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if self.lent.load(Ordering::Relaxed) > 0
                && let Some((runtime, _)) = self.runtime.get()
            {
                // Who takes this up goes to listen afterwards, if nobody does.
                drop(runtime.spawn(async {}));
            }
        }
    }
}

/// Counts back also when the work panics.
struct Lent<'w>(&'w AtomicUsize, usize);

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pen {
    pub(crate) fn new(workers: &Arc<Workers>) -> Arc<Self> {
        let (since_ms, made) = (AtomicU64::new(0), Instant::now());
        Arc::new(Self { turn: Arc::default(), since_ms, made, workers: Arc::clone(workers) })
    }

    /// The turn, if nobody has it.
    pub(crate) fn try_turn(&self) -> Option<Turn<'_>> {
        Some(Turn { pen: self, _turn: self.turn.try_lock().ok()? })
    }

    /// Waits for the turn. Cancel safe.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        Turn { pen: self, _turn: self.turn.lock().await }
    }

    /// Works in turn on a thread that may wait. Whoever stops waiting does not stop the work; `None` if it panicked.
    pub(crate) async fn aside<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        self.on_a_thread(turn, work).await
    }

    /// As [`Pen::aside`], if nobody has the turn.
    pub(crate) async fn try_aside<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let turn = Arc::clone(&self.turn).try_lock_owned().ok()?;
        self.on_a_thread(turn, work).await
    }

    async fn on_a_thread<T: Send + 'static>(
        self: &Arc<Self>,
        turn: OwnedMutexGuard<()>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let pen = Arc::clone(self);
        let done = spawn_blocking(move || {
            let _turn = turn;
            pen.stamped(work)
        });
        done.await.ok()
    }

    /// For how long the one who has the turn has been at it.
    pub(crate) fn busy_for(&self) -> Option<Duration> {
        let since = self.since_ms.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.made.elapsed().saturating_sub(Duration::from_millis(since)))
    }

    fn stamped<T>(&self, work: impl FnOnce() -> T) -> T {
        let now = u64::try_from(self.made.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.since_ms.store(now + 1, Ordering::Relaxed);
        let _over = Over(&self.since_ms);
        work()
    }
}

/// Nobody is at it any more, also after a panic.
struct Over<'p>(&'p AtomicU64);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl Turn<'_> {
    /// Works on this thread, or, where it is the last free one, with another in its place.
    pub(crate) fn write<T>(&self, work: impl FnOnce() -> T) -> T {
        self.pen.workers.lend(|| self.pen.stamped(work))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::mpsc;

    use tokio::time::{sleep, timeout};

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn writes_that_hang_on_every_worker_leave_one_for_the_rest() {
        let workers = Arc::<Workers>::default();
        let (mend, gate) = (Arc::new(Barrier::new(9)), Arc::new(AtomicUsize::new(0)));
        let hung: Vec<_> = (0..8)
            .map(|_| {
                let (pen, mend, gate) = (Pen::new(&workers), Arc::clone(&mend), Arc::clone(&gate));
                tokio::spawn(async move {
                    pen.turn().await.write(|| {
                        gate.fetch_add(1, Ordering::Relaxed);
                        mend.wait()
                    });
                })
            })
            .collect();
        let alive = timeout(Duration::from_secs(20), async {
            while gate.load(Ordering::Relaxed) < 8 {
                sleep(Duration::from_millis(1)).await;
            }
        });
        alive.await.unwrap();
        tokio::spawn(async { sleep(Duration::from_millis(1)).await }).await.unwrap();
        mend.wait();
        for one in hung {
            one.await.unwrap();
        }
        assert_eq!(workers.lent.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_waits_for_a_turn_holds_no_thread_and_sees_for_how_long_it_is_taken() {
        let pen = Pen::new(&Arc::default());
        let (mend, hangs) = mpsc::sync_channel::<()>(1);
        let busy = Arc::clone(&pen);
        let busy = tokio::spawn(async move { busy.aside(move || hangs.recv()).await });
        while pen.busy_for().is_none() {
            sleep(Duration::from_millis(1)).await;
        }
        assert!(pen.try_turn().is_none());
        assert!(timeout(Duration::from_millis(50), pen.turn()).await.is_err());
        assert_eq!(pen.try_aside(|| ()).await, None);
        assert!(pen.busy_for().unwrap() >= Duration::from_millis(49));
        mend.send(()).unwrap();
        assert_eq!(busy.await.unwrap(), Some(Ok(())));
        assert!(pen.busy_for().is_none() && pen.try_turn().is_some());
    }
}
