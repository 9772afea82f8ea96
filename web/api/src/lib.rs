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
//! [`App::new`] and [`serve`].

mod actor;
mod body;
mod bound;
mod carry;
mod credential;
mod handle;
mod host_token;
mod issuing;
mod listen;
mod looked;
mod ops;
mod pages;
mod parse;
pub mod problem;
mod reading;
mod refuse;
mod render;
pub mod route;
mod router;
mod sealing;
mod state;
mod stream;
mod topic;
pub mod wire;

pub use carry::{Carried, Duplex, SshCarrier};
pub use handle::destination::secret_place;
pub use issuing::{Certificate, CertificateWish, Certificates, Issue, NotIssued, TlsDoor};
pub use listen::{Accept, Peer, serve};
pub use reading::{DeclaredTls, TlsFault, TlsPart, TlsReader};
pub use router::openapi;
pub use sealing::Sealing;
pub use state::{App, Parts, Scan, Settings, SshDoor};
