//! The installation's keys, read from its files. A missing one names the file and what to do.

use std::path::Path;
use std::sync::Arc;

use chaperone_identity::TokenKeys;
use chaperone_recorder::{Identity, Recipient, RecordingKeys, SigningKey};
use chaperone_ssh::HostKey;
use chaperone_vault::Vault;

use crate::cli::{Failure, chain};
use crate::installation::Installation;

/// Everything a node reads from `keys/`.
pub(super) struct Keys {
    pub ledger: Arc<SigningKey>,
    pub recording: RecordingKeys,
    pub vault: Vault,
    pub tokens: TokenKeys,
    pub host: HostKey,
    /// The evidence identity, where it has not been moved away.
    pub identities: Vec<Identity>,
    /// The unmask identity, likewise: opens typed input.
    pub unmask: Vec<Identity>,
}

impl Keys {
    pub(super) fn read(installation: &Installation) -> Result<Self, Failure> {
        let seal = Arc::new(signing(&installation.seal_key())?);
        let identities = identity(&installation.evidence_identity())?;
        let unmask = identity(&installation.unmask_identity())?;
        let (vault, tokens) = (installation.vault_key(), installation.token_key());
        Ok(Self {
            ledger: Arc::new(signing(&installation.ledger_key())?),
            recording: RecordingKeys {
                evidence: recipients(&installation.evidence_recipients())?,
                unmask: recipients(&installation.unmask_recipients())?,
                signer: seal,
            },
            vault: Vault::load(&vault).map_err(|error| unreadable(&vault, &error))?,
            tokens: TokenKeys::load(&tokens).map_err(|error| unreadable(&tokens, &error))?,
            host: host_key(&installation.ssh_host_key())?,
            identities,
            unmask,
        })
    }
}

/// The ledger's key alone, for verbs on the host.
pub(super) fn ledger(installation: &Installation) -> Result<Arc<SigningKey>, Failure> {
    signing(&installation.ledger_key()).map(Arc::new)
}

/// An identity, where it has not been moved away.
fn identity(path: &Path) -> Result<Vec<Identity>, Failure> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    Identity::load(path).map(|identity| vec![identity]).map_err(|error| unreadable(path, &error))
}

fn signing(path: &Path) -> Result<SigningKey, Failure> {
    SigningKey::load(path).map_err(|error| unreadable(path, &error))
}

/// One recipient a line; comments with `#`.
fn recipients(path: &Path) -> Result<Vec<Recipient>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let recipients: Vec<Recipient> =
        lines.map(|line| line.parse().map_err(|error| unreadable(path, &error))).collect::<Result<_, _>>()?;
    if recipients.is_empty() {
        return Err(Failure::failed(
            format!("{} names no recipient", path.display()),
            "put one age1… line into it",
        ));
    }
    Ok(recipients)
}

fn host_key(path: &Path) -> Result<HostKey, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    HostKey::from_openssh(&text).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::failed(
        format!("{} cannot be used: {}", path.display(), chain(error)),
        "is data.dir right, and is this the gate's own user? `chaperone init` makes all keys; a backup has them too",
    )
}
