//! What making a bundle needs of recordings: their data keys, and sealing these to recipients.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use age::{Decryptor, Encryptor};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use uuid::Uuid;

use crate::content::OpenedKeys;
use crate::failure::{BadPlace, Failure};
use crate::key::{Identity, KeyError, Recipient};
use crate::ledger::Hash;
use crate::verify::foreign;
use crate::walk::Walk;

/// Sealed keys are little more than keys, and those have the bound of their entry.
const MAX_SEALED: u64 = super::layout::MIB * 16;

/// The second verifier, written from the specification alone.
pub const PYTHON_VERIFIER: &[u8] = include_bytes!("../../python/chaperone_verify.py");

/// A hash as the ledger's texts have it.
#[must_use]
pub fn base64(hash: &Hash) -> String {
    STANDARD.encode(hash)
}

/// Why a recording's key cannot be handed over.
#[derive(Debug, thiserror::Error)]
pub enum DataKeyError {
    /// The recording cannot be opened with these identities.
    #[error("the recording's key cannot be opened: {0}")]
    Closed(#[from] BadPlace),
}

/// The text of `keys.json`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RecordingKeyTexts {
    keys: BTreeMap<Uuid, KeyText>,
}

#[derive(Clone, Debug, Serialize)]
struct KeyText {
    evidence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
}

impl RecordingKeyTexts {
    /// Adds a recording's evidence key. That of typed input is for who was granted to unmask it.
    pub fn insert(&mut self, session: Uuid, evidence: [u8; 32], input: Option<[u8; 32]>) {
        let key = KeyText { evidence: hex::encode(evidence), input: input.map(hex::encode) };
        self.keys.insert(session, key);
    }
}

/// The evidence key of a session's recording.
///
/// # Errors
/// When the file is no recording of this session, or no identity opens it.
pub fn evidence_key(path: &Path, session: Uuid, identities: &[Identity]) -> Result<[u8; 32], DataKeyError> {
    let file =
        File::open(path).map_err(|error| BadPlace::new(Failure::Unreadable, 0, None, error.to_string()))?;
    let walk = Walk::start(Arc::new(file))?;
    if let Some(bad) = foreign(&walk.header, session) {
        return Err(bad.into());
    }
    Ok(OpenedKeys::open(&walk.header, identities)?.evidence.disclosed())
}

/// An age file of a text that each of the recipients can open.
///
/// # Errors
/// When there is no recipient, or the library fails.
pub fn seal_keys(text: &[u8], recipients: &[Recipient]) -> Result<Vec<u8>, KeyError> {
    if recipients.is_empty() {
        return Err(KeyError::NoRecipient);
    }
    let to = recipients.iter().map(|recipient| &recipient.0 as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(to).map_err(|_| KeyError::Library("seal the keys"))?;
    let mut sealed = Vec::new();
    let write = || {
        let mut writer = encryptor.wrap_output(&mut sealed)?;
        writer.write_all(text)?;
        writer.finish()
    };
    write().map_err(|_| KeyError::Library("seal the keys"))?;
    Ok(sealed)
}

/// What [`seal_keys`] sealed, if one of the identities is a recipient.
pub(super) fn open_keys(sealed: &[u8], identities: &[Identity]) -> Option<Vec<u8>> {
    let ours = identities.iter().map(|identity| &identity.0 as &dyn age::Identity);
    let reader = Decryptor::new(sealed).ok()?.decrypt(ours).ok()?;
    let mut text = Vec::new();
    reader.take(MAX_SEALED).read_to_end(&mut text).ok()?;
    Some(text)
}
