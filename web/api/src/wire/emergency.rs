//! Emergencies on the wire: a technician enrolled on the spot, a window opened on two words, and what is said afterwards.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment::Moment;

/// A technician to enrol on the spot.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOnTheSpot {
    /// Sign-in name.
    #[schema(example = "nora")]
    pub login: String,
    /// Name for people; the login where empty.
    #[serde(default)]
    pub name: String,
    /// Name of the company that sends them.
    pub vendor: String,
    /// Their SSH public key, one OpenSSH line.
    pub ssh_key: String,
    /// For how long, minutes; at most 240, which is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// Why, and who vouched for them.
    pub reason: String,
}

/// An emergency window: whoever says this takes the call, and gives the first of its two words.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEmergency {
    /// Names of the targets.
    pub targets: Vec<String>,
    /// Logins of the technicians, all of one vendor; the first is who asks.
    pub technicians: Vec<String>,
    /// What is granted.
    pub access: Vec<String>,
    /// Accounts on the targets; empty means each target's default.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// First instant outside.
    #[schema(value_type = String, example = "+2h")]
    pub closes: Moment,
    /// How long output still flows after `closes`, seconds.
    #[serde(default)]
    pub overrun_seconds: u32,
    /// The incident's ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// What has happened.
    pub reason: String,
    /// Whether an observer must be present while input flows.
    #[serde(default)]
    pub observer_required: bool,
}

/// How a server is returned to service.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnToService {
    /// `done`, `partly` or `backed-out`.
    #[schema(example = "done")]
    pub outcome: String,
    /// What was checked, and what is left.
    pub reason: String,
}
