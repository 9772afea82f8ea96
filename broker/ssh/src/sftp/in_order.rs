//! Pieces of a file in the order of the file: what comes early waits, and little of it may.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::early::{Early, Room};

/// What of one file may wait for what belongs before it, in bytes and in pieces.
const WAITING_BYTES: usize = 4 << 20;
const WAITING_PIECES: usize = 256;

/// A file is not written from its beginning to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfOrder;

/// One file's pieces.
#[derive(Debug)]
pub(crate) struct InOrder {
    /// Everything before this offset has been given.
    next: u64,
    waiting: BTreeMap<u64, Early>,
    waiting_bytes: usize,
    /// What all files of the channel may have waiting.
    room: Room,
}

impl InOrder {
    pub(crate) fn new(room: Room) -> Self {
        Self { next: 0, waiting: BTreeMap::new(), waiting_bytes: 0, room }
    }

    /// Takes a piece that belongs at an offset; gives what is now in order.
    ///
    /// # Errors
    /// When a part comes twice, or too much waits.
    pub(crate) fn take(&mut self, offset: u64, piece: Bytes) -> Result<Vec<Bytes>, OutOfOrder> {
        if piece.is_empty() {
            return Ok(Vec::new());
        }
        if offset < self.next {
            return Err(OutOfOrder);
        }
        if offset > self.next {
            return self.wait(offset, &piece).map(|()| Vec::new());
        }
        let mut given = vec![self.passes(piece)];
        while let Some(first) = self.waiting.first_entry()
            && *first.key() <= self.next
        {
            let (offset, piece) = first.remove_entry();
            if offset < self.next {
                return Err(OutOfOrder);
            }
            self.waiting_bytes -= piece.len();
            given.push(self.passes(piece.into_bytes()));
        }
        Ok(given)
    }

    fn passes(&mut self, piece: Bytes) -> Bytes {
        self.next = self.next.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        piece
    }

    /// Keeps what belongs behind something that has not come, if there is room for it.
    fn wait(&mut self, offset: u64, piece: &[u8]) -> Result<(), OutOfOrder> {
        self.waiting_bytes += piece.len();
        if self.waiting_bytes > WAITING_BYTES || self.waiting.len() >= WAITING_PIECES {
            return Err(OutOfOrder);
        }
        let early = self.room.keep(piece).ok_or(OutOfOrder)?;
        if self.waiting.insert(offset, early).is_some() { Err(OutOfOrder) } else { Ok(()) }
    }

    /// How long the file is, if nothing is missing.
    pub(crate) fn whole(&self) -> Option<u64> {
        self.waiting.is_empty().then_some(self.next)
    }

    /// How much of it is in order.
    pub(crate) fn len(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_come_out_in_order_whatever_order_they_come_in(
            lengths in prop::collection::vec(1_usize..40, 0..40),
            order in any::<u64>(),
        ) {
            let whole: Vec<u8> = (0..lengths.iter().sum::<usize>()).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let mut pieces: Vec<(u64, Bytes)> = lengths
                .iter()
                .scan(0, |at, length| {
                    let piece = Bytes::copy_from_slice(&whole[*at..*at + length]);
                    *at += length;
                    Some(((*at - length) as u64, piece))
                })
                .collect();
            let mut seed = order;
            for at in (1..pieces.len()).rev() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                pieces.swap(at, usize::try_from(seed >> 33).unwrap() % (at + 1));
            }
            let (mut in_order, mut given) = (InOrder::new(Room::default()), Vec::new());
            for (offset, piece) in pieces {
                given.extend(in_order.take(offset, piece).unwrap().concat());
            }
            prop_assert_eq!(in_order.whole(), Some(whole.len() as u64));
            prop_assert_eq!(given, whole);
        }

        #[test]
        fn any_pieces_are_survived_and_little_waits(
            pieces in prop::collection::vec((any::<u64>(), 0_usize..9), 0..600),
            near in any::<bool>(),
        ) {
            let mut in_order = InOrder::new(Room::default());
            for (offset, length) in pieces {
                let offset = if near { offset % 40 } else { offset };
                if in_order.take(offset, Bytes::from(vec![7; length])).is_err() {
                    break;
                }
                prop_assert!(in_order.waiting.len() <= WAITING_PIECES && in_order.waiting_bytes <= WAITING_BYTES);
            }
        }
    }
}
