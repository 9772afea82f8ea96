//! Retention: deletes recordings and empties facts that are over their time, and is the only thing that does.
//!
//! ```text
//!   clock trusted? ledger's times without a leap? not too much at once? ──no──▶ retention-stopped (an alarm), nothing deleted
//!        │ yes
//!        ▼ each recording                                                       each page of facts
//!   recording-expired committed ─▶ file, derived data gone ─▶ recording-deleted      words gone and bodies-cleared, at once
//! ```
//!
//! A crash at the first arrow leaves a recording that the next run finishes; before it nothing has happened.

mod recordings;
mod words;

use chaperone_policy::{Act, Keeping, PersonId, WordId};
use chaperone_store::{FactKind, NewFact, Store, StoreError, WordState};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;

use crate::desk::{Desk, DeskError};

/// Recordings that one run may delete without asking, in percent of those that the node keeps; and always this many.
const PERCENT_AT_ONCE: u64 = 10;
const ALWAYS: u64 = 25;
/// A run that does nothing says so this often: the ledger's times go on with it, whatever else happens.
const SAYS_SO: SignedDuration = SignedDuration::from_hours(24);
/// Facts ahead of the clock by more than this are from the future (P3).
const FUTURE: SignedDuration = SignedDuration::from_secs(2);
/// By which name two people allow a run that has stopped.
pub const RUN: &str = "run";

/// What a run did, or would do.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Retained {
    /// Whether it only looked.
    pub dry_run: bool,
    /// Why it did nothing.
    pub stopped: Option<Stopped>,
    /// Recordings over their time.
    pub recordings_due: u64,
    /// Of those, deleted now.
    pub recordings_deleted: u64,
    /// Recordings over their class's time that a hold keeps.
    pub recordings_held: u64,
    /// Recordings over their time whose file is not there: no deletion of ours.
    pub recordings_missing: u64,
    /// Bytes of the recordings over their time.
    pub bytes: u64,
    /// Facts whose words are over their time.
    pub words_due: u64,
    /// Of those, emptied now.
    pub words_cleared: u64,
}

/// Why retention does nothing, until the clock is right or two people say that it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Stopped {
    /// The clock cannot be trusted.
    Clock,
    /// The ledger has no fact for longer than a week: the clock was turned, or the gate was off.
    Leap {
        /// The last fact before.
        from: Timestamp,
        /// The first one after, or now.
        to: Timestamp,
    },
    /// It would delete more at once than it ever should.
    TooMany {
        /// Recordings over their time.
        due: u64,
        /// Recordings that the node keeps.
        of: u64,
    },
}

impl Desk {
    /// Runs retention once, by the hour or by somebody's word, with a reason that may be empty. With `dry_run` it looks and
    /// changes nothing.
    ///
    /// # Errors
    /// When the database does not answer or a file cannot be deleted; what was done before stands, and the next run goes on.
    pub async fn retain(
        &self,
        clock_trusted: bool,
        now: Timestamp,
        by: Option<(PersonId, &str)>,
        dry_run: bool,
    ) -> Result<Retained, DeskError> {
        let store = &self.inner.store;
        let mut run = Retained { dry_run, ..Retained::default() };
        run.stopped = if clock_trusted { leapt(store, now).await? } else { Some(Stopped::Clock) };
        if run.stopped.is_none() {
            let keeping = store.keeping().await?;
            self.all(&keeping, now, &mut run).await?;
        }
        if !dry_run {
            self.say(&run, now, by).await?;
        }
        Ok(run)
    }

    async fn all(&self, keeping: &Keeping, now: Timestamp, run: &mut Retained) -> Result<(), DeskError> {
        let due = self.recordings_due(keeping, now, run).await?;
        let (count, of) = (run.recordings_due, self.inner.store.kept_recordings().await?);
        if count > ALWAYS.max(of / 100 * PERCENT_AT_ONCE + of % 100 * PERCENT_AT_ONCE / 100) {
            match self.allowed().await? {
                None => {
                    run.stopped = Some(Stopped::TooMany { due: count, of });
                    return Ok(());
                }
                // Spent before anything is deleted: a crash costs two people a word, and never a recording.
                Some(word) if !run.dry_run => self.spend(word).await?,
                Some(_) => {}
            }
        }
        if !run.dry_run {
            self.finish_expiring(now, run).await?;
            for one in due {
                self.delete(one, now, run).await?;
            }
        }
        self.empty_words(keeping, now, run).await
    }

    /// Whether two people have agreed that the next run may delete more than it ever should.
    async fn allowed(&self) -> Result<Option<WordId>, StoreError> {
        let standing = self
            .inner
            .store
            .write(|tx| Box::pin(async move { tx.standing_words(Act::ShortenRetention, RUN).await }));
        let words = standing.await?;
        Ok(words.into_iter().find(|word| word.state == WordState::Agreed).map(|word| word.id))
    }

    async fn spend(&self, word: WordId) -> Result<(), StoreError> {
        let spent = self.inner.store.write(move |tx| Box::pin(async move { tx.spend_word(word).await }));
        if spent.await? { Ok(()) } else { Err(StoreError::NotFound("word that allows it")) }
    }

    /// That it ran is a fact when it did something, and once a day; that it stopped, once a day while it lasts.
    async fn say(
        &self,
        run: &Retained,
        now: Timestamp,
        by: Option<(PersonId, &str)>,
    ) -> Result<(), StoreError> {
        let store = &self.inner.store;
        let (kind, last) = match run.stopped {
            Some(_) => (FactKind::RetentionStopped, store.last_stop().await?),
            None => (FactKind::RetentionRan, store.last_retention().await?),
        };
        let lately = last.is_some_and(|last| now.duration_since(last).abs() < SAYS_SO);
        let did_something = run.recordings_deleted + run.words_cleared > 0;
        if lately && by.is_none() && !did_something {
            return Ok(());
        }
        let (by, reason) = (by.map(|(person, _)| person), by.map(|(_, reason)| reason));
        let body = json!({
            "by": by, "reason": reason, "why": run.stopped.as_ref().map(Stopped::words),
            "recordings": { "due": run.recordings_due, "deleted": run.recordings_deleted, "held": run.recordings_held,
                            "missing": run.recordings_missing },
            "bytes": run.bytes.to_string(),
            "words": { "due": run.words_due.to_string(), "cleared": run.words_cleared.to_string() },
        });
        let fact = NewFact { person: by, ..NewFact::new(kind, now, body) };
        store.fact(fact).await.map(drop)
    }
}

impl Stopped {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Clock => "the clock cannot be trusted".to_owned(),
            Self::Leap { from, to } => {
                format!("the ledger has no fact from {from} to {to}: was the clock turned, or the gate off?")
            }
            Self::TooMany { due, of } => {
                format!("{due} of {of} recordings would be deleted at once")
            }
        }
    }
}

/// Whether the ledger's own times contradict the clock: facts that lie ahead of it, or a stretch without any that nobody
/// has looked at.
async fn leapt(store: &Store, now: Timestamp) -> Result<Option<Stopped>, StoreError> {
    let newest = store.newest_unaccepted().await?;
    if newest.is_some_and(|newest| newest.duration_since(now) > FUTURE) {
        return Ok(Some(Stopped::Clock));
    }
    let since = store.last_allowed().await?.unwrap_or(Timestamp::UNIX_EPOCH);
    let leap = store.leap(since, now).await?;
    Ok(leap.map(|(from, to)| Stopped::Leap { from, to }))
}
