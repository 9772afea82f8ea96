//! A batch in pieces. Large ones stay as they came: to join them would be to copy them, and each is a packet of its own on
//! the other leg, too. Small ones are joined, since a packet and its wake-up cost more than the copy.

use bytes::{Bytes, BytesMut};

/// A piece below this is small.
const SMALL: usize = 8 * 1024;

/// What came, in order.
pub(crate) struct Pieces {
    all: Vec<Bytes>,
    /// Small ones since the last large one.
    small: BytesMut,
}

impl Pieces {
    pub(crate) fn of(first: Bytes) -> Self {
        Self { all: vec![first], small: BytesMut::new() }
    }

    pub(crate) fn push(&mut self, piece: Bytes) {
        if piece.len() >= SMALL {
            self.settle();
            self.all.push(piece);
            return;
        }
        if self.small.is_empty()
            && let Some(last) = self.all.pop_if(|last| last.len() < SMALL)
        {
            self.small.extend_from_slice(&last);
        }
        self.small.extend_from_slice(&piece);
    }

    /// All of them.
    pub(crate) fn into_all(mut self) -> Vec<Bytes> {
        self.settle();
        self.all
    }

    fn settle(&mut self) {
        if !self.small.is_empty() {
            self.all.push(self.small.split().freeze());
        }
    }
}

/// The pieces as one.
pub(crate) fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    match pieces.as_mut_slice() {
        [one] => std::mem::take(one),
        several => several.concat().into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_lost_or_moved_large_pieces_stay_and_small_ones_never_stand_side_by_side(
            lengths in prop::collection::vec(prop_oneof![0_usize..64, 8_000..8_400_usize, 32_000..32_768_usize], 1..20),
        ) {
            let came: Vec<Bytes> = lengths
                .iter()
                .enumerate()
                .map(|(seed, len)| (0..*len).map(|n| (n * 7 + seed).to_le_bytes()[0]).collect::<Vec<u8>>().into())
                .collect();
            let mut pieces = Pieces::of(came[0].clone());
            came[1..].iter().for_each(|piece| pieces.push(piece.clone()));
            let all = pieces.into_all();
            prop_assert_eq!(joined(all.clone()), joined(came.clone()));
            for large in came.iter().filter(|piece| piece.len() >= SMALL) {
                prop_assert!(all.iter().any(|piece| piece.as_ptr() == large.as_ptr()), "a large piece was copied");
            }
            let one_after_another = all.windows(2).filter(|two| two.iter().all(|piece| piece.len() < SMALL));
            // A run of small ones that has grown large is large.
            prop_assert_eq!(one_after_another.count(), 0);
        }
    }
}
