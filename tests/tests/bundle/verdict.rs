//! What the two verifiers say of a bundle.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use chaperone_tests::{Process, Ran, chaperone_verify, is_root};
use serde_json::Value;

use crate::archive::entries;

const WITHIN: Duration = Duration::from_secs(120);

/// A program, where possible without any network.
fn offline(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("unshare");
    command.arg("-n").arg(program);
    command
}

/// What the verifier that the gate comes with says.
pub fn verify(bundle: &Path, key: &str, more: &[&str]) -> Ran {
    let mut command = offline(&chaperone_verify());
    command.arg(bundle).args(["--key", key]).args(more);
    Process::run("chaperone-verify", WITHIN, &mut command)
}

/// The file that the second verifier is taken out into, beside its bundle.
fn second(bundle: &Path) -> PathBuf {
    bundle.with_file_name("chaperone_verify.py")
}

/// Takes the second verifier out of a bundle that nobody has changed.
pub fn take_the_second_verifier(bundle: &Path) {
    let found = entries(bundle).into_iter().find(|(name, _)| name == "chaperone_verify.py");
    std::fs::write(second(bundle), found.expect("a bundle brings the second verifier").1).unwrap();
}

/// What both verifiers say of a bundle; they agree.
pub fn judged(bundle: &Path, key: &str, more: &[&str]) -> (Option<i32>, Value) {
    let words = [more, &["--json"]].concat();
    let (status, ours) = said(&verify(bundle, key, &words));
    let mut command = offline("/usr/bin/python3".as_ref());
    command.arg(second(bundle)).arg(bundle).args(["--key", key]).args(words);
    let (other, theirs) = said(&Process::run("chaperone_verify.py", WITHIN, &mut command));
    assert_eq!(status, other, "ours: {ours:#}\ntheirs: {theirs:#}");
    for what in ["holds", "attempts", "sessions", "not_disclosed"] {
        assert_eq!(ours[what], theirs[what], "{what}; ours, then the second verifier's");
    }
    for list in ["failures", "gaps"] {
        assert_eq!(places(&ours[list]), places(&theirs[list]), "{list}; ours, then the second verifier's");
    }
    (status, ours)
}

fn said(ran: &Ran) -> (Option<i32>, Value) {
    let said = serde_json::from_slice(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.text(), ran.err));
    (ran.status, said)
}

/// The names of a list of failures or gaps, each with the number or the session that it concerns; in which entry a file
/// breaks off is each verifier's own to say.
fn places(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().expect("a report lists what it found");
    let place = |found: &Value| {
        ["name", "number", "session"].map(|field| found[field].as_str().unwrap_or("-").to_owned())
    };
    list.iter().map(|found| place(found).join(" ")).collect()
}

/// Whether a report names a failure at a number, session or file.
pub fn names(report: &Value, name: &str, place: &str) -> bool {
    let failures = report["failures"].as_array().unwrap();
    failures.iter().any(|failure| {
        failure["name"] == name
            && ["number", "session", "file"].iter().any(|at| failure[at].as_str() == Some(place))
    })
}
