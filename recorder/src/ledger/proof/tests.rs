//! Proofs against the recursion as RFC 6962 writes it, against published vectors, and against changes of every kind.

use std::sync::Arc;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{
    ConsistencyProof, InclusionProof, Node, ProofError, consistency_needs, inclusion_needs,
    prove_consistency, prove_inclusion, root_of, verify_consistency, verify_inclusion,
};
use crate::SigningKey;
use crate::ledger::{Checkpoint, Hash, NoteSigner, empty_root, leaf_hash, node_hash};

/// Sizes up to this are all tried.
const ALL: u64 = 70;

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

/// MTH of §2.1.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
            node_hash(&root(left), &root(right))
        }
    }
}

/// PATH of §2.1.1.
fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) =
        if m < k { (path(m, left), root(right)) } else { (path(m - k, right), root(left)) };
    path.push(sibling);
    path
}

/// SUBPROOF of §2.1.2.
fn subproof(m: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if known { Vec::new() } else { vec![root(leaves)] };
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(k);
    let (mut proof, other) = if m <= k {
        (subproof(m, left, known), root(right))
    } else {
        (subproof(m - k, right, false), root(left))
    };
    proof.push(other);
    proof
}

fn hashes(leaves: &[Hash]) -> impl Fn(Node) -> Result<Hash, ProofError> {
    move |node| {
        let begin = usize::try_from(node.index << node.level).unwrap();
        Ok(root(&leaves[begin..begin + (1 << node.level)]))
    }
}

fn at(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

fn inclusion(index: u64, leaves: &[Hash]) -> Vec<Hash> {
    prove_inclusion(index, leaves.len() as u64, hashes(leaves)).unwrap()
}

fn consistency(from: u64, leaves: &[Hash]) -> Vec<Hash> {
    prove_consistency(from, leaves.len() as u64, hashes(leaves)).unwrap()
}

#[test]
fn proofs_are_those_of_the_recursive_definition_and_hold() {
    let all = leaves(ALL);
    for size in 1..=ALL {
        let tree = &all[..at(size)];
        let whole = root(tree);
        assert_eq!(root_of(size, hashes(tree)).unwrap(), whole);
        for index in 0..size {
            let proof = inclusion(index, tree);
            assert_eq!(proof, path(at(index), tree), "leaf {index} of {size}");
            verify_inclusion(&tree[at(index)], index, &proof, size, &whole).unwrap();
        }
        for from in 1..=size {
            let proof = consistency(from, tree);
            assert_eq!(proof, subproof(at(from), tree, true), "{from} to {size}");
            verify_consistency(from, &root(&tree[..at(from)]), &proof, size, &whole).unwrap();
        }
        assert!(consistency(0, tree).is_empty());
        verify_consistency(0, &empty_root(), &[], size, &whole).unwrap();
    }
}

/// The leaves, paths and proofs of the certificate-transparency project's tests.
#[test]
fn proofs_are_those_of_the_published_vectors() {
    let texts =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let tree: Vec<Hash> = texts.iter().map(|text| leaf_hash(&hex::decode(text).unwrap())).collect();
    let hexes = |proof: Vec<Hash>| proof.iter().map(hex::encode).collect::<Vec<_>>();
    let a = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    let b = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    let c = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    let d = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    let e = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    let f = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
    let g = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
    let h = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    let i = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
    assert_eq!(hexes(inclusion(0, &tree)), [a, b, c]);
    assert_eq!(hexes(inclusion(5, &tree)), [d, e, f]);
    assert_eq!(hexes(inclusion(2, &tree[..3])), [g]);
    assert_eq!(hexes(inclusion(1, &tree[..5])), [h, b, d]);
    assert_eq!(hexes(consistency(1, &tree)), [a, b, c]);
    assert_eq!(hexes(consistency(6, &tree)), [i, e, f]);
    assert_eq!(hexes(consistency(2, &tree[..5])), [b, d]);
}

#[test]
fn there_is_no_proof_of_what_a_tree_does_not_have() {
    assert!(matches!(inclusion_needs(5, 5), Err(ProofError::NoLeaf { index: 5, size: 5 })));
    assert!(matches!(consistency_needs(6, 5), Err(ProofError::Backwards { from: 6, to: 5 })));
    let root = [7; 32];
    assert!(verify_inclusion(&root, 5, &[], 5, &root).is_err());
    assert!(verify_consistency(6, &root, &[], 5, &root).is_err());
    assert!(verify_consistency(0, &root, &[], 5, &root).is_err(), "the empty tree has one root");
    assert!(verify_consistency(5, &root, &[], 5, &[8; 32]).is_err());
}

#[test]
fn the_largest_tree_needs_a_few_dozen_hashes() {
    for index in [0, 1, u64::MAX / 2, u64::MAX - 1] {
        assert!(inclusion_needs(index, u64::MAX).unwrap().len() <= 128);
    }
    for from in [1, 3, u64::MAX / 2, u64::MAX - 1] {
        let hash_of = |_| Ok::<_, ProofError>([1; 32]);
        assert!(prove_consistency(from, u64::MAX, hash_of).unwrap().len() <= super::MAX_PATH);
    }
}

proptest! {
    #[test]
    fn larger_trees_agree_too(size in 1_u64..700, index in any::<u64>(), from in any::<u64>()) {
        let tree = leaves(size);
        let (index, from, whole) = (index % size, 1 + from % size, root(&tree));
        let proof = inclusion(index, &tree);
        prop_assert_eq!(&proof, &path(at(index), &tree));
        prop_assert!(verify_inclusion(&tree[at(index)], index, &proof, size, &whole).is_ok());
        let proof = consistency(from, &tree);
        prop_assert_eq!(&proof, &subproof(at(from), &tree, true));
        prop_assert!(verify_consistency(from, &root(&tree[..at(from)]), &proof, size, &whole).is_ok());
    }

    #[test]
    fn a_changed_inclusion_proof_never_holds(size in 1_u64..200, index in any::<u64>(), bit in any::<usize>()) {
        let tree = leaves(size);
        let (index, whole) = (index % size, root(&tree));
        let (leaf, proof) = (tree[at(index)], inclusion(index, &tree));
        for other in (0..size).filter(|other| *other != index) {
            prop_assert!(verify_inclusion(&leaf, other, &proof, size, &whole).is_err());
            prop_assert!(verify_inclusion(&tree[at(other)], index, &proof, size, &whole).is_err());
        }
        for changed in changes(&proof, bit) {
            prop_assert!(verify_inclusion(&leaf, index, &changed, size, &whole).is_err());
        }
        prop_assert!(verify_inclusion(&leaf, index, &proof, size, &flipped(whole, bit)).is_err());
        prop_assert!(verify_inclusion(&flipped(leaf, bit), index, &proof, size, &whole).is_err());
    }

    #[test]
    fn a_changed_consistency_proof_never_holds(to in 2_u64..200, from in any::<u64>(), bit in any::<usize>()) {
        let tree = leaves(to);
        let from = 1 + from % (to - 1);
        let (older, newer) = (root(&tree[..at(from)]), root(&tree));
        let proof = consistency(from, &tree);
        for changed in changes(&proof, bit) {
            prop_assert!(verify_consistency(from, &older, &changed, to, &newer).is_err());
        }
        prop_assert!(verify_consistency(from, &flipped(older, bit), &proof, to, &newer).is_err());
        prop_assert!(verify_consistency(from, &older, &proof, to, &flipped(newer, bit)).is_err());
        for other in (1..to).filter(|other| *other != from) {
            prop_assert!(verify_consistency(other, &root(&tree[..at(other)]), &proof, to, &newer).is_err());
        }
    }

    #[test]
    fn foreign_texts_never_panic(text in ".{0,300}", path in "(old 5\n|c2sp.org/tlog-proof@v1\nindex 0\n)[A-Za-z0-9+/=\n]{0,300}") {
        for text in [text, path] {
            if let Ok(proof) = text.parse::<InclusionProof>() {
                prop_assert_eq!(proof.to_string(), text.clone());
            }
            if let Ok(proof) = text.parse::<ConsistencyProof>() {
                prop_assert_eq!(proof.to_string(), text);
            }
        }
    }
}

/// Each hash with one bit flipped, one left out, one too many, and the order turned round.
fn changes(proof: &[Hash], bit: usize) -> Vec<Vec<Hash>> {
    let mut all = vec![[proof, &[[3; 32]]].concat()];
    for place in 0..proof.len() {
        let mut changed = proof.to_vec();
        changed[place] = flipped(changed[place], bit);
        all.push(changed);
        let mut short = proof.to_vec();
        short.remove(place);
        all.push(short);
    }
    let turned: Vec<Hash> = proof.iter().rev().copied().collect();
    if turned != proof {
        all.push(turned);
    }
    all
}

fn flipped(mut hash: Hash, bit: usize) -> Hash {
    hash[bit / 8 % 32] ^= 1 << (bit % 8);
    hash
}

fn signed(leaves: &[Hash]) -> (NoteSigner, String) {
    let signer = NoteSigner::new("gate.example", Arc::new(SigningKey::generate().unwrap())).unwrap();
    let checkpoint =
        Checkpoint { origin: "gate.example".to_owned(), size: leaves.len() as u64, root: root(leaves) };
    let note = checkpoint.sign(&signer).unwrap();
    (signer, note)
}

#[test]
fn texts_are_read_as_they_are_written_and_verify() {
    let tree = leaves(11);
    let (signer, checkpoint) = signed(&tree);
    for extra in [None, Some(b"fact 4".to_vec())] {
        let proof =
            InclusionProof { extra, index: 4, path: inclusion(4, &tree), checkpoint: checkpoint.clone() };
        let read: InclusionProof = proof.to_string().parse().unwrap();
        assert_eq!(read, proof);
        assert_eq!(read.verify(&tree[4], signer.verifier()).unwrap().size, 11);
        assert!(matches!(read.verify(&tree[5], signer.verifier()), Err(ProofError::Root { size: 11 })));
        let (stranger, _) = signed(&tree);
        assert!(matches!(read.verify(&tree[4], stranger.verifier()), Err(ProofError::Checkpoint(_))));
    }
    let proof = ConsistencyProof { from: 7, path: consistency(7, &tree), checkpoint };
    let read: ConsistencyProof = proof.to_string().parse().unwrap();
    assert_eq!(read, proof);
    assert_eq!(read.verify(&root(&tree[..7]), signer.verifier()).unwrap().size, 11);
    assert!(matches!(read.verify(&root(&tree[..6]), signer.verifier()), Err(ProofError::Root { size: 7 })));
}

#[test]
fn malformed_texts_are_refused() {
    let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let head = "c2sp.org/tlog-proof@v1\n";
    let inclusion = [
        String::new(),
        "c2sp.org/tlog-proof@v2\nindex 0\n\n".to_owned(),
        format!("{head}index 00\n\n"),
        format!("{head}index -1\n\n"),
        format!("{head}index +1\n\n"),
        format!("{head}index 18446744073709551616\n\n"),
        format!("{head}extra !\nindex 0\n\n"),
        format!("{head}extra AA==\nextra AA==\nindex 0\n\n"),
        format!("{head}index 0\n{hash}"),
        format!("{head}index 0\n{hash}\n"),
        format!("{head}index 0\nAAAA\n\n"),
        format!("{head}index 0\n{}\n", format!("{hash}\n").repeat(super::MAX_PATH + 1)),
        format!("{head}index 0\n\n{}", "x".repeat(3 << 20)),
    ];
    for text in inclusion {
        assert!(text.parse::<InclusionProof>().is_err(), "{text:.80}");
    }
    for text in ["", "old 1", "old 01\n\n", "new 1\n\n", "old 1\nAAAA\n\n"] {
        assert!(text.parse::<ConsistencyProof>().is_err(), "{text}");
    }
}
