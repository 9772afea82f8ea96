//! The verbs of the command line, as its own help lists them.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use crate::binary::chaperone;
use crate::process::Process;

/// Every verb with its nouns, found by walking through the help.
///
/// # Panics
/// When a help does not come.
#[track_caller]
#[must_use]
pub fn all_verbs() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(words) = open.pop() {
        let below = below(&words);
        if below.is_empty() {
            found.insert(words.join(" "));
        }
        open.extend(below.into_iter().map(|verb| words.iter().cloned().chain([verb]).collect()));
    }
    found
}

/// The verbs that `--help` lists under these words.
#[track_caller]
fn below(words: &[String]) -> Vec<String> {
    let mut command = Command::new(chaperone());
    command.args(words).arg("--help").env_remove("CHAPERONE_CONFIG");
    let help = Process::run("chaperone --help", Duration::from_secs(20), &mut command).succeeded().text();
    let listed = help.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = listed.lines().take_while(|line| !line.trim().is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}
