//! Files that are sent ahead for a change window, on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A file that was sent ahead.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SentFileView {
    /// Identity.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// Its name.
    pub name: String,
    /// How long it is.
    pub size_bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// How it stands to the plan, where that names files: file-as-planned, file-other-content, file-not-planned.
    pub planned: Option<String>,
    /// Where it stands: clean, refused, withdrawn, discarded.
    pub state: String,
    /// What the scanner found, where it was refused.
    pub found: Option<String>,
    /// What looked at it, with its signatures.
    pub scanner: String,
    /// Login of who sent it.
    pub sent_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub sent: Timestamp,
    /// When a scanner last found nothing in it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub scanned: Option<Timestamp>,
    /// When it was last released.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub released: Option<Timestamp>,
    /// Where to: server and path.
    pub released_to: Option<String>,
}

/// Where a file is to go, in a visit that is on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileRelease {
    /// A path on the server, or a folder that is there or ends with a slash.
    #[schema(example = "/opt/alaris/incoming/")]
    pub to: String,
    /// The server's name, where visits to several are on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}
