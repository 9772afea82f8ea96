//! Reading a recording: its entries in order, as far as it is sound.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::block::{BlockHeader, BlockKind};
use crate::content::{BlockContent, Entry, OpenedKeys, Typed};
use crate::failure::{BadPlace, Failure};
use crate::frame;
use crate::header::Header;
use crate::key::Identity;
use crate::ledger::Hash;
use crate::mark::Mark;
use crate::medium::Medium;
use crate::recover::read_tail;
use crate::seal::Seal;
use crate::walk::{SoundBlock, Step, Walk};

/// A recording whose content is open. Reading proves its order as it goes; whose seal it is is for `verify`.
pub struct Recording {
    walk: Walk,
    keys: OpenedKeys,
    /// The journal beside a recording that is not sealed.
    tail: Vec<u8>,
    ready: BlockContent,
    seal: Option<Seal>,
    over: bool,
    /// Of typed input, what is shown where it can be opened: nothing, unless somebody says so.
    shown: Option<Typed>,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recording({})", self.walk.header.session)
    }
}

impl Recording {
    /// Opens the recording at `path` with the identities that one has: for the evidence, and perhaps for typed input.
    /// Beside an unsealed recording its tail is read too.
    ///
    /// # Errors
    /// When the header is not sound or no identity opens the evidence key.
    pub fn open(path: &Path, identities: &[Identity]) -> Result<Self, BadPlace> {
        let file = File::open(path)
            .map_err(|error| BadPlace::new(Failure::Unreadable, 0, None, error.to_string()))?;
        let tail = read_tail(&path.with_extension("tail")).unwrap_or_default();
        Self::over(Arc::new(file), tail, identities)
    }

    /// Opens the recording at `path` and reads on from a mark, as [`Recording::mark`] gave it. What is before is neither
    /// read nor proved; from there on every block has to continue the chain.
    ///
    /// # Errors
    /// As [`Recording::open`], and when the file is shorter than that.
    pub fn open_at(path: &Path, identities: &[Identity], mark: &Mark) -> Result<Self, BadPlace> {
        let mut recording = Self::open(path, identities)?;
        recording.walk.go_on_from(mark)?;
        Ok(recording)
    }

    /// Opens a recording that is in memory.
    ///
    /// # Errors
    /// As [`Recording::open`].
    pub fn from_bytes(bytes: Vec<u8>, identities: &[Identity]) -> Result<Self, BadPlace> {
        Self::over(Arc::new(bytes), Vec::new(), identities)
    }

    fn over(file: Arc<dyn Medium>, tail: Vec<u8>, identities: &[Identity]) -> Result<Self, BadPlace> {
        let walk = Walk::start(file)?;
        let keys = OpenedKeys::open(&walk.header, identities)?;
        let (ready, shown) = (BlockContent::default(), None);
        Ok(Self { walk, keys, tail, ready, seal: None, over: false, shown })
    }

    /// Shows this part of the typed input, where an identity opens it. Without this call all of it is masked: that somebody
    /// holds an identity which opens it is no leave to see it.
    #[must_use]
    pub fn showing(mut self, shown: Typed) -> Self {
        self.shown = Some(shown);
        self
    }

    /// What the header states.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.walk.header
    }

    /// C₀, which names this recording and no other.
    #[must_use]
    pub fn identity(&self) -> Hash {
        self.walk.header.chain
    }

    /// The place before the next block; `None` inside one, and at the end.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        (self.ready.is_empty() && !self.over).then(|| self.walk.mark())
    }

    /// Whether typed input is unmasked.
    #[must_use]
    pub fn is_unmasked(&self) -> bool {
        self.keys.input.is_some()
    }

    /// The seal, once reading has come to it. Its key is not judged.
    #[must_use]
    pub fn seal(&self) -> Option<&Seal> {
        self.seal.as_ref()
    }

    fn advance(&mut self) -> Result<(), BadPlace> {
        let block = match self.walk.step()? {
            Step::Block(block) => block,
            Step::Seal(seal) => {
                self.seal = Some(*seal);
                self.over = true;
                return Ok(());
            }
            Step::End => {
                self.over = true;
                match frames_block(&std::mem::take(&mut self.tail), &self.walk) {
                    Some(block) => block,
                    None => return Ok(()),
                }
            }
        };
        self.ready = self.keys.content(&block)?;
        Ok(())
    }
}

impl Iterator for Recording {
    type Item = Result<Entry, BadPlace>;

    /// The next entry. After an error there is nothing more.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.ready.next(self.walk.header.started, self.shown.as_ref()) {
                return Some(Ok(entry));
            }
            if self.over {
                return None;
            }
            if let Err(bad) = self.advance() {
                self.over = true;
                return Some(Err(bad));
            }
        }
    }
}

/// The sound frames of a tail as the block that recovery would make of them.
fn frames_block(tail: &[u8], walk: &Walk) -> Option<SoundBlock> {
    let adopted = frame::adopt(tail, &walk.place);
    let header = frames_header(&adopted, &walk.place)?;
    Some(SoundBlock { offset: walk.at, header, before: walk.place.chain, body: adopted.bytes })
}

/// The header of a block of frames; `None` where there is no frame.
pub(crate) fn frames_header(adopted: &frame::Adopted, place: &frame::Place) -> Option<BlockHeader> {
    let len = u32::try_from(adopted.bytes.len()).ok()?;
    (adopted.frames > 0).then_some(BlockHeader {
        kind: BlockKind::Frames,
        flags: 0,
        recording: place.recording,
        ordinal: place.ordinal + 1,
        nonce: adopted.nonce,
        first_ns: adopted.first_ns,
        last_ns: adopted.last_ns,
        records: adopted.records,
        evidence_len: len,
        input_len: 0,
        evidence_plain: len,
        input_plain: 0,
    })
}
