//! The rules on certificates of the gate's own, and of servers.

use chaperone_store::FactKind;

use super::standard::NOTHING;
use super::{Action, Condition, Grouping, Rule};
use crate::Severity;

const fn ends(failures: &'static [&'static str]) -> Condition {
    Condition { kinds: &[FactKind::CertificateEnding], failures, ..NOTHING }
}

pub(super) const CERTIFICATES: &[Rule] = &[
    Rule {
        name: "certificate-ends-now",
        title: "A certificate is over, or ends within three days",
        condition: ends(&["ends-now"]),
        severity: Severity::High,
        action: Action::Alert,
        grouping: Grouping::Subject,
        runbook: [
            "Read whose certificate it is: the gate's own door, its CA, or what a server is trusted or signed in to with.",
            "Have it renewed today: the door's files are read again by themselves; a server's are set with chaperone target set-tls.",
            "Tell clinical engineering which servers nobody reaches by TLS until then.",
        ],
        techniques: &[],
    },
    Rule {
        name: "certificate-ends-soon",
        title: "A certificate ends within a month, or an authority of the gate's within three",
        condition: ends(&["ends-soon"]),
        severity: Severity::Low,
        action: Action::Alert,
        grouping: Grouping::Subject,
        runbook: [
            "Read whose certificate it is: the gate's own door, its CA, or what a server is trusted or signed in to with.",
            "Ask whoever renews it: the hospital's CA for the gate's door, the vendor or clinical engineering for a server's, an administrator for the gate's own TLS CA (chaperone target renew-tls-ca).",
            "Close this once the new one is in force: the next look does not raise it again.",
        ],
        techniques: &[],
    },
    Rule {
        name: "door-certificate-refused",
        title: "The gate's new certificate is of no use, and the one before is shown",
        condition: Condition { kinds: &[FactKind::DoorCertificateRefused], ..NOTHING },
        severity: Severity::Medium,
        action: Action::Alert,
        grouping: Grouping::Subject,
        runbook: [
            "Read what is wrong: a damaged file, a key of another certificate, or one that is over.",
            "Put the right pair in place: it is read within seconds, and that is a fact.",
            "If nobody renewed it, find out who wrote to the gate's certificate files, and treat its key as lost.",
        ],
        techniques: &[],
    },
];
