//! Whether the wall clock can be trusted (P3): it must agree with the monotonic clock and with the database's.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// A difference beyond this is a jump.
pub const MAX_SKEW: SignedDuration = SignedDuration::from_secs(2);

/// How long a clock must have agreed again before it is trusted again.
pub const PROBATION: Duration = Duration::from_secs(60);

/// Compares each reading of the wall clock with the monotonic clock.
#[derive(Debug)]
pub struct ClockWatch {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Wall and monotonic time of the last agreeing pair.
    wall: Timestamp,
    monotonic: Instant,
    /// Since when the clock is distrusted or on probation, by the monotonic clock.
    distrusted_since: Option<Instant>,
    /// By how much the last jump was off.
    jumped_by: SignedDuration,
    /// By how much the newest fact that nobody has accepted is ahead of the clock, while it is.
    behind_by: Option<SignedDuration>,
}

/// What a reading says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The clocks agree.
    Agrees,
    /// They differ by this much now: the first reading that says so.
    Jumped(SignedDuration),
    /// They agree again, but not for long enough.
    Probation,
    /// The ledger has facts that lie this far in the future, and two people have not accepted it yet.
    Behind(SignedDuration),
}

impl ClockWatch {
    /// Starts from clocks that agree by definition.
    #[must_use]
    pub fn new(wall: Timestamp, monotonic: Instant) -> Self {
        let state = State {
            wall,
            monotonic,
            distrusted_since: None,
            jumped_by: SignedDuration::ZERO,
            behind_by: None,
        };
        Self { state: Mutex::new(state) }
    }

    /// Compares a pair read at the same moment.
    pub fn read(&self, wall: Timestamp, monotonic: Instant) -> Trust {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = monotonic.saturating_duration_since(state.monotonic);
        let expected = SignedDuration::try_from(passed)
            .ok()
            .and_then(|passed| state.wall.checked_add(passed).ok())
            .unwrap_or(Timestamp::MAX);
        let skew = wall.duration_since(expected);
        if skew.abs() > MAX_SKEW {
            state.distrust(wall, monotonic, skew);
            return Trust::Jumped(skew);
        }
        // Slow drift (NTP slewing) is followed, a jump is not.
        state.wall = wall;
        state.monotonic = monotonic;
        state.trust(monotonic)
    }

    /// Takes the difference to the database's clock into account: beyond [`MAX_SKEW`] is a jump too.
    pub fn compare(&self, skew: SignedDuration, monotonic: Instant) -> Trust {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if skew.abs() > MAX_SKEW {
            let first = state.distrusted_since.is_none();
            state.distrusted_since = Some(monotonic);
            state.jumped_by = skew;
            return if first { Trust::Jumped(skew) } else { Trust::Probation };
        }
        state.trust(monotonic)
    }

    /// Takes the newest fact that nobody has accepted into account: a clock that is behind it was wrong then or is wrong
    /// now, and no clock can tell which.
    pub fn compare_with_ledger(&self, newest: Option<Timestamp>, wall: Timestamp) {
        let ahead = newest.map(|newest| newest.duration_since(wall)).filter(|ahead| *ahead > MAX_SKEW);
        self.state.lock().unwrap_or_else(PoisonError::into_inner).behind_by = ahead;
    }

    /// By how much the clock was off when it was last distrusted.
    #[must_use]
    pub fn jumped_by(&self) -> SignedDuration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).jumped_by
    }
}

impl State {
    fn distrust(&mut self, wall: Timestamp, monotonic: Instant, skew: SignedDuration) {
        // The new pair is the reference of the probation: the clock must go steadily from here on.
        self.wall = wall;
        self.monotonic = monotonic;
        self.distrusted_since = Some(monotonic);
        self.jumped_by = skew;
    }

    fn trust(&mut self, monotonic: Instant) -> Trust {
        match self.distrusted_since {
            Some(since) if monotonic.saturating_duration_since(since) < PROBATION => Trust::Probation,
            _ => {
                self.distrusted_since = None;
                self.behind_by.map_or(Trust::Agrees, Trust::Behind)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_in_either_direction_is_distrusted_for_a_minute() {
        for jump in [3, -3, 86_400, -86_400] {
            let (wall, start) = (Timestamp::UNIX_EPOCH, Instant::now());
            let clock = ClockWatch::new(wall, start);
            let at = |s: i64| wall + SignedDuration::from_secs(s);
            let then = |s: u64| start + Duration::from_secs(s);
            assert_eq!(clock.read(at(10), then(10)), Trust::Agrees);
            assert_eq!(clock.read(at(11 + jump), then(11)), Trust::Jumped(SignedDuration::from_secs(jump)));
            assert_eq!(clock.read(at(12 + jump), then(12)), Trust::Probation);
            assert_eq!(clock.read(at(70 + jump), then(70)), Trust::Probation);
            assert_eq!(clock.read(at(71 + jump), then(71)), Trust::Agrees);
        }
    }

    #[test]
    fn a_clock_behind_the_ledger_is_distrusted_until_it_is_accepted_or_has_caught_up() {
        let (wall, start) = (Timestamp::UNIX_EPOCH, Instant::now());
        let clock = ClockWatch::new(wall, start);
        let ahead = |s: i64| Some(wall + SignedDuration::from_secs(s));
        clock.compare_with_ledger(ahead(3600), wall);
        assert_eq!(clock.read(wall, start), Trust::Behind(SignedDuration::from_secs(3600)));
        clock.compare_with_ledger(ahead(2), wall);
        assert_eq!(clock.read(wall, start), Trust::Agrees);
        clock.compare_with_ledger(ahead(3), wall);
        assert_eq!(clock.read(wall, start), Trust::Behind(SignedDuration::from_secs(3)));
        clock.compare_with_ledger(None, wall);
        assert_eq!(clock.read(wall, start), Trust::Agrees);
    }

    #[test]
    fn slow_drift_is_followed() {
        let (wall, start) = (Timestamp::UNIX_EPOCH, Instant::now());
        let clock = ClockWatch::new(wall, start);
        for step in 1..100_i64 {
            let drifted = wall + SignedDuration::from_millis(step * 10_500);
            let monotonic = start + Duration::from_millis(step.unsigned_abs() * 10_000);
            assert_eq!(clock.read(drifted, monotonic), Trust::Agrees);
        }
    }

    #[test]
    fn a_database_clock_that_differs_is_distrusted_until_it_has_agreed_for_a_minute() {
        let start = Instant::now();
        let clock = ClockWatch::new(Timestamp::UNIX_EPOCH, start);
        let off = SignedDuration::from_secs(5);
        assert_eq!(clock.compare(off, start), Trust::Jumped(off));
        assert_eq!(clock.compare(off, start + Duration::from_secs(30)), Trust::Probation);
        let agrees = SignedDuration::ZERO;
        assert_eq!(clock.compare(agrees, start + Duration::from_secs(89)), Trust::Probation);
        assert_eq!(clock.compare(agrees, start + Duration::from_secs(90)), Trust::Agrees);
    }
}
