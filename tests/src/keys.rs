//! SSH keys and agents, made by OpenSSH's own tools.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::machine::{must, word};
use crate::patience::soon;
use crate::process::Process;

/// An Ed25519 key pair on disk.
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// The private key's file.
    pub private: PathBuf,
    /// The public key's file.
    pub public: PathBuf,
}

impl KeyPair {
    /// Makes one, or finds the one that is there already.
    ///
    /// # Panics
    /// When `ssh-keygen` cannot.
    #[must_use]
    pub fn make(folder: &Path, name: &str) -> Self {
        let private = folder.join(name);
        if !private.exists() {
            must(Command::new("ssh-keygen").args([
                "-q",
                "-t",
                "ed25519",
                "-N",
                "",
                "-C",
                name,
                "-f",
                word(&private),
            ]));
        }
        Self { public: private.with_extension("pub"), private }
    }

    /// The public key's line.
    ///
    /// # Panics
    /// When the file cannot be read.
    #[must_use]
    pub fn line(&self) -> String {
        std::fs::read_to_string(&self.public).expect("a key pair has a public half").trim().to_owned()
    }
}

/// An ssh-agent with keys in it.
pub struct Agent {
    socket: PathBuf,
    _process: Process,
}

impl Agent {
    /// Starts one that holds these keys, offered in this order.
    ///
    /// # Panics
    /// When it cannot be started or a key cannot be added.
    #[must_use]
    pub fn holding<'k>(folder: &Path, keys: impl IntoIterator<Item = &'k KeyPair>) -> Self {
        let socket = folder.join("agent.socket");
        let mut command = Command::new("ssh-agent");
        command
            .args(["-D", "-a", word(&socket)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = Process::start("ssh-agent", &mut command);
        soon("the agent to listen", || UnixStream::connect(&socket).ok());
        for key in keys {
            must(Command::new("ssh-add").arg("-q").arg(&key.private).env("SSH_AUTH_SOCK", &socket));
        }
        Self { socket, _process: process }
    }

    /// Where clients find it.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}
