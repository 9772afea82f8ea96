//! Destinations on the wire.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Kinds of destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DestinationKind {
    /// RFC 5424 messages to `tls://HOST:PORT` (RFC 5425), `tcp://HOST:PORT` or `udp://HOST:PORT`.
    Syslog,
    /// A Standard Webhook to an HTTP(S) URL.
    Webhook,
    /// Mail through `smtps://HOST[:PORT]`, or `smtp://HOST[:PORT]` with STARTTLS.
    Smtp,
}

impl DestinationKind {
    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syslog => "syslog",
            Self::Webhook => "webhook",
            Self::Smtp => "smtp",
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
    #[schema(example = "tls://siem.hospital.example:6514")]
    pub url: String,
    /// Sealed at once: a webhook's signing secret (`whsec_…` or any text), which every webhook has; the PEM key of a
    /// client certificate; or a mail server's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(write_only)]
    pub secret: Option<String>,
    /// PEM certificates that the receiver's own must lead to; without them, those that the gate's machine trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// The PEM certificate, with its chain, that a syslog collector is shown; its key is the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// Whom mail is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "chaperone@hospital.example")]
    pub from: Option<String>,
    /// Whom alerts are mailed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// The user name at the mail server; its password is the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether it gets every event, not only alerts.
    #[serde(default)]
    pub all_events: bool,
    /// Whether it gets what people are told about their change windows, and nothing for the SOC. Mail goes to each
    /// person's own address then.
    #[serde(default)]
    pub notices: bool,
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
    /// Whether it gets what people are told, instead of alerts.
    pub notices: bool,
    /// Whom mail is from.
    pub from: Option<String>,
    /// Whom alerts are mailed to.
    pub to: Vec<String>,
    /// Messages that wait.
    pub waiting: u64,
    /// Since when the oldest of them waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub oldest: Option<Timestamp>,
    /// Why the last try failed.
    pub last_error: Option<String>,
}
