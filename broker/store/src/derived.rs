//! What a desk reads out of recordings: a database of its own, with credentials that no gate has. It holds plain text of
//! evidence, is never evidence itself, and is made again at will. No fact is in it.
//!
//! ```text
//!   Derived::put(recording: film, keyframes, lines) ─▶ one transaction ─▶ film, keyframe ─▶ replay
//!                                                                     └─▶ index of words ─▶ search
//! ```

mod found;
mod schema;
mod words;

use chaperone_policy::{PersonId, SessionId, TargetId};
use chaperone_recorder::Mark;
use chaperone_recorder::ledger::Hash;
use chaperone_recorder::replay::{Derivation, Keyframe};
use jiff::Timestamp;
use sqlx::types::Uuid;

use crate::db::{Conn, Db, Missing, big, count, exec, sql};
use crate::{FactKind, StoreError};

pub use found::{DerivedHit, DerivedQuery};
pub use words::words;

/// Line numbers of one recording.
const LINES: i64 = 1 << 20;
/// 2020-01-01: slots are milliseconds since then, or the next free one.
const EPOCH_MS: i64 = 1_577_836_800_000;
/// Recordings that may have begun in the same millisecond.
const SAME_MOMENT: i64 = 1000;

/// A desk's derived store; cheap to clone.
#[derive(Clone, Debug)]
pub struct Derived(Db);

/// Whose recording is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerivedOf {
    /// The visit.
    pub session: SessionId,
    /// Who was there.
    pub person: PersonId,
    /// On what.
    pub target: TargetId,
    /// When it was admitted.
    pub began: Timestamp,
}

/// Why nothing was derived of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Underived {
    /// Its file is not here; it is looked for again.
    Absent,
    /// It is not sound to its end, or cannot be opened.
    Unsound,
    /// Whoever read it broke down.
    Failed,
}

impl Underived {
    fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Unsound => "unsound",
            Self::Failed => "failed",
        }
    }
}

/// A film as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DerivedFilm {
    /// C₀ of the recording it was made of.
    pub recording: Hash,
    /// Whether that was sealed.
    pub sealed: bool,
    /// The file's length then, in bytes.
    pub stored: u64,
    /// The film, packed.
    pub film: Vec<u8>,
}

impl Derived {
    /// Opens the store, makes it where there is none, and brings it to this release's schema.
    ///
    /// # Errors
    /// When it does not answer, or was made by another version.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let db = Db::open(url, Missing::Create)?;
        schema::migrate(&db).await?;
        Ok(Self(db))
    }

    /// Keeps what was derived of a recording, in place of what was there. A crash leaves the one or the other.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn put(
        &self,
        of: &DerivedOf,
        version: u32,
        stored: u64,
        derivation: &Derivation,
    ) -> Result<(), StoreError> {
        let film = derivation.film.pack().map_err(|_| StoreError::Corrupt { what: "film", source: None })?;
        let mut conn = self.0.conn().await?;
        let done = put(&mut conn, of, version, stored, derivation, film).await;
        if done.is_err() {
            conn.abandon().await;
        }
        done
    }

    /// Notes that nothing is derived of a recording; what was derived of it before goes.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn put_nothing(&self, of: &DerivedOf, version: u32, why: Underived) -> Result<(), StoreError> {
        let mut conn = self.0.conn().await?;
        let done = async {
            conn.begin().await?;
            let slot = take_slot(&mut conn, of).await?;
            let row = Row { of, slot, state: why.as_str(), version };
            row.insert(&mut conn, None, 0, None).await?;
            conn.commit().await
        };
        let done = done.await;
        if done.is_err() {
            conn.abandon().await;
        }
        done
    }

    /// The film of a recording, if it was derived by this version.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn film(&self, session: SessionId, version: u32) -> Result<Option<DerivedFilm>, StoreError> {
        let mut conn = self.0.conn().await?;
        type Film = (Option<Vec<u8>>, Option<Vec<u8>>, i64, Option<Vec<u8>>);
        let row = sql!(fetch_optional &mut conn, Film,
            "SELECT recording, seal, stored, film FROM derived_recordings
             WHERE session_id = $1 AND version = $2 AND state = 'derived'",
            session.0, i64::from(version))?;
        let Some((Some(recording), seal, stored, Some(film))) = row else { return Ok(None) };
        let recording =
            recording.try_into().map_err(|_| StoreError::Corrupt { what: "film", source: None })?;
        Ok(Some(DerivedFilm { recording, sealed: seal.is_some(), stored: count(stored), film }))
    }

    /// The last keyframe before a moment.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn keyframe(&self, session: SessionId, before_ms: u64) -> Result<Option<Keyframe>, StoreError> {
        let mut conn = self.0.conn().await?;
        let row = sql!(fetch_optional &mut conn, (i64, i64, i64, i64, Vec<u8>, Vec<u8>),
            "SELECT at_ms, file_offset, ordinal, nonce, chain, stills FROM derived_keyframes
             WHERE session_id = $1 AND at_ms < $2 ORDER BY at_ms DESC, number DESC LIMIT 1",
            session.0, big(before_ms))?;
        let Some((at_ms, offset, ordinal, nonce, chain, stills)) = row else { return Ok(None) };
        let chain = chain.try_into().map_err(|_| StoreError::Corrupt { what: "keyframe", source: None })?;
        let mark = Mark { offset: count(offset), ordinal: count(ordinal), nonce: count(nonce), chain };
        Ok(Some(Keyframe { at_ms: count(at_ms), mark, stills }))
    }

    /// Forgets everything that was derived of a recording; for retention, which deletes the recording itself.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget(&self, session: SessionId) -> Result<(), StoreError> {
        let mut conn = self.0.conn().await?;
        let done = async {
            conn.begin().await?;
            clear(&mut conn, session).await?;
            conn.commit().await
        };
        let done = done.await;
        if done.is_err() {
            conn.abandon().await;
        }
        done
    }

    /// Asks for everything, or one recording, to be derived anew by the desk that runs on this store. Until then the old
    /// stays. Returns how many recordings that are.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn rebuild(&self, only: Option<SessionId>) -> Result<u64, StoreError> {
        let mut conn = self.0.conn().await?;
        match only {
            Some(session) => Ok(exec!(
                &mut conn,
                "UPDATE derived_recordings SET version = 0 WHERE session_id = $1",
                session.0
            )?),
            None => {
                exec!(&mut conn, "DELETE FROM derived_progress")?;
                Ok(exec!(&mut conn, "UPDATE derived_recordings SET version = 0")?)
            }
        }
    }

    /// Recordings that were derived by another version or are to be derived anew; some of them.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn stale(&self, version: u32) -> Result<Vec<SessionId>, StoreError> {
        let mut conn = self.0.conn().await?;
        let rows = sql!(fetch_all &mut conn, (Uuid,),
            "SELECT session_id FROM derived_recordings WHERE version <> $1 ORDER BY slot DESC LIMIT 100",
            i64::from(version))?;
        Ok(rows.into_iter().map(|(id,)| SessionId(id)).collect())
    }

    /// Recordings whose files were not here, or that were live when they were read; some of them.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn unfinished(&self) -> Result<Vec<SessionId>, StoreError> {
        let mut conn = self.0.conn().await?;
        let rows = sql!(fetch_all &mut conn, (Uuid,),
            "SELECT session_id FROM derived_recordings
             WHERE state = 'absent' OR (state = 'derived' AND seal IS NULL) ORDER BY slot DESC LIMIT 1000")?;
        Ok(rows.into_iter().map(|(id,)| SessionId(id)).collect())
    }

    /// From which fact of a kind on recordings are to be read.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn progress(&self, kind: FactKind) -> Result<u64, StoreError> {
        let mut conn = self.0.conn().await?;
        let row = sql!(fetch_optional &mut conn, (i64,),
            "SELECT next_number FROM derived_progress WHERE kind = $1", kind.as_str())?;
        Ok(row.map_or(0, |(next,)| count(next)))
    }

    /// Remembers it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn set_progress(&self, kind: FactKind, next: u64) -> Result<(), StoreError> {
        let mut conn = self.0.conn().await?;
        exec!(
            &mut conn,
            "INSERT INTO derived_progress (kind, next_number) VALUES ($1, $2)
             ON CONFLICT (kind) DO UPDATE SET next_number = excluded.next_number",
            kind.as_str(),
            big(next)
        )?;
        Ok(())
    }
}

/// A recording's row on its way.
struct Row<'r> {
    of: &'r DerivedOf,
    slot: i64,
    state: &'static str,
    version: u32,
}

impl Row<'_> {
    async fn insert(
        &self,
        conn: &mut Conn,
        derivation: Option<&Derivation>,
        stored: u64,
        film: Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        let len = |of: usize| i64::try_from(of).unwrap_or(i64::MAX);
        let capped = derivation.map(|made| made.capped.join(", ")).unwrap_or_default();
        exec!(
            conn,
            "INSERT INTO derived_recordings (session_id, slot, person_id, target_id, began_us, state, version, recording,
                seal, stored, capped, lines, keyframes, film, derived_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            self.of.session.0,
            self.slot,
            self.of.person.0,
            self.of.target.0,
            self.of.began.as_microsecond(),
            self.state,
            i64::from(self.version),
            derivation.map(|made| made.recording.to_vec()),
            derivation.and_then(|made| made.seal).map(|seal| seal.to_vec()),
            big(stored),
            capped.as_str(),
            derivation.map_or(0, |made| len(made.lines.len())),
            derivation.map_or(0, |made| len(made.keyframes.len())),
            film.clone(),
            Timestamp::now().as_microsecond(),
        )?;
        Ok(())
    }
}

async fn put(
    conn: &mut Conn,
    of: &DerivedOf,
    version: u32,
    stored: u64,
    derivation: &Derivation,
    film: Vec<u8>,
) -> Result<(), StoreError> {
    conn.begin().await?;
    let slot = take_slot(conn, of).await?;
    let row = Row { of, slot, state: "derived", version };
    row.insert(conn, Some(derivation), stored, Some(film)).await?;
    for (number, keyframe) in (0_i64..).zip(&derivation.keyframes) {
        let Mark { offset, ordinal, nonce, chain } = keyframe.mark;
        exec!(
            conn,
            "INSERT INTO derived_keyframes (session_id, number, at_ms, file_offset, ordinal, nonce, chain, stills)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            of.session.0,
            number,
            big(keyframe.at_ms),
            big(offset),
            big(ordinal),
            big(nonce),
            chain.to_vec(),
            keyframe.stills.as_slice(),
        )?;
    }
    found::put_lines(conn, slot, &derivation.lines).await?;
    // The commit point: before it the old is there, after it the new.
    conn.commit().await
}

/// The place of a recording in the order of lines: its own, or the next free one after the moment when it began. Clears
/// what was there of it.
async fn take_slot(conn: &mut Conn, of: &DerivedOf) -> Result<i64, StoreError> {
    if let Some(slot) = clear(conn, of.session).await? {
        return Ok(slot);
    }
    let wanted = (of.began.as_millisecond() - EPOCH_MS).clamp(0, i64::MAX / LINES - SAME_MOMENT);
    let taken = sql!(fetch_all &mut *conn, (i64,),
        "SELECT slot FROM derived_recordings WHERE slot >= $1 AND slot < $2 ORDER BY slot",
        wanted, wanted + SAME_MOMENT)?;
    let mut free = wanted;
    for (slot,) in taken {
        if slot != free {
            break;
        }
        free += 1;
    }
    Ok(free)
}

/// Removes a recording's rows; returns its slot.
async fn clear(conn: &mut Conn, session: SessionId) -> Result<Option<i64>, StoreError> {
    let row = sql!(fetch_optional &mut *conn, (i64,),
        "SELECT slot FROM derived_recordings WHERE session_id = $1", session.0)?;
    let Some((slot,)) = row else { return Ok(None) };
    found::clear_lines(conn, slot).await?;
    exec!(&mut *conn, "DELETE FROM derived_keyframes WHERE session_id = $1", session.0)?;
    exec!(&mut *conn, "DELETE FROM derived_recordings WHERE session_id = $1", session.0)?;
    Ok(Some(slot))
}
