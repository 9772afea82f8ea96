//! Everything that is read out of one recording for a desk, in one pass.

use super::Film;
use super::film::FilmMaker;
use super::keyframe::Keyframe;
use super::lines::{Line, LineMaker};
use crate::ledger::Hash;
use crate::read::Recording;

/// The version of what is derived: when it is another one, everything is derived anew.
pub const DERIVES: u32 = 4;

/// What was read out of a recording. Bounded, rebuildable, never evidence.
#[derive(Debug)]
pub struct Derivation {
    /// Channels, markers, length; and where it ceases to be sound.
    pub film: Film,
    /// From where any moment is read.
    pub keyframes: Vec<Keyframe>,
    /// What was to be read, in order of time.
    pub lines: Vec<Line>,
    /// What there was more of than is kept, in words.
    pub capped: Vec<&'static str>,
    /// C₀ of the recording.
    pub recording: Hash,
    /// The hash of its seal; `None` while it is live.
    pub seal: Option<Hash>,
}

/// Derives. Takes as long as reading it all; `rest` is called after each block, for whoever has to let others go first.
pub fn derive(recording: &mut Recording, mut rest: impl FnMut()) -> Derivation {
    let (mut film, mut lines) = (FilmMaker::default(), LineMaker::default());
    let broken = loop {
        if recording.mark().is_some() {
            film.between(recording);
            rest();
        }
        match recording.next() {
            Some(Ok(entry)) => {
                if let Some(row) = film.take(&entry) {
                    lines.transaction(&row);
                }
                lines.take(&entry);
            }
            Some(Err(bad)) => break Some(bad),
            None => break None,
        }
    };
    film.unfinished().iter().for_each(|row| lines.transaction(row));
    let lines = lines.finish(film.film.duration_ms);
    let stretched = film.keyframes.stretched > 1;
    let (film, keyframes) = film.finish(broken);
    let capped = [(lines.capped, "lines"), (stretched, "keyframes"), (film.shortened, "markers")];
    Derivation {
        capped: capped.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect(),
        film,
        keyframes,
        lines: lines.lines,
        recording: recording.identity(),
        seal: recording.seal().map(|seal| seal.hash),
    }
}
