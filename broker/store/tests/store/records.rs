//! People, windows, alerts and secrets: stored as they are, each change a fact.

use std::collections::BTreeSet;

use chaperone_policy::{
    AlertId, Login, Person, PersonId, Purpose, Validity, Vendor, VendorId, Window, WindowId, WindowState,
};
use chaperone_recorder::ledger::{TagKey, tag};
use chaperone_store::{AlertRow, AlertState, FactKind, SealedRow, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::on_both;
use crate::place::{Place, add_target, facts, person, target};

on_both!(
    people_and_companies_come_back_as_they_were_stored,
    a_window_is_stored_with_a_fact_for_each_of_its_targets,
    a_refused_transition_changes_nothing,
    work_begins_once,
    an_alert_grows_is_taken_and_closed,
    many_small_alerts_push_no_great_one_out_of_the_queue,
    a_secret_is_stored_sealed_and_never_in_a_fact,
);

fn dana() -> Person {
    Person {
        id: person(),
        login: "dana".parse::<Login>().unwrap(),
        name: "Dana Reyes".to_owned(),
        email: None,
        vendor: Some(VendorId(Uuid::now_v7())),
        grants: Vec::new(),
        validity: Validity::default(),
        source_networks: vec!["10.0.0.0/8".parse().unwrap()],
        keys: Vec::new(),
        session_limit: Some(2),
        sponsor: None,
    }
}

fn window(targets: impl IntoIterator<Item = chaperone_policy::TargetId>) -> Window {
    let now = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap();
    Window {
        id: WindowId(Uuid::now_v7()),
        vendor: VendorId(Uuid::now_v7()),
        technicians: BTreeSet::from([person()]),
        awaiting_acceptance: BTreeSet::new(),
        awaiting_substitution: BTreeSet::new(),
        targets: targets.into_iter().collect(),
        accounts: BTreeSet::new(),
        access: BTreeSet::new(),
        opens: now,
        closes: now.checked_add(SignedDuration::from_hours(2)).unwrap(),
        overrun: SignedDuration::from_mins(10),
        work_limit: Some(SignedDuration::from_mins(30)),
        work_began: None,
        purpose: Purpose::ALL[0],
        ticket: Some("CHG0031337".to_owned()),
        reason: "patch".to_owned(),
        requester: person(),
        requested_at: now,
        approvals: Vec::new(),
        go_required: false,
        go_by: None,
        observer_required: false,
        emergency_review_by: None,
        after: chaperone_policy::After::default(),
        state: WindowState::Requested,
    }
}

async fn people_and_companies_come_back_as_they_were_stored(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let (mut dana, by) = (dana(), person());
    let vendor = Vendor {
        id: VendorId(Uuid::now_v7()),
        name: "Meridian Infusion".to_owned(),
        sponsor: None,
        validity: Validity::default(),
        source_networks: Vec::new(),
    };
    let (added, company) = (dana.clone(), vendor.clone());
    let written = store.write(move |tx| {
        Box::pin(async move {
            tx.add_person(&added, Some(by)).await?;
            tx.add_vendor(&company, by).await
        })
    });
    written.await.unwrap();
    let known = store.facts().await.unwrap();
    assert_eq!(known.people[&dana.id], dana);
    assert_eq!(known.vendors[&vendor.id], vendor);

    let twice = Person { id: person(), ..dana.clone() };
    let refused = store.write(move |tx| Box::pin(async move { tx.add_person(&twice, None).await })).await;
    assert!(matches!(refused, Err(StoreError::Duplicate(ref login)) if login == "dana"), "{refused:?}");

    dana.name = "Dana R.".to_owned();
    let changed = dana.clone();
    store.write(move |tx| Box::pin(async move { tx.change_person(&changed, by).await })).await.unwrap();
    assert_eq!(store.facts().await.unwrap().people[&dana.id].name, "Dana R.");
    let unknown = Person { id: person(), ..dana };
    let refused = store.write(move |tx| Box::pin(async move { tx.change_person(&unknown, by).await })).await;
    assert!(matches!(refused, Err(StoreError::NotFound("person"))), "{refused:?}");
    let kinds: Vec<_> = facts(&store).await.iter().map(|fact| fact.kind).collect();
    assert_eq!(kinds, [FactKind::PersonAdded, FactKind::VendorAdded, FactKind::PersonChanged]);
}

async fn a_window_is_stored_with_a_fact_for_each_of_its_targets(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let (one, two) = (target("pump-1"), target("pump-2"));
    add_target(&store, &one).await;
    add_target(&store, &two).await;
    let asked = window([one.id, two.id]);
    let (stored, by) = (asked.clone(), asked.requester);
    store
        .write(move |tx| Box::pin(async move { tx.add_window(&stored, by, json!({})).await }))
        .await
        .unwrap();
    assert_eq!(store.facts().await.unwrap().windows[&asked.id], asked);
    let requested: Vec<_> =
        facts(&store).await.into_iter().filter(|fact| fact.kind == FactKind::WindowRequested).collect();
    assert_eq!(requested.iter().filter_map(|fact| fact.target).collect::<BTreeSet<_>>(), asked.targets);
    assert!(requested.iter().all(|fact| fact.window == Some(asked.id) && fact.person == Some(by)));

    // Whoever holds a target's key recognises its leaves, and no other target's.
    let key = place.tag_key(one.id).await;
    for fact in facts(&store).await {
        let tagged = place.tags(fact.number).await == tag(&TagKey(key), fact.number).0;
        assert_eq!(tagged, fact.target == Some(one.id), "fact {}", fact.number);
    }
}

#[derive(Debug)]
enum Refused {
    Not,
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

async fn a_refused_transition_changes_nothing(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let pump = target("pump-1");
    add_target(&store, &pump).await;
    let asked = window([pump.id]);
    let (id, stored, by) = (asked.id, asked.clone(), asked.requester);
    store
        .write(move |tx| Box::pin(async move { tx.add_window(&stored, by, json!({})).await }))
        .await
        .unwrap();
    let refused = store
        .transition(id, FactKind::WindowApproved, Some(by), json!({}), |_, _, _| Err(Refused::Not))
        .await;
    assert!(matches!(refused, Err(Refused::Not)), "{refused:?}");
    assert_eq!(store.window(id).await.unwrap(), asked);
    assert_eq!(facts(&store).await.len(), 2);

    let approved = store.transition(
        id,
        FactKind::WindowApproved,
        Some(by),
        json!({ "role": "lead" }),
        |before, facts, _| {
            assert!(facts.windows.contains_key(&before.id));
            Ok::<_, Refused>(Window { state: WindowState::Approved, ..before.clone() })
        },
    );
    assert_eq!(approved.await.unwrap().state, WindowState::Approved);
    assert_eq!(store.facts().await.unwrap().windows[&id].state, WindowState::Approved);
    let nowhere = WindowId(Uuid::now_v7());
    let none = store.transition(nowhere, FactKind::WindowApproved, None, json!({}), |before, _, _| {
        Ok::<_, Refused>(before.clone())
    });
    assert!(matches!(none.await, Err(Refused::Store(StoreError::NotFound("window")))));
}

async fn work_begins_once(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let pump = target("pump-1");
    add_target(&store, &pump).await;
    let asked = window([pump.id]);
    let (id, stored, by) = (asked.id, asked.clone(), asked.requester);
    store
        .write(move |tx| Box::pin(async move { tx.add_window(&stored, by, json!({})).await }))
        .await
        .unwrap();
    let mut began = Vec::new();
    for _ in 0..2 {
        let session = chaperone_policy::SessionId(Uuid::now_v7());
        store.write(move |tx| Box::pin(async move { tx.begin_work(id, session).await })).await.unwrap();
        began.push(store.window(id).await.unwrap().work_began.unwrap());
    }
    assert_eq!(began[0], began[1]);
    assert_eq!(store.count_facts(FactKind::WindowBegun).await.unwrap(), 1);
}

fn new_alert(severity: &str, group_key: &str, now: Timestamp) -> AlertRow {
    AlertRow {
        id: AlertId(Uuid::now_v7()),
        group_key: group_key.to_owned(),
        rule: "off-schedule".to_owned(),
        severity: severity.to_owned(),
        state: AlertState::New.as_str().to_owned(),
        title: "Dana came late".to_owned(),
        first: now,
        last: now,
        told: now,
        count: 1,
        content: json!({ "target": "pump-1" }),
        acknowledged_by: None,
        closed_by: None,
        disposition: None,
        note: None,
    }
}

async fn many_small_alerts_push_no_great_one_out_of_the_queue(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let now = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
    let great = new_alert("critical", "great", now(0));
    let small = (1..=5).map(|n| new_alert("low", &format!("small {n}"), now(n)));
    for row in std::iter::once(great.clone()).chain(small) {
        store.write(move |tx| Box::pin(async move { tx.put_alert(&row).await })).await.unwrap();
    }
    let groups = |rows: Vec<AlertRow>| rows.into_iter().map(|row| row.group_key).collect::<Vec<_>>();
    assert_eq!(groups(store.worst_open_alerts(None, 3).await.unwrap()), ["great", "small 5", "small 4"]);
    assert_eq!(groups(store.worst_open_alerts(Some("low"), 2).await.unwrap()), ["small 5", "small 4"]);
    store.close_alert(great.id, person(), "benign".to_owned(), "planned".to_owned()).await.unwrap();
    assert_eq!(groups(store.worst_open_alerts(None, 1).await.unwrap()), ["small 5"]);
}

async fn an_alert_grows_is_taken_and_closed(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let now = Timestamp::from_microsecond(1_700_000_000_000_000).unwrap();
    let mut alert = new_alert("high", "late|dana", now);
    for count in 1..=2 {
        alert.count = count;
        let row = alert.clone();
        store.write(move |tx| Box::pin(async move { tx.put_alert(&row).await })).await.unwrap();
    }
    assert_eq!(store.alert(alert.id).await.unwrap(), alert);
    let (analyst, lead): (PersonId, PersonId) = (person(), person());
    store.acknowledge_alert(alert.id, analyst, "mine".to_owned()).await.unwrap();
    let again = store.acknowledge_alert(alert.id, lead, String::new()).await;
    assert!(matches!(again, Err(StoreError::NotFound(_))), "{again:?}");
    store.close_alert(alert.id, lead, "benign".to_owned(), "planned".to_owned()).await.unwrap();
    let row = store.alert(alert.id).await.unwrap();
    assert_eq!((row.acknowledged_by, row.closed_by, row.count), (Some(analyst), Some(lead), 2));
    assert!(store.alerts(Some(AlertState::New), 9).await.unwrap().is_empty());
    let open = store.write(|tx| Box::pin(async move { tx.open_alert("late|dana").await })).await.unwrap();
    assert_eq!(open, None, "the next attempt starts a new one");
}

async fn a_secret_is_stored_sealed_and_never_in_a_fact(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let pump = target("pump-1");
    add_target(&store, &pump).await;
    let account = "svc".parse::<chaperone_policy::AccountName>().unwrap();
    assert_eq!(store.secret(pump.id, &account).await.unwrap(), None);
    for sealed in [b"first ciphertext".to_vec(), b"other ciphertext".to_vec()] {
        let row = SealedRow { kind: "password".to_owned(), sealed };
        let (stored, name) = (row.clone(), account.clone());
        let put = store
            .write(move |tx| Box::pin(async move { tx.put_secret(pump.id, &name, &stored, person()).await }));
        put.await.unwrap();
        assert_eq!(store.secret(pump.id, &account).await.unwrap(), Some(row));
    }
    assert!(!format!("{:?}", facts(&store).await).contains("ciphertext"));
}
