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
//! Entry points: [`Vault::seal_credential`], [`Vault::credential`].

mod credential;
mod key_file;
mod sealed;
mod vault;

pub use credential::{Secret, TargetCredential};
pub use vault::{Vault, VaultError};
