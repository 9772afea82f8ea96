//! Sessions on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A session.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// Identity; names its recording too.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// Where it stands: `admitted`, `live`, `ended`, `sealed`, `lost`, `never-started`.
    pub state: String,
    /// Login.
    pub person: String,
    /// Target's name.
    pub target: String,
    /// Account on the target.
    pub account: Option<String>,
    /// Window it is in.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub window: Option<String>,
    /// Where from.
    pub source: String,
    /// On which node.
    pub node: String,
    /// When it was admitted.
    #[schema(value_type = String, format = DateTime)]
    pub admitted_at: Timestamp,
    /// When it started.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Whether its recording is sealed.
    pub sealed: bool,
    /// Why it ended.
    pub end_reason: Option<String>,
    /// Whether input is paused.
    pub paused: bool,
    /// Vendor's name.
    pub vendor: Option<String>,
    /// Until when its window is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closes: Option<Timestamp>,
    /// Where its recording stands: `live`, `sealed`, `recovered`, `lost`, `none`.
    pub recording: String,
    /// How many watch, on the node that was asked.
    pub observers: u32,
    /// Whether its input waits for somebody who watches.
    #[serde(default)]
    pub awaits_observer: bool,
    /// The visit that it is a part of, by the id of its first session: another than its own when its technician came back
    /// after a lost connection.
    #[schema(value_type = uuid::Uuid)]
    pub visit: String,
    /// The sessions of that visit in order, where there are several; only of one visit that is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub parts: Vec<String>,
    /// The page where it can be watched, where it lives on another node than the one that was asked; only of one visit that is
    /// asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched_at: Option<String>,
}
