//! The entries that a bundle has, and how large each may be.

use uuid::Uuid;

pub(super) const MIB: u64 = 1 << 20;
/// Entries of one bundle.
pub(super) const MAX_ENTRIES: usize = 200_000;
/// A chunk of leaves or facts.
pub(super) const MAX_CHUNK: u64 = 4 * MIB;

/// For people.
pub const HOW_TO: &str = "HOW-TO-VERIFY.txt";
/// The second verifier.
pub const PYTHON: &str = "chaperone_verify.py";
/// Checkpoint A.
pub const FROM: &str = "ledger/from.checkpoint";
/// The compact range at A.
pub const RANGE: &str = "ledger/from.range";
/// Checkpoint B.
pub const TO: &str = "ledger/to.checkpoint";
/// From A to B.
pub const CONSISTENCY: &str = "ledger/consistency.proof";
/// Chunks of leaves.
pub const LEAVES: &str = "ledger/leaves/";
/// Chunks of facts.
pub const FACTS: &str = "facts/";
/// Tag keys.
pub const TAG_KEYS: &str = "tag-keys.json";
/// Data keys.
pub const KEYS: &str = "keys.json";
/// The same, encrypted to recipients.
pub const SEALED_KEYS: &str = "keys.json.age";
/// What the bundle is about.
pub const MANIFEST: &str = "manifest.json";
/// The manifest's signature.
pub const SIGNATURE: &str = "manifest.sig";
/// Names of people, vendors and targets.
pub const NAMES: &str = "names.json";
/// Windows, from their facts.
pub const WINDOWS: &str = "windows.json";
/// Alerts, from their facts.
pub const ALERTS: &str = "alerts.json";
/// Who saw or exported evidence, from facts.
pub const CUSTODY: &str = "custody.json";
/// What was not captured.
pub const COVERAGE: &str = "coverage.json";

/// Entries that every bundle has.
pub(super) const REQUIRED: &[&str] = &[
    HOW_TO,
    FROM,
    RANGE,
    TO,
    CONSISTENCY,
    TAG_KEYS,
    NAMES,
    WINDOWS,
    ALERTS,
    CUSTODY,
    COVERAGE,
    MANIFEST,
    SIGNATURE,
];

/// The name of a chunk of leaves.
#[must_use]
pub fn leaves(chunk: usize) -> String {
    format!("{LEAVES}{chunk:08}")
}

/// The name of a chunk of facts.
#[must_use]
pub fn facts(chunk: usize) -> String {
    format!("{FACTS}{chunk:08}.jsonl")
}

/// The name of a recording.
#[must_use]
pub fn recording(session: Uuid) -> String {
    format!("recordings/{session}.chap")
}

/// The name of a derived view.
#[must_use]
pub fn derived(session: Uuid, suffix: &str) -> String {
    format!("derived/{session}.{suffix}")
}

/// Whose recording an entry is.
pub(super) fn recorded(name: &str) -> Option<Uuid> {
    session(name.strip_prefix("recordings/")?.strip_suffix(".chap")?)
}

/// Most bytes of an entry; `None` for what no bundle has.
pub(super) fn bound(name: &str) -> Option<u64> {
    let bound = match name {
        HOW_TO | PYTHON | KEYS | SEALED_KEYS | NAMES | WINDOWS | ALERTS | CUSTODY | COVERAGE => 16 * MIB,
        FROM | TO | CONSISTENCY | TAG_KEYS => MIB,
        RANGE => 8 + 32 * 64,
        MANIFEST => 64 * MIB,
        SIGNATURE => 1024,
        _ => return other(name),
    };
    Some(bound)
}

fn other(name: &str) -> Option<u64> {
    let facts = || name.strip_prefix(FACTS)?.strip_suffix(".jsonl");
    if let Some(number) = name.strip_prefix(LEAVES).or_else(facts) {
        return (number.len() == 8 && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(MAX_CHUNK);
    }
    if let Some(view) = name.strip_prefix("derived/") {
        let id = [".cast", ".txt", ".har"].iter().find_map(|suffix| view.strip_suffix(suffix))?;
        return session(id).map(|_| u64::MAX);
    }
    recorded(name).map(|_| u64::MAX)
}

/// A session's id as it is written here: lower case, with hyphens.
pub(super) fn session(text: &str) -> Option<Uuid> {
    let id = Uuid::parse_str(text).ok()?;
    (id.to_string() == text).then_some(id)
}
