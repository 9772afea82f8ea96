//! The rules on files that are sent ahead.

use chaperone_store::FactKind;

use super::standard::NOTHING;
use super::{Action, Condition, Grouping, Rule};
use crate::Severity;
use crate::technique::{ICS_LATERAL_TOOL_TRANSFER, INGRESS_TOOL_TRANSFER, TRUSTED_RELATIONSHIP, Technique};

const TOOLS: &[Technique] = &[INGRESS_TOOL_TRANSFER, TRUSTED_RELATIONSHIP, ICS_LATERAL_TOOL_TRANSFER];

const fn refused(failures: &'static [&'static str]) -> Condition {
    Condition { kinds: &[FactKind::FileRefused], failures, ..NOTHING }
}

pub(super) const UPLOADS: &[Rule] = &[
    Rule {
        name: "virus-in-upload",
        title: "A scanner found something in a file for a server",
        condition: refused(&["virus"]),
        severity: Severity::High,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "Nothing reached the server: the file was refused at the gate. Note its name and its SHA-256.",
            "Call the technician on a known number: where does the file come from, and where else was it used?",
            "Ask the vendor to check its build; lock the person if nobody can say, and open a case.",
        ],
        techniques: TOOLS,
    },
    Rule {
        name: "scanner-unavailable",
        title: "Files are refused because the scanner gives no verdict",
        condition: refused(&["scanner"]),
        severity: Severity::Medium,
        action: Action::Alert,
        grouping: Grouping::Subject,
        runbook: [
            "Look at the scanner: does it run, and is its address the one in uploads.scanner?",
            "Tell clinical engineering that files for visits wait.",
            "Once it answers again, have a file sent anew: refused ones are not kept.",
        ],
        techniques: &[],
    },
];
