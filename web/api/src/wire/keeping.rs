//! What two people say together, and how long evidence is kept, on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Moment;

/// A wish to see what was typed in a visit.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnmask {
    /// Id of the visit.
    pub session: String,
    /// Why; stored in the ledger, and what the second person reads.
    #[schema(max_length = 1000)]
    pub reason: String,
    /// Of this channel alone.
    #[serde(default)]
    pub channel: Option<u32>,
    /// From this millisecond of the recording on.
    #[serde(default)]
    pub from_ms: Option<u64>,
    /// Before this millisecond.
    #[serde(default)]
    pub to_ms: Option<u64>,
}

/// One person's word that something be done which takes two, and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WordView {
    /// Id.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// What takes two: `unmask-input`, `lift-hold`, `shorten-retention`.
    pub act: String,
    /// What it is done to: a visit, a hold, a class.
    pub subject: String,
    /// What exactly.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// `asked`, `agreed`, `refused`, `withdrawn`, `expired`, `spent`.
    pub state: String,
    /// Why.
    pub reason: String,
    /// Login of who asks.
    pub asked_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub asked: Timestamp,
    /// Login of who has answered.
    pub answered_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered: Option<Timestamp>,
    /// First instant in which it is worth nothing.
    #[schema(value_type = String, format = DateTime)]
    pub expires: Timestamp,
}

/// A new hold: evidence that is kept whatever its class says.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHold {
    /// What it keeps: `session`, `window`, `person`, `target`, `vendor`.
    pub kind: String,
    /// Which: an id, a sign-in name, a server's or a company's name.
    pub name: String,
    /// Of that only what happened then or later.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub from: Option<Moment>,
    /// Of that only what happened before.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub to: Option<Moment>,
    /// Why.
    #[schema(max_length = 1000)]
    pub reason: String,
}

/// A hold.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HoldView {
    /// Id.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// What it keeps: `session`, `window`, `person`, `target`, `vendor`.
    pub kind: String,
    /// Which.
    pub name: String,
    /// Of that only what happened then or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Of that only what happened before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Login of who put it.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// One person's word that it be lifted, which waits for a second.
    #[serde(default)]
    pub lifting: Option<WordView>,
}

/// What became of the word of one of two people.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TogetherView {
    /// Whether it is done; else another person is waited for.
    pub done: bool,
    /// The word that waits, if it does.
    pub word: Option<WordView>,
    /// What happens next.
    pub next: String,
}

/// How long evidence is kept, by name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClassView {
    /// Its name; `standard` is that of whatever has no other.
    pub name: String,
    /// Days that facts keep their words; their leaves stay for ever.
    pub facts_days: u32,
    /// Days that recordings are kept, from their seal.
    pub recordings_days: u32,
}

/// By which class something is kept.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AssignedView {
    /// `target` or `vendor`.
    pub kind: String,
    /// Which.
    pub name: String,
    /// By which class.
    pub class: String,
}

/// How long evidence is kept.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionView {
    /// Every class.
    pub classes: Vec<ClassView>,
    /// What they are assigned to.
    pub assigned: Vec<AssignedView>,
    /// What waits for a second person.
    pub waiting: Vec<WordView>,
}

/// New days of a class.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClass {
    /// Days that facts keep their words: at least as many as recordings, and at least 90.
    pub facts_days: u32,
    /// Days that recordings are kept.
    pub recordings_days: u32,
    /// Why.
    #[schema(max_length = 1000)]
    pub reason: String,
}

/// By which class something is to be kept.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssigned {
    /// `target` or `vendor`.
    pub kind: String,
    /// Which.
    pub name: String,
    /// By which class.
    pub class: String,
    /// Why.
    #[schema(max_length = 1000)]
    pub reason: String,
}

/// A run of retention.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionRun {
    /// Whether it only looks.
    #[serde(default)]
    pub dry_run: bool,
    /// Why it is not left to the hour; stored in the ledger.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub reason: String,
}

/// What a run of retention did, or would do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RetainedView {
    /// Whether it only looked.
    pub dry_run: bool,
    /// Why it did nothing, in words.
    pub stopped: Option<String>,
    /// Recordings over their time.
    pub recordings_due: u64,
    /// Of those, deleted now.
    pub recordings_deleted: u64,
    /// Recordings that a hold keeps beyond their class's time.
    pub recordings_held: u64,
    /// Recordings over their time whose file is not there.
    pub recordings_missing: u64,
    /// Bytes of the recordings over their time.
    pub bytes: u64,
    /// Facts whose words are over their time.
    pub words_due: u64,
    /// Of those, emptied now.
    pub words_cleared: u64,
}
