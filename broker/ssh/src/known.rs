//! Places from which visits came lately. In a flood from everywhere they are what tells the technician from the flood.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a place is known after its newest visit.
const LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// Places that are known at once; beyond them the one that was not heard of for longest is forgotten.
const MOST: usize = 4096;

/// Until the process ends; places are addresses or what stands for several.
#[derive(Default)]
pub(crate) struct Known(Mutex<HashMap<IpAddr, Instant>>);

impl Known {
    /// A visit came from there.
    pub(crate) fn visited(&self, place: IpAddr) {
        self.visited_at(place, Instant::now());
    }

    /// Whether one did, lately.
    pub(crate) fn has(&self, place: IpAddr) -> bool {
        self.had(place, Instant::now())
    }

    fn visited_at(&self, place: IpAddr, now: Instant) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MOST && !places.contains_key(&place) {
            let oldest = places.iter().min_by_key(|(_, at)| **at).map(|(place, _)| *place);
            oldest.and_then(|oldest| places.remove(&oldest));
        }
        places.insert(place, now);
    }

    fn had(&self, place: IpAddr, now: Instant) -> bool {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(&place).is_some_and(|at| now.duration_since(*at) < LIFE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_known_for_a_month_and_as_one_of_the_newest() {
        let (known, start) = (Known::default(), Instant::now());
        let place = |n: usize| IpAddr::from(u32::try_from(n).unwrap().to_be_bytes());
        assert!(!known.had(place(0), start));
        for n in 0..MOST {
            known.visited_at(place(n), start + Duration::from_secs(n.try_into().unwrap()));
        }
        let later = start + Duration::from_secs(5000);
        known.visited_at(place(0), later);
        known.visited_at(place(MOST), later);
        assert!(known.had(place(0), later) && known.had(place(MOST), later));
        assert!(!known.had(place(1), later), "the oldest made room");
        assert!(known.had(place(2), later) && !known.had(place(2), later + LIFE));
    }
}
