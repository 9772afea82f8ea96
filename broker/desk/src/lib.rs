//! What people do with evidence: look at it, check it, take a copy. Every look is a fact.
//!
//! ```text
//!   person, session ─▶ Desk::text, asciicast, copy ─▶ fact (who, what, how) committed ─▶ recording opened ─▶ bytes
//!                      Desk::reconcile ─▶ a target's own log × the ledger ─▶ facts ─▶ what fits, and what does not
//!                      Desk::verify ─▶ recording × seal keys × identities × what the ledger holds ─▶ verdict ─▶ fact
//! ```
//!
//! The desk derives and never changes evidence. It holds the evidence identity where the node has one; typed input stays
//! masked, since it has no identity for that. Whether somebody may look is asked by the door before. Entry point:
//! [`Desk`].

mod cinema;
mod desk;
mod look;
mod reconcile;
mod spoken;
mod view;

pub use desk::{Desk, DeskError, DeskKeys};
pub use look::Look;
pub use reconcile::{
    Calendar, Comparison, LogFormat, ReadLog, Reconcile, Reconciled, SignIn, UnknownLog, Visit, compare,
};
pub use view::View;
