//! Alerts as OCSF 2004 Detection Finding.

use chaperone_policy::AlertId;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Base, CONTROLLED, Class, members};
use crate::Severity;
use crate::sanitise::{FIELD_MAX, plain};
use crate::technique::{ATTACK_VERSION, by_id};

/// Where a finding is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The alert is new.
    Create,
    /// It has grown, or somebody works on it.
    Update,
    /// It was closed.
    Close,
}

/// An alert, as its event tells it.
#[derive(Clone, Copy, Debug)]
pub struct Finding<'a> {
    /// The alert.
    pub alert: AlertId,
    /// Where it is in its life.
    pub stage: Stage,
    /// Whether somebody works on it.
    pub acknowledged: bool,
    /// How bad it is.
    pub severity: Severity,
    /// How many attempts it counts.
    pub count: u64,
    /// When the first of them was.
    pub first: Timestamp,
    /// When the last of them was.
    pub last: Timestamp,
    /// What is told: [`crate::content::content`].
    pub content: &'a Value,
    /// OCSF `verdict_id`, once somebody closed it with a disposition.
    pub verdict_id: Option<u8>,
}

/// The event of an alert; `uid` is the event's own id, `at` the time of telling.
#[must_use]
pub fn event(finding: &Finding<'_>, uid: &str, at: Timestamp) -> Value {
    let content = finding.content;
    let text = |pointer: &str| content.pointer(pointer).and_then(Value::as_str);
    let summary = text("/summary").or(text("/title")).unwrap_or("alert");
    let message =
        if finding.count > 1 { format!("{summary} ({} times)", finding.count) } else { summary.to_owned() };
    let refused = text("/outcome") == Some("refused");
    let (activity_id, activity_name, status_id, status) = match finding.stage {
        Stage::Create => (1, "Create", 1, "New"),
        Stage::Update if finding.acknowledged => (2, "Update", 2, "In Progress"),
        Stage::Update => (2, "Update", 1, "New"),
        Stage::Close => (3, "Close", 4, "Resolved"),
    };
    let base = Base {
        class: Class::DetectionFinding,
        activity_id,
        activity_name,
        severity: finding.severity,
        uid,
        at,
        message: &message,
        profiles: if refused { CONTROLLED } else { &[] },
    };
    let mut event = base.event();
    if refused {
        event.extend(members(json!({
            "action_id": 2, "action": "Denied", "disposition_id": 2, "disposition": "Blocked", "is_alert": true,
        })));
    }
    event.extend(members(json!({
        "status_id": status_id,
        "status": status,
        "count": finding.count,
        "start_time": finding.first.as_millisecond(),
        "end_time": finding.last.as_millisecond(),
        "confidence_id": 3,
        "confidence": "High",
        "verdict_id": finding.verdict_id,
        "finding_info": finding_info(finding, &text),
        "evidences": evidences(content).map(|evidence| vec![evidence]),
        "resources": resource(content).map(|resource| vec![resource]),
        "unmapped": { "alert": content },
    })));
    Value::Object(event)
}

fn finding_info<'a>(finding: &Finding<'a>, text: &impl Fn(&str) -> Option<&'a str>) -> Value {
    let title = text("/verdict").or(text("/title")).unwrap_or("alert");
    Value::Object(members(json!({
        "uid": finding.alert.to_string(),
        "title": plain(title, FIELD_MAX),
        "desc": text("/summary"),
        "created_time": finding.first.as_millisecond(),
        "first_seen_time": finding.first.as_millisecond(),
        "last_seen_time": finding.last.as_millisecond(),
        "types": text("/rule").map(|rule| [rule]),
        "analytic": text("/rule").map(|rule| json!({
            "uid": rule, "name": text("/title").unwrap_or(rule), "type_id": 1, "type": "Rule",
        })),
        "attacks": attacks(finding.content),
    })))
}

/// One `attack` per technique, with the version of ATT&CK and without a tactic.
fn attacks(content: &Value) -> Option<Vec<Value>> {
    let version = content.get("attack_version").and_then(Value::as_str).unwrap_or(ATTACK_VERSION);
    let ids = content.get("techniques")?.as_array()?;
    let attacks: Vec<_> = ids.iter().filter_map(|technique| attack(technique, version)).collect();
    (!attacks.is_empty()).then_some(attacks)
}

fn attack(technique: &Value, version: &str) -> Option<Value> {
    let technique = by_id(technique.get("id")?.as_str()?)?;
    let named = json!({ "uid": technique.id, "name": technique.name });
    Some(match technique.id.split_once('.') {
        None => json!({ "version": version, "technique": named }),
        Some((parent, _)) => {
            json!({ "version": version, "technique": { "uid": parent }, "sub_technique": named })
        }
    })
}

fn evidences(content: &Value) -> Option<Value> {
    let text = |pointer: &str| content.pointer(pointer).and_then(Value::as_str);
    let src = text("/who/address").map(|ip| json!({ "ip": ip }));
    let user = text("/who/login").or(text("/who/name")).map(|login| {
        Value::Object(members(json!({
            "name": login, "uid": text("/who/person"), "full_name": text("/who/name"),
            "org": text("/who/vendor").map(|vendor| json!({ "name": vendor })),
        })))
    });
    let dst = text("/what/name")
        .map(|name| Value::Object(members(json!({ "name": name, "svc_name": text("/what/protocol") }))));
    let data: Map<String, Value> = members(json!({
        "key": text("/who/key"), "proof": text("/who/proof"), "client": text("/who/client"),
        "network": text("/who/network"), "reason": text("/reason"), "detail": content.get("detail"),
    }));
    let evidence = members(json!({
        "src_endpoint": src,
        "dst_endpoint": dst,
        "actor": user.map(|user| json!({ "user": user })),
        "data": (!data.is_empty()).then_some(data),
    }));
    (!evidence.is_empty()).then_some(Value::Object(evidence))
}

fn resource(content: &Value) -> Option<Value> {
    let text = |pointer: &str| content.pointer(pointer).and_then(Value::as_str);
    let target = text("/what/target")?;
    Some(Value::Object(members(json!({
        "uid": target,
        "name": text("/what/name"),
        "type": "Server",
        "group": text("/what/group").map(|group| json!({ "name": group })),
        "labels": content.pointer("/what/pumps").map(|pumps| [format!("pumps={pumps}")]),
    }))))
}
