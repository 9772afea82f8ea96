//! Every event that can be emitted has what OCSF 1.8.0 requires.

use chaperone_policy::{Facts, Reason};
use chaperone_store::FactKind;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::finding::{Finding, Stage};
use super::{activity, finding, numbered, schema, test_event};
use crate::content::{Telling, content};
use crate::occurrence::Occurrence;
use crate::rule::RuleBook;
use crate::sample;

/// The least and the most that a fact can say.
fn occurrences(kind: FactKind) -> Vec<Occurrence> {
    let town = sample::town();
    let bare = Occurrence::read(&sample::fact(kind, json!({})), &Facts::default());
    let mut full = vec![bare];
    for reason in Reason::ALL {
        let mut fact = sample::fact(kind, sample::refused_body(*reason, Some(SignedDuration::from_hours(3))));
        full.push(Occurrence::read(&fact, &town.facts));
        fact.person = Some(town.dana);
        fact.target = Some(town.alaris);
        fact.session = Some(sample::session());
        full.push(Occurrence::read(&fact, &town.facts));
    }
    full
}

fn assert_valid(event: &Value) {
    let faults = schema::faults(event);
    assert!(faults.is_empty(), "{faults:?} in {event:#}");
}

#[test]
fn every_fact_that_becomes_an_event_is_valid_ocsf() {
    let mut emitted = 0;
    for kind in FactKind::ALL {
        for of in occurrences(*kind) {
            if let Some(event) = activity::event(&of, "uid-1") {
                assert_valid(&numbered(&event, 1));
                emitted += 1;
            }
        }
    }
    assert!(emitted > 100);
}

#[test]
fn a_file_tells_its_name_its_hash_and_which_way_it_went() {
    let town = sample::town();
    for (direction, activity_id) in [("upload", 1), ("download", 2)] {
        let body = json!({
            "path": "/opt/pump/patch.bin", "direction": direction, "bytes": "12", "sha256": "ab".repeat(32),
            "source": "203.0.113.77:1",
        });
        let mut fact = sample::fact(FactKind::FileTransferred, body);
        (fact.person, fact.target, fact.session) =
            (Some(town.dana), Some(town.alaris), Some(sample::session()));
        let event = activity::event(&Occurrence::read(&fact, &town.facts), "uid-1").unwrap();
        assert_valid(&numbered(&event, 1));
        assert_eq!(
            (event["class_uid"].as_u64(), event["activity_id"].as_u64()),
            (Some(6006), Some(activity_id))
        );
        assert_eq!(
            (event["file"]["name"].as_str(), event["file"]["size"].as_u64()),
            (Some("patch.bin"), Some(12))
        );
        assert_eq!(event["file"]["hashes"][0]["value"], "ab".repeat(32));
        assert!(event["message"].as_str().unwrap().contains("/opt/pump/patch.bin"));
    }
}

#[test]
fn every_alert_of_every_rule_at_every_stage_is_valid_ocsf() {
    let town = sample::town();
    for rule in RuleBook::standard().rules() {
        for kind in rule.condition.kinds {
            for of in occurrences(*kind) {
                let telling = Telling {
                    rule,
                    severity: rule.severity,
                    escalation: None,
                    facts: &town.facts,
                    zone: &TimeZone::UTC,
                    sessions_now: &[],
                };
                let content = content(&of, &telling);
                for stage in [Stage::Create, Stage::Update, Stage::Close] {
                    let finding = Finding {
                        alert: sample::alert(),
                        stage,
                        acknowledged: false,
                        severity: rule.severity,
                        count: 3,
                        first: of.at,
                        last: of.at,
                        content: &content,
                        verdict_id: None,
                    };
                    assert_valid(&numbered(&finding::event(&finding, "uid-1", of.at), 1));
                }
            }
        }
    }
}

#[test]
fn an_alert_on_what_a_server_answered_accuses_nobody_and_says_what_to_do() {
    let town = sample::town();
    let detail = "the server's answer held the credential that the gate signs in to it with";
    let body =
        json!({ "failure": "shows-credential", "detail": detail, "channel": 2, "n": 7, "protocol": "http" });
    let mut fact = sample::fact(FactKind::TargetFailed, body);
    (fact.person, fact.target, fact.session) = (Some(town.dana), Some(town.alaris), Some(sample::session()));
    let of = Occurrence::read(&fact, &town.facts);
    let book = RuleBook::standard();
    let rule = book.judge(&of).unwrap();
    let (severity, facts, zone) = (rule.severity, &town.facts, &TimeZone::UTC);
    let content = content(&of, &Telling { rule, severity, escalation: None, facts, zone, sessions_now: &[] });
    assert_eq!(content["outcome"], "not passed on");
    assert_eq!(
        content["summary"],
        format!(
            "{}: alaris-sm-01; target failed: {detail}; in a visit of Dana Reyes (dana, Meridian Infusion)",
            rule.title
        )
    );
    assert_eq!((&content["detail"]["detail"], &content["detail"]["n"]), (&json!(detail), &json!(7)));
    assert!(content["what_next"][0].as_str().unwrap().contains("credential changed"));
    let event = numbered(&activity::event(&of, "uid-1").unwrap(), 1);
    assert_valid(&event);
    assert_eq!((&event["class_uid"], &event["action"]), (&json!(4001), &json!("Denied")));
    assert!(event["message"].as_str().unwrap().contains(detail), "{event:#}");
}

#[test]
fn an_alert_and_an_event_on_the_tls_door_say_nothing_of_ssh() {
    let town = sample::town();
    let book = RuleBook::standard();
    let spoken =
        [("ssh", "ssh", 4007, "T1021.004"), ("tls", "tls", 4001, "T1133"), ("http", "http", 4001, "T1133")];
    for (said, svc_name, class_uid, technique) in spoken {
        for kind in [FactKind::AttemptRefused, FactKind::ChannelRefused] {
            let mut body = sample::refused_body(Reason::Late, None);
            (body["protocol"], body["listener"]) = (json!(said), json!("gate-1"));
            body["proof"]["client"] = Value::Null;
            let mut fact = sample::fact(kind, body);
            (fact.person, fact.target, fact.session) =
                (Some(town.dana), Some(town.alaris), Some(sample::session()));
            let of = Occurrence::read(&fact, &town.facts);
            let rule = book.judge(&of).unwrap();
            let (severity, facts, zone) = (rule.severity, &town.facts, &TimeZone::UTC);
            let telling = Telling { rule, severity, escalation: None, facts, zone, sessions_now: &[] };
            let content = content(&of, &telling);
            assert_eq!(content["what"]["protocol"], said);
            let ids: Vec<_> =
                content["techniques"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
            assert_eq!(ids.iter().filter(|id| **id == technique).count(), 1, "{ids:?}");
            assert_eq!(ids.contains(&&json!("T1021.004")), said == "ssh", "{ids:?}");
            let finding = Finding {
                alert: sample::alert(),
                stage: Stage::Create,
                acknowledged: false,
                severity,
                count: 1,
                first: of.at,
                last: of.at,
                content: &content,
                verdict_id: None,
            };
            let told = numbered(&finding::event(&finding, "uid-1", of.at), 1);
            assert_valid(&told);
            assert_eq!(told["evidences"][0]["dst_endpoint"]["svc_name"], svc_name);
            assert_eq!(told.to_string().to_lowercase().contains("ssh"), said == "ssh", "{told:#}");
            let event = numbered(&activity::event(&of, "uid-1").unwrap(), 1);
            assert_valid(&event);
            assert_eq!(
                (&event["class_uid"], &event["dst_endpoint"]["svc_name"]),
                (&json!(class_uid), &json!(svc_name))
            );
            assert_eq!(event.get("protocol_ver").is_some(), said == "ssh");
        }
    }
}

#[test]
fn a_test_message_is_valid_ocsf_and_says_what_it_is() {
    let event = numbered(&test_event("u", "so\x1b[31mc", sample::now()), 1);
    assert_valid(&event);
    assert!(event["message"].as_str().unwrap().starts_with("Test message"));
    assert!(!event.to_string().contains("\\u001b"));
}

#[test]
fn the_schema_check_finds_what_is_missing() {
    let good = numbered(&test_event("u", "soc", sample::now()), 1);
    for (pointer, name) in
        [("", "finding_info"), ("", "time"), ("/metadata", "product"), ("/finding_info", "uid")]
    {
        let mut bad = good.clone();
        bad.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(name);
        assert!(!schema::faults(&bad).is_empty(), "{pointer}/{name} is not missed");
    }
    let mut wrong = good;
    wrong["type_uid"] = json!(1);
    assert_eq!(schema::faults(&wrong).len(), 1);
}

#[test]
fn an_off_schedule_alert_tells_an_analyst_who_what_when_and_what_next() {
    let town = sample::town();
    let off_by = SignedDuration::from_mins(190);
    let mut fact = sample::fact(FactKind::AttemptRefused, sample::refused_body(Reason::Late, Some(off_by)));
    (fact.person, fact.target) = (Some(town.dana), Some(town.alaris));
    let of = Occurrence::read(&fact, &town.facts);
    let book = RuleBook::standard();
    let rule = book.judge(&of).unwrap();
    let zone = TimeZone::fixed(jiff::tz::offset(1));
    let telling = Telling {
        rule,
        severity: rule.severity,
        escalation: None,
        facts: &town.facts,
        zone: &zone,
        sessions_now: &[],
    };
    let content = content(&of, &telling);
    assert_eq!(content["verdict"], "Off schedule: late by 3 h 10 min");
    assert_eq!(content["outcome"], "refused");
    assert_eq!(content["who"]["vendor"], "Meridian Infusion");
    assert_eq!(content["who"]["address"], "203.0.113.77");
    assert_eq!(content["who"]["network"], "203.0.113.0/24");
    assert_eq!(content["what"]["pumps"], 412);
    assert_eq!(content["windows"]["before"]["off"], "closed 3 h 10 min before");
    assert_eq!(content["windows"]["before"]["approved_by"], json!(["Priya"]));
    assert_eq!(content["what_next"].as_array().unwrap().len(), 3);
    assert_eq!(content["attack_version"], "19");
    assert!(content["when"]["local"].as_str().unwrap().contains("03:10:00"));
    assert_eq!(
        content["summary"],
        "Off schedule: late by 3 h 10 min; Dana Reyes (dana, Meridian Infusion) to alaris-sm-01 from 203.0.113.77; refused"
    );
}
