//! The pages' and scripts' way in: an HTTP API over the same rights, facts and ledger as every other door.
//!
//! ```text
//!   request ─ bound ─ route table (door) ─ Actor: token → person in the facts ─ handler ─ store, desk, gate
//!                                                      │                          └─ parse → may? → call → render
//!                                             policy::may asks DESIGN §1's table
//! ```
//!
//! Handlers parse, ask whether the actor may, call, and render: no rule and no SQL lives here. A route that is not in
//! [`route::ROUTES`] is a closed door. The description at `/api/openapi.json` is made from the same code. Entry point:
//! `App::new` and `serve`. On systems that are not Unix there is [`wire`] alone, for the command line.

#[cfg(unix)]
mod actor;
#[cfg(unix)]
mod body;
#[cfg(unix)]
mod bound;
#[cfg(unix)]
mod carry;
#[cfg(unix)]
mod credential;
#[cfg(unix)]
mod handle;
#[cfg(unix)]
mod host_token;
#[cfg(unix)]
mod issuing;
#[cfg(unix)]
mod listen;
#[cfg(unix)]
mod looked;
#[cfg(unix)]
mod ops;
#[cfg(unix)]
mod pages;
#[cfg(unix)]
mod parse;
#[cfg(unix)]
pub mod problem;
#[cfg(unix)]
mod reading;
#[cfg(unix)]
mod refuse;
#[cfg(unix)]
mod render;
#[cfg(unix)]
pub mod route;
#[cfg(unix)]
mod router;
#[cfg(unix)]
mod sealing;
#[cfg(unix)]
mod state;
#[cfg(unix)]
mod stream;
#[cfg(unix)]
mod topic;
pub mod wire;

#[cfg(unix)]
pub use carry::{Carried, Carrier, Duplex};
#[cfg(unix)]
pub use handle::destination::secret_place;
#[cfg(unix)]
pub use issuing::{Certificate, CertificateWish, Certificates, Issue, NotIssued, Succession, TlsDoor};
#[cfg(unix)]
pub use listen::{Accept, Peer, serve};
#[cfg(unix)]
pub use reading::{DeclaredTls, TlsFault, TlsPart, TlsReader};
#[cfg(unix)]
pub use router::openapi;
#[cfg(unix)]
pub use sealing::Sealing;
#[cfg(unix)]
pub use state::{App, Parts, Scan, Settings, SshDoor};
