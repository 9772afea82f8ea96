//! Proofs that are shown for one visit after the other: each link opens once, and what was stopped or left is over.

use chaperone_policy::{AttemptId, PersonId, Role, SessionId, WindowId};
use chaperone_store::{
    FactKind, Followed, NewConsole, NewFact, NewSession, ProofOver, Store, StoreError, WebSession,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::on_both;
use crate::place::{Place, add_target, facts, person, target};

on_both!(
    a_link_opens_once_also_for_many_who_follow_it_at_once,
    a_proof_is_over_once_its_visit_was_stopped_or_is_about_to_be,
    signing_out_leaves_what_was_opened_from_there_and_names_what_is_on,
    new_factors_spend_the_certificates_that_were_issued_before,
    rows_go_when_they_are_worth_nothing,
);

fn console(of: PersonId, sign_in: Option<&[u8]>, until: Timestamp) -> NewConsole {
    let proof = format!("console:{}", Uuid::now_v7());
    NewConsole { proof, person: of, sign_in: sign_in.map(<[u8]>::to_vec), until }
}

async fn offered(store: &Store, new: NewConsole) -> String {
    let proof = new.proof.clone();
    store.write(move |tx| Box::pin(async move { tx.offer_console(&new).await })).await.unwrap();
    proof
}

async fn followed(store: &Store, proof: &str) -> Followed {
    let proof = proof.to_owned();
    store.write(move |tx| Box::pin(async move { tx.follow_console(&proof).await })).await.unwrap()
}

/// A visit that is entered with this.
async fn admitted(store: &Store, of: PersonId, proof: &str) -> SessionId {
    let pump = target(&format!("pump-{}", Uuid::now_v7().simple()));
    add_target(store, &pump).await;
    let id = SessionId(Uuid::now_v7());
    let new = NewSession {
        id,
        attempt: AttemptId(Uuid::now_v7()),
        person: of,
        target: pump.id,
        window: WindowId(Uuid::now_v7()),
        account: None,
        protocol: "tls",
        source: "192.0.2.1:1".to_owned(),
        visit: id,
        proof: Some(proof.to_owned()),
    };
    store.write(move |tx| Box::pin(async move { tx.admit_session(&new).await })).await.unwrap();
    id
}

async fn ended(store: &Store, id: SessionId, reason: &'static str) {
    let end = store.write::<_, _, StoreError>(move |tx| {
        Box::pin(async move { tx.end_session(id, tx.now(), reason, None).await })
    });
    end.await.unwrap();
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(seconds)
}

async fn a_link_opens_once_also_for_many_who_follow_it_at_once(place: Place) {
    let (one, _tasks) = place.store("one").await;
    let (two, _others) = place.store("two").await;
    let proof = offered(&one, console(person(), None, later(60))).await;
    let nodes = [&one, &two, &one, &two, &one, &two];
    let all = futures::future::join_all(nodes.map(|store| followed(store, &proof))).await;
    assert_eq!(all.iter().filter(|followed| **followed == Followed::Opens).count(), 1, "{all:?}");
    assert_eq!(followed(&two, &proof).await, Followed::Before);
    assert_eq!(followed(&one, "console:unknown").await, Followed::Before, "nobody was given that one");
}

async fn a_proof_is_over_once_its_visit_was_stopped_or_is_about_to_be(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let dana = person();
    for reason in ["client-closed", "client-lost", "shutdown", "window-closed", "crash"] {
        let proof = format!("certificate:{reason}");
        ended(&store, admitted(&store, dana, &proof).await, reason).await;
        assert_eq!(store.proof_over(&proof).await.unwrap(), None, "{reason}");
    }
    let stopped = admitted(&store, dana, "certificate:1").await;
    admitted(&store, dana, "certificate:1").await;
    assert_eq!(store.proof_over("certificate:1").await.unwrap(), None);
    ended(&store, stopped, "stopped").await;
    assert_eq!(store.proof_over("certificate:1").await.unwrap(), Some(ProofOver::Stopped));
    let asked = admitted(&store, dana, "certificate:2").await;
    let order = NewFact::new(FactKind::SessionStopAsked, Timestamp::now(), json!({})).in_session(asked);
    store.fact(order).await.unwrap();
    assert_eq!(store.proof_over("certificate:2").await.unwrap(), Some(ProofOver::Stopped));
    ended(&store, asked, "crash").await;
    assert_eq!(store.proof_over("certificate:2").await.unwrap(), Some(ProofOver::Stopped), "it never obeyed");
    assert_eq!(store.proof_over("certificate:3").await.unwrap(), None, "of nobody");
}

async fn signed_in(store: &Store, of: PersonId, id: &[u8]) -> WebSession {
    let now = Timestamp::now();
    let session = WebSession {
        id: id.to_vec(),
        person: of,
        csrf: String::new(),
        how: "password+totp".to_owned(),
        source: "192.0.2.1".to_owned(),
        began: now,
        used: now,
        proven: None,
    };
    let row = session.clone();
    store.write(move |tx| Box::pin(async move { tx.put_web_session(&row).await })).await.unwrap();
    session
}

async fn signing_out_leaves_what_was_opened_from_there_and_names_what_is_on(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let (dana, viktor) = (person(), person());
    let desk = signed_in(&store, dana, b"desk").await;
    let on = offered(&store, console(dana, Some(b"desk"), later(60))).await;
    let unopened = offered(&store, console(dana, Some(b"desk"), later(60))).await;
    let elsewhere = offered(&store, console(dana, Some(b"ward"), later(60))).await;
    let by_token = offered(&store, console(dana, None, later(60))).await;
    let others = offered(&store, console(viktor, Some(b"his"), later(60))).await;
    assert_eq!(followed(&store, &on).await, Followed::Opens);
    let over = admitted(&store, dana, &on).await;
    ended(&store, over, "client-closed").await;
    let visit = admitted(&store, dana, &on).await;
    let before = facts(&store).await.len() as u64;
    let out = desk.clone();
    store.write(move |tx| Box::pin(async move { tx.end_web_session(&out).await })).await.unwrap();
    let fact = facts(&store).await.pop().unwrap();
    assert_eq!((fact.kind, &fact.body["visits"]), (FactKind::SignedOut, &json!([visit])));
    let orders = store.orders_after(before).await.unwrap();
    let ordered: Vec<_> = orders.iter().map(|(_, visit, kind, _)| (*visit, kind.as_str())).collect();
    assert_eq!(ordered, [(visit, "signed-out")]);
    assert_eq!(store.proof_over(&on).await.unwrap(), Some(ProofOver::Left));
    assert_eq!(followed(&store, &unopened).await, Followed::SignedOut);
    for stays in [&elsewhere, &by_token, &others] {
        assert_eq!(store.proof_over(stays).await.unwrap(), None);
        assert_eq!(followed(&store, stays).await, Followed::Opens);
    }
    let by_other = offered(&store, console(dana, Some(b"token:1"), later(60))).await;
    store
        .write(move |tx| Box::pin(async move { tx.sign_out_token(dana, b"token:1", "1").await }))
        .await
        .unwrap();
    let token = facts(&store).await.pop().unwrap();
    assert_eq!((token.kind, &token.body), (FactKind::SignedOut, &json!({ "listener": "api", "token": "1" })));
    assert_eq!(followed(&store, &by_other).await, Followed::SignedOut);
    // A second time there is nothing to leave, and nobody is told.
    store.write(move |tx| Box::pin(async move { tx.end_web_session(&desk).await })).await.unwrap();
    assert_eq!(facts(&store).await.pop().unwrap().number, token.number);
}

/// A certificate that somebody is given; its proof.
async fn issued(store: &Store, of: PersonId, until: Timestamp) -> String {
    let serial = Uuid::now_v7().simple().to_string();
    let body = json!({ "serial": serial, "until": until });
    store.fact(NewFact::new(FactKind::CertificateIssued, Timestamp::now(), body).by(of)).await.unwrap();
    format!("certificate:{serial}")
}

async fn reset(store: &Store, of: PersonId) {
    for role in [Role::ClinicalEngineer, Role::Lead] {
        let by = person();
        let done = store.write::<_, _, StoreError>(move |tx| {
            Box::pin(async move { tx.reset(of, by, role, "stolen", |_| true).await })
        });
        done.await.unwrap();
    }
}

async fn new_factors_spend_the_certificates_that_were_issued_before(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let (dana, viktor) = (person(), person());
    let on = issued(&store, dana, later(3600)).await;
    let unused = issued(&store, dana, later(3600)).await;
    // Its visit may go on, and it may be renewed.
    let gone = issued(&store, dana, later(-1)).await;
    let serial = gone.trim_start_matches("certificate:").to_owned();
    let renewed = json!({ "serial": format!("{serial}00000001"), "renews": serial, "until": later(3600) });
    store.fact(NewFact::new(FactKind::CertificateIssued, Timestamp::now(), renewed).by(dana)).await.unwrap();
    let gone_on = admitted(&store, dana, &gone).await;
    let others = issued(&store, viktor, later(3600)).await;
    let over = admitted(&store, dana, &on).await;
    ended(&store, over, "client-closed").await;
    let visit = admitted(&store, dana, &on).await;
    reset(&store, dana).await;
    for spent in [&on, &unused, &gone] {
        assert_eq!(store.proof_over(spent).await.unwrap(), Some(ProofOver::Left));
    }
    assert_eq!(store.proof_over(&others).await.unwrap(), None);
    let facts = facts(&store).await;
    let left = facts.iter().find(|fact| fact.kind == FactKind::SignedOut).unwrap();
    let mut told: Vec<String> = serde_json::from_value(left.body["visits"].clone()).unwrap();
    told.sort();
    let mut both = [visit, gone_on].map(|session| session.to_string());
    both.sort();
    assert_eq!(told, both, "each once; every node ends its own");
    // What is given after it is good, and a second time changes nothing.
    let new = issued(&store, dana, later(3600)).await;
    assert_eq!(store.proof_over(&new).await.unwrap(), None);
    reset(&store, dana).await;
    assert_eq!(store.proof_over(&new).await.unwrap(), Some(ProofOver::Left));
}

async fn rows_go_when_they_are_worth_nothing(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let dana = person();
    let old = offered(&store, console(dana, None, later(-3600))).await;
    let opened = offered(&store, console(dana, None, later(-30))).await;
    assert_eq!(followed(&store, &opened).await, Followed::Opens, "clocks differ");
    let proof = opened.clone();
    store.write(move |tx| Box::pin(async move { tx.leave_console(&proof).await })).await.unwrap();
    assert_eq!(followed(&store, &old).await, Followed::Before, "it is gone");
    place.tamper(&["UPDATE consoles SET until_us = until_us - 2678400000000"]).await.unwrap();
    offered(&store, console(dana, None, later(60))).await;
    assert_eq!(
        store.proof_over(&opened).await.unwrap(),
        Some(ProofOver::Left),
        "a window may last for 31 days"
    );
    place.tamper(&["UPDATE consoles SET until_us = until_us - 345600000000"]).await.unwrap();
    offered(&store, console(dana, None, later(60))).await;
    assert_eq!(store.proof_over(&opened).await.unwrap(), None);
}
