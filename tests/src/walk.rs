//! A walk through the pages in a real browser (`tests/browser/walks`), and the scenario beside it. The two take turns by
//! lines of JSON: the walk tells how far it is, and goes on when the scenario has done its part in the house.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::binary::workspace;
use crate::house::House;
use crate::process::Process;
use crate::visit::Collected;

/// How long a walk may take from one turn to the next.
const TURN_WITHIN: Duration = Duration::from_secs(90);

/// How long it may take to install the package that the walks need.
const INSTALLED_WITHIN: Duration = Duration::from_secs(120);

/// Lines that a walk may be ahead of the scenario.
const LINES_AHEAD: usize = 1_000;

/// A walk under way.
pub struct Walk {
    process: Process,
    lines: Receiver<String>,
    err: Collected,
    name: String,
}

impl Walk {
    /// Begins a walk of these people, to each of whom the administrator gives an enrolment link.
    ///
    /// # Panics
    /// When it cannot be begun.
    #[track_caller]
    #[must_use]
    pub fn begin(house: &House, name: &str, people: &[&str]) -> Self {
        let admin = house.admin();
        let link = |login: &&str| {
            let made = admin.does(&["person", "enrol", login]);
            ((*login).to_owned(), made["link"].clone())
        };
        let base = format!("http://127.0.0.1:{}", house.gate.web_port());
        let links: Value = people.iter().map(link).collect::<serde_json::Map<_, _>>().into();
        let mut command = browser(&format!("walks/{name}.mjs"));
        // What the browser keeps goes when the house goes.
        command.arg(base).arg(links.to_string()).env("TMPDIR", house.folder());
        Self::run(name, &mut command)
    }

    #[track_caller]
    fn run(name: &str, command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(name, command);
        let out = process.child().stdout.take().expect("a walk tells how far it is");
        let err = Collected::from(process.child().stderr.take().expect("a walk tells what is wrong"));
        let (send, lines) = sync_channel(LINES_AHEAD);
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).for_each(|line| drop(send.send(line)));
        });
        Self { process, lines, err, name: name.to_owned() }
    }

    /// Waits until the walk is at this turn; returns what it brings.
    ///
    /// # Panics
    /// When it fails before, or does not come.
    #[track_caller]
    pub fn comes_to(&mut self, turn: &str) -> Value {
        let deadline = Instant::now() + TURN_WITHIN;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                self.err.drains();
                panic!("the walk {} did not come to {turn:?}: {}", self.name, self.err.text());
            };
            let told: Value = serde_json::from_str(&line).unwrap_or_default();
            match told.get("turn") {
                Some(at) if at == turn => return told,
                Some(at) => panic!("the walk {} is at {at}, not at {turn:?}", self.name),
                // For whoever reads the log.
                None => println!("{line}"),
            }
        }
    }

    /// Lets the walk go on with what the scenario brings.
    ///
    /// # Panics
    /// When the walk is no more.
    #[track_caller]
    pub fn goes_on(&mut self, with: &Value) {
        let input = self.process.child().stdin.as_mut().expect("a walk listens");
        writeln!(input, "{with}").expect("the walk listens");
    }

    /// Does the scenario's part of a turn that brings nothing and wants nothing.
    ///
    /// # Panics
    /// When the walk does not come to it.
    #[track_caller]
    pub fn at(&mut self, turn: &str, part: impl FnOnce(&Value)) {
        let brought = self.comes_to(turn);
        part(&brought);
        self.goes_on(&json!({}));
    }

    /// Waits until the walk is at its end without a fault.
    ///
    /// # Panics
    /// When something was wrong.
    #[track_caller]
    pub fn ends(mut self) {
        let status = self.process.ends_within(TURN_WITHIN);
        self.err.drains();
        self.lines.try_iter().for_each(|line| println!("{line}"));
        assert!(status.success(), "the walk {}: {}", self.name, self.err.text());
    }
}

/// A script of the browser's package, ready to run, with the package installed.
///
/// # Panics
/// When the package cannot be installed.
#[track_caller]
#[must_use]
pub fn browser(script: &str) -> Command {
    let folder = workspace().join("tests/browser");
    install(&folder);
    let mut command = Command::new("node");
    command.arg(folder.join(script)).stdin(Stdio::null());
    command
}

/// Installs what the walks need, once: scenarios that begin at the same time wait for the first.
#[track_caller]
fn install(folder: &PathBuf) {
    let lock = File::open(folder.join("package-lock.json")).expect("the package has a lock");
    lock.lock().expect("a file can be locked");
    if !folder.join("node_modules/playwright-core").is_dir() {
        let mut command = Command::new("npm");
        command.args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(folder).stdin(Stdio::null());
        Process::run("npm ci", INSTALLED_WITHIN, &mut command).succeeded();
    }
}
