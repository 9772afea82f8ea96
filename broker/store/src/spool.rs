//! Where refusals and ends of sessions go while the database is gone (DESIGN 5.4): a bounded file, synced line by line,
//! that enters the ledger with its original times, each line once.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use chaperone_policy::{AttemptId, PersonId, SessionId, TargetId, VendorId, WindowId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::db::{exec, sql};
use crate::{FactKind, NewFact, Store, StoreError};

/// Largest spool: a day of refusals at one a second. Beyond it the listener closes rather than lose a fact.
const MAX_BYTES: u64 = 64 << 20;

/// The spool's file.
pub(crate) struct Spool {
    path: PathBuf,
    file: Mutex<Option<File>>,
    size_bytes: AtomicU64,
}

/// A fact on its way around a database that is gone.
#[derive(Serialize, Deserialize)]
struct Line {
    id: Uuid,
    kind: String,
    at: Timestamp,
    person: Option<PersonId>,
    vendor: Option<VendorId>,
    target: Option<TargetId>,
    window: Option<WindowId>,
    session: Option<SessionId>,
    attempt: Option<AttemptId>,
    body: Value,
    /// How the session ended, where the fact is an end: its row wants it too.
    ended: Option<SpooledEnd>,
}

/// A session's end that could not be written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpooledEnd {
    /// Why.
    pub reason: String,
    /// The seal as JSON; `None` where the recording is not sealed yet.
    pub seal: Option<String>,
}

impl Spool {
    pub(crate) fn open(path: PathBuf) -> Self {
        let size = std::fs::metadata(&path).map_or(0, |about| about.len());
        Self { path, file: Mutex::default(), size_bytes: AtomicU64::new(size) }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.size_bytes.load(Ordering::Relaxed) >= MAX_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.size_bytes.load(Ordering::Relaxed) == 0
    }

    /// Returns once the line is on stable storage.
    pub(crate) fn put(&self, fact: &NewFact, ended: Option<SpooledEnd>) -> Result<(), StoreError> {
        if self.is_full() {
            return Err(StoreError::SpoolFull);
        }
        let line = Line {
            id: Uuid::now_v7(),
            kind: fact.kind.as_str().to_owned(),
            at: fact.at,
            person: fact.person,
            vendor: fact.vendor,
            target: fact.target,
            window: fact.window,
            session: fact.session,
            attempt: fact.attempt,
            body: fact.body.clone(),
            ended,
        };
        let mut text = serde_json::to_string(&line).map_err(StoreError::corrupt("fact"))?;
        text.push('\n');
        let mut slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            let opened = OpenOptions::new().create(true).append(true).open(&self.path);
            *slot = Some(opened.map_err(StoreError::file("open the spool"))?);
        }
        if let Some(file) = slot.as_mut() {
            file.write_all(text.as_bytes()).map_err(StoreError::file("write the spool"))?;
            file.sync_data().map_err(StoreError::file("sync the spool"))?;
        }
        self.size_bytes.fetch_add(u64::try_from(text.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(())
    }

    /// Everything that waits. A torn last line was never acknowledged.
    fn lines(&self) -> Result<Vec<Line>, StoreError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::file("read the spool")(error)),
        };
        let whole = BufReader::new(file).split(b'\n').map_while(Result::ok);
        Ok(whole.filter_map(|line| serde_json::from_slice(&line).ok()).collect())
    }

    /// Empties the file, unless something was put since it was `read_bytes` long.
    fn clear(&self, read_bytes: u64) -> Result<(), StoreError> {
        let mut slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if self.size_bytes.load(Ordering::Relaxed) != read_bytes {
            return Ok(());
        }
        *slot = None;
        let file = File::create(&self.path).map_err(StoreError::file("empty the spool"))?;
        file.sync_all().map_err(StoreError::file("sync the spool"))?;
        self.size_bytes.store(0, Ordering::Relaxed);
        Ok(())
    }
}

impl Store {
    /// Writes a fact, or spools it when the database is gone. Returns once it cannot be lost.
    ///
    /// # Errors
    /// When neither took it.
    pub async fn fact_or_spool(&self, fact: NewFact, ended: Option<SpooledEnd>) -> Result<(), StoreError> {
        let (written, end) = (fact.clone(), ended.clone());
        let outcome = self
            .write(move |tx| {
                Box::pin(async move {
                    if let (Some(session), Some(end)) = (written.session, end) {
                        tx.end_session(session, written.at, &end.reason, end.seal.as_deref()).await?;
                    }
                    tx.fact(written).await
                })
            })
            .await;
        match outcome {
            Ok(_) => Ok(()),
            Err(error) if error.is_gone() => {
                tracing::warn!(kind = %fact.kind, "the database is gone; a fact goes to the spool");
                let store = self.clone();
                let put = tokio::task::spawn_blocking(move || store.shared().spool.put(&fact, ended)).await;
                put.unwrap_or(Err(StoreError::SpoolFull))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the spool can take no more: then no attempt may be heard.
    #[must_use]
    pub fn spool_is_full(&self) -> bool {
        self.shared().spool.is_full()
    }

    /// Brings spooled facts into the ledger; how many.
    ///
    /// # Errors
    /// When the database is gone again: the rest stays in the spool.
    pub async fn drain_spool(&self) -> Result<usize, StoreError> {
        let spool = &self.shared().spool;
        if spool.is_empty() {
            return Ok(0);
        }
        let read_bytes = spool.size_bytes.load(Ordering::Relaxed);
        let lines = spool.lines()?;
        let drained = lines.len();
        for line in lines {
            self.write(move |tx| Box::pin(enter(tx, line))).await?;
        }
        spool.clear(read_bytes)?;
        Ok(drained)
    }
}

async fn enter(tx: &mut crate::Tx, line: Line) -> Result<(), StoreError> {
    let known = sql!(fetch_optional &mut tx.conn, (Uuid,), "SELECT id FROM spooled WHERE id = $1", line.id)?;
    let Ok(kind) = line.kind.parse::<FactKind>() else { return Ok(()) };
    if known.is_some() {
        return Ok(());
    }
    exec!(&mut tx.conn, "INSERT INTO spooled (id) VALUES ($1)", line.id)?;
    if let (Some(session), Some(end)) = (line.session, &line.ended) {
        tx.end_session(session, line.at, &end.reason, end.seal.as_deref()).await?;
    }
    let mut body = line.body;
    if let Value::Object(fields) = &mut body {
        fields.insert("spooled".to_owned(), Value::Bool(true));
    }
    let fact = NewFact {
        kind,
        at: line.at,
        person: line.person,
        vendor: line.vendor,
        target: line.target,
        window: line.window,
        session: line.session,
        attempt: line.attempt,
        body,
    };
    tx.fact(fact).await.map(drop)
}

/// Drains whenever the database is there and something waits.
pub(crate) async fn keep_draining(store: Store) {
    let mut was_gone = false;
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        if store.gone_for().is_some() {
            was_gone = true;
            continue;
        }
        match store.drain_spool().await {
            Ok(0) => {}
            Ok(drained) => tracing::info!(drained, "spooled facts have entered the ledger"),
            Err(error) => tracing::warn!(%error, "the spool could not be drained"),
        }
        if was_gone {
            was_gone = false;
            let back = NewFact::new(FactKind::StoreBack, Timestamp::now(), serde_json::json!({}));
            if let Err(error) = store.fact(back).await {
                tracing::warn!(%error, "that the database is back could not be written");
            }
        }
    }
}
