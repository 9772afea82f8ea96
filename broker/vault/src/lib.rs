//! Seals the credentials of targets, so that neither the database nor a backup of it opens anything.
//!
//! ```text
//!   credential ─▶ seal(AES-256-GCM, newest key, context target/account/kind) ─▶ SealedRow ─▶ store
//!   store ─▶ SealedRow ─▶ unseal(the key that it names) ─▶ TargetCredential, for one dial
//! ```
//!
//! A sealed secret is bound to its place: moved to another row it does not open. Nothing here prints a secret, and memory
//! that held one is wiped. Who is trusted: whoever holds the key file **and** the database has every credential; with one
//! of them alone there is nothing to read, and what is sealed can only be destroyed, not exchanged.
//!
//! It keeps the SSH user CA too, whose certificates stand in for credentials on servers that trust it, and the keys of the
//! TLS authorities.
//!
//! Entry points: [`Vault::seal_credential`], [`Vault::credential`], [`Vault::user_ca`], [`Vault::tls_authority`].

mod credential;
mod key_file;
mod sealed;
mod tls_authority;
mod tls_succession;
mod user_ca;
mod vault;

pub use credential::{Secret, TargetCredential};
pub use tls_authority::{SealedAuthority, TlsAuthority};
pub use tls_succession::{NextAuthority, Retiring, TlsAuthorities};
pub use user_ca::UserCa;
pub use vault::{Vault, VaultError};
