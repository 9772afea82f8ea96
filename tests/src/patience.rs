//! Waiting for an event with a deadline, instead of for a time.

use std::time::{Duration, Instant};

/// How long an event may take that should come at once. Generous: the machine may be busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The least rest between two looks; it is longer after a look that took longer, since others need the processors too.
const LOOK_EVERY: Duration = Duration::from_millis(4);
const LOOK_AT_LEAST_EVERY: Duration = Duration::from_millis(50);

/// Looks until something is seen.
///
/// # Panics
/// When it is not seen `within` the time; the message says `what` was awaited.
#[track_caller]
pub fn eventually<T>(within: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        let began = Instant::now();
        if let Some(seen) = look() {
            return seen;
        }
        let now = Instant::now();
        assert!(now < deadline, "waited {within:?} in vain for: {what}");
        std::thread::sleep(LOOK_EVERY.max(2 * (now - began)).min(LOOK_AT_LEAST_EVERY));
    }
}

/// Looks until something is seen, for as long as anything may take.
///
/// # Panics
/// When it is not seen within [`PATIENCE`].
#[track_caller]
pub fn soon<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    eventually(PATIENCE, what, look)
}
