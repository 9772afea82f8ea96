//! The seal: the signed end of a recording. There is never a second one.
//!
//! ```text
//! "CSEL" │ be32 length │ canonical JSON │ Ed25519 signature (64) │ be32 length of all this │ "CHAPEND\n"
//! ```

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::channel::{ChannelCoverage, Stream};
use crate::error::RecordError;
use crate::header::SIGNATURE_LEN;
use crate::key::{PublicKey, SigningKey};
use crate::ledger::{Hash, canonical_json, hash_of, is_canonical};
use crate::medium::Medium;
use crate::shape;

pub(crate) const MAGIC: &[u8; 4] = b"CSEL";
const END_MAGIC: &[u8; 8] = b"CHAPEND\n";
pub(crate) const PREFIX_LEN: usize = 8;
const TRAILER_LEN: usize = 12;
/// Longest JSON text of a seal: room for what [`CHANNELS`](crate::CHANNELS) channels state and count, however much that is.
pub(crate) const MAX_JSON: usize = 16 << 20;
/// As much of a reason as a seal holds that has no room for all it was given, in characters.
const SHORT: usize = 200;
const SIGN_LABEL: &[u8] = b"chaperone/recording/seal/v1\n";

/// How the recording came to its seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SealState {
    /// By the session's own end.
    Sealed,
    /// As found after a crash: the last bytes may be missing, and counts per channel are not known.
    Recovered,
}

/// Bytes of one stream of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamCount {
    /// The channel's number.
    pub channel: u32,
    /// Which stream.
    pub stream: Stream,
    /// Bytes recorded.
    #[serde(with = "decimal")]
    pub received: u64,
    /// Bytes written to the other leg.
    #[serde(with = "decimal")]
    pub delivered: u64,
}

/// What recovery found and did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryNote {
    /// Frames of the tail that became the last block.
    pub frames: u32,
    /// Bytes that fit nowhere and are kept in `<session>.rest`.
    #[serde(with = "decimal")]
    pub left_bytes: u64,
    /// SHA-256 of those bytes.
    #[serde(with = "hex::serde")]
    pub left_sha256: Hash,
    /// The newest checkpoint of this recording that the ledger held, if one was given: block and chain value.
    pub checkpoint: Option<(u64, String)>,
    /// Whether the recording, as found, holds that checkpoint.
    pub reaches_checkpoint: bool,
}

/// What a seal states; see [`Seal::hash`] for what the ledger keeps of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Whose recording.
    pub session: Uuid,
    /// C₀ of the recording: a seal fits one header only.
    #[serde(with = "hex::serde")]
    pub recording: Hash,
    /// How it came about.
    pub state: SealState,
    /// Blocks in the recording.
    pub blocks: u64,
    /// Chain value of the last block.
    #[serde(with = "hex::serde")]
    pub chain: Hash,
    /// Records; unknown when recovered.
    #[serde(with = "optional_decimal")]
    pub records: Option<u64>,
    /// Payload bytes; unknown when recovered.
    #[serde(with = "optional_decimal")]
    pub bytes: Option<u64>,
    /// Time of the first record, if there is one.
    pub first_at: Option<Timestamp>,
    /// Time of the last record, if there is one.
    pub last_at: Option<Timestamp>,
    /// When it was sealed.
    pub at: Timestamp,
    /// Why the session ended, kebab-case.
    pub reason: String,
    /// One statement per channel.
    pub coverage: Vec<ChannelCoverage>,
    /// Per channel and stream; empty when recovered.
    pub counts: Vec<StreamCount>,
    /// Present when recovered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recovery: Option<RecoveryNote>,
    /// Whose signature.
    #[serde(serialize_with = "show_key", deserialize_with = "read_key")]
    pub seal_key: PublicKey,
    /// SHA-256 of the seal as it stands in the file. The ledger's `session-sealed` fact holds it.
    #[serde(skip)]
    pub hash: Hash,
}

/// Why an end of a file is no seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// The file ends inside it.
    #[error("the file ends inside its seal")]
    Truncated,
    /// It does not say what a seal says.
    #[error("the seal is damaged: {0}")]
    Damaged(&'static str),
    /// The signature is not that of the key which the seal names.
    #[error("the seal's signature does not verify")]
    Signature,
}

impl Seal {
    /// Signs, and returns the seal as it stands in the file; fills in `hash`.
    pub(crate) fn write(&mut self, signer: &SigningKey) -> Result<Vec<u8>, RecordError> {
        let body = serde_json::to_value(&*self).map_err(crate::ledger::CanonicalError::Serialise)?;
        let json = canonical_json(&body)?;
        if json.len() > MAX_JSON {
            return Err(RecordError::TooLarge { bytes: json.len(), limit: MAX_JSON });
        }
        let mut bytes = Vec::with_capacity(PREFIX_LEN + json.len() + SIGNATURE_LEN + TRAILER_LEN);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&u32::try_from(json.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(json.as_bytes());
        bytes.extend_from_slice(&signer.sign(&[SIGN_LABEL, &bytes].concat())?);
        let total = u32::try_from(bytes.len() + TRAILER_LEN).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&total.to_be_bytes());
        bytes.extend_from_slice(END_MAGIC);
        self.hash = hash_of(&[&bytes]);
        Ok(bytes)
    }

    /// Has one statement, the weakest, stand for all: a recording is sealed whatever its channels state.
    pub(crate) fn abridge(&mut self) {
        let short = |text: &str| text.chars().take(SHORT).collect::<String>();
        let all = self.coverage.len();
        let weakest = self.coverage.iter().min_by_key(|one| one.coverage).map(|one| ChannelCoverage {
            why: format!(
                "the weakest of {all} statements, for which a seal has no room: {}",
                short(&one.why)
            ),
            ..*one
        });
        self.coverage = weakest.into_iter().collect();
        self.reason = short(&self.reason);
    }

    /// How long the seal is that begins with `prefix`.
    pub(crate) fn measure(prefix: &[u8; PREFIX_LEN]) -> Option<usize> {
        let len = prefix.strip_prefix(MAGIC).and_then(|rest| <[u8; 4]>::try_from(rest).ok())?;
        let len = usize::try_from(u32::from_be_bytes(len)).ok()?;
        (len <= MAX_JSON).then_some(PREFIX_LEN + len + SIGNATURE_LEN + TRAILER_LEN)
    }

    /// Whether its fields fit each other and their bounds. How each is spelled is compared apart from this.
    fn is_shaped(&self) -> bool {
        let in_json = |number: u64| number < 1 << 53;
        let counted: BTreeSet<_> = self.counts.iter().map(|count| (count.channel, count.stream)).collect();
        let of_state = match (self.state, &self.recovery) {
            (SealState::Sealed, None) => self.records.is_some() && self.bytes.is_some(),
            (SealState::Recovered, Some(note)) => {
                let known = note.checkpoint.as_ref();
                known.is_none_or(|(block, chain)| in_json(*block) && shape::hash(chain).is_some())
                    && self.records.is_none()
                    && self.bytes.is_none()
                    && self.counts.is_empty()
            }
            _ => false,
        };
        let has_time = |at: Option<Timestamp>| at.map_or(self.blocks == 0, in_range);
        of_state
            && in_json(self.blocks)
            && counted.len() == self.counts.len()
            && has_time(self.first_at)
            && has_time(self.last_at)
            && in_range(self.at)
    }

    /// Reads a seal of exactly the measured length and checks its signature by the key that it names. Whether that key
    /// is to be trusted is the caller's question.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, SealFault> {
        let (rest, trailer) = bytes.split_last_chunk::<TRAILER_LEN>().ok_or(SealFault::Truncated)?;
        let (signed, signature) = rest.split_last_chunk::<SIGNATURE_LEN>().ok_or(SealFault::Truncated)?;
        if trailer_len(trailer) != u64::try_from(bytes.len()).ok() {
            return Err(SealFault::Damaged("its trailer does not fit"));
        }
        let json = signed.get(PREFIX_LEN..).ok_or(SealFault::Truncated)?;
        if !is_canonical(json) {
            return Err(SealFault::Damaged("its text is not canonical"));
        }
        let seal = serde_json::from_slice::<Self>(json);
        let mut seal = seal.map_err(|_| SealFault::Damaged("a field is missing or malformed"))?;
        if !seal.is_shaped() || !serde_json::to_value(&seal).is_ok_and(|value| shape::states(json, &value)) {
            return Err(SealFault::Damaged("a field is missing or malformed"));
        }
        if !seal.seal_key.verify(&[SIGN_LABEL, signed].concat(), signature) {
            return Err(SealFault::Signature);
        }
        seal.hash = hash_of(&[bytes]);
        Ok(seal)
    }
}

/// Whether the file's last bytes close a seal that begins where they say.
pub(crate) fn ends_with_seal(file: &dyn Medium, len: u64) -> bool {
    let look = || {
        let mut trailer = [0; TRAILER_LEN];
        file.read_exact_at(&mut trailer, len.checked_sub(u64::try_from(TRAILER_LEN).ok()?)?).ok()?;
        let mut magic = [0; MAGIC.len()];
        file.read_exact_at(&mut magic, len.checked_sub(trailer_len(&trailer)?)?).ok()?;
        Some(&magic == MAGIC)
    };
    look().unwrap_or(false)
}

fn in_range(at: Timestamp) -> bool {
    shape::time(&at.to_string()).is_some()
}

fn trailer_len(trailer: &[u8; TRAILER_LEN]) -> Option<u64> {
    let (len, magic) = trailer.split_first_chunk::<4>()?;
    (magic == END_MAGIC).then_some(u64::from(u32::from_be_bytes(*len)))
}

fn show_key<S: serde::Serializer>(key: &PublicKey, serializer: S) -> Result<S::Ok, S::Error> {
    key.serialize(serializer)
}

fn read_key<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<PublicKey, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// 64-bit numbers are strings in canonical JSON.
mod decimal {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

mod optional_decimal {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::channel::{CHANNELS, Coverage};

    fn seal(coverage: Vec<ChannelCoverage>, counts: Vec<StreamCount>, reason: String) -> (Seal, SigningKey) {
        let signer = SigningKey::generate().unwrap();
        let at = Timestamp::now();
        let seal = Seal {
            session: Uuid::max(),
            recording: Hash::default(),
            state: SealState::Sealed,
            blocks: (1 << 53) - 1,
            chain: Hash::default(),
            records: Some(u64::MAX),
            bytes: Some(u64::MAX),
            first_at: Some(at),
            last_at: Some(at),
            at,
            reason,
            coverage,
            counts,
            recovery: None,
            seal_key: signer.public(),
            hash: Hash::default(),
        };
        (seal, signer)
    }

    #[test]
    fn there_is_room_for_all_that_the_most_channels_state_and_count() {
        let (least, most) = (u32::MAX - u32::try_from(CHANNELS).unwrap(), u32::MAX);
        let coverage = (least..most).map(|channel| ChannelCoverage {
            channel,
            coverage: Coverage::OutputOnly,
            why: "x".repeat(200),
        });
        let counts = (least..most).flat_map(|channel| {
            (0..6).filter_map(Stream::from_code).map(move |stream| StreamCount {
                channel,
                stream,
                received: u64::MAX,
                delivered: u64::MAX,
            })
        });
        let (mut seal, signer) = seal(coverage.collect(), counts.collect(), "x".repeat(1000));
        let bytes = seal.write(&signer).unwrap();
        assert!(bytes.len() > MAX_JSON / 2, "{} bytes: the bound is far too low", bytes.len());
        assert_eq!(Seal::read(&bytes).unwrap().counts.len(), 6 * CHANNELS);
    }

    proptest! {
        #[test]
        fn whatever_is_stated_has_one_weakest_statement(
            stated in prop::collection::vec((any::<u32>(), 0..4_usize, "(?s:.){0,300}"), 0..20),
            reason in "(?s:.){0,300}",
        ) {
            let all = [Coverage::Refused, Coverage::FlowOnly, Coverage::OutputOnly, Coverage::Captured];
            let coverage = stated.iter().map(|(channel, coverage, why)| {
                ChannelCoverage { channel: *channel, coverage: all[*coverage], why: why.clone() }
            });
            let (mut seal, signer) = seal(coverage.collect(), Vec::new(), reason);
            let weakest = crate::channel::weakest(&seal.coverage);
            seal.abridge();
            prop_assert_eq!(seal.coverage.len(), stated.len().min(1));
            prop_assert_eq!(crate::channel::weakest(&seal.coverage), weakest);
            let bytes = seal.write(&signer).unwrap();
            prop_assert!(bytes.len() < 8 << 10, "{} bytes", bytes.len());
            prop_assert_eq!(Seal::read(&bytes), Ok(seal));
        }
    }
}
