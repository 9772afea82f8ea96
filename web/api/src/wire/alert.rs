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
    /// Who, what, when, what next: the alert from top to bottom.
    #[schema(value_type = Object)]
    pub content: serde_json::Value,
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
