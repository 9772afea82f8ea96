//! The manifest: what a bundle is about, and the hash of each of its entries; signed by the ledger's key.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::archive::Packed;
use crate::key::PublicKey;
use crate::ledger::{NoteError, NoteSigner};

/// The version that this code writes and the only one that it reads.
pub const FORMAT: u64 = 1;
const LABEL: &[u8] = b"chaperone/bundle/manifest/v1\n";

/// What a bundle is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Subject {
    /// A target, between two times.
    Target {
        /// The target alone.
        targets: Vec<Uuid>,
        /// First instant inside, microseconds since 1970.
        #[serde(with = "super::decimal")]
        from_us: i64,
        /// First instant outside.
        #[serde(with = "super::decimal")]
        to_us: i64,
    },
    /// A change window.
    Window {
        /// Its targets.
        targets: Vec<Uuid>,
        /// Its id.
        window: Uuid,
    },
    /// One session.
    Session {
        /// Its target.
        targets: Vec<Uuid>,
        /// Its window.
        window: Uuid,
        /// Its id.
        session: Uuid,
    },
}

impl Subject {
    /// The targets concerned.
    #[must_use]
    pub fn targets(&self) -> &[Uuid] {
        match self {
            Self::Target { targets, .. } | Self::Window { targets, .. } | Self::Session { targets, .. } => {
                targets
            }
        }
    }

    /// Whether it is all about a target, at this time.
    pub(super) fn is_whole_at(&self, time_us: i64) -> bool {
        matches!(self, Self::Target { from_us, to_us, .. } if (*from_us..*to_us).contains(&time_us))
    }

    /// The window, where it is about one.
    pub(super) fn window(&self) -> Option<Uuid> {
        match self {
            Self::Target { .. } => None,
            Self::Window { window, .. } | Self::Session { window, .. } => Some(*window),
        }
    }
}

/// What the manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u64,
    /// What the bundle is about.
    pub what: Subject,
    /// Size of checkpoint A.
    #[serde(with = "super::decimal")]
    pub from: u64,
    /// Size of checkpoint B.
    #[serde(with = "super::decimal")]
    pub to: u64,
    /// The ledger's name.
    pub origin: String,
    /// Number of the fact that it was made.
    #[serde(with = "super::decimal")]
    pub made: u64,
    /// Login of who made it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When, RFC 3339.
    pub at: String,
    /// Sessions whose keys were left out on purpose.
    pub withheld: Vec<Uuid>,
    /// Every entry but the manifest and its signature.
    pub files: Vec<Packed>,
}

/// The signature of a manifest's text, as its entry holds it.
///
/// # Errors
/// When the library fails.
pub fn sign(text: &[u8], signer: &NoteSigner) -> Result<String, NoteError> {
    Ok(format!("{}\n", STANDARD.encode(signer.sign_labelled(&signed(text))?)))
}

/// Whether an entry is the signature of a manifest's text by one of the keys.
pub(super) fn is_signed(text: &[u8], signature: &[u8], keys: &[PublicKey]) -> bool {
    let encoded = signature.strip_suffix(b"\n").and_then(|encoded| STANDARD.decode(encoded).ok());
    encoded.is_some_and(|signature| keys.iter().any(|key| key.verify(&signed(text), &signature)))
}

fn signed(text: &[u8]) -> Vec<u8> {
    [LABEL, digest(&SHA256, text).as_ref()].concat()
}
