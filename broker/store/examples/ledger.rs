//! Measures the ledger of a gate that is not running: facts that the writer takes a second from many callers at once,
//! and how fast, and in how much memory, verification and proofs go through them.
//!
//! ```text
//! ledger fill   DATABASE-URL FOLDER FACTS    FOLDER keeps the ledger's key; the database is made if it is not there
//! ledger verify DATABASE-URL FOLDER
//! ledger prove  DATABASE-URL FOLDER PROOFS
//! ```

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use chaperone_policy::{
    AttemptId, Card, Endpoint, PersonId, Reach, SessionId, Target, TargetId, VendorId, WindowId,
};
use chaperone_recorder::SigningKey;
use chaperone_store::{
    CommittedFact, FactKind, NewFact, Reaction, Store, StoreConfig, StoreError, StoreTasks, Tx,
};
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

/// Callers that write at once, each waiting for its fact.
const CALLERS: u64 = 512;

/// Nothing reacts: it is the ledger that is measured.
struct Calm;

impl Reaction for Calm {
    fn react<'t>(&'t self, _: &'t CommittedFact, _: &'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["fill", url, folder, facts] => fill(url, Path::new(folder), facts.parse()?).await,
        ["verify", url, folder] => verify(url, Path::new(folder)).await,
        ["prove", url, folder, proofs] => prove(url, Path::new(folder), proofs.parse()?).await,
        _ => Err("ledger fill URL FOLDER FACTS | verify URL FOLDER | prove URL FOLDER PROOFS".into()),
    }
}

async fn open(url: &str, folder: &Path) -> Result<(Store, StoreTasks), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join("ledger-key.pem");
    if !file.exists() {
        SigningKey::generate()?.save(&file)?;
    }
    Store::migrate(url).await?;
    let config = StoreConfig {
        url: url.to_owned(),
        node: "gate".to_owned(),
        folder: folder.to_owned(),
        origin: "bench.invalid/ledger".to_owned(),
        ledger_key: Arc::new(SigningKey::load(&file)?),
    };
    Ok(Store::open(config, Arc::new(Calm)).await?)
}

async fn fill(url: &str, folder: &Path, facts: u64) -> Result<(), Box<dyn Error>> {
    let (store, _tasks) = open(url, folder).await?;
    let targets = targets(&store).await?;
    let began = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let (store, targets) = (store.clone(), targets.clone());
        callers.spawn(async move {
            for number in (caller..facts).step_by(usize::try_from(CALLERS).unwrap_or(1)) {
                store.fact(one(number, &targets)).await?;
            }
            Ok::<_, StoreError>(())
        });
    }
    while let Some(done) = callers.join_next().await {
        done??;
    }
    let took = began.elapsed();
    store.checkpoint().await?;
    println!("wrote {facts} facts in {:.1} s: {:.0} a second", took.as_secs_f64(), rate(facts, began));
    Ok(())
}

async fn targets(store: &Store) -> Result<Vec<TargetId>, StoreError> {
    let mut ids = Vec::new();
    for _ in 0..4 {
        let id = TargetId(Uuid::now_v7());
        let endpoint = Endpoint::Ssh {
            host: "192.0.2.1".to_owned(),
            port: 22,
            host_keys: Vec::new(),
            accounts: Vec::new(),
            reach: Reach::default(),
        };
        let digits: String = id.to_string().chars().skip(24).collect();
        let Ok(name) = format!("pump-{digits}").parse() else { continue };
        let target = Target {
            id,
            name,
            endpoints: vec![endpoint],
            card: Card::default(),
            approvals: Vec::new(),
            durable: false,
            observer_required: false,
            session_limit: None,
            uploads: chaperone_policy::Uploads::Direct,
        };
        let by = PersonId(Uuid::now_v7());
        store.write(move |tx| Box::pin(async move { tx.add_target(&target, by).await })).await?;
        ids.push(id);
    }
    Ok(ids)
}

/// A fact as a visit leaves them: who, where, in which window and visit.
fn one(number: u64, targets: &[TargetId]) -> NewFact {
    let of = |kind: u128, among: u64| Uuid::from_u128((kind << 100) | u128::from(number % among));
    let body = json!({
        "source": "198.51.100.7:40000", "protocol": "ssh", "channel": number % 7, "recording": of(9, 50_000),
        "reason": "client-closed", "number": number.to_string(),
    });
    let fact = NewFact::new(FactKind::ChannelOpened, Timestamp::now(), body)
        .by(PersonId(of(1, 400)))
        .of_vendor(VendorId(of(2, 12)))
        .in_window(WindowId(of(3, 20_000)))
        .in_session(SessionId(of(9, 50_000)))
        .of_attempt(AttemptId(of(5, 50_000)));
    match usize::try_from(number).ok().and_then(|number| targets.get(number % targets.len().max(1))) {
        Some(target) => fact.on(*target),
        None => fact,
    }
}

async fn verify(url: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let (store, _tasks) = open(url, folder).await?;
    let before = peak_kib()?;
    let began = Instant::now();
    let verdict = store.verify_ledger(&[]).await?;
    println!(
        "verified {} facts in {:.1} s: {:.0} a second; sound: {}; peak {} KiB before, {} KiB after",
        verdict.facts,
        began.elapsed().as_secs_f64(),
        rate(verdict.facts, began),
        verdict.sound,
        before,
        peak_kib()?
    );
    if let Some(bad) = verdict.first_bad {
        println!("{bad:?}");
    }
    Ok(())
}

/// Proofs of facts all over the ledger, each checked.
async fn prove(url: &str, folder: &Path, proofs: u64) -> Result<(), Box<dyn Error>> {
    let (store, _tasks) = open(url, folder).await?;
    let (size, key) = (store.head().size, store.ledger_verifier().clone());
    let mut took = Vec::new();
    for nth in 0..proofs {
        // A stride that meets every place of a tree.
        let number = nth.wrapping_mul(7_919_717) % size.max(1);
        let began = Instant::now();
        let proof = store.prove_fact(number, None).await?;
        took.push(began.elapsed());
        let entries = store.ledger_entries(number, number + 1, 1).await?;
        let leaf = entries.first().ok_or("no such fact")?.leaf.hash();
        proof.verify(&leaf, &key)?;
    }
    took.sort_unstable();
    let at = |part: usize| took.get(took.len() * part / 100).copied().unwrap_or_default();
    let most = took.last().copied().unwrap_or_default();
    println!(
        "{proofs} proofs in a ledger of {size}: p50 {:?}, p99 {:?}, most {most:?}; peak {} KiB",
        at(50),
        at(99),
        peak_kib()?
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn rate(facts: u64, began: Instant) -> f64 {
    facts as f64 / began.elapsed().as_secs_f64()
}

/// The most memory that this process has held (VmHWM), in KiB.
fn peak_kib() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}
