//! One event as each transport carries it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fit::fitted;
use super::link::Outgoing;
use super::syslog::frame::{self, Header};
use super::webhook::BODY_MAX;
use crate::Severity;

/// The event's own id, the same at every destination and with every repeat; with nothing in it that a header, or a
/// signed text, could be broken with.
pub fn uid(out: &Outgoing<'_>) -> String {
    let uid = out.event.pointer("/metadata/uid").and_then(Value::as_str);
    let safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match uid.map(|uid| uid.chars().map(|c| if safe(c) { c } else { '-' }).take(128).collect::<String>()) {
        Some(uid) if !uid.is_empty() => uid,
        _ => format!("msg_{}", out.sequence),
    }
}

/// When the event happened.
pub fn at(event: &Value) -> Timestamp {
    let millisecond = event.get("time").and_then(Value::as_i64).unwrap_or_default();
    Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn number(event: &Value, name: &str) -> u64 {
    event.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// The SYSLOG-MSG.
pub fn syslog_message(out: &Outgoing<'_>) -> String {
    let uid = uid(out);
    let header = Header {
        severity: Severity::from_ocsf_id(number(out.event, "severity_id")),
        at: at(out.event),
        node: out.node,
        process: std::process::id(),
        class_uid: number(out.event, "class_uid"),
        uid: &uid,
        destination: out.destination,
        sequence: out.sequence,
    };
    frame::message(&header, &fitted(out.event, frame::room(&header)))
}

/// Standard Webhooks' payload: type, time, and the OCSF event, or the notice, as data.
pub fn webhook_body(out: &Outgoing<'_>) -> String {
    let kind = match (number(out.event, "class_uid"), number(out.event, "activity_id")) {
        (2004, 1) => "alert.raised",
        (2004, 2) => "alert.grown",
        (2004, 3) => "alert.closed",
        (3002, _) => "authentication",
        (3003, _) => "session.authorized",
        (3004, _) => "entity.changed",
        (4001 | 4007, _) => "session.activity",
        _ => "event",
    };
    let kind = match out.event.pointer("/notice/topic").and_then(Value::as_str) {
        Some(topic) => format!("notice.{topic}"),
        None => kind.to_owned(),
    };
    let around = json!({ "type": kind, "timestamp": at(out.event).to_string(), "data": {} }).to_string();
    let data = fitted(out.event, BODY_MAX.saturating_sub(around.len()));
    // `data` is JSON text already: put in place of its empty stand-in, so that it is not rendered a second time.
    around.replacen("\"data\":{}", &format!("\"data\":{data}"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ocsf::{numbered, test_event};

    fn out(event: &Value) -> Outgoing<'_> {
        Outgoing { event, sequence: 9, destination: "soc", node: "gate-1", site: "" }
    }

    #[test]
    fn both_transports_carry_the_same_event_under_the_same_number() {
        let event = numbered(&test_event("u-1", "soc", Timestamp::UNIX_EPOCH), 9);
        let message = syslog_message(&out(&event));
        let (header, body) = message.split_once("] ").unwrap();
        assert!(
            header.contains(r#"sequence="9""#)
                && header.starts_with("<86>1 1970-01-01T00:00:00.000000Z gate-1")
        );
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), event);
        let webhook: Value = serde_json::from_str(&webhook_body(&out(&event))).unwrap();
        assert_eq!(webhook["data"], event);
        assert_eq!(webhook["type"], "alert.raised");
    }

    #[test]
    fn a_huge_event_fits_both_transports() {
        let mut event = numbered(&test_event("u-1", "soc", Timestamp::UNIX_EPOCH), 9);
        event["evidences"] = json!([{ "data": { "x": "é".repeat(50_000) } }]);
        assert!(syslog_message(&out(&event)).len() < frame::MESSAGE_MAX);
        assert!(webhook_body(&out(&event)).len() < BODY_MAX);
    }

    #[test]
    fn an_id_breaks_nothing() {
        let event = json!({ "metadata": { "uid": "a.b\r\n>c" } });
        assert_eq!(uid(&out(&event)), "a-b---c");
        assert_eq!(uid(&out(&json!({}))), "msg_9");
    }
}
