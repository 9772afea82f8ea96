//! The desk itself: finds a recording by its session, checks it against the ledger, derives views.

use std::path::PathBuf;
use std::sync::Arc;

use chaperone_policy::SessionId;
use chaperone_recorder::ledger::Hash;
use chaperone_recorder::replay::Film;
use chaperone_recorder::{
    Checkpoint, Failure, Folder, Identity, LedgerView, PublicKey, Verdict, VerifyWith, verify,
};
use chaperone_store::{CommittedFact, FactFilter, FactKind, Store, StoreError};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::{JoinError, spawn_blocking};

use crate::cinema::{self, Cinema};
use crate::look::Look;
use crate::spoken::spoken;
use crate::view::{View, ViewError};

/// Recordings derived or verified at once: each holds a core and the view in memory, and visits come first.
const AT_ONCE: usize = 2;

/// Facts read at once.
const PAGE: u32 = 500;

/// Which seals count, and who opens content.
#[derive(Clone, Debug)]
pub struct DeskKeys {
    /// Seal keys that are trusted.
    pub seal_keys: Vec<PublicKey>,
    /// Evidence identities; none where the private halves are kept elsewhere.
    pub identities: Vec<Identity>,
}

/// A desk; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    folder: Folder,
    keys: DeskKeys,
    places: Semaphore,
    cinema: Cinema,
}

/// Why evidence could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no recording of this session here.
    #[error("there is no recording of this visit on this node")]
    NoRecording,
    /// The ledger has its seal, and the file is not there. A fact, and an alarm.
    #[error("the ledger has the seal of this recording, and its file is gone from this node")]
    Missing,
    /// The private half of the evidence key is elsewhere.
    #[error("the evidence identity is not on this node: its content cannot be opened here")]
    NoIdentity,
    /// It cannot be derived.
    #[error("the recording cannot be shown: {0}")]
    View(String),
    /// The look could not be written down, so that there is none.
    #[error("the look could not be written into the ledger")]
    Store(#[from] StoreError),
    /// The work did not finish.
    #[error("the work on the recording did not finish")]
    Work(#[from] JoinError),
    /// The desk is closing.
    #[error("the desk is closing")]
    Closing,
}

impl Desk {
    /// A desk over the node's recordings.
    #[must_use]
    pub fn new(store: Store, folder: Folder, keys: DeskKeys) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                folder,
                keys,
                places: Semaphore::new(AT_ONCE),
                cinema: Cinema::default(),
            }),
        }
    }

    /// A view of a recording. That somebody looks is committed before they see anything.
    ///
    /// # Errors
    /// When there is none, it cannot be opened here, or the fact cannot be written.
    pub async fn view(&self, look: &Look, view: View, exported: bool) -> Result<Vec<u8>, DeskError> {
        let path = self.file(look.session)?;
        if view != View::Sealed && self.inner.keys.identities.is_empty() {
            return Err(DeskError::NoIdentity);
        }
        let kind = if exported { FactKind::RecordingExported } else { FactKind::RecordingViewed };
        self.inner.store.fact(look.fact(kind, json!({ "format": view.as_str() }))).await?;
        let _place = self.inner.places.acquire().await.map_err(|_| DeskError::Closing)?;
        let identities = self.inner.keys.identities.clone();
        let session = look.session;
        let derived = spawn_blocking(move || view.derive(&path, session, &identities)).await?;
        derived.map_err(|error| DeskError::View(chain(&error)))
    }

    /// The film of a recording, for replay. The look is committed before anything is seen; one fact stands for the looks
    /// of one person for ten minutes.
    ///
    /// # Errors
    /// As [`Desk::view`].
    pub async fn film(&self, look: &Look) -> Result<Arc<Film>, DeskError> {
        let path = self.file(look.session)?;
        if self.inner.keys.identities.is_empty() {
            return Err(DeskError::NoIdentity);
        }
        let cinema = &self.inner.cinema;
        if !cinema.stands(look.by, look.session, look.at) {
            let fact = look.fact(FactKind::RecordingViewed, json!({ "format": "replay" }));
            self.inner.store.fact(fact).await?;
            cinema.looked(look.by, look.session, look.at);
        }
        let stamp = cinema::stamp(&path);
        if let Some(film) = cinema.kept(look.session, stamp) {
            return Ok(film);
        }
        let _place = self.inner.places.acquire().await.map_err(|_| DeskError::Closing)?;
        let identities = self.inner.keys.identities.clone();
        let session = look.session;
        let derived = spawn_blocking(move || cinema::derive(&path, session, &identities)).await?;
        let film = Arc::new(derived.map_err(|bad| DeskError::View(bad.to_string()))?);
        cinema.keep(look.session, stamp, &film);
        Ok(film)
    }

    /// Checks a recording: its own chain and seal, and that the ledger has this seal and every checkpoint of it. The
    /// verdict is a fact before it is an answer.
    ///
    /// # Errors
    /// When there is no recording, or the ledger cannot be read or written.
    pub async fn verify(&self, look: &Look) -> Result<(Verdict, String), DeskError> {
        let path = match self.file(look.session) {
            Err(DeskError::NoRecording) => return Err(self.absent(look).await?),
            found => found?,
        };
        let ledger = self.ledger_view(look.session).await?;
        let sealed = ledger.seal.is_some();
        let with = VerifyWith {
            keys: self.inner.keys.seal_keys.clone(),
            identities: self.inner.keys.identities.clone(),
            ledger: Some(ledger),
        };
        let place = self.inner.places.acquire().await.map_err(|_| DeskError::Closing)?;
        let verdict = spawn_blocking(move || verify(&path, &with)).await?;
        drop(place);
        let body = json!({
            "sound": verdict.sound,
            "failure": verdict.failure().map(Failure::name),
            "seal": verdict.seal_hash.map(hex),
        });
        // A visit that is not sealed yet lacks a seal; nothing else may be wrong with it.
        let goes_on = !sealed && verdict.failure() == Some(Failure::MissingSeal);
        if !verdict.sound && !goes_on {
            self.inner.store.fact(look.fact(FactKind::EvidenceUnsound, body.clone())).await?;
        }
        self.inner.store.fact(look.fact(FactKind::RecordingVerified, body)).await?;
        let words = spoken(&verdict);
        Ok((verdict, words))
    }

    /// A recording that is not here: was never on this node, or has gone from it.
    async fn absent(&self, look: &Look) -> Result<DeskError, DeskError> {
        let row = match self.inner.store.session(look.session).await {
            Err(StoreError::NotFound(_)) => return Ok(DeskError::NoRecording),
            found => found?,
        };
        if row.node != self.inner.store.node() || self.ledger_view(look.session).await?.seal.is_none() {
            return Ok(DeskError::NoRecording);
        }
        let body = json!({ "sound": false, "failure": "missing" });
        self.inner.store.fact(look.fact(FactKind::EvidenceUnsound, body)).await?;
        Ok(DeskError::Missing)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// A place for work that holds a core: whoever comes late waits.
    pub(crate) async fn place(&self) -> Result<SemaphorePermit<'_>, DeskError> {
        self.inner.places.acquire().await.map_err(|_| DeskError::Closing)
    }

    fn file(&self, session: SessionId) -> Result<PathBuf, DeskError> {
        let path = self.inner.folder.recording(session.0);
        if path.is_file() { Ok(path) } else { Err(DeskError::NoRecording) }
    }

    /// What the ledger holds of a session's recording: its seal, and every checkpoint of it on the way.
    async fn ledger_view(&self, session: SessionId) -> Result<LedgerView, StoreError> {
        let store = &self.inner.store;
        let facts = store.session_facts(session).await?;
        let (Some(first), Some(last)) = (facts.first(), facts.last()) else {
            return Ok(LedgerView { session: Some(session.0), ..LedgerView::default() });
        };
        let is_sealed =
            |fact: &&CommittedFact| matches!(fact.kind, FactKind::SessionSealed | FactKind::SessionRecovered);
        let seal = facts.iter().rev().filter(is_sealed).find_map(|fact| hash(fact.body.get("seal_hash")?));
        let mut checkpoints = Vec::new();
        let kind = Some(FactKind::RecordingCheckpoint.as_str().to_owned());
        let mut filter = FactFilter { after: first.number, kind, session: None };
        loop {
            let page = store.facts_page(&filter, PAGE).await?;
            let within = page.iter().take_while(|fact| fact.number < last.number);
            checkpoints.extend(within.flat_map(|fact| listed(&fact.body, session)));
            match page.last() {
                Some(newest) if newest.number < last.number => filter.after = newest.number + 1,
                _ => return Ok(LedgerView { session: Some(session.0), checkpoints, seal }),
            }
        }
    }
}

/// The checkpoints of one recording that a fact lists.
fn listed(body: &Value, session: SessionId) -> Vec<Checkpoint> {
    let recordings = body.get("recordings").and_then(Value::as_array);
    recordings
        .into_iter()
        .flatten()
        .filter_map(Checkpoint::from_ledger)
        .filter(|checkpoint| checkpoint.session == session.0)
        .collect()
}

fn hash(text: &Value) -> Option<Hash> {
    let text = text.as_str()?;
    let mut hash = Hash::default();
    if text.len() != hash.len() * 2 {
        return None;
    }
    for (byte, at) in hash.iter_mut().zip((0..text.len()).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(hash)
}

fn hex(hash: Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn chain(error: &ViewError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
