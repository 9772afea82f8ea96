//! The gate: `chaperone init` once, `chaperone serve` as often as a scenario kills it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::binary::chaperone;
use crate::http::get;
use crate::machine::{must, word};
use crate::patience::soon;
use crate::port::free_port;
use crate::process::Process;
use crate::sockets::listens;

/// How long an orderly stop may take: sessions are ended in order and sealed.
const STOP_WITHIN: Duration = Duration::from_secs(60);

/// An installation and, unless a scenario has stopped it, its running node.
pub struct Gate {
    folder: PathBuf,
    /// What `init --json` printed.
    pub installed: Value,
    ssh: u16,
    web: u16,
    environment: BTreeMap<String, String>,
    roles: &'static str,
    process: Option<Process>,
}

/// How a start of the gate ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// It serves.
    Serving,
    /// It ended instead.
    Ended,
}

impl Gate {
    /// Installs a gate in a folder; does not start it.
    ///
    /// # Panics
    /// When `init` fails.
    #[must_use]
    pub fn install(folder: &Path, database: &str, environment: BTreeMap<String, String>) -> Self {
        fs::create_dir_all(folder).expect("a folder for the gate");
        let (ssh, web) = (free_port(), free_port());
        let mut gate = Self {
            folder: folder.to_owned(),
            installed: Value::Null,
            ssh,
            web,
            environment,
            roles: "gate,desk",
            process: None,
        };
        let (config, data) = (gate.config(), gate.data());
        let ports = [format!("127.0.0.1:{ssh}"), format!("127.0.0.1:{web}")];
        let said =
            must(gate.command().args(["init", "--config", word(&config), "--data", word(&data)]).args([
                "--ssh",
                &ports[0],
                "--web",
                &ports[1],
                "--database",
                database,
                "--json",
            ]));
        gate.installed = serde_json::from_str(&said).expect("`init --json` prints JSON");
        gate
    }

    /// Another node of the same hospital: the same keys and database, its own name, ports and data folder.
    ///
    /// # Panics
    /// When its folder cannot be made.
    #[must_use]
    pub fn beside(&self, folder: &Path) -> Self {
        let mut other = Self {
            folder: folder.to_owned(),
            installed: self.installed.clone(),
            ssh: free_port(),
            web: free_port(),
            environment: self.environment.clone(),
            roles: self.roles,
            process: None,
        };
        fs::create_dir_all(other.data()).expect("a folder for the second node");
        fs::copy(self.config(), other.config()).expect("a configuration for the second node");
        must(Command::new("cp").arg("-a").arg(self.data().join("keys")).arg(other.data()));
        let own = [
            ("CHAPERONE_GATE__NAME", "gate-2".to_owned()),
            ("CHAPERONE_GATE__SSH", format!("127.0.0.1:{}", other.ssh)),
            ("CHAPERONE_WEB__LISTEN", format!("127.0.0.1:{}", other.web)),
            ("CHAPERONE_DATA__DIR", word(&other.data()).to_owned()),
            // The ledger is one, whichever node writes.
            ("CHAPERONE_LEDGER__ORIGIN", "chaperone/gate".to_owned()),
        ];
        other.environment.extend(own.map(|(key, value)| (key.to_owned(), value)));
        other
    }

    /// A desk of the same hospital, with the keys that a desk needs, that reads this gate's recordings where they lie. It
    /// has the evidence identity if there is one in `identity`.
    ///
    /// # Panics
    /// When its folder cannot be made.
    #[must_use]
    pub fn desk(&self, folder: &Path, identity: Option<&Path>) -> Self {
        let mut desk = self.beside(folder);
        let keys = desk.data().join("keys");
        for gate_only in
            ["seal.key", "ssh_host_ed25519_key", "host-ca", "evidence.recipients", "unmask.recipients"]
        {
            fs::remove_file(keys.join(gate_only)).expect("a key that a desk does not need");
        }
        if let Some(identity) = identity {
            fs::copy(identity, keys.join("evidence.identity")).expect("the evidence identity");
        }
        desk.roles = "desk";
        desk.is_told("CHAPERONE_GATE__NAME", "desk");
        desk.is_told("CHAPERONE_RECORDING__DIR", word(&self.data().join("recordings")));
        desk
    }

    /// From its next start on it serves as `gate`, as `desk`, or as both.
    pub fn serves_as(&mut self, roles: &'static str) {
        self.roles = roles;
    }

    /// From its next start on it is told this, as `CHAPERONE_SECTION__KEY`.
    pub fn is_told(&mut self, variable: &str, value: &str) {
        self.environment.insert(variable.to_owned(), value.to_owned());
    }

    /// Starts the node and waits until it is ready.
    ///
    /// # Panics
    /// When it ends instead.
    #[track_caller]
    pub fn rise(&mut self) {
        assert_eq!(self.try_to_rise(&[]), Ready::Serving, "the gate did not come up: {}", self.log());
    }

    /// Starts the node with more environment variables, and waits until it is ready or has ended.
    ///
    /// # Panics
    /// When it is neither, for long.
    #[track_caller]
    pub fn try_to_rise(&mut self, more: &[(&str, &str)]) -> Ready {
        let log =
            fs::File::options().create(true).append(true).open(self.log_file()).expect("a log for the gate");
        let config = self.config();
        let mut command = self.command();
        command.args(["serve", "--config", word(&config), "--roles", self.roles]).envs(more.iter().copied());
        let mut process = Process::start("the gate", command.stdout(Stdio::piped()).stderr(log));
        // Somebody must read what it prints.
        if let Some(out) = process.child().stdout.take() {
            std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).for_each(drop));
        }
        let (ssh, web) = (self.ssh, self.web);
        // Port 0 is any: nobody can be asked which.
        let tls = self.environment.get("CHAPERONE_GATE__TLS").and_then(|at| at.parse::<SocketAddr>().ok());
        let tls = tls.filter(|at| at.port() != 0);
        let lets_in = self.roles.contains("gate");
        // It may serve without being ready for visits, when the disk is full or the database went back.
        let ready = soon("the gate to serve", || {
            if !process.is_running() {
                return Some(Ready::Ended);
            }
            let has_doors = || listens(ssh) && tls.is_none_or(|at| listens(at.port()));
            let serves = (!lets_in || has_doors())
                && get(web, "/healthz", None).is_some_and(|answer| answer.status == 200);
            serves.then_some(Ready::Serving)
        });
        self.process = Some(process);
        ready
    }

    /// Asks the node to stop, as an operator does, and waits until it has.
    ///
    /// # Panics
    /// When it does not stop, or not in order.
    #[track_caller]
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::TERM);
            let status = process.ends_within(STOP_WITHIN);
            assert!(status.success(), "an orderly stop ends with {status}: {}", self.log());
        }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Waits until the node has ended by itself.
    ///
    /// # Panics
    /// When it goes on.
    #[track_caller]
    pub fn dies(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.ends_within(STOP_WITHIN);
        }
    }

    /// Whether the node is running.
    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_running)
    }

    /// The node's process id.
    ///
    /// # Panics
    /// When it is not running.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("the gate is running").id()
    }

    /// The binary, with nothing of the caller's own configuration.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(chaperone());
        for (name, _) in std::env::vars_os() {
            let ours = name.to_str().is_some_and(|name| name.starts_with("CHAPERONE_"));
            if ours {
                command.env_remove(name);
            }
        }
        command.env("HOME", &self.folder).env_remove("XDG_CONFIG_HOME").envs(&self.environment);
        command.stdin(Stdio::null());
        command
    }

    /// Where technicians connect.
    #[must_use]
    pub fn ssh_port(&self) -> u16 {
        self.ssh
    }

    /// Where the API is.
    #[must_use]
    pub fn web_port(&self) -> u16 {
        self.web
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.join("chaperone.toml")
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What it wrote to standard error so far, over all of its lives.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Where that is.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }
}
