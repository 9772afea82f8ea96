//! Merkle tree hashing of RFC 6962 §2.1, with the right edge kept as a compact range.

use aws_lc_rs::digest::{Context, SHA256, digest};

use super::proof::Node;

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// Sizes are `u64`: a range never holds more hashes than this.
const MAX_HASHES: usize = 64;

/// Why stored bytes are no compact range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The length does not fit the size that the bytes state.
    #[error("a compact range of {size} leaves needs {expected} bytes and has {found}")]
    Length {
        /// Leaves that the bytes state.
        size: u64,
        /// Bytes that such a range has.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// No more leaves can be numbered.
    #[error("the tree is full")]
    Full,
}

/// The root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// SHA-256(0x00 ‖ leaf).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    sha256(&[&[0], leaf])
}

/// SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// SHA-256 of the parts, end to end.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let finished = match parts {
        [one] => digest(&SHA256, one),
        many => {
            let mut context = Context::new(&SHA256);
            many.iter().for_each(|part| context.update(part));
            context.finish()
        }
    };
    let mut hash = [0; 32];
    hash.iter_mut().zip(finished.as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

/// The roots of the perfect subtrees of a tree, left to right: all that appending and the root need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    /// One per set bit of `size`, the largest subtree first.
    hashes: Vec<Hash>,
}

impl CompactRange {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves in the tree; also the number of the next leaf, counted from 0.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash.
    ///
    /// # Errors
    /// [`TreeError::Full`] after 2⁶⁴ − 1 leaves.
    pub fn append(&mut self, leaf: Hash) -> Result<(), TreeError> {
        self.append_with(leaf, |_, _| ())
    }

    /// As [`CompactRange::append`], and tells of each perfect subtree that the leaf completes, from small to large:
    /// whoever keeps them can prove any leaf without reading all of them.
    ///
    /// # Errors
    /// [`TreeError::Full`] after 2⁶⁴ − 1 leaves.
    pub fn append_with(
        &mut self,
        leaf: Hash,
        mut completed: impl FnMut(Node, Hash),
    ) -> Result<(), TreeError> {
        let next = self.size.checked_add(1).ok_or(TreeError::Full)?;
        let (mut node, mut place) = (leaf, Node { level: 0, index: self.size });
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.hashes.pop() {
                node = node_hash(&left, &node);
                place = Node { level: place.level + 1, index: place.index / 2 };
                completed(place, node);
            }
        }
        self.hashes.push(node);
        self.size = next;
        Ok(())
    }

    /// The Merkle tree hash.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut right_to_left = self.hashes.iter().rev();
        let Some(last) = right_to_left.next() else { return empty_root() };
        right_to_left.fold(*last, |right, left| node_hash(left, &right))
    }

    /// `be64(size)`, then the hashes, left to right.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + 32 * self.hashes.len());
        bytes.extend_from_slice(&self.size.to_be_bytes());
        self.hashes.iter().for_each(|hash| bytes.extend_from_slice(hash));
        bytes
    }

    /// Reads what [`CompactRange::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the length does not fit the size.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TreeError> {
        let Some((size, rest)) = bytes.split_first_chunk::<8>() else {
            return Err(TreeError::Length { size: 0, expected: 8, found: bytes.len() });
        };
        let size = u64::from_be_bytes(*size);
        let (hashes, odd) = rest.as_chunks::<32>();
        let expected = usize::try_from(size.count_ones()).unwrap_or(MAX_HASHES);
        if hashes.len() != expected || !odd.is_empty() {
            return Err(TreeError::Length { size, expected: 8 + 32 * expected, found: bytes.len() });
        }
        Ok(Self { size, hashes: hashes.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{CompactRange, Hash, Node, empty_root, leaf_hash, node_hash};

    /// The leaves and roots of the test vectors of the certificate-transparency project.
    const LEAVES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_are_those_of_the_published_vectors() {
        assert_eq!(
            hex::encode(empty_root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(CompactRange::new().root(), empty_root());
        let mut range = CompactRange::new();
        for (leaf, root) in LEAVES.iter().zip(ROOTS) {
            range.append(leaf_hash(&hex::decode(leaf).unwrap())).unwrap();
            assert_eq!(hex::encode(range.root()), root, "after {} leaves", range.size());
        }
    }

    /// RFC 6962 §2.1 as it is written there.
    fn recursive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            many => {
                let split = many.len().next_power_of_two() / 2;
                node_hash(&recursive_root(&many[..split]), &recursive_root(&many[split..]))
            }
        }
    }

    proptest! {
        #[test]
        fn a_range_agrees_with_the_recursive_definition(count in 0_u32..300) {
            let leaves: Vec<Hash> = (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect();
            let mut range = CompactRange::new();
            for leaf in &leaves {
                let completed = |node: Node, hash| {
                    let begin = usize::try_from(node.index << node.level).unwrap();
                    assert_eq!(hash, recursive_root(&leaves[begin..begin + (1 << node.level)]));
                };
                range.append_with(*leaf, completed).unwrap();
            }
            assert_eq!(range.root(), recursive_root(&leaves));
            assert_eq!(CompactRange::from_bytes(&range.to_bytes()).unwrap(), range);
        }

        #[test]
        fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(range) = CompactRange::from_bytes(&bytes) {
                assert_eq!(range.to_bytes(), bytes);
            }
        }
    }
}
