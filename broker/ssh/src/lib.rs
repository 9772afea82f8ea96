//! The SSH door, and the only place that speaks the protocol.
//!
//! ```text
//!   technician ── listener ── connection (proof, requests) ── admission ── session::attempt ── policy::decide
//!                                  │                                            │
//!                               channel (one task each) ── session::relay ── dial ── target
//! ```
//!
//! This layer turns SSH into attempts, channels and streams, and says the session layer's words in SSH. It decides
//! nothing, and it cannot forward a byte by itself: what its sinks write is [`chaperone_session::Recorded`], which only
//! the recorder makes. Entry point: [`SshListener`].

mod admission;
mod algorithms;
mod bounds;
mod callers;
mod channel;
mod connection;
mod courier;
mod dial;
mod early;
mod forward;
mod greeting;
mod host_authority;
mod host_key;
mod jump;
mod known;
mod leg;
mod line;
mod listener;
mod menu;
mod note;
#[cfg(test)]
mod pair;
mod place;
mod proxied;
mod scp;
mod second;
mod sftp;
mod staged;
#[cfg(feature = "demo")]
pub mod standin;
mod teller;
mod transfer;
mod unheard;
mod waiting;
#[cfg(test)]
mod windows;
mod wish;

pub use bounds::{Bounds, Rekey};
pub use callers::Callers;
pub use dial::{SshDial, TargetLeg, scan_host_keys};
pub use host_authority::{HostAuthority, HostAuthorityError};
pub use host_key::{HostIdentity, HostKey, HostKeyError};
pub use listener::SshListener;
pub use proxied::{HeaderFault, Proxies};
pub use second::{Demand, SecondFactor};
