//! Alerts on the wire.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An alert.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AlertView {
    /// Identity.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// The rule that raised it.
    pub rule: String,
    /// low, medium, high, critical.
    pub severity: String,
    /// Where it stands: new, acknowledged, closed.
    pub state: String,
    /// Verdict in words.
    pub title: String,
    /// When the group began.
    #[schema(value_type = String, format = DateTime)]
    pub first_at: Timestamp,
    /// When it last grew.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
    /// How many attempts are grouped in it.
    pub count: u64,
    /// Login of who took it.
    pub acknowledged_by: Option<String>,
    /// How it was closed.
    pub disposition: Option<String>,
    /// Login of who closed it.
    #[serde(default)]
    pub closed_by: Option<String>,
    /// What they wrote.
    #[serde(default)]
    pub note: Option<String>,
    /// By when it is to be acknowledged, decided and closed; nothing for what is done.
    #[serde(default)]
    pub due: DueView,
    /// Other alerts of the last day about the same person, vendor or server; only of one alert.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<RelatedView>,
    /// Visits of this vendor on this server in 90 days, by hour of the week from Monday 00:00 in hospital time; only of
    /// one alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Vec<u32>>,
    /// Other visits on the server now; only of one alert.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub live_now: Vec<super::SessionView>,
    /// Who, what, when, what next: the alert from top to bottom.
    #[schema(value_type = Object)]
    pub content: serde_json::Value,
}

/// By when something is to be done about an alert.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct DueView {
    /// Acknowledged.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub acknowledge: Option<Timestamp>,
    /// Decided: planned support or not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decide: Option<Timestamp>,
    /// Closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub close: Option<Timestamp>,
}

/// An alert beside another.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RelatedView {
    /// Identity.
    #[schema(value_type = uuid::Uuid)]
    pub id: String,
    /// Verdict in words.
    pub title: String,
    /// low, medium, high, critical.
    pub severity: String,
    /// When it last grew.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
    /// How many attempts are grouped in it.
    pub count: u64,
}

/// How an alert is closed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertClose {
    /// What it was.
    pub disposition: Disposition,
    /// In words.
    #[serde(default)]
    pub note: String,
}

/// What an alert turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// It was what it said.
    TruePositive,
    /// Planned, but not communicated.
    Benign,
    /// The rule was wrong.
    FalsePositive,
    /// Not decidable with what is known.
    NeedsMoreData,
}

impl Disposition {
    const ALL: [Self; 4] = [Self::TruePositive, Self::Benign, Self::FalsePositive, Self::NeedsMoreData];

    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TruePositive => "true-positive",
            Self::Benign => "benign",
            Self::FalsePositive => "false-positive",
            Self::NeedsMoreData => "needs-more-data",
        }
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Disposition {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|d| d.as_str() == text).ok_or_else(|| {
            format!("{text:?} is no disposition; right is true-positive, benign, false-positive or needs-more-data")
        })
    }
}
