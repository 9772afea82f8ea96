//! A target that goes on doing the same thing wrong: a fact when it begins to, and not for each connection or request of a
//! visit.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::dial::DialError;
use crate::live::LiveSession;

/// One that does well, and the same thing wrong again within this time, goes on doing it wrong.
const STILL: Duration = Duration::from_secs(60);

/// What a target does wrong, by its stored name, and when that was told; and how often something was tried there that is
/// not passed on.
#[derive(Debug, Default)]
pub(crate) struct Failing {
    told: Mutex<BTreeMap<&'static str, Instant>>,
    tried: Mutex<BTreeMap<&'static str, u32>>,
}

impl Failing {
    /// It did something wrong; whether that is news.
    pub(crate) fn is_news(&self, error: &DialError) -> bool {
        let mut told = self.held();
        let is_news = !told.contains_key(error.as_str());
        told.entry(error.as_str()).or_insert_with(Instant::now);
        is_news
    }

    /// How often this was tried, this time counted.
    pub(crate) fn counts(&self, error: &DialError) -> u32 {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let count = tried.entry(error.as_str()).or_default();
        *count = count.saturating_add(1);
        *count
    }

    fn does_well(&self, now: Instant) {
        self.held().retain(|_, told| now.duration_since(*told) <= STILL);
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<&'static str, Instant>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LiveSession {
    /// The target was reached, or has answered: what it does wrong from now on is news, unless it was told a moment ago.
    pub fn target_does_well(&self) {
        self.failing.does_well(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_goes_on_failing_is_told_of_once_and_of_each_kind() {
        let failing = Failing::default();
        let [slow, broken] = [DialError::Slow(STILL), DialError::Protocol("it closed".to_owned())];
        assert!(failing.is_news(&slow) && !failing.is_news(&slow));
        failing.does_well(Instant::now());
        assert!(!failing.is_news(&slow), "it was told of a moment ago");
        assert!(failing.is_news(&broken));
        for error in [&slow, &broken, &slow] {
            assert!(!failing.is_news(error), "one does not make the other news again");
        }
        failing.does_well(Instant::now() + 2 * STILL);
        assert!(failing.is_news(&slow) && failing.is_news(&broken));
    }
}
