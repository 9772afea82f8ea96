//! What the demo stands on: a data folder, the gate and the stand-in server as child processes, the SOC's receivers, and
//! the project's own command line to set it all up, as anybody would.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use chaperone_web::wire::{DemoSignIn, DemoView};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::soc::Soc;
use crate::cli::client::{Client, Credential};
use crate::cli::outcome::Failure;

/// How long a child may take to say that it is ready.
const READY: Duration = Duration::from_secs(60);

/// Why the demo cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum DemoError {
    /// Something of the operating system's.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// What it said.
        source: std::io::Error,
    },
    /// A command failed.
    #[error("`{command}` failed: {said}")]
    Command {
        /// As one would type it.
        command: String,
        /// What it said.
        said: String,
    },
    /// The folder holds an installation.
    #[error("{0} holds a demo already; give another folder, or remove it")]
    Used(PathBuf),
    /// A child did not come up.
    #[error("{0} did not start within {1:?}")]
    NotReady(&'static str, Duration),
    /// A step of the tour did not hold.
    #[error("{0}")]
    Step(String),
}

/// Turns an I/O error into the demo's, with what was tried.
pub(super) fn trying(what: &'static str) -> impl FnOnce(std::io::Error) -> DemoError {
    move |source| DemoError::Io { what, source }
}

/// The running demo. Children end with it.
pub(super) struct Stage {
    pub folder: PathBuf,
    pub soc: Soc,
    pub ssh_port: u16,
    pub web_port: u16,
    program: PathBuf,
    children: Vec<Child>,
}

impl Stage {
    /// Sets the stage: configuration and keys, stand-in, gate, receivers.
    pub(super) async fn set(folder: PathBuf, prints: bool) -> Result<Self, DemoError> {
        let program = std::env::current_exe().map_err(trying("find this program"))?;
        // A fresh start each time: targets and receivers have new ports at every run.
        std::fs::create_dir_all(&folder).map_err(trying("make the demo's folder"))?;
        // The tour connects to nothing that anybody pastes, and leaves the known ports to a demo that may run beside it.
        let wished = |port| if prints { port } else { 0 };
        let stage = Self {
            folder,
            soc: Soc::new(prints),
            ssh_port: free_port(wished(2222))?,
            web_port: free_port(wished(8080))?,
            program,
            children: Vec::new(),
        };
        let config = stage.config();
        if config.exists() {
            return Err(DemoError::Used(stage.folder));
        }
        {
            let ssh = format!("127.0.0.1:{}", stage.ssh_port);
            let web = format!("127.0.0.1:{}", stage.web_port);
            let data = stage.folder.join("data");
            let words = [
                "init",
                "--config",
                text(&config),
                "--data",
                text(&data),
                "--ssh",
                &ssh,
                "--web",
                &web,
                "--json",
            ];
            stage.run(&words).await?;
        }
        Ok(stage)
    }

    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("chaperone.toml")
    }

    /// A file of the demo's own.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes an SSH key pair with the system's `ssh-keygen`, once.
    pub(super) async fn ssh_key(&self, name: &str) -> Result<PathBuf, DemoError> {
        let path = self.file(name);
        if !path.exists() {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", text(&path)])
                .output()
                .await
                .map_err(trying("run ssh-keygen"))?;
            succeeded("ssh-keygen", made)?;
        }
        Ok(path)
    }

    /// Starts a stand-in server; returns its port.
    pub(super) async fn standin(
        &mut self,
        name: &str,
        host_key: &Path,
        key: &Path,
    ) -> Result<u16, DemoError> {
        let key = key.with_extension("pub");
        let words = ["standin", "--name", name, "--host-key", text(host_key), "--authorized", text(&key)];
        let ready = self.start("the stand-in server", &words).await?;
        ready
            .get("port")
            .and_then(Value::as_u64)
            .and_then(|port| u16::try_from(port).ok())
            .ok_or(DemoError::NotReady("the stand-in server", READY))
    }

    /// Starts the gate.
    pub(super) async fn gate(&mut self) -> Result<(), DemoError> {
        let (config, desks) = (self.config(), self.file("desks.json"));
        let words = ["serve", "--config", text(&config), "--json", "--demo-desks", text(&desks)];
        self.start("the gate", &words).await.map(|_| ())
    }

    /// Starts a child of this program and waits for its one line of JSON that says it is ready.
    async fn start(&mut self, what: &'static str, words: &[&str]) -> Result<Value, DemoError> {
        let mut child = Command::new(&self.program)
            .args(words)
            .env("CHAPERONE_SECURITY__STEP_UP_MINUTES", "120")
            .env("CHAPERONE_ALERT__ALLOW_PRIVATE_WEBHOOKS", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(
                std::fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(self.folder.join("demo.log"))
                    .map_err(trying("open the demo's log"))?,
            ))
            .kill_on_drop(true)
            .spawn()
            .map_err(trying("start a child process"))?;
        let mut lines = BufReader::new(child.stdout.take().ok_or(DemoError::NotReady(what, READY))?).lines();
        let ready = tokio::time::timeout(READY, first_value(&mut lines)).await.ok().flatten();
        self.children.push(child);
        // The child may print more; somebody must read it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        ready.ok_or(DemoError::NotReady(what, READY))
    }

    /// Says whom the front page offers.
    pub(super) fn seat(&self, view: &DemoView) -> Result<(), DemoError> {
        let text = serde_json::to_string(view).map_err(|error| DemoError::Step(error.to_string()))?;
        std::fs::write(self.file("desks.json"), text).map_err(trying("write the demo's desks"))
    }

    /// Signs a person of the demo in, as the front page does.
    pub(super) async fn sign_in(&self, login: &str) -> Result<String, DemoError> {
        let server = format!("http://127.0.0.1:{}", self.web_port);
        let whom = DemoSignIn { login: login.to_owned() };
        let signed_in = async {
            let client = Client::new(&server, Credential::Nothing, None)?;
            client.sign_in(&["demo", "sign-in"], &whom).await
        };
        let refused = |failure: Failure| DemoError::Step(format!("{login} cannot sign in: {failure}"));
        signed_in.await.map(|(credential, _)| credential.kept()).map_err(refused)
    }

    /// Runs the command line as somebody, and parses what it prints.
    pub(super) async fn as_person(&self, token: &str, words: &[&str]) -> Result<Value, DemoError> {
        let mut words = words.to_vec();
        words.push("--json");
        let said = self.call(&words, Some(token)).await?;
        Ok(serde_json::from_str(&said).unwrap_or(Value::Null))
    }

    async fn run(&self, words: &[&str]) -> Result<String, DemoError> {
        self.call(words, None).await
    }

    async fn call(&self, words: &[&str], token: Option<&str>) -> Result<String, DemoError> {
        let mut command = Command::new(&self.program);
        command.args(words).stdin(Stdio::null());
        if let Some(token) = token {
            command.env("CHAPERONE_SERVER", format!("http://127.0.0.1:{}", self.web_port));
            command.env("CHAPERONE_TOKEN", token);
        }
        let done = command.output().await.map_err(trying("run this program"))?;
        succeeded(&format!("chaperone {}", words.join(" ")), done)
    }

    /// The system's ssh, with the demo's keys and nothing of the user's own configuration.
    pub(super) fn ssh_words(&self, key: &Path, user: &str) -> Vec<String> {
        let known = format!("UserKnownHostsFile={}", text(&self.file("known_hosts")));
        ["ssh", "-F", "/dev/null", "-i", text(key), "-o", "IdentitiesOnly=yes", "-o", &known]
            .into_iter()
            .map(str::to_owned)
            .chain(["-o", "StrictHostKeyChecking=accept-new", "-o", "BatchMode=yes"].map(str::to_owned))
            .chain(["-p".to_owned(), self.ssh_port.to_string(), format!("{user}@127.0.0.1")])
            .collect()
    }

    /// Ends the children in order, the gate last started first.
    pub(super) async fn strike(mut self) {
        for child in self.children.iter_mut().rev() {
            // A child that has ended already needs no killing.
            drop(child.kill().await);
        }
    }
}

/// The first JSON value that a child prints, on one line or several.
async fn first_value(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<Value> {
    let mut text = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        text += &line;
        if let Ok(value) = serde_json::from_str(&text) {
            return Some(value);
        }
    }
    None
}

/// A path as a command-line word. The demo makes its own folder; a path that is no UTF-8 shows as such in the error.
pub(super) fn text(path: &Path) -> &str {
    path.to_str().unwrap_or("<a path that is no UTF-8>")
}

fn succeeded(command: &str, done: std::process::Output) -> Result<String, DemoError> {
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    Err(DemoError::Command { command: command.to_owned(), said })
}

/// The wished port if it is free, else any.
fn free_port(wished: u16) -> Result<u16, DemoError> {
    let bound = TcpListener::bind(("127.0.0.1", wished)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)));
    let port = bound.and_then(|listener| listener.local_addr()).map(|address| address.port());
    port.map_err(trying("find a free port"))
}
