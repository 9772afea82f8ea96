//! Destinations on the wire.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Kinds of destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DestinationKind {
    /// RFC 5424 messages to `tcp://HOST:PORT` or `udp://HOST:PORT`.
    Syslog,
    /// A Standard Webhook to an HTTP(S) URL.
    Webhook,
}

impl DestinationKind {
    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syslog => "syslog",
            Self::Webhook => "webhook",
        }
    }
}

/// A destination to add.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDestination {
    /// What it is called.
    #[schema(example = "soc")]
    pub name: String,
    /// What it speaks.
    pub kind: DestinationKind,
    /// Where.
    #[schema(example = "tcp://127.0.0.1:6514")]
    pub url: String,
    /// A webhook's signing secret (`whsec_…` or any text); required for webhooks, sealed at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(write_only)]
    pub secret: Option<String>,
    /// Whether it gets every event, not only alerts.
    #[serde(default)]
    pub all_events: bool,
}

impl fmt::Debug for NewDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDestination")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A destination.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DestinationView {
    /// Identity.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// Name.
    pub name: String,
    /// What it speaks.
    pub kind: String,
    /// Where.
    pub url: String,
    /// Whether it gets anything.
    pub enabled: bool,
    /// Whether it gets every event.
    pub all_events: bool,
    /// Messages that wait.
    pub waiting: u64,
    /// Since when the oldest of them waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub oldest: Option<Timestamp>,
    /// Why the last try failed.
    pub last_error: Option<String>,
}
