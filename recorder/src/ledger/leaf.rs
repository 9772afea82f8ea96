//! What one numbered fact commits to: its number, time, kind, tags and the salted hash of its body.
//!
//! The salt keeps a short body from being guessed from its hash. A tag shows the holder of one target's key which
//! leaves concern that target, and nobody else anything.

use aws_lc_rs::hmac;
use serde_json::Value;

use super::canonical::{CanonicalError, canonical_json};
use super::tree::{self, Hash, sha256};

const BODY_LABEL: &[u8] = b"chaperone/ledger/body/v1\n";
const TAG_LABEL: &[u8] = b"chaperone/ledger/tag/v1\n";
/// First byte of an encoded leaf.
const LEAF_VERSION: u8 = 1;

/// The salted hash of a fact's body.
pub type BodyHash = Hash;
/// Random bytes kept beside a body and deleted with it.
pub type Salt = [u8; 16];

/// The key whose holder recognises the leaves of one target. Kept by the store; handed over with a bundle.
#[derive(Clone, PartialEq, Eq)]
pub struct TagKey(pub [u8; 32]);

impl std::fmt::Debug for TagKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TagKey(..)")
    }
}

/// HMAC-SHA-256 under a target's tag key, cut to 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub [u8; 16]);

/// The tag of fact `number` under `key`: HMAC-SHA-256(key, label ‖ be64(number)), its first 16 bytes.
#[must_use]
pub fn tag(key: &TagKey, number: u64) -> Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key.0);
    let mut context = hmac::Context::with_key(&key);
    context.update(TAG_LABEL);
    context.update(&number.to_be_bytes());
    let mut cut = [0; 16];
    cut.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
    Tag(cut)
}

/// SHA-256(label ‖ salt ‖ canonical JSON of the body).
///
/// # Errors
/// When the body has no canonical text.
pub fn body_hash(salt: &Salt, body: &Value) -> Result<BodyHash, CanonicalError> {
    Ok(body_text_hash(salt, &canonical_json(body)?))
}

/// The same of a canonical text.
#[must_use]
pub fn body_text_hash(salt: &Salt, text: &str) -> BodyHash {
    sha256(&[BODY_LABEL, salt, text.as_bytes()])
}

/// One leaf of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Without gaps, from 0: also the leaf's index in the tree.
    pub number: u64,
    /// Microseconds since the Unix epoch.
    pub at_us: i64,
    /// Kebab-case name of the fact's kind. At most 65,535 bytes are encoded.
    pub kind: String,
    /// One for each target that the fact concerns. The order does not matter: they are sorted when encoded.
    pub tags: Vec<Tag>,
    /// [`body_hash`].
    pub body_hash: BodyHash,
}

impl Leaf {
    /// The bytes that the tree holds: version, be64 number, be64 time, be16 length and kind, be16 count and sorted
    /// tags, body hash.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut tags = self.tags.clone();
        tags.sort_unstable();
        tags.dedup();
        let kind_len = u16::try_from(self.kind.len()).unwrap_or(u16::MAX);
        let tag_count = u16::try_from(tags.len()).unwrap_or(u16::MAX);
        let mut bytes = Vec::with_capacity(64 + self.kind.len() + 16 * tags.len());
        bytes.push(LEAF_VERSION);
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.at_us.to_be_bytes());
        bytes.extend_from_slice(&kind_len.to_be_bytes());
        bytes.extend(self.kind.bytes().take(usize::from(kind_len)));
        bytes.extend_from_slice(&tag_count.to_be_bytes());
        tags.iter().take(usize::from(tag_count)).for_each(|tag| bytes.extend_from_slice(&tag.0));
        bytes.extend_from_slice(&self.body_hash);
        bytes
    }

    /// Reads what [`Leaf::encode`] writes, and nothing else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[LEAF_VERSION], rest) = bytes.split_first_chunk::<1>()? else { return None };
        let (number, rest) = rest.split_first_chunk::<8>()?;
        let (at_us, rest) = rest.split_first_chunk::<8>()?;
        let (kind_len, rest) = rest.split_first_chunk::<2>()?;
        let (kind, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*kind_len)))?;
        let (tag_count, rest) = rest.split_first_chunk::<2>()?;
        let (tags, rest) = rest.split_at_checked(16 * usize::from(u16::from_be_bytes(*tag_count)))?;
        let (tags, _) = tags.as_chunks::<16>();
        if !tags.is_sorted_by(|earlier, later| earlier < later) {
            return None;
        }
        Some(Self {
            number: u64::from_be_bytes(*number),
            at_us: i64::from_be_bytes(*at_us),
            kind: std::str::from_utf8(kind).ok()?.to_owned(),
            tags: tags.iter().map(|tag| Tag(*tag)).collect(),
            body_hash: rest.try_into().ok()?,
        })
    }

    /// The leaf's hash in the tree (RFC 6962 §2.1).
    #[must_use]
    pub fn hash(&self) -> Hash {
        tree::leaf_hash(&self.encode())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Leaf, Tag, TagKey, body_hash, tag};

    fn leaf() -> Leaf {
        Leaf {
            number: 7,
            at_us: 1_700_000_000_000_000,
            kind: "attempt-refused".into(),
            tags: vec![Tag([2; 16]), Tag([1; 16])],
            body_hash: [9; 32],
        }
    }

    #[test]
    fn encoding_is_the_specified_one() {
        let expected = "01".to_owned()
            + "0000000000000007"
            + "00060a24181e4000"
            + "000f"
            + &hex::encode("attempt-refused")
            + "0002"
            + &"01".repeat(16)
            + &"02".repeat(16)
            + &"09".repeat(32);
        assert_eq!(hex::encode(leaf().encode()), expected);
    }

    #[test]
    fn only_the_specified_encoding_is_read() {
        let bytes = leaf().encode();
        assert_eq!(Leaf::decode(&bytes).unwrap().encode(), bytes);
        assert!((0..bytes.len()).all(|end| Leaf::decode(&bytes[..end]).is_none()), "cut");
        assert!(Leaf::decode(&[&bytes[..], &[0]].concat()).is_none(), "longer");
        let at = bytes.len() - 64;
        let swapped = [&bytes[..at], &[2; 16], &[1; 16], &[9; 32]].concat();
        assert!(Leaf::decode(&swapped).is_none(), "tags in another order");
    }

    #[test]
    fn every_field_changes_the_hash_and_the_order_of_tags_does_not() {
        let same = Leaf { tags: vec![Tag([1; 16]), Tag([2; 16]), Tag([2; 16])], ..leaf() };
        assert_eq!(same.hash(), leaf().hash());
        let others = [
            Leaf { number: 8, ..leaf() },
            Leaf { at_us: -1, ..leaf() },
            Leaf { kind: "attempt-refuseD".into(), ..leaf() },
            Leaf { tags: vec![], ..leaf() },
            Leaf { body_hash: [8; 32], ..leaf() },
        ];
        others.iter().for_each(|other| assert_ne!(other.hash(), leaf().hash()));
    }

    #[test]
    fn salt_and_body_both_count() {
        let hash = |salt: u8, body| body_hash(&[salt; 16], &body).unwrap();
        assert_eq!(hash(1, json!({ "a": 1, "b": 2 })), hash(1, json!({ "b": 2, "a": 1 })));
        assert_ne!(hash(1, json!({})), hash(2, json!({})));
        assert_ne!(hash(1, json!({})), hash(1, json!([])));
    }

    #[test]
    fn tags_of_one_target_differ_by_number_and_those_of_two_targets_by_key() {
        let (a, b) = (TagKey([1; 32]), TagKey([2; 32]));
        assert_eq!(tag(&a, 5), tag(&a, 5));
        assert_ne!(tag(&a, 5), tag(&a, 6));
        assert_ne!(tag(&a, 5), tag(&b, 5));
    }
}
