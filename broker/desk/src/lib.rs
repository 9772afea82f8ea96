//! What people do with evidence: look at it, check it, take a copy. Every look is a fact.
//!
//! ```text
//!   person, session ─▶ Desk::text, asciicast, copy ─▶ fact (who, what, how) committed ─▶ recording opened ─▶ bytes
//!                      Desk::verify ─▶ recording × seal keys × identities × what the ledger holds ─▶ verdict ─▶ fact
//! ```
//!
//! The desk derives and never changes evidence. It holds the evidence identity where the node has one; typed input stays
//! masked, since it has no identity for that. Whether somebody may look is asked by the door before. Entry point:
//! [`Desk`].

mod bundle;
mod cinema;
mod desk;
mod look;
mod spoken;
mod view;

pub use bundle::{BundleError, BundleOf, BundleWish, Pieces};
pub use desk::{Desk, DeskError, DeskKeys};
pub use look::Look;
pub use view::View;
