//! Files that passed, as OCSF 6006.

use chaperone_policy::FileHash;
use serde_json::{Map, Value, json};

use super::objects::{actor, dst_endpoint, object, src_endpoint, unmapped};
use super::{Base, Class, members};
use crate::Severity;
use crate::occurrence::Occurrence;

/// 6006: a file went to a server or came from it. `None` where nobody or no address is named, which the class asks for,
/// and for a number of further files.
pub(super) fn transferred(of: &Occurrence, uid: &str) -> Option<Map<String, Value>> {
    let said = |name: &str| of.body.get(name).and_then(Value::as_str);
    let path = said("path")?;
    let (actor, source) = (actor(of)?, src_endpoint(of)?);
    let (activity_id, activity_name, words) = match said("direction") {
        Some("upload") => (1, "Upload", "uploaded to"),
        _ => (2, "Download", "downloaded from"),
    };
    let message = format!("{}: {path} {words} {}", of.who(), of.to_what());
    let base = Base {
        class: Class::FileHosting,
        activity_id,
        activity_name,
        severity: Severity::Informational,
        uid,
        at: of.at,
        message: &message,
        profiles: &[],
    };
    let mut event = base.event();
    let hash = said("sha256").and_then(|text| text.parse::<FileHash>().ok());
    let hashes = hash.map(|hash| json!([{ "algorithm": "SHA-256", "algorithm_id": 3, "value": hash }]));
    let size = said("bytes").and_then(|bytes| bytes.parse::<u64>().ok());
    let name = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path);
    event.extend(members(json!({
        "actor": actor,
        "file": object(json!({
            "name": name, "path": path, "type": "Regular File", "type_id": 1, "size": size, "hashes": hashes,
        })),
        "src_endpoint": source,
        "dst_endpoint": dst_endpoint(of),
        "unmapped": unmapped(of),
    })));
    Some(event)
}
