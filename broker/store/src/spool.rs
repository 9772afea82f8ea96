//! Where refusals and ends of sessions go while the database is gone (DESIGN 5.4): a bounded file, synced line by line,
//! that enters the ledger with its original times, each line once.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Error, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chaperone_policy::{AttemptId, PersonId, SessionId, TargetId, VendorId, WindowId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::sql;
use crate::facts::body_of;
use crate::{FactKind, NewFact, Store, StoreError, Tx};

/// Largest spool: a day of refusals at one a second. Beyond it the listener closes rather than lose a fact.
const MAX_BYTES: u64 = 64 << 20;

/// In the body of a fact that waited here: the line's id.
const MARK: &str = "spooled";
/// Lines that enter the ledger in one command.
const TOGETHER: usize = 100;

type About = (Option<Uuid>, Option<Uuid>, Option<Uuid>, Option<String>);

/// The spool's file.
pub(crate) struct Spool {
    path: PathBuf,
    /// Stands at its end, which is the end of a line.
    file: Mutex<File>,
    size_bytes: AtomicU64,
}

/// A fact on its way around a database that is gone.
#[derive(Clone, Serialize, Deserialize)]
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
    /// Opens the file, or makes it. A torn last line was never acknowledged: it is cut off.
    pub(crate) fn open(path: PathBuf) -> Result<Self, StoreError> {
        let opened = OpenOptions::new().create(true).read(true).write(true).truncate(false).open(&path);
        let mut file = opened.map_err(StoreError::file("open the spool"))?;
        let size = cut(&mut file).map_err(StoreError::file("read the spool"))?;
        sync_folder(&path)?;
        Ok(Self { path, file: Mutex::new(file), size_bytes: AtomicU64::new(size) })
    }

    pub(crate) fn is_full(&self) -> bool {
        self.size_bytes.load(Ordering::Relaxed) >= MAX_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.size_bytes.load(Ordering::Relaxed) == 0
    }

    /// Returns once the line is on stable storage. What could not be written whole is cut off again.
    fn put(&self, line: &Line) -> Result<(), StoreError> {
        let mut text = serde_json::to_string(line).map_err(StoreError::corrupt("fact"))?;
        text.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_full() {
            return Err(StoreError::SpoolFull);
        }
        if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.sync_data()) {
            let size = self.size_bytes.load(Ordering::Relaxed);
            if let Err(error) = file.set_len(size).and_then(|()| file.seek(SeekFrom::End(0))) {
                tracing::error!(%error, "a torn line stays in the spool");
            }
            return Err(StoreError::file("write the spool")(error));
        }
        self.size_bytes.fetch_add(u64::try_from(text.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(())
    }

    /// Everything that waits, and how many bytes it is.
    fn waiting(&self) -> Result<(Vec<Line>, u64), StoreError> {
        let size = self.size_bytes.load(Ordering::Relaxed);
        let file = File::open(&self.path).map_err(StoreError::file("read the spool"))?;
        let mut lines = Vec::new();
        for text in BufReader::new(file).lines() {
            let text = text.map_err(StoreError::file("read the spool"))?;
            match serde_json::from_str(&text) {
                Ok(line) => lines.push(line),
                Err(error) => {
                    tracing::error!(%error, "a line of the spool cannot be read; it is set aside");
                    self.set_aside(&text)?;
                }
            }
        }
        Ok((lines, size))
    }

    /// Keeps what cannot enter the ledger in a file beside, for people.
    fn set_aside(&self, text: &str) -> Result<(), StoreError> {
        let aside = self.path.with_extension("aside");
        let opened = OpenOptions::new().create(true).append(true).open(aside);
        let mut file = opened.map_err(StoreError::file("open what the spool sets aside"))?;
        let written = writeln!(file, "{text}").and_then(|()| file.sync_data());
        written.map_err(StoreError::file("write what the spool sets aside"))
    }

    /// Empties the file, unless something was put since it was `size` long.
    fn clear(&self, size: u64) -> Result<(), StoreError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if self.size_bytes.load(Ordering::Relaxed) != size {
            return Ok(());
        }
        let emptied = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.sync_all());
        emptied.map_err(StoreError::file("empty the spool"))?;
        self.size_bytes.store(0, Ordering::Relaxed);
        Ok(())
    }
}

/// Cuts a file after its last newline; its length then.
fn cut(file: &mut File) -> Result<u64, Error> {
    let mut whole = 0_u64;
    let mut reader = BufReader::new(&*file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 || line.last() != Some(&b'\n') {
            break;
        }
        whole += u64::try_from(read).map_err(|_| Error::from(ErrorKind::FileTooLarge))?;
    }
    file.set_len(whole)?;
    file.seek(SeekFrom::End(0))?;
    file.sync_all()?;
    Ok(whole)
}

fn sync_folder(file: &Path) -> Result<(), StoreError> {
    let Some(folder) = file.parent() else { return Ok(()) };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(StoreError::file("sync the data folder"))
}

impl Line {
    fn new(fact: &NewFact, ended: Option<SpooledEnd>) -> Self {
        Self {
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
        }
    }

    /// The fact, marked as one that waited.
    fn fact(self) -> Result<(NewFact, Option<SpooledEnd>), StoreError> {
        let kind = self.kind.parse::<FactKind>();
        let kind = kind.map_err(|_| StoreError::Corrupt { what: "fact's kind", source: None })?;
        let mut body = self.body;
        if let Value::Object(fields) = &mut body {
            fields.insert(MARK.to_owned(), Value::String(self.id.to_string()));
        }
        let fact = NewFact {
            kind,
            at: self.at,
            person: self.person,
            vendor: self.vendor,
            target: self.target,
            window: self.window,
            session: self.session,
            attempt: self.attempt,
            body,
        };
        Ok((fact, self.ended))
    }
}

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
        let put =
            tokio::task::spawn_blocking(move || store.shared().spool.put(&Line::new(&fact, ended))).await;
        put.unwrap_or(Err(StoreError::SpoolFull))
    }

    /// Whether the spool can take no more: then no attempt may be heard.
    #[must_use]
    pub fn spool_is_full(&self) -> bool {
        self.shared().spool.is_full()
    }

    /// Bytes that wait in the spool.
    #[must_use]
    pub fn spool_bytes(&self) -> u64 {
        self.shared().spool.size_bytes.load(Ordering::Relaxed)
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
        let (lines, size) = spool.waiting()?;
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
