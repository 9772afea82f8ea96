//! What a node remembers of tokens, for as long as they live: which have opened a console, and
//! what a browser that asks again and again was told. All of it is bounded by what was signed here.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use uuid::Uuid;

/// How long an outcome that does not change is told again without a new attempt: pages ask many times a second.
const TOLD_FOR: Duration = Duration::from_secs(60);
/// Most of each kind; with more, what is oldest goes.
const MOST: usize = 10_000;

/// See above.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    spent: Mutex<HashMap<Uuid, Timestamp>>,
    told: Mutex<HashMap<Uuid, (String, Instant)>>,
}

impl Remembered {
    /// Spends a token that opens a console; false when it was spent before, or when nothing more can be remembered.
    pub(super) fn spend(&self, token: Uuid, until: Timestamp, now: Timestamp) -> bool {
        let mut spent = held(&self.spent);
        // Clocks of nodes differ by less than this.
        let kept = SignedDuration::from_secs(10);
        spent.retain(|_, until| now.duration_since(*until) < kept);
        spent.len() < MOST && spent.insert(token, until).is_none()
    }

    /// The bearer of this cookie was refused, and told so.
    pub(super) fn tell(&self, token: Uuid, text: &str) {
        let mut told = held(&self.told);
        let now = Instant::now();
        told.retain(|_, (_, at)| now.duration_since(*at) < TOLD_FOR);
        if told.len() < MOST {
            told.insert(token, (text.to_owned(), now));
        }
    }

    /// What the bearer was told a moment ago.
    pub(super) fn told(&self, token: Uuid) -> Option<String> {
        let told = held(&self.told);
        told.get(&token).filter(|(_, at)| at.elapsed() < TOLD_FOR).map(|(text, _)| text.clone())
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_is_spent_once_and_forgotten_when_it_is_worth_nothing() {
        let remembered = Remembered::default();
        let token = Uuid::from_u128(1);
        assert!(remembered.spend(token, at(60), at(0)));
        assert!(!remembered.spend(token, at(60), at(1)));
        assert!(!remembered.spend(token, at(60), at(69)), "a clock behind");
        assert!(remembered.spend(Uuid::from_u128(2), at(200), at(100)));
        assert_eq!(held(&remembered.spent).len(), 1);
    }

    #[test]
    fn what_was_told_is_told_again_to_the_same_bearer() {
        let remembered = Remembered::default();
        let token = Uuid::from_u128(1);
        remembered.tell(token, "late");
        assert_eq!(remembered.told(token).as_deref(), Some("late"));
        assert_eq!(remembered.told(Uuid::nil()), None);
    }
}
