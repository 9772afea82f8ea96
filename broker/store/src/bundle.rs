//! What a bundle of evidence is made of: leaves and documents by number, a page at a time, the checkpoint that it begins
//! at, and the keys that recognise a target's leaves. Facts are append-only, so that pages read one after another are
//! one state of the ledger.

use chaperone_policy::{AlertId, TargetId, WindowId};
use chaperone_recorder::ledger::{CompactRange, Hash, Leaf, Salt, Tag, TagKey};
use jiff::Timestamp;
use serde_json::Value;

use crate::alerts::AlertRow;
use crate::db::{big, count, sql};
use crate::{Store, StoreError, Tx};

/// Leaf hashes read at once.
const HASHES: i64 = 10_000;

/// A fact as its leaf commits to it.
#[derive(Clone, Debug)]
pub struct LedgerFact {
    /// Its leaf.
    pub leaf: Leaf,
    /// Salt and the document's text as it was hashed; nothing once retention has removed them.
    pub opened: Option<(Salt, String)>,
}

type LeafRow = (i64, i64, String, Vec<u8>, Vec<u8>);
type WholeRow = (i64, i64, String, Vec<u8>, Vec<u8>, Option<Vec<u8>>, Option<String>);

impl Store {
    /// The first fact that happened at an instant or later.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn first_fact_since(&self, at: Timestamp) -> Result<Option<u64>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: (Option<i64>,) = sql!(
            fetch_one &mut conn, (Option<i64>,), "SELECT MIN(number) FROM facts WHERE at_us >= $1", at.as_microsecond()
        )?;
        Ok(row.0.map(count))
    }

    /// The first fact about a window.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn first_fact_of(&self, window: WindowId) -> Result<Option<u64>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: (Option<i64>,) = sql!(
            fetch_one &mut conn, (Option<i64>,), "SELECT MIN(number) FROM facts WHERE window_id = $1", window.0
        )?;
        Ok(row.0.map(count))
    }

    /// When the first of the sessions on a target was admitted that had not ended at an instant.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn live_since(&self, target: TargetId, at: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: (Option<i64>,) = sql!(
            fetch_one &mut conn, (Option<i64>,),
            "SELECT MIN(admitted_us) FROM sessions
             WHERE target_id = $1 AND admitted_us < $2 AND (ended_us IS NULL OR ended_us >= $2)",
            target.0, at.as_microsecond()
        )?;
        Ok(row.0.and_then(|us| Timestamp::from_microsecond(us).ok()))
    }

    /// The newest signed checkpoint of fewer facts than this number: its size and note.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn checkpoint_below(&self, number: u64) -> Result<Option<(u64, String)>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row: Option<(i64, String)> = sql!(
            fetch_optional &mut conn, (i64, String),
            "SELECT size, note FROM checkpoints WHERE size < $1 AND size > 0 ORDER BY size DESC, at_us DESC LIMIT 1",
            big(number)
        )?;
        Ok(row.map(|(size, note)| (count(size), note)))
    }

    /// The compact range of the first facts.
    ///
    /// # Errors
    /// When the database does not answer, or holds fewer.
    pub async fn range_at(&self, size: u64) -> Result<CompactRange, StoreError> {
        let corrupt = || StoreError::Corrupt { what: "leaf hash", source: None };
        let mut conn = self.shared().db.conn().await?;
        let mut range = CompactRange::new();
        while range.size() < size {
            let page: Vec<(Vec<u8>,)> = sql!(
                fetch_all &mut conn, (Vec<u8>,),
                "SELECT leaf_hash FROM facts WHERE number >= $1 AND number < $2 ORDER BY number LIMIT $3",
                big(range.size()), big(size), HASHES
            )?;
            if page.is_empty() {
                return Err(corrupt());
            }
            for (hash,) in page {
                range.append(Hash::try_from(hash).map_err(|_| corrupt())?)?;
            }
        }
        Ok(range)
    }

    /// Leaves from a number on, up to and without another, at most so many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leaves(&self, from: u64, until: u64, most: u32) -> Result<Vec<Leaf>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<LeafRow> = sql!(
            fetch_all &mut conn, LeafRow,
            "SELECT number, at_us, kind, tags, body_hash FROM facts
             WHERE number >= $1 AND number < $2 ORDER BY number LIMIT $3",
            big(from), big(until), i64::from(most)
        )?;
        rows.into_iter()
            .map(|(number, at_us, kind, tags, hash)| leaf(number, at_us, kind, &tags, hash))
            .collect()
    }

    /// Whole facts from a number on, up to and without another.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ledger_facts(&self, from: u64, until: u64) -> Result<Vec<LedgerFact>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let rows: Vec<WholeRow> = sql!(
            fetch_all &mut conn, WholeRow,
            "SELECT number, at_us, kind, tags, body_hash, salt, body FROM facts
             WHERE number >= $1 AND number < $2 ORDER BY number",
            big(from), big(until)
        )?;
        let fact = |(number, at_us, kind, tags, hash, salt, body): WholeRow| {
            let salt = salt.and_then(|salt| Salt::try_from(salt).ok());
            Ok(LedgerFact { leaf: leaf(number, at_us, kind, &tags, hash)?, opened: salt.zip(body) })
        };
        rows.into_iter().map(fact).collect()
    }

    /// The key that recognises a target's leaves. Whoever holds it sees which facts are about the target.
    ///
    /// # Errors
    /// When there is no such target, or the database does not answer.
    pub async fn tag_key(&self, target: TargetId) -> Result<TagKey, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let row = sql!(fetch_optional &mut conn, (Vec<u8>,), "SELECT tag_key FROM targets WHERE id = $1", target.0)?;
        let (key,) = row.ok_or(StoreError::NotFound("target"))?;
        let key = key.try_into().map(TagKey);
        key.map_err(|_| StoreError::Corrupt { what: "tag key", source: None })
    }

    /// The ledger key's signature of a bundle's manifest.
    ///
    /// # Errors
    /// When the key fails.
    pub fn sign_manifest(&self, text: &[u8]) -> Result<String, StoreError> {
        Ok(chaperone_recorder::bundle::sign(text, &self.shared().signer)?)
    }
}

impl Tx {
    /// The target that an alert is about, if it is about one that is still there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alert_target(&mut self, alert: AlertId) -> Result<Option<TargetId>, StoreError> {
        let row = sql!(
            fetch_optional &mut self.conn, (String, String), "SELECT group_key, content FROM alerts WHERE id = $1", alert.0
        )?;
        let Some((group_key, content)) = row else { return Ok(None) };
        let content = serde_json::from_str(&content).unwrap_or(Value::Null);
        self.existing(named_target(&group_key, &content)).await
    }

    /// The target that an alert's row is about, if it is about one that is still there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn target_of(&mut self, alert: &AlertRow) -> Result<Option<TargetId>, StoreError> {
        self.existing(named_target(&alert.group_key, &alert.content)).await
    }

    async fn existing(&mut self, target: Option<TargetId>) -> Result<Option<TargetId>, StoreError> {
        let Some(target) = target else { return Ok(None) };
        let row = sql!(fetch_optional &mut self.conn, (i64,), "SELECT CAST(1 AS BIGINT) FROM targets WHERE id = $1", target.0)?;
        Ok(row.map(|_| target))
    }
}

fn named_target(group_key: &str, content: &Value) -> Option<TargetId> {
    let grouped = group_key.split('|').find_map(|part| part.strip_prefix("target=")?.parse().ok());
    let shown =
        || ["/target/target", "/target/id"].iter().find_map(|at| content.pointer(at)?.as_str()?.parse().ok());
    grouped.or_else(shown)
}

fn leaf(number: i64, at_us: i64, kind: String, tags: &[u8], hash: Vec<u8>) -> Result<Leaf, StoreError> {
    let corrupt = || StoreError::Corrupt { what: "leaf", source: None };
    let (tags, odd) = tags.as_chunks::<16>();
    let body_hash = hash.try_into().map_err(|_| corrupt())?;
    if !odd.is_empty() {
        return Err(corrupt());
    }
    let mut tags: Vec<Tag> = tags.iter().map(|tag| Tag(*tag)).collect();
    tags.sort_unstable();
    tags.dedup();
    Ok(Leaf { number: count(number), at_us, kind, tags, body_hash })
}
