//! Which application protocol a client is answered (ALPN, RFC 7301), before the target can be asked. A target is dialled
//! only once its client has proven who they are, and by then the client has had its answer: so it is what this target chose
//! last time from the same list. The first time it is HTTP/1.1 where that is offered, because everything that speaks HTTP
//! speaks it, with or without being asked; else what the client likes best.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chaperone_policy::TargetName;

/// Longest list that is looked at; a longer one is answered nothing.
const MOST: usize = 16;
/// Choices that are remembered.
const REMEMBERED: usize = 4096;
/// What is safe to answer.
const HTTP_1: &[u8] = b"http/1.1";

/// A protocol's name; `None`: none.
pub(crate) type Chosen = Option<Vec<u8>>;

/// A client's list, best first.
type Offered = Vec<Vec<u8>>;

/// What targets have chosen.
#[derive(Default)]
pub(crate) struct Protocols(Mutex<HashMap<(TargetName, Offered), Chosen>>);

impl Protocols {
    /// What a client is answered that offers these to this target.
    pub(crate) fn choice(&self, target: &TargetName, offered: &[Vec<u8>]) -> Chosen {
        if offered.is_empty() || offered.len() > MOST {
            return None;
        }
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chosen) = known.get(&(target.clone(), offered.to_vec())) {
            return chosen.clone();
        }
        let safe = offered.iter().find(|name| *name == HTTP_1);
        safe.or_else(|| offered.first()).cloned()
    }

    /// A target has chosen from this list.
    pub(crate) fn learn(&self, target: &TargetName, offered: &[Vec<u8>], chosen: Chosen) {
        if offered.is_empty() || offered.len() > MOST {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert((target.clone(), offered.to_vec()), chosen);
    }
}

/// Whether what the target chose is what the client was answered. Without a choice it is HTTP/1.1 that is spoken, if the
/// client was answered that.
pub(crate) fn agree(answered: Option<&[u8]>, chosen: Option<&[u8]>) -> bool {
    answered == chosen || (answered == Some(HTTP_1) && chosen.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_answered_what_the_target_chose_last_time() {
        let (protocols, target) = (Protocols::default(), "console-01".parse().unwrap());
        let list =
            |names: &[&str]| -> Vec<Vec<u8>> { names.iter().map(|name| name.as_bytes().to_vec()).collect() };
        let web = list(&["h2", "http/1.1"]);
        assert_eq!(protocols.choice(&target, &[]), None);
        assert_eq!(protocols.choice(&target, &web), Some(b"http/1.1".to_vec()));
        assert_eq!(protocols.choice(&target, &list(&["vendor/2", "vendor/1"])), Some(b"vendor/2".to_vec()));
        protocols.learn(&target, &web, Some(b"h2".to_vec()));
        assert_eq!(protocols.choice(&target, &web), Some(b"h2".to_vec()));
        assert_eq!(protocols.choice(&"console-02".parse().unwrap(), &web), Some(b"http/1.1".to_vec()));
        protocols.learn(&target, &web, None);
        assert_eq!(protocols.choice(&target, &web), None);
        let flood: Vec<Vec<u8>> = (0..=MOST).map(|number| vec![b'a'; number + 1]).collect();
        assert_eq!(protocols.choice(&target, &flood), None);
        assert!(agree(Some(b"http/1.1"), None) && agree(None, None) && !agree(Some(b"h2"), None));
        assert!(!agree(None, Some(b"h2")));
    }
}
