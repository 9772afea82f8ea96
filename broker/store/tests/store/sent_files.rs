//! Files that are sent ahead: each ends once, and with a fact.

use chaperone_policy::{FileId, SessionId, Window, WindowState};
use chaperone_store::{FactKind, Release, SentFile, SentState, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::on_both;
use crate::place::{Place, add_target, facts, target};
use crate::records::window;

on_both!(
    a_file_comes_back_as_it_was_stored_and_ends_once,
    what_a_later_scan_finds_ends_a_file,
    files_are_thrown_away_when_their_window_is_over_and_not_before,
    a_release_is_a_fact_of_its_visit,
);

async fn planned(store: &Store) -> Window {
    let pump = target(&format!("pump-{}", Uuid::now_v7().simple()));
    add_target(store, &pump).await;
    let asked = window([pump.id]);
    let (stored, by) = (asked.clone(), asked.requester);
    store
        .write(move |tx| Box::pin(async move { tx.add_window(&stored, by, json!({})).await }))
        .await
        .unwrap();
    asked
}

async fn sent(store: &Store, of: &Window) -> SentFile {
    let now = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap();
    let file = SentFile {
        id: FileId(Uuid::now_v7()),
        window: of.id,
        name: "patch-7.2.bin".to_owned(),
        size_bytes: 5 << 32,
        sha256: "ab".repeat(32),
        state: SentState::Clean,
        found: None,
        scanner: "ClamAV 1.4.6".to_owned(),
        node: store.node().to_owned(),
        sent_by: of.requester,
        sent: now,
        scanned: Some(now),
        released: None,
        released_to: None,
    };
    let row = file.clone();
    store.write(move |tx| Box::pin(async move { tx.add_sent_file(&row, None).await })).await.unwrap();
    file
}

async fn kinds(store: &Store) -> Vec<FactKind> {
    let about_files = |kind: &FactKind| kind.as_str().starts_with("file-");
    facts(store).await.iter().map(|fact| fact.kind).filter(about_files).collect()
}

async fn withdraw(store: &Store, file: &SentFile) -> Result<SentFile, StoreError> {
    let (id, by) = (file.id, file.sent_by);
    store.write(move |tx| Box::pin(async move { tx.withdraw_sent_file(id, by).await })).await
}

async fn a_file_comes_back_as_it_was_stored_and_ends_once(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let window = planned(&store).await;
    let file = sent(&store, &window).await;
    assert_eq!(store.sent_files(window.id).await.unwrap(), std::slice::from_ref(&file));
    assert_eq!(store.sent_file(file.id).await.unwrap(), file);
    assert_eq!(store.staged_for(window.id).await.unwrap(), (5 << 32, 1));
    assert_eq!(withdraw(&store, &file).await.unwrap().state, SentState::Withdrawn);
    assert!(matches!(withdraw(&store, &file).await, Err(StoreError::NotFound(_))), "once");
    assert!(!store.waits(file.id).await.unwrap());
    assert_eq!(store.staged_for(window.id).await.unwrap(), (0, 0));
    assert_eq!(kinds(&store).await, [FactKind::FileSentAhead, FactKind::FileWithdrawn]);
}

async fn what_a_later_scan_finds_ends_a_file(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let file = sent(&store, &planned(&store).await).await;
    let scan = |found: Option<&'static str>| {
        let id = file.id;
        store.write(move |tx| Box::pin(async move { tx.file_scanned(id, found, "ClamAV 1.4.7").await }))
    };
    let again = scan(None).await.unwrap();
    assert!(again.scanned > file.scanned && again.scanner == "ClamAV 1.4.7");
    let refused = scan(Some("Eicar")).await.unwrap();
    assert_eq!((refused.state, refused.found.as_deref()), (SentState::Refused, Some("Eicar")));
    assert_eq!(store.sent_file(file.id).await.unwrap().state, SentState::Refused);
    assert!(scan(Some("Eicar")).await.is_err(), "it has ended");
    assert_eq!(kinds(&store).await, [FactKind::FileSentAhead, FactKind::FileScanned, FactKind::FileRefused]);
}

async fn files_are_thrown_away_when_their_window_is_over_and_not_before(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let (lasts, revoked) = (planned(&store).await, planned(&store).await);
    let (kept, file) = (sent(&store, &lasts).await, sent(&store, &revoked).await);
    assert!(store.files_to_discard(Timestamp::now()).await.unwrap().is_empty());
    let ended = store.transition(revoked.id, FactKind::WindowRevoked, None, json!({}), |before, _, _| {
        Ok::<_, StoreError>(Window { state: WindowState::Revoked, ..before.clone() })
    });
    ended.await.unwrap();
    assert_eq!(store.files_to_discard(Timestamp::now()).await.unwrap(), std::slice::from_ref(&file));
    let id = file.id;
    store.write(move |tx| Box::pin(async move { tx.discard_sent_file(id).await })).await.unwrap();
    assert!(store.files_to_discard(Timestamp::now()).await.unwrap().is_empty());
    let later = lasts.closes.checked_add(SignedDuration::from_secs(1)).unwrap();
    assert_eq!(store.files_to_discard(later).await.unwrap(), [kept]);
}

async fn a_release_is_a_fact_of_its_visit(place: Place) {
    let (store, _tasks) = place.store("one").await;
    let window = planned(&store).await;
    let file = sent(&store, &window).await;
    let release = Release {
        file: file.id,
        by: file.sent_by,
        session: SessionId(Uuid::now_v7()),
        target: *window.targets.first().unwrap(),
        to: "pump-1:/opt/patch-7.2.bin".to_owned(),
        about: json!({ "channel": 2 }),
    };
    let told = release.clone();
    store.write(move |tx| Box::pin(async move { tx.file_released(&told).await })).await.unwrap();
    let known = store.sent_file(file.id).await.unwrap();
    assert_eq!((known.state, known.released_to), (SentState::Clean, Some(release.to)));
    let fact = facts(&store).await.pop().unwrap();
    assert_eq!((fact.kind, fact.session), (FactKind::FileReleased, Some(release.session)));
    assert_eq!(
        (fact.body["sha256"].as_str(), fact.body["channel"].as_u64()),
        (Some(file.sha256.as_str()), Some(2))
    );
}
