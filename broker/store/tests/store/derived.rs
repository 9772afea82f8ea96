//! The derived store: the same query finds the same lines on both engines, and what is forgotten is gone.

use chaperone_policy::{PersonId, SessionId, TargetId};
use chaperone_recorder::Mark;
use chaperone_recorder::replay::{Derivation, Film, Keyframe, Line, Seen};
use chaperone_store::{Derived, DerivedHit, DerivedOf, DerivedQuery, FactKind, Underived};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use uuid::Uuid;

use crate::on_both;
use crate::place::Place;

on_both!(
    a_phrase_is_found_where_it_was_newest_visits_first,
    a_search_keeps_to_the_person_the_target_and_the_time,
    what_is_forgotten_is_gone_and_what_is_put_again_replaces,
    the_keyframe_before_a_moment_is_found,
    a_recording_is_stale_until_it_is_read_by_this_version,
    progress_is_kept,
);

const VERSION: u32 = 3;

async fn open(place: &Place) -> Derived {
    let beside = format!("sqlite:{}", place.folder.path().join("derived.db").display());
    let url = place.cluster.as_ref().map_or(beside, |cluster| cluster.url());
    // Twice: the second time there is nothing to do.
    drop(Derived::open(&url).await.unwrap());
    Derived::open(&url).await.unwrap()
}

fn visit(number: u128, began_s: i64) -> DerivedOf {
    DerivedOf {
        session: SessionId(Uuid::from_u128(number)),
        person: PersonId(Uuid::from_u128(number % 2)),
        target: TargetId(Uuid::from_u128(number % 3)),
        began: Timestamp::from_second(1_800_000_000 + began_s).unwrap(),
    }
}

fn read(lines: &[(u64, &str)], keyframes: &[u64]) -> Derivation {
    let line = |(at_ms, text): &(u64, &str)| Line {
        at_ms: *at_ms,
        channel: 1,
        seen: Seen::Screen,
        text: (*text).to_owned(),
    };
    let keyframe = |at_ms: &u64| Keyframe {
        at_ms: *at_ms,
        mark: Mark { offset: at_ms * 10, ordinal: 2, nonce: 9, chain: [4; 32] },
        stills: vec![1, 2, 3],
    };
    Derivation {
        film: Film::default(),
        keyframes: keyframes.iter().map(keyframe).collect(),
        lines: lines.iter().map(line).collect(),
        capped: Vec::new(),
        recording: [7; 32],
        seal: Some([8; 32]),
    }
}

fn query(phrase: &str) -> DerivedQuery {
    DerivedQuery { phrase: phrase.to_owned(), limit: 100, ..DerivedQuery::default() }
}

async fn found(derived: &Derived, query: &DerivedQuery) -> Vec<(u128, u64)> {
    let hits = derived.search(query).await.unwrap();
    hits.iter().map(|hit: &DerivedHit| (hit.session.0.as_u128(), hit.at_ms)).collect()
}

async fn a_phrase_is_found_where_it_was_newest_visits_first(place: Place) {
    let derived = open(&place).await;
    let lines = [(10, "svc@Alaris:~$ systemctl stop alaris-sm"), (20, "Stopped."), (30, "stop systemctl")];
    derived.put(&visit(1, 0), VERSION, 9, &read(&lines, &[])).await.unwrap();
    derived.put(&visit(2, 60), VERSION, 9, &read(&lines, &[])).await.unwrap();
    // Both began in the same moment: they do not get into each other's way.
    derived.put(&visit(3, 60), VERSION, 9, &read(&[(5, "nothing")], &[])).await.unwrap();
    assert_eq!(found(&derived, &query("SYSTEMCTL  stop")).await, [(2, 10), (1, 10)]);
    assert_eq!(found(&derived, &query("stop")).await, [(2, 10), (2, 30), (1, 10), (1, 30)]);
    assert_eq!(found(&derived, &query("alaris sm")).await.len(), 2, "punctuation separates");
    for nothing in ["systemctl alaris", "", "' OR 1=1 --", "\"", "stop* NOT x"] {
        assert!(found(&derived, &query(nothing)).await.is_empty(), "{nothing:?}");
    }
    let first = derived.search(&DerivedQuery { limit: 3, ..query("stop") }).await.unwrap();
    let rest = DerivedQuery { after: Some(first[2].place), ..query("stop") };
    assert_eq!(found(&derived, &rest).await, [(1, 30)]);
}

async fn a_search_keeps_to_the_person_the_target_and_the_time(place: Place) {
    let derived = open(&place).await;
    for number in 0..12 {
        let of = visit(number, i64::try_from(number).unwrap() * 100);
        derived.put(&of, VERSION, 9, &read(&[(1, "pump")], &[])).await.unwrap();
    }
    let of = |hits: Vec<(u128, u64)>| hits.into_iter().map(|(number, _)| number).collect::<Vec<_>>();
    let person = DerivedQuery { person: Some(PersonId(Uuid::from_u128(1))), ..query("pump") };
    assert_eq!(of(found(&derived, &person).await), [11, 9, 7, 5, 3, 1]);
    let target = DerivedQuery { target: Some(TargetId(Uuid::from_u128(0))), ..person };
    assert_eq!(of(found(&derived, &target).await), [9, 3]);
    let at = |second| Some(visit(0, second).began);
    let time = DerivedQuery { from: at(300), to: at(600), ..query("pump") };
    assert_eq!(of(found(&derived, &time).await), [5, 4, 3]);
}

async fn what_is_forgotten_is_gone_and_what_is_put_again_replaces(place: Place) {
    let derived = open(&place).await;
    let (one, two) = (visit(1, 0), visit(2, 1));
    derived.put(&one, VERSION, 9, &read(&[(1, "old words")], &[1])).await.unwrap();
    derived.put(&two, VERSION, 9, &read(&[(1, "old words")], &[1])).await.unwrap();
    derived.put(&one, VERSION, 9, &read(&[(1, "new words")], &[])).await.unwrap();
    assert_eq!(found(&derived, &query("old words")).await, [(2, 1)]);
    assert_eq!(found(&derived, &query("new words")).await, [(1, 1)]);
    assert_eq!(derived.keyframe(one.session, 99).await.unwrap(), None);
    derived.forget(two.session).await.unwrap();
    derived.put_nothing(&one, VERSION, Underived::Unsound).await.unwrap();
    assert!(found(&derived, &query("words")).await.is_empty());
    assert_eq!(derived.film(one.session, VERSION).await.unwrap(), None);
    derived.forget(two.session).await.unwrap();
}

async fn the_keyframe_before_a_moment_is_found(place: Place) {
    let derived = open(&place).await;
    let of = visit(1, 0);
    derived.put(&of, VERSION, 9, &read(&[], &[100, 200, 300])).await.unwrap();
    let at = async |ms| derived.keyframe(of.session, ms).await.unwrap();
    assert_eq!(at(100).await, None);
    let found = at(250).await.unwrap();
    let mark = Mark { offset: 2000, ordinal: 2, nonce: 9, chain: [4; 32] };
    assert_eq!((found.at_ms, found.mark, found.stills), (200, mark, vec![1, 2, 3]));
    assert_eq!(at(9_999).await.unwrap().at_ms, 300);
    let film = derived.film(of.session, VERSION).await.unwrap().unwrap();
    assert_eq!((film.recording, film.sealed, film.stored), ([7; 32], true, 9));
}

async fn a_recording_is_stale_until_it_is_read_by_this_version(place: Place) {
    let derived = open(&place).await;
    let (one, two) = (visit(1, 0), visit(2, 9));
    derived.put(&one, VERSION, 9, &read(&[(1, "kept")], &[])).await.unwrap();
    derived.put_nothing(&two, VERSION, Underived::Absent).await.unwrap();
    assert_eq!(derived.unfinished().await.unwrap(), [two.session]);
    assert!(derived.stale(VERSION).await.unwrap().is_empty());
    assert_eq!(derived.stale(VERSION + 1).await.unwrap().len(), 2);
    assert_eq!(derived.rebuild(Some(one.session)).await.unwrap(), 1);
    assert_eq!(derived.stale(VERSION).await.unwrap(), [one.session]);
    assert_eq!(found(&derived, &query("kept")).await.len(), 1, "until then the old stays");
    assert_eq!(derived.rebuild(None).await.unwrap(), 2);
    assert_eq!(derived.progress(FactKind::SessionSealed).await.unwrap(), 0);
}

async fn progress_is_kept(place: Place) {
    let derived = open(&place).await;
    for next in [5, 9] {
        derived.set_progress(FactKind::SessionSealed, next).await.unwrap();
        assert_eq!(derived.progress(FactKind::SessionSealed).await.unwrap(), next);
    }
    assert_eq!(derived.progress(FactKind::SessionRecovered).await.unwrap(), 0);
}

/// Whatever was on a screen and whatever is asked: both engines find the same, and what plain comparing of words finds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_find_the_same_lines() {
    let Some(postgres) = Place::postgres().await else { return };
    let sqlite = Place::sqlite().await;
    let stores = [open(&sqlite).await, open(&postgres).await];
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let text = "([a-cA-CéÉİß点 '\"$%&<>|:*.,_-]|\\PC){0,24}";
    let cases = (prop::collection::vec(text, 1..8), prop::collection::vec("[a-céß点 ]{1,6}", 1..6));
    for number in 0..40_u128 {
        let (lines, phrases) = cases.new_tree(&mut runner).unwrap().current();
        let given: Vec<(u64, &str)> = (0..).zip(lines.iter().map(String::as_str)).collect();
        let of = visit(number, i64::try_from(number).unwrap());
        for store in &stores {
            store.put(&of, VERSION, 9, &read(&given, &[])).await.unwrap();
        }
        let from = Some(of.began);
        let to = of.began.checked_add(SignedDuration::from_secs(1)).ok();
        for phrase in &phrases {
            let asked = DerivedQuery { from, to, ..query(phrase) };
            let words = chaperone_store::derived_words(phrase);
            let has = |line: &str| {
                let line = chaperone_store::derived_words(line);
                !words.is_empty() && line.windows(words.len()).any(|part| part == words)
            };
            let expected: Vec<_> =
                given.iter().filter(|(_, line)| has(line)).map(|(at, _)| (number, *at)).collect();
            for store in &stores {
                assert_eq!(found(store, &asked).await, expected, "{phrase:?} in {lines:?}");
            }
        }
    }
}
