//! Acts that take two people: the first gives their word, another within a quarter of an hour carries it out. The first
//! word is kept in memory, since these acts mend a ledger that cannot be written to.

use std::sync::{Mutex, PoisonError};

use chaperone_policy::PersonId;
use jiff::{SignedDuration, Timestamp};

/// How long the first word stands.
const STANDS_FOR: SignedDuration = SignedDuration::from_mins(15);

/// What takes two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Going on from a database that went back.
    Fork,
    /// Accepting facts from the future.
    AcceptClock,
}

/// A word given.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub act: Act,
    pub by: PersonId,
    pub login: String,
    pub reason: String,
    pub at: Timestamp,
}

/// Words that stand.
#[derive(Debug, Default)]
pub(crate) struct TwoKeepers {
    given: Mutex<Vec<Word>>,
}

impl TwoKeepers {
    /// Gives a word. The other person's, when there is one: then both have said yes, and both words are spent.
    pub(crate) fn say(&self, word: Word) -> Option<Word> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.retain(|earlier| word.at.duration_since(earlier.at).abs() < STANDS_FOR);
        let other = given.iter().position(|earlier| earlier.act == word.act && earlier.by != word.by);
        match other {
            Some(place) => {
                let other = given.swap_remove(place);
                given.retain(|earlier| earlier.act != word.act);
                Some(other)
            }
            None => {
                given.retain(|earlier| earlier.act != word.act || earlier.by != word.by);
                given.push(word);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn word(by: u128, act: Act, minute: i64) -> Word {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        Word { act, by: PersonId(Uuid::from_u128(by)), login: by.to_string(), reason: String::new(), at }
    }

    #[test]
    fn it_takes_two_different_people_in_time() {
        let keepers = TwoKeepers::default();
        assert!(keepers.say(word(1, Act::Fork, 0)).is_none());
        assert!(keepers.say(word(1, Act::Fork, 1)).is_none(), "one person twice is one person");
        assert!(keepers.say(word(2, Act::AcceptClock, 2)).is_none(), "another act is another act");
        assert!(keepers.say(word(2, Act::Fork, 17)).is_none(), "the first word has lapsed");
        assert_eq!(keepers.say(word(1, Act::Fork, 18)).unwrap().login, "2");
        assert!(keepers.say(word(2, Act::Fork, 19)).is_none(), "both words are spent");
    }
}
