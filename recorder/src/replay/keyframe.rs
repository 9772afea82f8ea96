//! Screens as they were between two blocks, so that any moment of a long visit is shown without what is before it.

use std::collections::BTreeMap;

use super::Screen;
use crate::mark::Mark;

/// A keyframe is due after this much output, or this much of the file.
const EVERY_SHOWN: u64 = 512 << 10;
const EVERY_STORED: u64 = 8 << 20;
/// Keyframes of one recording; beyond them every other one goes and the rest are twice as far apart.
const MOST: usize = 4096;
/// Screens in one keyframe.
const MOST_STILLS: usize = 256;
/// A keyframe's screens, unpacked, in bytes.
const MOST_UNPACKED: usize = 32 << 20;
/// Of a channel without a terminal this much of what was shown last is kept, in bytes.
pub(super) const PLAIN_KEPT: usize = 64 << 10;
/// zstd's level: screens are small and packed once.
const LEVEL: i32 = 3;

/// Where to read on from, and what was on the screens there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyframe {
    /// Time of the last entry before it, in milliseconds from the start.
    pub at_ms: u64,
    /// Where to read on from.
    pub mark: Mark,
    /// The screens of the channels that were open, packed.
    pub stills: Vec<u8>,
}

/// A channel's screen at a keyframe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Still {
    pub channel: u32,
    pub size: (u16, u16),
    /// What draws it.
    pub drawn: Vec<u8>,
}

/// What a channel shows now.
#[derive(Debug)]
pub(super) enum Stage {
    Terminal(Box<Screen>),
    /// The last of its output.
    Plain(Vec<u8>),
}

impl Stage {
    pub(super) fn write(&mut self, bytes: &[u8]) {
        match self {
            Self::Terminal(screen) => screen.write(bytes),
            Self::Plain(shown) => {
                shown.extend_from_slice(bytes.get(bytes.len().saturating_sub(PLAIN_KEPT)..).unwrap_or(bytes));
                shown.drain(..shown.len().saturating_sub(PLAIN_KEPT));
            }
        }
    }

    pub(super) fn resize(&mut self, columns: u16, rows: u16) {
        if let Self::Terminal(screen) = self {
            screen.resize(columns, rows);
        }
    }

    pub(super) fn draw(&self) -> Vec<u8> {
        match self {
            Self::Terminal(screen) => screen.draw(),
            Self::Plain(shown) => shown.clone(),
        }
    }
}

impl Keyframe {
    pub(super) fn of(at_ms: u64, mark: Mark, stages: &BTreeMap<u32, Stage>) -> Self {
        let mut bytes = Vec::new();
        for (channel, stage) in stages.iter().take(MOST_STILLS) {
            let (columns, rows) = match stage {
                Stage::Terminal(screen) => screen.size(),
                Stage::Plain(_) => (0, 0),
            };
            let drawn = stage.draw();
            bytes.extend_from_slice(&channel.to_be_bytes());
            bytes.extend_from_slice(&columns.to_be_bytes());
            bytes.extend_from_slice(&rows.to_be_bytes());
            bytes.extend_from_slice(&u32::try_from(drawn.len()).unwrap_or(0).to_be_bytes());
            bytes.extend_from_slice(&drawn);
        }
        // Without packing it is larger and says the same; it cannot fail for want of anything but memory.
        let stills = zstd::bulk::compress(&bytes, LEVEL).unwrap_or_default();
        Self { at_ms, mark, stills }
    }

    /// The screen of a channel; `None` where it was not open, or the bytes are none of ours.
    pub(super) fn still(&self, channel: u32) -> Option<Still> {
        let bytes = zstd::bulk::decompress(&self.stills, MOST_UNPACKED).ok()?;
        let mut rest = bytes.as_slice();
        loop {
            let (of, more) = rest.split_first_chunk::<4>()?;
            let (columns, more) = more.split_first_chunk::<2>()?;
            let (rows, more) = more.split_first_chunk::<2>()?;
            let (len, more) = more.split_first_chunk::<4>()?;
            let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
            if u32::from_be_bytes(*of) == channel {
                let size = (u16::from_be_bytes(*columns), u16::from_be_bytes(*rows));
                return Some(Still { channel, size, drawn: more.get(..len)?.to_vec() });
            }
            rest = more.get(len..)?;
        }
    }
}

/// Keyframes on their way: so far apart that there are not too many.
#[derive(Debug)]
pub(super) struct Keyframes {
    pub taken: Vec<Keyframe>,
    /// How many times farther apart they are than they should be.
    pub stretched: u64,
    shown: u64,
    stored: u64,
}

impl Default for Keyframes {
    fn default() -> Self {
        Self { taken: Vec::new(), stretched: 1, shown: 0, stored: 0 }
    }
}

impl Keyframes {
    pub(super) fn shown(&mut self, bytes: usize) {
        self.shown += bytes as u64;
    }

    /// Takes one, if it is due.
    pub(super) fn look(&mut self, at_ms: u64, mark: Mark, stages: &BTreeMap<u32, Stage>) {
        let stored = mark.offset.saturating_sub(self.stored);
        if self.shown < EVERY_SHOWN * self.stretched && stored < EVERY_STORED * self.stretched {
            return;
        }
        (self.shown, self.stored) = (0, mark.offset);
        if self.taken.len() >= MOST {
            let mut number = 0_u32;
            self.taken.retain(|_| {
                number += 1;
                number.is_multiple_of(2)
            });
            self.stretched *= 2;
        }
        self.taken.push(Keyframe::of(at_ms, mark, stages));
    }
}

/// The keyframe to begin from, to show a channel at a moment: the last before it, and before the channel's end.
#[must_use]
pub fn before(keyframes: &[Keyframe], from_ms: u64, ended_ms: Option<u64>) -> Option<&Keyframe> {
    let until = ended_ms.map_or(from_ms, |ended| from_ms.min(ended));
    keyframes.iter().rev().find(|keyframe| keyframe.at_ms < until)
}
