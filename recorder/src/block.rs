//! Blocks: the durable units of a recording. Each carries the chain value over everything before it.
//!
//! ```text
//! header (68) │ evidence ciphertext + tag │ input ciphertext + tag │ chain value (32)
//! ```

use std::cell::RefCell;

use zstd::bulk::Compressor;

use crate::cipher::{DataKey, DataKeys, TAG_LEN};
use crate::error::RecordError;
use crate::ledger::{Hash, hash_of};
use crate::packed;

pub(crate) const MAGIC: &[u8; 4] = b"CBLK";
pub(crate) const HEADER_LEN: usize = 68;
pub(crate) const CHAIN_LEN: usize = 32;
/// No section is longer, before or after compression.
pub(crate) const MAX_SECTION: usize = 2 << 20;

const CHAIN_LABEL: &[u8] = b"chaperone/recording/block/v1\n";
const EVIDENCE_ZSTD: u8 = 1;
const INPUT_ZSTD: u8 = 2;
/// Level 1: DESIGN 5.5 gives the measurement.
const ZSTD_LEVEL: i32 = 1;
const SAMPLE: usize = 4096;
/// Shorter sections are not worth a try.
const MIN_COMPRESSED: usize = 256;
/// Scratch beyond this is given back after use.
const SCRATCH_KEPT: usize = 256 * 1024;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// Records in an evidence section, and the typed bytes in an input section.
    Records,
    /// The frames of a recording that was never sealed, as they were found.
    Frames,
}

/// The fixed part of a block. All numbers are big-endian in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockHeader {
    pub kind: BlockKind,
    pub flags: u8,
    /// First bytes of C₀.
    pub recording: [u8; 8],
    /// From 1, without gaps.
    pub ordinal: u64,
    /// Strictly increasing; gaps are attempts that failed and frames that were folded.
    pub nonce: u64,
    /// Nanoseconds since the start.
    pub first_ns: u64,
    pub last_ns: u64,
    pub records: u32,
    /// Ciphertext and tag; 0 where there is no section.
    pub evidence_len: u32,
    pub input_len: u32,
    /// Plaintext after decompression.
    pub evidence_plain: u32,
    pub input_plain: u32,
}

impl BlockHeader {
    pub(crate) fn encode(&self) -> [u8; HEADER_LEN] {
        let kind = match self.kind {
            BlockKind::Records => 1,
            BlockKind::Frames => 2,
        };
        let mut bytes = [0; HEADER_LEN];
        let fields: [&[u8]; 12] = [
            MAGIC,
            &[kind, self.flags, 0, 0],
            &self.recording,
            &self.ordinal.to_be_bytes(),
            &self.nonce.to_be_bytes(),
            &self.first_ns.to_be_bytes(),
            &self.last_ns.to_be_bytes(),
            &self.records.to_be_bytes(),
            &self.evidence_len.to_be_bytes(),
            &self.input_len.to_be_bytes(),
            &self.evidence_plain.to_be_bytes(),
            &self.input_plain.to_be_bytes(),
        ];
        bytes.iter_mut().zip(fields.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// `None` unless every bound and every reserved bit holds.
    pub(crate) fn parse(bytes: &[u8; HEADER_LEN]) -> Option<Self> {
        let mut fields = Fields(bytes.strip_prefix(MAGIC)?);
        let [kind, flags, 0, 0] = fields.take::<4>()? else { return None };
        let header = Self {
            kind: match kind {
                1 => BlockKind::Records,
                2 => BlockKind::Frames,
                _ => return None,
            },
            flags,
            recording: fields.take()?,
            ordinal: fields.u64()?,
            nonce: fields.u64()?,
            first_ns: fields.u64()?,
            last_ns: fields.u64()?,
            records: fields.u32()?,
            evidence_len: fields.u32()?,
            input_len: fields.u32()?,
            evidence_plain: fields.u32()?,
            input_plain: fields.u32()?,
        };
        header.is_shaped().then_some(header)
    }

    /// Whether lengths and flags are such as a block has.
    fn is_shaped(&self) -> bool {
        let bounded = |len: u32, most: usize| usize::try_from(len).is_ok_and(|len| len <= most);
        let section = |len: u32, plain: u32, flag: u8| {
            bounded(len, MAX_SECTION + TAG_LEN)
                && bounded(plain, MAX_SECTION)
                && (len == 0) == (plain == 0)
                && match self.flags & flag {
                    0 if self.kind == BlockKind::Records && len > 0 => {
                        usize::try_from(len).ok().and_then(|len| len.checked_sub(TAG_LEN))
                            == usize::try_from(plain).ok()
                    }
                    0 => true,
                    _ => usize::try_from(len).is_ok_and(|len| len > TAG_LEN),
                }
        };
        let of_kind = match self.kind {
            BlockKind::Records => self.flags & !(EVIDENCE_ZSTD | INPUT_ZSTD) == 0,
            // The frames stand there as they are, and they are all that there is.
            BlockKind::Frames => {
                self.flags == 0 && self.input_len == 0 && self.evidence_len == self.evidence_plain
            }
        };
        of_kind
            && section(self.evidence_len, self.evidence_plain, EVIDENCE_ZSTD)
            && section(self.input_len, self.input_plain, INPUT_ZSTD)
    }

    /// Bytes of both sections.
    pub(crate) fn body_len(&self) -> usize {
        let len = |section: u32| usize::try_from(section).unwrap_or(MAX_SECTION);
        len(self.evidence_len) + len(self.input_len)
    }

    /// Bytes of the whole block.
    pub(crate) fn total_len(&self) -> u64 {
        u64::try_from(HEADER_LEN + self.body_len() + CHAIN_LEN).unwrap_or(u64::MAX)
    }

    /// Cₙ = SHA-256(label ‖ Cₙ₋₁ ‖ header ‖ sections).
    pub(crate) fn chain(&self, before: &Hash, body: &[u8]) -> Hash {
        hash_of(&[CHAIN_LABEL, before, &self.encode(), body])
    }
}

/// Takes fixed-size fields off a slice.
pub(crate) struct Fields<'b>(pub &'b [u8]);

impl Fields<'_> {
    pub(crate) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }
}

/// A block to be written. `lengths` and `flags` of `header` are filled in by [`Draft::write`].
pub(crate) struct Draft<'d> {
    pub header: BlockHeader,
    /// The evidence section is the concatenation of these.
    pub evidence: &'d [&'d [u8]],
    /// The input section is the concatenation of these.
    pub input: &'d [&'d [u8]],
    /// Whether compression is tried.
    pub tries: bool,
}

/// Whether the next large block is worth a try at compression. What is encrypted or compressed already comes in long runs: after
/// some tries in vain only one in a few is made, since a try costs a twentieth of recording a block.
#[derive(Default)]
pub(crate) struct Worth {
    in_vain: u32,
}

impl Worth {
    const RUN: u32 = 8;

    pub(crate) fn tries(&self) -> bool {
        self.in_vain < Self::RUN || self.in_vain.is_multiple_of(Self::RUN)
    }

    pub(crate) fn learns(&mut self, packed: bool) {
        self.in_vain = if packed { 0 } else { self.in_vain.wrapping_add(1).max(1) };
    }
}

/// Buffers of the thread: a context per session would cost up to a mebibyte each.
#[derive(Default)]
struct Scratch {
    out: Vec<u8>,
    packed: Vec<u8>,
    compressor: Option<Compressor<'static>>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Draft<'_> {
    /// Compresses, encrypts and chains the block in the thread's scratch, and hands it to `write` in one piece.
    /// Returns the new chain value, the block's length, and whether a section is compressed.
    pub(crate) fn write(
        &self,
        keys: &DataKeys,
        before: &Hash,
        write: impl FnOnce(&[u8]) -> Result<(), RecordError>,
    ) -> Result<(Hash, u64, bool), RecordError> {
        SCRATCH.with_borrow_mut(|scratch| {
            let (chain, packed) = scratch.assemble(self, keys, before)?;
            let written = write(&scratch.out);
            let len = u64::try_from(scratch.out.len()).unwrap_or(u64::MAX);
            scratch.out.clear();
            scratch.out.shrink_to(SCRATCH_KEPT);
            scratch.packed.shrink_to(SCRATCH_KEPT);
            written.map(|()| (chain, len, packed))
        })
    }
}

impl Scratch {
    fn assemble(
        &mut self,
        draft: &Draft<'_>,
        keys: &DataKeys,
        before: &Hash,
    ) -> Result<(Hash, bool), RecordError> {
        let mut header = draft.header;
        self.out.clear();
        self.out.resize(HEADER_LEN, 0);
        let (evidence_plain, packed) = self.section(draft.evidence, draft.tries)?;
        header.flags = if packed { EVIDENCE_ZSTD } else { 0 };
        let evidence_end = self.out.len();
        let (input_plain, packed) = self.section(draft.input, draft.tries)?;
        header.flags |= if packed { INPUT_ZSTD } else { 0 };
        let with_tag = |plain: usize| if plain == 0 { 0 } else { plain + TAG_LEN };
        let evidence_len = with_tag(evidence_end - HEADER_LEN);
        let input_len = with_tag(self.out.len() - evidence_end);
        let fit = |len: usize| {
            let too_large = RecordError::TooLarge { bytes: len, limit: MAX_SECTION };
            if len > MAX_SECTION + TAG_LEN {
                Err(too_large)
            } else {
                u32::try_from(len).map_err(|_| too_large)
            }
        };
        header.evidence_plain = fit(evidence_plain)?;
        header.input_plain = fit(input_plain)?;
        header.evidence_len = fit(evidence_len)?;
        header.input_len = fit(input_len)?;
        let encoded = header.encode();
        self.out.iter_mut().zip(encoded).for_each(|(to, from)| *to = from);
        let aad = aad(&encoded, before);
        if input_len > 0 {
            let tag = seal(&keys.input, header.nonce, &aad, self.out.get_mut(evidence_end..))?;
            self.out.extend_from_slice(&tag);
        }
        if evidence_len > 0 {
            let tag = seal(&keys.evidence, header.nonce, &aad, self.out.get_mut(HEADER_LEN..evidence_end))?;
            self.out.splice(evidence_end..evidence_end, tag);
        }
        let body = self.out.get(HEADER_LEN..).unwrap_or_default();
        let chain = header.chain(before, body);
        self.out.extend_from_slice(&chain);
        Ok((chain, header.flags != 0))
    }

    /// Appends one section to `out`, compressed if a sample says that it is worth it. Returns its plaintext length.
    fn section(&mut self, parts: &[&[u8]], tries: bool) -> Result<(usize, bool), RecordError> {
        let start = self.out.len();
        parts.iter().for_each(|part| self.out.extend_from_slice(part));
        let plain = self.out.len() - start;
        if plain > MAX_SECTION {
            return Err(RecordError::TooLarge { bytes: plain, limit: MAX_SECTION });
        }
        if plain < MIN_COMPRESSED || !tries {
            return Ok((plain, false));
        }
        let Self { out, packed, compressor } = self;
        let compressor = match compressor {
            Some(ready) => ready,
            none => none.insert(Compressor::new(ZSTD_LEVEL).map_err(|_| RecordError::Section("compress"))?),
        };
        let section = out.get(start..).unwrap_or_default();
        let middle = (plain / 2).saturating_sub(SAMPLE / 2);
        let sample = section.get(middle..(middle + SAMPLE).min(plain)).unwrap_or(section);
        if pack(compressor, sample, packed)? * 10 >= sample.len() * 9 {
            return Ok((plain, false));
        }
        let len = if sample.len() == plain { packed.len() } else { pack(compressor, section, packed)? };
        if len >= plain {
            return Ok((plain, false));
        }
        out.truncate(start);
        out.extend_from_slice(packed);
        Ok((plain, true))
    }
}

fn pack(
    compressor: &mut Compressor<'static>,
    plain: &[u8],
    packed: &mut Vec<u8>,
) -> Result<usize, RecordError> {
    packed.clear();
    packed.reserve(zstd::zstd_safe::compress_bound(plain.len()));
    compressor.compress_to_buffer(plain, packed).map_err(|_| RecordError::Section("compress"))
}

fn seal(
    key: &DataKey,
    nonce: u64,
    aad: &[u8],
    section: Option<&mut [u8]>,
) -> Result<[u8; TAG_LEN], RecordError> {
    let sealed = section.and_then(|section| key.seal(nonce, aad, section));
    sealed.ok_or(RecordError::Section("encrypt"))
}

/// Additional data of both sections: the block's header and the chain value before it.
fn aad(header: &[u8; HEADER_LEN], before: &Hash) -> [u8; HEADER_LEN + CHAIN_LEN] {
    let mut aad = [0; HEADER_LEN + CHAIN_LEN];
    aad.iter_mut().zip(header.iter().chain(before)).for_each(|(to, from)| *to = *from);
    aad
}

/// Which section of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Evidence,
    Input,
}

/// Decrypts and decompresses one section out of a block's body. `None` when it does not open, or does not give the
/// length that its header states.
pub(crate) fn open_section(
    header: &BlockHeader,
    before: &Hash,
    body: &[u8],
    section: Section,
    key: &DataKey,
) -> Option<Vec<u8>> {
    let evidence_len = usize::try_from(header.evidence_len).ok()?;
    let (ciphertext, plain, flag) = match section {
        Section::Evidence => (body.get(..evidence_len)?, header.evidence_plain, EVIDENCE_ZSTD),
        Section::Input => (body.get(evidence_len..)?, header.input_plain, INPUT_ZSTD),
    };
    let plain = usize::try_from(plain).ok()?;
    if ciphertext.is_empty() {
        return (plain == 0).then(Vec::new);
    }
    let mut buffer = ciphertext.to_vec();
    let opened = key.open(header.nonce, &aad(&header.encode(), before), &mut buffer)?;
    let opened = if header.flags & flag == 0 {
        opened.to_vec()
    } else {
        // `plain` is bounded by the header's parser.
        packed::unpack(opened, plain)?
    };
    (opened.len() == plain).then_some(opened)
}

#[cfg(test)]
mod tests {
    use super::{BlockHeader, BlockKind, Draft, HEADER_LEN, Section, Worth, open_section};
    use crate::cipher::{DataKey, DataKeys};

    fn header() -> BlockHeader {
        BlockHeader {
            kind: BlockKind::Records,
            flags: 0,
            recording: *b"recordin",
            ordinal: 1,
            nonce: 2,
            first_ns: 3,
            last_ns: 4,
            records: 5,
            evidence_len: 0,
            input_len: 0,
            evidence_plain: 0,
            input_plain: 0,
        }
    }

    #[test]
    fn sections_come_back_under_their_own_keys_only() {
        let keys = DataKeys { evidence: DataKey::generate().unwrap(), input: DataKey::generate().unwrap() };
        let noise: Vec<u8> = (0..70_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for evidence in [&b"x"[..], &[b'a'; 100_000], &noise] {
            for input in [&b""[..], b"secret", &[b'p'; 5000]] {
                let draft = Draft {
                    header: header(),
                    evidence: &[b"ab", evidence, b"c"],
                    input: &[input, b""],
                    tries: true,
                };
                let mut block = Vec::new();
                let (chain, len, packed) = draft
                    .write(&keys, &[7; 32], |bytes| {
                        block.extend_from_slice(bytes);
                        Ok(())
                    })
                    .unwrap();
                assert_eq!(len, block.len() as u64);
                let parsed = BlockHeader::parse(block[..HEADER_LEN].try_into().unwrap()).unwrap();
                assert_eq!((parsed.total_len(), parsed.flags != 0), (len, packed));
                let body = &block[HEADER_LEN..block.len() - 32];
                assert_eq!(parsed.chain(&[7; 32], body), chain);
                let open = |section, key| open_section(&parsed, &[7; 32], body, section, key);
                let whole = [b"ab", evidence, b"c"].concat();
                assert_eq!(open(Section::Evidence, &keys.evidence).unwrap(), whole);
                assert_eq!(open(Section::Input, &keys.input).unwrap(), input);
                assert!(open(Section::Evidence, &keys.input).is_none());
                assert!(open_section(&parsed, &[8; 32], body, Section::Evidence, &keys.evidence).is_none());
            }
        }
    }

    #[test]
    fn what_does_not_compress_is_tried_less_often_and_what_does_is_tried_always() {
        let mut worth = Worth::default();
        let mut tried = |noise: bool, blocks: u32| {
            let mut tries = 0;
            for _ in 0..blocks {
                let tries_now = worth.tries();
                tries += u32::from(tries_now);
                worth.learns(tries_now && !noise);
            }
            tries
        };
        assert_eq!(tried(true, 80), 8 + 9);
        assert!(tried(false, 20) > 20 - 8, "it is seen after a few");
        assert_eq!(tried(false, 100), 100);
    }
}
