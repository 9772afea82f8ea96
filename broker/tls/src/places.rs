//! Places of those who have not proven anything: so many in all, and of them so many for each source. With none left the
//! oldest one of whoever has the most is given to the next, so that whoever takes all they can get takes it from themselves
//! and not from others (P10).

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chaperone_session::Cord;

/// What of an IPv6 address is somebody's own to choose: one customer has at least such a network (RFC 6177).
const OWN_BITS: u32 = 64;

/// What counts as one source: an IPv4 address, or a network of IPv6 whose addresses are one owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin(IpAddr);

/// Places; cheap to clone.
#[derive(Clone)]
pub(crate) struct Places(Arc<Inner>);

struct Inner {
    most: usize,
    of_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    next: u64,
    /// By number, and so by age: whose each is, and what ends the connection that has it.
    places: BTreeMap<u64, (Origin, Cord)>,
    by: HashMap<Origin, usize>,
}

/// A place; free again when this is dropped.
pub struct Place {
    places: Places,
    number: u64,
}

/// All places of this source are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many connections of one source without a visit")]
pub(crate) struct NoPlace;

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

    /// A place for somebody from there, whose connection this cord ends: where all are taken, another's, which is ended.
    pub(crate) fn take(&self, address: IpAddr, cord: Cord) -> Result<Place, NoPlace> {
        let origin = Origin::of(address);
        let mut taken = self.taken();
        if taken.by.get(&origin).is_some_and(|of_theirs| *of_theirs >= self.0.of_one) {
            return Err(NoPlace);
        }
        let ended = if taken.places.len() >= self.0.most { taken.oldest_of_the_most() } else { None };
        *taken.by.entry(origin).or_default() += 1;
        let number = taken.next;
        taken.next += 1;
        taken.places.insert(number, (origin, cord));
        drop(taken);
        if let Some((source, cord)) = ended {
            tracing::debug!(client.net = %source, "a connection without a visit is ended for want of room");
            cord.sever();
        }
        Ok(Place { places: self.clone(), number })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Takes the oldest place of whoever has the most.
    fn oldest_of_the_most(&mut self) -> Option<(Origin, Cord)> {
        let most = self.by.values().copied().max()?;
        let mut by_age = self.places.iter();
        let (number, _) = by_age.find(|(_, (origin, _))| self.by.get(origin) == Some(&most))?;
        let number = *number;
        self.gives_back(number)
    }

    fn gives_back(&mut self, number: u64) -> Option<(Origin, Cord)> {
        let (origin, cord) = self.places.remove(&number)?;
        if let Some(of_theirs) = self.by.get_mut(&origin) {
            *of_theirs = of_theirs.saturating_sub(1);
            if *of_theirs == 0 {
                self.by.remove(&origin);
            }
        }
        Some((origin, cord))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // One that was given to another is gone already.
        drop(self.places.taken().gives_back(self.number));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use chaperone_session::Severable;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// A connection, as its peer has it, and what ends it.
    fn connection() -> (TcpStream, Severable, Cord) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        peer.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let (own, _) = listener.accept().unwrap();
        own.set_nonblocking(true).unwrap();
        let (own, cord) = Severable::new(tokio::net::TcpStream::from_std(own).unwrap()).unwrap();
        (peer, own, cord)
    }

    fn has_ended(peer: &mut TcpStream) -> bool {
        match peer.read(&mut [0; 1]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    #[tokio::test]
    async fn whoever_takes_all_they_can_get_takes_it_from_themselves() {
        let places = Places::new(6, 3);
        let mut held = Vec::new();
        let mut takes = |from: &str| {
            let (peer, own, cord) = connection();
            places.take(address(from), cord).map(|place| held.push((from.to_owned(), peer, own, place)))
        };
        for from in ["192.0.2.7", "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"] {
            takes(from).unwrap();
        }
        assert_eq!(takes("192.0.2.1"), Err(NoPlace), "as many as one may have");
        assert_eq!(takes("::ffff:192.0.2.1"), Err(NoPlace));
        for from in ["192.0.2.3", "192.0.2.4"] {
            takes(from).expect("all are taken, and still");
        }
        let ended: Vec<_> =
            held.iter_mut().filter_map(|(from, peer, _, _)| has_ended(peer).then(|| from.clone())).collect();
        assert_eq!(ended.len(), 2, "{ended:?}");
        assert!(
            ended.contains(&"192.0.2.1".to_owned()) && !ended.contains(&"192.0.2.7".to_owned()),
            "{ended:?}"
        );
        drop(held);
        let taken = places.taken();
        assert!(taken.by.is_empty() && taken.places.is_empty(), "nothing is remembered of who has left");
    }

    #[tokio::test]
    async fn the_addresses_of_one_network_are_one_source() {
        let places = Places::new(5, 1);
        let (_peer, _own, cord) = connection();
        let _held = places.take(address("2001:db8:0:1::7"), cord.clone()).expect("a place");
        assert!(places.take(address("2001:db8:0:1:ffff::1"), cord.clone()).is_err());
        assert!(places.take(address("2001:db8:0:2::7"), cord).is_ok());
        assert_eq!(Origin::of(address("2001:db8:0:1::7")).to_string(), "2001:db8:0:1::/64");
        assert_eq!(Origin::of(address("::ffff:192.0.2.1")).to_string(), "192.0.2.1");
    }
}
