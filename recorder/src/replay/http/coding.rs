//! Content codings (RFC 9110 §8.4.1): what is under them, within bounds. A body that does not open is shown as it passed.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::again::Body;
use super::allowance::{Allowance, Growth};
use super::brotli::Brotli;
use crate::replay::ReplayError;

/// A body that grows past this under its coding is shown as it passed.
const MOST_OPENED: u64 = 256 << 20;
/// zstd's largest window: 8 MiB (RFC 9659).
const WINDOW_LOG: u32 = 23;
/// Most codings over one another that are opened.
const MOST_CODINGS: usize = 4;

/// The coding of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// None.
    Identity,
    Gzip,
    /// zlib's format; some senders leave its frame out.
    Deflate,
    Zstd,
    Brotli,
    /// Several, in the order in which they were put on: the last is opened first (RFC 9110 §8.4).
    Several(Vec<Self>),
    /// One that is not opened here, or too many.
    Other(String),
}

impl Coding {
    /// Out of the field `Content-Encoding`.
    pub(super) fn of(field: Option<&str>) -> Self {
        let field = field.unwrap_or_default();
        let each = field.split(',').map(Self::named).filter(|coding| *coding != Self::Identity);
        let mut all: Vec<Self> = each.take(MOST_CODINGS + 1).collect();
        let is_opened = |coding: &Self| !matches!(coding, Self::Other(_));
        match all.len() {
            0 => Self::Identity,
            1 => all.swap_remove(0),
            2..=MOST_CODINGS if all.iter().all(is_opened) => Self::Several(all),
            _ => Self::Other(field.trim().to_ascii_lowercase().chars().take(64).collect()),
        }
    }

    /// One, by its name.
    fn named(name: &str) -> Self {
        let named = name.trim().to_ascii_lowercase();
        match named.as_str() {
            "" | "identity" => Self::Identity,
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            "zstd" => Self::Zstd,
            "br" => Self::Brotli,
            other => Self::Other(other.chars().take(64).collect()),
        }
    }

    pub(super) fn name(&self) -> String {
        let name = match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Several(all) => return all.iter().map(Self::name).collect::<Vec<_>>().join(", "),
            Self::Other(name) => name,
        };
        name.to_owned()
    }
}

/// What is known of a body's content before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    /// The coding that it is read under; identity where it is shown as it passed.
    pub coding: Coding,
    /// Its length then, in bytes.
    pub bytes: u64,
    /// Whether it is UTF-8 without NUL.
    pub is_text: bool,
    /// The coding that was left on it.
    pub left: Option<String>,
}

/// Reads a body once, to tell what will be written of it. What breaks off opens as far as it goes. `visit` is what may be
/// opened of all that is read.
pub(super) fn measure(
    body: &Body<'_>,
    coding: Coding,
    whole: bool,
    visit: &Allowance,
) -> Result<Measured, ReplayError> {
    let (mut bytes, mut utf8) = (0, Utf8::default());
    let opened = open(body, &coding, visit, &mut |piece| {
        bytes += piece.len() as u64;
        utf8.take(piece, &mut |_| Ok(()))
    })?;
    if opened == Opened::Whole || (opened == Opened::Partly && !whole) {
        return Ok(Measured { coding, bytes, is_text: utf8.is_text(), left: None });
    }
    let (mut bytes, mut utf8) = (0, Utf8::default());
    body.each(&mut |piece| {
        bytes += piece.len() as u64;
        utf8.take(piece, &mut |_| Ok(())).map(|()| true)
    })?;
    let left = Some(coding.name());
    Ok(Measured { coding: Coding::Identity, bytes, is_text: utf8.is_text(), left })
}

/// Gives the content of a body, and says which coding was left on it.
pub(super) fn content(
    body: &Body<'_>,
    coding: Coding,
    give: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<Option<String>, ReplayError> {
    let measured = measure(body, coding, false, &Allowance::default())?;
    open(body, &measured.coding, &Allowance::default(), give)?;
    Ok(measured.left)
}

/// How far a body could be opened; of several codings, the one that opens least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Opened {
    Whole,
    /// It breaks off, or is damaged behind what was given.
    Partly,
    /// Not at all, or it grows past every bound.
    No,
}

/// Gives what is under the coding, within what may be opened.
pub(super) fn open(
    body: &Body<'_>,
    coding: &Coding,
    visit: &Allowance,
    give: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<Opened, ReplayError> {
    let mut decoder = Decoder::new(coding.clone(), MOST_OPENED);
    let Some(decoder) = decoder.as_mut() else { return Ok(Opened::No) };
    let (mut state, mut any) = (Opened::Whole, false);
    let mut give = |piece: &[u8]| {
        any |= !piece.is_empty();
        give(piece)
    };
    body.each(&mut |piece| {
        state = decoder.take(piece, visit, &mut give)?;
        Ok(state == Opened::Whole)
    })?;
    if state == Opened::Whole {
        state = decoder.finish(visit, &mut give)?;
    }
    // What breaks off before anything came of it is under another coding than it says.
    Ok(if state == Opened::Partly && !any { Opened::No } else { state })
}

/// Opens a body piece by piece.
pub(super) struct Decoder {
    /// One for each coding, the last that was put on first; none where there is none.
    layers: Vec<Layer>,
    growth: Growth,
}

/// How far a body may grow.
#[derive(Clone, Copy)]
struct Bounds<'a> {
    growth: &'a Growth,
    visit: &'a Allowance,
}

impl Decoder {
    /// For codings that are opened here, and up to so many bytes under each.
    pub(super) fn new(coding: Coding, most: u64) -> Option<Self> {
        let codings = match coding {
            Coding::Other(_) => return None,
            Coding::Several(all) => all,
            one => vec![one],
        };
        let layers = codings.into_iter().rev().map(|coding| Layer::new(coding, most)).collect();
        Some(Self { layers, growth: Growth::default() })
    }

    /// Takes a piece, and gives what is under it.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        visit: &Allowance,
        give: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Opened> {
        self.growth.recorded(bytes.len());
        through(&mut self.layers, bytes, Bounds { growth: &self.growth, visit }, give)
    }

    /// What still waits; whether it ended as it should.
    pub(super) fn finish(
        &mut self,
        visit: &Allowance,
        give: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Opened> {
        let bounds = Bounds { growth: &self.growth, visit };
        let (mut layers, mut worst) = (self.layers.as_mut_slice(), Opened::Whole);
        while let Some((outer, inner)) = layers.split_first_mut() {
            let mut below = Opened::Whole;
            let ended = outer.finish(bounds, &mut |piece| {
                if below == Opened::Whole {
                    below = through(inner, piece, bounds, give)?;
                }
                Ok(())
            })?;
            worst = worst.max(ended).max(below);
            layers = inner;
        }
        Ok(worst)
    }
}

/// Takes a piece through the codings that lie over one another, and gives what is under the last.
fn through(
    layers: &mut [Layer],
    bytes: &[u8],
    bounds: Bounds<'_>,
    give: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Opened> {
    let Some((outer, inner)) = layers.split_first_mut() else { return give(bytes).map(|()| Opened::Whole) };
    let mut below = Opened::Whole;
    let opened = outer.take(bytes, bounds, &mut |piece| {
        // What is behind a fault is not looked at.
        if below == Opened::Whole {
            below = through(inner, piece, bounds, give)?;
        }
        Ok(())
    })?;
    Ok(opened.max(below))
}

/// One coding of a body.
struct Layer {
    inner: Inner,
    coding: Coding,
    left: u64,
}

enum Inner {
    Identity,
    /// Nothing has come yet: the first byte tells which form it is.
    Fresh,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zlib(Box<ZlibDecoder<Vec<u8>>>),
    Deflate(Box<DeflateDecoder<Vec<u8>>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Vec<u8>>>),
    Brotli(Box<Brotli>),
}

impl Layer {
    fn new(coding: Coding, most: u64) -> Self {
        let inner = if coding == Coding::Identity { Inner::Identity } else { Inner::Fresh };
        Self { inner, coding, left: most }
    }

    /// Takes a piece, and gives what is under it.
    fn take(
        &mut self,
        bytes: &[u8],
        bounds: Bounds<'_>,
        give: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Opened> {
        if matches!(self.inner, Inner::Identity) {
            return give(bytes).map(|()| Opened::Whole);
        }
        // Small steps: what one step grows to waits in memory.
        for step in bytes.chunks(bounds.visit.step()) {
            self.begin(step)?;
            let failed = match &mut self.inner {
                Inner::Identity | Inner::Fresh => false,
                Inner::Brotli(decoder) => {
                    let left = &mut self.left;
                    match decoder.take(step, &mut |piece| within(left, piece, bounds, give))? {
                        Opened::Whole => continue,
                        other => return Ok(other),
                    }
                }
                Inner::Gzip(decoder) => decoder.write_all(step).is_err(),
                Inner::Zlib(decoder) => decoder.write_all(step).is_err(),
                Inner::Deflate(decoder) => decoder.write_all(step).is_err(),
                Inner::Zstd(decoder) => decoder.write_all(step).is_err(),
            };
            let given = self.drain(bounds, give)?;
            if !given {
                return Ok(Opened::No);
            }
            if failed {
                return Ok(Opened::Partly);
            }
        }
        Ok(Opened::Whole)
    }

    /// What still waits; whether it ended as it should.
    fn finish(
        &mut self,
        bounds: Bounds<'_>,
        give: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Opened> {
        let ended = match &mut self.inner {
            Inner::Identity | Inner::Fresh => true,
            Inner::Gzip(decoder) => decoder.try_finish().is_ok(),
            Inner::Zlib(decoder) => decoder.try_finish().is_ok(),
            Inner::Deflate(decoder) => decoder.try_finish().is_ok(),
            Inner::Zstd(decoder) => decoder.flush().is_ok(),
            Inner::Brotli(decoder) => decoder.is_ended(),
        };
        match (self.drain(bounds, give)?, ended) {
            (false, _) => Ok(Opened::No),
            (true, true) => Ok(Opened::Whole),
            (true, false) => Ok(Opened::Partly),
        }
    }

    fn begin(&mut self, first: &[u8]) -> io::Result<()> {
        if let (Inner::Fresh, Some(byte)) = (&self.inner, first.first()) {
            self.inner = match self.coding {
                Coding::Gzip => Inner::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
                // RFC 1950 §2.2: the low half of the first byte is 8 where there is a frame.
                Coding::Deflate if byte & 0x0f == 8 => Inner::Zlib(Box::new(ZlibDecoder::new(Vec::new()))),
                Coding::Deflate => Inner::Deflate(Box::new(DeflateDecoder::new(Vec::new()))),
                Coding::Zstd => {
                    let mut decoder = zstd::stream::write::Decoder::new(Vec::new())?;
                    decoder.window_log_max(WINDOW_LOG)?;
                    Inner::Zstd(Box::new(decoder))
                }
                Coding::Brotli => Inner::Brotli(Box::new(Brotli::new())),
                Coding::Identity | Coding::Several(_) | Coding::Other(_) => Inner::Identity,
            };
        }
        Ok(())
    }

    /// Gives what was opened; whether that was within the bound.
    fn drain(
        &mut self,
        bounds: Bounds<'_>,
        give: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        let opened = match &mut self.inner {
            // Brotli has given all that it opened.
            Inner::Identity | Inner::Fresh | Inner::Brotli(_) => return Ok(true),
            Inner::Gzip(decoder) => decoder.get_mut(),
            Inner::Zlib(decoder) => decoder.get_mut(),
            Inner::Deflate(decoder) => decoder.get_mut(),
            Inner::Zstd(decoder) => decoder.get_mut(),
        };
        if opened.is_empty() {
            return Ok(true);
        }
        if !within(&mut self.left, opened, bounds, give)? {
            return Ok(false);
        }
        opened.clear();
        opened.shrink_to(256 << 10);
        Ok(true)
    }
}

/// Gives a piece, unless it is more than what is left of the bound, or than may be opened.
fn within(
    left: &mut u64,
    piece: &[u8],
    bounds: Bounds<'_>,
    give: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<bool> {
    if !bounds.growth.opened(piece.len(), bounds.visit) {
        return Ok(false);
    }
    let Some(rest) = left.checked_sub(piece.len() as u64) else { return Ok(false) };
    *left = rest;
    give(piece).map(|()| true)
}

/// UTF-8 that comes in pieces.
#[derive(Default)]
pub(super) struct Utf8 {
    /// The beginning of a character.
    begun: Vec<u8>,
    broken: bool,
}

impl Utf8 {
    /// Takes a piece, and gives the whole characters of it.
    pub(super) fn take(
        &mut self,
        piece: &[u8],
        give: &mut dyn FnMut(&str) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.broken {
            return Ok(());
        }
        let joined;
        let bytes = if self.begun.is_empty() {
            piece
        } else {
            joined = [self.begun.as_slice(), piece].concat();
            &joined
        };
        let (whole, rest, broken) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, Vec::new(), false),
            Err(error) => {
                let (whole, rest) = bytes.split_at_checked(error.valid_up_to()).unwrap_or((bytes, &[]));
                let text = std::str::from_utf8(whole).unwrap_or_default();
                (text, rest.to_vec(), error.error_len().is_some())
            }
        };
        self.broken = broken || whole.contains('\0');
        self.begun = rest;
        give(whole)
    }

    /// Whether all of it was text.
    pub(super) fn is_text(&self) -> bool {
        !self.broken && self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests;
