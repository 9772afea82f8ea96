//! Files that a client writes to a server whose files are staged: into the stage as they come, looked at when they are
//! whole, and only then released to the server, in the same visit and on the client's own word. Nothing waits here longer
//! than that, and what is not released is gone.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chaperone_policy::{Access, FileHash, FileId};
use chaperone_store::FactKind;
use serde_json::{Value, json};
use uuid::Uuid;

use super::NotTaken;
use super::carrier::Carrier;
use super::release::with;
use super::under_way::Share;
use crate::courier::{Delivered, FileAttributes, NotDelivered, Parcel};
use crate::failpoint;
use crate::gate::Gate;
use crate::live::LiveSession;
use crate::room::Room;
use crate::scan::{Content, Scanner, Verdict};
use crate::stage::{Coming, Stage, StageError, Taken};

/// How long a client may be silent about a file, in seconds.
const SILENT_SECONDS: u32 = 300;

/// Which file of which channel.
#[derive(Clone, Debug)]
pub struct Passing {
    /// Through which channel.
    pub channel: u32,
    /// Its number on the channel.
    pub file: u32,
    /// Where the client wants it.
    pub path: String,
}

/// Why a file did not get to its server. Display is what the client reads.
#[derive(Debug, thiserror::Error)]
pub enum NotPassed {
    /// It was not taken into the stage, or not let out of it.
    #[error("{0}")]
    NotTaken(NotTaken),
    /// The window does not grant it any more.
    #[error("this change window does not grant writing files any more")]
    NotGranted,
    /// The server did not take it.
    #[error("{0}")]
    NotDelivered(NotDelivered),
}

/// A file on its way into the stage. Dropped before it was released, it is gone, and that is a fact.
pub struct Staging {
    gate: Gate,
    session: Arc<LiveSession>,
    of: Passing,
    id: FileId,
    stage: Stage,
    scanner: Scanner,
    coming: Option<Coming>,
    share: Share,
    /// Whether what became of it is a fact.
    told: bool,
}

impl Gate {
    /// Begins to take a file that a client of this session writes.
    ///
    /// # Errors
    /// Why not: nothing of it may be taken then.
    pub async fn begin_staging(&self, session: &Arc<LiveSession>, of: Passing) -> Result<Staging, NotTaken> {
        let scanner = self.uploads().scanner.clone().ok_or(NotTaken::NoScanner)?;
        if self.shared.room.now() != Room::Ok {
            return Err(NotTaken::Room);
        }
        let window = session.permit().window();
        let (waits, _) = self.shared.store.staged_for(window).await?;
        let most = self.uploads().window_bytes.saturating_sub(waits);
        let share = self.shared.under_way.share(window, most).ok_or(NotTaken::TooMany)?;
        let (id, stage) = (FileId(Uuid::now_v7()), self.stage());
        let coming = Some(stage.take(id));
        let (gate, session) = (self.clone(), Arc::clone(session));
        Ok(Staging { gate, session, of, id, stage, scanner, coming, share, told: false })
    }
}

impl Staging {
    /// How long a client may be silent about a file that it writes while its input flows: others wait for the place.
    #[must_use]
    pub fn patience() -> Duration {
        Duration::from_secs(u64::from(failpoint::bound("staging-patience", SILENT_SECONDS)))
    }

    /// How much of it has come, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.share.bytes()
    }

    /// Takes what follows; it is in the recording already.
    ///
    /// # Errors
    /// When it is too much, or the stage cannot take it: nothing more of it may be taken then.
    pub async fn put(&mut self, piece: Bytes) -> Result<(), NotTaken> {
        let (most, all) = (self.gate.uploads().file_bytes, self.gate.uploads().window_bytes);
        let more = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if self.bytes().saturating_add(more) > most {
            return Err(NotTaken::TooBig(most));
        }
        if !self.share.grows(more) {
            return Err(NotTaken::TooMuch(all));
        }
        let Some(coming) = &self.coming else { return Err(NotTaken::BrokeOff) };
        if coming.put(piece).await {
            return Ok(());
        }
        let ended = match self.coming.take() {
            Some(coming) => coming.whole().await.map(drop),
            None => Err(StageError::Work),
        };
        Err(ended.map_or_else(Into::into, |()| NotTaken::BrokeOff))
    }

    /// There is no more: hashes it, has it scanned, holds it against the plan, and only then puts it onto the server. What
    /// becomes of it is in the recording and a fact when this returns. It runs on a task of its own: whoever waits for it may
    /// be gone before it is through.
    ///
    /// # Errors
    /// Why it is not on the server.
    pub async fn release(
        mut self,
        attributes: FileAttributes,
        replaces: bool,
        carrier: &mut Carrier,
    ) -> Result<Delivered, NotPassed> {
        let coming = self.coming.take().ok_or(NotPassed::NotTaken(NotTaken::BrokeOff))?;
        let taken = coming.whole().await.map_err(|error| NotPassed::NotTaken(error.into()))?;
        let mut about = self.about(Some(&taken));
        let released = self.pass(taken, (attributes, replaces), carrier, &mut about).await;
        match &released {
            Ok(delivered) => self.write_released(about, delivered).await,
            Err(error) => self.write_not_passed(about, error).await,
        }
        self.stage.remove(self.id).await;
        released
    }

    async fn pass(
        &self,
        taken: Taken,
        (attributes, replaces): (FileAttributes, bool),
        carrier: &mut Carrier,
        about: &mut Value,
    ) -> Result<Delivered, NotPassed> {
        let Taken { size_bytes, sha256 } = taken;
        let name = self.name().to_owned();
        let content = Content { name, size_bytes, sha256: sha256.clone(), chunks: self.stage.read(self.id) };
        let looked = self.session.unless_cut(self.scanner.scan(content)).await;
        let (verdict, scanner) = match looked {
            None => return Err(NotPassed::NotDelivered(NotDelivered::Ended)),
            Some(Ok(looked)) => looked,
            Some(Err(error)) => return Err(NotPassed::NotTaken(NotTaken::Unscanned(error))),
        };
        add(about, json!({ "scanner": scanner }));
        if let Verdict::Found(found) = verdict {
            return Err(NotPassed::NotTaken(NotTaken::Found(found)));
        }
        if !self.session.grants(Access::SftpWrite) {
            return Err(NotPassed::NotGranted);
        }
        let chunks = self.stage.read(self.id);
        let to = self.of.path.clone();
        let parcel = Parcel { name: None, size_bytes, sha256, to, replaces, attributes, chunks };
        carrier.deliver(parcel).await.map_err(NotPassed::NotDelivered)
    }

    fn name(&self) -> &str {
        self.of.path.rsplit('/').next().unwrap_or(&self.of.path)
    }

    /// What is known of it, with its size and hash once it is whole.
    fn about(&self, taken: Option<&Taken>) -> Value {
        let target = self.session.permit().target().name.clone();
        let mut about = json!({
            "way": "sftp", "file": self.id, "number": self.of.file, "channel": self.of.channel, "name": self.name(),
            "path": self.of.path, "to": format!("{target}:{}", self.of.path), "scanner": self.scanner.at.to_string(),
            "source": self.session.source.to_string(),
        });
        match taken {
            Some(taken) => {
                let hash = taken.sha256.parse::<FileHash>().ok();
                let planned = self.gate.planned(&self.session, &self.of.path, hash);
                let plan = planned.map(|planned| planned.as_str());
                let size = taken.size_bytes.to_string();
                add(&mut about, json!({ "size_bytes": size, "sha256": taken.sha256, "plan": plan }));
            }
            None => add(&mut about, json!({ "bytes": self.bytes().to_string() })),
        }
        about
    }

    async fn write_released(&mut self, about: Value, delivered: &Delivered) {
        let body = with(about, json!({ "placed": delivered.path, "read_back_sha256": delivered.sha256 }));
        self.write(FactKind::FileReleased, "file-released", body).await;
    }

    async fn write_not_passed(&mut self, about: Value, error: &NotPassed) {
        let why = error.to_string();
        let (kind, event, more) = match error {
            NotPassed::NotTaken(NotTaken::Found(found)) => {
                let more = json!({ "failure": "virus", "found": found, "outcome": "refused" });
                (FactKind::FileRefused, "file-refused", more)
            }
            NotPassed::NotTaken(NotTaken::Unscanned(cause)) => {
                tracing::warn!(
                    error = cause as &dyn std::error::Error,
                    "a file could not be scanned; it is refused"
                );
                let why = cause.to_string();
                (
                    FactKind::FileRefused,
                    "file-refused",
                    json!({ "failure": "scanner", "why": why, "outcome": "refused" }),
                )
            }
            _ => (FactKind::FileNotReleased, "file-not-released", json!({})),
        };
        let body = with(with(about, json!({ "why": why })), more);
        self.write(kind, event, body).await;
    }

    /// In the recording first, then in the ledger.
    async fn write(&mut self, kind: FactKind, event: &'static str, body: Value) {
        self.told = true;
        self.session.note_files(self.of.channel, event, body.clone()).await;
        self.gate.write_or_spool(self.session.fact(kind, body), None).await;
    }

    /// Gives it up before it was whole.
    pub async fn give_up(mut self, why: &str) {
        let about = with(self.about(None), json!({ "why": why }));
        self.write(FactKind::FileNotReleased, "file-not-released", about).await;
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if self.told {
            return;
        }
        // Its client broke off, or its visit ended: the stage throws it away by itself, since it is not whole.
        let body = with(self.about(None), json!({ "why": "the upload broke off" }));
        let (gate, fact) = (self.gate.clone(), self.session.fact(FactKind::FileNotReleased, body));
        let (stage, id) = (self.stage.clone(), self.id);
        drop(self.coming.take());
        self.gate.beside(async move {
            stage.remove(id).await;
            gate.write_or_spool(fact, None).await;
        });
    }
}

fn add(body: &mut Value, more: Value) {
    *body = with(std::mem::take(body), more);
}
