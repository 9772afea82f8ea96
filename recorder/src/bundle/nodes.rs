//! The tree's nodes that proofs of a bundle's facts ask for, in little memory: the higher ones are kept while the leaves
//! go by, the lower ones are made again for the 256 leaves at hand.

use std::collections::HashMap;

use crate::ledger::{
    CompactRange, Hash, Leaf, Node, ProofError, TreeError, node_hash, prove_consistency, prove_inclusion,
};

/// Leaves of one tile: what lies below a node of this level is not kept.
const TILE_LEVEL: u8 = 8;
const TILE: u64 = 1 << TILE_LEVEL;

/// The nodes from one size on: some 64 bytes for each 256 leaves.
#[derive(Clone, Debug)]
pub struct Nodes {
    from: u64,
    /// Roots of the perfect subtrees of the leaves so far, the largest first.
    edge: Vec<(Node, Hash)>,
    /// What the edge was at `from`.
    begun: Vec<(Node, Hash)>,
    size: u64,
    kept: HashMap<Node, Hash>,
    /// The tile whose lower nodes are at hand.
    tile: Option<u64>,
    lower: HashMap<Node, Hash>,
}

impl Nodes {
    /// From a compact range on.
    #[must_use]
    pub fn new(range: &CompactRange) -> Self {
        let bytes = range.to_bytes();
        let (hashes, _) = bytes.get(8..).unwrap_or_default().as_chunks::<32>();
        let mut at = 0;
        let levels = (0..64_u8).rev().filter(|level| range.size() & (1 << level) != 0);
        let edge = levels.zip(hashes).map(|(level, hash)| {
            let node = Node { level, index: at >> level };
            at += 1 << level;
            (node, *hash)
        });
        let edge: Vec<(Node, Hash)> = edge.collect();
        let kept = edge.iter().map(|(node, hash)| (*node, *hash)).collect();
        let size = range.size();
        Self { from: size, begun: edge.clone(), edge, size, kept, tile: None, lower: HashMap::new() }
    }

    /// Appends a leaf.
    ///
    /// # Errors
    /// When the tree is full.
    pub fn append(&mut self, leaf: Hash) -> Result<(), TreeError> {
        let next = self.size.checked_add(1).ok_or(TreeError::Full)?;
        let (kept, first_tile) = (&mut self.kept, self.size / TILE == self.from / TILE);
        append(&mut self.edge, self.size, leaf, |node, hash| {
            // Growth from inside a tile is shown by the lower nodes beside it.
            if node.level >= TILE_LEVEL || first_tile {
                kept.insert(node, hash);
            }
        });
        self.size = next;
        Ok(())
    }

    /// Leaves so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// All leaves have gone by: what the right edge is made of can be asked for too.
    pub fn close(&mut self) {
        self.kept.extend(self.edge.iter().map(|(node, hash)| (*node, *hash)));
    }

    /// First number and end of the tile that a leaf is in, cut to the leaves that there are.
    #[must_use]
    pub fn tile_of(&self, number: u64) -> (u64, u64) {
        let start = number - number % TILE;
        (start.max(self.from), start.saturating_add(TILE).min(self.size))
    }

    /// Takes the leaves of one tile, all of them from its begin on ([`Nodes::tile_of`]): proofs can then be made of them.
    pub fn open_tile(&mut self, leaves: &[Leaf]) {
        self.lower.clear();
        let Some(first) = leaves.first() else { return };
        let start = first.number - first.number % TILE;
        self.tile = Some(start / TILE);
        // A tile that begins before `from` goes on from the edge as it was there.
        let mut edge: Vec<(Node, Hash)> = match first.number == start {
            true => Vec::new(),
            false => self.begun.iter().filter(|(node, _)| node.level < TILE_LEVEL).copied().collect(),
        };
        let lower = &mut self.lower;
        for leaf in leaves {
            append(&mut edge, leaf.number, leaf.hash(), |node, hash| {
                lower.insert(node, hash);
            });
        }
    }

    /// The audit path of a leaf of the open tile.
    ///
    /// # Errors
    /// When the leaf is not in the open tile.
    pub fn prove(&self, number: u64) -> Result<Vec<Hash>, ProofError> {
        prove_inclusion(number, self.size, |node| self.hash(node))
    }

    /// That the tree only grew from where the nodes begin.
    ///
    /// # Errors
    /// When a node is not at hand; after [`Nodes::close`] none is missing.
    pub fn grown(&self) -> Result<Vec<Hash>, ProofError> {
        prove_consistency(self.from, self.size, |node| self.hash(node))
    }

    fn hash(&self, node: Node) -> Result<Hash, ProofError> {
        let known = self.kept.get(&node).or_else(|| self.lower.get(&node));
        known.copied().ok_or(ProofError::NoLeaf { index: node.index << node.level, size: self.size })
    }
}

/// Appends leaf number `size` to an edge; tells of every node that it completes, itself included.
fn append(edge: &mut Vec<(Node, Hash)>, size: u64, leaf: Hash, mut tell: impl FnMut(Node, Hash)) {
    let (mut node, mut hash) = (Node { level: 0, index: size }, leaf);
    tell(node, hash);
    for _ in 0..size.trailing_ones() {
        let Some((_, left)) = edge.pop() else { break };
        hash = node_hash(&left, &hash);
        node = Node { level: node.level + 1, index: node.index >> 1 };
        tell(node, hash);
    }
    edge.push((node, hash));
}

#[cfg(test)]
mod tests {
    use super::Nodes;
    use crate::ledger::{CompactRange, Leaf, verify_consistency, verify_inclusion};

    fn leaf(number: u64) -> Leaf {
        Leaf { number, at_us: 0, kind: "x".to_owned(), tags: Vec::new(), body_hash: [7; 32] }
    }

    #[test]
    fn proofs_from_any_beginning_hold() {
        for (from, to) in
            [(0, 1), (0, 300), (1, 2), (3, 700), (255, 257), (256, 1024), (300, 1200), (511, 513)]
        {
            let mut range = CompactRange::new();
            (0..from).for_each(|n| range.append(leaf(n).hash()).unwrap());
            let (mut nodes, begun) = (Nodes::new(&range), range.root());
            for n in from..to {
                nodes.append(leaf(n).hash()).unwrap();
                range.append(leaf(n).hash()).unwrap();
            }
            nodes.close();
            verify_consistency(from, &begun, &nodes.grown().unwrap(), to, &range.root()).unwrap();
            let mut at = from;
            while at < to {
                let (begin, end) = nodes.tile_of(at);
                let tile: Vec<Leaf> = (begin..end).map(leaf).collect();
                nodes.open_tile(&tile);
                for n in begin..end {
                    let path = nodes.prove(n).unwrap();
                    verify_inclusion(&leaf(n).hash(), n, &path, to, &range.root()).unwrap();
                }
                at = end;
            }
        }
    }
}
