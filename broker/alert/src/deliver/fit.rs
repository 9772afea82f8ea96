//! Makes an event fit a transport's size, and says in the event what was left out.

use serde_json::{Value, json};

use crate::sanitise::plain;

/// What goes first when an event is too long, in order: pointers into the event, and the name that is left behind.
const EXPENDABLE: &[(&str, &str)] = &[
    ("/evidences/0/data", "evidences.data"),
    ("/unmapped/body", "unmapped.body"),
    ("/unmapped/alert/sessions_now", "unmapped.alert.sessions_now"),
    ("/unmapped/alert/windows", "unmapped.alert.windows"),
    ("/evidences", "evidences"),
    ("/unmapped/alert/what_next", "unmapped.alert.what_next"),
    ("/unmapped/alert", "unmapped.alert"),
    ("/resources", "resources"),
    ("/entity/data", "entity.data"),
];

/// The longest `message` in an event that had to be cut down to its base.
const SHORT_MESSAGE: usize = 200;

/// The event as one line of JSON in plain ASCII, shorter than `max` bytes.
///
/// Characters beyond ASCII are written `\uXXXX`: the line is then valid UTF-8 without the byte-order mark that RFC 5424
/// §6.4 asks of UTF-8 messages and that JSON parsers refuse. What had to be left out is named in `unmapped.truncated`.
#[must_use]
pub fn fitted(event: &Value, max: usize) -> String {
    let line = ascii(&event.to_string());
    if line.len() < max {
        return line;
    }
    let mut shorter = event.clone();
    let mut left_out = Vec::new();
    for (pointer, name) in EXPENDABLE {
        if remove(&mut shorter, pointer) {
            left_out.push(*name);
            note(&mut shorter, &left_out);
            let line = ascii(&shorter.to_string());
            if line.len() < max {
                return line;
            }
        }
    }
    ascii(&base_of(event).to_string())
}

/// The members that every OCSF event has, and a short message: what is left when nothing else fits.
fn base_of(event: &Value) -> Value {
    let mut base = json!({ "unmapped": { "truncated": ["all but the base fields"] } });
    for name in ["activity_id", "category_uid", "class_uid", "type_uid", "severity_id", "time", "metadata"] {
        if let (Some(member), Some(base)) = (event.get(name), base.as_object_mut()) {
            base.insert(name.to_owned(), member.clone());
        }
    }
    let short =
        |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(|t| plain(t, SHORT_MESSAGE));
    if let Some(base) = base.as_object_mut() {
        if let Some(message) = short("/message") {
            base.insert("message".to_owned(), message.into());
        }
        if let Some(uid) = short("/finding_info/uid") {
            base.insert(
                "finding_info".to_owned(),
                json!({ "uid": uid, "title": short("/finding_info/title") }),
            );
        }
    }
    base
}

fn note(event: &mut Value, left_out: &[&str]) {
    if let Some(event) = event.as_object_mut() {
        let unmapped = event.entry("unmapped").or_insert_with(|| json!({}));
        if let Some(unmapped) = unmapped.as_object_mut() {
            unmapped.insert("truncated".to_owned(), json!(left_out));
        }
    }
}

fn remove(event: &mut Value, pointer: &str) -> bool {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return false };
    match event.pointer_mut(parent) {
        Some(Value::Object(members)) => members.remove(name).is_some(),
        _ => false,
    }
}

/// JSON text with every character beyond ASCII as `\uXXXX`. Outside its strings, JSON has none.
fn ascii(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && c != '\u{7f}' {
            line.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                line.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(filler: usize) -> Value {
        json!({
            "class_uid": 2004, "category_uid": 2, "activity_id": 1, "type_uid": 200401, "severity_id": 4, "time": 1,
            "metadata": { "uid": "u", "sequence": 7, "version": "1.8.0", "product": { "name": "Chaperone" } },
            "message": "m".repeat(filler),
            "finding_info": { "uid": "alert", "title": "t" },
            "evidences": [{ "data": { "x": "é".repeat(filler) } }],
            "unmapped": { "alert": { "windows": ["w".repeat(filler)], "verdict": "late" } },
        })
    }

    #[test]
    fn a_short_event_is_whole() {
        let line = fitted(&event(10), 8192);
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), event(10));
        assert!(line.is_ascii());
    }

    #[test]
    fn a_long_event_says_what_was_left_out() {
        let mut long = event(10);
        long["evidences"][0]["data"] = json!({ "x": "y".repeat(9_000) });
        let line: Value = serde_json::from_str(&fitted(&long, 8192)).unwrap();
        assert_eq!(line["unmapped"]["truncated"], json!(["evidences.data"]));
        assert_eq!(line["unmapped"]["alert"]["verdict"], "late");
        assert_eq!(line["metadata"]["sequence"], 7);
    }

    proptest! {
        #[test]
        fn whatever_its_size_the_line_fits_and_parses(filler in 0usize..40_000) {
            let line = fitted(&event(filler), 8_000);
            prop_assert!(line.len() < 8_000);
            let back: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(&back["metadata"]["sequence"], &json!(7));
            prop_assert_eq!(&back["class_uid"], &json!(2004));
        }
    }
}
