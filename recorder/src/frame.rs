//! Frames: small appends on their way into a block, written to the tail at once.
//!
//! ```text
//! header (60) │ evidence ciphertext + tag │ input ciphertext + tag │ frame chain value (32)
//! ```
//! A frame names the block that it will be folded into. Its chain starts at the block before, so that frames of a
//! block which was never written are still bound to their place.

use crate::block::{CHAIN_LEN, Fields, MAX_SECTION};
use crate::cipher::{DataKey, DataKeys, TAG_LEN};
use crate::error::RecordError;
use crate::ledger::{Hash, hash_of};

pub(crate) const MAGIC: &[u8; 4] = b"CFRM";
pub(crate) const HEADER_LEN: usize = 60;
/// A frame's section is an append below the block size, with its record around it.
pub(crate) const MAX_FRAME_SECTION: usize = 16 * 1024;
const CHAIN_LABEL: &[u8] = b"chaperone/recording/frame/v1\n";

/// The fixed part of a frame. All numbers are big-endian in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// From 0 within its block.
    pub sequence: u32,
    /// First bytes of C₀.
    pub recording: [u8; 8],
    /// The block that it belongs to.
    pub ordinal: u64,
    /// From the same counter as the blocks'.
    pub nonce: u64,
    /// What the first record's delta counts from: the time of the record before it in the block.
    pub base_ns: u64,
    pub last_ns: u64,
    pub records: u32,
    pub evidence_len: u32,
    pub input_len: u32,
}

impl FrameHeader {
    pub(crate) fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let fields: [&[u8]; 10] = [
            MAGIC,
            &self.sequence.to_be_bytes(),
            &self.recording,
            &self.ordinal.to_be_bytes(),
            &self.nonce.to_be_bytes(),
            &self.base_ns.to_be_bytes(),
            &self.last_ns.to_be_bytes(),
            &self.records.to_be_bytes(),
            &self.evidence_len.to_be_bytes(),
            &self.input_len.to_be_bytes(),
        ];
        bytes.iter_mut().zip(fields.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes.strip_prefix(MAGIC)?);
        let header = Self {
            sequence: fields.u32()?,
            recording: fields.take()?,
            ordinal: fields.u64()?,
            nonce: fields.u64()?,
            base_ns: fields.u64()?,
            last_ns: fields.u64()?,
            records: fields.u32()?,
            evidence_len: fields.u32()?,
            input_len: fields.u32()?,
        };
        let bounded = |len: u32| {
            usize::try_from(len)
                .is_ok_and(|len| len == 0 || (len > TAG_LEN && len <= MAX_FRAME_SECTION + TAG_LEN))
        };
        (bounded(header.evidence_len) && bounded(header.input_len)).then_some(header)
    }

    fn body_len(&self) -> usize {
        let len = |section: u32| usize::try_from(section).unwrap_or(MAX_FRAME_SECTION);
        len(self.evidence_len) + len(self.input_len)
    }

    fn chain(&self, before: &Hash, body: &[u8]) -> Hash {
        hash_of(&[CHAIN_LABEL, before, &self.encode(), body])
    }
}

/// Encrypts a frame; returns its bytes and its chain value.
pub(crate) fn write(
    header: FrameHeader,
    keys: &DataKeys,
    before: &Hash,
    evidence: &[u8],
    input: &[u8],
) -> Result<(Vec<u8>, Hash), RecordError> {
    let with_tag = |plain: &[u8]| {
        let len = if plain.is_empty() { 0 } else { plain.len() + TAG_LEN };
        u32::try_from(len).map_err(|_| RecordError::TooLarge { bytes: len, limit: MAX_FRAME_SECTION })
    };
    let header = FrameHeader { evidence_len: with_tag(evidence)?, input_len: with_tag(input)?, ..header };
    let encoded = header.encode();
    let aad = [&encoded[..], before].concat();
    let mut bytes = Vec::with_capacity(HEADER_LEN + header.body_len() + CHAIN_LEN);
    bytes.extend_from_slice(&encoded);
    for (plain, key) in [(evidence, &keys.evidence), (input, &keys.input)] {
        if !plain.is_empty() {
            let start = bytes.len();
            bytes.extend_from_slice(plain);
            let sealed = bytes.get_mut(start..).and_then(|section| key.seal(header.nonce, &aad, section));
            bytes.extend_from_slice(&sealed.ok_or(RecordError::Section("encrypt"))?);
        }
    }
    let chain = header.chain(before, bytes.get(HEADER_LEN..).unwrap_or_default());
    bytes.extend_from_slice(&chain);
    Ok((bytes, chain))
}

/// A frame found in a file; nothing but its shape is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'f> {
    pub header: FrameHeader,
    body: &'f [u8],
    /// The chain value that it carries.
    stored: Hash,
    /// Header, sections and chain value as they stand.
    pub whole: &'f [u8],
}

impl<'f> Frame<'f> {
    /// The frame at the start of `bytes`.
    pub(crate) fn parse(bytes: &'f [u8]) -> Option<Self> {
        let header = FrameHeader::parse(bytes.get(..HEADER_LEN)?)?;
        let end = HEADER_LEN + header.body_len();
        let body = bytes.get(HEADER_LEN..end)?;
        let stored = bytes.get(end..)?.first_chunk::<CHAIN_LEN>()?;
        Some(Self { header, body, stored: *stored, whole: bytes.get(..end + CHAIN_LEN)? })
    }

    /// The frame's chain value if it follows `before`.
    pub(crate) fn follows(&self, before: &Hash) -> Option<Hash> {
        (self.header.chain(before, self.body) == self.stored).then_some(self.stored)
    }

    /// Bytes of plaintext in the input section.
    pub(crate) fn input_plain(&self) -> u64 {
        let tag = u32::try_from(TAG_LEN).unwrap_or(0);
        u64::from(self.header.input_len.saturating_sub(tag))
    }

    /// Decrypts one section.
    pub(crate) fn open(
        &self,
        before: &Hash,
        section: crate::block::Section,
        key: &DataKey,
    ) -> Option<Vec<u8>> {
        let evidence_len = usize::try_from(self.header.evidence_len).ok()?;
        let ciphertext = match section {
            crate::block::Section::Evidence => self.body.get(..evidence_len)?,
            crate::block::Section::Input => self.body.get(evidence_len..)?,
        };
        if ciphertext.is_empty() {
            return Some(Vec::new());
        }
        let mut buffer = ciphertext.to_vec();
        let aad = [&self.header.encode()[..], before].concat();
        key.open(self.header.nonce, &aad, &mut buffer).map(<[u8]>::to_vec)
    }
}

/// The place that frames must fit: after which block, under which chain value and nonce.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub recording: [u8; 8],
    /// Chain value and ordinal of the last block.
    pub chain: Hash,
    pub ordinal: u64,
    /// Nonce of the last block.
    pub nonce: u64,
}

/// Sound frames of the block after `place`, as they stand in a tail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Adopted {
    /// The frames, one behind the other.
    pub bytes: Vec<u8>,
    pub frames: u32,
    pub records: u32,
    pub first_ns: u64,
    pub last_ns: u64,
    pub nonce: u64,
    /// Bytes of the tail that are neither adopted nor frames of blocks that are in the recording already.
    pub left: Vec<u8>,
}

/// Finds the frames of the block after `place` in a tail. Frames of earlier blocks are stale: their records are in the
/// block. After a damaged stretch the search goes on for the one frame that is due next.
pub(crate) fn adopt(tail: &[u8], place: &Place) -> Adopted {
    let due = place.ordinal.saturating_add(1);
    let mut adopted = Adopted { nonce: place.nonce, ..Adopted::default() };
    let mut chain = place.chain;
    let mut rest = tail;
    while !rest.is_empty() {
        let frame = Frame::parse(rest).filter(|frame| frame.header.recording == place.recording);
        if let Some(frame) = frame {
            let header = frame.header;
            if header.ordinal == due
                && header.sequence == adopted.frames
                && header.nonce > adopted.nonce
                && adopted.bytes.len() + frame.whole.len() <= MAX_SECTION
                && let Some(next) = frame.follows(&chain)
            {
                if adopted.frames == 0 {
                    adopted.first_ns = header.base_ns;
                }
                chain = next;
                adopted.bytes.extend_from_slice(frame.whole);
                adopted.frames += 1;
                adopted.records = adopted.records.saturating_add(header.records);
                adopted.last_ns = header.last_ns;
                adopted.nonce = header.nonce;
                rest = rest.get(frame.whole.len()..).unwrap_or_default();
                continue;
            }
            let behind = rest.get(frame.whole.len()..).unwrap_or_default();
            // A stale frame whose length was damaged must not hide the frames behind it.
            if header.ordinal < due && (behind.is_empty() || behind.starts_with(MAGIC)) {
                rest = behind;
                continue;
            }
        }
        let Some((byte, more)) = rest.split_first() else { break };
        adopted.left.push(*byte);
        rest = more;
    }
    adopted
}
