//! Which application protocol a client is answered (ALPN, RFC 7301), before the target can be asked. A target is dialled
//! only once its client has proven who they are, and by then the client has had its answer. So it is what a target chose
//! last time from the same list, for somebody who came from the same place and proved who they are; which target that was
//! makes no difference, since whoever proves nothing sees the answer too, and learns of no target by it (P9). The first time
//! it is HTTP/1.1 where that is offered, because everything that speaks HTTP speaks it, with or without being asked; else
//! what the client likes best.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::places::Origin;

/// Longest list that is looked at; a longer one is answered nothing.
const MOST: usize = 16;
/// Lists that are remembered.
const REMEMBERED: usize = 4096;
/// What is safe to answer.
const HTTP_1: &[u8] = b"http/1.1";

/// A protocol's name; `None`: none.
pub(crate) type Chosen = Option<Vec<u8>>;

/// A client's list, best first.
type List = Vec<Vec<u8>>;

/// What a client offers, and is answered.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    from: Origin,
    pub list: List,
    pub answered: Chosen,
}

/// What targets have chosen from the lists of those who came from somewhere.
#[derive(Default)]
pub(crate) struct Protocols(Mutex<HashMap<(Origin, List), Learned>>);

/// What is answered to a list.
#[derive(Clone)]
struct Learned {
    answer: Chosen,
    /// Two targets want different answers, and this one does for more of them: another's choice changes nothing.
    settled: bool,
}

impl Protocols {
    /// What a client is answered that comes from there with this list.
    pub(crate) fn offer(&self, from: IpAddr, list: List) -> Offer {
        let from = Origin::of(from);
        let answered = self.choice(from, &list);
        Offer { from, list, answered }
    }

    fn choice(&self, from: Origin, list: &[Vec<u8>]) -> Chosen {
        if !is_looked_at(list) {
            return None;
        }
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(&(from, list.to_vec())) {
            Some(learned) => learned.answer.clone(),
            None => safe(list).or_else(|| list.first().cloned()),
        }
    }

    /// A target has chosen from this list.
    pub(crate) fn learn(&self, offer: &Offer, chosen: &Chosen) {
        self.notes(offer, |known| match known {
            Some(known) if known.settled => known,
            _ => Learned { answer: chosen.clone(), settled: false },
        });
    }

    /// A target that chose this does not speak what its client was answered. What is safe is answered from now on, and where
    /// that was it, what this one chose.
    pub(crate) fn fails(&self, offer: &Offer, chosen: &Chosen) {
        let safe = safe(&offer.list).filter(|safe| offer.answered.as_ref() != Some(safe));
        self.notes(offer, |_| match safe {
            Some(safe) => Learned { answer: Some(safe), settled: true },
            None => Learned { answer: chosen.clone(), settled: false },
        });
    }

    fn notes(&self, offer: &Offer, becomes: impl FnOnce(Option<Learned>) -> Learned) {
        if !is_looked_at(&offer.list) {
            return;
        }
        let key = (offer.from, offer.list.clone());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED && !known.contains_key(&key) {
            known.clear();
        }
        let before = known.remove(&key);
        known.insert(key, becomes(before));
    }
}

fn is_looked_at(list: &[Vec<u8>]) -> bool {
    (1..=MOST).contains(&list.len())
}

fn safe(list: &[Vec<u8>]) -> Chosen {
    list.iter().find(|name| *name == HTTP_1).cloned()
}

/// Whether what the target chose is what the client was answered. Without a choice it is HTTP/1.1 that is spoken, if the
/// client was answered that.
pub(crate) fn agree(answered: Option<&[u8]>, chosen: Option<&[u8]>) -> bool {
    answered == chosen || (answered == Some(HTTP_1) && chosen.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WARD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn list(names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }

    fn name(name: &str) -> Chosen {
        Some(name.as_bytes().to_vec())
    }

    #[test]
    fn a_client_is_answered_what_was_chosen_for_somebody_from_there() {
        let (protocols, web) = (Protocols::default(), list(&["h2", "http/1.1"]));
        let answered = |from, list: &[Vec<u8>]| protocols.offer(from, list.to_vec()).answered;
        assert_eq!(answered(WARD, &[]), None);
        assert_eq!(answered(WARD, &web), name("http/1.1"));
        assert_eq!(answered(WARD, &list(&["vendor/2", "vendor/1"])), name("vendor/2"));
        protocols.learn(&protocols.offer(WARD, web.clone()), &name("h2"));
        assert_eq!(answered(WARD, &web), name("h2"));
        assert_eq!(answered(STRANGER, &web), name("http/1.1"), "from elsewhere nothing is learned");
        assert_eq!(answered(WARD, &list(&["http/1.1"])), name("http/1.1"));
        protocols.learn(&protocols.offer(WARD, web.clone()), &None);
        assert_eq!(answered(WARD, &web), None);
        let flood: Vec<Vec<u8>> = (0..=MOST).map(|number| vec![b'a'; number + 1]).collect();
        assert_eq!(answered(WARD, &flood), None);
        assert!(agree(Some(b"http/1.1"), None) && agree(None, None) && !agree(Some(b"h2"), None));
        assert!(!agree(None, Some(b"h2")));
    }

    #[test]
    fn two_targets_that_choose_otherwise_cost_one_connection_and_not_one_each_time() {
        let (protocols, web) = (Protocols::default(), list(&["h2", "http/1.1"]));
        let offer = || protocols.offer(WARD, web.clone());
        protocols.learn(&offer(), &name("h2"));
        // The other one speaks HTTP/1.1 alone.
        protocols.fails(&offer(), &name("http/1.1"));
        for _ in 0..2 {
            assert_eq!(offer().answered, name("http/1.1"), "which both speak");
            protocols.learn(&offer(), &name("h2"));
        }
        // A third speaks HTTP/2 alone.
        protocols.fails(&offer(), &name("h2"));
        assert_eq!(offer().answered, name("h2"));
    }
}
