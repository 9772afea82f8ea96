//! How many failed proofs of a door are a fact each: who guesses as fast as the network lets them writes no ledger full.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failed proofs that are a fact each, in one second; the others are counted only.
const TOLD_A_SECOND: u32 = 50;

/// How many were told of in this second.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<Option<(Instant, u32)>>);

impl Told {
    /// Whether one more is a fact of its own.
    pub(crate) fn tells(&self) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let (since, count) = match *told {
            Some((since, count)) if now.duration_since(since) < Duration::from_secs(1) => (since, count + 1),
            _ => (now, 1),
        };
        *told = Some((since, count));
        count <= TOLD_A_SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_so_often_in_a_second_and_no_more() {
        let told = Told::default();
        let begun = Instant::now();
        let facts = (0..1000).filter(|_| told.tells()).count();
        // A machine that is held up may come into the next second.
        let most = TOLD_A_SECOND as usize * (1 + begun.elapsed().as_secs() as usize);
        assert!((TOLD_A_SECOND as usize..=most).contains(&facts), "{facts}");
    }
}
