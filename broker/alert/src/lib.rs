//! Facts become alerts, alerts become messages: what the SOC hears, and that it hears it (P5).
//!
//! ```text
//!  fact ─► Occurrence ─► Rule ─► alert, new or grown ─┬─► OCSF event ─► outbox row per destination   one commit
//!    │               └─────────► activity event ──────┘         (numbered without gaps)
//!    └─► notices to people ─────────────────────────────────────────────┤
//!  clock, each time told once ─► notices to people ─────────────────────┤
//!                                                                       ▼
//!  feed wakes ─► one task per destination ─► syslog (TLS, TCP, UDP) · webhook · mail ─► mark        at least once
//! ```
//!
//! A destination is the SOC's (`alerts`, or `all` events), or it tells people what becomes of their change windows
//! (`notices`), each by their own mail or all by one webhook.
//!
//! While the database is gone, [`Emergency`] tells one collector of what goes to the spool.
//!
//! [`Alerts`] is the [`chaperone_store::Reaction`] that runs inside every commit; [`Delivery`] drains the outboxes
//! afterwards. This layer never decides about access, holds no secret at rest, and lets no text of an attacker's into a
//! log or an event as it came.

mod alerts;
mod content;
mod deliver;
mod emergency;
mod group;
mod notice;
mod occurrence;
mod ocsf;
mod outcome;
mod overdue;
mod protocol;
mod reaction;
mod rule;
#[cfg(test)]
mod sample;
mod sanitise;
mod severity;
mod technique;
#[cfg(test)]
mod tests;

pub use alerts::Alerts;
pub use deliver::{
    AddressError, AddressFault, AddressPolicy, Delivery, DestinationHealth, MailError, PemFault, SecretError,
    SyslogError, TermsFault, TlsFault, Unseal, WebhookError, WebhookSecret, await_delivery, check, send_test,
};
pub use emergency::Emergency;
pub use notice::Timing;
pub use occurrence::{Occurrence, Somebody, Something};
pub use protocol::Protocol;
pub use rule::{Action, Condition, Grouping, Rule, RuleBook};
pub use severity::Severity;
pub use technique::{ATTACK_VERSION, Technique};
