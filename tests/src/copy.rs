//! A technician's own tools for files: `sftp`, `scp` in both its forms, and `rsync`, over the system's own `ssh`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::process::{Process, Ran};
use crate::ssh::Ssh;

/// How long a copy may take on a busy machine.
const COPY_WITHIN: Duration = Duration::from_secs(240);

impl Ssh {
    /// `sftp -b`: runs commands one after the other, and stops at the first that fails.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn sftp(&self, commands: &str) -> Ran {
        self.sftp_with(&[], commands)
    }

    /// The same with more words for `sftp`, such as `-R 512`.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn sftp_with(&self, more: &[&str], commands: &str) -> Ran {
        let mut batch = tempfile::NamedTempFile::new().expect("a file for the commands");
        std::io::Write::write_all(&mut batch, commands.as_bytes()).expect("the commands are written");
        let mut command = self.tool("sftp");
        command.args(more).arg("-b").arg(batch.path()).arg("127.0.0.1");
        Process::run("sftp", COPY_WITHIN, command.stdin(Stdio::null()))
    }

    /// `sftp -b` at so many kbit/s, begun and not waited for.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn begins_sftp_at(&self, kbit: &str, batch: &Path) -> Process {
        let mut command = self.tool("sftp");
        command.args(["-l", kbit]).arg("-b").arg(batch).arg("127.0.0.1");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Process::start("sftp", &mut command)
    }

    /// `scp`; a path on the target begins with a colon. `-O` among the words makes it the old protocol.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn scp(&self, words: &[&str]) -> Ran {
        let mut command = self.tool("scp");
        command.args(words.iter().map(|word| there(word)));
        Process::run("scp", COPY_WITHIN, command.stdin(Stdio::null()))
    }

    /// `rsync`; a path on the target begins with a colon.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn rsync(&self, words: &[&str]) -> Ran {
        let mut line = self.line();
        line.pop();
        let mut command = Command::new("rsync");
        command.arg("-e").arg(line.join(" ")).args(words.iter().map(|word| there(word)));
        Process::run("rsync", COPY_WITHIN, command.env_remove("SSH_AUTH_SOCK").stdin(Stdio::null()))
    }

    /// `sftp` or `scp` with everything that `ssh` is told, in the words that they know.
    fn tool(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let line = self.line();
        let mut words = line.iter().skip(1).take(line.len().saturating_sub(2));
        while let Some(word) = words.next() {
            match word.as_str() {
                "-p" => drop(command.arg("-P").args(words.next())),
                "-l" => drop(command.arg("-o").arg(format!("User={}", words.next().expect("a user")))),
                other => drop(command.arg(other)),
            }
        }
        command.env_remove("SSH_AUTH_SOCK");
        command
    }
}

fn there(word: &str) -> String {
    if word.starts_with(':') { format!("127.0.0.1{word}") } else { word.to_owned() }
}
