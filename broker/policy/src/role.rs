//! Roles and the one table of who may do what (DESIGN §1). Every door reads this table; no handler has a rule of its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A role a person holds, within a [`crate::Scope`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Works on targets, for a vendor.
    Technician,
    /// Plans a vendor's visits.
    Coordinator,
    /// Approves windows; owns targets.
    ClinicalEngineer,
    /// Co-approves library work.
    Pharmacist,
    /// Works alerts and watches.
    Analyst,
    /// Leads the SOC.
    Lead,
    /// Reads and proves.
    Auditor,
    /// Enrols people, keeps configuration.
    Administrator,
}

impl Role {
    /// Every role, in the order of DESIGN §1's table.
    pub const ALL: [Self; 8] = [
        Self::Technician,
        Self::Coordinator,
        Self::ClinicalEngineer,
        Self::Pharmacist,
        Self::Analyst,
        Self::Lead,
        Self::Auditor,
        Self::Administrator,
    ];

    /// The name that is stored, shown in lists and accepted on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Technician => "technician",
            Self::Coordinator => "coordinator",
            Self::ClinicalEngineer => "clinical-engineer",
            Self::Pharmacist => "pharmacist",
            Self::Analyst => "analyst",
            Self::Lead => "lead",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no role; roles are technician, coordinator, clinical-engineer, pharmacist, analyst, lead, auditor, administrator"
)]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}
