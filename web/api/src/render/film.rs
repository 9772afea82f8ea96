//! Films, as a player reads them. Text that came from outside has no control characters left; bytes are base 64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chaperone_recorder::replay::{Film, FilmChannel, Frame, Piece, Shown};
use serde_json::{Value, json};

use crate::wire::{Idle, PieceView, TimelineChannel, TimelineMarker};

/// Text as a page may show it.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

pub(crate) fn channels(film: &Film) -> Vec<TimelineChannel> {
    film.channels.iter().map(channel).collect()
}

fn channel(of: &FilmChannel) -> TimelineChannel {
    TimelineChannel {
        id: of.number,
        kind: of.kind.clone(),
        command: of.command.as_deref().map(plain),
        terminal: of.terminal,
        columns: of.size.0,
        rows: of.size.1,
        began_ms: of.began_ms,
        ended_ms: of.ended_ms,
        exit: of.exit,
        bytes_in: of.bytes_in,
        bytes_out: of.bytes_out,
        coverage: of.coverage.clone(),
        why: of.why.as_deref().map(plain),
    }
}

pub(crate) fn markers(film: &Film) -> Vec<TimelineMarker> {
    let marker = |marker: &chaperone_recorder::replay::Marker| TimelineMarker {
        at_ms: marker.at_ms,
        channel: marker.channel,
        kind: marker.kind.clone().into_owned(),
        text: plain(&marker.text),
    };
    film.markers.iter().map(marker).collect()
}

pub(crate) fn idle(film: &Film) -> Vec<Idle> {
    film.idle.iter().map(|(from_ms, to_ms)| Idle { from_ms: *from_ms, to_ms: *to_ms }).collect()
}

pub(crate) fn piece(piece: &Piece) -> PieceView {
    PieceView {
        columns: piece.size.0,
        rows: piece.size.1,
        screen: STANDARD.encode(&piece.screen),
        events: piece.frames.iter().map(event).collect(),
        next_ms: piece.next_ms,
    }
}

fn event(frame: &Frame) -> Value {
    match &frame.shown {
        Shown::Output(bytes) => json!([frame.at_ms, "o", STANDARD.encode(bytes)]),
        Shown::Error(bytes) => json!([frame.at_ms, "e", STANDARD.encode(bytes)]),
        Shown::Size(columns, rows) => json!([frame.at_ms, "r", columns, rows]),
    }
}
