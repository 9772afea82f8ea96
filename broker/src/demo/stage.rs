//! What the demo stands on: a data folder, the gate and the stand-in servers as child processes, the SOC's receivers, and
//! the project's own command line to set it all up, as anybody would.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use chaperone_web::wire::{DemoSignIn, DemoView};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::error::{DemoError, trying};
use super::soc::Soc;
use crate::cli::client::{Client, Credential};
use crate::cli::outcome::Failure;

/// How long a child may take to say that it is ready.
pub(super) const READY: Duration = Duration::from_secs(60);
/// The gate's domain. Browsers and curl look for what ends so on loopback (RFC 6761 §6.3).
const DOMAIN: &str = "gate.localhost";

/// The running demo. Children end with it.
pub(super) struct Stage {
    pub folder: PathBuf,
    pub soc: Soc,
    pub ssh_port: u16,
    pub web_port: u16,
    pub tls_port: u16,
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
            tls_port: free_port(wished(8443))?,
            program,
            children: Vec::new(),
        };
        let config = stage.config();
        if config.exists() {
            return Err(DemoError::Used(stage.folder));
        }
        stage.init(&config).await?;
        Ok(stage)
    }

    /// Makes the installation, and keeps the certificate of the authority that vouches for its TLS gate.
    async fn init(&self, config: &Path) -> Result<(), DemoError> {
        let at = |port: u16| format!("127.0.0.1:{port}");
        let (ssh, web, tls) = (at(self.ssh_port), at(self.web_port), at(self.tls_port));
        let data = self.folder.join("data");
        let mut words = vec!["init", "--config", text(config), "--data", text(&data), "--json"];
        words.extend(["--ssh", &ssh, "--web", &web, "--tls", &tls]);
        let said: Value = serde_json::from_str(&self.call(&words, None).await?).unwrap_or(Value::Null);
        let pem = said.pointer("/keys/tls_ca/pem").and_then(Value::as_str).unwrap_or_default();
        std::fs::write(self.gate_authority(), pem).map_err(trying("write the gate's authority"))
    }

    fn config(&self) -> PathBuf {
        self.folder.join("chaperone.toml")
    }

    /// What vouches for the gate's TLS, PEM.
    pub(super) fn gate_authority(&self) -> PathBuf {
        self.file("chaperone-ca.pem")
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

    /// Starts the gate.
    pub(super) async fn gate(&mut self) -> Result<(), DemoError> {
        let (config, desks) = (self.config(), self.file("desks.json"));
        let words = ["serve", "--config", text(&config), "--json", "--demo-desks", text(&desks)];
        self.start("the gate", &words).await.map(|_| ())
    }

    /// Starts a child of this program and waits for its one line of JSON that says it is ready.
    pub(super) async fn start(&mut self, what: &'static str, words: &[&str]) -> Result<Value, DemoError> {
        let mut child = Command::new(&self.program)
            .args(words)
            .env("CHAPERONE_SECURITY__STEP_UP_MINUTES", "120")
            .env("CHAPERONE_GATE__DOMAIN", DOMAIN)
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
        let whom = DemoSignIn { login: login.to_owned() };
        let signed_in = async {
            let client = Client::new(&self.server(), Credential::Nothing, None)?;
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

    async fn call(&self, words: &[&str], token: Option<&str>) -> Result<String, DemoError> {
        let done = self.ran(words, token).await?;
        succeeded(&format!("chaperone {}", words.join(" ")), done)
    }

    /// Runs the command line, as somebody if there is a token, whatever comes of it.
    pub(super) async fn ran(&self, words: &[&str], token: Option<&str>) -> Result<Output, DemoError> {
        let mut command = Command::new(&self.program);
        command.args(words).stdin(Stdio::null()).kill_on_drop(true);
        if let Some(token) = token {
            command.env("CHAPERONE_SERVER", self.server()).env("CHAPERONE_TOKEN", token);
        }
        command.output().await.map_err(trying("run this program"))
    }

    /// The words that run this program in a shell as somebody.
    pub(super) fn shell_words(&self, token: &str) -> String {
        let program = quoted(text(&self.program));
        format!("CHAPERONE_SERVER={} CHAPERONE_TOKEN={token} {program}", self.server())
    }

    /// The gate's web address.
    pub(super) fn server(&self) -> String {
        format!("http://127.0.0.1:{}", self.web_port)
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

fn succeeded(command: &str, done: Output) -> Result<String, DemoError> {
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    Err(DemoError::Command { command: command.to_owned(), said })
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// The wished port if it is free, else any.
pub(super) fn free_port(wished: u16) -> Result<u16, DemoError> {
    let bound = TcpListener::bind(("127.0.0.1", wished)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)));
    let port = bound.and_then(|listener| listener.local_addr()).map(|address| address.port());
    port.map_err(trying("find a free port"))
}
