//! A bundle that is made from `BUNDLES.md` with a ledger in memory: it holds, and nothing that is changed in it passes.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a step that fails fails the test")]

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use chaperone_recorder::bundle::{
    BundleWith, FORMAT, FactLine, Failing, LedgerKey, Manifest, Names, Nodes, Packer, RecordingKeyTexts,
    Report, Subject, base64, encode_leaf, evidence_key, layout, sign, verify_bytes,
};
use chaperone_recorder::ledger::{
    Checkpoint, CompactRange, Leaf, NoteSigner, Salt, TagKey, body_text_hash, canonical_json, hash_of, tag,
};
use chaperone_recorder::{
    ChannelCoverage, ChannelKind, Coverage, Durability, Ending, Failure, Folder, Identity, LiveRecording,
    Opening, RecordingKeys, SigningKey, Stream,
};
use jiff::Timestamp;
use proptest::prelude::{any, proptest};
use serde_json::{Value, json};
use uuid::Uuid;

mod command;
mod left_out;

const ORIGIN: &str = "hospital.example/gate";
const HOUR_US: i64 = 3_600_000_000;

/// A ledger in memory, with one visit on one target among other facts.
struct Ledger {
    signer: NoteSigner,
    key: TagKey,
    target: Uuid,
    window: Uuid,
    session: Uuid,
    facts: Vec<(Leaf, Salt, String)>,
    recording: Vec<u8>,
    evidence: [u8; 32],
    /// Facts without their words.
    gone: Vec<u64>,
    /// How much later than by the hour facts are written from now on.
    later_us: i64,
    /// What the bundle is about.
    what: Option<Subject>,
}

fn recorded(session: Uuid, channel: bool) -> (Vec<u8>, [u8; 32], String) {
    let files = tempfile::tempdir().unwrap();
    let folder = Folder::open(files.path()).unwrap();
    let identity = Identity::generate();
    let keys = RecordingKeys {
        evidence: vec![identity.recipient()],
        unmask: vec![Identity::generate().recipient()],
        signer: Arc::new(SigningKey::generate().unwrap()),
    };
    let opening = Opening { session, started: Timestamp::now(), facts: json!({}), mode: Durability::Prompt };
    let live = LiveRecording::start(&folder, opening, &keys).unwrap();
    let mut coverage = Vec::new();
    if channel {
        let channel = live.open_channel(0, ChannelKind::new("exec", json!({})), false).unwrap();
        drop(channel.append(Stream::Output, Bytes::from(vec![7; 20_000])).unwrap());
        drop(channel.append(Stream::Output, Bytes::from_static(b"pumps: 412\r\n")).unwrap());
        coverage.push(ChannelCoverage { channel: 0, coverage: Coverage::Captured, why: String::new() });
    }
    let seal =
        live.seal(Ending { reason: "client-closed".to_owned(), at: Timestamp::now(), coverage }).unwrap();
    let path = folder.recording(session);
    let key = evidence_key(&path, session, &[identity]).unwrap();
    (std::fs::read(path).unwrap(), key, hex::encode(seal.hash))
}

impl Ledger {
    fn new() -> Self {
        let mut ledger = Self::visited();
        ledger.made(ledger.whole());
        ledger
    }

    /// All that the ledger has about the target in its time.
    fn whole(&self) -> Subject {
        Subject::Target { targets: vec![self.target], from_us: 3 * HOUR_US, to_us: 200 * HOUR_US }
    }

    /// A bundle is made, about this.
    fn made(&mut self, what: Subject) {
        self.made_with(what, &json!([]), &json!([]));
    }

    fn made_with(&mut self, what: Subject, withheld: &Value, recipients: &Value) {
        let body =
            json!({ "reason": "audit", "subject": what, "withheld": withheld, "recipients": recipients });
        self.fact("bundle-made", true, None, &body);
        self.what = Some(what);
    }

    /// All but that the bundle was made.
    fn visited() -> Self {
        Self::recorded(true)
    }

    /// With a visit in which no channel was opened, unless one was.
    fn visited_with(channel: bool) -> Self {
        let mut ledger = Self::recorded(channel);
        ledger.made(ledger.whole());
        ledger
    }

    fn recorded(channel: bool) -> Self {
        let session = Uuid::now_v7();
        let (recording, evidence, seal) = recorded(session, channel);
        let signer = NoteSigner::new(ORIGIN, Arc::new(SigningKey::generate().unwrap())).unwrap();
        let (key, target) = (TagKey([5; 32]), Uuid::now_v7());
        let mut ledger = Self {
            signer,
            key,
            target,
            window: Uuid::now_v7(),
            session,
            facts: Vec::new(),
            recording,
            evidence,
            gone: Vec::new(),
            later_us: 0,
            what: None,
        };
        (0..3).for_each(|_| ledger.fact("signed-in", false, None, &json!({})));
        ledger.fact("attempt-refused", true, None, &json!({ "reason": "no-window" }));
        ledger.fact("session-admitted", true, Some(session), &json!({}));
        ledger.fact("session-started", true, Some(session), &ledger.began());
        (0..299).for_each(|_| ledger.fact("signed-in", false, None, &json!({})));
        ledger.fact("session-ended", true, Some(session), &json!({ "reason": "client-closed" }));
        ledger.fact("session-sealed", true, Some(session), &json!({ "seal_hash": seal }));
        ledger
    }

    /// What the ledger says that the recording begins with: its C₀.
    fn began(&self) -> Value {
        let len = u32::from_be_bytes(self.recording[12..16].try_into().unwrap()) as usize;
        let header = &self.recording[..16 + len + 64];
        let identity = hash_of(&[b"chaperone/recording/chain/v1\n", header]);
        json!({ "recording_identity": hex::encode(identity) })
    }

    fn fact(&mut self, kind: &str, about: bool, session: Option<Uuid>, body: &Value) {
        let number = self.facts.len() as u64;
        let target = about.then_some(self.target);
        let document = json!({ "node": "gate", "person": null, "vendor": null, "target": target, "window": about.then_some(self.window),
            "session": session, "attempt": null, "body": body });
        let (salt, text) = ([number as u8; 16], canonical_json(&document).unwrap());
        let tags = if about { vec![tag(&self.key, number)] } else { Vec::new() };
        let at_us = (number as i64 + 1) * HOUR_US + self.later_us;
        let leaf =
            Leaf { number, at_us, kind: kind.to_owned(), tags, body_hash: body_text_hash(&salt, &text) };
        self.facts.push((leaf, salt, text));
    }

    fn checkpoint(&self, size: usize) -> (CompactRange, String) {
        let mut range = CompactRange::new();
        self.facts[..size].iter().for_each(|(leaf, ..)| range.append(leaf.hash()).unwrap());
        let at = Checkpoint { origin: ORIGIN.to_owned(), size: range.size(), root: range.root() };
        let note = if size == 0 { String::new() } else { at.sign(&self.signer).unwrap() };
        (range, note)
    }

    /// A bundle from a size on, without the fact and leaf of these numbers.
    fn bundle(&self, from: usize, no_fact: Option<u64>, no_leaf: Option<u64>) -> Vec<u8> {
        let (range, from_note) = self.checkpoint(from);
        let (whole, to_note) = self.checkpoint(self.facts.len());
        let mut nodes = Nodes::new(&range);
        self.facts[from..].iter().for_each(|(leaf, ..)| nodes.append(leaf.hash()).unwrap());
        nodes.close();
        let kept = self.facts[from..].iter().filter(|(leaf, ..)| Some(leaf.number) != no_leaf);
        let leaves: Vec<u8> = kept.flat_map(|(leaf, ..)| encode_leaf(leaf)).collect();
        let mut lines = String::new();
        for (leaf, salt, text) in self.facts[from..].iter().filter(|(leaf, ..)| !leaf.tags.is_empty()) {
            let (begin, end) = nodes.tile_of(leaf.number);
            let tile = &self.facts[begin as usize..end as usize];
            nodes.open_tile(&tile.iter().map(|(leaf, ..)| leaf.clone()).collect::<Vec<_>>());
            let proof = nodes.prove(leaf.number).unwrap();
            let opened = (!self.gone.contains(&leaf.number)).then_some((salt, text.as_str()));
            if Some(leaf.number) != no_fact {
                lines += &FactLine::new(leaf, opened, &proof).to_line();
            }
        }
        let mut keys = RecordingKeyTexts::default();
        keys.insert(self.session, self.evidence, None);
        let tag_keys = json!([{ "target": self.target, "name": "alaris", "key": hex::encode(self.key.0) }]);
        let grown: String = nodes.grown().unwrap().iter().map(|hash| base64(hash) + "\n").collect();
        let mut packer = Packer::new(Vec::new());
        let mut add = |name: &str, content: &[u8]| packer.add(name, content).unwrap();
        add(layout::HOW_TO, b"how");
        add(layout::FROM, from_note.as_bytes());
        add(layout::RANGE, &range.to_bytes());
        add(layout::TO, to_note.as_bytes());
        add(layout::CONSISTENCY, grown.as_bytes());
        add(layout::TAG_KEYS, tag_keys.to_string().as_bytes());
        add(&layout::leaves(0), &leaves);
        add(&layout::facts(0), lines.as_bytes());
        add(layout::NAMES, serde_json::to_string(&Names::default()).unwrap().as_bytes());
        [layout::WINDOWS, layout::ALERTS, layout::CUSTODY, layout::COVERAGE]
            .iter()
            .for_each(|name| add(name, b"{}"));
        add(layout::KEYS, serde_json::to_string(&keys).unwrap().as_bytes());
        if !self.recording.is_empty() {
            add(&layout::recording(self.session), &self.recording);
        }
        let manifest = Manifest {
            format: FORMAT,
            what: self.what.clone().unwrap_or_else(|| self.whole()),
            from: range.size(),
            to: whole.size(),
            origin: ORIGIN.to_owned(),
            made: self.facts.len() as u64 - 1,
            by: "audrey".to_owned(),
            reason: "audit".to_owned(),
            at: Timestamp::now().to_string(),
            withheld: Vec::new(),
            files: packer.packed().to_vec(),
        };
        let text = serde_json::to_vec(&manifest).unwrap();
        packer.add(layout::MANIFEST, &text).unwrap();
        packer.add(layout::SIGNATURE, sign(&text, &self.signer).unwrap().as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    fn judged(&self, bytes: Vec<u8>, since: Option<String>) -> Report {
        let keys = vec![LedgerKey::Named(self.signer.verifier().clone())];
        verify_bytes(bytes, &BundleWith { keys, since, identities: Vec::new() })
    }
}

static MADE: LazyLock<(Ledger, Vec<u8>)> = LazyLock::new(|| {
    let ledger = Ledger::new();
    let bundle = ledger.bundle(1, None, None);
    (ledger, bundle)
});

fn found(report: &Report, name: Failing, number: u64) -> bool {
    report.failures.iter().any(|finding| finding.name == name && finding.number == Some(number))
}

#[test]
fn a_bundle_holds_from_any_checkpoint_and_against_one_that_was_kept() {
    let (ledger, bundle) = &*MADE;
    for bytes in [bundle.clone(), ledger.bundle(0, None, None)] {
        let report = ledger.judged(bytes, Some(ledger.checkpoint(250).1));
        assert!(report.holds, "{:#?}", report.failures);
        assert_eq!((report.attempts, report.sessions), (2, 1));
        let statement = report.statement.unwrap();
        assert!(statement.contains("since the holder received checkpoint C (size 250)."), "{statement}");
    }
    let report = ledger.judged(bundle.clone(), Some(ledger.checkpoint(4).1));
    assert!(report.statement.unwrap().contains("but for those numbered 4 and up"), "one attempt came later");
}

#[test]
fn what_is_missing_is_named_by_its_number() {
    let (ledger, _) = &*MADE;
    assert!(found(&ledger.judged(ledger.bundle(1, Some(3), None), None), Failing::FactMissing, 3));
    let report = ledger.judged(ledger.bundle(1, None, Some(77)), None);
    assert!(found(&report, Failing::LeafMissing, 77), "{:#?}", report.failures);
    assert_eq!(report.failures.len(), 1, "and nothing else is: {:#?}", report.failures);
    let late = ledger.judged(ledger.bundle(5, None, None), None);
    assert!(
        late.failures.iter().any(|finding| finding.name == Failing::RangeStartsLate),
        "{:#?}",
        late.failures
    );
}

#[test]
fn another_history_than_the_kept_one_is_found() {
    let (ledger, bundle) = &*MADE;
    let forged = Checkpoint { origin: ORIGIN.to_owned(), size: 100, root: [9; 32] };
    let report = ledger.judged(bundle.clone(), Some(forged.sign(&ledger.signer).unwrap()));
    assert!(report.failures.iter().any(|finding| finding.name == Failing::CheckpointMismatch));
    let outside = ledger.judged(bundle.clone(), Some(Ledger::new().checkpoint(100).1));
    assert!(outside.failures.iter().any(|finding| finding.name == Failing::CheckpointSignature));
}

proptest! {
    #[test]
    fn no_changed_byte_passes_and_none_makes_it_panic(at in any::<proptest::sample::Index>(), bit in 0_u8..8) {
        let (ledger, bundle) = &*MADE;
        let mut bytes = bundle.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let report = ledger.judged(bytes, None);
        assert!(!report.holds && !report.failures.is_empty() && report.statement.is_none(), "byte {at}");
    }

    #[test]
    fn no_cut_passes(at in any::<proptest::sample::Index>()) {
        let (ledger, bundle) = &*MADE;
        let report = ledger.judged(bundle[..at.index(bundle.len())].to_vec(), None);
        assert!(!report.holds && report.statement.is_none());
    }
}
