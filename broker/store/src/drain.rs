//! Around a database that is gone, and back: what goes to the spool, and how it enters the ledger, each line once.

use std::sync::Arc;
use std::time::Duration;

use chaperone_policy::Facts;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::db::sql;
use crate::facts::body_of;
use crate::spool::{Line, MARK, SpooledEnd};
use crate::{CommittedFact, FactKind, NewFact, Store, StoreError, Tx};

/// Lines that enter the ledger in one command.
const TOGETHER: usize = 100;

type About = (Option<Uuid>, Option<Uuid>, Option<Uuid>, Option<String>);

impl Store {
    /// Writes a fact, and the end of its session if it is one, into the ledger; or, where the database is gone, into
    /// the spool, from where it enters the ledger later with its own time. Durable on return.
    ///
    /// # Errors
    /// When neither took it.
    pub async fn fact_or_spool(&self, fact: NewFact, ended: Option<SpooledEnd>) -> Result<(), StoreError> {
        // Who knows that it is gone does not wait to hear it again.
        if self.gone_for().is_none() {
            let (written, end) = (fact.clone(), ended.clone());
            match self.write(move |tx| Box::pin(write(tx, written, end))).await {
                Err(error) if error.is_gone() => {}
                decided => return decided,
            }
        }
        tracing::warn!(kind = %fact.kind, "the database is gone; a fact goes to the spool");
        let store = self.clone();
        let spooled = Arc::new(unnumbered(&fact, self.node()));
        let put =
            tokio::task::spawn_blocking(move || store.shared().spool.put(&Line::new(&fact, ended))).await;
        put.unwrap_or(Err(StoreError::SpoolFull))?;
        // Nobody need listen.
        drop(self.shared().spooled.send(spooled));
        Ok(())
    }

    /// Every fact that goes to the spool from now on, once it is on stable storage. It has no number yet: 0 stands for it.
    #[must_use]
    pub fn spooled(&self) -> broadcast::Receiver<Arc<CommittedFact>> {
        self.shared().spooled.subscribe()
    }

    /// The policy-relevant facts as they were last read, however long ago: for words, never for a decision.
    #[must_use]
    pub fn last_known_facts(&self) -> Option<Arc<Facts>> {
        self.shared().snapshots.newest()
    }

    /// Whether the spool can take no more: then no attempt may be heard.
    #[must_use]
    pub fn spool_is_full(&self) -> bool {
        self.shared().spool.is_full()
    }

    /// Bytes that wait in the spool.
    #[must_use]
    pub fn spool_bytes(&self) -> u64 {
        self.shared().spool.size_bytes()
    }

    /// Brings spooled facts into the ledger, each once, in order; how many waited. A crash on the way leaves the file,
    /// and what of it has entered is not entered again.
    ///
    /// # Errors
    /// When the database is gone again: the rest stays in the spool.
    pub async fn drain_spool(&self) -> Result<usize, StoreError> {
        let spool = &self.shared().spool;
        if spool.is_empty() {
            return Ok(0);
        }
        let store = self.clone();
        let read = tokio::task::spawn_blocking(move || store.shared().spool.waiting()).await;
        let (lines, size) = read.unwrap_or(Err(StoreError::SpoolFull))?;
        for some in lines.chunks(TOGETHER) {
            let together = some.to_vec();
            let entered = self.write(move |tx| {
                Box::pin(async move {
                    for line in together {
                        enter(tx, line).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            });
            match entered.await {
                Err(error) if error.is_gone() => return Err(error),
                // One of them is not to be had: each for itself, so that it holds up nobody.
                Err(_) => self.drain_singly(some).await?,
                Ok(()) => {}
            }
        }
        spool.clear(size)?;
        Ok(lines.len())
    }

    async fn drain_singly(&self, lines: &[Line]) -> Result<(), StoreError> {
        for line in lines {
            let entering = line.clone();
            match self.write(move |tx| Box::pin(enter(tx, entering))).await {
                Ok(()) => {}
                Err(error) if error.is_gone() => return Err(error),
                // The database answers and will not have it: waiting does not help.
                Err(error) => {
                    let source = &error as &dyn std::error::Error;
                    tracing::error!(error = source, line.id = %line.id, "a spooled fact cannot enter the ledger");
                    let text = serde_json::to_string(line).map_err(StoreError::corrupt("fact"))?;
                    self.shared().spool.set_aside(&text)?;
                }
            }
        }
        Ok(())
    }
}

fn unnumbered(fact: &NewFact, node: &str) -> CommittedFact {
    CommittedFact {
        number: 0,
        kind: fact.kind,
        at: fact.at,
        node: node.to_owned(),
        person: fact.person,
        vendor: fact.vendor,
        target: fact.target,
        window: fact.window,
        session: fact.session,
        attempt: fact.attempt,
        body: fact.body.clone(),
    }
}

async fn write(tx: &mut Tx, fact: NewFact, ended: Option<SpooledEnd>) -> Result<(), StoreError> {
    if let (Some(session), Some(end)) = (fact.session, ended) {
        tx.end_session(session, fact.at, &end.reason, end.seal.as_deref()).await?;
    }
    tx.fact(fact).await.map(drop)
}

/// Enters a line, unless the ledger has it: from a drain that did not come to its end, or because the commit of the
/// first try went through and only its answer was lost.
async fn enter(tx: &mut Tx, line: Line) -> Result<(), StoreError> {
    if is_written(tx, &line).await? {
        return Ok(());
    }
    let (fact, ended) = line.fact()?;
    write(tx, fact, ended).await
}

async fn is_written(tx: &mut Tx, line: &Line) -> Result<bool, StoreError> {
    let same: Vec<About> = sql!(
        fetch_all &mut tx.conn, About,
        "SELECT person_id, session_id, attempt_id, body FROM facts WHERE at_us = $1 AND kind = $2 AND node = $3",
        line.at.as_microsecond(), line.kind.as_str(), tx.node.as_str()
    )?;
    let about = (line.person.map(|id| id.0), line.session.map(|id| id.0), line.attempt.map(|id| id.0));
    Ok(same.into_iter().any(|(person, session, attempt, document)| {
        let mut body = document.and_then(|document| body_of(&document).ok()).unwrap_or_default();
        if let Some(fields) = body.as_object_mut() {
            fields.remove(MARK);
        }
        (person, session, attempt) == about && body == line.body
    }))
}

/// Drains whenever the database is there and something waits; says since when it was not.
pub(crate) async fn keep_draining(store: Store) {
    let mut gone_since = None;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        if store.gone_for().is_some() {
            continue;
        }
        match store.drain_spool().await {
            Ok(0) => {}
            Ok(drained) => tracing::info!(drained, "spooled facts have entered the ledger"),
            Err(error) => {
                let source = &error as &dyn std::error::Error;
                tracing::warn!(error = source, "the spool could not be drained");
                continue;
            }
        }
        if let Some(ago) = store.shared().feed.came_back() {
            gone_since = gone_since.or(Timestamp::now().checked_sub(ago).ok());
        }
        let Some(since) = gone_since else { continue };
        match store
            .fact(NewFact::new(FactKind::StoreBack, Timestamp::now(), json!({ "gone_since": since })))
            .await
        {
            Ok(_) => gone_since = None,
            Err(error) => {
                let source = &error as &dyn std::error::Error;
                tracing::warn!(error = source, "that the database is back could not be written");
            }
        }
    }
}
