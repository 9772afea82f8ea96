//! Reading recordings in the background: each one once it is sealed, and live ones that have said nothing for long, so that
//! they can be sought and searched. One at a time, aside, and always behind the visits. What is read stays in the desk's
//! own store; a crash costs the one that was being read, and it is read again.

use std::time::Duration;

use chaperone_policy::SessionId;
use chaperone_recorder::replay::{self, DERIVES};
use chaperone_recorder::{BadPlace, Recording};
use chaperone_store::{
    Derived, DerivedOf, FactFilter, FactKind, NewFact, SessionFilter, SessionRow, StoreError, Underived,
};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::aside::aside;
use crate::cinema::stamp;
use crate::desk::Desk;
use crate::view::opened;

/// How often new recordings are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often recordings are looked for that were absent or live.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// A live recording is read when it has not grown for this long.
const IDLE: Duration = Duration::from_secs(300);
/// Facts read at once.
const PAGE: u32 = 200;
/// After this much reading the thread rests, so that a busy disk or core serves visits first.
const REST_EVERY: u32 = 64;
const REST: Duration = Duration::from_millis(2);

/// The facts that say that a recording is complete.
const COMPLETE: [FactKind; 2] = [FactKind::SessionSealed, FactKind::SessionRecovered];

impl Desk {
    /// Reads what is to be read until the future is dropped. Without a derived store there is nothing to do.
    pub async fn keep_deriving(&self) {
        let Some(derived) = self.inner.derived.clone() else { return std::future::pending().await };
        let mut tick = interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut again = Instant::now();
        let mut complained = false;
        loop {
            tick.tick().await;
            let due = Instant::now() >= again;
            if due {
                again = Instant::now() + LOOK_AGAIN;
            }
            match self.look_for_work(&derived, due).await {
                Ok(()) => complained = false,
                Err(error) if complained => tracing::debug!(%error, "recordings are still not read"),
                Err(error) => {
                    complained = true;
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "recordings are not read; it is tried again"
                    );
                }
            }
        }
    }

    /// Forgets what was read out of a recording; for retention, which deletes the recording itself.
    ///
    /// # Errors
    /// When the derived store does not answer: then it must be tried again, since its text is still there.
    pub async fn forget_derived(&self, session: SessionId) -> Result<(), StoreError> {
        match &self.inner.derived {
            Some(derived) => derived.forget(session).await,
            None => Ok(()),
        }
    }

    async fn look_for_work(&self, derived: &Derived, again: bool) -> Result<(), StoreError> {
        for session in derived.stale(DERIVES).await? {
            self.read(derived, session, false).await?;
        }
        for kind in COMPLETE {
            self.read_complete(derived, kind).await?;
        }
        if again {
            for session in derived.unfinished().await? {
                self.read_unfinished(derived, session).await?;
            }
            self.read_idle(derived).await?;
        }
        Ok(())
    }

    /// Recordings that have become complete since the last look.
    async fn read_complete(&self, derived: &Derived, kind: FactKind) -> Result<(), StoreError> {
        loop {
            let after = derived.progress(kind).await?;
            let filter = FactFilter { after, kind: Some(kind.as_str().to_owned()), session: None };
            let page = self.inner.store.facts_page(&filter, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            for fact in &page {
                if let Some(session) = fact.session {
                    self.read(derived, session, false).await?;
                }
                // Only now: a crash before this reads the one recording again.
                derived.set_progress(kind, fact.number + 1).await?;
            }
            tracing::debug!(last = last.number, %kind, "recordings were read");
        }
    }

    /// One that was absent or live: perhaps it is there now.
    async fn read_unfinished(&self, derived: &Derived, session: SessionId) -> Result<(), StoreError> {
        let path = self.inner.folder.recording(session.0);
        let known = derived.film(session, DERIVES).await?;
        let grown = known.is_none_or(|known| known.stored != stamp(&path).0);
        if path.is_file() && grown && is_idle(&path) {
            self.read(derived, session, true).await
        } else {
            Ok(())
        }
    }

    /// Live recordings that rest.
    async fn read_idle(&self, derived: &Derived) -> Result<(), StoreError> {
        let live = SessionFilter { live: Some(true), ..SessionFilter::default() };
        for row in self.inner.store.sessions_wanted(&live, PAGE).await? {
            if derived.film(row.id, DERIVES).await?.is_none() {
                self.read_unfinished(derived, row.id).await?;
            }
        }
        Ok(())
    }

    /// Reads one recording and keeps what came of it. Only a store that does not answer is an error.
    async fn read(&self, derived: &Derived, session: SessionId, live: bool) -> Result<(), StoreError> {
        let row = match self.inner.store.session(session).await {
            Err(StoreError::NotFound(_)) => return derived.forget(session).await,
            found => found?,
        };
        let of = about(&row);
        let path = self.inner.folder.recording(session.0);
        if !path.is_file() {
            return derived.put_nothing(&of, DERIVES, Underived::Absent).await;
        }
        let stored = stamp(&path).0;
        if !live
            && derived.film(session, DERIVES).await?.is_some_and(|kept| kept.sealed && kept.stored == stored)
        {
            return Ok(());
        }
        let identities = self.inner.keys.identities.clone();
        let made = aside(move || {
            let mut recording: Recording = opened(&path, session, &identities)?;
            let mut blocks = 0_u32;
            let rest = || {
                blocks += 1;
                if blocks.is_multiple_of(REST_EVERY) {
                    std::thread::sleep(REST);
                }
            };
            Ok::<_, BadPlace>(replay::derive(&mut recording, rest))
        });
        let (why, told) = match made.await {
            Ok(Ok(derivation)) if derivation.film.broken.is_none() => {
                return derived.put(&of, DERIVES, stored, &derivation).await;
            }
            Ok(Ok(derivation)) => (Underived::Unsound, derivation.film.broken.map(|bad| bad.to_string())),
            Ok(Err(bad)) => (Underived::Unsound, Some(bad.to_string())),
            Err(broke) => (Underived::Failed, Some(broke.to_string())),
        };
        let told = told.unwrap_or_default();
        tracing::warn!(session.id = %session, why = told, "nothing is derived of a recording");
        let fact = NewFact::new(FactKind::DerivationFailed, Timestamp::now(), json!({ "why": told }));
        self.inner.store.fact(fact.on(row.target).in_session(session)).await?;
        derived.put_nothing(&of, DERIVES, why).await
    }
}

fn about(row: &SessionRow) -> DerivedOf {
    // Times of a recording count from its start.
    let began = row.started.unwrap_or(row.admitted);
    DerivedOf { session: row.id, person: row.person, target: row.target, began }
}

/// Whether a file and its tail have not been written to for a while.
fn is_idle(path: &std::path::Path) -> bool {
    let age = |path: &std::path::Path| std::fs::metadata(path).ok()?.modified().ok()?.elapsed().ok();
    let tail = path.with_extension("tail");
    !tail.is_file() || [path, &tail].into_iter().all(|path| age(path).is_some_and(|age| age >= IDLE))
}
