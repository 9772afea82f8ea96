//! A target that gives requests no answer: a fact when it begins to, and not for each request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chaperone_session::DialError;
use tokio::time::Instant;

use super::limits;
use super::no_answer::NoAnswer;

/// One that answers, and fails again within this time, is failing still.
const STILL: Duration = Duration::from_secs(60);

/// What a target did wrong last, and when that was told.
#[derive(Debug, Default)]
pub(super) struct Failing(Mutex<Option<(&'static str, Instant)>>);

impl Failing {
    /// It failed; whether that is news.
    pub(super) fn is_news(&self, error: &DialError) -> bool {
        let mut failing = self.held();
        if failing.is_some_and(|(known, _)| known == error.as_str()) {
            return false;
        }
        *failing = Some((error.as_str(), Instant::now()));
        true
    }

    /// It answers.
    pub(super) fn answers(&self) {
        let mut failing = self.held();
        if failing.is_some_and(|(_, told)| told.elapsed() > STILL) {
            *failing = None;
        }
    }

    fn held(&self) -> MutexGuard<'_, Option<(&'static str, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NoAnswer {
    /// What the target did wrong, where it did; a connection that could not be made is told of by whoever makes it, an answer that
    /// can be read in two ways by itself.
    pub(super) fn failure(&self) -> Option<DialError> {
        match self {
            Self::Slow => Some(DialError::Slow(limits::ANSWER_WITHIN)),
            Self::Broken(_) | Self::Coded | Self::NoUrl => Some(DialError::Protocol(self.to_string())),
            Self::Dial(_) | Self::Ambiguous(_) | Self::InputOver | Self::Lost(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_goes_on_failing_is_told_of_once_and_of_each_kind() {
        let failing = Failing::default();
        let (slow, broken) =
            (DialError::Slow(limits::ANSWER_WITHIN), DialError::Protocol("it closed".to_owned()));
        assert!(failing.is_news(&slow) && !failing.is_news(&slow));
        failing.answers();
        assert!(!failing.is_news(&slow), "it was told of a moment ago");
        assert!(failing.is_news(&broken) && !failing.is_news(&broken) && failing.is_news(&slow));
    }

    #[test]
    fn what_the_target_is_not_to_blame_for_is_none_of_its_failures() {
        assert!(
            NoAnswer::InputOver.failure().is_none() && NoAnswer::Dial(DialError::Ended).failure().is_none()
        );
        assert_eq!(NoAnswer::Slow.failure().map(|error| error.as_str()), Some("slow"));
        assert_eq!(NoAnswer::Coded.failure().map(|error| error.as_str()), Some("protocol"));
    }
}
