//! Fact, alert and outbox in one commit, on SQLite; and from there to a receiver.

pub(crate) mod gate;

use std::time::Duration;

use crate::{await_delivery, send_test};
use chaperone_store::{AlertState, FactKind};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use gate::{Gate, Receiver};

#[tokio::test]
async fn a_refusal_its_alert_and_its_message_are_one_commit() {
    let gate = Gate::open().await;
    let soc = gate.syslog("soc", "tcp://127.0.0.1:9", "alerts").await;
    gate.refuse("late", "203.0.113.7:50000").await;
    let alerts = gate.store.alerts(None, 10).await.unwrap();
    let [alert] = alerts.as_slice() else { panic!("one alert: {alerts:?}") };
    assert_eq!((alert.severity.as_str(), alert.state.as_str(), alert.count), ("high", "new", 1));
    assert_eq!(alert.title, "Off schedule: late by 3 h 10 min");
    assert_eq!(alert.content["reason"], "late");
    assert_eq!(alert.content["who"]["name"], "Dana Reyes");
    let due = gate.store.outbox_due(soc, 10).await.unwrap();
    let [row] = due.as_slice() else { panic!("one message: {due:?}") };
    assert_eq!((row.sequence, &row.event["class_uid"]), (1, &json!(2004)));
    assert_eq!(row.event["finding_info"]["uid"], alert.id.to_string());
}

#[tokio::test]
async fn a_command_that_fails_leaves_neither_alert_nor_message() {
    let gate = Gate::open().await;
    let soc = gate.syslog("soc", "tcp://127.0.0.1:9", "all").await;
    let before = gate.store.outbox_due(soc, 10).await.unwrap().len();
    gate.refuse_and_fail("late").await;
    assert!(gate.store.alerts(None, 10).await.unwrap().is_empty());
    assert_eq!(gate.store.outbox_due(soc, 10).await.unwrap().len(), before);
}

#[tokio::test]
async fn a_flood_is_one_alert_that_counts_and_tells_at_powers_of_ten_and_loses_no_fact() {
    let gate = Gate::open().await;
    let soc = gate.syslog("soc", "tcp://127.0.0.1:9", "alerts").await;
    let before = gate.store.head().size;
    for n in 0..120 {
        gate.fail(&format!("scan{n}"), &format!("198.51.{n}.7:1")).await;
    }
    let alerts = gate.store.alerts(Some(AlertState::New), 10).await.unwrap();
    let [alert] = alerts.as_slice() else { panic!("one alert: {}", alerts.len()) };
    assert_eq!((alert.count, alert.severity.as_str()), (120, "low"));
    assert_eq!(alert.content["attempts"]["count"], 120);
    assert!(alert.content["samples"].as_array().unwrap().len() <= 8);
    let told: Vec<_> =
        gate.store.outbox_due(soc, 10).await.unwrap().iter().map(|r| r.event["count"].clone()).collect();
    assert_eq!(told, [json!(1), json!(10), json!(100)]);
    // 120 failures, one raised, two grown.
    assert_eq!(gate.store.head().size - before, 123);
}

#[tokio::test]
async fn closing_an_alert_starts_a_new_one_and_is_told() {
    let gate = Gate::open().await;
    let soc = gate.syslog("soc", "tcp://127.0.0.1:9", "alerts").await;
    gate.refuse("late", "203.0.113.7:1").await;
    let first = gate.store.alerts(None, 10).await.unwrap().remove(0);
    gate.store.acknowledge_alert(first.id, gate.priya, String::new()).await.unwrap();
    gate.store.close_alert(first.id, gate.priya, "benign".into(), "planned".into()).await.unwrap();
    gate.refuse("late", "203.0.113.7:1").await;
    assert_eq!(gate.store.alerts(Some(AlertState::New), 10).await.unwrap()[0].count, 1);
    let events = gate.store.outbox_due(soc, 10).await.unwrap();
    let stages: Vec<_> = events.iter().map(|row| row.event["activity_id"].as_u64().unwrap()).collect();
    assert_eq!(stages, [1, 2, 3, 1]);
    assert_eq!(events[2].event["verdict_id"], 5);
}

#[tokio::test]
async fn a_second_proven_person_off_schedule_at_once_is_critical() {
    let gate = Gate::open().await;
    gate.refuse("late", "203.0.113.7:1").await;
    gate.refuse_person(gate.eve, "late", "203.0.113.8:1").await;
    let mut severities: Vec<_> =
        gate.store.alerts(None, 10).await.unwrap().into_iter().map(|alert| alert.severity).collect();
    severities.sort();
    assert_eq!(severities, ["critical", "high"]);
}

#[tokio::test]
async fn only_destinations_that_want_all_get_more_than_alerts() {
    let gate = Gate::open().await;
    let alerts = gate.syslog("alerts", "tcp://127.0.0.1:9", "alerts").await;
    let all = gate.syslog("all", "tcp://127.0.0.1:9", "all").await;
    gate.refuse("late", "203.0.113.7:1").await;
    let classes = async |id| {
        let rows = gate.store.outbox_due(id, 10).await.unwrap();
        rows.iter().map(|row| row.event["class_uid"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(classes(alerts).await, [2004]);
    assert_eq!(classes(all).await, [3004, 2004, 4007]);
}

#[tokio::test]
async fn a_refusal_is_on_the_wire_within_a_second_with_its_number() {
    let gate = Gate::open().await;
    let receiver = Receiver::listen().await;
    gate.syslog("soc", &receiver.url(), "alerts").await;
    let _delivery = gate.deliver();
    receiver.connected().await;
    let refused = std::time::Instant::now();
    gate.refuse("late", "203.0.113.7:1").await;
    let message = receiver.nth(0).await;
    assert!(refused.elapsed() < Duration::from_secs(1));
    assert!(message.contains("sequence=\"1\"") && message.contains("late by 3 h 10 min"));
    assert!(!message.contains("truncated"), "an alert of usual size is whole: {}", message.len());
}

#[tokio::test]
async fn what_waited_for_a_receiver_arrives_after_a_restart() {
    let gate = Gate::open().await;
    let port = Receiver::port_for_later().await;
    let soc = gate.syslog("soc", &format!("tcp://127.0.0.1:{port}"), "alerts").await;
    let delivery = gate.deliver();
    for n in 0..3 {
        gate.refuse("late", &format!("203.0.{n}.7:1")).await;
    }
    drop(delivery);
    assert_eq!(gate.store.outbox_due(soc, 10).await.unwrap().len(), 3);
    let receiver = Receiver::on(port).await;
    let _delivery = gate.deliver();
    for n in 0..3 {
        assert!(receiver.nth(n).await.contains(&format!("sequence=\"{}\"", n + 1)));
    }
    assert!(await_delivery(&gate.store, soc, 3, Duration::from_secs(5)).await.unwrap());
    assert_eq!(gate.store.outbox_health(soc).await.unwrap().depth, 0);
}

#[tokio::test]
async fn a_destination_that_is_tested_says_so() {
    let gate = Gate::open().await;
    let receiver = Receiver::listen().await;
    let soc = gate.syslog("soc", &receiver.url(), "alerts").await;
    let delivery = gate.deliver();
    let destination = gate.store.destinations().await.unwrap().remove(0);
    let sequence = send_test(&gate.store, &destination, gate.priya).await.unwrap();
    assert!(await_delivery(&gate.store, soc, sequence, Duration::from_secs(5)).await.unwrap());
    assert!(receiver.nth(0).await.contains("Test message"));
    let health = gate.health(&delivery).await;
    assert!(health.last_delivered.is_some() && health.fault.is_none());
}

#[tokio::test]
async fn a_fault_of_the_gate_is_critical_and_goes_to_every_destination() {
    let gate = Gate::open().await;
    let soc = gate.syslog("soc", "tcp://127.0.0.1:9", "alerts").await;
    gate.store
        .disable_destination(gate.syslog("pager", "tcp://127.0.0.1:9", "alerts").await, "410".into())
        .await
        .unwrap();
    let alert = gate.store.alerts(None, 10).await.unwrap().remove(0);
    assert_eq!((alert.rule.as_str(), alert.severity.as_str()), ("gate-fault", "critical"));
    let events = gate.store.outbox_due(soc, 10).await.unwrap();
    assert!(events[0].event["message"].as_str().unwrap().contains("410"));
}

#[tokio::test]
async fn a_stuck_destination_is_told_of_once_by_the_others() {
    let gate = Gate::open().await;
    let receiver = Receiver::listen().await;
    let dead = format!("tcp://127.0.0.1:{}", Receiver::port_for_later().await);
    gate.syslog("dead", &dead, "alerts").await;
    let delivery = gate.deliver();
    gate.refuse("late", "203.0.113.7:1").await;
    gate.syslog("pager", &receiver.url(), "alerts").await;
    while gate.health(&delivery).await.failing_since.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    delivery.review(Timestamp::now()).await.unwrap();
    assert_eq!(gate.facts_of(FactKind::DestinationFault).await, 0);
    for _ in 0..2 {
        delivery.review(Timestamp::now() + SignedDuration::from_secs(70)).await.unwrap();
    }
    assert_eq!(gate.facts_of(FactKind::DestinationFault).await, 1);
    let told = receiver.nth(0).await;
    assert!(told.starts_with("<82>1 ") && told.contains("destination fault: dead"), "{told}");
}

#[tokio::test]
async fn growth_that_nobody_was_told_of_is_told_after_a_minute() {
    let gate = Gate::open().await;
    let soc = gate.syslog("soc", "tcp://127.0.0.1:9", "alerts").await;
    let delivery = gate.deliver();
    for n in 0..7 {
        gate.fail("scan", &format!("198.51.100.{n}:1")).await;
    }
    let minute = Timestamp::now() + SignedDuration::from_secs(61);
    for now in [Timestamp::now(), minute, minute + SignedDuration::from_secs(30)] {
        delivery.review(now).await.unwrap();
    }
    // The dead line is stuck by then, which is another alert.
    let due = gate.store.outbox_due(soc, 10).await.unwrap();
    let low = due.iter().filter(|row| row.event["severity"] == "Low");
    let told: Vec<_> = low.map(|row| row.event["count"].clone()).collect();
    assert_eq!(told, [json!(1), json!(7)]);
}

#[tokio::test]
async fn hostile_names_reach_no_message_as_they_came() {
    let gate = Gate::open().await;
    let soc = gate.syslog("soc", "tcp://127.0.0.1:9", "all").await;
    gate.fail("\u{1b}]0;owned\u{7}\u{202e}", "198.51.100.7:1").await;
    for row in gate.store.outbox_due(soc, 10).await.unwrap() {
        assert_clean(&row.event);
    }
    assert_eq!(gate.facts_of(FactKind::AttemptFailed).await, 1);
}

fn assert_clean(value: &Value) {
    match value {
        Value::String(text) => assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{text:?}"),
        Value::Array(list) => list.iter().for_each(assert_clean),
        Value::Object(members) => members.values().for_each(assert_clean),
        _ => {}
    }
}
