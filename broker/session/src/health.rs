//! Whether a session's recording takes what it is given: what is wrong with it, since when, and what of that the SOC has
//! not been told yet.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What goes wrong with a recording; each is mended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It cannot be written.
    Write,
    /// It cannot be made durable.
    Sync,
    /// Its medium does not answer.
    Silence,
}

/// What the SOC is to be told, once for each fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Forwarding has stopped, or a loss of power would cost more than it may.
    Fault(String),
    /// It is as it should be again.
    Mended,
}

/// A recording's health.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    faults: Vec<(Trouble, Instant)>,
    /// The newest fault that nobody was told of.
    untold: Option<String>,
    /// Whether the SOC believes that there is a fault.
    told: bool,
}

impl Health {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is wrong. `true` if it was not known.
    pub(crate) fn failed(&self, trouble: Trouble, what: impl fmt::Display) -> bool {
        let mut state = self.state();
        if state.faults.iter().any(|(known, _)| *known == trouble) {
            return false;
        }
        state.faults.push((trouble, Instant::now()));
        state.untold = Some(what.to_string());
        true
    }

    /// That is over. `true` if it was not known to be.
    pub(crate) fn mended(&self, trouble: Trouble) -> bool {
        let mut state = self.state();
        let before = state.faults.len();
        state.faults.retain(|(known, _)| *known != trouble);
        state.faults.len() != before
    }

    /// For how long something has been wrong.
    pub(crate) fn ill_for(&self) -> Option<Duration> {
        self.state().faults.iter().map(|(_, since)| since.elapsed()).max()
    }

    /// What the SOC is to be told now: a fault also when it is over already.
    pub(crate) fn news(&self) -> Vec<News> {
        let mut state = self.state();
        let mut news = Vec::new();
        if let Some(what) = state.untold.take()
            && !state.told
        {
            state.told = true;
            news.push(News::Fault(what));
        }
        if state.told && state.faults.is_empty() {
            state.told = false;
            news.push(News::Mended);
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_once_also_when_it_is_over_before_anybody_looks() {
        let health = Health::default();
        assert!(health.news().is_empty() && health.ill_for().is_none());
        assert!(health.failed(Trouble::Write, "cannot write a frame"));
        assert!(!health.failed(Trouble::Write, "cannot write a frame"), "known");
        assert!(health.mended(Trouble::Write));
        assert_eq!(health.news(), [News::Fault("cannot write a frame".to_owned()), News::Mended]);
        assert!(health.news().is_empty());
    }

    #[test]
    fn it_is_well_again_when_every_fault_is_over() {
        let health = Health::default();
        health.failed(Trouble::Silence, "the medium does not answer");
        assert!(matches!(health.news().as_slice(), [News::Fault(_)]));
        health.failed(Trouble::Sync, "cannot sync the recording");
        assert!(health.news().is_empty(), "one fault, whatever comes with it");
        health.mended(Trouble::Silence);
        assert!(health.news().is_empty() && health.ill_for().is_some());
        health.mended(Trouble::Sync);
        assert_eq!(health.news(), [News::Mended]);
        assert!(health.ill_for().is_none());
    }
}
