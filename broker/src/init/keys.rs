//! Makes every key of an installation, each in a file of its own that only the service's user can read.

use std::path::PathBuf;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use chaperone_identity::TokenKeys;
use chaperone_recorder::ledger::{NoteError, VerifierKey};
use chaperone_recorder::{Identity, KeyError, SigningKey};
use chaperone_ssh::{HostAuthority, HostKey, HostKeyError};
use chaperone_vault::Vault;
use serde_json::{Value, json};

use crate::installation::Installation;
use crate::private_file;

/// Why a key could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysError {
    /// A file of ours.
    #[error("{0} cannot be written")]
    Write(PathBuf, #[source] std::io::Error),
    /// No randomness.
    #[error("the system has no randomness")]
    Random,
    /// Recorder keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The host key.
    #[error(transparent)]
    Host(#[from] HostKeyError),
    /// The ledger's name.
    #[error("the ledger's verifier key cannot be named")]
    Origin(#[from] NoteError),
    /// The vault's key.
    #[error("the vault's key cannot be made")]
    Vault(#[from] chaperone_vault::VaultError),
    /// The token key.
    #[error("the token key cannot be made")]
    Token(#[from] chaperone_identity::TokenError),
}

/// Makes them; returns the public halves.
pub(super) fn make(installation: &Installation, origin: &str) -> Result<Value, KeysError> {
    let host = ssh_key(installation.ssh_host_key(), "chaperone")?;
    let authority = host_authority(installation)?;

    let ledger = signing_key(installation.ledger_key())?;
    let seal = signing_key(installation.seal_key())?;
    let evidence = identity(installation.evidence_identity(), installation.evidence_recipients())?;
    let unmask = identity(installation.unmask_identity(), installation.unmask_recipients())?;
    Vault::load_or_create(&installation.vault_key())?;
    TokenKeys::load_or_create(&installation.token_key())?;
    Ok(json!({
        "ssh_host": { "fingerprint": host.fingerprint(), "public": host.public_line()? },
        "host_ca": { "known_hosts": authority },
        "ledger": { "verifier": VerifierKey::new(origin, ledger.public())?.to_string() },
        "seal": { "public": seal.public().to_string() },
        "evidence": { "recipient": evidence },
        "unmask": { "recipient": unmask },
    }))
}

/// The key that vouches for servers which are reached through the gate; returns the line by which technicians know it.
pub(crate) fn host_authority(installation: &Installation) -> Result<String, KeysError> {
    let key = ssh_key(installation.host_authority(), "chaperone-host-ca")?;
    Ok(HostAuthority::known_hosts_line(&key.public_line()?)?)
}

/// An SSH key of the gate's own, with its public half beside it.
fn ssh_key(path: PathBuf, comment: &str) -> Result<HostKey, KeysError> {
    let mut seed = [0; 32];
    SystemRandom::new().fill(&mut seed).map_err(|_| KeysError::Random)?;
    let key = HostKey::from_seed(&seed, comment)?;
    write(path.clone(), &key.to_openssh()?)?;
    write(path.with_extension("pub"), &format!("{}\n", key.public_line()?))?;
    Ok(key)
}

/// A signing key, with its public half as PEM beside it.
fn signing_key(path: PathBuf) -> Result<SigningKey, KeysError> {
    let key = SigningKey::generate()?;
    key.save(&path)?;
    write(path.with_extension("pub"), &key.public().to_pem())?;
    Ok(key)
}

/// An age identity, with its recipient in a file of its own.
fn identity(path: PathBuf, recipients: PathBuf) -> Result<String, KeysError> {
    let identity = Identity::generate();
    identity.save(&path)?;
    let recipient = identity.recipient().to_string();
    write(recipients, &format!("{recipient}\n"))?;
    Ok(recipient)
}

fn write(path: PathBuf, text: &str) -> Result<(), KeysError> {
    private_file::create(&path, text.as_bytes()).map_err(|error| KeysError::Write(path, error))
}
