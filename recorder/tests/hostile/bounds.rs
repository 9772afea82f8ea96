//! The bounds: memory beside the input, and time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::ALLOCATOR;

/// What a reader may take for any file below 1 MiB: a header of 256 KiB may hold a text that is eighty times as large as a
/// value.
pub const READING: usize = 32 << 20;
/// What showing a section of 256 KiB may take, that a holder of the data keys could have made: an event's body is a value
/// too, and a terminal of the largest size has two screens.
pub const SHOWING: usize = 64 << 20;
/// For a build without optimisation, beside other tests.
const LONGEST: Duration = Duration::from_secs(60);

/// The allocator counts for the whole process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Does something, and checks what it took at its peak beside what was taken before.
pub fn within<T>(bound: usize, what: impl FnOnce() -> T) -> T {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let started = Instant::now();
    let done = what();
    let (took, time) = (ALLOCATOR.peak_usage().saturating_sub(before), started.elapsed());
    assert!(took <= bound, "{} KiB were taken where {} are the bound", took >> 10, bound >> 10);
    assert!(time < LONGEST, "it took {time:?}");
    done
}

#[test]
fn what_goes_beyond_a_bound_is_noticed() {
    assert!(within(2 << 20, || vec![1_u8; 1 << 20]).len() == 1 << 20);
    let beyond = std::panic::catch_unwind(|| within(1 << 20, || vec![1_u8; 2 << 20]).len());
    assert!(beyond.is_err());
}
