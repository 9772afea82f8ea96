//! OCSF 1.8.0, the canonical form of everything that leaves for a SIEM; other formats are rendered from it.
//!
//! ```text
//! fact ──► Occurrence ──► activity  ─┐  3002, 3003, 3004, 4001, 4007
//! alert ───────────────► finding   ─┴► event ─► outbox ─► syslog, webhook
//! ```
//!
//! An event is complete but for `metadata.sequence`, which each destination numbers for itself ([`numbered`]).

pub mod activity;
mod file;
pub mod finding;
mod objects;
#[cfg(test)]
mod schema;
mod sent_file;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::Severity;
use crate::sanitise::{FIELD_MAX, plain};

/// The version of OCSF that events follow.
pub const OCSF_VERSION: &str = "1.8.0";

/// An event class that we emit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// 2004: an alert.
    DetectionFinding,
    /// 3002: a sign-in, a second factor, a token's use.
    Authentication,
    /// 3003: a permit bound to a window.
    AuthorizeSession,
    /// 3004: a window, person, target, vendor or other thing of ours changed.
    EntityManagement,
    /// 6006: a file went to a server, or came from it.
    FileHosting,
    /// 4001: a session by TLS, or to a web console, opened, closed, failed or was refused.
    NetworkActivity,
    /// 4007: the same of a session by SSH.
    SshActivity,
}

impl Class {
    /// `class_uid`.
    #[must_use]
    pub fn uid(self) -> u64 {
        match self {
            Self::DetectionFinding => 2004,
            Self::Authentication => 3002,
            Self::AuthorizeSession => 3003,
            Self::EntityManagement => 3004,
            Self::NetworkActivity => 4001,
            Self::SshActivity => 4007,
            Self::FileHosting => 6006,
        }
    }

    /// `class_name`.
    #[must_use]
    pub fn caption(self) -> &'static str {
        match self {
            Self::DetectionFinding => "Detection Finding",
            Self::Authentication => "Authentication",
            Self::AuthorizeSession => "Authorize Session",
            Self::EntityManagement => "Entity Management",
            Self::NetworkActivity => "Network Activity",
            Self::SshActivity => "SSH Activity",
            Self::FileHosting => "File Hosting Activity",
        }
    }
}

/// The profile of events that tell a decision: action and disposition.
pub(crate) const CONTROLLED: &[&str] = &["security_control"];

/// What every event needs, whatever its class.
#[derive(Clone, Debug)]
pub(crate) struct Base<'a> {
    pub class: Class,
    pub activity_id: u64,
    pub activity_name: &'a str,
    pub severity: Severity,
    /// The event's own id, the same on every destination and every retry.
    pub uid: &'a str,
    pub at: Timestamp,
    /// One line for people.
    pub message: &'a str,
    /// Profiles whose members the event has: [`CONTROLLED`] where something was allowed or denied.
    pub profiles: &'static [&'static str],
}

impl Base<'_> {
    /// The members that the class's own are added to.
    pub(crate) fn event(&self) -> Map<String, Value> {
        let class_uid = self.class.uid();
        let mut metadata = json!({
            "version": OCSF_VERSION,
            "uid": self.uid,
            "log_name": "chaperone",
            "product": { "name": "Chaperone", "vendor_name": "Chaperone", "version": env!("CARGO_PKG_VERSION") },
        });
        if !self.profiles.is_empty()
            && let Some(metadata) = metadata.as_object_mut()
        {
            metadata.insert("profiles".to_owned(), json!(self.profiles));
        }
        members(json!({
            "activity_id": self.activity_id,
            "activity_name": self.activity_name,
            "category_uid": class_uid / 1_000,
            "class_uid": class_uid,
            "class_name": self.class.caption(),
            "type_uid": class_uid * 100 + self.activity_id,
            "severity_id": self.severity.ocsf_id(),
            "severity": self.severity.ocsf_caption(),
            "time": self.at.as_millisecond(),
            "message": plain(self.message, FIELD_MAX),
            "metadata": metadata,
        }))
    }
}

/// The event with its number at one destination.
#[must_use]
pub fn numbered(event: &Value, sequence: u64) -> Value {
    let mut event = event.clone();
    if let Some(Value::Object(metadata)) = event.get_mut("metadata") {
        metadata.insert("sequence".to_owned(), json!(sequence));
    }
    event
}

/// The event that proves a destination: a finding that says that it is a test.
#[must_use]
pub fn test_event(uid: &str, destination: &str, at: Timestamp) -> Value {
    let destination = plain(destination, 64);
    let message = format!("Test message from Chaperone to the destination {destination}. Nothing happened.");
    let base = Base {
        class: Class::DetectionFinding,
        activity_id: 1,
        activity_name: "Create",
        severity: Severity::Informational,
        uid,
        at,
        message: &message,
        profiles: &[],
    };
    let mut event = base.event();
    event.extend(members(json!({
        "finding_info": { "uid": uid, "title": "Test message", "created_time": at.as_millisecond() },
        "unmapped": { "kind": "test", "destination": destination },
    })));
    Value::Object(event)
}

/// The members of an object that is written as one; of anything else, none. Members that are null are left out.
pub(crate) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members.into_iter().filter(|(_, member)| !member.is_null()).collect(),
        _ => Map::new(),
    }
}
