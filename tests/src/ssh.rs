//! A technician at the command line of the system's own `ssh`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::keys::KeyPair;
use crate::machine::word;
use crate::process::{Process, Ran};
use crate::terminal::Terminal;
use crate::visit::Visit;

/// How long a command over ssh may take, bulk transfers on a busy machine included.
const RUN_WITHIN: Duration = Duration::from_secs(120);

/// Somebody with a key and an ssh client.
#[derive(Clone, Debug)]
pub struct Technician {
    /// Sign-in name at the gate.
    pub login: String,
    /// Their key.
    pub key: KeyPair,
    /// Where their client keeps its files.
    pub folder: PathBuf,
    /// Where the gate is.
    pub port: u16,
}

impl Technician {
    /// `ssh login+target@gate`, ready for its last words.
    #[must_use]
    pub fn ssh(&self, target: &str) -> Ssh {
        self.ssh_as(&format!("{}+{target}", self.login))
    }

    /// `ssh user@gate`, with any user name.
    #[must_use]
    pub fn ssh_as(&self, user: &str) -> Ssh {
        let known = self.folder.join("known_hosts");
        Ssh {
            options: vec![
                "BatchMode=yes".to_owned(),
                "ConnectTimeout=30".to_owned(),
                "LogLevel=ERROR".to_owned(),
                "StrictHostKeyChecking=accept-new".to_owned(),
                format!("UserKnownHostsFile={}", known.display()),
            ],
            identity: Some(self.key.private.clone()),
            agent: None,
            words: Vec::new(),
            configuration: PathBuf::from("/dev/null"),
            user: Some(user.to_owned()),
            port: self.port,
            input: Vec::new(),
        }
    }

    /// `ssh gate` with a user name that no command line can hold or that ssh takes from none: it stands in a client
    /// configuration.
    ///
    /// # Panics
    /// When the configuration cannot be written.
    #[must_use]
    pub fn ssh_as_configured(&self, user: &str) -> Ssh {
        let configuration = self.folder.join("client_config");
        std::fs::write(&configuration, format!("User \"{user}\"\n")).expect("the client's configuration");
        Ssh { user: None, configuration, ..self.ssh_as("") }
    }

    /// The same person at another door, such as a proxy in front of the gate.
    #[must_use]
    pub fn at_port(&self, port: u16) -> Self {
        Self { port, ..self.clone() }
    }

    /// The same person with another key.
    #[must_use]
    pub fn with_key(&self, key: &KeyPair) -> Self {
        Self { key: key.clone(), ..self.clone() }
    }
}

/// One `ssh` command line in the making.
#[derive(Clone, Debug)]
pub struct Ssh {
    options: Vec<String>,
    identity: Option<PathBuf>,
    agent: Option<PathBuf>,
    words: Vec<String>,
    configuration: PathBuf,
    user: Option<String>,
    port: u16,
    input: Vec<u8>,
}

impl Ssh {
    /// `-o`; what was given first wins, as ssh has it, so this goes before the harness's own.
    #[must_use]
    pub fn option(mut self, option: &str) -> Self {
        self.options.insert(0, option.to_owned());
        self
    }

    /// Words before the destination, such as `-n` or `-L …`.
    #[must_use]
    pub fn with(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    /// What the client reads from its standard input; nothing by default.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Offers the keys of an agent, and no key file.
    #[must_use]
    pub fn with_agent(mut self, socket: &Path) -> Self {
        self.identity = None;
        self.agent = Some(socket.to_owned());
        self
    }

    /// The words of the command line, `ssh` first.
    #[must_use]
    pub fn line(&self) -> Vec<String> {
        let mut line: Vec<String> = ["ssh", "-F", word(&self.configuration)].map(str::to_owned).into();
        if let Some(key) = &self.identity {
            line.extend(["-i", word(key), "-o", "IdentitiesOnly=yes"].map(str::to_owned));
        }
        line.extend(self.options.iter().flat_map(|option| ["-o".to_owned(), option.clone()]));
        line.extend(["-p".to_owned(), self.port.to_string()]);
        line.extend(self.user.iter().flat_map(|user| ["-l".to_owned(), user.clone()]));
        line.extend(self.words.iter().cloned());
        line.push("127.0.0.1".to_owned());
        line
    }

    /// The variables of its environment: no agent but the one that was given.
    fn environment(&self) -> Option<(&'static str, OsString)> {
        self.agent.as_ref().map(|socket| ("SSH_AUTH_SOCK", socket.clone().into_os_string()))
    }

    fn command(&self, remote: &str) -> Command {
        let line = self.line();
        let mut command = Command::new("ssh");
        command.args(line.iter().skip(1)).env_remove("SSH_AUTH_SOCK").envs(self.environment());
        if !remote.is_empty() {
            command.arg(remote);
        }
        command
    }

    /// Runs a command on the target to its end.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn runs(&self, remote: &str) -> Ran {
        self.runs_within(RUN_WITHIN, remote)
    }

    /// Runs a command on the target to its end, which must come `within` a time.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    #[must_use]
    pub fn runs_within(&self, within: Duration, remote: &str) -> Ran {
        let mut command = self.command(remote);
        if self.input.is_empty() {
            return Process::run("ssh", within, command.stdin(Stdio::null()));
        }
        // A file, so that ssh reads at its own pace and nobody has to feed it.
        let mut file = tempfile::tempfile().expect("a file for the input");
        std::io::Write::write_all(&mut file, &self.input).expect("the input is written");
        std::io::Seek::rewind(&mut file).expect("the input is read from its start");
        Process::run("ssh", within, command.stdin(file))
    }

    /// Starts a command on the target and goes on; its input stays open.
    ///
    /// # Panics
    /// When ssh cannot be started.
    #[track_caller]
    #[must_use]
    pub fn begins(&self, remote: &str) -> Visit {
        Visit::begin(&mut self.command(remote), true)
    }

    /// Starts a command on the target whose output nobody reads.
    ///
    /// # Panics
    /// When ssh cannot be started.
    #[track_caller]
    #[must_use]
    pub fn begins_unread(&self, remote: &str) -> Visit {
        Visit::begin(&mut self.command(remote), false)
    }

    /// Opens a shell in a terminal of 80 × 24.
    ///
    /// # Panics
    /// When ssh cannot be started.
    #[track_caller]
    #[must_use]
    pub fn opens_a_shell(&self) -> Terminal {
        self.opens("")
    }

    /// Opens a terminal with a command in it, as `ssh -t` does.
    ///
    /// # Panics
    /// When ssh cannot be started.
    #[track_caller]
    #[must_use]
    pub fn opens(&self, remote: &str) -> Terminal {
        self.opens_at((80, 24), remote)
    }

    /// The same in a terminal of so many columns and rows.
    ///
    /// # Panics
    /// When ssh cannot be started.
    #[track_caller]
    #[must_use]
    pub fn opens_at(&self, size: (u16, u16), remote: &str) -> Terminal {
        let ssh = self.clone().with(&["-tt"]);
        let mut line = ssh.line();
        if !remote.is_empty() {
            line.push(remote.to_owned());
        }
        Terminal::run(size, &line, ssh.environment())
    }
}
