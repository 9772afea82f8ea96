//! Two people see each host key before it counts; and the gate's own keys are made once, whoever is first.

use chaperone_policy::{Endpoint, PersonId, TargetId};
use chaperone_store::{FactKind, GateKey, KeyOrigin, KeyYes, MOST_PROPOSED, ProposedKey, Store};

use crate::on_both;
use crate::place::{Place, add_target, facts, person, target};

on_both!(
    a_key_counts_once_its_proposer_and_another_have_said_so,
    what_the_gate_proposes_takes_two_people,
    a_hostile_server_fills_no_table,
    a_key_of_the_gate_is_made_once,
);

fn key(name: &str, origin: KeyOrigin) -> ProposedKey {
    let (line, fingerprint) = (format!("ssh-ed25519 {name}"), format!("SHA256:{name}"));
    ProposedKey { is_authority: name.starts_with("ca"), line, fingerprint, origin }
}

async fn propose(store: &Store, id: TargetId, keys: Vec<ProposedKey>, by: Option<PersonId>) -> usize {
    let written = store
        .write(move |tx| Box::pin(async move { tx.propose_host_keys(id, &keys, (by, None), "new").await }));
    written.await.unwrap()
}

async fn approve(store: &Store, id: TargetId, name: &str, by: PersonId) -> Option<KeyYes> {
    let print = format!("SHA256:{name}");
    store
        .write(move |tx| Box::pin(async move { tx.approve_host_key(id, &print, by, "compared").await }))
        .await
        .unwrap()
}

async fn pinned(store: &Store, id: TargetId) -> (Vec<String>, Vec<String>) {
    let facts = store.facts().await.unwrap();
    match &facts.targets[&id].endpoints[0] {
        Endpoint::Ssh { host_keys, reach, .. } => (host_keys.clone(), reach.authorities.clone()),
        other => panic!("{other:?}"),
    }
}

async fn a_key_counts_once_its_proposer_and_another_have_said_so(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let pump = target("pump-1");
    add_target(&store, &pump).await;
    let (priya, quentin) = (person(), person());
    let before = pinned(&store, pump.id).await.0;
    let keys = vec![key("new", KeyOrigin::Given), key("ca", KeyOrigin::Given)];
    assert_eq!(propose(&store, pump.id, keys.clone(), Some(priya)).await, 2);
    assert_eq!(propose(&store, pump.id, keys, Some(quentin)).await, 0, "they wait already");
    assert_eq!(approve(&store, pump.id, "new", priya).await, Some(KeyYes::OwnProposal));
    assert_eq!(pinned(&store, pump.id).await.0, before);
    assert_eq!(approve(&store, pump.id, "other", quentin).await, None);
    assert_eq!(approve(&store, pump.id, "new", quentin).await, Some(KeyYes::Pinned));
    assert_eq!(approve(&store, pump.id, "new", quentin).await, None, "once");
    assert_eq!(approve(&store, pump.id, "ca", quentin).await, Some(KeyYes::Pinned));
    let (keys, authorities) = pinned(&store, pump.id).await;
    assert_eq!(keys, [before, vec!["ssh-ed25519 new".to_owned()]].concat(), "beside the old one");
    assert_eq!(authorities, ["ssh-ed25519 ca"]);
    assert_eq!(propose(&store, pump.id, vec![key("new", KeyOrigin::Shown)], None).await, 0, "it is pinned");
    let retire = |line: &'static str| {
        store.write(move |tx| {
            Box::pin(async move { tx.retire_host_key(pump.id, (line, "SHA256:x"), priya, "old").await })
        })
    };
    assert!(retire("ssh-ed25519 ca").await.unwrap());
    assert!(!retire("ssh-ed25519 ca").await.unwrap());
    assert!(pinned(&store, pump.id).await.1.is_empty());
    assert_eq!(
        propose(&store, pump.id, vec![key("ca", KeyOrigin::Announced)], None).await,
        0,
        "it was retired"
    );
    assert!(store.host_key_proposals().await.unwrap().is_empty());
}

async fn what_the_gate_proposes_takes_two_people(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let pump = target("pump-1");
    add_target(&store, &pump).await;
    let (priya, quentin) = (person(), person());
    propose(&store, pump.id, vec![key("shown", KeyOrigin::Shown)], None).await;
    assert_eq!(approve(&store, pump.id, "shown", priya).await, Some(KeyYes::Seconded));
    assert_eq!(approve(&store, pump.id, "shown", priya).await, Some(KeyYes::OwnProposal));
    let waiting = store.host_key_proposals().await.unwrap();
    assert_eq!((waiting[0].by, waiting[0].key.origin), (Some(priya), KeyOrigin::Shown));
    assert_eq!(approve(&store, pump.id, "shown", quentin).await, Some(KeyYes::Pinned));
    let kinds = facts(&store).await.into_iter().map(|fact| (fact.kind, fact.person));
    let told: Vec<_> = kinds.filter(|(kind, _)| *kind != FactKind::TargetAdded).collect();
    let proposed = FactKind::HostKeyProposed;
    assert_eq!(
        told,
        [
            (proposed, None),
            (proposed, Some(priya)),
            (FactKind::HostKeyApproved, Some(quentin)),
            (FactKind::TargetChanged, Some(quentin)),
        ]
    );
}

async fn a_hostile_server_fills_no_table(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let pump = target("pump-1");
    add_target(&store, &pump).await;
    for round in 0..3 {
        let keys = (0..MOST_PROPOSED).map(|n| key(&format!("{round}-{n}"), KeyOrigin::Shown)).collect();
        propose(&store, pump.id, keys, None).await;
    }
    assert_eq!(store.host_key_proposals().await.unwrap().len(), MOST_PROPOSED);
}

async fn a_key_of_the_gate_is_made_once(place: Place) {
    let (one, _tasks) = place.store("one").await;
    let (two, _more) = place.store("two").await;
    let add = |store: &Store, public: &str| {
        let key = GateKey { public: public.to_owned(), sealed: vec![1] };
        let store = store.clone();
        async move {
            store
                .write(move |tx| Box::pin(async move { tx.add_gate_key("user-ca", &key).await }))
                .await
                .unwrap()
        }
    };
    let (first, second) = tokio::join!(add(&one, "a"), add(&two, "b"));
    assert!(first ^ second);
    let kept = one.gate_key("user-ca").await.unwrap().unwrap();
    assert_eq!(kept.public, if first { "a" } else { "b" });
    assert_eq!(two.gate_key("user-ca").await.unwrap(), Some(kept));
    assert_eq!(one.gate_key("host-ca").await.unwrap(), None);
}
