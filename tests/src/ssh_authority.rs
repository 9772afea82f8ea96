//! A company's certificate authority for SSH: `ssh-keygen` signs, as it does for theirs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::keys::KeyPair;
use crate::machine::{must, word};

/// An authority with its key in a file.
pub struct SshAuthority {
    key: KeyPair,
}

impl SshAuthority {
    /// A new one.
    #[must_use]
    pub fn new(folder: &Path, name: &str) -> Self {
        Self { key: KeyPair::make(folder, name) }
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &KeyPair {
        &self.key
    }

    /// Signs a public key for a login and an hour; `more` words of `ssh-keygen` say otherwise, and where two contradict
    /// each other the last counts. Returns the certificate's file.
    ///
    /// # Panics
    /// When `ssh-keygen` does not.
    #[must_use]
    pub fn signs(&self, public: &Path, login: &str, more: &[&str]) -> PathBuf {
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-s", word(&self.key.private), "-I", login, "-V", "-5m:+1h"]);
        if !login.is_empty() {
            command.args(["-n", login]);
        }
        must(command.args(more).arg(public));
        let name = public.file_stem().and_then(|name| name.to_str()).expect("a key's file has a name");
        public.with_file_name(format!("{name}-cert.pub"))
    }
}
