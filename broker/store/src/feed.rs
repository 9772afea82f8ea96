//! The change feed (DESIGN 5.3): the ledger's head, told by the writer in process and polled as the truth; and with it
//! whether the database answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::{interval, timeout};

use crate::StoreError;
use crate::db::{Conn, Db, count, sql};
use crate::guard::Guard;

/// How often the head is read.
pub(crate) const POLL: Duration = Duration::from_millis(200);
/// How long the read may take.
const ANSWER: Duration = Duration::from_secs(2);

/// How far the ledger has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Number of facts.
    pub size: u64,
    /// Version of the policy-relevant tables.
    pub policy_version: u64,
}

/// The head as this node knows it.
pub(crate) struct Feed {
    head: watch::Sender<Head>,
    health: Mutex<Health>,
}

#[derive(Clone, Copy)]
struct Health {
    /// When the question was asked that the database answered last: its answer is that old.
    answered: Instant,
    /// Since when it does not.
    gone: Option<Instant>,
    /// Since when it did not, before it answered again; until somebody has asked.
    was_gone: Option<Instant>,
}

impl Feed {
    pub(crate) fn new() -> Arc<Self> {
        let health = Health { answered: Instant::now(), gone: None, was_gone: None };
        Arc::new(Self { head: watch::Sender::new(Head::default()), health: Mutex::new(health) })
    }

    pub(crate) fn changes(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    pub(crate) fn head(&self) -> Head {
        *self.head.borrow()
    }

    /// A commit, or a poll, has seen this head, having asked then. Heads only go forward; a fork starts anew with
    /// [`Feed::reset`].
    pub(crate) fn advance(&self, size: u64, policy_version: u64, asked: Instant) {
        self.answered(asked);
        self.head.send_if_modified(|head| {
            let new =
                Head { size: size.max(head.size), policy_version: policy_version.max(head.policy_version) };
            let changes = *head != new;
            *head = new;
            changes
        });
    }

    pub(crate) fn reset(&self, size: u64, policy_version: u64) {
        self.head.send_replace(Head { size, policy_version });
    }

    fn answered(&self, asked: Instant) {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.answered = health.answered.max(asked);
        health.was_gone = health.was_gone.or(health.gone.take());
    }

    pub(crate) fn failed(&self) {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.gone = health.gone.or(Some(Instant::now()));
    }

    /// How long ago it went, if the database was gone and answers again; told once.
    pub(crate) fn came_back(&self) -> Option<Duration> {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        if health.gone.is_some() {
            return None;
        }
        health.was_gone.take().map(|since| since.elapsed())
    }

    /// How old what is known is.
    pub(crate) fn age(&self) -> Duration {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).answered.elapsed()
    }

    /// For how long the database has been gone.
    pub(crate) fn gone_for(&self) -> Option<Duration> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).gone.map(|since| since.elapsed())
    }
}

/// Reads the head for ever.
pub(crate) async fn poll(db: Db, feed: Arc<Feed>, guard: Arc<Guard>) {
    let mut tick = interval(POLL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let was_gone = feed.gone_for().is_some();
        match timeout(ANSWER, look(&db, &feed, &guard)).await.unwrap_or(Err(StoreError::Gone(None))) {
            Ok(_) if was_gone => tracing::info!("the database answers again"),
            Ok(_) => {}
            Err(error) => {
                if !was_gone {
                    tracing::error!(error = &error as &dyn std::error::Error, "the database cannot be used");
                }
                feed.failed();
            }
        }
    }
}

/// PostgreSQL's notifications, as a hint: the poll is the truth.
pub(crate) async fn listen(db: Db, feed: Arc<Feed>, guard: Arc<Guard>) {
    let Db::Pg(pool) = &db else { return };
    loop {
        if let Ok(mut listener) = sqlx::postgres::PgListener::connect_with(pool).await
            && listener.listen("chaperone").await.is_ok()
        {
            while listener.recv().await.is_ok() {
                // A hint that leads nowhere costs nothing: the poll looks again.
                drop(timeout(ANSWER, look(&db, &feed, &guard)).await);
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn look(db: &Db, feed: &Feed, guard: &Guard) -> Result<Head, StoreError> {
    let mut conn = db.conn().await?;
    look_on(&mut conn, feed, guard).await
}

/// Reads the head and tells the feed; one that is behind what was known before the question went back.
pub(crate) async fn look_on(conn: &mut Conn, feed: &Feed, guard: &Guard) -> Result<Head, StoreError> {
    let (asked, known) = (Instant::now(), feed.head().size.max(guard.least()));
    let head = read_on(conn).await?;
    if head.size < known {
        return Err(StoreError::WentBack { found: head.size, signed: known });
    }
    feed.advance(head.size, head.policy_version, asked);
    Ok(head)
}

/// The head row; an empty database has none.
pub(crate) async fn read_on(conn: &mut Conn) -> Result<Head, StoreError> {
    let row =
        sql!(fetch_optional conn, (i64, i64), "SELECT size, policy_version FROM ledger_head WHERE id = 1")?;
    Ok(row.map_or_else(Head::default, |(size, version)| Head {
        size: count(size),
        policy_version: count(version),
    }))
}
