//! A node's store: opens the database, runs the node's tasks, and is what everything else holds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::Facts;
use chaperone_recorder::SigningKey;
use chaperone_recorder::ledger::{NoteSigner, VerifierKey};
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, broadcast, oneshot, watch};
use tokio::task::JoinHandle;

use crate::db::{Conn, Db, Missing, sql};
use crate::feed::{self, Feed, Head};
use crate::guard::Guard;
use crate::snapshot::Snapshots;
use crate::spool::Spool;
use crate::writer::{Command, Reaction, Writer};
use crate::{CommittedFact, FactKind, NewFact, StoreError, Tx, drain, ledger, migrate};

/// Where the store is, and who writes.
pub struct StoreConfig {
    /// `sqlite:FILE` or `postgres://…`.
    pub url: String,
    /// This node's name.
    pub node: String,
    /// Folder for what this node keeps beside the database.
    pub folder: PathBuf,
    /// The ledger's name in its checkpoints (C2SP tlog-checkpoint origin).
    pub origin: String,
    /// Signs checkpoints.
    pub ledger_key: Arc<SigningKey>,
}

/// Spooled facts that wait for whoever tells of them at once; a slower listener learns how many it missed.
const SPOOLED: usize = 1024;

/// A node's store; cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

pub(crate) struct Shared {
    pub db: Db,
    pub node: String,
    pub signer: NoteSigner,
    pub guard: Arc<Guard>,
    pub feed: Arc<Feed>,
    pub spool: Spool,
    pub spooled: broadcast::Sender<Arc<CommittedFact>>,
    pub snapshots: Arc<Snapshots>,
    /// Held while somebody recomputes the ledger: it takes a core and a connection.
    pub verifying: Mutex<()>,
    writer: Writer,
}

/// The store's tasks; they end when this is dropped.
pub struct StoreTasks(Vec<JoinHandle<()>>);

impl Drop for StoreTasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl Store {
    /// Applies the migrations that the database lacks.
    ///
    /// # Errors
    /// When it does not answer, or was made by another version.
    pub async fn migrate(url: &str) -> Result<(), StoreError> {
        let db = Db::open(url, Missing::Create)?;
        let done = migrate::migrate(&db).await;
        db.close().await;
        done
    }

    /// Opens a migrated database and starts the node's tasks.
    ///
    /// # Errors
    /// When the configuration or a file beside the database is wrong, or the database answers and is not migrated. One
    /// that does not answer is no error: the store opens, and says so when asked.
    pub async fn open(
        config: StoreConfig,
        reactions: Arc<dyn Reaction>,
    ) -> Result<(Self, StoreTasks), StoreError> {
        let db = Db::open(&config.url, Missing::Refuse)?;
        let signer = NoteSigner::new(&config.origin, config.ledger_key)?;
        let guard = Arc::new(Guard::open(&config.folder, signer.verifier())?);
        let feed = Feed::new();
        match first_look(&db, &feed, &guard).await {
            Ok(()) => {}
            Err(error) if error.is_gone() => {
                tracing::error!(error = &error as &dyn std::error::Error, "the database cannot be used");
                feed.failed();
            }
            Err(error) => return Err(error),
        }
        let snapshots = Arc::new(Snapshots::default());
        let writer = Writer::start(
            db.clone(),
            config.node.clone(),
            reactions,
            Arc::clone(&feed),
            Arc::clone(&guard),
            Arc::clone(&snapshots),
        );
        let store = Self(Arc::new(Shared {
            db: db.clone(),
            node: config.node,
            signer,
            guard: Arc::clone(&guard),
            feed: Arc::clone(&feed),
            spool: Spool::open(config.folder.join("spool.jsonl"))?,
            spooled: broadcast::Sender::new(SPOOLED),
            snapshots,
            verifying: Mutex::new(()),
            writer,
        }));
        let tasks = vec![
            tokio::spawn(feed::poll(db.clone(), Arc::clone(&feed), Arc::clone(&guard))),
            tokio::spawn(feed::listen(db, feed, guard)),
            tokio::spawn(ledger::keep_signing(store.clone())),
            tokio::spawn(drain::keep_draining(store.clone())),
        ];
        Ok((store, StoreTasks(tasks)))
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }

    /// Runs a command in the writer's next transaction; returns once it is committed with its facts and everything
    /// that reacted to them. Not retried: a command whose commit was lost is told [`StoreError::Gone`].
    ///
    /// # Errors
    /// The command's own, or that the database does not take it.
    pub async fn write<F, T, E>(&self, command: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.submit(command, false).await
    }

    /// As [`Store::write`]; `forks` says that it is the one command which a database that went back takes.
    pub(crate) async fn submit<F, T, E>(&self, command: F, forks: bool) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Command { work: Some(command), outcome: None, reply, forks };
        self.0.writer.submit(Box::new(job)).await?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Gone(None).into()))
    }

    /// Writes one fact.
    ///
    /// # Errors
    /// When it was not committed.
    pub async fn fact(&self, fact: NewFact) -> Result<u64, StoreError> {
        self.write(move |tx| Box::pin(tx.fact(fact))).await
    }

    /// The facts that decisions rest on, at most 250 ms old, and not older than what this node wrote.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn facts(&self) -> Result<Arc<Facts>, StoreError> {
        self.0.snapshots.facts(&self.0.db, &self.0.feed, &self.0.guard).await
    }

    /// The same, where the database need not be asked: most of the time, since its head is read five times a second.
    #[must_use]
    pub fn fresh_facts(&self) -> Option<Arc<Facts>> {
        self.0.snapshots.fresh(&self.0.feed)
    }

    /// Who people are: fresh where that can be had, else as last read, else as the database says even where it went
    /// back. For proving who somebody is; never for a decision.
    ///
    /// # Errors
    /// When nothing was ever read and the database does not answer.
    pub async fn people(&self) -> Result<Arc<Facts>, StoreError> {
        let error = match self.facts().await {
            Ok(facts) => return Ok(facts),
            Err(error) => error,
        };
        match self.last_facts() {
            Some(facts) => Ok(facts),
            None if matches!(error, StoreError::WentBack { .. }) => {
                let mut conn = self.0.db.conn().await?;
                crate::snapshot::load_whole(&mut conn).await.map(Arc::new)
            }
            None => Err(error),
        }
    }

    /// The newest facts that were read, however old: for words, never for a decision.
    #[must_use]
    pub fn last_facts(&self) -> Option<Arc<Facts>> {
        self.0.snapshots.newest()
    }

    /// Changes of the head, from now on.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Head> {
        self.0.feed.changes()
    }

    /// The head as this node knows it.
    #[must_use]
    pub fn head(&self) -> Head {
        self.0.feed.head()
    }

    /// For how long the database has not answered; `None` while it does.
    #[must_use]
    pub fn gone_for(&self) -> Option<Duration> {
        self.0.feed.gone_for()
    }

    /// This node's name.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.0.node
    }

    /// What others verify the ledger's checkpoints with.
    #[must_use]
    pub fn ledger_verifier(&self) -> &VerifierKey {
        self.0.signer.verifier()
    }

    /// The latest time of a fact after the last `clock-accepted`: what lies ahead of the clock is from the future.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn newest_unaccepted(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut conn = self.0.db.conn().await?;
        let accepted: Option<(i64,)> = sql!(
            fetch_optional &mut conn, (i64,),
            "SELECT number FROM facts WHERE kind = $1 ORDER BY number DESC LIMIT 1",
            FactKind::ClockAccepted.as_str()
        )?;
        // Down the index of times: what was accepted is passed over, and there is little of it.
        let newest: Option<(i64,)> = sql!(
            fetch_optional &mut conn, (i64,),
            "SELECT at_us FROM facts WHERE number > $1 ORDER BY at_us DESC LIMIT 1",
            accepted.map_or(-1, |(number,)| number)
        )?;
        Ok(newest.and_then(|(at_us,)| Timestamp::from_microsecond(at_us).ok()))
    }

    /// Ours minus the database server's clock; zero for SQLite, which has none of its own.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clock_skew(&self) -> Result<SignedDuration, StoreError> {
        let mut conn = self.0.db.conn().await?;
        let Conn::Pg(pg) = &mut conn else { return Ok(SignedDuration::ZERO) };
        let before = Timestamp::now();
        let (there_us,): (i64,) =
            sqlx::query_as("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)")
                .fetch_one(&mut **pg)
                .await?;
        let after = Timestamp::now();
        let there = Timestamp::from_microsecond(there_us).unwrap_or(after);
        // A slow answer is no skew: only what lies outside the time that the question took.
        Ok(if there < before {
            before.duration_since(there)
        } else if there > after {
            after.duration_since(there)
        } else {
            SignedDuration::ZERO
        })
    }
}

async fn first_look(db: &Db, feed: &Feed, guard: &Guard) -> Result<(), StoreError> {
    let mut conn = db.conn().await?;
    migrate::check(&mut conn).await?;
    feed::look_on(&mut conn, feed, guard).await.map(drop)
}
