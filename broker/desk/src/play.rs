//! Replay: the film of a recording, and pieces of it from any moment on. Of a recording that was derived, film and
//! keyframe come out of the derived store and only the blocks around the moment are read; of any other the film is made
//! when somebody asks for it.

use std::path::Path;
use std::sync::Arc;

use chaperone_policy::SessionId;
use chaperone_recorder::ledger::Hash;
use chaperone_recorder::replay::{self, DERIVES, Film, FilmChannel, Keyframe, Piece};
use chaperone_recorder::{BadPlace, Identity, Recording};
use chaperone_store::FactKind;
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::cinema::{self, Stamp};
use crate::desk::{Desk, DeskError};
use crate::look::Look;
use crate::view::opened;

/// A film, and from where its moments are read.
#[derive(Debug)]
pub struct Reel {
    /// The film.
    pub film: Film,
    /// C₀ of the recording that it is of.
    recording: Hash,
    /// In memory where nothing was derived; else they are in the derived store.
    keyframes: Option<Vec<Keyframe>>,
}

impl Desk {
    /// The film of a recording, for replay. The look is committed before anything is seen; one fact stands for the looks
    /// of one person for ten minutes.
    ///
    /// # Errors
    /// When there is no recording, it cannot be opened here, or the fact cannot be written.
    pub async fn film(&self, look: &Look) -> Result<Arc<Reel>, DeskError> {
        let path = self.file(look.session)?;
        if self.inner.keys.identities.is_empty() {
            return Err(DeskError::NoIdentity);
        }
        let cinema = &self.inner.cinema;
        if !cinema.stands(look.by, look.session, look.at) {
            let fact = look.fact(FactKind::RecordingViewed, json!({ "format": "replay" }));
            self.inner.store.fact(fact).await?;
            cinema.looked(look.by, look.session, look.at);
        }
        let stamp = cinema::stamp(&path);
        if let Some(reel) = cinema.kept(look.session, stamp) {
            return Ok(reel);
        }
        let reel = match self.derived_reel(look.session, stamp).await {
            Some(reel) => Arc::new(reel),
            None => Arc::new(self.reel_now(look.session, &path).await?),
        };
        cinema.keep(look.session, stamp, &reel);
        Ok(reel)
    }

    /// A piece of a channel from a moment on; nothing where there is no such channel.
    ///
    /// # Errors
    /// As [`Desk::film`].
    pub async fn play(&self, look: &Look, channel: u32, from_ms: u64) -> Result<Option<Piece>, DeskError> {
        let reel = self.film(look).await?;
        let Some(about) = reel.film.channels.iter().find(|one| one.number == channel) else {
            return Ok(None);
        };
        let keyframe = self.keyframe(look.session, &reel, about, from_ms).await?;
        let (path, session) = (self.file(look.session)?, look.session);
        let (identities, recording) = (self.inner.keys.identities.clone(), reel.recording);
        let _place = self.inner.places.acquire().await.map_err(|_| DeskError::Closing)?;
        let read = move || {
            let recording = seek(&path, session, &identities, recording, keyframe.as_ref())?;
            Ok(replay::piece(recording, keyframe.as_ref(), channel, from_ms))
        };
        let piece = spawn_blocking(read).await?;
        piece.map(Some).map_err(|bad: BadPlace| DeskError::View(bad.to_string()))
    }

    async fn keyframe(
        &self,
        session: SessionId,
        reel: &Reel,
        channel: &FilmChannel,
        from_ms: u64,
    ) -> Result<Option<Keyframe>, DeskError> {
        if let Some(keyframes) = &reel.keyframes {
            return Ok(replay::before(keyframes, from_ms, channel.ended_ms).cloned());
        }
        let until = channel.ended_ms.map_or(from_ms, |ended| from_ms.min(ended));
        match &self.inner.derived {
            Some(derived) => Ok(derived.keyframe(session, until).await?),
            None => Ok(None),
        }
    }

    /// The film that was derived of this very file, at its present length. A derived store that is away costs time, not
    /// the replay.
    async fn derived_reel(&self, session: SessionId, stamp: Stamp) -> Option<Reel> {
        let kept = match self.inner.derived.as_ref()?.film(session, DERIVES).await {
            Ok(kept) => kept?,
            Err(error) => {
                tracing::warn!(session.id = %session, error = &error as &dyn std::error::Error, "the derived store does not answer");
                return None;
            }
        };
        if kept.stored != stamp.0 || !kept.sealed {
            return None;
        }
        let film = Film::unpack(&kept.film).ok()?;
        Some(Reel { film, recording: kept.recording, keyframes: None })
    }

    async fn reel_now(&self, session: SessionId, path: &Path) -> Result<Reel, DeskError> {
        let _place = self.inner.places.acquire().await.map_err(|_| DeskError::Closing)?;
        let (path, identities) = (path.to_owned(), self.inner.keys.identities.clone());
        let made = spawn_blocking(move || {
            let mut recording = opened(&path, session, &identities)?;
            let (film, keyframes) = Film::of(&mut recording);
            Ok(Reel { film, recording: recording.identity(), keyframes: Some(keyframes) })
        });
        made.await?.map_err(|bad: BadPlace| DeskError::View(bad.to_string()))
    }
}

/// The recording, from a keyframe on. A keyframe of another recording is none of this one's.
fn seek(
    path: &Path,
    session: SessionId,
    identities: &[Identity],
    of: Hash,
    keyframe: Option<&Keyframe>,
) -> Result<Recording, BadPlace> {
    match keyframe {
        Some(keyframe) => {
            let recording = Recording::open_at(path, identities, &keyframe.mark)?;
            if recording.identity() == of { Ok(recording) } else { opened(path, session, identities) }
        }
        None => opened(path, session, identities),
    }
}
