//! The OCSF objects that several classes share: user, endpoints, session, actor.
//!
//! Every object that is made here has at least one of the members that OCSF's constraints ask for, or is not made.

use serde_json::{Value, json};

use super::members;
use crate::occurrence::Occurrence;
use crate::protocol::Protocol;

/// `user`: the person, or what a caller who proved nothing called themselves.
pub(super) fn user(of: &Occurrence) -> Value {
    match &of.person {
        Some(person) => object(json!({
            "uid": person.id.to_string(),
            "name": person.login.as_str(),
            "full_name": person.name,
            "type_id": 1,
            "type": "User",
            "org": person.vendor.as_ref().map(|vendor| json!({ "name": vendor })),
        })),
        None => json!({
            "name": of.named_login.as_deref().filter(|name| !name.is_empty()).unwrap_or("(none given)"),
            "type_id": 0,
            "type": "Unknown",
        }),
    }
}

/// `src_endpoint`: where somebody came from.
pub(super) fn src_endpoint(of: &Occurrence) -> Option<Value> {
    of.source.map(|ip| object(json!({ "ip": ip.to_string(), "port": of.source_port })))
}

/// `dst_endpoint`: the target, or the gate where no target is known.
pub(super) fn dst_endpoint(of: &Occurrence) -> Value {
    let spoken = of.protocol.map(Protocol::as_str);
    match (&of.target, &of.named_target) {
        (Some(target), _) => object(json!({
            "uid": target.id.to_string(), "name": target.name.as_str(), "svc_name": spoken, "type_id": 1,
            "type": "Server",
        })),
        (None, Some(name)) if !name.is_empty() => object(json!({ "name": name, "svc_name": spoken })),
        _ => object(json!({ "name": "chaperone", "svc_name": spoken, "instance_uid": of.node })),
    }
}

/// `service`: the gate's door.
pub(super) fn service(of: &Occurrence) -> Value {
    object(json!({ "name": "Chaperone", "uid": of.listener.as_deref().or(of.node.as_deref()) }))
}

/// `session`: the live session, where there is one.
pub(super) fn session(of: &Occurrence) -> Option<Value> {
    of.session.map(|session| json!({ "uid": session.to_string(), "is_remote": true }))
}

/// `actor`: who did it, where somebody did.
pub(super) fn actor(of: &Occurrence) -> Option<Value> {
    of.person.as_ref().map(|_| object(json!({ "user": user(of), "session": session(of) })))
}

/// What has no member of its own in OCSF: ids, the verdict, and the fact itself.
pub(super) fn unmapped(of: &Occurrence) -> Value {
    object(json!({
        "fact": of.number,
        "kind": of.kind.as_str(),
        "node": of.node,
        "attempt": of.attempt.map(|id| id.to_string()),
        "window": of.window.map(|id| id.to_string()),
        "reason": of.reason.map(|reason| reason.as_str()),
        "account": of.account,
        "body": of.body,
    }))
}

/// A JSON object without its null members.
pub(super) fn object(value: Value) -> Value {
    Value::Object(members(value))
}
