//! What people do with evidence: look at it, check it, take a copy. Every look is a fact.
//!
//! ```text
//!   person, session ─▶ Desk::text, asciicast, copy ─▶ fact (who, what, how) committed ─▶ recording opened ─▶ bytes
//!                      Desk::verify ─▶ recording × seal keys × identities × what the ledger holds ─▶ verdict ─▶ fact
//! ```
//!
//! The desk derives and never changes evidence; its retention alone deletes what is over its time. It holds the evidence
//! identity where the node has one; typed input stays masked, but for whoever a second person has agreed may see it.
//! Whether somebody may look is asked by the door before. Entry point: [`Desk`].

mod cinema;
mod desk;
mod look;
mod retention;
mod spoken;
mod unmask;
mod view;

pub use desk::{Desk, DeskError, DeskKeys};
pub use look::Look;
pub use retention::{RUN, Retained, Stopped};
pub use view::View;
