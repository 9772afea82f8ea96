//! The data folder: what lies where. The operator's guide has one trust sentence for each of these files.

use std::path::{Path, PathBuf};

/// A node's data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    dir: PathBuf,
}

impl Installation {
    /// The installation in `dir`, whether or not it exists yet.
    #[must_use]
    pub fn at(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The folder itself.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// All keys, readable for the service's user only.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.dir.join("keys")
    }

    /// The SSH host key that technicians pin.
    #[must_use]
    pub fn ssh_host_key(&self) -> PathBuf {
        self.keys().join("ssh_host_ed25519_key")
    }

    /// Vouches for servers that are reached through the gate by `ssh -J`. The file may be missing: then none is.
    #[must_use]
    pub fn host_authority(&self) -> PathBuf {
        self.keys().join("host-ca")
    }

    /// Signs the ledger's checkpoints.
    #[must_use]
    pub fn ledger_key(&self) -> PathBuf {
        self.keys().join("ledger.key")
    }

    /// Signs headers and seals of recordings.
    #[must_use]
    pub fn seal_key(&self) -> PathBuf {
        self.keys().join("seal.key")
    }

    /// Opens what recordings captured, except typed input.
    #[must_use]
    pub fn evidence_identity(&self) -> PathBuf {
        self.keys().join("evidence.identity")
    }

    /// More evidence identities, one or more in each `*.identity` file: of other gates, and older ones.
    #[must_use]
    pub fn identities(&self) -> PathBuf {
        self.keys().join("identities")
    }

    /// The public half of the seal key, PEM.
    #[must_use]
    pub fn seal_public(&self) -> PathBuf {
        self.keys().join("seal.pub")
    }

    /// Seal keys of other gates that a desk trusts: one in each `*.pub` file.
    #[must_use]
    pub fn trusted_seals(&self) -> PathBuf {
        self.keys().join("seals")
    }

    /// The public halves that recordings are sealed to; all that a node needs.
    #[must_use]
    pub fn evidence_recipients(&self) -> PathBuf {
        self.keys().join("evidence.recipients")
    }

    /// Opens typed input.
    #[must_use]
    pub fn unmask_identity(&self) -> PathBuf {
        self.keys().join("unmask.identity")
    }

    /// The public halves that typed input is sealed to.
    #[must_use]
    pub fn unmask_recipients(&self) -> PathBuf {
        self.keys().join("unmask.recipients")
    }

    /// Public halves of identities that lie in a safe: both data keys are sealed to them too. The file may be missing.
    #[must_use]
    pub fn escrow_recipients(&self) -> PathBuf {
        self.keys().join("escrow.recipients")
    }

    /// Opens the targets' credentials in the database.
    #[must_use]
    pub fn vault_key(&self) -> PathBuf {
        self.keys().join("vault.key")
    }

    /// Signs API tokens.
    #[must_use]
    pub fn token_key(&self) -> PathBuf {
        self.keys().join("token.key")
    }

    /// The web's own certificate, where none is configured.
    #[must_use]
    pub fn tls(&self) -> PathBuf {
        self.dir.join("tls")
    }

    /// What the one node that runs on this folder holds a lock on.
    pub fn lock(&self) -> PathBuf {
        self.dir.join("node.lock")
    }

    /// The recordings.
    #[must_use]
    pub fn recordings(&self) -> PathBuf {
        self.dir.join("recordings")
    }

    /// Where files that are sent ahead wait.
    pub fn stage(&self) -> PathBuf {
        self.dir.join("stage")
    }

    /// What the desk has read out of recordings: plain text of evidence.
    #[must_use]
    pub fn derived_file(&self) -> PathBuf {
        self.dir.join("derived.db")
    }

    /// What the store keeps beside the database: the newest checkpoint, the spool.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.dir.join("store")
    }

    /// The embedded database.
    #[must_use]
    pub fn sqlite_file(&self) -> PathBuf {
        self.dir.join("chaperone.db")
    }

    /// The embedded database's URL.
    #[must_use]
    pub fn sqlite_url(&self) -> String {
        format!("sqlite:{}", self.sqlite_file().display())
    }
}
