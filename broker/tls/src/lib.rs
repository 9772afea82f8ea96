//! The one place that ends TLS: the gate's own certificate, the listener that serves it, and the trust in a target's.
//!
//! ```text
//!   certificate and key, or self-signed once ─▶ ServerTls ─▶ TlsListener::accept ─▶ TlsStream
//!   a target's anchors and server name ─▶ TargetTrust ─▶ connect(host, port) ─▶ TlsStream
//! ```
//!
//! A target is trusted through its own anchors and its own name only: the system's certificate store is never read. This
//! layer knows nothing of who connects or what they may do. The cryptography is aws-lc-rs, through [`provider`].

mod authority;
mod client;
mod connect;
mod door;
mod handshakes;
pub mod http;
mod issue;
mod leg;
mod listener;
mod names;
mod note;
mod pem;
mod protocols;
mod provider;
mod public_key;
mod raw;
#[cfg(test)]
mod sample;
mod self_signed;
mod server;
mod serving;
mod target;
mod trust;
mod verifier;
mod visit;

pub use authority::{Authority, AuthorityError, AuthorityRole, NewAuthority, fingerprint};
pub use connect::{CONNECT_WITHIN, ConnectError, blame, connect};
pub use door::{Arrives, DoorParts, Elsewhere, Passed, ServesConsoles, TlsDoor, WebConnection};
pub use handshakes::Handshakes;
pub use issue::{Holder, IssueError, Issued, LIFE, SERVER_LIFE, is_of};
pub use listener::{HANDSHAKE_WITHIN, Incoming, TlsListener};
pub use names::{Door, Label, Meant, Names};
pub use note::{CertificateNote, certificates_in};
pub use pem::PemFault;
pub use provider::provider;
pub use public_key::{PublicKey, PublicKeyError};
pub use server::{ServerTls, ServerTlsError};
pub use serving::ServingError;
pub use target::{Secured, secure};
pub use tokio_rustls::TlsStream;
pub use trust::{Declared, Part, TargetTrust, TrustError, pin_of};
pub use verifier::ClientTrustError;
pub use visit::{Proof, Visit, Visits};
