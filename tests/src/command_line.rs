//! People of the hospital, who act through the command line and its API.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::gate::Gate;
use crate::machine::{must, word};
use crate::process::{Process, Ran};

/// How long a command may take.
const COMMAND_WITHIN: Duration = Duration::from_secs(60);

/// Somebody with a token.
pub struct Person<'g> {
    gate: &'g Gate,
    /// Their API token.
    pub token: String,
}

/// What a command that may fail left.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its exit status.
    pub status: Option<i32>,
    /// What it printed, as JSON; null when that is none.
    pub answer: Value,
    /// What it said on standard error.
    pub err: String,
}

impl Gate {
    /// A person's token, minted on the host for as long as any scenario runs.
    ///
    /// # Panics
    /// When it cannot be minted.
    #[track_caller]
    #[must_use]
    pub fn token(&self, login: &str) -> String {
        let config = self.config();
        let said = must(self.command().args([
            "token",
            "--config",
            word(&config),
            "--person",
            login,
            "--ttl",
            "12h",
        ]));
        said.trim().to_owned()
    }

    /// Acts as somebody, with a token minted on the host.
    ///
    /// # Panics
    /// When it cannot be minted.
    #[track_caller]
    #[must_use]
    pub fn person(&self, login: &str) -> Person<'_> {
        self.holder_of(self.token(login))
    }

    /// Acts as whoever a token belongs to.
    #[must_use]
    pub fn holder_of(&self, token: String) -> Person<'_> {
        Person { gate: self, token }
    }
}

impl Person<'_> {
    /// The command, ready to run.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.gate.command();
        command.args(words).env("CHAPERONE_SERVER", format!("http://127.0.0.1:{}", self.gate.web_port()));
        command.env("CHAPERONE_TOKEN", &self.token);
        command
    }

    /// Does something; returns what it printed with `--json`.
    ///
    /// # Panics
    /// When it fails; the message has what it said.
    #[track_caller]
    pub fn does(&self, words: &[&str]) -> Value {
        let said = self.tries(words);
        assert_eq!(said.status, Some(0), "chaperone {}: {}", words.join(" "), said.err);
        said.answer
    }

    /// Tries something, with `--json`.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn tries(&self, words: &[&str]) -> Said {
        let mut words = words.to_vec();
        words.push("--json");
        let ran = self.runs(&words);
        let answer = serde_json::from_slice(&ran.out).unwrap_or(Value::Null);
        Said { status: ran.status, answer, err: ran.err }
    }

    /// Runs something as typed.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    #[must_use]
    pub fn runs(&self, words: &[&str]) -> Ran {
        Process::run(&format!("chaperone {}", words.join(" ")), COMMAND_WITHIN, &mut self.command(words))
    }

    /// A list that a command prints.
    ///
    /// # Panics
    /// When it prints none.
    #[track_caller]
    #[must_use]
    pub fn lists(&self, words: &[&str]) -> Vec<Value> {
        match self.does(words) {
            Value::Array(items) => items,
            other => panic!("chaperone {} printed no list: {other}", words.join(" ")),
        }
    }
}
