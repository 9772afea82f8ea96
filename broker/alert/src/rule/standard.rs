//! The rules of a new installation, in the order in which they are asked.

use chaperone_policy::Reason;
use chaperone_store::FactKind;
use jiff::SignedDuration;

use super::{Action, Condition, Grouping, Rule};
use crate::Severity;
use crate::technique::{
    BRUTE_FORCE, EXTERNAL_REMOTE_SERVICES, ICS_EXTERNAL_REMOTE_SERVICES, ICS_LATERAL_TOOL_TRANSFER,
    ICS_REMOTE_SERVICES, ICS_VALID_ACCOUNTS, INDICATOR_REMOVAL, INGRESS_TOOL_TRANSFER, REMOTE_SSH,
    TRUSTED_RELATIONSHIP, Technique, VALID_ACCOUNTS,
};

/// The right person this early is early, not wrong.
const EARLY_BY: SignedDuration = SignedDuration::from_mins(15);

const STOLEN_ACCESS: &[Technique] = &[
    EXTERNAL_REMOTE_SERVICES,
    VALID_ACCOUNTS,
    TRUSTED_RELATIONSHIP,
    REMOTE_SSH,
    ICS_EXTERNAL_REMOTE_SERVICES,
    ICS_VALID_ACCOUNTS,
    ICS_REMOTE_SERVICES,
];
const GUESSING: &[Technique] = &[EXTERNAL_REMOTE_SERVICES, BRUTE_FORCE, ICS_EXTERNAL_REMOTE_SERVICES];
const TRACES: &[Technique] = &[INDICATOR_REMOVAL];

/// What fits nothing: conditions are this with parts filled in.
pub(super) const NOTHING: Condition = Condition {
    kinds: &[],
    reasons: &[],
    off_by_at_most: None,
    failures: &[],
    in_session: false,
    host_minted: false,
};

const fn refused(reasons: &'static [Reason]) -> Condition {
    Condition { kinds: &[FactKind::AttemptRefused], reasons, ..NOTHING }
}

/// On attempts.
pub(super) const ATTEMPTS: &[Rule] = &[
    Rule {
        name: "early-arrival",
        title: "The right person, a little early",
        condition: Condition { off_by_at_most: Some(EARLY_BY), ..refused(&[Reason::Early]) },
        severity: Severity::Informational,
        action: Action::Note,
        grouping: Grouping::Person,
        runbook: [
            "Nothing to do: the person read when their window opens.",
            "If they must start now, a clinical engineer can move the window.",
            "If it happens often, ask the vendor to check the time zone of its calendar.",
        ],
        techniques: &[],
    },
    Rule {
        name: "second-factor-failed",
        title: "A proven credential without its second factor",
        condition: Condition {
            kinds: &[FactKind::AttemptFailed, FactKind::AttemptRefused],
            reasons: &[Reason::SecondFactor],
            ..NOTHING
        },
        severity: Severity::High,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Call the person on a known number: were you signing in just now?",
            "If not, lock the person: the first factor is in somebody else's hands.",
            "Have the credential enrolled anew, and look for the same source in other alerts.",
        ],
        techniques: STOLEN_ACCESS,
    },
    Rule {
        name: "factors-reset",
        title: "Somebody's password and second factor were taken away",
        condition: Condition { kinds: &[FactKind::FactorsReset], ..NOTHING },
        severity: Severity::Medium,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Call the person on a known number: did they ask for it?",
            "Ask both who said it, each by themselves: the fact names them.",
            "If it was not asked for, lock the person, and look at who enrolled the two.",
        ],
        techniques: STOLEN_ACCESS,
    },
    Rule {
        name: "sign-in-held-back",
        title: "Proof after proof has failed in one name from one place",
        condition: Condition { kinds: &[FactKind::SignInHeldBack], ..NOTHING },
        severity: Severity::Medium,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Is the source a network of the person's company? Then ask them: a client with the wrong key does this, too.",
            "If it is nobody's, have the network blocked before the gate. The right key is let in all the same: lock the person if it may be stolen.",
            "Look for the same source in other alerts: did a proof of another name succeed from there?",
        ],
        techniques: GUESSING,
    },
    Rule {
        name: "unproven-attempts",
        title: "Attempts that proved nothing",
        condition: Condition { kinds: &[FactKind::AttemptFailed], ..NOTHING },
        severity: Severity::Low,
        action: Action::Alert,
        grouping: Grouping::Listener,
        runbook: [
            "Look at the sources and names: scans name many, a person with a new key names one.",
            "If one enrolled person stands out, ask them whether their key changed.",
            "If it is a flood from one network, have it blocked before the gate.",
        ],
        techniques: GUESSING,
    },
    Rule {
        name: "evidence-unsound",
        title: "A recording is not as it was sealed",
        condition: Condition { kinds: &[FactKind::EvidenceUnsound], ..NOTHING },
        severity: Severity::Critical,
        action: Action::Alert,
        grouping: Grouping::Subject,
        runbook: [
            "Do not touch the file: note where it lies, who can write there, and copy it away as it is.",
            "Verify the ledger and the recordings beside it: chaperone ledger verify, chaperone recording verify.",
            "Find out who was on the recordings' disk since it was sealed, and bring back the copy from the archive.",
        ],
        techniques: &[],
    },
    Rule {
        name: "sign-in-unexplained",
        title: "A server's own log has a sign-in that no visit explains",
        condition: Condition { kinds: &[FactKind::SignInUnexplained], ..NOTHING },
        severity: Severity::Critical,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Ask clinical engineering whether somebody worked on the server around the gate, and had it declared.",
            "If nobody did, treat the account as taken over: change its credential, and look at what the sign-in did.",
            "Compare the source with the gate's address: a sign-in from the gate itself means that the gate was taken over.",
        ],
        techniques: STOLEN_ACCESS,
    },
    Rule {
        name: "connections-unheard",
        title: "Connections that said nobody's name",
        condition: Condition { kinds: &[FactKind::ConnectionsUnheard], ..NOTHING },
        severity: Severity::Low,
        action: Action::Alert,
        grouping: Grouping::Listener,
        runbook: [
            "Look at the sources: a monitor or load balancer that knocks is known by its address.",
            "Many from one network are a scan or a flood: have it blocked before the gate.",
            "If connections were turned away (`turned_away`), ask whether a technician was kept out.",
        ],
        techniques: GUESSING,
    },
    Rule {
        name: "gate-fault-refusal",
        title: "The gate refused because a part of it failed",
        condition: refused(&[Reason::Recorder, Reason::Store, Reason::Clock]),
        severity: Severity::Critical,
        action: Action::Alert,
        grouping: Grouping::Subject,
        runbook: [
            "Open the gate's health page: recorder, database and clock each say what is wrong.",
            "Tell clinical engineering that vendors wait, and start the downtime procedure if a visit is due.",
            "Once it is mended, confirm that a new attempt is admitted and that the ledger verifies.",
        ],
        techniques: &[],
    },
    Rule {
        name: "barred-grant",
        title: "A proven credential on a locked, revoked or frozen grant",
        condition: refused(&[Reason::Locked, Reason::Revoked, Reason::Frozen]),
        severity: Severity::Critical,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Read why it was locked, revoked or frozen: the window and the lock name who did it.",
            "Call the person and the vendor's sponsor on known numbers: who is at the keyboard?",
            "Keep or set the lock on the person, open a case, and look for the same source elsewhere.",
        ],
        techniques: STOLEN_ACCESS,
    },
    Rule {
        name: "off-schedule",
        title: "A proven credential outside the schedule",
        condition: refused(&[
            Reason::NoWindow,
            Reason::Early,
            Reason::Late,
            Reason::OtherTarget,
            Reason::OtherPerson,
            Reason::NotValid,
            Reason::NotYetApproved,
            Reason::NotReleased,
            Reason::WorkLimit,
        ]),
        severity: Severity::High,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Ask the approver of the nearest window: was this visit planned?",
            "If nobody knows of it, call the person on a known number, not the one in the message.",
            "If they did not try, lock the person and open a case; else close as planned, not communicated.",
        ],
        techniques: STOLEN_ACCESS,
    },
    Rule {
        name: "outside-grant",
        title: "A proven credential outside what its window grants",
        condition: refused(&[Reason::AccessNotGranted, Reason::SourceNetwork]),
        severity: Severity::High,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Compare what was asked for, and from where, with the window's access and the vendor's networks.",
            "Ask the approver whether the plan changed; a changed plan wants a changed window.",
            "If nobody knows of it, lock the person and open a case.",
        ],
        techniques: STOLEN_ACCESS,
    },
    Rule {
        name: "held-back",
        title: "The right person inside a window, held back",
        condition: refused(&[Reason::ObserverRequired, Reason::Limit]),
        severity: Severity::Medium,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "If an observer is missing, find one: the target's card says who may watch.",
            "If there are too many sessions, look at the others: does one person hold two?",
            "If a session should not be there, stop it; else close this as planned.",
        ],
        techniques: &[VALID_ACCOUNTS],
    },
];

/// On sessions, and on what was done around them.
pub(super) const SESSIONS: &[Rule] = &[
    Rule {
        name: "undeclared-channel",
        title: "A live session asked for more than its window grants",
        condition: Condition { kinds: &[FactKind::ChannelRefused], in_session: true, ..NOTHING },
        severity: Severity::Medium,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Watch the session, or replay it from the refused request on.",
            "Compare the request with the window's purpose and plan: tools often ask for more than they need.",
            "If it does not fit, pause the session and ask the technician; stop it if the answer does not fit.",
        ],
        techniques: &[REMOTE_SSH, ICS_REMOTE_SERVICES],
    },
    Rule {
        name: "upload-off-plan",
        title: "A file was uploaded that the window's plan does not name",
        condition: Condition {
            kinds: &[FactKind::FileTransferred],
            failures: &["file-other-content", "file-not-planned", "file-unchecked"],
            in_session: true,
            ..NOTHING
        },
        severity: Severity::High,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Compare the file's name and SHA-256 with the plan on the window's page: another version, or another file?",
            "Ask the technician what it is for, and the vendor on a known number whether it is theirs.",
            "If nobody knows it, stop the visit, and have the file taken off the server before anything runs it.",
        ],
        techniques: &[INGRESS_TOOL_TRANSFER, ICS_LATERAL_TOOL_TRANSFER],
    },
    Rule {
        name: "host-key-changed",
        title: "A server showed a host key that is not pinned",
        condition: Condition { kinds: &[FactKind::TargetFailed], failures: &["host-key"], ..NOTHING },
        severity: Severity::Critical,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Ask clinical engineering whether the server was rebuilt or its keys were renewed.",
            "If so, two engineers compare the new key on the server's own console before it counts: it is proposed already.",
            "If not, something stands between the gate and the server: open a case, keep vendors out.",
        ],
        techniques: &[REMOTE_SSH, ICS_REMOTE_SERVICES],
    },
    Rule {
        name: "target-certificate",
        title: "A server showed a certificate that is not the one declared for it",
        condition: Condition { kinds: &[FactKind::TargetFailed], failures: &["certificate"], ..NOTHING },
        severity: Severity::Critical,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Ask clinical engineering whether the server's certificate was renewed, or has run out; the detail says what is wrong.",
            "If so, an engineer declares the new one, or its key, after a look at the server's own console: `target set-tls`.",
            "If not, something stands between the gate and the server: open a case, keep vendors out.",
        ],
        techniques: &[ICS_REMOTE_SERVICES],
    },
    Rule {
        name: "recording-lost",
        title: "A session without its sealed recording, or a recording without its session",
        condition: Condition { kinds: &[FactKind::SessionLost, FactKind::RecordingUnknown], ..NOTHING },
        severity: Severity::Critical,
        action: Action::Alert,
        grouping: Grouping::Subject,
        runbook: [
            "Find the node that held the session: can its data folder still be read?",
            "If it can, start the gate there: it adopts and seals what it finds.",
            "If it cannot, open a case: what the session did must be established on the target.",
        ],
        techniques: TRACES,
    },
    Rule {
        name: "retention-stopped",
        title: "Retention has stopped: it would delete too much, or the clock is in doubt",
        condition: Condition { kinds: &[FactKind::RetentionStopped], ..NOTHING },
        severity: Severity::High,
        action: Action::Alert,
        grouping: Grouping::Subject,
        runbook: [
            "Nothing was deleted. Compare the gate's clock with another one: was it turned forward?",
            "See what would go: chaperone retention run --dry-run. Who changed a class lately? The ledger names them.",
            "If all is right, two people say so: chaperone retention allow. If not, open a case and stop the gate.",
        ],
        techniques: TRACES,
    },
    Rule {
        name: "observer-awaited",
        title: "A visit waits for somebody who observes it",
        condition: Condition { kinds: &[FactKind::ObserverAwaited], ..NOTHING },
        severity: Severity::Medium,
        action: Action::Alert,
        grouping: Grouping::Subject,
        runbook: [
            "Open Live and watch the visit: its input flows while somebody does, and stops within a second when nobody does.",
            "If nobody can watch now, tell the technician when somebody will: the visit ends after a while.",
            "If no visit should be there at all, stop it and ask the approver of its window.",
        ],
        techniques: &[],
    },
    Rule {
        name: "technician-sponsored",
        title: "A technician was enrolled on the spot, for an emergency",
        condition: Condition { kinds: &[FactKind::TechnicianSponsored], ..NOTHING },
        severity: Severity::Medium,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Call the sponsor on a known number: whom did they enrol, and who at the vendor vouched for them?",
            "Watch the emergency's visits: who is new has no record to compare with.",
            "If the sponsor knows of nothing, lock the person and revoke the window.",
        ],
        techniques: STOLEN_ACCESS,
    },
    Rule {
        name: "review-overdue",
        title: "An emergency window was not reviewed in time",
        condition: Condition { kinds: &[FactKind::ReviewOverdue], ..NOTHING },
        severity: Severity::High,
        action: Action::Alert,
        grouping: Grouping::Subject,
        runbook: [
            "Replay the visits of the window, or have somebody do so who gave none of the two words.",
            "Say what you found: chaperone window review ID --reason \"…\".",
            "Ask the technician or the sponsor how the server was left: chaperone window return ID --outcome done.",
        ],
        techniques: &[],
    },
    Rule {
        name: "recording-recovered",
        title: "A session was sealed after a crash, as found",
        condition: Condition { kinds: &[FactKind::SessionRecovered], ..NOTHING },
        severity: Severity::Medium,
        action: Action::Alert,
        grouping: Grouping::Subject,
        runbook: [
            "Verify the recording: it says where its sound part ends.",
            "Look at the node's log for why it stopped.",
            "If somebody stopped it on purpose, open a case.",
        ],
        techniques: TRACES,
    },
    Rule {
        name: "host-token-used",
        title: "Somebody acted with a token that was minted on the host",
        condition: Condition { kinds: &[FactKind::TokenUsed], host_minted: true, ..NOTHING },
        severity: Severity::Medium,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Ask the administrator on duty: who worked on the gate's host, and why?",
            "Compare the acts under this token with what they say.",
            "If nobody minted it, treat the host as taken over: open a case.",
        ],
        techniques: &[VALID_ACCOUNTS],
    },
];

/// Recorder, clock, ledger, database and delivery.
const FAULTS: &[FactKind] = &[
    FactKind::RecorderFault,
    FactKind::ClockJumped,
    FactKind::LedgerForked,
    FactKind::StoreGone,
    FactKind::DestinationFault,
];

/// On the gate itself.
pub(super) const FAULT: Rule = Rule {
    name: "gate-fault",
    title: "A part of the gate failed",
    condition: Condition { kinds: FAULTS, ..NOTHING },
    severity: Severity::Critical,
    action: Action::Alert,
    grouping: Grouping::Subject,
    runbook: [
        "Read what failed and since when: recorder, clock, ledger, database or delivery.",
        "Tell clinical engineering whether vendors can still work; the guide has the downtime procedure.",
        "Once it is mended, run `chaperone ledger verify`, and confirm that a test message arrives.",
    ],
    techniques: TRACES,
};
