//! HTTP transactions of web consoles, read out of the lanes that they were recorded on. `recorder/README.md` has the events.
//!
//! ```text
//!   entries ─▶ Tracker: one open transaction for each lane ─▶ Transaction ─▶ film (a row), lines (search), HAR (an entry)
//! ```
//!
//! Heads are bounded, and of bodies only what fits a budget stays in memory: a larger one is read again, from the block in
//! which its transaction began.

mod again;
mod allowance;
mod brotli;
mod coding;
mod cookie;
mod file;
mod har;
mod head;
mod masked;
mod parts;
mod row;
mod text;
mod track;
mod websocket;

pub use self::again::{Opens, Way};
pub use self::har::har;
pub use self::head::{Answered, Asked, Passed};
pub use self::row::{HttpFile, HttpRow};
pub use self::track::Transaction;
pub use self::websocket::{Message, Sender};

pub(super) use self::row::RowMaker;

use self::allowance::Allowance;
use super::ReplayError;
use crate::failure::BadPlace;

/// The transaction that a row is of, with its heads; none where the recording has none there.
///
/// # Errors
/// When the recording cannot be read from there on.
pub fn transaction(open: &Opens<'_>, row: &HttpRow) -> Result<Option<Transaction>, BadPlace> {
    again::transaction(open, row)
}

/// The content of a body, without its content coding where that is known, as far as it was recorded. Returns the coding
/// that was left on it, if any.
///
/// # Errors
/// When the recording cannot be read, or `give` fails.
pub fn content(
    open: &Opens<'_>,
    of: &Transaction,
    way: Way,
    give: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<Option<String>, ReplayError> {
    coding::content(&again::Body::elsewhere(open, of, way), of.coding(way), give)
}

/// Bytes of messages that are given at once.
const MOST_HELD: usize = 32 << 20;

/// The first messages of an upgraded connection, at most so many; whether there are more.
///
/// # Errors
/// When the recording cannot be read.
pub fn messages(
    open: &Opens<'_>,
    of: &Transaction,
    most: usize,
) -> Result<(Vec<Message>, bool), ReplayError> {
    let (mut all, mut more, mut held) = (Vec::new(), false, 0_usize);
    websocket::messages(open, of, &Allowance::default(), &mut |message| {
        held = held.saturating_add(message.data.len());
        more |= all.len() >= most || held > MOST_HELD;
        if !more {
            all.push(message);
        }
        Ok(())
    })?;
    Ok((all, more))
}
