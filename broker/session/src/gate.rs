//! What every session of a node shares, and the questions that a door may ask.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chaperone_policy::{
    Access, AccountName, Attempt, AttemptId, Facts, NodeConditions, PersonId, ProvenKey, Reason, Refusal,
    SessionId, TargetName, WindowId,
};
use chaperone_recorder::{Durability, Folder, Recipient, RecordingKeys};
use chaperone_store::{Store, StoreError};
use chaperone_vault::Vault;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::clock::{ClockWatch, Trust};
use crate::live::LiveSession;
use crate::pen::Workers;
use crate::proof::Proof;
use crate::record::Unwritten;
use crate::registry::Registry;
use crate::room::{KnownRoom, Room};
use crate::uploads::{UnderWay, UploadSettings};

/// How a node treats its sessions.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Before which remaining times the technician is warned.
    pub warn_before: Vec<Duration>,
    /// How long sessions outlive the database.
    pub store_grace: Duration,
    /// How long forwarding waits for a recording that cannot be written.
    pub recorder_grace: Duration,
    /// For how long another node is not heard of before its sessions are lost.
    pub lost_after: Duration,
    /// How long a visit waits for an observer, where it needs one; then it ends.
    pub observer_wait: Duration,
    /// How long after a connection was lost its technician may come back to the same visit; zero: never.
    pub come_back: Duration,
    /// When recorded bytes must be on stable storage; a target can ask for more, not for less.
    pub durability: Durability,
    /// The hospital's time zone, for words.
    pub zone: TimeZone,
    /// What the gate calls itself to technicians.
    pub gate_name: String,
    /// Whom technicians call.
    pub help: String,
    /// How files that are sent ahead are taken.
    pub uploads: UploadSettings,
    /// The addresses that targets see the gate come from, as certificates name them; nothing where nobody has said.
    pub leaves_from: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            warn_before: [15, 5, 1].map(|minutes| Duration::from_secs(minutes * 60)).into(),
            store_grace: Duration::from_secs(10),
            recorder_grace: Duration::from_secs(60),
            lost_after: Duration::from_secs(900),
            observer_wait: Duration::from_secs(900),
            come_back: Duration::from_secs(900),
            durability: Durability::Prompt,
            zone: TimeZone::UTC,
            gate_name: "Chaperone".to_owned(),
            help: "clinical engineering".to_owned(),
            uploads: UploadSettings::default(),
            leaves_from: Vec::new(),
        }
    }
}

/// One node's gate; cheap to clone.
#[derive(Clone)]
pub struct Gate {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub store: Store,
    pub folder: Folder,
    /// None on a node that takes no visits. Recipients change while it runs.
    pub keys: Mutex<Option<RecordingKeys>>,
    pub vault: Vault,
    pub settings: Settings,
    pub clock: ClockWatch,
    pub live: Registry,
    /// What recovery found and the database could not take; written once it can.
    pub unwritten: Mutex<Vec<Unwritten>>,
    pub workers: Arc<Workers>,
    pub room: KnownRoom,
    /// What comes into the stage by way of visits.
    pub under_way: UnderWay,
    /// Where deadlines, ends and the writing of facts run: never on a thread that writes to a recording.
    pub core: Handle,
}

/// A proven person who wants to reach a target.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who.
    pub person: PersonId,
    /// The key they proved it with.
    pub key: Option<ProvenKey>,
    /// What they name.
    pub target: TargetName,
    /// Which account they name.
    pub account: Option<AccountName>,
    /// The one window that their proof is for; any of their own where it is for none.
    pub within: Option<WindowId>,
    /// What they come for, where the door knows it before there is a channel: a window that does not grant it refuses.
    pub access: Option<Access>,
    /// Where from.
    pub source: SocketAddr,
    /// How they proved who they are, with what they offered on the way; no secret.
    pub proof: serde_json::Value,
    /// What they proved it with, where the same is shown for one visit after the other, until somebody stops one.
    pub shown: Option<Proof>,
    /// `ssh` or `tls`.
    pub protocol: &'static str,
    /// What the peer was told to give the help desk.
    pub reference: String,
}

impl Ask {
    /// What is spoken: `ssh`, `tls`, or `http` where a web console is asked for.
    pub(crate) fn speaks(&self) -> &'static str {
        match self.proof.get("method").and_then(serde_json::Value::as_str) {
            Some("visit-token") => "http",
            _ => self.protocol,
        }
    }
}

/// A reference for one connection, random: shown before anybody is proven, and in the facts that come of it.
#[must_use]
pub fn new_reference() -> String {
    short(Uuid::new_v4())
}

/// A refused attempt, as a door may show it.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Why, for the gate's own use.
    pub reason: Reason,
    /// What the technician reads: one sentence, their own next window, how to ask, a reference.
    pub text: String,
}

impl Gate {
    /// A gate over its parts. Call [`Gate::run`] once beside it. What must never wait for a recording's medium runs on the
    /// runtime that this is called on; visits may run on another.
    #[must_use]
    pub fn new(store: Store, folder: Folder, keys: RecordingKeys, vault: Vault, settings: Settings) -> Self {
        Self::with(store, folder, Some(keys), vault, settings)
    }

    /// The gate of a node that takes no visits: it has no key to record with, and starts no session.
    #[must_use]
    pub fn closed(store: Store, folder: Folder, vault: Vault, settings: Settings) -> Self {
        Self::with(store, folder, None, vault, settings)
    }

    fn with(
        store: Store,
        folder: Folder,
        keys: Option<RecordingKeys>,
        vault: Vault,
        settings: Settings,
    ) -> Self {
        let clock = ClockWatch::new(Timestamp::now(), Instant::now());
        let (live, workers) = (Registry::default(), Arc::<Workers>::default());
        let (room, core) = (KnownRoom::new(Room::look(&folder)), Handle::current());
        let (keys, unwritten, under_way) = (Mutex::new(keys), Mutex::default(), UnderWay::default());
        let shared = Shared {
            store,
            folder,
            keys,
            vault,
            settings,
            clock,
            live,
            unwritten,
            workers,
            room,
            under_way,
            core,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Runs something beside the caller, where nothing waits for a recording's medium.
    pub(crate) fn beside(&self, something: impl Future<Output = ()> + Send + 'static) {
        drop(self.shared.core.spawn(something));
    }

    /// Recordings that begin from here on are for these recipients: of the evidence, and of typed input. Running ones
    /// keep theirs.
    pub fn record_for(&self, evidence: Vec<Recipient>, unmask: Vec<Recipient>) {
        let mut keys = self.shared.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = keys.as_mut() {
            keys.evidence = evidence;
            keys.unmask = unmask;
        }
    }

    /// Now, by the wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// The facts, at most 250 ms old.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn facts(&self) -> Result<Arc<Facts>, StoreError> {
        if let Some(fresh) = self.shared.store.fresh_facts() {
            return Ok(fresh);
        }
        let store = self.shared.store.clone();
        let asked = self.shared.core.spawn(async move { store.facts().await });
        asked.await.unwrap_or(Err(StoreError::Gone(None)))
    }

    /// Who people are, for a proof: the newest that can be had, also when nothing can be decided. An attempt that follows
    /// is refused `store`, and the technician reads why.
    ///
    /// # Errors
    /// When nothing was ever read and the database does not answer.
    pub async fn people(&self) -> Result<Arc<Facts>, StoreError> {
        self.shared.store.people().await
    }

    /// Whether new connections are taken at all: not while a refusal could not even be spooled.
    #[must_use]
    pub fn is_accepting(&self) -> bool {
        !self.shared.store.spool_is_full()
    }

    /// Whether the disk answers and has room for visits, as of the last look at it.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.shared.room.now() == Room::Ok
    }

    /// The live session with this id, if it is on this node.
    #[must_use]
    pub fn live(&self, session: SessionId) -> Option<Arc<LiveSession>> {
        self.shared.live.find(session)
    }

    /// How many sessions are live on this node.
    #[must_use]
    pub fn live_count(&self) -> usize {
        self.shared.live.all().len()
    }

    /// Whether the clock agrees with the monotonic one and with the ledger (P3).
    #[must_use]
    pub fn clock_is_trusted(&self) -> bool {
        self.shared.clock.read(Timestamp::now(), Instant::now()) == Trust::Agrees
    }

    pub(crate) fn attempt_of(&self, ask: &Ask, id: AttemptId) -> Attempt {
        let mut node = self.conditions(ask.person, &ask.target);
        // A visit begins unobserved, whatever it comes for: where it must be observed, its input waits.
        node.observers = u32::from(ask.access.is_some());
        Attempt {
            id,
            person: ask.person,
            key: ask.key.clone(),
            target: ask.target.clone(),
            account: ask.account.clone(),
            access: ask.access,
            source: ask.source.ip(),
            within: ask.within,
            node,
        }
    }

    /// What this node observes, for an attempt that is no session yet.
    pub(crate) fn conditions(&self, person: PersonId, target: &TargetName) -> NodeConditions {
        let (sessions_of_person, sessions_on_target) = self.shared.live.count(person, target, None);
        NodeConditions {
            clock_trusted: self.clock_is_trusted(),
            recorder_ready: self.has_room() && self.shared.recording_keys().is_some(),
            store_ready: true,
            sessions_of_person,
            sessions_on_target,
            observers: 0,
            running: false,
        }
    }

    /// What the technician reads when refused.
    pub(crate) fn refused(&self, refusal: &Refusal, reference: &str) -> Refused {
        self.refused_because(refusal.reason, &refusal.sentence(&self.shared.settings.zone), reference)
    }

    /// What the technician reads whose channel is refused inside their visit.
    pub(crate) fn refused_channel(
        &self,
        refusal: &Refusal,
        session: &LiveSession,
        wanted: &[Access],
    ) -> Refused {
        let (reference, permit) = (short(session.attempt.id.0), session.permit());
        let is_missing = wanted.iter().all(|access| !permit.access().contains(access));
        if refusal.reason == Reason::AccessNotGranted && is_missing {
            let words = ungranted(wanted, permit.access());
            return self.refused_because(refusal.reason, &words, &reference);
        }
        if refusal.reason == Reason::Limit {
            let most = LiveSession::most_channels();
            let words =
                format!("This visit has had {most} channels, and none opens in it any more. Connect again.");
            return self.refused_because(refusal.reason, &words, &reference);
        }
        self.refused(refusal, &reference)
    }

    fn refused_because(&self, reason: Reason, sentence: &str, reference: &str) -> Refused {
        let settings = &self.shared.settings;
        let text = format!(
            "{gate}: {sentence}\nTo ask for a change window or for more time, call {help}. Reference {reference}.",
            gate = settings.gate_name,
            help = settings.help,
        );
        Refused { reason, text }
    }
}

/// What a channel reads that its window grants nothing of: what is missing and what is there, by the names that windows
/// are asked for by.
fn ungranted(wanted: &[Access], granted: &BTreeSet<Access>) -> String {
    let wanted: Vec<&str> = wanted.iter().map(|access| access.as_str()).collect();
    let granted: Vec<&str> = granted.iter().map(|access| access.as_str()).collect();
    let (missing, there) = (wanted.join(" or "), granted.join(", "));
    format!("This change window does not grant {missing}. It grants {there}.")
}

impl Shared {
    /// What a recording is begun with now; none on a node that takes no visits.
    pub(crate) fn recording_keys(&self) -> Option<RecordingKeys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The last, random part of an id: what a person can read out on the telephone.
pub(crate) fn short(id: Uuid) -> String {
    let text = id.simple().to_string();
    text.get(20..).unwrap_or_default().to_uppercase()
}
