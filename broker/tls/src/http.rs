//! Web consoles: HTTP/1.1 and HTTP/2 from a browser, one visit, HTTP/1.1 or HTTP/2 to the target, and every transaction
//! recorded before it goes on.
//!
//! ```text
//!   TLS stream, host ─▶ Consoles::serve ─▶ Connection ─▶ /.chaperone/…: the gate's own pages
//!                          │ guard                └▶ cookie ─▶ Enter ─▶ Console ─▶ Transaction ─▶ Reach ─▶ target
//!                          └ what can be read in two ways ends here           lanes, bodies: recorded first
//! ```
//!
//! This layer holds no rule about who may do what: it asks [`Enter`] for the visit and the session's gate about each
//! request. It dials nothing itself: [`Reach`] does, for a session with a channel in its recording.

mod body;
mod checked;
mod connection;
mod console;
mod cookies;
mod engine;
mod flowing;
mod guard;
mod head;
mod headers;
mod inject;
mod lanes;
mod limits;
mod names;
mod no_answer;
mod pages;
mod reaching;
mod reader;
mod refuse;
mod remembered;
mod sending;
mod tally;
mod transaction;
mod upgrade;
mod upstream;

pub use console::HttpSettings;
pub use engine::{Caller, Consoles, Enter, Entered};
pub use inject::{Injection, NotAField};
pub use reaching::Targets;
pub use upstream::{Duplex, Offer, Reach, Reached};
