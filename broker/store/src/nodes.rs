//! The roots of the tree's perfect subtrees, kept from 256 facts on: written in the commit of the fact that completes
//! them, recomputed by verification, and read by proofs (`proof.rs`). What is smaller is made from leaves when asked for.

use chaperone_recorder::ledger::{CompactRange, Hash, Node};

use crate::StoreError;
use crate::db::{Conn, big, count, exec, sql};

/// Subtrees of 2^`LOWEST` facts and more are kept; with it a proof reads 2^`LOWEST` leaves at most three times.
pub(crate) const LOWEST: u8 = 8;
/// Leaves in a smallest kept subtree.
pub(crate) const CHUNK: u64 = 1 << LOWEST;
/// Leaves that are read at once when nodes are filled in.
const PAGE: i64 = 4096;

/// A node that is kept, with its hash.
pub(crate) type Kept = (Node, Hash);

/// Appends a leaf; the nodes that it completes and that are kept.
pub(crate) fn append(range: &mut CompactRange, leaf: Hash) -> Result<Vec<Kept>, StoreError> {
    let mut kept = Vec::new();
    range.append_with(leaf, |node, hash| {
        if node.level >= LOWEST {
            kept.push((node, hash));
        }
    })?;
    Ok(kept)
}

/// How many nodes are kept of a tree.
pub(crate) fn kept_of(size: u64) -> u64 {
    (u32::from(LOWEST)..u64::BITS).map(|level| size >> level).sum()
}

pub(crate) async fn write(conn: &mut Conn, (node, hash): Kept) -> Result<(), StoreError> {
    exec!(
        conn,
        "INSERT INTO ledger_nodes (level, number, hash) VALUES ($1, $2, $3)",
        i64::from(node.level),
        big(node.index),
        hash.to_vec()
    )?;
    Ok(())
}

/// The hash of a kept node, as it is stored.
pub(crate) async fn read(conn: &mut Conn, node: Node) -> Result<Option<Hash>, StoreError> {
    let row = sql!(
        fetch_optional conn, (Vec<u8>,), "SELECT hash FROM ledger_nodes WHERE level = $1 AND number = $2",
        i64::from(node.level), big(node.index)
    )?;
    Ok(row.and_then(|(hash,)| hash.try_into().ok()))
}

pub(crate) async fn stored(conn: &mut Conn) -> Result<u64, StoreError> {
    let row = sql!(fetch_optional conn, (i64,), "SELECT COUNT(*) FROM ledger_nodes")?;
    Ok(row.map_or(0, |(stored,)| count(stored)))
}

/// Fills in the nodes of facts that were written without: a database of an older release, or one that a node of an
/// older release went on writing to. Part of the migration's transaction; a page of leaf hashes is in memory at once.
pub(crate) async fn fill(conn: &mut Conn) -> Result<(), StoreError> {
    // Locked, so that no node appends meanwhile.
    let head = crate::tx::TxHead::lock(conn).await?.range.size();
    if stored(conn).await? == kept_of(head) {
        return Ok(());
    }
    let mut range = CompactRange::new();
    while range.size() < head {
        let page: Vec<(i64, Vec<u8>)> = sql!(
            fetch_all conn, (i64, Vec<u8>),
            "SELECT number, leaf_hash FROM facts WHERE number >= $1 ORDER BY number LIMIT $2",
            big(range.size()), PAGE
        )?;
        if page.is_empty() {
            break;
        }
        for (number, leaf) in page {
            let leaf = leaf.try_into().ok().filter(|_| count(number) == range.size());
            // Verification says where and how; a ledger with a hole has no nodes beyond it.
            let Some(leaf) = leaf else { return Ok(()) };
            for kept in append(&mut range, leaf)? {
                if read(conn, kept.0).await?.is_none() {
                    write(conn, kept).await?;
                }
            }
        }
    }
    Ok(())
}
