//! What is on its way into the stage, sent ahead or by way of visits, and out of it: how many files, and how much for each
//! window. The ledger counts those that wait; these are not in it before they are whole.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chaperone_policy::{FileId, WindowId};

/// Files that come into the stage at once: each keeps a thread. And those of one window, so that whoever opens files and
/// writes nothing takes room from nobody else.
const FILES: usize = 64;
const FILES_OF_A_WINDOW: usize = 16;

/// Counts them; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnderWay(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    files: usize,
    by_window: HashMap<WindowId, OfWindow>,
    /// Files that are on their way to a server, and for which window.
    released: HashMap<FileId, WindowId>,
}

/// Why a file does not go to its server now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotNow {
    /// It is on its way already.
    Twice,
    /// As many files of its window are.
    TooMany,
}

/// A file's place on the way to its server; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct OnItsWay {
    of: UnderWay,
    file: FileId,
}

#[derive(Debug, Default)]
struct OfWindow {
    files: usize,
    bytes: u64,
}

/// One file's share; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    of: UnderWay,
    window: WindowId,
    bytes: u64,
    /// What may still be on its way for the window, all files together.
    most: u64,
}

impl UnderWay {
    /// A place for one more file of a window for which so many bytes may be on their way; `None` when there are too many.
    pub(crate) fn share(&self, window: WindowId, most: u64) -> Option<Share> {
        let mut known = self.known();
        let here = known.by_window.get(&window).map_or(0, |here| here.files);
        if known.files >= FILES || here >= FILES_OF_A_WINDOW {
            return None;
        }
        known.files += 1;
        known.by_window.entry(window).or_default().files += 1;
        drop(known);
        Some(Share { of: self.clone(), window, bytes: 0, most })
    }

    /// A place on the way to its server for a file of a window.
    pub(crate) fn releases(&self, file: FileId, window: WindowId) -> Result<OnItsWay, NotNow> {
        let mut known = self.known();
        if known.released.contains_key(&file) {
            return Err(NotNow::Twice);
        }
        let here = known.released.values().filter(|of| **of == window).count();
        if known.released.len() >= FILES || here >= FILES_OF_A_WINDOW {
            return Err(NotNow::TooMany);
        }
        known.released.insert(file, window);
        drop(known);
        Ok(OnItsWay { of: self.clone(), file })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// How much of it has come.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// More has come; `false` when that is more than may.
    pub(crate) fn grows(&mut self, by: u64) -> bool {
        let mut known = self.of.known();
        let here = known.by_window.entry(self.window).or_default();
        let grown = here.bytes.saturating_add(by);
        if grown > self.most {
            return false;
        }
        here.bytes = grown;
        self.bytes += by;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut known = self.of.known();
        known.files = known.files.saturating_sub(1);
        if let Some(here) = known.by_window.get_mut(&self.window) {
            here.files = here.files.saturating_sub(1);
            here.bytes = here.bytes.saturating_sub(self.bytes);
            if here.files == 0 {
                known.by_window.remove(&self.window);
            }
        }
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.of.known().released.remove(&self.file);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_files_of_a_window_share_what_may_come_for_it_and_give_it_back() {
        let (under_way, [one, other]) = (UnderWay::default(), [1, 2].map(|n| WindowId(Uuid::from_u128(n))));
        let mut first = under_way.share(one, 100).unwrap();
        let mut second = under_way.share(one, 100).unwrap();
        assert!(first.grows(60) && second.grows(40));
        assert!(!first.grows(1) && !second.grows(1));
        assert!(under_way.share(other, 100).unwrap().grows(100), "another window has its own");
        drop(second);
        assert!(first.grows(40));
        drop(first);
        assert!(under_way.known().by_window.is_empty() && under_way.known().files == 0);
    }

    #[test]
    fn a_file_goes_to_its_server_once_at_a_time_and_no_window_takes_all_the_ways() {
        let under_way = UnderWay::default();
        let (file, window) = (|n| FileId(Uuid::from_u128(n)), |n| WindowId(Uuid::from_u128(n)));
        let first = under_way.releases(file(0), window(1)).unwrap();
        assert_eq!(under_way.releases(file(0), window(1)).unwrap_err(), NotNow::Twice);
        let all: Vec<_> = (1..100).map_while(|n| under_way.releases(file(n), window(1)).ok()).collect();
        assert_eq!(all.len() + 1, FILES_OF_A_WINDOW);
        assert_eq!(under_way.releases(file(100), window(1)).unwrap_err(), NotNow::TooMany);
        let other: Vec<_> =
            (200..400).map_while(|n| under_way.releases(file(n), window(n / 10)).ok()).collect();
        assert_eq!(other.len() + FILES_OF_A_WINDOW, FILES);
        drop((first, other));
        drop(under_way.releases(file(0), window(1)).unwrap());
        drop(all);
        assert!(under_way.known().released.is_empty());
    }

    #[test]
    fn no_more_files_come_at_once_than_there_are_threads_for_and_no_window_takes_them_all() {
        let under_way = UnderWay::default();
        let window = |n| WindowId(Uuid::from_u128(n));
        let take =
            |n| std::iter::from_fn(|| under_way.share(window(n), 1)).take(FILES).collect::<Vec<Share>>();
        let mut first = take(1);
        assert_eq!(first.len(), FILES_OF_A_WINDOW);
        let others: Vec<Share> = (2..20).flat_map(take).collect();
        assert_eq!(first.len() + others.len(), FILES);
        first.pop();
        assert!(under_way.share(window(50), 1).is_some(), "a place that is given back is anybody's");
        drop((first, others));
        assert!(under_way.known().by_window.is_empty() && under_way.known().files == 0);
    }
}
