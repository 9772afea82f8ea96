//! Files as OCSF events: 6006, with the file's hash (SOC.md §3).

use chaperone_store::FactKind;
use serde_json::{Map, Value, json};

use super::activity::{allowed, denied, status};
use super::objects::{actor, dst_endpoint, object, src_endpoint, unmapped};
use super::{Base, CONTROLLED, Class, members};
use crate::Severity;
use crate::occurrence::Occurrence;

/// OCSF's number of a regular file, and of SHA-256.
const REGULAR: u64 = 1;
const SHA256: u64 = 3;

/// A file that was sent ahead, was refused, or reached its server: an upload each time.
pub(super) fn event(of: &Occurrence, uid: &str) -> Map<String, Value> {
    let refused = of.kind == FactKind::FileRefused;
    let said = |name: &str| of.body.get(name).and_then(Value::as_str);
    let name = said("name").unwrap_or("a file");
    let (words, severity) = match of.kind {
        FactKind::FileRefused => ("was refused at the gate", Severity::Medium),
        FactKind::FileReleased => ("reached its server", Severity::Informational),
        _ => ("was sent ahead", Severity::Informational),
    };
    let message = format!("{name} of {} for {} {words}", of.who(), of.to_what());
    let base = Base {
        class: Class::FileHosting,
        activity_id: 1,
        activity_name: "Upload",
        severity,
        uid,
        at: of.at,
        message: &message,
        profiles: CONTROLLED,
    };
    let mut event = base.event();
    event.extend(if refused { denied() } else { allowed() });
    event.extend(status(!refused, of));
    let hashes =
        said("sha256").map(|hash| json!([{ "algorithm": "SHA-256", "algorithm_id": SHA256, "value": hash }]));
    let size = said("size_bytes").and_then(|bytes| bytes.parse::<u64>().ok());
    event.extend(members(json!({
        "actor": actor(of).unwrap_or_else(|| json!({ "app_name": "Chaperone" })),
        "src_endpoint": src_endpoint(of).unwrap_or_else(|| gate(of)),
        "dst_endpoint": dst_endpoint(of),
        "file": Value::Object(members(json!({
            "name": name, "type_id": REGULAR, "type": "Regular File", "size": size, "path": said("path"),
            "hashes": hashes,
        }))),
        "unmapped": unmapped(of),
    })));
    event
}

/// The gate itself, where nobody sent anything just now: a file was scanned again.
fn gate(of: &Occurrence) -> Value {
    object(json!({ "name": "chaperone", "instance_uid": of.node }))
}
