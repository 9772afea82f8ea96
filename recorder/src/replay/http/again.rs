//! A transaction that is read again, from the block in which it began: its heads, and its bodies, however large.

use super::head::number;
use super::row::HttpRow;
use super::track::{Gather, Room, Tracker, Transaction};
use crate::content::{Entry, What};
use crate::failure::BadPlace;
use crate::mark::Mark;
use crate::read::Recording;
use crate::replay::ReplayError;

/// Opens the recording anew, at a mark or at its beginning.
pub type Opens<'o> = dyn Fn(Option<&Mark>) -> Result<Recording, BadPlace> + 'o;

/// Of which body, or which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The request's.
    Request,
    /// The answer's.
    Response,
}

/// Where the bytes of a body are.
pub(super) enum Body<'b> {
    /// In memory.
    Here(&'b [u8]),
    /// In the recording.
    Elsewhere { open: &'b Opens<'b>, of: &'b Transaction, way: Way },
}

impl<'b> Body<'b> {
    pub(super) fn elsewhere(open: &'b Opens<'b>, of: &'b Transaction, way: Way) -> Self {
        Self::Elsewhere { open, of, way }
    }

    /// Gives its bytes, in order, until `give` has enough.
    pub(super) fn each(
        &self,
        give: &mut dyn FnMut(&[u8]) -> std::io::Result<bool>,
    ) -> Result<(), ReplayError> {
        match self {
            Self::Here(bytes) => drop(give(bytes)?),
            Self::Elsewhere { open, of, way } => each(open, of, &mut |entry| match &entry.what {
                What::Bytes(stream, bytes) if Way::of(*stream) == Some(*way) => give(bytes),
                _ => Ok(true),
            })?,
        }
        Ok(())
    }
}

/// Whether an entry begins the transaction.
fn begins(entry: &Entry, channel: u32, n: u64, begun_ns: u64) -> bool {
    let What::Event(kind, body) = &entry.what else { return false };
    entry.channel == Some(channel)
        && entry.mono_ns == begun_ns
        && kind == "http-request"
        && number(body, "n").unwrap_or(0) == n
}

/// Gives each entry of a transaction behind its first, until `give` has enough.
pub(super) fn each(
    open: &Opens<'_>,
    of: &Transaction,
    give: &mut dyn FnMut(&Entry) -> std::io::Result<bool>,
) -> Result<(), ReplayError> {
    let mut recording = open(of.mark.as_ref())?;
    let mut inside = false;
    for entry in recording.by_ref() {
        let entry = entry?;
        if !inside {
            inside = begins(&entry, of.channel, of.number, of.begun_ns);
            continue;
        }
        if entry.channel != Some(of.channel) {
            continue;
        }
        let last = match &entry.what {
            What::Event(kind, body) => {
                let of_ours = number(body, "n") == Some(of.number);
                (kind == "http-response-end" && of_ours) || kind == "channel-close" || kind == "http-request"
            }
            _ => false,
        };
        if last || !give(&entry)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Gathers nothing.
#[derive(Default)]
struct Nothing;

impl Gather for Nothing {
    fn bytes(&mut self, _: &Transaction, _: Way, _: &[u8], _: &mut Room) {}

    fn held(&self) -> usize {
        0
    }
}

/// The transaction of a row.
pub(super) fn transaction(open: &Opens<'_>, row: &HttpRow) -> Result<Option<Transaction>, BadPlace> {
    let mark = row.mark();
    let mut recording = open(mark.as_ref())?;
    let mut tracker = Tracker::<Nothing>::new(0);
    let mut inside = false;
    for entry in recording.by_ref() {
        let entry = entry?;
        inside = inside || begins(&entry, row.channel, row.number, row.begun_ns);
        if !inside || entry.channel != Some(row.channel) {
            continue;
        }
        if let Some((found, Nothing)) = tracker.take(&entry, mark) {
            return Ok(Some(found));
        }
    }
    Ok(tracker.rest().pop().map(|(found, Nothing)| found))
}
