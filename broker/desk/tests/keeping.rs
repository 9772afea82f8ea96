//! What retention promises: it deletes what is over its time, between two facts, and nothing else; a hold beats it, a
//! crash in between is finished, and a clock that is wrong deletes nothing.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

use std::sync::Arc;

use bytes::Bytes;
use chaperone_desk::{Desk, DeskError, DeskKeys, Look, RUN, Retained, Stopped, View};
use chaperone_policy::{
    Act, AttemptId, Card, Hold, HoldId, HoldOn, PersonId, RetentionClass, SessionId, Target, TargetId,
    WindowId,
};
use chaperone_recorder::{
    ChannelKind, Durability, Ending, Folder, Identity, LiveRecording, Opening, RecordingKeys, SigningKey,
    Stream,
};
use chaperone_store::{
    CommittedFact, Expiring, FactFilter, FactKind, NewFact, NewSession, Reaction, Store, StoreConfig,
    StoreError, StoreTasks, Tx, Word,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

struct Silent;

impl Reaction for Silent {
    fn react<'t>(
        &'t self,
        _: &'t CommittedFact,
        _: &'t mut Tx,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 't>> {
        Box::pin(async { Ok(()) })
    }
}

fn ago(days: i64) -> Timestamp {
    Timestamp::now().checked_sub(SignedDuration::from_hours(days * 24)).unwrap()
}

fn somebody() -> PersonId {
    PersonId(Uuid::now_v7())
}

/// A node whose ledger goes back some years without a gap, with recordings of different ages.
struct Archive {
    store: Store,
    folder: Folder,
    desk: Desk,
    sessions: Vec<SessionId>,
    target: TargetId,
    _tasks: StoreTasks,
    _files: tempfile::TempDir,
}

impl Archive {
    /// One recording for each age in days, oldest first; and facts every few days from then to now.
    async fn of(ages: &[i64]) -> Self {
        let files = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", files.path().join("chaperone.db").display());
        Store::migrate(&url).await.unwrap();
        let config = StoreConfig {
            url,
            node: "gate".to_owned(),
            folder: files.path().to_owned(),
            origin: "hospital.example/test".to_owned(),
            ledger_key: Arc::new(SigningKey::generate().unwrap()),
        };
        let (store, tasks) = Store::open(config, Arc::new(Silent)).await.unwrap();
        let folder = Folder::open(&files.path().join("recordings")).unwrap();
        let identity = Identity::generate();
        let keys = RecordingKeys {
            evidence: vec![identity.recipient()],
            unmask: vec![Identity::generate().recipient()],
            signer: Arc::new(SigningKey::generate().unwrap()),
        };
        let desk_keys = DeskKeys { seal_keys: vec![keys.signer.public()], identities: vec![identity] };
        let desk = Desk::new(store.clone(), folder.clone(), desk_keys);
        let target = target();
        let sessions: Vec<SessionId> = ages.iter().map(|_| record(&folder, &keys)).collect();
        // In the order of their times, as a ledger is written.
        let oldest = ages.iter().copied().max().unwrap_or(0);
        let mut day = oldest + 1;
        while day >= 0 {
            let sealed = ages.iter().zip(&sessions).filter(|(age, _)| **age == day);
            for (_, session) in sealed {
                let body = json!({ "seal_hash": "00".repeat(32) });
                let fact = NewFact::new(FactKind::SessionSealed, ago(day), body).in_session(*session);
                store.fact(fact).await.unwrap();
            }
            if day % 5 == 0 {
                store.fact(NewFact::new(FactKind::SignedIn, ago(day), json!({}))).await.unwrap();
            }
            day -= 1;
        }
        let (known, rows) = (target.clone(), ages.iter().copied().zip(sessions.clone()).collect::<Vec<_>>());
        let written: Result<(), StoreError> = store
            .write(move |tx| {
                Box::pin(async move {
                    tx.add_target(&known, somebody()).await?;
                    for (age, id) in rows {
                        tx.admit_session(&visit(id, known.id)).await?;
                        tx.start_session(id).await?;
                        tx.end_session(id, ago(age), "client-closed", Some("{}")).await?;
                    }
                    Ok(())
                })
            })
            .await;
        written.unwrap();
        Self { store, folder, desk, sessions, target: target.id, _tasks: tasks, _files: files }
    }

    async fn runs(&self) -> Retained {
        self.desk.retain(true, Timestamp::now(), None, false).await.unwrap()
    }

    fn is_there(&self, n: usize) -> bool {
        self.folder.recording(self.sessions.get(n).unwrap().0).is_file()
    }

    async fn facts(&self, kind: FactKind) -> Vec<CommittedFact> {
        let filter = FactFilter { kind: Some(kind.as_str().to_owned()), ..FactFilter::default() };
        self.store.facts_page(&filter, 1000).await.unwrap()
    }

    async fn hold(&self, on: HoldOn) -> Hold {
        let hold = Hold {
            id: HoldId(Uuid::now_v7()),
            on,
            from: None,
            to: None,
            reason: "claim 7".to_owned(),
            by: somebody(),
            at: Timestamp::now(),
        };
        let put = hold.clone();
        self.store.write(move |tx| Box::pin(async move { tx.add_hold(&put).await })).await.unwrap();
        hold
    }

    fn look(&self, n: usize) -> Look {
        Look {
            session: *self.sessions.get(n).unwrap(),
            target: None,
            by: somebody(),
            host_minted: false,
            reason: "review".to_owned(),
            at: Timestamp::now(),
        }
    }
}

fn target() -> Target {
    Target {
        id: TargetId(Uuid::now_v7()),
        name: "alaris-sm-01".parse().unwrap(),
        endpoints: Vec::new(),
        card: Card::default(),
        approvals: Vec::new(),
        durable: false,
        observer_required: false,
        session_limit: None,
        uploads: chaperone_policy::Uploads::Direct,
    }
}

fn visit(id: SessionId, target: TargetId) -> NewSession {
    NewSession {
        id,
        attempt: AttemptId(Uuid::now_v7()),
        person: somebody(),
        target,
        window: WindowId(Uuid::now_v7()),
        account: None,
        protocol: "ssh",
        source: "192.0.2.1:1".to_owned(),
        visit: id,
        proof: None,
    }
}

fn record(folder: &Folder, keys: &RecordingKeys) -> SessionId {
    let session = Uuid::now_v7();
    let opening = Opening { session, started: Timestamp::now(), facts: json!({}), mode: Durability::Prompt };
    let recording = LiveRecording::start(folder, opening, keys).unwrap();
    let channel = recording.open_channel(0, ChannelKind::new("exec", json!({})), false).unwrap();
    drop(channel.append(Stream::Output, Bytes::from_static(b"pumps: 412\r\n")).unwrap());
    recording
        .seal(Ending { reason: "client-closed".to_owned(), at: Timestamp::now(), coverage: Vec::new() })
        .unwrap();
    SessionId(session)
}

#[tokio::test]
async fn what_is_over_its_time_goes_between_two_facts_and_nothing_else() {
    let archive = Archive::of(&[400, 366, 360, 1]).await;
    let look = archive.desk.retain(true, Timestamp::now(), None, true).await.unwrap();
    assert_eq!((look.recordings_due, look.recordings_deleted), (2, 0), "{look:?}");
    assert!((0..4).all(|n| archive.is_there(n)), "a dry run changes nothing");
    assert!(archive.facts(FactKind::RetentionRan).await.is_empty());
    let run = archive.runs().await;
    assert_eq!((run.recordings_deleted, &run.stopped), (2, &None), "{run:?}");
    assert_eq!((0..4).map(|n| archive.is_there(n)).collect::<Vec<_>>(), [false, false, true, true]);
    let expired = archive.facts(FactKind::RecordingExpired).await;
    let deleted = archive.facts(FactKind::RecordingDeleted).await;
    assert_eq!((expired.len(), deleted.len()), (2, 2));
    assert_eq!(expired[0].session, Some(archive.sessions[0]), "oldest first");
    assert_eq!(
        (&expired[0].body["class"], &expired[0].body["seal_hash"]),
        (&json!("standard"), &json!("00".repeat(32)))
    );
    assert_eq!(deleted[0].body["expired"], expired[0].number.to_string());
    let said = archive.desk.verify(&archive.look(0)).await.unwrap_err();
    assert!(matches!(said, DeskError::Deleted { fact, .. } if fact == deleted[0].number), "{said:?}");
    assert!(said.to_string().contains("by class standard"), "{said}");
    assert!(archive.facts(FactKind::EvidenceUnsound).await.is_empty(), "no alarm: it was deleted on purpose");
    assert_eq!(archive.runs().await.recordings_due, 0);
    assert!(archive.store.verify_ledger(&[]).await.unwrap().sound);
}

#[tokio::test]
async fn a_hold_beats_retention_until_it_is_lifted() {
    let archive = Archive::of(&[400, 390]).await;
    let hold = archive.hold(HoldOn::Target(archive.target)).await;
    let run = archive.runs().await;
    assert_eq!((run.recordings_held, run.recordings_deleted), (2, 0), "{run:?}");
    let by = [somebody(), somebody()];
    archive
        .store
        .write(move |tx| Box::pin(async move { tx.lift_hold(&hold, by, "settled").await }))
        .await
        .unwrap();
    archive.hold(HoldOn::Session(archive.sessions[1])).await;
    let run = archive.runs().await;
    assert_eq!((run.recordings_held, run.recordings_deleted), (1, 1), "{run:?}");
    assert!(!archive.is_there(0) && archive.is_there(1));
}

#[tokio::test]
async fn a_crash_between_the_two_facts_is_finished_by_the_next_run() {
    let archive = Archive::of(&[400, 390, 380]).await;
    for n in 0..2 {
        let row = archive.store.session(archive.sessions[n]).await.unwrap();
        let of = Expiring {
            row,
            class: "standard".to_owned(),
            days: 365,
            seal_hash: "00".to_owned(),
            sealed_by: 0,
            sealed: ago(400),
            size_bytes: 1,
        };
        assert!(
            archive
                .store
                .write(move |tx| Box::pin(async move { tx.expire_recording(&of).await }))
                .await
                .unwrap()
        );
    }
    // The first crash came before the file was deleted, the second one after.
    archive.folder.delete(archive.sessions[1].0).unwrap();
    let run = archive.runs().await;
    assert_eq!(run.recordings_deleted, 3, "{run:?}");
    assert!((0..3).all(|n| !archive.is_there(n)));
    for session in &archive.sessions {
        assert_eq!(archive.store.session(*session).await.unwrap().recording, "deleted");
    }
    assert_eq!(archive.facts(FactKind::RecordingExpired).await.len(), 3, "none twice");
    assert_eq!(archive.facts(FactKind::RecordingDeleted).await.len(), 3);
}

#[tokio::test]
async fn a_hold_that_comes_between_the_two_facts_keeps_the_file() {
    let archive = Archive::of(&[400, 390]).await;
    for n in 0..2 {
        let row = archive.store.session(archive.sessions[n]).await.unwrap();
        let (class, seal_hash) = ("standard".to_owned(), "00".to_owned());
        let sealed = ago(390);
        let of = Expiring { row, class, days: 365, seal_hash, sealed_by: 0, sealed, size_bytes: 1 };
        let expired = archive.store.write(move |tx| Box::pin(async move { tx.expire_recording(&of).await }));
        assert!(expired.await.unwrap());
    }
    // Of the second the file had gone already: nothing keeps it any more.
    archive.folder.delete(archive.sessions[1].0).unwrap();
    archive.hold(HoldOn::Target(archive.target)).await;
    let run = archive.runs().await;
    assert_eq!((run.recordings_held, run.recordings_deleted), (1, 1), "{run:?}");
    assert!(archive.is_there(0));
    assert_eq!(archive.store.session(archive.sessions[0]).await.unwrap().recording, "sealed");
    assert_eq!(archive.store.session(archive.sessions[1]).await.unwrap().recording, "deleted");
    let kept = archive.facts(FactKind::RecordingKept).await;
    assert_eq!(kept.iter().map(|fact| fact.session).collect::<Vec<_>>(), [Some(archive.sessions[0])]);
    assert_eq!(archive.runs().await.recordings_deleted, 0);
}

#[tokio::test]
async fn a_recording_that_somebody_else_removed_is_not_passed_off_as_deleted() {
    let archive = Archive::of(&[400]).await;
    std::fs::remove_file(archive.folder.recording(archive.sessions[0].0)).unwrap();
    let run = archive.runs().await;
    assert_eq!((run.recordings_missing, run.recordings_deleted), (1, 0), "{run:?}");
    assert!(archive.facts(FactKind::RecordingExpired).await.is_empty());
    assert!(matches!(archive.desk.verify(&archive.look(0)).await, Err(DeskError::Missing)));
    assert!(matches!(
        archive.desk.view(&archive.look(0), View::Text, false).await,
        Err(DeskError::NoRecording)
    ));
}

#[tokio::test]
async fn a_clock_in_doubt_deletes_nothing_and_says_so_once() {
    let archive = Archive::of(&[400]).await;
    for _ in 0..2 {
        let doubted = archive.desk.retain(false, Timestamp::now(), None, false).await.unwrap();
        assert_eq!(doubted.stopped, Some(Stopped::Clock));
    }
    assert_eq!(archive.facts(FactKind::RetentionStopped).await.len(), 1, "once a day");
    // Years forward at one stroke: the ledger's own times have nothing in between.
    let later = Timestamp::now().checked_add(SignedDuration::from_hours(24 * 800)).unwrap();
    let leapt = archive.desk.retain(true, later, None, false).await.unwrap();
    assert!(matches!(leapt.stopped, Some(Stopped::Leap { .. })), "{leapt:?}");
    assert!(archive.is_there(0));
    // Facts that lie ahead of the clock: it was wrong then, or is wrong now.
    archive.store.fact(NewFact::new(FactKind::SignedIn, later, json!({}))).await.unwrap();
    let ahead = archive.runs().await;
    assert_eq!(ahead.stopped, Some(Stopped::Clock));
    assert!(archive.is_there(0));
}

#[tokio::test]
async fn too_much_at_once_waits_for_two_people_and_their_word_is_spent() {
    let ages: Vec<i64> = (0..30).map(|n| 370 + n).collect();
    let archive = Archive::of(&ages).await;
    let run = archive.runs().await;
    assert_eq!(run.stopped, Some(Stopped::TooMany { due: 30, of: 30 }));
    assert!((0..30).all(|n| archive.is_there(n)));
    let word = Word::ask(
        Act::ShortenRetention,
        RUN.to_owned(),
        json!("allow"),
        somebody(),
        "seen".to_owned(),
        Timestamp::now(),
    );
    let (id, by) = (word.id, somebody());
    archive.store.write(move |tx| Box::pin(async move { tx.ask_second(&word).await })).await.unwrap();
    assert!(archive.runs().await.stopped.is_some(), "one person is not two");
    let stands = Some(SignedDuration::from_hours(1));
    archive
        .store
        .write(move |tx| Box::pin(async move { tx.agree(id, by, stands).await }))
        .await
        .unwrap()
        .unwrap();
    let run = archive.runs().await;
    assert_eq!((run.recordings_deleted, &run.stopped), (30, &None), "{run:?}");
    let again =
        archive.store.write(move |tx| Box::pin(async move { tx.spend_word(id).await })).await.unwrap();
    assert!(!again, "it is spent");
}

#[tokio::test]
async fn words_go_after_their_time_and_what_proves_or_explains_stays() {
    // A recording of seven years ago that a hold keeps, and one that goes.
    let archive = Archive::of(&[2500, 2400]).await;
    archive.hold(HoldOn::Session(archive.sessions[0])).await;
    let run = archive.runs().await;
    assert_eq!((run.recordings_deleted, run.recordings_held), (1, 1), "{run:?}");
    assert!(run.words_cleared > 50, "{run:?}");
    let kept = archive.store.session_facts(archive.sessions[0]).await.unwrap();
    assert!(kept[0].body["seal_hash"].is_string(), "the seal of what is kept");
    let gone = archive.store.session_facts(archive.sessions[1]).await.unwrap();
    let words: Vec<_> = gone.iter().map(|fact| (fact.kind, fact.body.is_object())).collect();
    let wanted = [
        (FactKind::SessionSealed, false),
        (FactKind::RecordingExpired, true),
        (FactKind::RecordingDeleted, true),
    ];
    assert_eq!(words, wanted);
    let young = archive.facts(FactKind::SignedIn).await;
    let limit = ago(2192);
    assert!(
        young.iter().all(|fact| fact.body.is_object() == (fact.at >= limit)),
        "and nothing that is younger"
    );
    let verdict = archive.store.verify_ledger(&[]).await.unwrap();
    assert!(verdict.sound && verdict.emptied == run.words_cleared, "{verdict:?}");
    assert_eq!(archive.runs().await.words_due, 0);
}

#[tokio::test]
async fn words_of_a_kept_visits_window_and_of_every_target_that_they_name_stay() {
    let archive = Archive::of(&[400, 390]).await;
    let class = RetentionClass::new("standard".parse().unwrap(), 100, 100).unwrap();
    let by = [somebody(), somebody()];
    let set =
        archive.store.write(move |tx| Box::pin(async move { tx.set_class(&class, &by, "policy").await }));
    set.await.unwrap();
    archive.hold(HoldOn::Session(archive.sessions[0])).await;
    let windows = [
        archive.store.session(archive.sessions[0]).await.unwrap().window,
        archive.store.session(archive.sessions[1]).await.unwrap().window,
    ];
    let others =
        ["alaris-sm-02", "alaris-sm-03"].map(|name| Target { name: name.parse().unwrap(), ..target() });
    let [held, other] = [others[0].id, others[1].id];
    let added = archive.store.write(move |tx| {
        Box::pin(async move {
            for target in &others {
                tx.add_target(target, somebody()).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    added.await.unwrap();
    archive.hold(HoldOn::Target(held)).await;
    for fact in [
        NewFact::new(FactKind::WindowApproved, ago(395), json!({})).in_window(windows[0]),
        NewFact::new(FactKind::WindowApproved, ago(395), json!({})).in_window(windows[1]),
        NewFact::new(FactKind::FreezeAdded, ago(395), json!({})).on(other).also_on([held]),
        NewFact::new(FactKind::FreezeAdded, ago(395), json!({})).on(other).also_on([other]),
    ] {
        archive.store.fact(fact).await.unwrap();
    }
    archive.runs().await;
    let words = async |kind| {
        let facts = archive.facts(kind).await;
        facts.iter().map(|fact| fact.body.is_object()).collect::<Vec<_>>()
    };
    assert_eq!(words(FactKind::WindowApproved).await, [true, false], "what a kept visit was approved by");
    assert_eq!(words(FactKind::FreezeAdded).await, [true, false], "what is also about a target that is held");
}
