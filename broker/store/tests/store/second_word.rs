//! What takes two people takes two: each word is spent once, in its time, and by another person.

use chaperone_policy::{Act, PersonId, SessionId, WordId};
use chaperone_store::{FactKind, Store, StoreError, WAITS_FOR, Word, WordState};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::on_both;
use crate::place::{Place, add_target, facts, person, target};

on_both!(
    another_person_agrees_once_and_in_time,
    a_word_is_turned_down_by_either_and_then_worth_nothing,
    a_word_lapses_with_a_fact,
    what_two_agreed_to_is_spent_once,
    two_who_agree_at_once_are_one_second_person,
);

const HOUR: Option<SignedDuration> = Some(SignedDuration::from_hours(1));

async fn asked(store: &Store, by: PersonId, at: Timestamp) -> WordId {
    let pump = target(&format!("pump-{}", Uuid::now_v7().simple()));
    add_target(store, &pump).await;
    let session = SessionId(Uuid::now_v7());
    let word = Word::ask(Act::UnmaskInput, session.to_string(), json!({}), by, "incident 7".to_owned(), at);
    let word = word.about(session, pump.id);
    let id = word.id;
    store.write(move |tx| Box::pin(async move { tx.ask_second(&word).await })).await.unwrap();
    id
}

async fn agree(store: &Store, id: WordId, by: PersonId) -> Option<Word> {
    store.write(move |tx| Box::pin(async move { tx.agree(id, by, HOUR).await })).await.unwrap()
}

async fn turn_down(store: &Store, id: WordId, by: PersonId) -> bool {
    store.write(move |tx| Box::pin(async move { tx.turn_down(id, by, "not needed").await })).await.unwrap()
}

async fn kinds(store: &Store) -> Vec<FactKind> {
    facts(store).await.iter().map(|fact| fact.kind).filter(|kind| *kind != FactKind::TargetAdded).collect()
}

async fn another_person_agrees_once_and_in_time(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let (sam, lee) = (person(), person());
    let id = asked(&store, sam, Timestamp::now()).await;
    assert_eq!(agree(&store, id, sam).await, None, "the same person is not two people");
    let agreed = agree(&store, id, lee).await.unwrap();
    assert_eq!((agreed.state, agreed.answered_by), (WordState::Agreed, Some(lee)));
    assert!(
        agreed.expires > Timestamp::now()
            && agreed.expires < Timestamp::now() + SignedDuration::from_mins(61)
    );
    assert_eq!(agree(&store, id, person()).await, None, "once");
    let old = asked(&store, sam, Timestamp::now() - WAITS_FOR).await;
    assert_eq!(agree(&store, old, lee).await, None, "its time is over");
    let nobody =
        store.write(|tx| Box::pin(async move { tx.agree(WordId(Uuid::nil()), person(), HOUR).await })).await;
    assert!(matches!(nobody, Ok(None)));
    assert_eq!(kinds(&store).await, [FactKind::UnmaskAsked, FactKind::UnmaskAgreed, FactKind::UnmaskAsked]);
    let fact = facts(&store).await.into_iter().find(|fact| fact.kind == FactKind::UnmaskAgreed).unwrap();
    assert_eq!((fact.person, fact.session, fact.target), (Some(lee), agreed.session, agreed.target));
    assert_eq!((&fact.body["asked_by"], &fact.body["reason"]), (&json!(sam), &json!("incident 7")));
}

async fn a_word_is_turned_down_by_either_and_then_worth_nothing(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let (sam, lee) = (person(), person());
    let refused = asked(&store, sam, Timestamp::now()).await;
    assert!(turn_down(&store, refused, lee).await);
    assert_eq!(agree(&store, refused, lee).await, None);
    assert!(!turn_down(&store, refused, sam).await);
    let taken_back = asked(&store, sam, Timestamp::now()).await;
    assert!(agree(&store, taken_back, lee).await.is_some());
    assert!(turn_down(&store, taken_back, sam).await, "what stands is taken back too");
    assert_eq!(store.word(taken_back).await.unwrap().state, WordState::Withdrawn);
    use FactKind as K;
    let wanted = [K::UnmaskAsked, K::UnmaskRefused, K::UnmaskAsked, K::UnmaskAgreed, K::UnmaskWithdrawn];
    assert_eq!(kinds(&store).await, wanted);
}

async fn a_word_lapses_with_a_fact(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let sam = person();
    let id = asked(&store, sam, Timestamp::now() - WAITS_FOR).await;
    let fresh = asked(&store, sam, Timestamp::now()).await;
    let words = store.words(Act::UnmaskInput, 10).await.unwrap();
    let states: Vec<_> = words.iter().map(|word| (word.id, word.state)).collect();
    assert_eq!(states, [(fresh, WordState::Asked), (id, WordState::Expired)]);
    store.words(Act::UnmaskInput, 10).await.unwrap();
    assert_eq!(kinds(&store).await.iter().filter(|kind| **kind == FactKind::UnmaskExpired).count(), 1);
}

async fn what_two_agreed_to_is_spent_once(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let id = asked(&store, person(), Timestamp::now()).await;
    let spend =
        async || store.write(move |tx| Box::pin(async move { tx.spend_word(id).await })).await.unwrap();
    assert!(!spend().await, "nobody has agreed");
    agree(&store, id, person()).await.unwrap();
    assert!(spend().await && !spend().await);
}

async fn two_who_agree_at_once_are_one_second_person(place: Place) {
    let (one, _tasks) = place.store("one").await;
    let (two, _others) = place.store("two").await;
    let id = asked(&one, person(), Timestamp::now()).await;
    let (first, second) = tokio::join!(agree(&one, id, person()), agree(&two, id, person()));
    assert!(first.is_some() != second.is_some(), "{first:?} {second:?}");
    let twice: Result<(), StoreError> = async {
        let word = one.word(id).await?;
        let again = Word { id: WordId(Uuid::now_v7()), state: WordState::Asked, ..word };
        one.write(move |tx| Box::pin(async move { tx.ask_second(&again).await })).await
    }
    .await;
    assert!(matches!(twice, Err(StoreError::Duplicate(_))), "one word of a person for a thing: {twice:?}");
}
