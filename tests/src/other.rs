//! Clients other than OpenSSH's own, with the same key: PuTTY's, Dropbear's, Paramiko.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::house::House;
use crate::machine::{must, program, word};
use crate::process::{Process, Ran};
use crate::ssh::Technician;

/// How long one of them may take.
const RUN_WITHIN: Duration = Duration::from_secs(120);

/// A technician with another client.
pub struct Other<'h> {
    house: &'h House,
    technician: Technician,
}

impl House {
    /// A technician who has other clients.
    #[must_use]
    pub fn elsewhere(&self, login: &str) -> Other<'_> {
        Other { house: self, technician: self.technician(login) }
    }
}

impl Other<'_> {
    /// The gate's host key, as `known_hosts` has it: name, kind, key.
    fn host_line(&self) -> String {
        let port = self.technician.port;
        let scanned = must(
            Command::new("ssh-keyscan")
                .args(["-t", "ed25519", "-p", &port.to_string(), "127.0.0.1"])
                .stderr(Stdio::null()),
        );
        let line = scanned.lines().find(|line| line.starts_with('['));
        line.expect("the gate shows its host key").to_owned()
    }

    /// The fingerprint of the gate's host key, as PuTTY takes it: `SHA256:…`.
    fn fingerprint(&self) -> String {
        let file = self.house.folder().join("gate.pub");
        std::fs::write(&file, self.host_line()).expect("the host key is kept");
        let said = must(Command::new("ssh-keygen").args(["-l", "-f", word(&file)]));
        said.split_whitespace().nth(1).expect("ssh-keygen says a fingerprint").to_owned()
    }

    /// The key in PuTTY's own form.
    fn putty_key(&self) -> PathBuf {
        let file = self.house.folder().join(format!("{}.ppk", self.technician.login));
        if !file.exists() {
            let key = &self.technician.key.private;
            must(Command::new("puttygen").args([word(key), "-o", word(&file), "-O", "private"]));
        }
        file
    }

    /// One of PuTTY's: `plink`, `pscp`, `psftp`; with everything said, so that it asks nothing.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn putty(&self, name: &str, target: &str, words: &[&str], input: &str) -> Ran {
        let user = format!("{}+{target}", self.technician.login);
        let mut command = Command::new(program(name, "putty-tools"));
        command.args(["-batch", "-P", &self.technician.port.to_string(), "-l", &user]);
        command.args(["-i", word(&self.putty_key()), "-hostkey", &self.fingerprint()]);
        self.run(name, command.args(words), input)
    }

    /// Dropbear's client.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn dropbear(&self, target: &str, remote: &str, input: &str) -> Ran {
        let key = self.house.folder().join(format!("{}.dropbear", self.technician.login));
        if !key.exists() {
            let from = word(&self.technician.key.private);
            must(Command::new(program("dropbearconvert", "dropbear-bin")).args([
                "openssh",
                "dropbear",
                from,
                word(&key),
            ]));
        }
        let user = format!("{}+{target}@127.0.0.1", self.technician.login);
        let mut command = Command::new(program("dbclient", "dropbear-bin"));
        command.args(["-y", "-y", "-i", word(&key), "-p", &self.technician.port.to_string(), &user, remote]);
        self.run("dbclient", &mut command, input)
    }

    /// A program in Python over Paramiko: `client` is connected, `out` takes what is to be printed.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn paramiko(&self, target: &str, script: &str) -> Ran {
        let head = format!(
            "client.connect('127.0.0.1', port={}, username='{}+{target}', key_filename='{}', allow_agent=False, look_for_keys=False)\n",
            self.technician.port,
            self.technician.login,
            self.technician.key.private.display()
        );
        self.paramiko_alone(&format!("{head}{script}"))
    }

    /// The same, and `client` is not connected.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn paramiko_alone(&self, script: &str) -> Ran {
        let head = "import sys, paramiko\nout = sys.stdout.buffer\nclient = paramiko.SSHClient()\n\
                    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())\n";
        let mut command = Command::new("/usr/bin/python3");
        self.run("paramiko", command.args(["-W", "ignore", "-c", &format!("{head}{script}")]), "")
    }

    fn run(&self, name: &str, command: &mut Command, input: &str) -> Ran {
        // What they keep goes when the house goes.
        command.env("HOME", self.house.folder()).env_remove("SSH_AUTH_SOCK");
        let mut file = tempfile::tempfile().expect("a file for the input");
        std::io::Write::write_all(&mut file, input.as_bytes()).expect("the input is written");
        std::io::Seek::rewind(&mut file).expect("the input is read from its start");
        Process::run(name, RUN_WITHIN, command.stdin(file))
    }
}
