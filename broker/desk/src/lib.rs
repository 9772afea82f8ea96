//! What people do with evidence: look at it, check it, take a copy. Every look is a fact.
//!
//! ```text
//!   sealed recording ─▶ Desk::keep_deriving ─▶ derived store: film, keyframes, lines ─▶ replay, search
//!   person, session ─▶ Desk::play, export, search ─▶ fact (who, what, how) committed ─▶ recording opened ─▶ bytes
//!                      Desk::reconcile ─▶ a target's own log × the ledger ─▶ facts ─▶ what fits, and what does not
//!                      Desk::verify ─▶ recording × seal keys × identities × what the ledger holds ─▶ verdict ─▶ fact
//! ```
//!
//! The desk derives and never changes evidence; its retention alone deletes what is over its time. It holds the evidence
//! identity where the node has one; typed input stays masked, but for whoever a second person has agreed may see it.
//! Whether somebody may look is asked by the door before. Entry point: [`Desk`].

mod aside;
mod bundle;
mod cinema;
mod derive;
mod desk;
mod export;
mod http;
mod look;
mod play;
mod reconcile;
mod retention;
mod search;
mod spoken;
mod unmask;
mod view;

pub use bundle::{BundleError, BundleOf, BundleWish, Pieces};
pub use desk::{Desk, DeskError, DeskKeys};
pub use export::Outflow;
pub use http::Opened;
pub use look::Look;
pub use play::Reel;
pub use reconcile::{
    Calendar, Comparison, LogFormat, ReadLog, Reconcile, Reconciled, SignIn, UnknownLog, Visit, compare,
};
pub use retention::{RUN, Retained, Stopped};
pub use search::{Hit, Search};
pub use view::View;
