//! What a browser that asks again and again was told: a node remembers it for a moment, bounded in number.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// How long an outcome that does not change is told again without a new attempt: pages ask many times a second.
const TOLD_FOR: Duration = Duration::from_secs(60);
/// Most that are remembered.
const MOST: usize = 10_000;

/// See above.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<HashMap<Uuid, (String, Instant)>>);

impl Remembered {
    /// The bearer of this cookie was refused, and told so.
    pub(super) fn tell(&self, token: Uuid, text: &str) {
        self.first(token, text);
    }

    /// The same; whether that was not told a moment ago already.
    pub(super) fn first(&self, token: Uuid, text: &str) -> bool {
        let mut told = self.held();
        let now = Instant::now();
        told.retain(|_, (_, at)| now.duration_since(*at) < TOLD_FOR);
        if told.get(&token).is_some_and(|(known, _)| known == text) {
            return false;
        }
        if told.len() < MOST {
            told.insert(token, (text.to_owned(), now));
        }
        true
    }

    /// What the bearer was told a moment ago.
    pub(super) fn told(&self, token: Uuid) -> Option<String> {
        let told = self.held();
        told.get(&token).filter(|(_, at)| at.elapsed() < TOLD_FOR).map(|(text, _)| text.clone())
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Uuid, (String, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_told_again_to_the_same_bearer() {
        let remembered = Remembered::default();
        let token = Uuid::from_u128(1);
        remembered.tell(token, "late");
        assert_eq!(remembered.told(token).as_deref(), Some("late"));
        assert_eq!(remembered.told(Uuid::nil()), None);
        assert!(remembered.first(token, "stopped") && !remembered.first(token, "stopped"));
    }
}
