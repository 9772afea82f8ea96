//! A technician who reaches servers through the gate, under the servers' own names: `ssh -J login@gate account@server`,
//! with `StrictHostKeyChecking=yes` and the one line that `init` printed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::house::House;
use crate::machine::word;
use crate::process::{Process, Ran};
use crate::ssh::Technician;
use crate::terminal::Terminal;
use crate::visit::Visit;

/// How long a command may take, transfers on a busy machine included.
const RUN_WITHIN: Duration = Duration::from_secs(120);

/// Somebody with `-J`.
pub struct Beyond {
    configuration: PathBuf,
    gate: String,
}

impl House {
    /// A technician who knows the gate by its host key and all servers behind it by its host authority, and who signs in
    /// at the gate by this name.
    ///
    /// # Panics
    /// When their client's files cannot be written.
    #[must_use]
    pub fn beyond(&self, login: &str, user: &str) -> Beyond {
        let installed = |pointer: &str| {
            let found = self.gate.installed.pointer(pointer).and_then(|found| found.as_str());
            found.unwrap_or_else(|| panic!("init prints {pointer}")).to_owned()
        };
        let host = installed("/keys/ssh_host/public");
        let known = format!(
            "[127.0.0.1]:{} {}\n{}\n",
            self.gate.ssh_port(),
            host.split(' ').take(2).collect::<Vec<_>>().join(" "),
            installed("/keys/host_ca/known_hosts"),
        );
        self.technician(login).beyond(user, &known)
    }
}

impl Technician {
    /// The same with any `known_hosts`.
    ///
    /// # Panics
    /// When their client's files cannot be written.
    #[must_use]
    pub fn beyond(&self, user: &str, known: &str) -> Beyond {
        let folder = self.folder.join(format!("beyond-{}", user.replace('+', "-")));
        std::fs::create_dir_all(&folder).expect("a folder for the client's files");
        let known_hosts = folder.join("known_hosts");
        std::fs::write(&known_hosts, known).expect("the client's known_hosts");
        let configuration = folder.join("config");
        let text = format!(
            "Host *\nUserKnownHostsFile {}\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\nBatchMode yes\n\
             LogLevel ERROR\nConnectTimeout 30\nIdentitiesOnly yes\nIdentityFile {}\n",
            word(&known_hosts),
            word(&self.key.private),
        );
        std::fs::write(&configuration, text).expect("the client's configuration");
        Beyond { configuration, gate: format!("{user}@127.0.0.1:{}", self.port) }
    }
}

impl Beyond {
    /// What every command of the suite takes: the configuration, and the way.
    fn way(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-F", word(&self.configuration), "-J", &self.gate]);
        command.env_remove("SSH_AUTH_SOCK").stdin(Stdio::null());
        command
    }

    /// `ssh -J …`, with words before the destination.
    #[must_use]
    pub fn ssh(&self, more: &[&str], to: &str, remote: &str) -> Command {
        let mut command = self.way("ssh");
        command.args(more).arg(to);
        if !remote.is_empty() {
            command.arg(remote);
        }
        command
    }

    /// Runs a command on a server to its end.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn runs(&self, to: &str, remote: &str) -> Ran {
        self.runs_with(&[], to, remote)
    }

    /// The same, with words before the destination.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn runs_with(&self, more: &[&str], to: &str, remote: &str) -> Ran {
        Process::run("ssh -J", RUN_WITHIN, &mut self.ssh(more, to, remote))
    }

    /// Starts a command on a server and goes on.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    #[must_use]
    pub fn begins(&self, more: &[&str], to: &str, remote: &str) -> Visit {
        Visit::begin(&mut self.ssh(more, to, remote), true)
    }

    /// Opens a shell on a server, in a terminal of 80 × 24.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    #[must_use]
    pub fn opens_a_shell(&self, to: &str) -> Terminal {
        let words = ["ssh", "-F", word(&self.configuration), "-J", &self.gate, "-tt", to];
        Terminal::run((80, 24), &words.map(str::to_owned), None)
    }

    /// `scp`, with these words.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn copies(&self, words: &[&str]) -> Ran {
        let mut command = self.way("scp");
        Process::run("scp -J", RUN_WITHIN, command.args(words))
    }

    /// `sftp -b`: runs commands one after the other, with words before the destination.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn sftp(&self, more: &[&str], to: &str, batch: &Path) -> Ran {
        Process::run("sftp -J", RUN_WITHIN, &mut self.sftp_of(more, to, batch))
    }

    /// The same, begun and not waited for.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn begins_sftp(&self, more: &[&str], to: &str, batch: &Path) -> Process {
        let mut command = self.sftp_of(more, to, batch);
        Process::start("sftp -J", command.stdout(Stdio::null()).stderr(Stdio::null()))
    }

    fn sftp_of(&self, more: &[&str], to: &str, batch: &Path) -> Command {
        let mut command = self.way("sftp");
        command.args(more).args(["-b", word(batch), to]);
        command
    }

    /// `rsync`, with these words, over `ssh -J`.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn synchronises(&self, words: &[&str]) -> Ran {
        let over = format!("ssh -F {} -J {}", word(&self.configuration), self.gate);
        let mut command = Command::new("rsync");
        command.args(["-e", &over]).args(words).env_remove("SSH_AUTH_SOCK").stdin(Stdio::null());
        Process::run("rsync", RUN_WITHIN, &mut command)
    }

    /// Where the client's configuration is.
    #[must_use]
    pub fn configuration(&self) -> &Path {
        &self.configuration
    }
}
