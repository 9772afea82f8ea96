//! Bundles: evidence about a target, a window or a session in one file that stands alone, made while the system runs.
//!
//! ```text
//! BundleWish ─▶ plan: subject, keys, checkpoint A ─▶ fact bundle-made ─▶ checkpoint B ─▶ pack, on a thread of its own:
//!     leaves A to B (pass 1) ─▶ facts with proofs (pass 2) ─▶ papers ─▶ recordings, keys, views ─▶ manifest ─▶ pieces
//! ```
//!
//! One is made at a time on a node, in pieces that wait for a bounded time for whoever takes them; a view that is derived
//! takes a place among the desk's. `recorder/BUNDLES.md` specifies the file. Entry point: [`Desk::bundle`].

mod out;
mod pack;
mod papers;
mod pick;
mod plan;

use chaperone_policy::{PersonId, SessionId, TargetId, WindowId};
use chaperone_recorder::Recipient;
use chaperone_store::StoreError;
use jiff::Timestamp;

pub use self::out::Pieces;

/// What a bundle is to be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BundleOf {
    /// A target, from an instant up to and without another.
    Target {
        /// Which.
        target: TargetId,
        /// First instant inside.
        from: Timestamp,
        /// First instant outside.
        to: Timestamp,
    },
    /// A window.
    Window(WindowId),
    /// One session.
    Session(SessionId),
}

/// A bundle that somebody asks for.
#[derive(Clone, Debug)]
pub struct BundleWish {
    /// About what.
    pub of: BundleOf,
    /// Who asks.
    pub by: PersonId,
    /// Their login.
    pub login: String,
    /// Whether with a token that was minted on the host.
    pub host_minted: bool,
    /// Why.
    pub reason: String,
    /// Sessions whose keys are to be left out.
    pub withheld: Vec<SessionId>,
    /// To whom the recordings' keys are sealed; nobody: they are in the bundle as they are.
    pub recipients: Vec<Recipient>,
    /// When.
    pub at: Timestamp,
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Another one is being made.
    #[error("another bundle is being made on this node")]
    Busy,
    /// The ledger has nothing about it.
    #[error("the ledger holds nothing about this")]
    Nothing,
    /// The times are the wrong way round.
    #[error("the asked time ends before it begins")]
    Times,
    /// The private half of the evidence key is elsewhere.
    #[error("the evidence identity is not on this node: the recordings' keys cannot be handed over here")]
    NoIdentity,
    /// The ledger could not be read or written.
    #[error("the ledger could not be read or written")]
    Store(#[from] StoreError),
    /// The desk is closing.
    #[error("the desk is closing")]
    Closing,
}
