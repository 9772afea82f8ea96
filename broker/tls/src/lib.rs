//! The one place that ends TLS: the gate's own certificates and authorities, the listener that serves the web, the door for
//! targets, and the trust in a target's.
//!
//! ```text
//!   certificate and key, or the gate's own ─▶ ServerTls ─▶ TlsListener::accept ─▶ TlsStream, for the web
//!   a connection ─▶ TlsDoor ─▶ name ─▶ proof ─▶ verdict ─▶ Visits ─▶ raw: a channel, relayed and recorded in clear
//!                                └▶ WebConnection, for the consoles
//!   a session's Way, its anchors, pins and server name ─▶ secure ─▶ TlsStream to the target
//! ```
//!
//! A target is trusted through what was declared for it only: the system's certificate store is never read. This layer says
//! yes to nobody: it proves who somebody is and asks the session layer. Nothing is dialled without a session's way, which
//! needs a channel in its recording. The cryptography is aws-lc-rs, through [`provider`].

mod authority;
mod client;
mod connect;
mod door;
mod handshakes;
mod held;
pub mod http;
mod issue;
mod leg;
mod listener;
mod names;
mod note;
mod pem;
mod places;
mod protocols;
mod provider;
mod public_key;
mod raw;
mod renewal;
#[cfg(test)]
mod sample;
mod self_signed;
mod server;
mod serving;
mod target;
mod told;
mod trust;
mod verifier;
mod visit;

pub use authority::{Authority, AuthorityError, AuthorityRole, NewAuthority, fingerprint};
pub use connect::{CONNECT_WITHIN, ConnectError, blame, connect};
pub use door::{Arrives, Calls, DoorParts, Elsewhere, Passed, ServesConsoles, TlsDoor, WebConnection};
pub use handshakes::Handshakes;
pub use issue::{Holder, IssueError, Issued, LIFE, SERVER_LIFE, is_of};
pub use listener::{HANDSHAKE_WITHIN, Incoming, TlsListener};
pub use names::{Door, Label, Meant, Names};
pub use note::{CertificateNote, certificates_in};
pub use pem::PemFault;
pub use places::Place;
pub use provider::provider;
pub use public_key::{PublicKey, PublicKeyError};
pub use renewal::{Renewal, RenewalError};
pub use server::{ServerTls, ServerTlsError};
pub use serving::ServingError;
pub use target::{Secured, secure};
pub use tokio_rustls::TlsStream;
pub use trust::{Declared, Part, TargetTrust, TrustError, pin_of};
pub use verifier::ClientTrustError;
pub use visit::{Visit, Visits};
