//! The ledger as a whole: signed checkpoints, and verification from the first leaf.

use std::time::Duration;

use chaperone_recorder::ledger::{Checkpoint, CompactRange, Leaf, OpenedNote, Tag, body_hash};
use jiff::Timestamp;
use serde::Serialize;

use crate::db::{big, count, exec, sql};
use crate::{FactKind, NewFact, Store, StoreError};
use chaperone_policy::PersonId;

/// How often a checkpoint is signed while there is news.
const EVERY: Duration = Duration::from_secs(10);
/// How often when there is none: an empty day is a signed statement too.
const IDLE: Duration = Duration::from_secs(24 * 3600);
/// Facts that verification holds in memory at once.
const PAGE: i64 = 2_000;

/// What recomputing the ledger found.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerVerdict {
    /// Whether everything holds.
    pub sound: bool,
    /// How many facts were recomputed.
    pub facts: u64,
    /// How many signed checkpoints were found to be on the way.
    pub checkpoints: u64,
    /// The root of all of them, in hexadecimal.
    pub root: String,
    /// The first place that does not hold.
    pub first_bad: Option<BadPlace>,
}

/// Where the ledger stops being sound.
#[derive(Clone, Debug, Serialize)]
pub struct BadPlace {
    /// The first fact concerned.
    pub number: u64,
    /// What differs.
    pub what: String,
}

type Row = (i64, i64, String, Vec<u8>, Option<Vec<u8>>, Option<String>, Vec<u8>, Vec<u8>);

impl Store {
    /// Signs a checkpoint of everything committed so far, stores it and keeps it beside the database.
    ///
    /// # Errors
    /// When the database does not answer or the file cannot be written.
    pub async fn checkpoint(&self) -> Result<String, StoreError> {
        let shared = self.shared();
        let signer = shared.signer.clone();
        let (node, origin) = (shared.node.clone(), shared.signer.verifier().name().to_owned());
        let (checkpoint, note) = self
            .write(move |tx| {
                Box::pin(async move {
                    let range = &tx.head.range;
                    let checkpoint =
                        Checkpoint { origin, size: range.size(), root: range.root() };
                    let note = checkpoint.sign(&signer)?;
                    let at = tx.now().as_microsecond();
                    exec!(
                        &mut tx.conn,
                        "INSERT INTO checkpoints (size, at_us, node, note) VALUES ($1, $2, $3, $4)",
                        big(checkpoint.size),
                        at,
                        node,
                        note.as_str()
                    )?;
                    Ok::<_, StoreError>((checkpoint, note))
                })
            })
            .await?;
        shared.guard.keep(checkpoint, &note)?;
        Ok(note)
    }

    /// The newest checkpoint that this node has signed.
    ///
    /// # Errors
    /// When none was signed yet and none can be signed now.
    pub async fn newest_checkpoint(&self) -> Result<String, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(
            fetch_optional &mut conn, (String,), "SELECT note FROM checkpoints ORDER BY size DESC, at_us DESC LIMIT 1"
        )?;
        match row {
            Some((note,)) => Ok(note),
            None => self.checkpoint().await,
        }
    }

    /// Recomputes every leaf, the root and every signed checkpoint from the first fact, a page at a time.
    ///
    /// # Errors
    /// When the database does not answer. What does not hold is no error but the verdict.
    pub async fn verify_ledger(&self) -> Result<LedgerVerdict, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        conn.begin_reading().await?;
        let notes = sql!(fetch_all &mut conn, (i64, String), "SELECT size, note FROM checkpoints ORDER BY size, at_us")?;
        let mut walk = Walk { range: CompactRange::new(), notes: notes.into(), passed: 0, store: self };
        let mut bad = walk.checkpoints();
        while bad.is_none() {
            let page: Vec<Row> = sql!(
                fetch_all &mut conn, Row,
                "SELECT number, at_us, kind, tags, salt, body, body_hash, leaf_hash FROM facts
                 WHERE number >= $1 ORDER BY number LIMIT $2",
                big(walk.range.size()), PAGE
            )?;
            if page.is_empty() {
                break;
            }
            for row in page {
                bad = walk.leaf(row)?;
                if bad.is_some() {
                    break;
                }
            }
        }
        let head = sql!(fetch_optional &mut conn, (i64, Vec<u8>), "SELECT size, frontier FROM ledger_head WHERE id = 1")?;
        conn.commit().await?;
        let bad = bad.or_else(|| walk.end(head));
        Ok(LedgerVerdict {
            sound: bad.is_none(),
            facts: walk.range.size(),
            checkpoints: walk.passed,
            root: hex::encode(walk.range.root()),
            first_bad: bad,
        })
    }

    /// Two people accept that the database went back. Appending goes on from what it holds; the fact names both, why,
    /// and the checkpoint that history no longer contains.
    ///
    /// # Errors
    /// When it did not go back, or does not answer.
    pub async fn fork_ledger(&self, by: [PersonId; 2], reason: String) -> Result<u64, StoreError> {
        let shared = self.shared();
        let lost = shared.guard.newest().ok_or(StoreError::NotFound("checkpoint to fork from"))?;
        shared.guard.forget();
        let head = {
            let mut conn = shared.db.conn().await?;
            crate::feed::read_on(&mut conn).await?
        };
        shared.feed.reset(head.size, head.policy_version);
        let body = serde_json::json!({
            "by": by, "reason": reason, "went_back_to": head.size.to_string(),
            "signed": { "size": lost.size.to_string(), "root": hex::encode(lost.root) },
        });
        let number = self
            .write(move |tx| {
                Box::pin(async move {
                    // Checkpoints of the lost history would contradict the new one.
                    exec!(&mut tx.conn, "DELETE FROM checkpoints WHERE size > $1", big(tx.head.range.size()))?;
                    let [first, _] = by;
                    tx.policy_changed();
                    tx.fact(NewFact::new(FactKind::LedgerForked, tx.now(), body).by(first)).await
                })
            })
            .await?;
        self.checkpoint().await?;
        Ok(number)
    }
}

/// The walk over all leaves.
struct Walk<'s> {
    range: CompactRange,
    notes: std::collections::VecDeque<(i64, String)>,
    passed: u64,
    store: &'s Store,
}

impl Walk<'_> {
    fn leaf(&mut self, row: Row) -> Result<Option<BadPlace>, StoreError> {
        let (number, at_us, kind, tags, salt, body, stored_body_hash, stored_leaf_hash) = row;
        let expected = self.range.size();
        let bad = |what: &str| Some(BadPlace { number: expected, what: what.to_owned() });
        if count(number) != expected {
            return Ok(bad("it is missing"));
        }
        let Ok(body_hash_stored) = <[u8; 32]>::try_from(stored_body_hash) else { return Ok(bad("its body's hash")) };
        if let (Some(salt), Some(body)) = (salt, body) {
            let recomputed = <[u8; 16]>::try_from(salt).ok().and_then(|salt| {
                let body = serde_json::from_str(&body).ok()?;
                body_hash(&salt, &body).ok()
            });
            if recomputed != Some(body_hash_stored) {
                return Ok(bad("its body is not what was written"));
            }
        }
        let tags = tags.as_chunks::<16>().0.iter().map(|tag| Tag(*tag)).collect();
        let leaf = Leaf { number: expected, at_us, kind, tags, body_hash: body_hash_stored };
        if leaf.hash().as_slice() != stored_leaf_hash.as_slice() {
            return Ok(bad("its number, time, kind, tags or body hash is not what was written"));
        }
        self.range.append(leaf.hash())?;
        Ok(self.checkpoints())
    }

    /// Holds the signed checkpoints of this size against the root.
    fn checkpoints(&mut self) -> Option<BadPlace> {
        while let Some((_, note)) = self.notes.pop_front_if(|(size, _)| count(*size) <= self.range.size()) {
            let number = self.range.size();
            let opened = OpenedNote::open(&note, std::slice::from_ref(self.store.shared().signer.verifier()));
            let Ok(checkpoint) = opened.and_then(|opened| Checkpoint::parse(&opened.text)) else {
                return Some(BadPlace { number, what: "a checkpoint's signature does not hold".to_owned() });
            };
            if checkpoint.size != number || checkpoint.root != self.range.root() {
                let what = "the facts before it are not those of the signed checkpoint".to_owned();
                return Some(BadPlace { number, what });
            }
            self.passed += 1;
        }
        None
    }

    fn end(&self, head: Option<(i64, Vec<u8>)>) -> Option<BadPlace> {
        let number = self.range.size();
        let bad = |what: &str| Some(BadPlace { number, what: what.to_owned() });
        if !self.notes.is_empty() {
            return bad("a signed checkpoint has more facts than there are");
        }
        match head {
            None if number == 0 => None,
            Some((size, frontier)) if count(size) == number && frontier == self.range.to_bytes() => None,
            _ => bad("the ledger's head does not fit its facts"),
        }
    }
}

/// Signs a checkpoint every ten seconds while there is news, and once a day when there is none.
pub(crate) async fn keep_signing(store: Store) {
    let mut signed_size = None;
    let mut signed_at = Timestamp::now();
    loop {
        tokio::time::sleep(EVERY).await;
        let size = store.head().size;
        let idle = Duration::try_from(Timestamp::now().duration_since(signed_at)).unwrap_or(IDLE);
        if signed_size == Some(size) && idle < IDLE {
            continue;
        }
        match store.checkpoint().await {
            Ok(_) => {
                signed_size = Some(size);
                signed_at = Timestamp::now();
            }
            Err(error) if error.is_gone() => {}
            Err(error) => tracing::error!(%error, "a checkpoint could not be signed"),
        }
    }
}
