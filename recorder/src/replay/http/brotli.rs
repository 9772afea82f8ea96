//! Brotli (RFC 7932), opened piece by piece. Its window is 16 MiB at most: what some senders make with larger ones is not the
//! coding `br`. However little is taken, what it grows to is given in small steps, and never waits in memory.

use std::io;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::coding::Opened;

/// What is given at once, in bytes.
const STEP: usize = 32 << 10;

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

/// One stream.
pub(super) struct Brotli {
    state: Box<State>,
    step: Vec<u8>,
    ended: bool,
}

impl Brotli {
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default();
        Self { state: Box::new(State::new_strict(alloc, alloc, alloc)), step: vec![0; STEP], ended: false }
    }

    /// Takes a piece, and gives what is under it until `give` wants no more.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        give: &mut dyn FnMut(&[u8]) -> io::Result<bool>,
    ) -> io::Result<Opened> {
        let (mut left, mut taken) = (bytes.len(), 0);
        // Nothing may follow the end of a stream.
        while !self.ended {
            let (mut free, mut filled, mut total) = (self.step.len(), 0, 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut taken,
                bytes,
                &mut free,
                &mut filled,
                &mut self.step,
                &mut total,
                &mut self.state,
            );
            let opened = self.step.get(..filled).unwrap_or_default();
            if !opened.is_empty() && !give(opened)? {
                return Ok(Opened::No);
            }
            match result {
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::NeedsMoreInput => return Ok(Opened::Whole),
                BrotliResult::ResultSuccess => self.ended = true,
                BrotliResult::ResultFailure => return Ok(Opened::Partly),
            }
        }
        Ok(if left == 0 { Opened::Whole } else { Opened::Partly })
    }

    /// Whether the stream has come to its end.
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }
}
