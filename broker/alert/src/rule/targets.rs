//! The rules on what was not passed on in a visit: what a server answers is its own doing, in whose visit ever it is seen;
//! what somebody tries there is theirs.

use chaperone_store::FactKind;

use super::standard::NOTHING;
use super::{Action, Condition, Grouping, Rule};
use crate::Severity;
use crate::technique::{TUNNELING, UNSECURED_CREDENTIALS};

const fn withheld(failures: &'static [&'static str]) -> Condition {
    Condition { kinds: &[FactKind::TargetFailed], failures, ..NOTHING }
}

pub(super) const TARGETS: &[Rule] = &[
    Rule {
        name: "credential-shown",
        title: "A console shows its visitors the credential that the gate signs in to it with",
        condition: withheld(&["shows-credential"]),
        severity: Severity::High,
        action: Action::Alert,
        grouping: Grouping::Target,
        runbook: [
            "Have the credential changed on the server named here, and the new one sealed: chaperone target set-tls with --console-secret.",
            "Look at the console: the detail has the visit's channel and the number of the request, the replay has its page. The answer was cut there; what says it otherwise written is not seen.",
            "Ask whoever makes the console to have it not say it. The technician need not have sought it: ask them only if one visit shows it again and again.",
        ],
        techniques: &[UNSECURED_CREDENTIALS],
    },
    Rule {
        name: "ambiguous-answer",
        title: "A console's answer can be read in two ways",
        condition: withheld(&["ambiguous-answer"]),
        severity: Severity::Medium,
        action: Action::Alert,
        grouping: Grouping::Target,
        runbook: [
            "Read in the detail what is wrong with the answer: an old console, or a proxy before it, that says its length twice does this by itself.",
            "Tell clinical engineering which server it is, and the vendor what to mend: until then that page is not passed on.",
            "If the server answered well before and nobody has changed it, look at the console and what stands before it: one answer may be hidden in another.",
        ],
        techniques: &[],
    },
    Rule {
        name: "ssh-inside-forward",
        title: "Somebody tried SSH inside a forward that was declared as readable",
        condition: withheld(&["ssh-inside"]),
        severity: Severity::High,
        action: Action::Alert,
        grouping: Grouping::Person,
        runbook: [
            "It was ended where it began. Look at the visit, which goes on: what else does it do, and does the plan of its window say anything of a second server?",
            "Ask the technician what they wanted to reach there. If nobody answers for it, lock them.",
            "Ask clinical engineering what listens on that endpoint. If SSH is needed there, it is a server of its own with windows of its own.",
        ],
        techniques: &[TUNNELING],
    },
];
