//! The policy-relevant tables as one value (`policy::Facts`), never older than 250 ms.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chaperone_policy::{AuthorityId, Facts, FreezeId, LockId, PersonId, TargetId, VendorId, WindowId};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::StoreError;
use crate::authorities::all_revoked;
use crate::db::{Conn, Db, sql};
use crate::feed::{Feed, look_on, read_on};
use crate::guard::Guard;

/// How old a snapshot may be when it is used (P2).
const FRESH: Duration = Duration::from_millis(250);
/// Windows that ended, or begin, further away than this are not near anything.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Holds the newest snapshot.
#[derive(Default)]
pub(crate) struct Snapshots {
    newest: Mutex<Option<Arc<Facts>>>,
    loading: tokio::sync::Mutex<()>,
}

impl Snapshots {
    /// The newest, whatever its age.
    pub(crate) fn newest(&self) -> Option<Arc<Facts>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// After a fork, versions of the lost history mean nothing.
    pub(crate) fn forget(&self) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The newest, if it is fresh; else what the database says now.
    pub(crate) async fn facts(&self, db: &Db, feed: &Feed, guard: &Guard) -> Result<Arc<Facts>, StoreError> {
        if let Some(facts) = self.fresh(feed) {
            return Ok(facts);
        }
        let _one_at_a_time = self.loading.lock().await;
        if let Some(facts) = self.fresh(feed) {
            return Ok(facts);
        }
        let loaded = tokio::time::timeout(Duration::from_secs(4), self.reload(db, feed, guard)).await;
        loaded.unwrap_or(Err(StoreError::Gone(None))).inspect_err(|_| feed.failed())
    }

    /// The newest, if it is fresh.
    pub(crate) fn fresh(&self, feed: &Feed) -> Option<Arc<Facts>> {
        let current = feed.gone_for().is_none() && feed.age() <= FRESH;
        self.newest().filter(|facts| current && facts.policy_version == feed.head().policy_version)
    }

    async fn reload(&self, db: &Db, feed: &Feed, guard: &Guard) -> Result<Arc<Facts>, StoreError> {
        let mut conn = db.conn().await?;
        let head = look_on(&mut conn, feed, guard).await?;
        if let Some(newest) = self.newest().filter(|facts| facts.policy_version == head.policy_version) {
            return Ok(newest);
        }
        let asked = Instant::now();
        let loaded = load_whole(&mut conn).await;
        let facts = match loaded {
            Ok(facts) => Arc::new(facts),
            Err(error) => {
                conn.abandon().await;
                return Err(error);
            }
        };
        feed.advance(facts.head, facts.policy_version, asked);
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&facts));
        Ok(facts)
    }
}

pub(crate) async fn load_whole(conn: &mut Conn) -> Result<Facts, StoreError> {
    conn.begin_reading().await?;
    let head = read_on(conn).await?;
    let mut facts = load(conn, Timestamp::now()).await?;
    conn.commit().await?;
    facts.head = head.size;
    facts.policy_version = head.policy_version;
    Ok(facts)
}

/// Reads every table inside the caller's transaction.
pub(crate) async fn load(conn: &mut Conn, now: Timestamp) -> Result<Facts, StoreError> {
    let day = |at: Result<Timestamp, jiff::Error>, else_at: Timestamp| at.unwrap_or(else_at).as_microsecond();
    let (after, before) =
        (day(now.checked_sub(KEPT), Timestamp::MIN), day(now.checked_add(KEPT), Timestamp::MAX));
    let windows = sql!(
        fetch_all conn, (Uuid, String),
        "SELECT id, doc FROM windows WHERE closes_us >= $1 AND opens_us <= $2", after, before
    )?;
    Ok(Facts {
        head: 0,
        policy_version: 0,
        people: docs(
            sql!(fetch_all conn, (Uuid, String), "SELECT id, doc FROM people")?,
            PersonId,
            "person",
        )?,
        vendors: docs(
            sql!(fetch_all conn, (Uuid, String), "SELECT id, doc FROM vendors")?,
            VendorId,
            "vendor",
        )?,
        authorities: docs(
            sql!(fetch_all conn, (Uuid, String), "SELECT id, doc FROM authorities")?,
            AuthorityId,
            "authority",
        )?,
        revoked: all_revoked(conn).await?,
        targets: docs(
            sql!(fetch_all conn, (Uuid, String), "SELECT id, doc FROM targets")?,
            TargetId,
            "target",
        )?,
        windows: docs(windows, WindowId, "window")?,
        freezes: docs(
            sql!(fetch_all conn, (Uuid, String), "SELECT id, doc FROM freezes WHERE until_us >= $1", after)?,
            FreezeId,
            "freeze",
        )?,
        locks: docs(sql!(fetch_all conn, (Uuid, String), "SELECT id, doc FROM locks")?, LockId, "lock")?,
    })
}

fn docs<K: Ord, T: DeserializeOwned>(
    rows: Vec<(Uuid, String)>,
    key: fn(Uuid) -> K,
    what: &'static str,
) -> Result<BTreeMap<K, T>, StoreError> {
    rows.into_iter()
        .map(|(id, doc)| Ok((key(id), serde_json::from_str(&doc).map_err(StoreError::corrupt(what))?)))
        .collect()
}
