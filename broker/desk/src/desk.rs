//! The desk itself: finds a recording by its session, checks it against the ledger, derives views.

use std::path::PathBuf;
use std::sync::Arc;

use chaperone_policy::SessionId;
use chaperone_recorder::ledger::Hash;
use chaperone_recorder::{Folder, Identity, LedgerView, PublicKey, Verdict, VerifyWith, verify};
use chaperone_store::{CommittedFact, FactKind, Store, StoreError};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

use crate::look::Look;
use crate::spoken::spoken;
use crate::view::{View, ViewError};

/// Recordings derived or verified at once: each holds a core and the view in memory, and visits come first.
const AT_ONCE: usize = 2;

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
}

/// Why evidence could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no recording of this session here.
    #[error("there is no recording of this visit on this node")]
    NoRecording,
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
        Self { inner: Arc::new(Inner { store, folder, keys, places: Semaphore::new(AT_ONCE) }) }
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
        let derived = spawn_blocking(move || view.derive(&path, &identities)).await?;
        derived.map_err(|error| DeskError::View(chain(&error)))
    }

    /// Checks a recording: its own chain and seal, and that the ledger has this seal and every checkpoint of it. The
    /// verdict is a fact before it is an answer.
    ///
    /// # Errors
    /// When there is no recording, or the ledger cannot be read or written.
    pub async fn verify(&self, look: &Look) -> Result<(Verdict, String), DeskError> {
        let path = self.file(look.session)?;
        let with = VerifyWith {
            keys: self.inner.keys.seal_keys.clone(),
            identities: self.inner.keys.identities.clone(),
            ledger: Some(self.ledger_view(look.session).await?),
        };
        let place = self.inner.places.acquire().await.map_err(|_| DeskError::Closing)?;
        let verdict = spawn_blocking(move || verify(&path, &with)).await?;
        drop(place);
        let body = json!({
            "sound": verdict.sound,
            "failure": verdict.failure().map(chaperone_recorder::Failure::name),
            "seal": verdict.seal_hash.map(hex),
        });
        self.inner.store.fact(look.fact(FactKind::RecordingVerified, body)).await?;
        let words = spoken(&verdict);
        Ok((verdict, words))
    }

    fn file(&self, session: SessionId) -> Result<PathBuf, DeskError> {
        let path = self.inner.folder.recording(session.0);
        if path.is_file() { Ok(path) } else { Err(DeskError::NoRecording) }
    }

    /// What the ledger holds of a session's recording.
    async fn ledger_view(&self, session: SessionId) -> Result<LedgerView, StoreError> {
        let facts = self.inner.store.session_facts(session).await?;
        let is_sealed = |fact: &&CommittedFact| {
            matches!(fact.kind, FactKind::SessionSealed | FactKind::SessionRecovered)
        };
        let seal = facts.iter().rev().filter(is_sealed).find_map(|fact| sealed_hash(&fact.body));
        Ok(LedgerView { checkpoints: Vec::new(), seal })
    }
}

fn sealed_hash(body: &Value) -> Option<Hash> {
    let text = body.get("seal")?.as_str()?;
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
