//! Proves who somebody is.
//!
//! ```text
//!   user name, a key whose signature the protocol verified ─▶ authenticate_key ─▶ ProvenPerson | ProofFailure
//!   a certificate over such a key ─▶ authenticate_certificate ─▶ the same
//!   password and code ─▶ Factors::sign_in; a code beside a key ─▶ Factors::prove_beside_key
//!   a token ─▶ TokenKeys::verify ─▶ Claims, which say who, and nothing of what they may
//!   a browser's token at a console ─▶ TokenKeys::visit ─▶ VisitToken, the same
//! ```
//!
//! This layer never says what somebody may do: that is `policy`'s. A failure carries its reason for the fact; what the
//! peer is told is the door's matter, and it is always the same.

mod certificate;
mod factors;
mod failures;
mod limits;
mod password;
mod proof;
pub mod ssh_key;
mod token;
mod totp;
mod touch;
mod user_name;

pub use certificate::{CertificateFault, Shown, authenticate_certificate, is_certified};
pub use factors::{FactorError, Factors, Invitation, LINK_LASTS, Offer, Seals, Second, hashed, random};
pub use failures::Failures;
pub use password::{MIN_CHARACTERS, WeakPassword};
pub use proof::{ProofFailure, ProvenPerson, Why, authenticate_key, is_enrolled};
pub use token::visit::{ENTER_WITHIN, VisitToken, VisitUse, Visiting};
pub use token::{Claims, TokenError, TokenKeys};
pub use totp::Provision;
pub use touch::Touch;
pub use user_name::{UserName, UserNameError};
