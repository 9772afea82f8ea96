//! What the desk promises: a recording is judged against the ledger, and nobody sees anything unnoticed.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use chaperone_desk::{Desk, DeskError, DeskKeys, Look, View};
use chaperone_policy::{PersonId, SessionId};
use chaperone_recorder::{
    ChannelCoverage, ChannelKind, Coverage, Durability, Ending, Failure, Folder, Identity, LiveRecording,
    Opening, RecordingKeys, Seal, SigningKey, Stream,
};
use chaperone_store::{
    CommittedFact, FactFilter, FactKind, NewFact, Reaction, Store, StoreConfig, StoreError, StoreTasks, Tx,
};
use jiff::Timestamp;
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

/// A store, a folder, and one recording that is sealed.
struct Archive {
    store: Store,
    folder: Folder,
    keys: RecordingKeys,
    identity: Identity,
    seal: Seal,
    _tasks: StoreTasks,
    _files: tempfile::TempDir,
}

impl Archive {
    async fn with_one_visit() -> Self {
        let files = tempfile::tempdir().unwrap();
        let (store, tasks) = store(files.path()).await;
        let folder = Folder::open(&files.path().join("recordings")).unwrap();
        let identity = Identity::generate();
        let keys = RecordingKeys {
            evidence: vec![identity.recipient()],
            unmask: vec![Identity::generate().recipient()],
            signer: Arc::new(SigningKey::generate().unwrap()),
        };
        let seal = record(&folder, &keys);
        Self { store, folder, keys, identity, seal, _tasks: tasks, _files: files }
    }

    fn desk(&self, identities: &[&Identity]) -> Desk {
        let identities = identities.iter().map(|identity| (*identity).clone()).collect();
        let keys = DeskKeys { seal_keys: vec![self.keys.signer.public()], identities };
        Desk::new(self.store.clone(), self.folder.clone(), keys)
    }

    fn look(&self) -> Look {
        let by = PersonId(Uuid::from_u128(7));
        Look {
            session: SessionId(self.seal.session),
            target: None,
            by,
            reason: "a look at a visit".to_owned(),
            host_minted: false,
            at: Timestamp::now(),
        }
    }

    /// The ledger learns of a seal, as it does at a session's end.
    async fn ledger_has(&self, seal_hash: String) {
        let body = json!({ "seal_hash": seal_hash });
        let fact = NewFact::new(FactKind::SessionSealed, Timestamp::now(), body)
            .in_session(SessionId(self.seal.session));
        self.store.fact(fact).await.unwrap();
    }

    async fn facts(&self, kind: FactKind) -> Vec<CommittedFact> {
        let filter = FactFilter { kind: Some(kind.as_str().to_owned()), ..FactFilter::default() };
        self.store.facts_page(&filter, 100).await.unwrap()
    }
}

async fn store(folder: &Path) -> (Store, StoreTasks) {
    let url = format!("sqlite:{}", folder.join("chaperone.db").display());
    Store::migrate(&url).await.unwrap();
    let config = StoreConfig {
        url,
        node: "gate".to_owned(),
        folder: folder.to_owned(),
        origin: "hospital.example/test".to_owned(),
        ledger_key: Arc::new(SigningKey::generate().unwrap()),
    };
    Store::open(config, Arc::new(Silent)).await.unwrap()
}

fn record(folder: &Folder, keys: &RecordingKeys) -> Seal {
    let opening = Opening {
        session: Uuid::now_v7(),
        started: Timestamp::now(),
        facts: json!({}),
        mode: Durability::Prompt,
    };
    let recording = LiveRecording::start(folder, opening, keys).unwrap();
    let channel = recording.open_channel(0, ChannelKind::new("exec", json!({})), false).unwrap();
    drop(channel.append(Stream::Output, Bytes::from_static(b"pumps: 412\r\n")).unwrap());
    let coverage = vec![ChannelCoverage { channel: 0, coverage: Coverage::Captured, why: String::new() }];
    recording.seal(Ending { reason: "client-closed".to_owned(), at: Timestamp::now(), coverage }).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_recording_whose_seal_the_ledger_has_is_sound_and_the_check_is_a_fact() {
    let archive = Archive::with_one_visit().await;
    archive.ledger_has(hex(&archive.seal.hash)).await;
    let (verdict, words) = archive.desk(&[&archive.identity]).verify(&archive.look()).await.unwrap();
    assert!(verdict.sound && words.contains("the ledger has the same seal"), "{words}");
    let facts = archive.facts(FactKind::RecordingVerified).await;
    assert_eq!(facts.len(), 1);
    assert_eq!(
        (&facts[0].body["sound"], facts[0].session),
        (&json!(true), Some(SessionId(archive.seal.session)))
    );
}

#[tokio::test]
async fn a_recording_that_the_ledger_does_not_know_is_not_sound() {
    let archive = Archive::with_one_visit().await;
    let desk = archive.desk(&[&archive.identity]);
    let (verdict, _) = desk.verify(&archive.look()).await.unwrap();
    assert_eq!(verdict.failure(), Some(Failure::SealNotInLedger), "no seal in the ledger at all");
    archive.ledger_has(hex(&[7; 32])).await;
    let (verdict, words) = desk.verify(&archive.look()).await.unwrap();
    assert_eq!(verdict.failure(), Some(Failure::SealNotInLedger), "another seal in the ledger");
    assert!(words.starts_with("NOT SOUND"), "{words}");
}

#[tokio::test]
async fn a_recording_that_ends_before_what_the_ledger_saw_is_not_sound() {
    let archive = Archive::with_one_visit().await;
    let session = SessionId(archive.seal.session);
    archive
        .store
        .fact(NewFact::new(FactKind::SessionStarted, Timestamp::now(), json!({})).in_session(session))
        .await
        .unwrap();
    let listed = json!({ "recordings": [{
        "session": session, "block": "999", "chain": hex(&[1; 32]), "bytes": "1", "records": "1", "at": Timestamp::now(),
    }]});
    archive.store.fact(NewFact::new(FactKind::RecordingCheckpoint, Timestamp::now(), listed)).await.unwrap();
    archive.ledger_has(hex(&archive.seal.hash)).await;
    let (verdict, _) = archive.desk(&[]).verify(&archive.look()).await.unwrap();
    assert_eq!(verdict.failure(), Some(Failure::TailCut));
}

#[tokio::test]
async fn every_look_is_a_fact_and_shows_what_was_on_the_screen() {
    let archive = Archive::with_one_visit().await;
    let desk = archive.desk(&[&archive.identity]);
    let text = desk.view(&archive.look(), View::Text, false).await.unwrap();
    assert!(String::from_utf8(text).unwrap().contains("pumps: 412"));
    let cast = String::from_utf8(desk.view(&archive.look(), View::AsciicastV3, true).await.unwrap()).unwrap();
    assert!(cast.starts_with('{') && cast.contains("\"version\":3"));
    let sealed = desk.view(&archive.look(), View::Sealed, true).await.unwrap();
    assert_eq!(sealed, std::fs::read(archive.folder.recording(archive.seal.session)).unwrap());
    assert_eq!(archive.facts(FactKind::RecordingViewed).await.len(), 1);
    let exported = archive.facts(FactKind::RecordingExported).await;
    let formats: Vec<_> = exported.iter().map(|fact| fact.body["format"].clone()).collect();
    assert_eq!(formats, [json!("asciicast-v3"), json!("chap")]);
}

#[tokio::test]
async fn a_node_without_the_identity_hands_out_sealed_copies_only() {
    let archive = Archive::with_one_visit().await;
    let desk = archive.desk(&[]);
    assert!(matches!(desk.view(&archive.look(), View::Text, false).await, Err(DeskError::NoIdentity)));
    assert!(desk.view(&archive.look(), View::Sealed, true).await.is_ok());
}

#[tokio::test]
async fn a_visit_without_a_recording_is_said_to_have_none() {
    let archive = Archive::with_one_visit().await;
    let nothing = Look { session: SessionId(Uuid::from_u128(1)), ..archive.look() };
    let desk = archive.desk(&[&archive.identity]);
    assert!(matches!(desk.view(&nothing, View::Text, false).await, Err(DeskError::NoRecording)));
    assert!(matches!(desk.verify(&nothing).await, Err(DeskError::NoRecording)));
}
