//! How bad something is, in the words of the SOC, of OCSF and of syslog.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much attention an alert or event asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing to do.
    Informational,
    /// Background noise that is worth a number.
    Low,
    /// Look today.
    Medium,
    /// Look now.
    High,
    /// Drop everything.
    Critical,
}

impl Severity {
    /// Every severity, mildest first.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The stored and shown name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// OCSF `severity_id`.
    #[must_use]
    pub fn ocsf_id(self) -> u8 {
        match self {
            Self::Informational => 1,
            Self::Low => 2,
            Self::Medium => 3,
            Self::High => 4,
            Self::Critical => 5,
        }
    }

    /// OCSF `severity`, the caption of [`Self::ocsf_id`].
    #[must_use]
    pub fn ocsf_caption(self) -> &'static str {
        match self {
            Self::Informational => "Informational",
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Critical => "Critical",
        }
    }

    /// The severity with this OCSF `severity_id`; unknown numbers are informational.
    #[must_use]
    pub fn from_ocsf_id(id: u64) -> Self {
        match id {
            2 => Self::Low,
            3 => Self::Medium,
            4 => Self::High,
            5 | 6 => Self::Critical,
            _ => Self::Informational,
        }
    }

    /// RFC 5424 §6.2.1 severity: critical 2, error 3, warning 4, notice 5, informational 6.
    #[must_use]
    pub fn syslog(self) -> u8 {
        match self {
            Self::Critical => 2,
            Self::High => 3,
            Self::Medium => 4,
            Self::Low => 5,
            Self::Informational => 6,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
