//! The installation's keys, read from its files: each role reads what it needs and nothing else. A missing one names the
//! file, who needs it, and what to do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chaperone_identity::TokenKeys;
use chaperone_recorder::{Identity, PublicKey, RecordingKeys, SigningKey};
use chaperone_ssh::{HostAuthority, HostKey};
use chaperone_vault::Vault;

use super::recipients::Recipients;
use crate::cli::{Failure, chain};
use crate::installation::Installation;

/// What a node reads from `keys/`, whatever it does: it writes facts, opens destinations' secrets, checks tokens.
pub(super) struct Keys {
    pub ledger: Arc<SigningKey>,
    pub vault: Vault,
    pub tokens: TokenKeys,
    /// What visits need.
    pub gate: Option<GateKeys>,
    /// What evidence is opened with.
    pub desk: Option<DeskIdentities>,
    /// Private identities that lie here and were not read, since this node is no desk.
    pub left_alone: Vec<PathBuf>,
}

/// What a gate needs: public recipients, and keys that open nothing.
pub(super) struct GateKeys {
    pub recording: RecordingKeys,
    pub host: HostKey,
    /// None where there is no such key: then no server is reached through the gate by `ssh -J`.
    pub authority: Option<Authority>,
}

/// What vouches for servers towards technicians who come by `ssh -J`.
pub(super) struct Authority {
    pub key: HostAuthority,
    /// The line by which they know it.
    pub known_hosts: String,
}

/// What a desk opens and checks recordings with.
pub(super) struct DeskIdentities {
    /// None where they are kept elsewhere: then nothing can be replayed, derived or searched here.
    pub identities: Vec<Identity>,
    /// The unmask identity, likewise: opens typed input.
    pub unmask: Vec<Identity>,
    /// None: then nothing can be verified here.
    pub seal_keys: Vec<PublicKey>,
}

impl Keys {
    /// Reads what a node needs that lets visits in (`gate`), opens evidence (`desk`), or both.
    pub(super) fn read(installation: &Installation, gate: bool, desk: bool) -> Result<Self, Failure> {
        let tokens = installation.token_key();
        Ok(Self {
            ledger: ledger(installation)?,
            vault: vault(installation)?,
            tokens: TokenKeys::load(&tokens).map_err(|error| unreadable(&tokens, &error))?,
            gate: gate.then(|| GateKeys::read(installation)).transpose()?,
            desk: desk.then(|| DeskIdentities::read(installation)).transpose()?,
            left_alone: if desk { Vec::new() } else { private_identities(installation) },
        })
    }
}

impl GateKeys {
    fn read(installation: &Installation) -> Result<Self, Failure> {
        let signer = Arc::new(signing(&installation.seal_key())?);
        let recipients = Recipients::read(installation)?;
        let (evidence, unmask) = (recipients.of_evidence(), recipients.of_input());
        let recording = RecordingKeys { evidence, unmask, signer };
        let host = host_key(&installation.ssh_host_key())?;
        Ok(Self { recording, host, authority: Authority::read(&installation.host_authority())? })
    }
}

impl Authority {
    fn read(path: &Path) -> Result<Option<Self>, Failure> {
        if !path.exists() {
            tracing::warn!(
                path = %path.display(),
                "there is no key of a host authority: `ssh -J` is refused; `chaperone key host-ca` makes one"
            );
            return Ok(None);
        }
        let key = host_key(path)?;
        let public = key.public_line().map_err(|error| unreadable(path, &error))?;
        let known_hosts =
            HostAuthority::known_hosts_line(&public).map_err(|error| unreadable(path, &error))?;
        Ok(Some(Self { key: HostAuthority::new(key), known_hosts }))
    }
}

impl DeskIdentities {
    fn read(installation: &Installation) -> Result<Self, Failure> {
        let own = installation.evidence_identity();
        let mut identities = Vec::new();
        let files = own.exists().then_some(own).into_iter();
        for file in files.chain(listed(&installation.identities(), "identity")) {
            identities.extend(Identity::load_all(&file).map_err(|error| unreadable(&file, &error))?);
        }
        let mut seal_keys = Vec::new();
        let own = installation.seal_public();
        let files = own.exists().then_some(own).into_iter();
        for file in files.chain(listed(&installation.trusted_seals(), "pub")) {
            seal_keys.push(PublicKey::load(&file).map_err(|error| unreadable(&file, &error))?);
        }
        let unmask = identity(&installation.unmask_identity())?;
        Ok(Self { identities, unmask, seal_keys })
    }

    /// What this desk cannot do for want of a key, in words.
    pub(super) fn lacks(&self) -> Vec<&'static str> {
        let mut lacks = Vec::new();
        if self.identities.is_empty() {
            lacks.push("no evidence identity: nothing is replayed, searched or derived here");
        }
        if self.seal_keys.is_empty() {
            lacks.push("no seal.pub: no recording can be verified here");
        }
        lacks
    }
}

/// The vault alone, for verbs on the host.
pub(super) fn vault(installation: &Installation) -> Result<Vault, Failure> {
    let path = installation.vault_key();
    Vault::load(&path).map_err(|error| unreadable(&path, &error))
}

/// The ledger's key alone, for verbs on the host.
pub(super) fn ledger(installation: &Installation) -> Result<Arc<SigningKey>, Failure> {
    signing(&installation.ledger_key()).map(Arc::new)
}

/// An identity, where it has not been moved away; a file may hold several.
fn identity(path: &Path) -> Result<Vec<Identity>, Failure> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    Identity::load_all(path).map_err(|error| unreadable(path, &error))
}

/// The identities in `keys/` that a node without the desk role leaves alone: their names, not what is in them.
fn private_identities(installation: &Installation) -> Vec<PathBuf> {
    let mut found = listed(&installation.keys(), "identity");
    found.extend(listed(&installation.identities(), "identity"));
    found
}

/// The files of a folder with this ending, in order; none where there is no folder.
fn listed(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == ending))
        .collect();
    files.sort();
    files
}

fn signing(path: &Path) -> Result<SigningKey, Failure> {
    SigningKey::load(path).map_err(|error| unreadable(path, &error))
}

fn host_key(path: &Path) -> Result<HostKey, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    HostKey::from_openssh(&text).map_err(|error| unreadable(path, &error))
}

pub(super) fn unreadable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::failed(
        format!("{} cannot be used: {}", path.display(), chain(error)),
        "is data.dir right, and is this the gate's own user? `chaperone init` makes all keys; a backup has them too; \
         OPERATORS.md says which role needs which",
    )
}
