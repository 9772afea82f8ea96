//! SOC.md §1, "severity and grouping by default", as a table.

use chaperone_policy::{PersonId, Reason, TargetId};
use chaperone_store::FactKind;
use jiff::SignedDuration;
use serde_json::json;
use uuid::Uuid;

use super::{Action, RuleBook};
use crate::Severity;
use crate::occurrence::Occurrence;
use crate::{group, sample};

fn refused(kind: FactKind, reason: Reason, off_by: Option<SignedDuration>) -> Occurrence {
    let town = sample::town();
    let mut fact = sample::fact(kind, sample::refused_body(reason, off_by));
    (fact.person, fact.target) = (Some(town.dana), Some(town.alaris));
    Occurrence::read(&fact, &town.facts)
}

#[test]
fn every_refusal_is_as_bad_as_the_soc_says() {
    use Severity::{Critical, High, Medium};
    let book = RuleBook::standard();
    for reason in Reason::ALL {
        let expected = match reason {
            Reason::Locked | Reason::Revoked | Reason::Frozen => Critical,
            Reason::Recorder | Reason::Store | Reason::Clock => Critical,
            Reason::ObserverRequired | Reason::Limit => Medium,
            // Failed proofs are facts of another kind.
            Reason::UnknownPerson | Reason::Credential => continue,
            _ => High,
        };
        let of = refused(FactKind::AttemptRefused, *reason, None);
        let rule = book.judge(&of).unwrap_or_else(|| panic!("{reason} has no rule"));
        assert_eq!((rule.severity, rule.action), (expected, Action::Alert), "{reason}");
    }
}

#[test]
fn a_failed_proof_is_one_low_rolling_alert_per_listener() {
    let book = RuleBook::standard();
    let mut keys = std::collections::BTreeSet::new();
    for (n, reason) in [Reason::UnknownPerson, Reason::Credential].into_iter().enumerate() {
        for known in [true, false] {
            let mut body = sample::refused_body(reason, None);
            body["source"] = json!(format!("198.51.{n}.7:1"));
            body["proof"]["login"] = json!(format!("scan{n}"));
            let mut fact = sample::fact(FactKind::AttemptFailed, body);
            let town = sample::town();
            fact.person = known.then_some(town.dana);
            let of = Occurrence::read(&fact, &town.facts);
            let rule = book.judge(&of).unwrap();
            assert_eq!(rule.severity, Severity::Low);
            keys.insert(group::key(rule, &of));
        }
    }
    assert_eq!(keys.len(), 1);
}

#[test]
fn a_nodes_doors_have_a_rolling_alert_each() {
    let book = RuleBook::standard();
    let keys = ["ssh", "tls", "http"].map(|protocol| {
        let mut body = sample::refused_body(Reason::Credential, None);
        (body["protocol"], body["listener"]) = (json!(protocol), json!("gate-1"));
        let of = Occurrence::read(&sample::fact(FactKind::AttemptFailed, body), &sample::town().facts);
        group::key(book.judge(&of).unwrap(), &of)
    });
    assert_eq!(
        keys.each_ref().map(|key| key.rsplit('|').next().unwrap()),
        ["listener=gate-1", "listener=gate-1/tls", "listener=gate-1/http"]
    );
}

#[test]
fn the_right_person_a_quarter_of_an_hour_early_is_a_note() {
    let book = RuleBook::standard();
    let early = |seconds| {
        let of = refused(FactKind::AttemptRefused, Reason::Early, Some(SignedDuration::from_secs(seconds)));
        book.judge(&of).unwrap().action
    };
    assert_eq!(early(15 * 60), Action::Note);
    assert_eq!(early(15 * 60 + 1), Action::Alert);
}

#[test]
fn a_second_factor_that_failed_is_no_noise() {
    let book = RuleBook::standard();
    let of = refused(FactKind::AttemptFailed, Reason::SecondFactor, None);
    assert_eq!(book.judge(&of).unwrap().severity, Severity::High);
}

#[test]
fn person_target_reason_and_network_part_groups() {
    let book = RuleBook::standard();
    let of = |reason, source: &str, target: u128| {
        let town = sample::town();
        let mut body = sample::refused_body(reason, None);
        body["source"] = json!(source);
        body["target"] = json!(source);
        let mut fact = sample::fact(FactKind::AttemptRefused, body);
        fact.person = Some(town.dana);
        fact.target = (target > 0).then_some(TargetId(Uuid::from_u128(target)));
        let of = Occurrence::read(&fact, &town.facts);
        group::key(book.judge(&of).unwrap(), &of)
    };
    let one = of(Reason::Late, "203.0.113.7:1", 1);
    assert_eq!(one, of(Reason::Late, "203.0.113.99:2", 1));
    assert_ne!(one, of(Reason::NoWindow, "203.0.113.7:1", 1));
    assert_ne!(one, of(Reason::Late, "203.0.114.7:1", 1));
    assert_ne!(one, of(Reason::Late, "203.0.113.7:1", 2));
    // Made-up names of targets are one group, whatever they are.
    assert_eq!(of(Reason::NoWindow, "203.0.113.7:1", 0), of(Reason::NoWindow, "203.0.113.8:1", 0));
}

#[test]
fn a_host_minted_token_alarms_and_another_does_not() {
    let book = RuleBook::standard();
    let used = |host_minted: bool| {
        let fact = sample::fact(FactKind::TokenUsed, json!({ "host_minted": host_minted }));
        book.judge(&Occurrence::read(&fact, &sample::town().facts)).map(|rule| rule.name)
    };
    assert_eq!(used(true), Some("host-token-used"));
    assert_eq!(used(false), None);
}

#[test]
fn an_upload_off_the_plan_is_high_and_one_on_it_is_nothing() {
    let book = RuleBook::standard();
    let passed = |failure: Option<&str>| {
        let body = json!({ "path": "/tmp/tool", "direction": "upload", "failure": failure });
        let mut fact = sample::fact(FactKind::FileTransferred, body);
        fact.session = Some(sample::session());
        book.judge(&Occurrence::read(&fact, &sample::town().facts)).map(|rule| (rule.name, rule.severity))
    };
    for off in ["file-other-content", "file-not-planned", "file-unchecked"] {
        assert_eq!(passed(Some(off)), Some(("upload-off-plan", Severity::High)), "{off}");
    }
    assert_eq!(passed(None), None);
}

#[test]
fn what_a_server_answers_is_its_own_alert_and_what_somebody_tries_there_is_theirs() {
    let (book, town) = (RuleBook::standard(), sample::town());
    for (failure, name, severity, is_the_servers) in [
        ("shows-credential", "credential-shown", Severity::High, true),
        ("ambiguous-answer", "ambiguous-answer", Severity::Medium, true),
        ("ssh-inside", "ssh-inside-forward", Severity::High, false),
    ] {
        let told = |person: u128, target: u128| {
            let body = json!({ "failure": failure, "detail": "what it did", "channel": 2, "n": 7, "protocol": "http" });
            let mut fact = sample::fact(FactKind::TargetFailed, body);
            fact.person = Some(PersonId(Uuid::from_u128(person)));
            (fact.target, fact.session) = (Some(TargetId(Uuid::from_u128(target))), Some(sample::session()));
            let of = Occurrence::read(&fact, &town.facts);
            let rule = book.judge(&of).unwrap();
            assert_eq!((rule.name, rule.severity), (name, severity));
            group::key(rule, &of)
        };
        assert_eq!(told(1, 1) == told(2, 1), is_the_servers, "{name}");
        assert_ne!(told(1, 1), told(1, 2));
    }
}

#[test]
fn every_alerting_rule_has_three_steps_and_a_name_of_its_own() {
    let book = RuleBook::standard();
    let names: std::collections::BTreeSet<_> = book.rules().iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), book.rules().len());
    for rule in book.rules() {
        assert!(
            rule.runbook.iter().all(|step| step.len() > 20 && step.ends_with(['.', '?'])),
            "{}",
            rule.name
        );
    }
}
