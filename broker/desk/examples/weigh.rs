//! Weighs a desk: how long a seek in a long recording takes, and a search among many visits, each beside what it would
//! take without what was derived. `tests/bench-desk` runs it; the recording is made under a clock that runs fast.
//!
//! ```text
//! weigh record FOLDER MIB PACE     a recording of so many MiB, and so many ms between its batches of 64 KiB
//! weigh seek FOLDER                derives it, then seeks
//! weigh search URL VISITS          fills a derived store, then searches
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a step that fails ends the measurement, which is printed"
)]

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chaperone_desk::{Desk, DeskKeys, Look};
use chaperone_policy::{PersonId, SessionId, TargetId};
use chaperone_recorder::replay::{DERIVES, Derivation, Film, Line, Seen, derive, piece};
use chaperone_recorder::{
    ChannelCoverage, ChannelKind, Coverage, Durability, Ending, Folder, Identity, LiveRecording, Opening,
    Recording, RecordingKeys, SigningKey, Stream,
};
use chaperone_store::{
    CommittedFact, Derived, DerivedOf, DerivedQuery, Reaction, Store, StoreConfig, StoreError, Tx,
};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

const SEEKS: u64 = 200;
const SEARCHES: usize = 200;
const LINES: u64 = 10;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["record", folder, mib, pace] => {
            record(Path::new(folder), mib.parse().unwrap(), pace.parse().unwrap())
        }
        ["seek", folder] => seek(Path::new(folder)).await,
        ["search", url, visits] => search(url, visits.parse().unwrap()).await,
        _ => println!("weigh record FOLDER MIB PACE | seek FOLDER | search URL VISITS"),
    }
}

/// A terminal that shows a log: coloured lines, now and then a screen drawn anew.
fn record(folder: &Path, mib: u64, pace_ms: u64) {
    let identity = Identity::generate();
    let signer = SigningKey::generate().unwrap();
    let recordings = Folder::open(&folder.join("recordings")).unwrap();
    identity.save(&folder.join("identity")).unwrap();
    std::fs::write(folder.join("seal.pub"), signer.public().to_pem()).unwrap();
    let unmask = vec![Identity::generate().recipient()];
    let keys = RecordingKeys { evidence: vec![identity.recipient()], unmask, signer: Arc::new(signer) };
    let opening = Opening {
        session: Uuid::now_v7(),
        started: Timestamp::now(),
        facts: json!({}),
        mode: Durability::Prompt,
    };
    let live = LiveRecording::start(&recordings, opening, &keys).unwrap();
    let about = json!({ "terminal": { "columns": 132, "rows": 43, "name": "xterm" } });
    let shell = live.open_channel(0, ChannelKind { name: "shell".into(), about }, true).unwrap();
    let mut number = 0_u64;
    for _ in 0..mib * 16 {
        let mut batch = String::with_capacity(65 << 10);
        while batch.len() < 64 << 10 {
            number += 1;
            let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            batch.push_str(&format!(
                "\x1b[3{}m{number:>9}\x1b[0m pump {hash:016x} flow {} ml/h\r\n",
                number % 8,
                hash % 999
            ));
        }
        drop(shell.append(Stream::Output, Bytes::from(batch)).unwrap());
        std::thread::sleep(Duration::from_millis(pace_ms));
    }
    let coverage = vec![ChannelCoverage { channel: 0, coverage: Coverage::Captured, why: String::new() }];
    let seal =
        live.seal(Ending { reason: "client-closed".to_owned(), at: Timestamp::now(), coverage }).unwrap();
    println!("recorded {} MiB as {}", mib, seal.session);
}

struct Silent;

impl Reaction for Silent {
    fn react<'t>(
        &'t self,
        _: &'t CommittedFact,
        _: &'t mut Tx,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 't>> {
        Box::pin(async { Ok(()) })
    }
}

async fn seek(folder: &Path) {
    let recordings = Folder::open(&folder.join("recordings")).unwrap();
    let identities = Identity::load_all(&folder.join("identity")).unwrap();
    let session = recordings.list().unwrap()[0].session;
    let path = recordings.recording(session);
    let stored = std::fs::metadata(&path).unwrap().len();

    let begun = Instant::now();
    let derivation = derive(&mut Recording::open(&path, &identities).unwrap(), || {});
    let took = begun.elapsed();
    let (duration_ms, shown) = (derivation.film.duration_ms, derivation.film.channels[0].bytes_out);
    println!(
        "the recording: {:.1} h, {} MiB shown, {} MiB stored; derived in {:.1} s ({:.0} MB/s): {} keyframes of {} KiB, {} lines{}",
        duration_ms as f64 / 3_600_000.0,
        shown >> 20,
        stored >> 20,
        took.as_secs_f64(),
        shown as f64 / 1e6 / took.as_secs_f64(),
        derivation.keyframes.len(),
        derivation.keyframes.iter().map(|keyframe| keyframe.stills.len()).sum::<usize>() >> 10,
        derivation.lines.len(),
        if derivation.capped.is_empty() {
            String::new()
        } else {
            format!(" (capped: {})", derivation.capped.join(", "))
        },
    );

    let (by, target) = (PersonId(Uuid::nil()), TargetId(Uuid::nil()));
    let of = DerivedOf { session: SessionId(session), person: by, target, began: Timestamp::now() };
    let derived = Derived::open(&format!("sqlite:{}", folder.join("derived.db").display())).await.unwrap();
    derived.put(&of, DERIVES, stored, &derivation).await.unwrap();
    let url = format!("sqlite:{}", folder.join("chaperone.db").display());
    Store::migrate(&url).await.unwrap();
    let config = StoreConfig {
        url,
        node: "desk".to_owned(),
        folder: folder.to_owned(),
        origin: "hospital.example/bench".to_owned(),
        ledger_key: Arc::new(SigningKey::generate().unwrap()),
    };
    let (store, _tasks) = Store::open(config, Arc::new(Silent)).await.unwrap();
    let keys = DeskKeys { seal_keys: Vec::new(), identities: identities.clone() };
    let desk = Desk::new(store, recordings, keys).with_derived(derived);
    let look = Look {
        session: SessionId(session),
        target: None,
        by,
        host_minted: false,
        at: Timestamp::now(),
        reason: "bench".to_owned(),
    };

    let mut times = Vec::new();
    for n in 0..SEEKS {
        let from_ms = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % duration_ms;
        let begun = Instant::now();
        let piece = desk.play(&look, 0, from_ms).await.unwrap().unwrap();
        times.push(begun.elapsed());
        assert!(!piece.screen.is_empty());
    }
    let mut naive = Vec::new();
    for n in 0..5 {
        let from_ms = duration_ms * n / 5;
        let begun = Instant::now();
        drop(piece(Recording::open(&path, &identities).unwrap(), None, 0, from_ms));
        naive.push(begun.elapsed());
    }
    told("seek", &mut times, "read from the beginning", &mut naive);
}

const WORDS: [&str; 24] = [
    "pump",
    "library",
    "update",
    "alaris",
    "systemctl",
    "restart",
    "status",
    "active",
    "error",
    "warning",
    "drug",
    "flow",
    "rate",
    "limit",
    "config",
    "backup",
    "restore",
    "version",
    "kernel",
    "network",
    "service",
    "running",
    "stopped",
    "failed",
];

/// Lines of a visit: ordinary words, and one phrase that only few visits have.
fn lines(visit: u64) -> Vec<Line> {
    let line = |n: u64| {
        let mut state = (visit * LINES + n).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut word = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            WORDS[usize::try_from(state >> 33).unwrap() % WORDS.len()]
        };
        let words: Vec<&str> = (0..8).map(|_| word()).collect();
        let text = format!(
            "{} ticket CHG{:05} {}",
            words[..4].join(" "),
            (visit * 7 + n) % 100_000,
            words[4..].join(" ")
        );
        Line { at_ms: n * 1000, channel: 0, seen: Seen::Screen, text }
    };
    (0..LINES).map(line).collect()
}

async fn search(url: &str, visits: u64) {
    let derived = Derived::open(url).await.unwrap();
    let begun = Instant::now();
    for visit in 0..visits {
        let derivation = Derivation {
            film: Film::default(),
            keyframes: Vec::new(),
            lines: lines(visit),
            capped: Vec::new(),
            recording: [0; 32],
            seal: Some([0; 32]),
        };
        let of = DerivedOf {
            session: SessionId(Uuid::from_u128(u128::from(visit) + 1)),
            person: PersonId(Uuid::from_u128(u128::from(visit % 50))),
            target: TargetId(Uuid::from_u128(u128::from(visit % 40))),
            began: Timestamp::from_second(1_700_000_000 + i64::try_from(visit).unwrap() * 300).unwrap(),
        };
        derived.put(&of, DERIVES, 1, &derivation).await.unwrap();
    }
    println!("filled: {visits} visits, {} lines, in {:.0} s", visits * LINES, begun.elapsed().as_secs_f64());
    for (kind, phrase) in [
        ("a rare phrase", (|n| format!("ticket chg{:05}", n * 499 % 100_000)) as fn(usize) -> String),
        ("a frequent phrase", |n| format!("{} {}", WORDS[n % 24], WORDS[n / 24 % 24])),
        ("a word that is nearly everywhere", |n| WORDS[n % 24].to_owned()),
    ] {
        let (mut times, mut hits) = (Vec::new(), 0);
        for n in 0..SEARCHES {
            let query = DerivedQuery { phrase: phrase(n), limit: 100, ..DerivedQuery::default() };
            let begun = Instant::now();
            hits += derived.search(&query).await.unwrap().len();
            times.push(begun.elapsed());
        }
        // Without an index: every line is made and looked through.
        let begun = Instant::now();
        let sought = phrase(3);
        let found =
            (0..visits).flat_map(lines).filter(|line| line.text.to_lowercase().contains(&sought)).count();
        let mut naive = vec![begun.elapsed()];
        assert!(found > 0 || kind == "a frequent phrase");
        told(
            &format!("{kind} ({} hits each)", hits / SEARCHES),
            &mut times,
            "look through every line",
            &mut naive,
        );
    }
}

fn told(what: &str, times: &mut [Duration], otherwise: &str, naive: &mut [Duration]) {
    let at = |times: &mut [Duration], percent: usize| {
        times.sort();
        times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1000.0
    };
    let (p50, p95, naive) = (at(times, 50), at(times, 95), at(naive, 50));
    println!(
        "{what}: p50 {p50:.1} ms, p95 {p95:.1} ms; {otherwise}: {naive:.0} ms, {:.0} times as long",
        naive / p50
    );
}
