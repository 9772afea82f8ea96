//! The one writer of a node (DESIGN 5.2): commands queue to one task, which runs many in one transaction, each in a
//! savepoint, updates the ledger's head once, commits once, and then answers every caller.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chaperone_policy::TargetId;
use chaperone_recorder::ledger::TagKey;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::StoreError;
use crate::db::{Conn, Db, exec};
use crate::fact::CommittedFact;
use crate::feed::Feed;
use crate::guard::Guard;
use crate::snapshot::Snapshots;
use crate::tx::{Tx, TxHead};

/// Commands that wait. A caller beyond them waits for room: nothing is dropped.
const QUEUE: usize = 1024;
/// Commands in one transaction. More gain nothing and make the first caller wait.
const BATCH: usize = 256;
/// How long one command may take; a database that is slower is gone.
const COMMAND: Duration = Duration::from_secs(8);

/// Acts on a fact in the fact's own transaction. Called by the writer, one at a time, in order of numbers; a failure
/// undoes the command. What a reaction itself appends is not reacted to.
pub trait Reaction: Send + Sync + 'static {
    /// Sees one fact that is about to be committed.
    fn react<'t>(&'t self, fact: &'t CommittedFact, tx: &'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>>;
}

/// A command that waits for the writer.
pub(crate) trait Job: Send {
    /// Whether it succeeded, and what it did may be kept.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;
    /// Whether it is the one that may be appended to a history that this node does not know.
    fn forks(&self) -> bool;
    /// Tells the caller: committed, or why not.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A command with the place for its result.
pub(crate) struct Command<F, T, E> {
    pub work: Option<F>,
    pub outcome: Option<Result<T, E>>,
    pub reply: oneshot::Sender<Result<T, E>>,
    pub forks: bool,
}

impl<F, T, E> Job for Command<F, T, E>
where
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            if let Some(work) = self.work.take() {
                self.outcome = Some(work(tx).await);
            }
            matches!(self.outcome, Some(Ok(_)))
        })
    }

    fn forks(&self) -> bool {
        self.forks
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = match (committed, self.outcome) {
            // The command's own refusal stands whatever became of the transaction.
            (_, Some(Err(error))) => Err(error),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => Err(StoreError::Gone(None).into()),
        };
        // A caller that no longer waits has its command committed all the same.
        drop(self.reply.send(outcome));
    }
}

/// The writing end that callers hold.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
}

impl Writer {
    pub(crate) fn start(
        db: Db,
        node: String,
        reactions: Arc<dyn Reaction>,
        feed: Arc<Feed>,
        guard: Arc<Guard>,
        snapshots: Arc<Snapshots>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let task = Task { db, node, reactions, feed, guard, snapshots, tag_keys: HashMap::new() };
        tokio::spawn(task.run(waiting));
        Self { queue }
    }

    pub(crate) async fn submit(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.queue.send(job).await.map_err(|_| StoreError::Gone(None))
    }
}

struct Task {
    db: Db,
    node: String,
    reactions: Arc<dyn Reaction>,
    feed: Arc<Feed>,
    guard: Arc<Guard>,
    snapshots: Arc<Snapshots>,
    tag_keys: HashMap<TargetId, TagKey>,
}

/// A command that was run, with what it comes to if the transaction is committed.
type Done = (Box<dyn Job>, Result<(), StoreError>);

impl Task {
    async fn run(mut self, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while waiting.recv_many(&mut batch, BATCH).await > 0 {
            let fork = batch.iter().position(|job| job.forks());
            if let Some(fork) = fork {
                let fork = batch.swap_remove(fork);
                // Who asked for it has been told what became of it.
                drop(self.settle(vec![fork], true).await);
            }
            if batch.is_empty() {
                continue;
            }
            let gone =
                matches!(self.settle(std::mem::take(&mut batch), false).await, Err(StoreError::Gone(_)));
            if gone {
                // Whoever waits behind a database that is gone is told now, not one timeout later each.
                while let Ok(job) = waiting.try_recv() {
                    job.answer(Err(StoreError::Gone(None)));
                }
            }
        }
    }

    /// Runs a batch and answers every caller; what became of the transaction.
    async fn settle(&mut self, batch: Vec<Box<dyn Job>>, fork: bool) -> Result<(), StoreError> {
        let mut done = Vec::with_capacity(batch.len());
        let committed = self.commit(batch, &mut done, fork).await;
        if let Err(error) = &committed {
            let source = error as &dyn Error;
            tracing::warn!(error = source, commands = done.len(), "a batch of commands was not committed");
            if !matches!(error, StoreError::NoFork(_)) {
                self.feed.failed();
            }
        }
        for (job, outcome) in done {
            let outcome = match (&committed, outcome) {
                (_, Err(error)) => Err(error),
                (Ok(()), Ok(())) => Ok(()),
                (Err(StoreError::WentBack { found, signed }), Ok(())) => {
                    Err(StoreError::WentBack { found: *found, signed: *signed })
                }
                (Err(StoreError::NoFork(why)), Ok(())) => Err(StoreError::NoFork(why)),
                (Err(_), Ok(())) => Err(StoreError::Gone(None)),
            };
            job.answer(outcome);
        }
        committed
    }

    /// Runs the batch in one transaction. The commit point is the last statement: before it nothing has happened,
    /// after it everything has, and only then is anybody told.
    async fn commit(
        &mut self,
        batch: Vec<Box<dyn Job>>,
        done: &mut Vec<Done>,
        fork: bool,
    ) -> Result<(), StoreError> {
        let mut batch = batch.into_iter();
        let begun = timeout(COMMAND, self.begin(fork)).await.unwrap_or(Err(StoreError::Gone(None)));
        let mut tx = match begun {
            Ok(tx) => tx,
            Err(error) => {
                done.extend(batch.map(|job| (job, Ok(()))));
                return Err(error);
            }
        };
        let mut sound = Ok(());
        for mut job in batch.by_ref() {
            let ran = timeout(COMMAND, self.one(&mut tx, job.as_mut())).await;
            match ran.unwrap_or(Err(StoreError::Gone(None))) {
                Ok(outcome) => done.push((job, outcome)),
                Err(error) => {
                    sound = Err(error);
                    done.push((job, Ok(())));
                    break;
                }
            }
        }
        done.extend(batch.map(|job| (job, Ok(()))));
        let ended = match sound {
            Ok(()) => timeout(COMMAND, self.end(&mut tx, fork)).await.unwrap_or(Err(StoreError::Gone(None))),
            broken => broken,
        };
        self.tag_keys = std::mem::take(&mut tx.tag_keys);
        if ended.is_err() {
            self.tag_keys.clear();
            tx.conn.abandon().await;
        }
        ended
    }

    async fn begin(&mut self, fork: bool) -> Result<Tx, StoreError> {
        let mut conn = self.db.conn().await?;
        let head = match self.begin_on(&mut conn, fork).await {
            Ok(head) => head,
            Err(error) => {
                conn.abandon().await;
                return Err(error);
            }
        };
        let tag_keys = std::mem::take(&mut self.tag_keys);
        Ok(Tx {
            conn,
            node: self.node.clone(),
            now: Timestamp::now(),
            head,
            tag_keys,
            appended: Vec::new(),
            snapshots: Arc::clone(&self.snapshots),
            changed: None,
        })
    }

    async fn begin_on(&self, conn: &mut Conn, fork: bool) -> Result<TxHead, StoreError> {
        conn.begin().await?;
        let head = TxHead::lock(conn).await?;
        match (self.guard.check(conn, &head.range).await, fork) {
            (Ok(()), false) | (Err(StoreError::WentBack { .. }), true) => Ok(head),
            (Ok(()), true) => Err(StoreError::NoFork("the database did not go back")),
            (Err(error), _) => Err(error),
        }
    }

    /// One command in its savepoint. The outer error is the transaction's: nothing of it can be saved.
    async fn one(&self, tx: &mut Tx, job: &mut dyn Job) -> Result<Result<(), StoreError>, StoreError> {
        exec!(&mut tx.conn, "SAVEPOINT command")?;
        let before = tx.head.clone();
        tx.appended.clear();
        tx.now = Timestamp::now();
        let mut outcome = Ok(());
        if job.run(tx).await {
            outcome = self.reactions_to(tx).await;
            if outcome.is_ok() {
                // PostgreSQL refuses here when the command went on after a statement that failed.
                outcome =
                    exec!(&mut tx.conn, "RELEASE SAVEPOINT command").map(drop).map_err(StoreError::from);
                if outcome.is_ok() {
                    return Ok(outcome);
                }
            }
        }
        exec!(&mut tx.conn, "ROLLBACK TO SAVEPOINT command")?;
        exec!(&mut tx.conn, "RELEASE SAVEPOINT command")?;
        tx.head = before;
        // A key may be that of a target which the command had made, and what was read what it had changed.
        tx.tag_keys.clear();
        tx.changed = None;
        Ok(outcome)
    }

    async fn reactions_to(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let facts = std::mem::take(&mut tx.appended);
        for fact in &facts {
            self.reactions.react(fact, tx).await?;
        }
        Ok(())
    }

    async fn end(&self, tx: &mut Tx, fork: bool) -> Result<(), StoreError> {
        tx.head.store(&mut tx.conn).await?;
        if let Conn::Pg(conn) = &mut tx.conn {
            sqlx::query("SELECT pg_notify('chaperone', '')").execute(&mut **conn).await?;
        }
        let asked = Instant::now();
        tx.conn.commit().await?;
        let (size, policy_version) = (tx.head.range.size(), tx.head.policy_version);
        self.guard.committed(&tx.head.range, fork);
        if fork {
            self.feed.reset(size, policy_version);
        }
        self.feed.advance(size, policy_version, asked);
        Ok(())
    }
}
