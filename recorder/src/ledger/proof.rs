//! Proofs over the tree of RFC 6962: that a leaf is in it (§2.1.1), and that a tree only grew from an older one (§2.1.2).
//!
//! Making one asks for the hashes of perfect subtrees and of nothing else, a few dozen however large the tree is: where
//! they are kept is the caller's. Checking one needs the two roots, or the leaf and the root, alone.

mod text;

use super::note::NoteError;
use super::tree::{Hash, empty_root, node_hash};

pub use self::text::{ConsistencyProof, InclusionProof};

/// Sizes are `u64`: no path is longer.
pub const MAX_PATH: usize = 65;

/// The root of a perfect subtree: the leaves from `index << level`, 2^`level` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// 0 is a leaf.
    pub level: u8,
    /// Counted from the left, from 0, among those of its level.
    pub index: u64,
}

/// Why there is no such proof, or why one does not hold.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// A leaf that a tree of this size does not have.
    #[error("there is no leaf {index} in a tree of {size}")]
    NoLeaf {
        /// Asked for.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// A tree does not grow backwards.
    #[error("a tree of {from} leaves does not grow to one of {to}")]
    Backwards {
        /// The older tree's size.
        from: u64,
        /// The newer one's.
        to: u64,
    },
    /// The path has another length than such a proof has.
    #[error("the proof has {found} hashes and one of this kind has {expected}")]
    Length {
        /// What such a proof has.
        expected: usize,
        /// What this one has.
        found: usize,
    },
    /// The path leads to another root.
    #[error("the proof leads to another root than that of the tree of {size} leaves")]
    Root {
        /// Which tree's.
        size: u64,
    },
    /// The text is no proof.
    #[error("malformed proof: {0}")]
    Malformed(&'static str),
    /// The checkpoint in it is not taken.
    #[error("the proof's checkpoint is not accepted")]
    Checkpoint(#[source] NoteError),
}

/// Leaves from `begin` up to and without `end`, as the recursion of §2.1 splits a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    begin: u64,
    end: u64,
}

impl Span {
    /// The whole tree.
    fn of(size: u64) -> Self {
        Self { begin: 0, end: size }
    }

    /// Where it falls into two: after the largest power of two that is smaller than it. For two leaves or more.
    fn middle(self) -> u64 {
        self.begin + (1 << (self.end - self.begin - 1).ilog2())
    }

    /// Its perfect subtrees, from left to right. It begins at a multiple of the largest of them.
    fn nodes(self) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut begin = self.begin;
        while let Some(level) = self.end.checked_sub(begin).and_then(u64::checked_ilog2) {
            nodes.push(Node { level: u8::try_from(level).unwrap_or(u8::MAX), index: begin >> level });
            begin += 1 << level;
        }
        nodes
    }

    fn root<E>(self, hash_of: &mut impl FnMut(Node) -> Result<Hash, E>) -> Result<Hash, E> {
        let mut root = None;
        for node in self.nodes().into_iter().rev() {
            let left = hash_of(node)?;
            root = Some(root.map_or(left, |right| node_hash(&left, &right)));
        }
        Ok(root.unwrap_or_else(empty_root))
    }
}

/// PATH(index, D\[size\]), the leaf's sibling first.
fn path(index: u64, size: u64) -> Result<Vec<Span>, ProofError> {
    if index >= size {
        return Err(ProofError::NoLeaf { index, size });
    }
    let (mut within, mut siblings) = (Span::of(size), Vec::new());
    while within.end - within.begin > 1 {
        let middle = within.middle();
        let (left, right) =
            (Span { begin: within.begin, end: middle }, Span { begin: middle, end: within.end });
        let sibling;
        (within, sibling) = if index < middle { (left, right) } else { (right, left) };
        siblings.push(sibling);
    }
    siblings.reverse();
    Ok(siblings)
}

/// PROOF(from, D\[to\]). From the tree without leaves, and from a tree to itself, there is nothing to show.
fn growth(from: u64, to: u64) -> Result<Vec<Span>, ProofError> {
    if from > to {
        return Err(ProofError::Backwards { from, to });
    }
    let mut spans = Vec::new();
    if from == 0 {
        return Ok(spans);
    }
    // The older root is known to who checks, as long as only right halves were left out.
    let (mut within, mut known) = (Span::of(to), true);
    while from < within.end {
        let middle = within.middle();
        if from <= middle {
            spans.push(Span { begin: middle, end: within.end });
            within.end = middle;
        } else {
            spans.push(Span { begin: within.begin, end: middle });
            within.begin = middle;
            known = false;
        }
    }
    if !known {
        spans.push(within);
    }
    spans.reverse();
    Ok(spans)
}

/// The perfect subtrees whose hashes [`prove_inclusion`] asks for.
///
/// # Errors
/// When the tree has no such leaf.
pub fn inclusion_needs(index: u64, size: u64) -> Result<Vec<Node>, ProofError> {
    Ok(path(index, size)?.into_iter().flat_map(Span::nodes).collect())
}

/// The perfect subtrees whose hashes [`prove_consistency`] asks for.
///
/// # Errors
/// When the older tree is the larger one.
pub fn consistency_needs(from: u64, to: u64) -> Result<Vec<Node>, ProofError> {
    Ok(growth(from, to)?.into_iter().flat_map(Span::nodes).collect())
}

/// The perfect subtrees whose hashes [`root_of`] asks for.
#[must_use]
pub fn root_needs(size: u64) -> Vec<Node> {
    Span::of(size).nodes()
}

/// The Merkle tree hash of the first `size` leaves.
///
/// # Errors
/// The source's own.
pub fn root_of<E>(size: u64, mut hash_of: impl FnMut(Node) -> Result<Hash, E>) -> Result<Hash, E> {
    Span::of(size).root(&mut hash_of)
}

/// The audit path of a leaf, the leaf's sibling first (§2.1.1).
///
/// # Errors
/// When the tree has no such leaf, or the source's own.
pub fn prove_inclusion<E: From<ProofError>>(
    index: u64,
    size: u64,
    mut hash_of: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    path(index, size)?.into_iter().map(|span| span.root(&mut hash_of)).collect()
}

/// The consistency proof between two sizes (§2.1.2). It is empty from 0, and between equal sizes.
///
/// # Errors
/// When the older tree is the larger one, or the source's own.
pub fn prove_consistency<E: From<ProofError>>(
    from: u64,
    to: u64,
    mut hash_of: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    growth(from, to)?.into_iter().map(|span| span.root(&mut hash_of)).collect()
}

/// That the leaf with this hash is number `index` of the tree of `size` leaves with this root.
///
/// # Errors
/// When the path does not show it.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    path: &[Hash],
    size: u64,
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::NoLeaf { index, size });
    }
    let (inner, border) = shape(index, size - 1);
    let (inner, border) = halves(path, inner, border)?;
    let within = climb(*leaf, inner, index);
    if on_the_left(within, border) == *root { Ok(()) } else { Err(ProofError::Root { size }) }
}

/// That the tree of `to` leaves is the tree of `from` leaves with more behind it.
///
/// # Errors
/// When the path does not show it. The tree without leaves has one root only.
pub fn verify_consistency(
    from: u64,
    from_root: &Hash,
    path: &[Hash],
    to: u64,
    to_root: &Hash,
) -> Result<(), ProofError> {
    if from > to {
        return Err(ProofError::Backwards { from, to });
    }
    if from == 0 || from == to {
        halves(path, 0, 0)?;
        let expected = if from == 0 { &empty_root() } else { to_root };
        return if expected == from_root { Ok(()) } else { Err(ProofError::Root { size: from }) };
    }
    // From the last leaf of the older tree upwards, beginning with the largest perfect subtree that ends there.
    let whole = from.trailing_zeros();
    let (inner, border) = shape(from - 1, to - 1);
    let inner = inner.saturating_sub(count(whole));
    let (seed, path) = if from.is_power_of_two() {
        (from_root, path)
    } else {
        let missing = ProofError::Length { expected: 1 + inner + border, found: 0 };
        path.split_first().ok_or(missing)?
    };
    let (inner, border) = halves(path, inner, border)?;
    let way = (from - 1) >> whole;
    let older = on_the_left(left_only(*seed, inner, way), border);
    if older != *from_root {
        return Err(ProofError::Root { size: from });
    }
    let newer = on_the_left(climb(*seed, inner, way), border);
    if newer == *to_root { Ok(()) } else { Err(ProofError::Root { size: to }) }
}

/// How many hashes of a leaf's path lie below the subtree that it shares with the last leaf, and how many above.
fn shape(index: u64, last: u64) -> (usize, usize) {
    let inner = u64::BITS - (index ^ last).leading_zeros();
    let above = index.checked_shr(inner).unwrap_or(0);
    (count(inner), count(above.count_ones()))
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn halves(path: &[Hash], inner: usize, border: usize) -> Result<(&[Hash], &[Hash]), ProofError> {
    let wrong = ProofError::Length { expected: inner + border, found: path.len() };
    match path.split_at_checked(inner) {
        Some(halves) if halves.1.len() == border => Ok(halves),
        _ => Err(wrong),
    }
}

/// Up through siblings, each to the left or the right as the index's bits say.
fn climb(node: Hash, siblings: &[Hash], index: u64) -> Hash {
    siblings.iter().zip(bits(index)).fold(node, |node, (sibling, right)| {
        if right { node_hash(sibling, &node) } else { node_hash(&node, sibling) }
    })
}

/// As [`climb`], and without what lies to the right: what the older tree had.
fn left_only(node: Hash, siblings: &[Hash], index: u64) -> Hash {
    let lefts = siblings.iter().zip(bits(index)).filter(|(_, right)| *right);
    lefts.fold(node, |node, (sibling, _)| node_hash(sibling, &node))
}

fn on_the_left(node: Hash, siblings: &[Hash]) -> Hash {
    siblings.iter().fold(node, |node, sibling| node_hash(sibling, &node))
}

/// The bits of a number, the lowest first: whether a node is its parent's right half, level by level.
fn bits(number: u64) -> impl Iterator<Item = bool> {
    (0..u64::BITS).map(move |bit| (number >> bit) & 1 == 1)
}

#[cfg(test)]
mod tests;
