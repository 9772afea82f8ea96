//! What OCSF 1.8.0 requires of the events that we emit: required members, constraints, and the values of closed lists.

use serde_json::Value;

/// What an object or class must have.
struct Shape {
    required: &'static [&'static str],
    at_least_one: &'static [&'static str],
    exactly_one: &'static [&'static str],
}

const fn shape(required: &'static [&'static str], at_least_one: &'static [&'static str]) -> Shape {
    Shape { required, at_least_one, exactly_one: &[] }
}

const BASE: &[&str] =
    &["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"];

const ENDPOINT: &[&str] = &[
    "ip",
    "uid",
    "name",
    "hostname",
    "svc_name",
    "instance_uid",
    "interface_uid",
    "interface_name",
    "domain",
];

/// Required members, then one of these, by class.
fn class_shape(class_uid: u64) -> Option<Shape> {
    Some(match class_uid {
        2004 => shape(&["finding_info"], &[]),
        3002 => shape(&["user"], &["service", "dst_endpoint"]),
        3003 => Shape { required: &["user"], at_least_one: &[], exactly_one: &["privileges", "group"] },
        3004 => shape(&["entity"], &[]),
        6006 => shape(&["actor", "file", "src_endpoint"], &[]),
        4001 | 4007 => shape(&[], &["dst_endpoint", "src_endpoint"]),
        _ => return None,
    })
}

/// The same by member name, wherever it stands in an event.
fn object_shape(name: &str) -> Option<Shape> {
    Some(match name {
        "metadata" => shape(&["product", "version"], &[]),
        "product" | "technique" | "sub_technique" | "group" | "org" | "service" | "resources" => {
            shape(&[], &["name", "uid"])
        }
        "finding_info" => shape(&["uid"], &[]),
        "analytic" => shape(&["type_id"], &["name", "uid"]),
        "attacks" => shape(&[], &["tactic", "technique", "sub_technique"]),
        "file" => shape(&["name", "type_id"], &[]),
        "hashes" => shape(&["algorithm_id", "value"], &[]),
        "user" => shape(&[], &["account", "name", "uid"]),
        "actor" => shape(&[], &["process", "user", "invoked_by", "session", "app_name", "app_uid"]),
        "src_endpoint" | "dst_endpoint" => shape(&[], ENDPOINT),
        "entity" => shape(&[], &["name", "uid", "device", "group", "org", "policy", "user"]),
        "evidences" => shape(
            &[],
            &[
                "actor",
                "data",
                "device",
                "dst_endpoint",
                "process",
                "resources",
                "src_endpoint",
                "url",
                "user",
            ],
        ),
        _ => return None,
    })
}

/// Activities that a class knows.
fn activities(class_uid: u64) -> std::ops::RangeInclusive<u64> {
    match class_uid {
        2004 => 1..=3,
        3002 => 1..=7,
        3003 => 1..=2,
        3004 => 1..=13,
        6006 => 1..=16,
        _ => 1..=7,
    }
}

/// Everything that is wrong with an event; empty when it is valid.
pub(crate) fn faults(event: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let number = |name: &str| event[name].as_u64();
    let (Some(class), Some(activity)) = (number("class_uid"), number("activity_id")) else {
        return vec!["no class_uid or activity_id".to_owned()];
    };
    let Some(shape) = class_shape(class) else { return vec![format!("class {class} is none of ours")] };
    check(event, "event", &Shape { required: BASE, at_least_one: &[], exactly_one: &[] }, &mut faults);
    check(event, "event", &shape, &mut faults);
    walk(event, &mut faults);
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    expect(number("type_uid") == Some(class * 100 + activity), "type_uid is not class × 100 + activity");
    expect(number("category_uid") == Some(class / 1_000), "category_uid is not the class's");
    expect(
        activities(class).contains(&activity) || activity == 99,
        "an activity that the class does not know",
    );
    expect(matches!(number("severity_id"), Some(1..=6)), "severity_id");
    expect(
        event["time"].as_i64().is_some_and(|time| time > 1_000_000_000_000),
        "time is not in milliseconds",
    );
    expect(event["metadata"]["version"] == "1.8.0", "metadata.version");
    expect(event["metadata"]["uid"].is_string(), "metadata.uid");
    expect(event["metadata"]["sequence"].is_u64(), "metadata.sequence");
    let profiles = event["metadata"]["profiles"].as_array().cloned().unwrap_or_default();
    let control = ["action_id", "disposition_id", "is_alert"].iter().any(|name| event.get(name).is_some());
    expect(!control || profiles.contains(&"security_control".into()), "security_control is not named");
    let host = matches!(class, 4001 | 4007) && event.get("actor").is_some();
    expect(!host || profiles.contains(&"host".into()), "the host profile is not named");
    expect(event["unmapped"].is_object(), "unmapped");
    faults
}

fn walk(value: &Value, faults: &mut Vec<String>) {
    let Value::Object(members) = value else { return };
    for (name, member) in members.iter().filter(|(name, _)| *name != "unmapped" && *name != "data") {
        if member.is_null() {
            faults.push(format!("{name} is null"));
        }
        let each = match member {
            Value::Array(list) => list.iter().collect(),
            one => vec![one],
        };
        for one in each.into_iter().filter(|one| one.is_object()) {
            if let Some(shape) = object_shape(name) {
                check(one, name, &shape, faults);
            }
            walk(one, faults);
        }
    }
}

fn check(value: &Value, name: &str, shape: &Shape, faults: &mut Vec<String>) {
    let has = |member: &&&str| value.get(**member).is_some_and(|member| !member.is_null());
    for missing in shape.required.iter().filter(|member| !has(member)) {
        faults.push(format!("{name} without {missing}"));
    }
    if !shape.at_least_one.is_empty() && !shape.at_least_one.iter().any(|member| has(&member)) {
        faults.push(format!("{name} with none of {:?}", shape.at_least_one));
    }
    if !shape.exactly_one.is_empty() && shape.exactly_one.iter().filter(has).count() != 1 {
        faults.push(format!("{name} with not exactly one of {:?}", shape.exactly_one));
    }
}
