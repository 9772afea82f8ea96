//! Places of those who have not proven anything: so many in all, and of them so many for each source, so that one that takes
//! all it can get leaves the rest to others (P10).

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What of an IPv6 address is somebody's own to choose: one customer has at least such a network (RFC 6177).
const OWN_BITS: u32 = 64;

/// What counts as one source: an IPv4 address, or a network of IPv6 whose addresses are one owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin(IpAddr);

/// Places; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    of_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<Origin, usize>,
}

/// A place; free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    places: Places,
    origin: Origin,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    /// All are taken.
    #[error("too many connections without a visit")]
    Full,
    /// Those of this source are.
    #[error("too many connections of one source without a visit")]
    OfOneSource,
}

impl Origin {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                Self(Ipv6Addr::from_bits(address.to_bits() >> OWN_BITS << OWN_BITS).into())
            }
            address @ IpAddr::V4(_) => Self(address),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(network) => write!(f, "{network}/{}", 128 - OWN_BITS),
        }
    }
}

impl Places {
    /// So many in all, and so many for one source.
    pub(crate) fn new(most: usize, of_one: usize) -> Self {
        Self(Arc::new(Inner { most, of_one, taken: Mutex::default() }))
    }

    /// A place for somebody from there.
    pub(crate) fn take(&self, address: IpAddr) -> Result<Place, NoPlace> {
        let origin = Origin::of(address);
        let mut taken = self.taken();
        if taken.all >= self.0.most {
            return Err(NoPlace::Full);
        }
        let of_theirs = taken.by.entry(origin).or_default();
        if *of_theirs >= self.0.of_one {
            return Err(NoPlace::OfOneSource);
        }
        *of_theirs += 1;
        taken.all += 1;
        Ok(Place { places: self.clone(), origin })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all = taken.all.saturating_sub(1);
        if let Some(of_theirs) = taken.by.get_mut(&self.origin) {
            *of_theirs = of_theirs.saturating_sub(1);
            if *of_theirs == 0 {
                taken.by.remove(&self.origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn whoever_takes_all_they_can_get_leaves_the_rest_to_others() {
        let places = Places::new(5, 3);
        let held: Vec<Place> = (0..3).map(|_| places.take(address("192.0.2.1")).unwrap()).collect();
        assert_eq!(places.take(address("192.0.2.1")).unwrap_err(), NoPlace::OfOneSource);
        assert_eq!(places.take(address("::ffff:192.0.2.1")).unwrap_err(), NoPlace::OfOneSource);
        let others: Vec<Place> =
            ["192.0.2.2", "192.0.2.3"].map(|other| places.take(address(other)).unwrap()).into();
        assert_eq!(places.take(address("192.0.2.4")).unwrap_err(), NoPlace::Full);
        drop(held);
        assert!(places.take(address("192.0.2.1")).is_ok());
        drop(others);
        assert!(
            places.taken().by.is_empty() && places.taken().all == 0,
            "nothing is remembered of who has left"
        );
    }

    #[test]
    fn the_addresses_of_one_network_are_one_source() {
        let places = Places::new(5, 1);
        let _held = places.take(address("2001:db8:0:1::7")).unwrap();
        assert_eq!(places.take(address("2001:db8:0:1:ffff::1")).unwrap_err(), NoPlace::OfOneSource);
        assert!(places.take(address("2001:db8:0:2::7")).is_ok());
        assert_eq!(Origin::of(address("2001:db8:0:1::7")).to_string(), "2001:db8:0:1::/64");
        assert_eq!(Origin::of(address("::ffff:192.0.2.1")).to_string(), "192.0.2.1");
    }
}
