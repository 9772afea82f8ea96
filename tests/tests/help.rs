//! The command line is a contract: every verb explains itself, wrong usage ends with status 2 and says what is right.

use std::process::Command;
use std::time::Duration;

use chaperone_tests::{Process, Ran, all_verbs, chaperone, chaperone_verify};

fn run(words: &[&str]) -> Ran {
    let mut command = Command::new(chaperone());
    for variable in ["CHAPERONE_SERVER", "CHAPERONE_TOKEN", "CHAPERONE_CONFIG"] {
        command.env_remove(variable);
    }
    command.args(words).env("HOME", "/nonexistent").env_remove("XDG_CONFIG_HOME");
    Process::run("chaperone", Duration::from_secs(20), &mut command)
}

/// The verbs that scripts depend on.
const CONTRACT: &[&str] = &[
    "demo",
    "init",
    "serve",
    "check-config",
    "migrate",
    "backup",
    "restore",
    "token",
    "key new",
    "key host-ca",
    "derived rebuild",
    "login",
    "logout",
    "connect",
    "person add",
    "person list",
    "person show",
    "person lock",
    "person unlock",
    "person add-key",
    "person emergency",
    "person set-networks",
    "vendor add",
    "vendor list",
    "vendor set-networks",
    "vendor add-ca",
    "vendor list-ca",
    "vendor remove-ca",
    "vendor revoke-cert",
    "vendor lock",
    "vendor unlock",
    "target add",
    "target approve-host-key",
    "target refuse-host-key",
    "target retire-host-key",
    "target allow-legacy",
    "target forbid-legacy",
    "target set-address",
    "target user-ca",
    "target renew-user-ca",
    "target retire-user-ca",
    "target tls-ca",
    "target renew-tls-ca",
    "target retire-tls-ca",
    "target set-tls",
    "target add-endpoint",
    "target remove-endpoint",
    "target list",
    "target show",
    "target pin-host-key",
    "freeze add",
    "freeze list",
    "freeze remove",
    "window request",
    "window list",
    "window show",
    "window accept",
    "window approve",
    "window console",
    "window deny",
    "window withdraw",
    "window move",
    "window substitute",
    "window revoke",
    "window extend",
    "window emergency",
    "window return",
    "window review",
    "session list",
    "session show",
    "session watch",
    "session pause",
    "session resume",
    "session stop",
    "recording list",
    "recording show",
    "recording play",
    "recording export",
    "recording verify",
    "unmask ask",
    "unmask list",
    "unmask agree",
    "unmask refuse",
    "unmask withdraw",
    "keep add",
    "keep list",
    "keep lift",
    "retention list",
    "retention set",
    "retention assign",
    "retention agree",
    "retention refuse",
    "retention allow",
    "retention run",
    "search",
    "bundle make",
    "alert list",
    "alert show",
    "alert ack",
    "alert close",
    "destination add",
    "destination list",
    "destination test",
    "destination remove",
    "ledger verify",
    "ledger checkpoint",
    "ledger proof",
    "ledger facts",
    "ledger export",
    "ledger fork",
    "reconcile",
    "clock accept",
];

#[test]
fn every_verb_of_the_contract_is_there_and_explains_itself() {
    let found = all_verbs();
    for verb in CONTRACT {
        let verb = *verb;
        assert!(found.contains(verb), "no `chaperone {verb}` among {found:#?}");
    }
    for verb in &found {
        let words: Vec<&str> = verb.split(' ').chain(["--help"]).collect();
        let help = run(&words).succeeded().text();
        assert!(
            help.lines().next().is_some_and(|line| line.len() > 4),
            "`{verb} --help` says what it does: {help}"
        );
        assert!(help.contains("Usage: chaperone "), "{help}");
    }
}

#[test]
fn every_list_and_result_has_a_form_for_scripts() {
    for verb in all_verbs() {
        let noun = verb.split(' ').next().unwrap_or_default();
        if [
            "person",
            "vendor",
            "target",
            "freeze",
            "window",
            "session",
            "recording",
            "unmask",
            "keep",
            "retention",
            "alert",
            "destination",
            "ledger",
        ]
        .contains(&noun)
        {
            let words: Vec<&str> = verb.split(' ').chain(["--help"]).collect();
            assert!(run(&words).text().contains("--json"), "{verb} has no --json");
        }
    }
}

#[test]
fn wrong_usage_ends_with_status_2_and_says_what_is_right() {
    for words in [
        &[][..],
        &["nonsense"],
        &["serve"],
        &["serve", "--config"],
        &["window"],
        &["window", "request"],
        &["window", "approve"],
        &["window", "request", "--nonsense"],
        &["window", "extend", "x", "--closes", "tomorrow"],
        &["person", "add", "dana", "--role", "king"],
        &["destination", "add", "soc"],
        &["connect", "--server", "http://127.0.0.1:1"],
        &["recording", "export", "x", "--format", "vhs", "-o", "y", "--reason", "z"],
        &["recording", "export", "x", "--format", "txt", "-o", "y"],
    ] {
        let ran = run(words);
        assert_eq!(ran.status, Some(2), "chaperone {}: {}{}", words.join(" "), ran.text(), ran.err);
        assert!(!ran.err.trim().is_empty(), "chaperone {}", words.join(" "));
    }
}

#[test]
fn without_a_server_or_a_token_a_command_says_how_to_give_one() {
    let ran = run(&["window", "list"]);
    assert_eq!(ran.status, Some(2), "{}", ran.err);
    assert!(ran.err.contains("CHAPERONE_SERVER") || ran.err.contains("--server"), "{}", ran.err);
    let ran = run(&["window", "list", "--server", "http://127.0.0.1:1", "--token", "x"]);
    assert_eq!(ran.status, Some(1), "{}", ran.err);
    assert!(ran.err.contains("127.0.0.1:1") && ran.err.contains("next:"), "{}", ran.err);
}

#[test]
fn the_version_is_said() {
    let said = run(&["--version"]).succeeded().text();
    assert!(said.starts_with("chaperone ") && said.contains('.'), "{said}");
}

#[test]
fn the_off_line_verifier_explains_itself() {
    let mut help = Command::new(chaperone_verify());
    let help =
        Process::run("chaperone-verify", Duration::from_secs(20), help.arg("--help")).succeeded().text();
    assert!(help.contains("--key"), "{help}");
    let wrong =
        Process::run("chaperone-verify", Duration::from_secs(20), &mut Command::new(chaperone_verify()));
    assert_eq!(wrong.status, Some(2), "{}", wrong.err);
}
