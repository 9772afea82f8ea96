//! Proofs over the ledger: that a fact is in it, and that it only grew. Made from kept nodes and, at the edges, from a few
//! hundred leaf hashes, whatever the ledger's size.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chaperone_recorder::ledger::{
    Checkpoint, CompactRange, ConsistencyProof, Hash, InclusionProof, Node, ProofError, consistency_needs,
    inclusion_needs, prove_consistency, prove_inclusion, root_needs, root_of,
};

use crate::db::{Conn, big, sql};
use crate::nodes::{self, CHUNK, LOWEST};
use crate::{Store, StoreError};

impl Store {
    /// The audit path of a fact in the ledger's first `size` facts (RFC 6962 §2.1.1).
    ///
    /// # Errors
    /// When there are not that many, or the database does not answer.
    pub async fn inclusion(&self, number: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let known = Known::read(&mut conn, inclusion_needs(number, size)?).await?;
        prove_inclusion(number, size, |node| known.hash(node))
    }

    /// The consistency proof between two sizes of the ledger (RFC 6962 §2.1.2).
    ///
    /// # Errors
    /// As [`Store::inclusion`].
    pub async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Hash>, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let known = Known::read(&mut conn, consistency_needs(from, to)?).await?;
        prove_consistency(from, to, |node| known.hash(node))
    }

    /// The root of the ledger's first `size` facts.
    ///
    /// # Errors
    /// As [`Store::inclusion`].
    pub async fn root_at(&self, size: u64) -> Result<Hash, StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let known = Known::read(&mut conn, root_needs(size)).await?;
        root_of(size, |node| known.hash(node))
    }

    /// A fact's proof under a signed checkpoint: the one of `size`, or the newest, signed now where none has the fact.
    ///
    /// # Errors
    /// When there is no such fact, or no checkpoint of that size.
    pub async fn prove_fact(&self, number: u64, size: Option<u64>) -> Result<InclusionProof, StoreError> {
        let (size, checkpoint) = self.signed(number + 1, size).await?;
        let path = self.inclusion(number, size).await?;
        Ok(InclusionProof { extra: None, index: number, path, checkpoint })
    }

    /// That the ledger of a signed checkpoint (of `to`, or the newest) begins with its first `from` facts.
    ///
    /// # Errors
    /// When there is no such checkpoint.
    pub async fn prove_growth(&self, from: u64, to: Option<u64>) -> Result<ConsistencyProof, StoreError> {
        let (to, checkpoint) = self.signed(from, to).await?;
        let path = self.consistency(from, to).await?;
        Ok(ConsistencyProof { from, path, checkpoint })
    }

    /// A signed checkpoint of `size` facts, or the newest of at least so many.
    async fn signed(&self, least: u64, size: Option<u64>) -> Result<(u64, String), StoreError> {
        let mut conn = self.shared().db.conn().await?;
        let (low, high) = size.map_or((big(least), i64::MAX), |size| (big(size.max(least)), big(size)));
        let row = sql!(
            fetch_optional &mut conn, (String,),
            "SELECT note FROM checkpoints WHERE size >= $1 AND size <= $2 ORDER BY size DESC, at_us DESC LIMIT 1",
            low, high
        )?;
        drop(conn);
        let note = match (row, size) {
            (Some((note,)), _) => note,
            (None, None) if least <= self.head().size => self.checkpoint().await?,
            (None, None) => return Err(StoreError::NotFound("fact")),
            (None, Some(_)) => return Err(StoreError::NotFound("signed checkpoint of that size")),
        };
        // Another node's key may have signed it: its words count here, its signature to who checks.
        let text = note.split_once("\n\n").map(|(text, _)| format!("{text}\n")).unwrap_or_default();
        Ok((Checkpoint::parse(&text)?.size, note))
    }
}

/// Hashes that were read for one proof.
struct Known {
    nodes: HashMap<Node, Hash>,
}

impl Known {
    async fn read(conn: &mut Conn, needs: Vec<Node>) -> Result<Self, StoreError> {
        let mut chunks: HashMap<u64, Vec<Hash>> = HashMap::new();
        let mut known = HashMap::new();
        for node in needs {
            let hash = if node.level >= LOWEST {
                nodes::read(conn, node).await?
            } else {
                let chunk = node.index >> (LOWEST - node.level);
                if let Entry::Vacant(place) = chunks.entry(chunk) {
                    place.insert(leaves(conn, chunk).await?);
                }
                chunks.get(&chunk).and_then(|leaves| small(node, leaves))
            };
            // Every node of ours that the head counts is there: `chaperone migrate` fills in what is older.
            known.insert(node, hash.ok_or(StoreError::Corrupt { what: "node of the ledger", source: None })?);
        }
        Ok(Self { nodes: known })
    }

    fn hash(&self, node: Node) -> Result<Hash, StoreError> {
        self.nodes.get(&node).copied().ok_or(StoreError::Corrupt { what: "node of the ledger", source: None })
    }
}

/// The leaf hashes of a smallest kept subtree, as far as there are any.
async fn leaves(conn: &mut Conn, chunk: u64) -> Result<Vec<Hash>, StoreError> {
    let rows: Vec<(Vec<u8>,)> = sql!(
        fetch_all conn, (Vec<u8>,),
        "SELECT leaf_hash FROM facts WHERE number >= $1 AND number < $2 ORDER BY number",
        big(chunk * CHUNK), big((chunk + 1) * CHUNK)
    )?;
    let leaf =
        |leaf: Vec<u8>| leaf.try_into().map_err(|_| StoreError::Corrupt { what: "leaf", source: None });
    rows.into_iter().map(|(hash,)| leaf(hash)).collect()
}

/// The root of a perfect subtree that is not kept, from the leaves of its chunk.
fn small(node: Node, leaves: &[Hash]) -> Option<Hash> {
    let begin = usize::try_from((node.index << node.level) % CHUNK).ok()?;
    let leaves = leaves.get(begin..begin.checked_add(1 << node.level)?)?;
    let mut range = CompactRange::new();
    leaves.iter().try_for_each(|leaf| range.append(*leaf)).ok()?;
    Some(range.root())
}

impl From<ProofError> for StoreError {
    fn from(error: ProofError) -> Self {
        Self::NoProof(error)
    }
}
