//! Goes through a recording from its header to its end, and checks every block's place in the chain. Needs no key.
//!
//! Verifying, reading and recovering all walk; what is before the first bad place is sound.

use std::io;
use std::sync::Arc;

use crate::block::{BlockHeader, BlockKind, CHAIN_LEN, HEADER_LEN, MAGIC};
use crate::failure::{BadPlace, Failure};
use crate::frame::{Frame, Place};
use crate::header::{self, Header, HeaderFault, recording_tag};
use crate::ledger::Hash;
use crate::mark::Mark;
use crate::medium::Medium;
use crate::seal::{self, Seal, SealFault};

/// A walk through one file.
pub(crate) struct Walk {
    file: Arc<dyn Medium>,
    len: u64,
    /// Everything before this offset is sound.
    pub at: u64,
    pub header: Header,
    pub place: Place,
    /// Time of the last record in the sound part.
    pub last_ns: Option<u64>,
    pub first_ns: Option<u64>,
    /// Where the seal begins, once it was reached.
    pub seal_at: Option<u64>,
    done: bool,
}

/// A block at its proved place.
#[derive(Clone, Debug)]
pub(crate) struct SoundBlock {
    pub offset: u64,
    pub header: BlockHeader,
    /// Chain value before it.
    pub before: Hash,
    /// Both sections as they stand.
    pub body: Vec<u8>,
}

/// What came next.
pub(crate) enum Step {
    Block(SoundBlock),
    /// The seal, of this recording and these blocks. Its key is not judged yet.
    Seal(Box<Seal>),
    /// The end of the file, without a seal.
    End,
}

/// Why there are no bytes of a header.
enum NoHeader {
    Fault(HeaderFault),
    Unreadable(io::Error),
}

/// The bytes that a file's beginning says are its header.
fn header_bytes(file: &dyn Medium, len: u64) -> Result<Vec<u8>, NoHeader> {
    let read = |size: usize| {
        let mut bytes = vec![0; size];
        file.read_exact_at(&mut bytes, 0).map_err(NoHeader::Unreadable).map(|()| bytes)
    };
    let has = |size: usize| u64::try_from(size).is_ok_and(|size| size <= len);
    if !has(header::PREFIX_LEN) {
        let begun = read(usize::try_from(len).unwrap_or(0))?;
        let begins = header::MAGIC.starts_with(begun.get(..8).unwrap_or(&begun));
        return Err(NoHeader::Fault(if begins {
            HeaderFault::Truncated
        } else {
            HeaderFault::NotARecording
        }));
    }
    let mut prefix = [0; header::PREFIX_LEN];
    file.read_exact_at(&mut prefix, 0).map_err(NoHeader::Unreadable)?;
    let header_len = Header::measure(&prefix).map_err(NoHeader::Fault)?;
    if has(header_len) { read(header_len) } else { Err(NoHeader::Fault(HeaderFault::Truncated)) }
}

/// Whether a file holds less than its header: the beginning of one, or nothing at all.
pub(crate) fn is_cut_in_its_header(file: &dyn Medium) -> io::Result<bool> {
    match header_bytes(file, file.len()?) {
        Err(NoHeader::Fault(HeaderFault::Truncated)) => Ok(true),
        Err(NoHeader::Unreadable(error)) => Err(error),
        Ok(_) | Err(NoHeader::Fault(_)) => Ok(false),
    }
}

impl Walk {
    /// Reads the header.
    pub(crate) fn start(file: Arc<dyn Medium>) -> Result<Self, BadPlace> {
        let len = file.len().map_err(|error| unreadable(0, &error))?;
        let at_start = |failure, detail: String| BadPlace::new(failure, 0, None, detail);
        let fault = |fault: HeaderFault| {
            let failure = match fault {
                HeaderFault::NotARecording => Failure::NotARecording,
                HeaderFault::UnknownVersion(_) | HeaderFault::UnknownFormat => Failure::UnknownVersion,
                HeaderFault::Truncated | HeaderFault::Damaged(_) => Failure::HeaderDamaged,
                HeaderFault::Signature => Failure::HeaderSignature,
            };
            at_start(failure, fault.to_string())
        };
        let bytes = header_bytes(file.as_ref(), len).map_err(|failed| match failed {
            NoHeader::Fault(found) => fault(found),
            NoHeader::Unreadable(error) => unreadable(0, &error),
        })?;
        let header = Header::read(&bytes).map_err(fault)?;
        let place =
            Place { recording: recording_tag(&header.chain), chain: header.chain, ordinal: 0, nonce: 0 };
        Ok(Self {
            file,
            len,
            at: header.len,
            header,
            place,
            last_ns: None,
            first_ns: None,
            seal_at: None,
            done: false,
        })
    }

    /// Where the walk is.
    pub(crate) fn mark(&self) -> Mark {
        let Place { ordinal, nonce, chain, .. } = self.place;
        Mark { offset: self.at, ordinal, nonce, chain }
    }

    /// Goes on from a mark, without what is before it. A mark that is not of this file leads to a block that does not
    /// follow: it shows nothing else than what stands there.
    pub(crate) fn go_on_from(&mut self, mark: &Mark) -> Result<(), BadPlace> {
        if mark.offset < self.header.len || mark.offset > self.len {
            return Err(self.bad(Failure::Truncated, "the file is shorter than the place to read on from"));
        }
        self.at = mark.offset;
        self.place.ordinal = mark.ordinal;
        self.place.nonce = mark.nonce;
        self.place.chain = mark.chain;
        Ok(())
    }

    /// The next block, the seal, or the end. After the seal, the end or a bad place the walk is over.
    pub(crate) fn step(&mut self) -> Result<Step, BadPlace> {
        if self.done || self.at == self.len {
            self.done = true;
            return Ok(Step::End);
        }
        let stepped = self.look();
        match &stepped {
            Ok(Step::Block(block)) => {
                self.at += block.header.total_len();
                self.place.ordinal = block.header.ordinal;
                self.place.nonce = block.header.nonce;
                self.first_ns.get_or_insert(block.header.first_ns);
                self.last_ns = Some(block.header.last_ns);
            }
            _ => self.done = true,
        }
        stepped
    }

    fn bad(&self, failure: Failure, detail: impl Into<String>) -> BadPlace {
        BadPlace::new(failure, self.at, Some(self.place.ordinal + 1), detail)
    }

    /// What is wrong where no block is due any more.
    fn bad_end(&self, failure: Failure, detail: impl Into<String>) -> BadPlace {
        BadPlace::new(failure, self.at, None, detail)
    }

    fn read(&self, buffer: &mut [u8], at: u64) -> Result<(), BadPlace> {
        self.file.read_exact_at(buffer, at).map_err(|error| unreadable(at, &error))
    }

    fn look(&mut self) -> Result<Step, BadPlace> {
        let left = self.len - self.at;
        let mut prefix = [0; seal::PREFIX_LEN];
        let held = usize::try_from(left).map_or(prefix.len(), |left| left.min(prefix.len()));
        self.read(prefix.get_mut(..held).unwrap_or_default(), self.at)?;
        let begun = prefix.get(..held.min(MAGIC.len())).unwrap_or_default();
        match (MAGIC.starts_with(begun), seal::MAGIC.starts_with(begun)) {
            (true, _) if begun.len() == MAGIC.len() => self.look_at_block(left).map(Step::Block),
            (_, true) if held == prefix.len() => self.look_at_seal(&prefix, left),
            (_, true) if begun.len() == seal::MAGIC.len() => {
                Err(self.bad_end(Failure::Truncated, "the file ends inside its seal"))
            }
            (false, false) => Err(self.bad(Failure::NotABlock, "neither a block nor a seal begins here")),
            _ => Err(self.bad(Failure::Truncated, "fewer bytes than anything has")),
        }
    }

    fn look_at_block(&mut self, left: u64) -> Result<SoundBlock, BadPlace> {
        let header_len = u64::try_from(HEADER_LEN).unwrap_or(u64::MAX);
        if left < header_len {
            return Err(self.bad(Failure::Truncated, "the file ends inside a block's header"));
        }
        let mut bytes = [0; HEADER_LEN];
        self.read(&mut bytes, self.at)?;
        let Some(header) = BlockHeader::parse(&bytes) else {
            return Err(self.bad(Failure::ChainBroken, "the block's header is malformed"));
        };
        if header.total_len() > left {
            return Err(if seal::ends_with_seal(&*self.file, self.len) {
                self.bad(Failure::ChainBroken, "the block's length goes past a file that is sealed")
            } else {
                self.bad(Failure::Truncated, "the file ends inside a block")
            });
        }
        let mut body = vec![0; header.body_len()];
        self.read(&mut body, self.at + header_len)?;
        let mut stored = [0; CHAIN_LEN];
        self.read(&mut stored, self.at + header.total_len() - u64::try_from(CHAIN_LEN).unwrap_or(0))?;
        let before = self.place.chain;
        self.check_place(&header, &before, &body, &stored)?;
        if header.chain(&before, &body) != stored {
            return Err(
                self.bad(Failure::ChainBroken, "the block's chain value does not follow from its content")
            );
        }
        if header.nonce <= self.place.nonce {
            return Err(self.bad(Failure::NonceReused, "the nonce counter did not grow"));
        }
        if header.kind == BlockKind::Frames {
            self.check_frames(&header, &body)?;
        }
        self.place.chain = stored;
        Ok(SoundBlock { offset: self.at, header, before, body })
    }

    /// Names a block that is not the one which is due. A flipped bit in the naming fields is no move: with the right
    /// values the chain holds.
    fn check_place(
        &self,
        header: &BlockHeader,
        before: &Hash,
        body: &[u8],
        stored: &Hash,
    ) -> Result<(), BadPlace> {
        let due = self.place.ordinal + 1;
        if header.recording == self.place.recording && header.ordinal == due {
            return Ok(());
        }
        let right = BlockHeader { recording: self.place.recording, ordinal: due, ..*header };
        if right.chain(before, body) == *stored || header.ordinal == 0 {
            return Err(self.bad(Failure::ChainBroken, "the block's own name was changed"));
        }
        if header.recording != self.place.recording {
            return Err(self.bad(Failure::ForeignBlock, "the block names another recording"));
        }
        Err(if header.ordinal < due {
            self.bad(Failure::Duplicated, format!("block {} stands here again", header.ordinal))
        } else if self.appears_later(due, self.at + header.total_len()) {
            self.bad(Failure::Reordered, format!("block {} stands before block {due}", header.ordinal))
        } else {
            self.bad(
                Failure::BlockMissing,
                format!("block {} follows block {}", header.ordinal, self.place.ordinal),
            )
        })
    }

    /// Whether a block header with this ordinal stands further on.
    fn appears_later(&self, ordinal: u64, mut at: u64) -> bool {
        let mut bytes = [0; HEADER_LEN];
        while at < self.len && self.file.read_exact_at(&mut bytes, at).is_ok() {
            let Some(header) = BlockHeader::parse(&bytes) else { return false };
            if header.recording == self.place.recording && header.ordinal == ordinal {
                return true;
            }
            at = at.saturating_add(header.total_len());
        }
        false
    }

    fn check_frames(&self, header: &BlockHeader, body: &[u8]) -> Result<(), BadPlace> {
        let broken = |what| self.bad(Failure::FramesBroken, what);
        let mut chain = self.place.chain;
        let mut nonce = self.place.nonce;
        let (mut rest, mut sequence, mut records) = (body, 0_u32, 0_u32);
        let (mut first_ns, mut last_ns) = (None, 0);
        while !rest.is_empty() {
            let frame = Frame::parse(rest).ok_or_else(|| broken("a frame is malformed"))?;
            let its = frame.header;
            let fits = its.recording == header.recording
                && its.ordinal == header.ordinal
                && its.sequence == sequence;
            let in_time = first_ns.is_none() || its.base_ns == last_ns;
            if !fits || !in_time || its.nonce <= nonce {
                return Err(broken("a frame does not belong at its place"));
            }
            chain = frame.follows(&chain).ok_or_else(|| broken("a frame's chain value does not follow"))?;
            nonce = its.nonce;
            sequence = sequence.saturating_add(1);
            records = records.saturating_add(its.records);
            first_ns.get_or_insert(its.base_ns);
            last_ns = its.last_ns;
            rest = rest.get(frame.whole.len()..).unwrap_or_default();
        }
        let times = first_ns == Some(header.first_ns) && last_ns == header.last_ns;
        if times && nonce == header.nonce && records == header.records {
            Ok(())
        } else {
            Err(broken("the frames do not add up to their block"))
        }
    }

    fn look_at_seal(&mut self, prefix: &[u8; seal::PREFIX_LEN], left: u64) -> Result<Step, BadPlace> {
        let len = Seal::measure(prefix)
            .ok_or_else(|| self.bad_end(Failure::SealDamaged, "its length is too large"))?;
        let total = u64::try_from(len).unwrap_or(u64::MAX);
        if total > left {
            return Err(self.bad_end(Failure::Truncated, "the file ends inside its seal"));
        }
        let mut bytes = vec![0; len];
        self.read(&mut bytes, self.at)?;
        let seal = Seal::read(&bytes).map_err(|fault| match fault {
            SealFault::Signature => self.bad_end(Failure::SealSignature, fault.to_string()),
            SealFault::Truncated | SealFault::Damaged(_) => {
                self.bad_end(Failure::SealDamaged, fault.to_string())
            }
        })?;
        if seal.recording != self.header.chain || seal.session != self.header.session {
            return Err(self.bad_end(Failure::ForeignSeal, format!("it seals session {}", seal.session)));
        }
        if seal.blocks > self.place.ordinal {
            let found = self.place.ordinal;
            return Err(self
                .bad_end(Failure::TailCut, format!("{} blocks were sealed, {found} are here", seal.blocks)));
        }
        if seal.blocks < self.place.ordinal || seal.chain != self.place.chain {
            return Err(self.bad_end(Failure::ChainNotSealed, "the last chain value is not the sealed one"));
        }
        self.seal_at = Some(self.at);
        self.at += total;
        if self.at < self.len {
            let mut next = [0; 4];
            let again = self.file.read_exact_at(&mut next, self.at).is_ok() && &next == seal::MAGIC;
            let failure = if again { Failure::SecondSeal } else { Failure::BytesAfterSeal };
            return Err(BadPlace::new(
                failure,
                self.at,
                None,
                format!("{} bytes follow the seal", self.len - self.at),
            ));
        }
        Ok(Step::Seal(Box::new(seal)))
    }
}

fn unreadable(at: u64, error: &std::io::Error) -> BadPlace {
    BadPlace::new(Failure::Unreadable, at, None, error.to_string())
}
