//! One command's view of a transaction: it reads and writes tables, and appends facts.

use std::collections::HashMap;
use std::sync::Arc;

use chaperone_policy::{Facts, TargetId};
use chaperone_recorder::ledger::{CompactRange, Leaf, TagKey, body_hash, canonical_json, tag};
use jiff::Timestamp;

use crate::db::{Conn, big, count, exec, sql};
use crate::fact::{CommittedFact, NewFact, document};
use crate::snapshot::{self, Snapshots};
use crate::{StoreError, nodes};

/// Inside a transaction. Everything that one command does is committed together, or not at all.
pub struct Tx {
    pub(crate) conn: Conn,
    pub(crate) node: String,
    pub(crate) now: Timestamp,
    pub(crate) head: TxHead,
    /// Tag keys never change; those that were read.
    pub(crate) tag_keys: HashMap<TargetId, TagKey>,
    /// Facts that the running command has appended, for the reactions.
    pub(crate) appended: Vec<CommittedFact>,
    /// What the node knows of the policy-relevant tables.
    pub(crate) snapshots: Arc<Snapshots>,
    /// The same as this transaction has changed it, once it was read.
    pub(crate) changed: Option<Arc<Facts>>,
}

/// The ledger's head as this transaction has it.
#[derive(Clone)]
pub(crate) struct TxHead {
    pub range: CompactRange,
    pub policy_version: u64,
}

impl TxHead {
    /// Reads the head row and locks it until the transaction ends, so that the writers of several nodes take turns.
    pub(crate) async fn lock(conn: &mut Conn) -> Result<Self, StoreError> {
        Self::parse(sql!(
            fetch_optional conn, (i64, Vec<u8>, i64),
            "UPDATE ledger_head SET size = size WHERE id = 1 RETURNING size, frontier, policy_version"
        )?)
    }

    /// Reads the head row as it is committed.
    pub(crate) async fn read(conn: &mut Conn) -> Result<Self, StoreError> {
        Self::parse(sql!(
            fetch_optional conn, (i64, Vec<u8>, i64), "SELECT size, frontier, policy_version FROM ledger_head WHERE id = 1"
        )?)
    }

    fn parse(row: Option<(i64, Vec<u8>, i64)>) -> Result<Self, StoreError> {
        let corrupt = || StoreError::Corrupt { what: "ledger head", source: None };
        let (size, frontier, policy_version) = row.ok_or_else(corrupt)?;
        let range = CompactRange::from_bytes(&frontier)?;
        if range.size() != count(size) {
            return Err(corrupt());
        }
        Ok(Self { range, policy_version: count(policy_version) })
    }

    pub(crate) async fn store(&self, conn: &mut Conn) -> Result<(), StoreError> {
        exec!(
            conn,
            "UPDATE ledger_head SET size = $1, frontier = $2, policy_version = $3 WHERE id = 1",
            big(self.range.size()),
            self.range.to_bytes(),
            big(self.policy_version)
        )?;
        Ok(())
    }
}

impl Tx {
    /// When the command began; the time of what it writes.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The policy-relevant state as this transaction sees it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn facts(&mut self) -> Result<Facts, StoreError> {
        let mut facts = snapshot::load(&mut self.conn, self.now).await?;
        facts.head = self.head.range.size();
        facts.policy_version = self.head.policy_version;
        Ok(facts)
    }

    /// As [`Tx::facts`], and shared: where nothing policy-relevant has changed since, it is the node's own snapshot, whose
    /// `head` may be an earlier one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn shared_facts(&mut self) -> Result<Arc<Facts>, StoreError> {
        let version = self.head.policy_version;
        let known = [self.changed.clone(), self.snapshots.newest()].into_iter().flatten();
        if let Some(facts) = known.into_iter().find(|facts| facts.policy_version == version) {
            return Ok(facts);
        }
        let facts = Arc::new(self.facts().await?);
        self.changed = Some(Arc::clone(&facts));
        Ok(facts)
    }

    /// Says that policy-relevant tables have changed: every node reloads its snapshot and decides again.
    pub(crate) fn policy_changed(&mut self) {
        self.head.policy_version += 1;
    }

    /// Appends a fact; returns its number. It counts once the command's transaction is committed.
    ///
    /// # Errors
    /// When the body has no canonical form, or the database fails.
    pub async fn fact(&mut self, fact: NewFact) -> Result<u64, StoreError> {
        let number = self.head.range.size();
        let mut salt = [0; 16];
        // The provider's generator fails only where the operating system has no randomness at all.
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| StoreError::Gone(None))?;
        let mut tags = Vec::new();
        for target in fact.target.iter().chain(&fact.also) {
            tags.push(tag(&self.tag_key(*target).await?, number));
        }
        tags.sort_unstable();
        tags.dedup();
        let document = document(&self.node, &fact);
        let leaf = Leaf {
            number,
            at_us: fact.at.as_microsecond(),
            kind: fact.kind.as_str().to_owned(),
            tags,
            body_hash: body_hash(&salt, &document)?,
        };
        let leaf_hash = leaf.hash();
        let tags: Vec<u8> = leaf.tags.iter().flat_map(|tag| tag.0).collect();
        exec!(
            &mut self.conn,
            "INSERT INTO facts (number, at_us, kind, node, person_id, vendor_id, target_id, window_id, session_id,
                                attempt_id, tags, salt, body, body_hash, leaf_hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            big(number),
            leaf.at_us,
            fact.kind.as_str(),
            self.node.as_str(),
            fact.person.map(|id| id.0),
            fact.vendor.map(|id| id.0),
            fact.target.map(|id| id.0),
            fact.window.map(|id| id.0),
            fact.session.map(|id| id.0),
            fact.attempt.map(|id| id.0),
            tags,
            salt.to_vec(),
            canonical_json(&document)?,
            leaf.body_hash.to_vec(),
            leaf_hash.to_vec()
        )?;
        for kept in nodes::append(&mut self.head.range, leaf_hash)? {
            nodes::write(&mut self.conn, kept).await?;
        }
        self.appended.push(CommittedFact {
            number,
            kind: fact.kind,
            at: fact.at,
            node: self.node.clone(),
            person: fact.person,
            vendor: fact.vendor,
            target: fact.target,
            window: fact.window,
            session: fact.session,
            attempt: fact.attempt,
            body: fact.body,
        });
        Ok(number)
    }

    async fn tag_key(&mut self, target: TargetId) -> Result<TagKey, StoreError> {
        if let Some(key) = self.tag_keys.get(&target) {
            return Ok(key.clone());
        }
        let row = sql!(
            fetch_optional &mut self.conn, (Vec<u8>,), "SELECT tag_key FROM targets WHERE id = $1", target.0
        )?;
        let (key,) = row.ok_or(StoreError::NotFound("target"))?;
        let key = key.try_into().map(TagKey);
        let key = key.map_err(|_| StoreError::Corrupt { what: "tag key", source: None })?;
        self.tag_keys.insert(target, key.clone());
        Ok(key)
    }
}
