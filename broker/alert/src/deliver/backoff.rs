//! How long a destination that failed is left alone.
//!
//! A destination that does not answer costs little to ask again, so it is asked often: a collector that restarts has its
//! events within seconds. One that answers with an error is left alone for as long as Standard Webhooks' schedule says.

use std::time::Duration;

use aws_lc_rs::rand;

/// Why the last attempt failed, as far as patience goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection, or one that broke.
    Unreachable,
    /// It answered, and not with success; with the pause that it asked for, if any.
    Answered(Option<Duration>),
}

const UNREACHABLE: &[Duration] = &[
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// Standard Webhooks 1.0.0, "Deliverability and reliability", with two quick retries before it.
const ANSWERED: &[Duration] = &[
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3_600),
    Duration::from_secs(5 * 3_600),
    Duration::from_secs(10 * 3_600),
    Duration::from_secs(14 * 3_600),
    Duration::from_secs(20 * 3_600),
    Duration::from_secs(24 * 3_600),
];

/// The longest pause that a `Retry-After` may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3_600);

/// The pause after the `failures`-th failure in a row (1 is the first), with up to a quarter of jitter taken off or added.
#[must_use]
pub fn pause(failures: u32, failure: Failure) -> Duration {
    let steps = match failure {
        Failure::Answered(Some(asked)) => return asked.min(RETRY_AFTER_MAX),
        Failure::Answered(None) => ANSWERED,
        Failure::Unreachable => UNREACHABLE,
    };
    let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause = steps.get(step).or(steps.last()).copied().unwrap_or(Duration::from_secs(10));
    pause.mul_f64(0.75 + 0.5 * dice())
}

/// A number in `[0, 1)`. Where the system gives no randomness, the middle: jitter is a courtesy.
fn dice() -> f64 {
    let mut byte = [0u8; 1];
    match rand::fill(&mut byte) {
        Ok(()) => f64::from(byte[0]) / 256.0,
        Err(_) => 0.5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_retries_come_within_a_second() {
        for failure in [Failure::Unreachable, Failure::Answered(None)] {
            assert!(pause(1, failure) <= Duration::from_secs(1));
        }
    }

    #[test]
    fn a_dead_collector_is_asked_at_least_every_thirteen_seconds() {
        for failures in 1..10_000 {
            assert!(pause(failures, Failure::Unreachable) < Duration::from_secs(13));
        }
    }

    #[test]
    fn the_pause_a_server_asks_for_is_kept_up_to_a_day() {
        let asked = |s| pause(3, Failure::Answered(Some(Duration::from_secs(s))));
        assert_eq!(asked(120), Duration::from_secs(120));
        assert_eq!(asked(u64::MAX), RETRY_AFTER_MAX);
    }
}
