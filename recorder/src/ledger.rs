//! The ledger's hashing, shared by the store that writes it and by verifiers that check it.
//!
//! ```text
//! body ──canonical JSON, salt──▶ body hash ─┐
//! number, time, kind, tags ─────────────────┴▶ leaf ──RFC 6962──▶ CompactRange ──root──▶ Checkpoint ──signed note
//! ```
//!
//! Nothing here reads a clock, a file or a database. `recorder/README.md` specifies every byte.

mod canonical;
mod leaf;
mod note;
mod proof;
mod tree;

pub(crate) use self::canonical::is_canonical;
pub use self::canonical::{CanonicalError, canonical_json};
pub use self::leaf::{BodyHash, Leaf, Salt, Tag, TagKey, body_hash, body_text_hash, tag};
pub use self::note::{Checkpoint, NoteError, NoteSigner, OpenedNote, VerifierKey};
pub use self::proof::{
    ConsistencyProof, InclusionProof, MAX_PATH, Node, ProofError, consistency_needs, inclusion_needs,
    prove_consistency, prove_inclusion, root_needs, root_of, verify_consistency, verify_inclusion,
};
pub use self::tree::sha256 as hash_of;
pub use self::tree::{CompactRange, Hash, TreeError, empty_root, leaf_hash, node_hash};
