//! How many menus one person is shown at once. A connection that shows one may wait for hours for a window to open: it is
//! counted here, and no longer among those that have no visit, whose places others from the same address need.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chaperone_policy::PersonId;

/// Connections that show one person a menu: a terminal for each of their windows, and no more than one person's work.
const OF_ONE_PERSON: usize = 16;

/// Those that are shown; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Menus(Arc<Mutex<HashMap<PersonId, usize>>>);

/// One connection that shows them.
#[derive(Debug)]
pub(crate) struct Counted {
    among: Menus,
    person: PersonId,
}

impl Menus {
    /// Counts one more of this person; `None` where there are too many.
    pub(crate) fn count(&self, person: PersonId) -> Option<Counted> {
        let mut shown = self.shown();
        let theirs = shown.entry(person).or_default();
        if *theirs >= OF_ONE_PERSON {
            return None;
        }
        *theirs += 1;
        drop(shown);
        Some(Counted { among: self.clone(), person })
    }

    fn shown(&self) -> MutexGuard<'_, HashMap<PersonId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut shown = self.among.shown();
        if let Some(theirs) = shown.get_mut(&self.person) {
            *theirs = theirs.saturating_sub(1);
            if *theirs == 0 {
                shown.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const DANA: PersonId = PersonId(Uuid::from_u128(1));
    const SAM: PersonId = PersonId(Uuid::from_u128(2));

    #[test]
    fn so_many_of_one_person_and_nothing_is_kept_of_those_that_have_gone() {
        let menus = Menus::default();
        let mut danas: Vec<_> = std::iter::from_fn(|| menus.count(DANA)).collect();
        assert_eq!(danas.len(), OF_ONE_PERSON);
        assert!(menus.count(SAM).is_some(), "nobody else notices");
        danas.pop();
        assert!(menus.count(DANA).is_some());
        drop(danas);
        assert!(menus.shown().is_empty());
    }
}
