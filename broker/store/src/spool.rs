//! Where refusals and ends of sessions go while the database is gone (DESIGN 5.4): a bounded file, synced line by line,
//! that enters the ledger with its original times, each line once.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Error, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use chaperone_policy::{AttemptId, PersonId, SessionId, TargetId, VendorId, WindowId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{FactKind, NewFact, StoreError};

/// Largest spool: a day of refusals at one a second. Beyond it the listener closes rather than lose a fact.
const MAX_BYTES: u64 = 64 << 20;

/// In the body of a fact that waited here: the line's id.
pub(crate) const MARK: &str = "spooled";

/// The spool's file.
pub(crate) struct Spool {
    path: PathBuf,
    /// Stands at its end, which is the end of a line.
    file: Mutex<File>,
    size_bytes: AtomicU64,
}

/// A fact on its way around a database that is gone.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub id: Uuid,
    pub kind: String,
    pub at: Timestamp,
    pub person: Option<PersonId>,
    pub vendor: Option<VendorId>,
    pub target: Option<TargetId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<TargetId>,
    pub window: Option<WindowId>,
    pub session: Option<SessionId>,
    pub attempt: Option<AttemptId>,
    pub body: Value,
    /// How the session ended, where the fact is an end: its row wants it too.
    pub ended: Option<SpooledEnd>,
}

/// A session's end that could not be written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpooledEnd {
    /// Why.
    pub reason: String,
    /// The seal in brief, as JSON; `None` where the recording is not sealed yet.
    pub seal: Option<String>,
}

impl Spool {
    /// Opens the file, or makes it. A torn last line was never acknowledged: it is cut off.
    pub(crate) fn open(path: PathBuf) -> Result<Self, StoreError> {
        let opened =
            OpenOptions::new().create(true).read(true).write(true).truncate(false).mode(0o600).open(&path);
        let mut file = opened.map_err(StoreError::file("open the spool"))?;
        let size = cut(&mut file).map_err(StoreError::file("read the spool"))?;
        sync_folder(&path)?;
        Ok(Self { path, file: Mutex::new(file), size_bytes: AtomicU64::new(size) })
    }

    pub(crate) fn is_full(&self) -> bool {
        self.size_bytes.load(Ordering::Relaxed) >= MAX_BYTES
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.size_bytes.load(Ordering::Relaxed) == 0
    }

    /// Returns once the line is on stable storage. What could not be written whole is cut off again.
    pub(crate) fn put(&self, line: &Line) -> Result<(), StoreError> {
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
    pub(crate) fn waiting(&self) -> Result<(Vec<Line>, u64), StoreError> {
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
    pub(crate) fn set_aside(&self, text: &str) -> Result<(), StoreError> {
        let aside = self.path.with_extension("aside");
        let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(aside);
        let mut file = opened.map_err(StoreError::file("open what the spool sets aside"))?;
        let written = writeln!(file, "{text}").and_then(|()| file.sync_data());
        written.map_err(StoreError::file("write what the spool sets aside"))
    }

    /// Empties the file, unless something was put since it was `size` long.
    pub(crate) fn clear(&self, size: u64) -> Result<(), StoreError> {
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
    pub(crate) fn new(fact: &NewFact, ended: Option<SpooledEnd>) -> Self {
        Self {
            id: Uuid::now_v7(),
            kind: fact.kind.as_str().to_owned(),
            at: fact.at,
            person: fact.person,
            vendor: fact.vendor,
            target: fact.target,
            also: fact.also.clone(),
            window: fact.window,
            session: fact.session,
            attempt: fact.attempt,
            body: fact.body.clone(),
            ended,
        }
    }

    /// The fact, marked as one that waited.
    pub(crate) fn fact(self) -> Result<(NewFact, Option<SpooledEnd>), StoreError> {
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
            also: self.also,
            window: self.window,
            session: self.session,
            attempt: self.attempt,
            body,
        };
        Ok((fact, self.ended))
    }
}
