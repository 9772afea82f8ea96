//! The evidence format: recordings that are written, sealed, recovered, verified, read and replayed; and the hashing
//! of the ledger that commits to them.
//!
//! ```text
//! append ─▶ frame ─▶ <session>.tail ─┐ fold
//!        └▶ block ─▶ <session>.chap ◀┴─────── chain Cₙ ─▶ checkpoint ─▶ (ledger)
//!                          └▶ seal, signed ──▶ verify │ read ─▶ replay
//! ```
//!
//! A byte that was appended comes back as [`Recorded`], the only thing that a session can forward. This crate knows
//! nothing of the broker: it never decides, never dials, and reads no clock but for the times of records.
//! `README.md` beside this crate specifies every byte. Entry points: [`LiveRecording::start`], [`recover`], [`verify`],
//! [`Recording::open`].

mod append;
mod block;
pub mod bundle;
mod channel;
mod checkpoint;
mod cipher;
mod content;
mod count;
mod error;
mod failure;
mod fold;
mod folder;
mod frame;
mod header;
pub mod key;
pub mod ledger;
mod live;
mod mark;
mod medium;
mod opening;
mod packed;
mod read;
mod record;
mod recover;
pub mod replay;
mod seal;
mod sealing;
mod shape;
mod spill;
mod steps;
mod sync;
mod verify;
mod walk;

pub use self::append::ChannelRecorder;
pub use self::channel::{CHANNELS, ChannelCoverage, ChannelKind, Coverage, Recorded, Stream, weakest};
pub use self::checkpoint::Checkpoint;
pub use self::cipher::KeyRole;
pub use self::content::{Entry, Typed, What};
pub use self::error::{AppendError, RecordError};
pub use self::failure::{BadPlace, Failure};
pub use self::folder::{Folder, Found, FoundState, Space, Thresholds};
pub use self::header::{Header, HeaderFault};
pub use self::key::{Identity, KeyError, PublicKey, Recipient, SigningKey};
pub use self::live::{LiveRecording, MAX_APPEND};
pub use self::mark::Mark;
pub use self::opening::{Durability, Ending, Opening, RecordingKeys};
pub use self::read::Recording;
pub use self::record::RecordFault;
pub use self::recover::{Begun, RecoverError, Recovering, Recovery, recover, withdraw_unbegun};
pub use self::seal::{RecoveryNote, Seal, SealFault, SealState, StreamCount};
pub use self::spill::{Kept, Spilled};
pub use self::steps::Steps;
pub use self::verify::{Content, LedgerView, Verdict, VerifyWith, foreign, verify, verify_bytes};
