//! The desk itself: finds a recording by its session, checks it against the ledger, derives views.

use std::path::PathBuf;
use std::sync::Arc;

use chaperone_policy::{Denied, SessionId};
use chaperone_recorder::ledger::Hash;
use chaperone_recorder::{
    Failure, Folder, Identity, LedgerView, PublicKey, RecordError, Verdict, VerifyWith, verify,
};
use chaperone_store::{CommittedFact, Derived, FactKind, Store, StoreError};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError};
use tokio::task::{JoinError, spawn_blocking};

use crate::bundle::BundleError;
use crate::cinema::Cinema;
use crate::look::Look;
use crate::spoken::spoken;

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
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub store: Store,
    pub folder: Folder,
    pub keys: DeskKeys,
    /// Opens typed input; none where it is kept elsewhere.
    pub unmask: Vec<Identity>,
    /// What has been read out of recordings; none on a node that opens none.
    pub derived: Option<Derived>,
    pub places: Semaphore,
    /// One bundle at a time: it reads much, and visits come first.
    pub bundles: Arc<Semaphore>,
    pub cinema: Cinema,
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
    /// Retention has deleted it.
    #[error("deleted by retention on {on} by class {class} (fact {fact})")]
    Deleted {
        /// When its file was deleted.
        on: Timestamp,
        /// By which class.
        class: String,
        /// The fact that says so.
        fact: u64,
    },
    /// A recording over its time cannot be deleted.
    #[error("a recording over its time cannot be deleted")]
    Delete(#[source] RecordError),
    /// Typed input is masked, and no second person has agreed that this one sees it.
    #[error(
        "typed input of this visit is masked for you: nobody has agreed that you see it, or that time is over"
    )]
    Masked,
    /// One of the two may not, any more.
    #[error("typed input stays masked")]
    Denied(#[source] Denied),
    /// The private half of the unmask key is elsewhere.
    #[error("the unmask identity is not on this node: typed input cannot be opened here")]
    NoUnmaskIdentity,
    /// The private half of the evidence key is elsewhere.
    #[error("the evidence identity is not on this node: its content cannot be opened here")]
    NoIdentity,
    /// It cannot be derived.
    #[error("the recording cannot be shown: {0}")]
    View(String),
    /// The look could not be written down, so that there is none.
    #[error("the look could not be written into the ledger")]
    Store(#[from] StoreError),
    /// There is no index to search in.
    #[error("this node keeps nothing that was read out of recordings")]
    NoIndex,
    /// The phrase has no word in it.
    #[error("there is no word in the phrase")]
    NoWords,
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
        Self::with_unmask(store, folder, keys, Vec::new())
    }

    /// The same, on a node that can open typed input too.
    #[must_use]
    pub fn with_unmask(store: Store, folder: Folder, keys: DeskKeys, unmask: Vec<Identity>) -> Self {
        Self::over(store, folder, keys, unmask, None)
    }

    /// The desk with a store of its own for what it reads out of recordings.
    #[must_use]
    pub fn with_derived(self, derived: Derived) -> Self {
        let Inner { store, folder, keys, unmask, .. } = &*self.inner;
        Self::over(store.clone(), folder.clone(), keys.clone(), unmask.clone(), Some(derived))
    }

    fn over(
        store: Store,
        folder: Folder,
        keys: DeskKeys,
        unmask: Vec<Identity>,
        derived: Option<Derived>,
    ) -> Self {
        let (places, bundles) = (Semaphore::new(AT_ONCE), Arc::new(Semaphore::new(1)));
        let cinema = Cinema::default();
        Self { inner: Arc::new(Inner { store, folder, keys, unmask, derived, places, bundles, cinema }) }
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
        if let Some(deleted) = self.deleted(&row).await? {
            return Ok(deleted);
        }
        if row.node != self.inner.store.node() || self.ledger_view(look.session).await?.seal.is_none() {
            return Ok(DeskError::NoRecording);
        }
        let body = json!({ "sound": false, "failure": "missing" });
        self.inner.store.fact(look.fact(FactKind::EvidenceUnsound, body)).await?;
        Ok(DeskError::Missing)
    }

    /// Forgets what was derived from a recording that is deleted.
    pub(crate) async fn forget(&self, session: SessionId) {
        self.inner.cinema.forget(session);
        if let Err(error) = self.forget_derived(session).await {
            tracing::warn!(session.id = %session, %error, "what was derived from a deleted recording could not be forgotten");
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn identities(&self) -> &[Identity] {
        &self.inner.keys.identities
    }

    /// Where the recording of a session is, if it is here.
    pub(crate) fn recording(&self, session: SessionId) -> PathBuf {
        self.inner.folder.recording(session.0)
    }

    /// A place among what the desk does at once, for work that holds a core: whoever comes late waits.
    pub(crate) async fn place(&self) -> Result<SemaphorePermit<'_>, DeskError> {
        self.inner.places.acquire().await.map_err(|_| DeskError::Closing)
    }

    /// The turn to make a bundle.
    pub(crate) fn bundle_turn(&self) -> Result<OwnedSemaphorePermit, BundleError> {
        Arc::clone(&self.inner.bundles).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => BundleError::Busy,
            TryAcquireError::Closed => BundleError::Closing,
        })
    }

    pub(crate) fn file(&self, session: SessionId) -> Result<PathBuf, DeskError> {
        let path = self.inner.folder.recording(session.0);
        if path.is_file() { Ok(path) } else { Err(DeskError::NoRecording) }
    }

    /// What the ledger holds of a session's recording: its seal, and every checkpoint of it on the way.
    pub(crate) async fn ledger_view(&self, session: SessionId) -> Result<LedgerView, StoreError> {
        let store = &self.inner.store;
        let facts = store.session_facts(session).await?;
        let (Some(first), Some(last)) = (facts.first(), facts.last()) else {
            return Ok(LedgerView { session: Some(session.0), ..LedgerView::default() });
        };
        let is_sealed =
            |fact: &&CommittedFact| matches!(fact.kind, FactKind::SessionSealed | FactKind::SessionRecovered);
        let seal = facts.iter().rev().filter(is_sealed).find_map(|fact| hash(fact.body.get("seal_hash")?));
        let known = store.growth_of(session, first.window, first.number..last.number).await?;
        let checkpoints = known.into_iter().map(|known| known.checkpoint).collect();
        Ok(LedgerView { session: Some(session.0), checkpoints, seal })
    }
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

pub(crate) fn hex(hash: Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
