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
mod channel;
mod connection;
mod dial;
mod greeting;
mod host_key;
mod leg;
mod line;
mod listener;
mod note;
mod second;
#[cfg(feature = "demo")]
pub mod standin;
mod unheard;
mod wish;

pub use dial::{SshDial, TargetLeg};
pub use host_key::{HostKey, HostKeyError};
pub use listener::SshListener;
pub use second::{Demand, SecondFactor};
