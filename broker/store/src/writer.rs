//! The one writer of a node (DESIGN 5.2): commands queue to one task, which runs many in one transaction, each in a
//! savepoint, updates the ledger's head once, commits once, and then answers every caller.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::db::{Conn, Db, exec};
use crate::fact::CommittedFact;
use crate::feed::Feed;
use crate::guard::Guard;
use crate::tx::{Tx, TxHead};
use crate::StoreError;

/// Commands that wait. A caller beyond them waits for room: nothing is dropped.
const QUEUE: usize = 1024;
/// Commands in one transaction. More gain nothing and make the first caller wait.
const BATCH: usize = 256;
/// How long one command may take; a database that is slower is gone.
const COMMAND: Duration = Duration::from_secs(6);

/// Acts on a fact in the fact's own transaction. Called by the writer, one at a time, in order of numbers; a failure
/// undoes the command. What a reaction itself appends is not reacted to.
pub trait Reaction: Send + Sync + 'static {
    /// Sees one fact that is about to be committed.
    fn react<'t>(&'t self, fact: &'t CommittedFact, tx: &'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>>;
}

/// A command that waits for the writer.
pub(crate) trait Job: Send {
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;
    /// Tells the caller: committed, or why not.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A command with the place for its result.
pub(crate) struct Command<F, T, E> {
    pub work: Option<F>,
    pub outcome: Option<Result<T, E>>,
    pub reply: oneshot::Sender<Result<T, E>>,
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
    pub(crate) fn start(db: Db, node: String, reactions: Arc<dyn Reaction>, feed: Arc<Feed>, guard: Arc<Guard>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(Task { db, node, reactions, feed, guard }.run(waiting));
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
}

impl Task {
    async fn run(self, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while waiting.recv_many(&mut batch, BATCH).await > 0 {
            let mut done: Vec<(Box<dyn Job>, Result<(), StoreError>)> = Vec::with_capacity(batch.len());
            let committed = self.commit(batch.drain(..), &mut done).await;
            if let Err(error) = &committed {
                tracing::warn!(%error, commands = done.len(), "a batch was not committed");
            }
            for (job, outcome) in done {
                let outcome = match (&committed, outcome) {
                    (_, Err(error)) => Err(error),
                    (Ok(()), Ok(())) => Ok(()),
                    (Err(StoreError::WentBack { found, signed }), Ok(())) => {
                        Err(StoreError::WentBack { found: *found, signed: *signed })
                    }
                    (Err(_), Ok(())) => Err(StoreError::Gone(None)),
                };
                job.answer(outcome);
            }
        }
    }

    /// Runs the batch in one transaction. The commit point is the last statement: before it nothing has happened,
    /// after it everything has, and only then is anybody told.
    async fn commit(
        &self,
        batch: impl Iterator<Item = Box<dyn Job>>,
        done: &mut Vec<(Box<dyn Job>, Result<(), StoreError>)>,
    ) -> Result<(), StoreError> {
        let begun = timeout(COMMAND, self.begin()).await.unwrap_or(Err(StoreError::Gone(None)));
        let mut tx = match begun {
            Ok(tx) => tx,
            Err(error) => {
                done.extend(batch.map(|job| (job, Ok(()))));
                self.feed.failed();
                return Err(error);
            }
        };
        let mut broken = None;
        for mut job in batch {
            if broken.is_some() {
                done.push((job, Ok(())));
                continue;
            }
            match timeout(COMMAND, self.one(&mut tx, job.as_mut())).await {
                Ok(Ok(outcome)) => done.push((job, outcome)),
                Ok(Err(error)) => {
                    broken = Some(error);
                    done.push((job, Ok(())));
                }
                Err(_) => {
                    broken = Some(StoreError::Gone(None));
                    done.push((job, Ok(())));
                }
            }
        }
        let ended = match broken {
            None => timeout(COMMAND, self.end(&mut tx)).await.unwrap_or(Err(StoreError::Gone(None))),
            Some(error) => Err(error),
        };
        match ended {
            Ok(()) => {
                self.feed.advance(tx.head.range.size(), tx.head.policy_version);
                Ok(())
            }
            Err(error) => {
                tx.conn.abandon().await;
                self.feed.failed();
                Err(error)
            }
        }
    }

    async fn begin(&self) -> Result<Tx, StoreError> {
        let mut conn = self.db.conn().await?;
        let head = match begin_on(&mut conn).await {
            Ok(head) => head,
            Err(error) => {
                conn.abandon().await;
                return Err(error);
            }
        };
        if let Err(error) = self.guard.check(head.range.size()) {
            conn.abandon().await;
            return Err(error);
        }
        Ok(Tx { conn, node: self.node.clone(), now: Timestamp::now(), head, appended: Vec::new() })
    }

    /// One command in its savepoint. The outer error is the transaction's: nothing of it can be saved.
    async fn one(&self, tx: &mut Tx, job: &mut dyn Job) -> Result<Result<(), StoreError>, StoreError> {
        exec!(&mut tx.conn, "SAVEPOINT command")?;
        let before = tx.head.clone();
        tx.appended.clear();
        tx.now = Timestamp::now();
        let mut outcome = Ok(());
        let kept = if job.run(tx).await {
            outcome = self.reactions_to(tx).await;
            outcome.is_ok()
        } else {
            false
        };
        if !kept {
            if outcome.as_ref().is_err_and(StoreError::is_gone) {
                return Err(StoreError::Gone(None));
            }
            exec!(&mut tx.conn, "ROLLBACK TO SAVEPOINT command")?;
            tx.head = before;
        }
        exec!(&mut tx.conn, "RELEASE SAVEPOINT command")?;
        Ok(outcome)
    }

    async fn reactions_to(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let facts = std::mem::take(&mut tx.appended);
        for fact in &facts {
            self.reactions.react(fact, tx).await?;
        }
        Ok(())
    }

    async fn end(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.head.store(&mut tx.conn).await?;
        if let Conn::Pg(conn) = &mut tx.conn {
            sqlx::query("SELECT pg_notify('chaperone', '')").execute(&mut **conn).await?;
        }
        tx.conn.commit().await
    }
}

async fn begin_on(conn: &mut Conn) -> Result<TxHead, StoreError> {
    conn.begin().await?;
    TxHead::lock(conn).await
}
