//! Vendors on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment::Moment;

/// A company to add.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVendor {
    /// Name, as contracts spell it.
    #[schema(example = "Meridian Infusion")]
    pub name: String,
    /// Login of the hospital's person who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsor: Option<String>,
    /// Networks its people may come from; empty means any.
    #[serde(default)]
    pub source_networks: Vec<String>,
    /// First instant its people may no longer visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Moment>,
}

/// A company.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VendorView {
    /// Identity.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// Name.
    pub name: String,
    /// Login of the sponsor.
    pub sponsor: Option<String>,
    /// Logins of its people.
    pub people: Vec<String>,
    /// Networks its people may come from; empty means any.
    pub source_networks: Vec<String>,
    /// First instant its people may no longer visit.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
    /// Why it is locked; nothing when it is not.
    pub locked: Option<String>,
}
