//! `chaperone connect`, running: its ports, and what it tells.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::Signal;
use serde_json::Value;

use crate::command_line::Person;
use crate::patience::{PATIENCE, eventually, soon};
use crate::process::{Process, Ran};
use crate::visit::Collected;

/// A running `chaperone connect --json`.
pub struct Connected {
    process: Process,
    told: Arc<Mutex<Vec<Value>>>,
    err: Collected,
}

impl Person<'_> {
    /// Opens a window's or a server's ports, with more words and variables; waits until they are open.
    ///
    /// # Panics
    /// When it ends instead.
    #[track_caller]
    #[must_use]
    pub fn connects(&self, to: &str, words: &[&str], variables: &[(&str, &str)]) -> Connected {
        let mut command = self.connect_command(to, words);
        command.envs(variables.iter().copied());
        let mut connected = Connected::begin(&mut command);
        soon("the ports to be open", || {
            assert!(connected.process.is_running(), "it ended: {}", connected.err.text());
            (!connected.told().is_empty()).then_some(())
        });
        connected
    }

    /// The same as people see it: each line that it says is a text.
    ///
    /// # Panics
    /// When it ends instead.
    #[track_caller]
    #[must_use]
    pub fn connects_in_words(&self, to: &str) -> Connected {
        let mut connected = Connected::begin(&mut self.without_proxies(&["connect", to]));
        soon("the ports to be open", || {
            assert!(connected.process.is_running(), "it ended: {}", connected.err.text());
            connected.told().iter().any(|line| line == "Ctrl-C ends it.").then_some(())
        });
        connected
    }

    /// Tries the same where the gate says no.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn fails_to_connect(&self, to: &str) -> Ran {
        Process::run("chaperone connect", PATIENCE, &mut self.connect_command(to, &[]))
    }

    fn connect_command(&self, to: &str, words: &[&str]) -> Command {
        let mut command = self.without_proxies(&["connect", to, "--json"]);
        command.args(words);
        command
    }

    fn without_proxies(&self, words: &[&str]) -> Command {
        let mut command = self.command(words);
        for variable in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"] {
            command.env_remove(variable).env_remove(variable.to_lowercase());
        }
        command
    }
}

impl Connected {
    fn begin(command: &mut Command) -> Self {
        let mut process =
            Process::start("chaperone connect", command.stdout(Stdio::piped()).stderr(Stdio::piped()));
        let err = process.child().stderr.take().map(Collected::from).unwrap_or_default();
        let told = Arc::new(Mutex::new(Vec::new()));
        if let Some(out) = process.child().stdout.take() {
            let told = Arc::clone(&told);
            std::thread::spawn(move || {
                for line in BufReader::new(out).lines().map_while(Result::ok) {
                    let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                    told.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            });
        }
        Self { process, told, err }
    }

    /// Every line so far.
    #[must_use]
    pub fn told(&self) -> Vec<Value> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it has said to people since.
    #[must_use]
    pub fn sentences(&self) -> String {
        self.err.text()
    }

    /// What the first line says of an endpoint.
    ///
    /// # Panics
    /// When it says nothing of it.
    #[track_caller]
    #[must_use]
    pub fn endpoint(&self, label: &str) -> Value {
        let told = self.told();
        let first = told.first().expect("a first line");
        let endpoints = first["endpoints"].as_array().expect("endpoints");
        let one = endpoints.iter().find(|one| one["endpoint"] == label);
        one.unwrap_or_else(|| panic!("no {label} in {first}")).clone()
    }

    /// Where an endpoint is on this machine, as `ADDR:PORT`.
    ///
    /// # Panics
    /// When it is nowhere.
    #[track_caller]
    #[must_use]
    pub fn local(&self, label: &str) -> String {
        self.endpoint(label)["local"].as_str().expect("an address").to_owned()
    }

    /// Waits for an event; returns its line.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    pub fn event(&self, name: &str) -> Value {
        eventually(PATIENCE, &format!("the event {name}"), || {
            self.told().into_iter().find(|line| line["event"] == name)
        })
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&mut self) {
        self.process.signal(Signal::INT);
    }

    /// Whether it is still running.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn ends(&mut self) -> ExitStatus {
        self.process.ends_within(PATIENCE)
    }
}
