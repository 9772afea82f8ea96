//! Pieces of files that came before what belongs in front of them. All that wait on one channel share its room: whoever
//! opens a thousand files and writes each from its middle keeps no more than whoever opens one.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What may wait on one channel, in bytes: two files that are far out of order, or many that are a little.
const ROOM: usize = 8 << 20;
/// What a piece counts for beside its bytes: where it belongs is kept too, however short it is.
const WEIGHS: usize = 256;

/// What is left for the pieces of one channel; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<Semaphore>);

/// A piece that waits. It is a copy: a slice of the packet that it came in would keep all of that.
#[derive(Debug)]
pub(crate) struct Early {
    bytes: Bytes,
    #[expect(dead_code, reason = "its life is its meaning")]
    held: OwnedSemaphorePermit,
}

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ROOM)))
    }
}

impl Room {
    /// Keeps a piece until it is taken or dropped; `None` where there is no room for it.
    pub(crate) fn keep(&self, piece: &[u8]) -> Option<Early> {
        let weight = u32::try_from(piece.len().saturating_add(WEIGHS)).ok()?;
        let held = Arc::clone(&self.0).try_acquire_many_owned(weight).ok()?;
        Some(Early { bytes: Bytes::copy_from_slice(piece), held })
    }

    /// How much of it is taken, in bytes.
    #[cfg(test)]
    pub(crate) fn taken(&self) -> usize {
        ROOM - self.0.available_permits()
    }
}

impl Early {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Its turn has come.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_room_together_and_give_it_back() {
        let room = Room::default();
        let packet = Bytes::from(vec![7; 32 << 10]);
        let kept: Vec<Early> = std::iter::from_fn(|| room.keep(&packet)).collect();
        assert_eq!(kept.len(), ROOM / (packet.len() + WEIGHS));
        assert!(room.clone().keep(&packet).is_none(), "it is one room");
        drop(kept);
        assert_eq!(room.taken(), 0);
        let short: Vec<Early> = std::iter::from_fn(|| room.keep(&packet[..1])).collect();
        assert_eq!(short.len(), ROOM / (1 + WEIGHS), "a short piece counts for what keeping it costs");
    }

    #[test]
    fn a_piece_keeps_nothing_of_the_packet_that_it_came_in() {
        let packet = Bytes::from(vec![7; 32 << 10]);
        let early = Room::default().keep(&packet[5..6]).unwrap();
        assert!(packet.is_unique(), "nobody else holds it");
        assert_eq!((early.len(), early.into_bytes().as_ref()), (1, &[7][..]));
    }
}
