//! Facts: what happened, numbered, one leaf of the ledger each.

use chaperone_policy::{AttemptId, PersonId, SessionId, TargetId, VendorId, WindowId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

macro_rules! kinds {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        /// What kind of thing happened: a closed set whose names are stored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the stored name beside each variant says it")]
        pub enum FactKind { $($variant),+ }

        impl FactKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stored name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

kinds! {
    AttemptFailed = "attempt-failed",
    AttemptRefused = "attempt-refused",
    SignInHeldBack = "sign-in-held-back",
    ConnectionsUnheard = "connections-unheard",
    SessionAdmitted = "session-admitted",
    SessionStarted = "session-started",
    SessionConnected = "session-connected",
    SessionNeverStarted = "session-never-started",
    SessionEnded = "session-ended",
    SessionSealed = "session-sealed",
    SessionRecovered = "session-recovered",
    SessionLost = "session-lost",
    SessionPaused = "session-paused",
    SessionResumed = "session-resumed",
    SessionStopAsked = "session-stop-asked",
    ObserverAwaited = "observer-awaited",
    ObserverPresent = "observer-present",
    OverrunBegan = "overrun-began",
    ChannelOpened = "channel-opened",
    ChannelRefused = "channel-refused",
    ChannelClosed = "channel-closed",
    FileTransferred = "file-transferred",
    RecordingCheckpoint = "recording-checkpoint",
    RecordingViewed = "recording-viewed",
    RecordingExported = "recording-exported",
    RecordingVerified = "recording-verified",
    UnmaskAsked = "unmask-asked",
    UnmaskAgreed = "unmask-agreed",
    UnmaskRefused = "unmask-refused",
    UnmaskWithdrawn = "unmask-withdrawn",
    UnmaskExpired = "unmask-expired",
    InputUnmasked = "input-unmasked",
    SecondWordAsked = "second-word-asked",
    SecondWordAgreed = "second-word-agreed",
    SecondWordRefused = "second-word-refused",
    SecondWordWithdrawn = "second-word-withdrawn",
    SecondWordExpired = "second-word-expired",
    SecondWordDenied = "second-word-denied",
    HoldAdded = "hold-added",
    HoldLifted = "hold-lifted",
    RetentionChanged = "retention-changed",
    RetentionAssigned = "retention-assigned",
    RetentionRan = "retention-ran",
    RetentionStopped = "retention-stopped",
    RetentionAllowed = "retention-allowed",
    RecordingExpired = "recording-expired",
    RecordingDeleted = "recording-deleted",
    RecordingKept = "recording-kept",
    BodiesCleared = "bodies-cleared",
    EvidenceSearched = "evidence-searched",
    DerivationFailed = "derivation-failed",
    BundleMade = "bundle-made",
    EvidenceUnsound = "evidence-unsound",
    RecordingUnknown = "recording-unknown",
    RecorderFault = "recorder-fault",
    RecorderMended = "recorder-mended",
    TargetFailed = "target-failed",
    PersonAdded = "person-added",
    PersonChanged = "person-changed",
    KeyWithdrawn = "key-withdrawn",
    AuthorityAdded = "authority-added",
    AuthorityWithdrawn = "authority-withdrawn",
    CertificateRevoked = "certificate-revoked",
    VendorAdded = "vendor-added",
    VendorChanged = "vendor-changed",
    TargetAdded = "target-added",
    TargetChanged = "target-changed",
    HostKeyProposed = "host-key-proposed",
    HostKeyApproved = "host-key-approved",
    HostKeyRefused = "host-key-refused",
    HostKeyRetired = "host-key-retired",
    CredentialSealed = "credential-sealed",
    CredentialRemoved = "credential-removed",
    GateKeyMade = "gate-key-made",
    CertificateIssued = "certificate-issued",
    DoorCertificateChanged = "door-certificate-changed",
    DoorCertificateRefused = "door-certificate-refused",
    CertificateEnding = "certificate-ending",
    WindowRequested = "window-requested",
    WindowApproved = "window-approved",
    WindowDenied = "window-denied",
    WindowWithdrawn = "window-withdrawn",
    WindowRevoked = "window-revoked",
    WindowExtended = "window-extended",
    WindowMoved = "window-moved",
    WindowAccepted = "window-accepted",
    WindowSubstituted = "window-substituted",
    WindowReleased = "window-released",
    WindowEmergency = "window-emergency",
    TechnicianSponsored = "technician-sponsored",
    ReviewOverdue = "review-overdue",
    WindowReturned = "window-returned",
    WindowReviewed = "window-reviewed",
    WindowBegun = "window-begun",
    WindowClosed = "window-closed",
    WindowExpired = "window-expired",
    WindowChanged = "window-changed",
    FileSentAhead = "file-sent-ahead",
    FileRefused = "file-refused",
    FileScanned = "file-scanned",
    FileWithdrawn = "file-withdrawn",
    FileDiscarded = "file-discarded",
    FileReleased = "file-released",
    FileNotReleased = "file-not-released",
    FreezeAdded = "freeze-added",
    FreezeRemoved = "freeze-removed",
    LockAdded = "lock-added",
    LockRemoved = "lock-removed",
    AlertRaised = "alert-raised",
    AlertGrown = "alert-grown",
    AlertAcknowledged = "alert-acknowledged",
    AlertClosed = "alert-closed",
    AlertsViewed = "alerts-viewed",
    DestinationAdded = "destination-added",
    DestinationRemoved = "destination-removed",
    DestinationTested = "destination-tested",
    DestinationFault = "destination-fault",
    NoticeRefused = "notice-refused",
    LedgerVerified = "ledger-verified",
    LedgerSearched = "ledger-searched",
    LedgerExported = "ledger-exported",
    Reconciled = "reconciled",
    SignInUnexplained = "sign-in-unexplained",
    LedgerForked = "ledger-forked",
    ClockJumped = "clock-jumped",
    ClockTrusted = "clock-trusted",
    ClockAccepted = "clock-accepted",
    StoreGone = "store-gone",
    StoreBack = "store-back",
    NodeStarted = "node-started",
    NodeStopped = "node-stopped",
    RecipientsChanged = "recipients-changed",
    TokenUsed = "token-used",
    EnrolmentMade = "enrolment-made",
    FactorsEnrolled = "factors-enrolled",
    ResetAsked = "reset-asked",
    FactorsReset = "factors-reset",
    SignedIn = "signed-in",
    SignedOut = "signed-out",
    ProvenAgain = "proven-again",
    MoreTimeAsked = "more-time-asked",
    SessionWatched = "session-watched",
    SessionUnwatched = "session-unwatched",
    ConfigChanged = "config-changed",
}

impl std::fmt::Display for FactKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for FactKind {
    type Err = UnknownKind;
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

impl Serialize for FactKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The text names no kind of fact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of fact")]
pub struct UnknownKind(pub String);

/// A fact to be written. Ids and no secrets; numbers of 64 bits as strings.
#[derive(Clone, Debug)]
pub struct NewFact {
    /// What kind.
    pub kind: FactKind,
    /// When it happened; may be earlier than when it is written.
    pub at: Timestamp,
    /// Who it is about, or who did it.
    pub person: Option<PersonId>,
    /// Which company.
    pub vendor: Option<VendorId>,
    /// Which target; the leaf carries its tag.
    pub target: Option<TargetId>,
    /// Further targets that it is about; the leaf carries their tags too.
    pub also: Vec<TargetId>,
    /// Which window.
    pub window: Option<WindowId>,
    /// Which session.
    pub session: Option<SessionId>,
    /// Which attempt.
    pub attempt: Option<AttemptId>,
    /// Everything else.
    pub body: Value,
}

impl NewFact {
    /// A fact about nothing in particular; fill in what it is about.
    #[must_use]
    pub fn new(kind: FactKind, at: Timestamp, body: Value) -> Self {
        Self {
            kind,
            at,
            person: None,
            vendor: None,
            target: None,
            also: Vec::new(),
            window: None,
            session: None,
            attempt: None,
            body,
        }
    }

    /// About, or by, this person.
    #[must_use]
    pub fn by(mut self, person: PersonId) -> Self {
        self.person = Some(person);
        self
    }

    /// About this company.
    #[must_use]
    pub fn of_vendor(mut self, vendor: VendorId) -> Self {
        self.vendor = Some(vendor);
        self
    }

    /// About this target.
    #[must_use]
    pub fn on(mut self, target: TargetId) -> Self {
        self.target = Some(target);
        self
    }

    /// About these targets too: whoever holds the tag key of one of them recognises the fact.
    #[must_use]
    pub fn also_on(mut self, targets: impl IntoIterator<Item = TargetId>) -> Self {
        self.also.extend(targets);
        self
    }

    /// About this window.
    #[must_use]
    pub fn in_window(mut self, window: WindowId) -> Self {
        self.window = Some(window);
        self
    }

    /// About this session.
    #[must_use]
    pub fn in_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// About this attempt.
    #[must_use]
    pub fn of_attempt(mut self, attempt: AttemptId) -> Self {
        self.attempt = Some(attempt);
        self
    }
}

/// What a leaf's salted hash covers: the body, and whatever the row says beside it, so that no column changes unseen.
pub(crate) fn document(node: &str, fact: &NewFact) -> Value {
    let NewFact { kind: _, at: _, person, vendor, target, also, window, session, attempt, body } = fact;
    let mut document = json!({
        "node": node, "person": person, "vendor": vendor, "target": target, "window": window, "session": session,
        "attempt": attempt, "body": body,
    });
    if let Some(fields) = document.as_object_mut().filter(|_| !also.is_empty()) {
        fields.insert("also".to_owned(), json!(also));
    }
    document
}

/// A fact with its number.
#[derive(Clone, Debug, Serialize)]
pub struct CommittedFact {
    /// Without gaps, from 0.
    pub number: u64,
    /// What kind.
    pub kind: FactKind,
    /// When it happened.
    pub at: Timestamp,
    /// Which node wrote it.
    pub node: String,
    /// Who.
    pub person: Option<PersonId>,
    /// Which company.
    pub vendor: Option<VendorId>,
    /// Which target.
    pub target: Option<TargetId>,
    /// Which window.
    pub window: Option<WindowId>,
    /// Which session.
    pub session: Option<SessionId>,
    /// Which attempt.
    pub attempt: Option<AttemptId>,
    /// Everything else; `null` once retention has removed it.
    pub body: Value,
}
