//! Who is told of what, in which words, and that each is told once.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use chaperone_policy::{
    Approval, DestinationId, Facts, Grant, Login, Person, PersonId, Purpose, Role, Scope, TargetId, Validity,
    Window, WindowState,
};
use chaperone_store::{Destination, DestinationKind, FactKind, NewFact, Reach, StoreError};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{News, Part, Timing, Topic, due, notices, spoken};
use crate::sample::{Town, fact, town};
use crate::tests::gate::Gate;

static STAND_INS: OnceLock<Vec<Login>> = OnceLock::new();
const QUENTIN: PersonId = PersonId(Uuid::from_u128(21));
const EVE: PersonId = PersonId(Uuid::from_u128(22));
const SAM: PersonId = PersonId(Uuid::from_u128(23));

fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

/// Dana and Eve of Meridian; Priya and Quentin approve; Sam is the SOC's. One window, asked for by Dana.
fn place(state: WindowState) -> (Town, Window) {
    let mut town = town();
    let dana = town.facts.people[&town.dana].clone();
    let vendor = dana.vendor;
    let mut add = |id, login: &str, role, vendor| {
        let person = Person {
            id,
            login: login.parse().unwrap(),
            name: login.to_owned(),
            vendor,
            grants: vec![Grant { role, scope: Scope::All }],
            validity: Validity::default(),
            ..dana.clone()
        };
        town.facts.people.insert(id, person);
    };
    add(QUENTIN, "quentin", Role::ClinicalEngineer, None);
    add(EVE, "eve", Role::Technician, vendor);
    add(SAM, "sam", Role::Analyst, None);
    for person in town.facts.people.values_mut() {
        person.email = Some(format!("{}@mail.example", person.login).parse().unwrap());
    }
    let target = town.facts.targets.get_mut(&town.alaris).unwrap();
    target.card.contact = Some("icu@mail.example".parse().unwrap());
    let mut window = town.facts.windows.values().next().unwrap().clone();
    window.technicians.insert(EVE);
    window.opens = now() + SignedDuration::from_hours(10);
    window.closes = now() + SignedDuration::from_hours(11);
    window.requested_at = now();
    window.state = state;
    if state == WindowState::Requested {
        window.approvals.clear();
    }
    town.facts.windows.insert(window.id, window.clone());
    (town, window)
}

fn priya(facts: &Facts) -> PersonId {
    facts.person_by_login(&"priya".parse().unwrap()).unwrap().id
}

fn told(news: &News<'_>, facts: &Facts) -> Vec<(Part, String)> {
    notices(news, facts, &TimeZone::UTC).into_iter().map(|notice| (notice.to.part, notice.to.name)).collect()
}

fn news(topic: Topic, window: &Window, by: Option<PersonId>) -> News<'_> {
    let stand_ins = STAND_INS.get_or_init(|| vec!["quentin".parse().unwrap()]);
    News { topic, window, at: now(), by, reason: None, wanted: None, stand_ins }
}

#[test]
fn a_request_goes_to_who_decides_to_who_asked_and_to_the_unit() {
    let (town, window) = place(WindowState::Requested);
    let told = told(&news(Topic::Requested, &window, Some(town.dana)), &town.facts);
    let expected = [
        (Part::Approver, "Priya"),
        (Part::Approver, "quentin"),
        (Part::Technician, "Dana Reyes"),
        (Part::Technician, "eve"),
        (Part::Contact, "ICU, ED"),
    ];
    assert_eq!(told, expected.map(|(part, name)| (part, name.to_owned())));
}

#[test]
fn nobody_is_told_of_what_they_did_and_nobody_who_may_not_know() {
    let (mut town, window) = place(WindowState::Approved);
    let priya = priya(&town.facts);
    let names = |facts: &Facts| -> BTreeSet<String> {
        told(&news(Topic::Approved, &window, Some(priya)), facts).into_iter().map(|(_, name)| name).collect()
    };
    assert_eq!(
        names(&town.facts),
        BTreeSet::from(["Dana Reyes", "eve", "quentin", "ICU, ED"].map(str::to_owned))
    );
    town.facts.people.get_mut(&EVE).unwrap().validity.until = Some(now());
    assert!(!names(&town.facts).contains("eve"), "their time is over");
    town.facts.people.get_mut(&town.dana).unwrap().vendor = None;
    assert!(!names(&town.facts).contains("Dana Reyes"), "no longer of the vendor");
}

#[test]
fn who_has_said_yes_is_not_asked_again() {
    let (mut town, mut window) = place(WindowState::Requested);
    let rule = chaperone_policy::ApprovalRule { purposes: vec![], needs: vec![(Role::ClinicalEngineer, 2)] };
    town.facts.targets.get_mut(&town.alaris).unwrap().approvals.push(rule);
    window.approvals = vec![Approval { by: priya(&town.facts), role: Role::ClinicalEngineer, at: now() }];
    town.facts.windows.insert(window.id, window.clone());
    let told = told(&news(Topic::Reminder, &window, None), &town.facts);
    assert_eq!(told, [(Part::Approver, "quentin".to_owned())]);
}

#[test]
fn an_emergency_asks_the_engineer_and_the_soc() {
    let (town, mut window) = place(WindowState::Requested);
    window.purpose = Purpose::Emergency;
    let told = told(&news(Topic::Requested, &window, Some(town.dana)), &town.facts);
    let asked: Vec<_> =
        told.iter().filter(|(part, _)| *part == Part::Approver).map(|(_, name)| name.as_str()).collect();
    assert_eq!(asked, ["Priya", "quentin", "sam"]);
}

#[test]
fn a_fact_tells_once_whatever_the_number_of_its_servers() {
    let (mut town, mut window) = place(WindowState::Approved);
    let other = TargetId(Uuid::from_u128(99));
    window.targets.insert(other);
    town.facts.windows.insert(window.id, window.clone());
    let of = |kind, target| {
        let mut fact = fact(kind, json!({ "about": { "reason": "too long" } }));
        (fact.window, fact.target) = (Some(window.id), target);
        fact
    };
    let facts = &town.facts;
    let first = window.targets.first().copied();
    assert!(spoken(&of(FactKind::WindowMoved, first), facts).is_some());
    assert!(spoken(&of(FactKind::WindowMoved, Some(other)), facts).is_none());
    assert!(spoken(&of(FactKind::MoreTimeAsked, None), facts).is_some());
    assert!(spoken(&of(FactKind::WindowAccepted, first), facts).is_none());
    let denied = of(FactKind::WindowDenied, first);
    assert_eq!(spoken(&denied, facts).unwrap().reason.as_deref(), Some("too long"));
    // One yes of two decides nothing.
    let (half, _) = place(WindowState::Requested);
    assert!(spoken(&of(FactKind::WindowApproved, first), &half.facts).is_none());
    assert!(spoken(&of(FactKind::WindowApproved, first), facts).is_some());
}

#[test]
fn every_message_says_what_where_when_and_what_to_do_next() {
    let (town, mut window) = place(WindowState::Approved);
    window.emergency_review_by = Some(now() + SignedDuration::from_hours(1));
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    for topic in [
        Topic::Requested,
        Topic::Reminder,
        Topic::HandedOn,
        Topic::Approved,
        Topic::Denied,
        Topic::Withdrawn,
        Topic::Revoked,
        Topic::NewEnd,
        Topic::Moved,
        Topic::MoreTime,
        Topic::OpeningSoon,
        Topic::Ended,
        Topic::ReviewDue,
    ] {
        let all = notices(&news(topic, &window, Some(town.dana)), &town.facts, &zone);
        assert!(!all.is_empty(), "{topic:?}");
        for notice in all {
            for needed in
                ["alaris-sm-01", "Wed 25 Nov 2026 23:00 CET", "Dana Reyes", "Meridian Infusion", "CHG0031337"]
            {
                assert!(notice.text.contains(needed), "{topic:?} does not say {needed}:\n{}", notice.text);
            }
            assert!(notice.text.lines().last().unwrap().starts_with("What to do next: "), "{}", notice.text);
            assert!(
                notice.subject.contains("alaris-sm-01") && notice.subject.chars().count() <= 160,
                "{}",
                notice.subject
            );
        }
    }
}

#[test]
fn what_the_clock_says_is_due_when_it_is() {
    let timing = Timing { stand_ins: vec!["quentin".parse().unwrap()], ..Timing::default() };
    let due_at = |window: &Window, at: Timestamp| -> Vec<String> {
        let mut facts = Facts::default();
        facts.windows.insert(window.id, window.clone());
        due(&facts, &timing, at).into_iter().map(|due| due.news.topic.as_str().to_owned()).collect()
    };
    let minutes = SignedDuration::from_mins;
    let (_, approved) = place(WindowState::Approved);
    let (_, requested) = place(WindowState::Requested);
    let (opens, closes) = (approved.opens, approved.closes);
    for (window, at, expected) in [
        (&approved, opens - minutes(16), vec![]),
        (&approved, opens - minutes(15), vec!["opening-soon"]),
        (&approved, opens, vec![]),
        (&approved, closes - minutes(1), vec![]),
        (&approved, closes, vec!["ended"]),
        (&approved, closes + minutes(23 * 60), vec!["ended"]),
        (&approved, closes + minutes(24 * 60), vec![]),
        (&requested, now() + minutes(239), vec![]),
        (&requested, now() + minutes(240), vec!["reminder"]),
        (&requested, now() + minutes(479), vec!["reminder"]),
        (&requested, now() + minutes(480), vec!["reminder", "handed-on"]),
        (&requested, closes, vec![]),
    ] {
        assert_eq!(due_at(window, at), expected, "{:?} at {at}", window.state);
    }
    let review = Window { emergency_review_by: Some(closes + minutes(600)), ..approved };
    assert_eq!(due_at(&review, closes + minutes(359)), ["ended"]);
    assert_eq!(due_at(&review, closes + minutes(360)), ["ended", "review-due"]);
    let reviewed = Window { state: WindowState::Reviewed, ..review };
    assert!(due_at(&reviewed, closes + minutes(360)).is_empty());
}

proptest! {
    /// P10: whatever people call themselves, and whatever they write, a message has its own lines and no others.
    #[test]
    fn hostile_names_and_reasons_stay_in_their_lines(text in "\\PC{0,40}|(\\PC|[\r\n\u{1b}\u{202e}]){0,400}") {
        let (mut town, mut window) = place(WindowState::Requested);
        let plain = notices(&news(Topic::Requested, &window, Some(town.dana)), &town.facts, &TimeZone::UTC);
        for person in town.facts.people.values_mut() {
            person.name.clone_from(&text);
        }
        (window.reason, window.ticket) = (format!("x{text}"), Some(text.clone()));
        town.facts.windows.insert(window.id, window.clone());
        let hostile = notices(&news(Topic::Requested, &window, Some(town.dana)), &town.facts, &TimeZone::UTC);
        for (plain, hostile) in plain.iter().zip(&hostile) {
            prop_assert_eq!(plain.text.lines().count(), hostile.text.lines().count());
            prop_assert!(!hostile.subject.chars().any(char::is_control));
            let disturbs = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            prop_assert!(!hostile.text.chars().any(disturbs));
            prop_assert!(hostile.text.len() < 16_384);
        }
    }
}

fn destination(name: &str, kind: DestinationKind, events: &str) -> Destination {
    let from = Some("gate@hospital.example".parse().unwrap());
    Destination {
        id: DestinationId(Uuid::now_v7()),
        name: name.to_owned(),
        kind,
        address: "smtp://localhost".to_owned(),
        reach: Reach { from, ..Reach::default() },
        events: events.to_owned(),
        secret: None,
        enabled: true,
    }
}

/// A town with a gate, its queues of notices by mail and by webhook, and its queue of alerts.
async fn gate(town: &Town) -> (Gate, [DestinationId; 3]) {
    let gate = Gate::of(town).await;
    let mail = gate.add(destination("mail", DestinationKind::Smtp, "notices")).await;
    let hook = gate.add(destination("hook", DestinationKind::Webhook, "notices")).await;
    let soc = gate.add(destination("soc", DestinationKind::Syslog, "alerts")).await;
    (gate, [mail, hook, soc])
}

async fn queued(gate: &Gate, id: DestinationId) -> Vec<Value> {
    gate.store.outbox_due(id, 100).await.unwrap().into_iter().map(|row| row.event).collect()
}

fn topics(queued: &[Value]) -> Vec<&str> {
    queued.iter().filter_map(|event| event["notice"]["topic"].as_str()).collect()
}

async fn put(gate: &Gate, window: &Window) {
    let (window, by) = (window.clone(), window.requester);
    let put =
        gate.store.write(move |tx| Box::pin(async move { tx.add_window(&window, by, json!({})).await }));
    put.await.unwrap();
}

#[tokio::test]
async fn a_notice_is_committed_with_its_fact_to_those_who_have_an_address_and_to_no_soc() {
    let (mut town, window) = place(WindowState::Requested);
    town.facts.people.get_mut(&QUENTIN).unwrap().email = None;
    let (gate, [mail, hook, soc]) = gate(&town).await;
    put(&gate, &window).await;
    let (by_mail, by_hook) = (queued(&gate, mail).await, queued(&gate, hook).await);
    assert_eq!(topics(&by_mail), ["requested"; 4]);
    assert_eq!(topics(&by_hook), ["requested"; 5], "a webhook hears of who has no address too");
    assert_eq!(by_mail[0]["notice"]["to"]["email"], "priya@mail.example");
    assert!(by_mail[0]["notice"]["text"].as_str().unwrap().contains("approve, shorten, move or deny"));
    assert!(queued(&gate, soc).await.is_empty());
    let wanted = NewFact::new(
        FactKind::MoreTimeAsked,
        now(),
        json!({ "closes": "2026-11-25T23:30:00Z", "reason": "slow" }),
    );
    gate.store.fact(wanted.by(town.dana).in_window(window.id)).await.unwrap();
    let asked = queued(&gate, hook).await.split_off(5);
    assert!(asked.iter().all(|event| event["notice"]["topic"] == "more-time-asked"));
    let text = asked[0]["notice"]["text"].as_str().unwrap();
    assert!(
        text.contains("asks for more time, until Wed 25 Nov 2026 23:30 UTC") && text.contains("slow"),
        "{text}"
    );
    // What is for the SOC does not reach people.
    gate.fail("scan", "198.51.100.7:1").await;
    assert_eq!(queued(&gate, soc).await.len(), 1);
    assert!(queued(&gate, hook).await.iter().all(|event| event.get("notice").is_some()));
    // A command that is undone tells nobody.
    let before = queued(&gate, hook).await.len();
    let undone = gate.store.write(move |tx| {
        Box::pin(async move {
            let window = tx.window(window.id).await?;
            tx.change_window(FactKind::WindowRevoked, &window, None, json!({})).await?;
            Err::<(), _>(StoreError::NotFound("what this command needs"))
        })
    });
    undone.await.unwrap_err();
    assert_eq!(queued(&gate, hook).await.len(), before);
}

#[tokio::test]
async fn what_the_clock_says_is_told_once_by_several_nodes_and_after_restarts() {
    let (town, window) = place(WindowState::Approved);
    let (gate, [_, hook, _]) = gate(&town).await;
    put(&gate, &window).await;
    let told_before = queued(&gate, hook).await.len();
    let soon = window.opens - SignedDuration::from_mins(10);
    let (one, two) = (gate.delivery(), gate.delivery());
    let (first, second) = tokio::join!(one.review(soon), two.review(soon));
    first.and(second).unwrap();
    for again in [one, gate.delivery()] {
        again.review(soon).await.unwrap();
    }
    let all = queued(&gate, hook).await.split_off(told_before);
    let soon: Vec<_> = topics(&all).into_iter().filter(|topic| *topic == "opening-soon").collect();
    let people = notices(&news(Topic::OpeningSoon, &window, None), &town.facts, &TimeZone::UTC);
    assert_eq!(soon.len(), people.len(), "each person once: {all:#?}");
    assert!(all.iter().any(|event| event["notice"]["text"].as_str().unwrap().contains("opens in 10 min")));
    // Other times are another thing to tell.
    let moved = Window {
        opens: window.opens + SignedDuration::from_hours(1),
        closes: window.closes + SignedDuration::from_hours(1),
        ..window
    };
    let stored = moved.clone();
    let write = gate.store.write(move |tx| {
        Box::pin(async move { tx.change_window(FactKind::WindowChanged, &stored, None, json!({})).await })
    });
    write.await.unwrap();
    let delivery = gate.delivery();
    for _ in 0..2 {
        delivery.review(moved.opens - SignedDuration::from_mins(1)).await.unwrap();
    }
    let all = queued(&gate, hook).await.split_off(told_before);
    assert_eq!(topics(&all).into_iter().filter(|topic| *topic == "opening-soon").count(), 2 * people.len());
}
