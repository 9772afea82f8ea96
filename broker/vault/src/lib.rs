//! Seals the credentials of targets, so that neither the database nor a backup of it opens anything.
//!
//! ```text
//!   credential ─▶ seal(AES-256-GCM, key file, context target/account/kind) ─▶ SealedRow ─▶ store
//!   store ─▶ SealedRow ─▶ unseal ─▶ TargetCredential, for one dial
//! ```
//!
//! A sealed credential is bound to its target, account and kind: moved to another row it does not open. Nothing here
//! prints a secret. Entry points: [`Vault::seal_credential`], [`Vault::credential`].

mod credential;
mod seal;

pub use credential::{Secret, TargetCredential};
pub use seal::{Vault, VaultError};
