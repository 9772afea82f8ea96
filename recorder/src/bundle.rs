//! Bundles: one file that proves what happened on a target, to somebody who has it and the ledger's public key.
//!
//! ```text
//! desk ──▶ Packer ──▶ F ──▶ Archive ─▶ manifest, checkpoints ─▶ leaves × facts ─▶ sessions × recordings ─▶ files
//!                                            signatures            root, proofs        seals, chains, keys   hashes
//!                                               └──────────────────────┴────────────────────┴──────────────▶ Report
//! ```
//!
//! `BUNDLES.md` beside this crate specifies every byte, every failure's name and the order of checks. Nothing here reads
//! a clock or a database, and no file makes it hold more than one chunk of leaves and one of facts at once. Entry points:
//! [`verify`], [`Packer`].

mod archive;
mod check;
mod decimal;
mod fact;
mod files;
pub mod layout;
mod made;
mod making;
mod manifest;
mod names;
mod nodes;
mod recordings;
mod report;
mod seen;
mod signed;
mod verify;
mod words;

pub use self::archive::{Packed, Packer};
pub use self::fact::{FactLine, encode_leaf};
pub use self::making::{DataKeyError, PYTHON_VERIFIER, RecordingKeyTexts, base64, evidence_key, seal_keys};
pub use self::manifest::{FORMAT, Manifest, Subject, sign};
pub use self::names::{NamedPerson, Names};
pub use self::nodes::Nodes;
pub use self::report::{AttemptSeen, Failing, Finding, Gap, RecordingStands, Report, SessionSeen, TreeState};
pub use self::signed::{LedgerKey, is_checkpoint};
pub use self::verify::{BundleWith, is_bundle, verify, verify_bytes};
pub use self::words::in_words;
