//! The header of a recording: who, when, with which keys; signed by the node, and durable before anything is dialled.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cipher::{DataKeys, KeyRole};
use crate::error::RecordError;
use crate::key::{PublicKey, Recipient};
use crate::ledger::{Hash, canonical_json, hash_of, is_canonical};
use crate::opening::{Durability, Opening, RecordingKeys};
use crate::shape;

pub(crate) const MAGIC: &[u8; 8] = b"CHAPREC\n";
/// The version that this code writes and the only one that it reads.
pub(crate) const VERSION: u16 = 1;
/// Magic, version, reserved, length.
pub(crate) const PREFIX_LEN: usize = 16;
/// Longest JSON text of a header.
pub(crate) const MAX_JSON: usize = 256 * 1024;
pub(crate) const SIGNATURE_LEN: usize = 64;

const SIGN_LABEL: &[u8] = b"chaperone/recording/header/v1\n";
const CHAIN_LABEL: &[u8] = b"chaperone/recording/chain/v1\n";

/// A header, read and found well-formed; its signature verified against the key that it names.
#[derive(Clone, Debug)]
pub struct Header {
    /// Names the recording.
    pub session: Uuid,
    /// Wall time of the start; every record's time counts from it, by the monotonic clock.
    pub started: Timestamp,
    /// When an append counted as done.
    pub mode: Durability,
    /// Whose signature header and seal carry.
    pub seal_key: PublicKey,
    /// What the caller stated.
    pub facts: Value,
    pub(crate) evidence: WrappedKey,
    pub(crate) input: WrappedKey,
    /// C₀, and the recording's identity.
    pub(crate) chain: Hash,
    /// Bytes from the start of the file to the first block.
    pub(crate) len: u64,
}

/// A data key as the header holds it.
#[derive(Clone, Debug)]
pub(crate) struct WrappedKey {
    pub commitment: Hash,
    pub wrapped: Vec<u8>,
}

/// Why a file's beginning is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// The file is no recording.
    #[error("the file does not begin as a recording does")]
    NotARecording,
    /// Another version wrote it.
    #[error("the recording has format version {0}, which this program does not know")]
    UnknownVersion(u16),
    /// Its text is of another format.
    #[error("the header's text is of a format that this program does not know")]
    UnknownFormat,
    /// The file ends inside its header.
    #[error("the file ends inside its header")]
    Truncated,
    /// The header does not say what a header says.
    #[error("the header is damaged: {0}")]
    Damaged(&'static str),
    /// The signature is not that of the key which the header names.
    #[error("the header's signature does not verify")]
    Signature,
}

impl Header {
    /// The whole header, signed, and its chain value.
    pub(crate) fn write(
        opening: &Opening,
        keys: &RecordingKeys,
        data: &DataKeys,
        monotonic_ns: u64,
    ) -> Result<(Vec<u8>, Hash), RecordError> {
        let session = opening.session;
        let key = |key: &crate::cipher::DataKey, role: KeyRole, to: &[Recipient]| {
            Ok::<Value, RecordError>(json!({
                "commitment": hex::encode(key.commitment(role, session)),
                "recipients": to.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "wrapped": STANDARD.encode(key.wrap(to)?),
            }))
        };
        let body = json!({
            "format": VERSION,
            "session": session,
            "started": opening.started,
            "monotonic_origin_ns": monotonic_ns.to_string(),
            "durability": opening.mode,
            "seal_key": keys.signer.public(),
            "keys": {
                "evidence": key(&data.evidence, KeyRole::Evidence, &keys.evidence)?,
                "input": key(&data.input, KeyRole::Input, &keys.unmask)?,
            },
            "facts": opening.facts,
        });
        let json = canonical_json(&body)?;
        if json.len() > MAX_JSON {
            return Err(RecordError::TooLarge { bytes: json.len(), limit: MAX_JSON });
        }
        let mut bytes = Vec::with_capacity(PREFIX_LEN + json.len() + SIGNATURE_LEN);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(&u32::try_from(json.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(json.as_bytes());
        let signature = keys.signer.sign(&[SIGN_LABEL, &bytes].concat())?;
        bytes.extend_from_slice(&signature);
        let chain = hash_of(&[CHAIN_LABEL, &bytes]);
        Ok((bytes, chain))
    }

    /// How long the header is that begins with `prefix`.
    pub(crate) fn measure(prefix: &[u8; PREFIX_LEN]) -> Result<usize, HeaderFault> {
        let Some((version, rest)) = prefix.strip_prefix(MAGIC).and_then(|rest| rest.split_first_chunk::<2>())
        else {
            return Err(HeaderFault::NotARecording);
        };
        match u16::from_be_bytes(*version) {
            VERSION => {}
            other => return Err(HeaderFault::UnknownVersion(other)),
        }
        let Some(([0, 0], len)) = rest.split_first_chunk::<2>() else {
            return Err(HeaderFault::Damaged("its reserved bytes are not zero"));
        };
        let len = <[u8; 4]>::try_from(len).map_or(u32::MAX, u32::from_be_bytes);
        match usize::try_from(len) {
            Ok(len) if len <= MAX_JSON => Ok(PREFIX_LEN + len + SIGNATURE_LEN),
            _ => Err(HeaderFault::Damaged("its length is more than a header can have")),
        }
    }

    /// Reads a header of exactly the measured length, and checks its signature by the key that it names. Whether that
    /// key is to be trusted is the caller's question.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, HeaderFault> {
        let (signed, signature) = bytes.split_last_chunk::<SIGNATURE_LEN>().ok_or(HeaderFault::Truncated)?;
        let json = signed.get(PREFIX_LEN..).ok_or(HeaderFault::Truncated)?;
        let body: Value =
            serde_json::from_slice(json).map_err(|_| HeaderFault::Damaged("its text is no JSON"))?;
        if !is_canonical(json) {
            return Err(HeaderFault::Damaged("its text is not canonical"));
        }
        if body.is_object() && body.get("format") != Some(&Value::from(VERSION)) {
            return Err(HeaderFault::UnknownFormat);
        }
        let header =
            Self::parse(body, bytes).ok_or(HeaderFault::Damaged("a field is missing or malformed"))?;
        if !header.seal_key.verify(&[SIGN_LABEL, signed].concat(), signature) {
            return Err(HeaderFault::Signature);
        }
        Ok(header)
    }

    fn parse(mut body: Value, bytes: &[u8]) -> Option<Self> {
        // Taken, not copied: it is as large as whoever wrote the file wants.
        let facts = body.get_mut("facts")?.take();
        let text = |name: &str| body.get(name)?.as_str();
        let key = |role: &str| {
            let key = body.get("keys")?.get(role)?;
            let commitment = shape::hash(key.get("commitment")?.as_str()?)?;
            let wrapped = STANDARD.decode(key.get("wrapped")?.as_str()?).ok()?;
            key.get("recipients")?.as_array()?.iter().all(Value::is_string).then_some(())?;
            Some(WrappedKey { commitment, wrapped })
        };
        shape::same::<u64>(text("monotonic_origin_ns")?)?;
        Some(Self {
            session: shape::same(text("session")?)?,
            started: shape::time(text("started")?)?,
            mode: match text("durability")? {
                "prompt" => Durability::Prompt,
                "durable" => Durability::Durable,
                _ => return None,
            },
            seal_key: shape::same(text("seal_key")?)?,
            facts: facts.is_object().then_some(facts)?,
            evidence: key("evidence")?,
            input: key("input")?,
            chain: hash_of(&[CHAIN_LABEL, bytes]),
            len: u64::try_from(bytes.len()).ok()?,
        })
    }
}

/// The first bytes of C₀: they name the recording in every block and frame.
pub(crate) fn recording_tag(chain: &Hash) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *chain;
    [a, b, c, d, e, f, g, h]
}
