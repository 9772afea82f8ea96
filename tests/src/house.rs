//! The house: everything that a scenario needs, running.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use crate::command_line::Person;
use crate::database::Database;
use crate::furnish::Furnishing;
use crate::gate::Gate;
use crate::ledger::Fact;
use crate::patience::{eventually, soon};
use crate::sockets::legs;
use crate::sshd::Sshd;
use crate::syslog::Syslog;
use crate::webhook::Webhook;

/// The name of the target that every house has.
pub const TARGET: &str = "alaris-sm-01";

/// A running house. Dropping it ends everything that it started, the gate first.
pub struct House {
    /// The gate.
    pub gate: Gate,
    /// The server that technicians visit.
    pub target: Sshd,
    /// The database behind the gate.
    pub database: Database,
    /// The SOC's syslog receiver.
    pub syslog: Syslog,
    /// The SOC's webhook receiver.
    pub webhook: Webhook,
    pub(crate) folder: TempDir,
}

/// What a recording holds, as its export shows it.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// What went to the technician, with `\r\n` for a new line.
    pub output: String,
    /// What came from them.
    pub input: String,
}

impl House {
    /// A house on SQLite, with everybody enrolled and the SOC connected.
    ///
    /// # Panics
    /// When anything does not come up.
    #[track_caller]
    #[must_use]
    pub fn start() -> Self {
        Self::furnish().start()
    }

    /// A house to be made otherwise.
    #[must_use]
    pub fn furnish() -> Furnishing {
        Furnishing::default()
    }

    /// A folder for the scenario's own files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The administrator that `init` made.
    ///
    /// # Panics
    /// When `init` named none.
    #[track_caller]
    #[must_use]
    pub fn admin(&self) -> Person<'_> {
        let named = self.gate.installed.get("administrator").cloned().unwrap_or_default();
        let login =
            named.as_str().or_else(|| named.get("login")?.as_str()).expect("init names an administrator");
        self.gate.person(login)
    }

    /// Clinical engineering, who approves windows.
    ///
    /// # Panics
    /// When no token can be minted.
    #[track_caller]
    #[must_use]
    pub fn priya(&self) -> Person<'_> {
        self.gate.person("priya")
    }

    /// The SOC's analyst.
    ///
    /// # Panics
    /// When no token can be minted.
    #[track_caller]
    #[must_use]
    pub fn sam(&self) -> Person<'_> {
        self.gate.person("sam")
    }

    /// Asks for a window on the house's target from now on, in the technician's own name; returns its id.
    ///
    /// # Panics
    /// When the gate refuses it.
    #[track_caller]
    #[must_use]
    pub fn request(&self, login: &str, access: &str, opens: &str, closes: &str, more: &[&str]) -> String {
        self.request_on(TARGET, login, access, (opens, closes), more)
    }

    #[track_caller]
    pub(crate) fn request_on(
        &self,
        target: &str,
        login: &str,
        access: &str,
        (opens, closes): (&str, &str),
        more: &[&str],
    ) -> String {
        let mut words = vec!["window", "request", "--target", target, "--person", login, "--access", access];
        words.extend(["--opens", opens, "--closes", closes, "--purpose", "patch", "--ticket", "CHG0031337"]);
        words.extend(["--reason", "security patch"]);
        words.extend(more);
        let asked = self.gate.person(login).does(&words);
        id(&asked)
    }

    /// Asks for a window from now on and has it approved; returns its id.
    ///
    /// # Panics
    /// When the gate refuses it.
    #[track_caller]
    pub fn open_window(&self, login: &str, access: &str, closes: &str) -> String {
        let window = self.request(login, access, "now", closes, &[]);
        self.approve(&window);
        window
    }

    /// The same, on another target behind the gate.
    ///
    /// # Panics
    /// When the gate refuses it.
    #[track_caller]
    pub fn open_window_on(&self, target: &str, login: &str, access: &str, closes: &str) -> String {
        let window = self.request_on(target, login, access, ("now", closes), &[]);
        self.approve(&window);
        window
    }

    /// Approves a window as clinical engineering.
    ///
    /// # Panics
    /// When the gate refuses it.
    #[track_caller]
    pub fn approve(&self, window: &str) {
        self.priya().does(&["window", "approve", window]);
    }

    /// When a window closes, as the gate says.
    ///
    /// # Panics
    /// When the gate does not say.
    #[track_caller]
    #[must_use]
    pub fn closes(&self, window: &str) -> Timestamp {
        time(&self.priya().does(&["window", "show", window]), "closes")
    }

    /// All visits, newest last.
    ///
    /// # Panics
    /// When the gate does not say.
    #[track_caller]
    #[must_use]
    pub fn sessions(&self) -> Vec<Value> {
        self.sam().lists(&["session", "list"])
    }

    /// The id of the newest visit.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    #[must_use]
    pub fn newest_session(&self) -> String {
        id(self.sessions().last().expect("there is a visit"))
    }

    /// Waits until a visit's recording is sealed; returns the visit.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn sealed(&self, session: &str) -> Value {
        let sam = self.sam();
        soon(&format!("visit {session} to be sealed"), || {
            let visit = sam.does(&["session", "show", session]);
            (visit.get("sealed") == Some(&Value::Bool(true))).then_some(visit)
        })
    }

    /// Waits until neither leg of any visit is in the kernel's socket table; returns when that was seen.
    ///
    /// # Panics
    /// When one still is after `within`.
    #[track_caller]
    pub fn both_legs_gone(&self, within: Duration) -> Timestamp {
        let (gate, target) = (self.gate.ssh_port(), self.target.port());
        eventually(within, "both legs to be gone from the kernel's socket table", || {
            (legs(gate, target) == (0, 0)).then(Timestamp::now)
        })
    }

    /// What a visit's recording holds: what went to the technician, and what came from them, typed input as stars.
    ///
    /// # Panics
    /// When it cannot be exported.
    #[track_caller]
    #[must_use]
    pub fn recorded(&self, session: &str) -> Recorded {
        let file = self.folder.path().join(format!("{session}-{}.cast", self.facts().len()));
        let name = file.to_str().expect("the harness makes UTF-8 paths");
        self.sam().does(&[
            "recording",
            "export",
            session,
            "--format",
            "asciicast-v3",
            "-o",
            name,
            "--reason",
            "review",
        ]);
        let cast = std::fs::read_to_string(&file).expect("the export can be read");
        std::fs::remove_file(&file).expect("the export can be removed");
        let mut recorded = Recorded::default();
        for line in cast.lines().skip(1) {
            let line: Value = serde_json::from_str(line).expect("a line of asciicast is JSON");
            let text = line.get(2).and_then(Value::as_str).unwrap_or_default();
            match line.get(1).and_then(Value::as_str) {
                Some("o") => recorded.output.push_str(text),
                Some("i") => recorded.input.push_str(text),
                _ => {}
            }
        }
        recorded
    }

    /// All facts.
    ///
    /// # Panics
    /// When the database does not answer.
    #[track_caller]
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        self.database.facts()
    }

    /// The facts of a kind.
    ///
    /// # Panics
    /// When the database does not answer.
    #[track_caller]
    #[must_use]
    pub fn facts_of(&self, kind: &str) -> Vec<Fact> {
        self.facts().into_iter().filter(|fact| fact.kind == kind).collect()
    }

    /// Waits for the first fact of a kind.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    #[must_use]
    pub fn fact(&self, kind: &str) -> Fact {
        soon(&format!("a fact {kind}"), || self.facts_of(kind).into_iter().next())
    }

    /// Waits for the first fact of a kind that gives this reason.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    #[must_use]
    pub fn refusal(&self, kind: &str, reason: &str) -> Fact {
        soon(&format!("a fact {kind} with the reason {reason}"), || {
            self.facts_of(kind).into_iter().find(|fact| fact.reason() == Some(reason))
        })
    }

    /// The alerts whose content gives this reason.
    ///
    /// # Panics
    /// When the gate does not say.
    #[track_caller]
    #[must_use]
    pub fn alerts_because(&self, reason: &str) -> Vec<Value> {
        let alerts = self.sam().lists(&["alert", "list"]);
        alerts
            .into_iter()
            .filter(|alert| alert.pointer("/content/reason").and_then(Value::as_str) == Some(reason))
            .collect()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let lines = |text: String| {
                let lines: Vec<_> = text.lines().map(str::to_owned).collect();
                lines.get(lines.len().saturating_sub(60)..).unwrap_or_default().join("\n")
            };
            eprintln!(
                "--- the gate's log, its end\n{}\n--- the target's log, its end\n{}",
                lines(self.gate.log()),
                lines(self.target.log())
            );
        }
    }
}

/// The id in what a command printed.
#[track_caller]
fn id(value: &Value) -> String {
    value.get("id").and_then(Value::as_str).unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

/// A time in what a command printed.
#[track_caller]
fn time(value: &Value, key: &str) -> Timestamp {
    let text = value.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("no {key} in {value}"));
    text.parse().unwrap_or_else(|error| panic!("{key} of {value} is no time: {error}"))
}
