//! Facts as OCSF events: sign-ins, permits, sessions, changes (SOC.md §3).

use chaperone_store::FactKind;
use serde_json::{Map, Value, json};

use super::objects::{actor, dst_endpoint, object, service, session, src_endpoint, unmapped, user};
use super::{Base, CONTROLLED, Class, members, sent_file};
use crate::Severity;
use crate::occurrence::Occurrence;
use crate::protocol::Protocol;

/// The event of a fact; `None` for facts that are the gate's own bookkeeping.
///
/// `uid` is the event's id: the same fact always gets the same.
#[must_use]
pub fn event(of: &Occurrence, uid: &str) -> Option<Value> {
    let event = match of.kind {
        FactKind::AttemptFailed => sign_in(of, uid, false),
        FactKind::TokenUsed => sign_in(of, uid, true),
        FactKind::SessionAdmitted => authorized(of, uid),
        FactKind::AttemptRefused => visit(of, uid, &REFUSED),
        FactKind::ChannelRefused => visit(of, uid, &CHANNEL_REFUSED),
        FactKind::SessionStarted => visit(of, uid, &OPENED),
        FactKind::SessionEnded => visit(of, uid, &CLOSED),
        FactKind::FileTransferred => super::file::transferred(of, uid)?,
        FactKind::TargetFailed if of.was_withheld() => visit(of, uid, &WITHHELD),
        FactKind::SessionNeverStarted | FactKind::TargetFailed => visit(of, uid, &FAILED),
        FactKind::FileSentAhead | FactKind::FileRefused | FactKind::FileReleased => sent_file::event(of, uid),
        kind => changed(of, uid, Change::of(kind)?),
    };
    Some(Value::Object(event))
}

/// Whether facts of this kind become events.
#[must_use]
pub fn tells(kind: FactKind) -> bool {
    use FactKind as Kind;
    matches!(
        kind,
        Kind::AttemptFailed
            | Kind::AttemptRefused
            | Kind::ChannelRefused
            | Kind::TokenUsed
            | Kind::TargetFailed
            | Kind::FileTransferred
    ) || matches!(
        kind,
        Kind::SessionAdmitted | Kind::SessionStarted | Kind::SessionEnded | Kind::SessionNeverStarted
    ) || matches!(kind, Kind::FileSentAhead | Kind::FileRefused | Kind::FileReleased)
        || Change::of(kind).is_some()
}

/// 3002: somebody proved, or failed to prove, who they are.
fn sign_in(of: &Occurrence, uid: &str, proven: bool) -> Map<String, Value> {
    let name = of.who();
    let message = match of.verdict() {
        Some(verdict) => format!("Sign-in of {name} failed: {verdict}"),
        None if proven => format!("{name} signed in with a token"),
        None => format!("Sign-in of {name} failed"),
    };
    let base = Base {
        class: Class::Authentication,
        activity_id: 1,
        activity_name: "Logon",
        severity: if proven { Severity::Informational } else { Severity::Low },
        uid,
        at: of.at,
        message: &message,
        profiles: if proven { &[] } else { CONTROLLED },
    };
    let mut event = base.event();
    if !proven {
        event.extend(denied());
    }
    event.extend(status(proven, of));
    event.extend(members(json!({
        "user": user(of),
        "service": service(of),
        "src_endpoint": src_endpoint(of),
        "is_remote": true,
        "is_mfa": of.second_factor.is_some(),
        "auth_protocol": of.proof_method.as_deref().unwrap_or("unknown"),
        "auth_protocol_id": 99,
        "unmapped": unmapped(of),
    })));
    event
}

/// 3003: a permit, bound to its window; its privileges are the window's access.
fn authorized(of: &Occurrence, uid: &str) -> Map<String, Value> {
    let message = format!("{} was admitted to {}", of.who(), of.to_what());
    let base = Base {
        class: Class::AuthorizeSession,
        activity_id: 1,
        activity_name: "Assign Privileges",
        severity: Severity::Informational,
        uid,
        at: of.at,
        message: &message,
        profiles: &[],
    };
    let mut event = base.event();
    let privileges = if of.granted.is_empty() { vec!["visit".to_owned()] } else { of.granted.clone() };
    event.extend(status(true, of));
    event.extend(members(json!({
        "user": user(of),
        "privileges": privileges,
        "session": session(of),
        "src_endpoint": src_endpoint(of),
        "dst_endpoint": dst_endpoint(of),
        "unmapped": unmapped(of),
    })));
    event
}

/// One activity of 4001 and 4007, which number them alike.
struct Visit {
    id: u64,
    name: &'static str,
    words: &'static str,
    allowed: bool,
    severity: Severity,
}

const OPENED: Visit = Visit {
    id: 1,
    name: "Open",
    words: "opened a session on",
    allowed: true,
    severity: Severity::Informational,
};
const CLOSED: Visit = Visit {
    id: 2,
    name: "Close",
    words: "ended the session on",
    allowed: true,
    severity: Severity::Informational,
};
const FAILED: Visit =
    Visit { id: 4, name: "Fail", words: "got no session on", allowed: true, severity: Severity::Low };
const WITHHELD: Visit = Visit {
    id: 5,
    name: "Refuse",
    words: "was not passed an answer of",
    allowed: false,
    severity: Severity::Medium,
};
const REFUSED: Visit =
    Visit { id: 5, name: "Refuse", words: "was refused on", allowed: false, severity: Severity::Medium };
const CHANNEL_REFUSED: Visit = Visit {
    id: 5,
    name: "Refuse",
    words: "was refused a channel on",
    allowed: false,
    severity: Severity::Low,
};

fn visit(of: &Occurrence, uid: &str, activity: &Visit) -> Map<String, Value> {
    let mut message = format!("{} {} {}", of.who(), activity.words, of.to_what());
    if let Some(verdict) = of.verdict().or_else(|| of.was_withheld().then(|| of.fault())) {
        message = format!("{message}: {verdict}");
    }
    let by_ssh = matches!(of.protocol, None | Some(Protocol::Ssh));
    let base = Base {
        class: if by_ssh { Class::SshActivity } else { Class::NetworkActivity },
        activity_id: activity.id,
        activity_name: activity.name,
        severity: activity.severity,
        uid,
        at: of.at,
        message: &message,
        // `actor` belongs to a network activity by the host profile.
        profiles: &["security_control", "host"],
    };
    let mut event = base.event();
    event.extend(if activity.allowed { allowed() } else { denied() });
    event.extend(status(activity.allowed && activity.id != 4, of));
    event.extend(members(json!({
        "src_endpoint": src_endpoint(of),
        "dst_endpoint": dst_endpoint(of),
        "actor": actor(of),
        "auth_type_id": of.ssh_auth_type().filter(|_| by_ssh),
        "protocol_ver": by_ssh.then_some("2.0"),
        "unmapped": unmapped(of),
    })));
    event
}

/// 3004: what was done to which kind of thing.
struct Change {
    id: u64,
    name: &'static str,
    thing: &'static str,
    type_id: u64,
    word: String,
}

impl Change {
    /// Reads the thing and the act from a fact's name: `window-approved`, `person-key-added`.
    fn of(kind: FactKind) -> Option<Self> {
        let (thing, act) = kind.as_str().split_once('-')?;
        let (thing, type_id) = match thing {
            "person" => ("Person", 2),
            "vendor" => ("Vendor", 4),
            "target" => ("Target", 1),
            "window" => ("Change window", 5),
            "freeze" => ("Freeze", 5),
            "lock" => ("Lock", 5),
            "destination" if act != "fault" => ("Destination", 99),
            "recording" if !matches!(act, "checkpoint" | "unknown") => ("Recording", 99),
            "credential" => ("Credential", 99),
            "authority" => ("Certificate authority", 99),
            "certificate" => ("Certificate", 99),
            "config" => ("Configuration", 5),
            _ => return None,
        };
        let last = act.rsplit('-').next().unwrap_or(act);
        let (id, name) = match last {
            "added" | "requested" | "created" | "sealed" => (1, "Create"),
            "viewed" | "exported" | "verified" | "tested" => (2, "Read"),
            "removed" | "withdrawn" => (4, "Delete"),
            "moved" => (5, "Move"),
            "approved" | "released" | "begun" | "emergency" => (10, "Activate"),
            "denied" | "revoked" | "expired" | "closed" => (11, "Deactivate"),
            _ => (3, "Update"),
        };
        Some(Self { id, name, thing, type_id, word: act.replace('-', " ") })
    }
}

fn changed(of: &Occurrence, uid: &str, change: Change) -> Map<String, Value> {
    let (entity_uid, entity_name) = of.entity();
    let named = entity_name.as_deref().or(entity_uid.as_deref()).unwrap_or("-").to_owned();
    let mut message = format!("{} {}: {named}", change.thing, change.word);
    if of.person.is_some() {
        message = format!("{message}, by {}", of.who());
    }
    let base = Base {
        class: Class::EntityManagement,
        activity_id: change.id,
        activity_name: change.name,
        severity: Severity::Informational,
        uid,
        at: of.at,
        message: &message,
        profiles: &[],
    };
    let mut event = base.event();
    event.extend(status(true, of));
    event.extend(members(json!({
        "entity": object(json!({
            "uid": entity_uid,
            "name": named,
            "type": change.thing,
            "type_id": change.type_id,
        })),
        "actor": actor(of),
        "src_endpoint": src_endpoint(of),
        "unmapped": unmapped(of),
    })));
    event
}

pub(super) fn status(success: bool, of: &Occurrence) -> Map<String, Value> {
    members(json!({
        "status_id": if success { 1 } else { 2 },
        "status": if success { "Success" } else { "Failure" },
        "status_code": of.reason.map(|reason| reason.as_str()).or(of.failure.as_deref()),
        "status_detail": of.verdict(),
    }))
}

pub(super) fn denied() -> Map<String, Value> {
    members(json!({ "action_id": 2, "action": "Denied", "disposition_id": 2, "disposition": "Blocked" }))
}

pub(super) fn allowed() -> Map<String, Value> {
    members(json!({ "action_id": 1, "action": "Allowed", "disposition_id": 1, "disposition": "Allowed" }))
}
