//! Films of recordings, for replay. The newest few are kept in memory; that somebody looks is a fact before they see
//! anything, once for a while and not for every piece.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chaperone_policy::{PersonId, SessionId};
use jiff::{SignedDuration, Timestamp};

use crate::play::Reel;

/// Films that are kept; each is at most some 20 MiB, and most are far smaller.
const KEPT: usize = 8;
/// One fact stands for the looks of one person at one recording for this long.
const STANDS_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Looks that are remembered.
const LOOKS: usize = 4096;

/// What a file was when its film was made: a live recording grows.
pub(crate) type Stamp = (u64, u64);

/// Keeps films and looks.
#[derive(Default)]
pub(crate) struct Cinema {
    films: Mutex<VecDeque<(SessionId, Stamp, Arc<Reel>)>>,
    looks: Mutex<HashMap<(PersonId, SessionId), Timestamp>>,
}

impl Cinema {
    /// Whether a fact stands for this look.
    pub(crate) fn stands(&self, by: PersonId, session: SessionId, now: Timestamp) -> bool {
        let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.get(&(by, session)).is_some_and(|at| now.duration_since(*at).abs() < STANDS_FOR)
    }

    /// A fact was committed for this look.
    pub(crate) fn looked(&self, by: PersonId, session: SessionId, now: Timestamp) {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= LOOKS {
            looks.retain(|_, at| now.duration_since(*at) < STANDS_FOR);
        }
        if looks.len() >= LOOKS {
            looks.clear();
        }
        looks.insert((by, session), now);
    }

    /// The film that is kept, if the file has not grown since.
    pub(crate) fn kept(&self, session: SessionId, stamp: Stamp) -> Option<Arc<Reel>> {
        let films = self.films.lock().unwrap_or_else(PoisonError::into_inner);
        films.iter().find(|(of, at, _)| *of == session && *at == stamp).map(|(.., film)| Arc::clone(film))
    }

    /// The recording is deleted: so is its film.
    pub(crate) fn forget(&self, session: SessionId) {
        self.films.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, ..)| *of != session);
    }

    pub(crate) fn keep(&self, session: SessionId, stamp: Stamp, film: &Arc<Reel>) {
        let mut films = self.films.lock().unwrap_or_else(PoisonError::into_inner);
        films.retain(|(of, ..)| *of != session);
        films.push_back((session, stamp, Arc::clone(film)));
        while films.len() > KEPT {
            films.pop_front();
        }
    }
}

/// How long the recording and its tail are now, in bytes.
pub(crate) fn stamp(path: &Path) -> Stamp {
    let len = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    (len(path), len(&path.with_extension("tail")))
}
