//! A configuration that is wrong says so at once: every fault, with its place and what would be right; status 64.

use std::path::Path;

use chaperone_tests::{House, Process, Ran, Ready};

fn check(house: &House, text: &str, environment: &[(&str, &str)]) -> Ran {
    let file = house.folder().join("edited.toml");
    std::fs::write(&file, text).unwrap();
    run(house, &["check-config", "--config", file.to_str().unwrap()], environment)
}

fn run(house: &House, words: &[&str], environment: &[(&str, &str)]) -> Ran {
    let mut command = house.gate.command();
    // What the house sets by itself would hide the file's own faults.
    for (variable, _) in command
        .get_envs()
        .map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)))
        .collect::<Vec<_>>()
    {
        if variable.to_str().is_some_and(|name| name.starts_with("CHAPERONE_")) {
            command.env_remove(variable);
        }
    }
    command.args(words).envs(environment.iter().copied());
    Process::run("chaperone", chaperone_tests::PATIENCE, &mut command)
}

const FIVE_FAULTS: &str = "[gate]\nssh = \"2222\"\nbaner = \"x\"\n\n[data]\ndir = \"data\"\n\n[recording]\nmode = \"best-effort\"\n\n\
                           [security]\nhost_tokens = \"yes\"\n\n[session]\nstore_grace_seconds = 100000\n";

#[test]
fn five_faults_are_all_named_with_their_lines_and_what_would_be_right() {
    let house = House::furnish().empty();
    for verb in ["check-config", "serve", "migrate"] {
        let file = house.folder().join("five.toml");
        std::fs::write(&file, FIVE_FAULTS).unwrap();
        let ran = run(&house, &[verb, "--config", file.to_str().unwrap()], &[]);
        assert_eq!(ran.status, Some(64), "{verb}: {}", ran.err);
        for (line, key) in [
            (2, "gate.ssh"),
            (3, "gate.baner"),
            (9, "recording.mode"),
            (12, "security.host_tokens"),
            (15, "session.store_grace_seconds"),
        ] {
            let fault = ran
                .err
                .lines()
                .find(|text| text.contains(key))
                .unwrap_or_else(|| panic!("{key}: {}", ran.err));
            assert!(fault.contains(&format!("line {line}")), "{fault}");
            assert!(fault.contains("right") || fault.contains("nearest"), "what would be right: {fault}");
        }
        assert!(ran.err.contains("gate.banner"), "the nearest known key: {}", ran.err);
        assert!(ran.err.contains("five.toml"), "which file: {}", ran.err);
    }
}

#[test]
fn what_init_writes_is_right() {
    let house = House::furnish().empty();
    let config = house.gate.config();
    let ran = run(&house, &["check-config", "--config", config.to_str().unwrap()], &[]).succeeded();
    assert!(ran.err.is_empty(), "{}", ran.err);
}

#[test]
fn the_example_is_right() {
    let house = House::furnish().empty();
    let example = chaperone_tests::workspace().join("deploy").join("chaperone.example.toml");
    check(&house, &std::fs::read_to_string(example).unwrap(), &[]).succeeded();
}

#[test]
fn a_variable_overrides_its_key_and_a_wrong_one_is_named() {
    let house = House::furnish().empty();
    let text = std::fs::read_to_string(house.gate.config()).unwrap();
    check(&house, &text, &[("CHAPERONE_RECORDING__MODE", "durable")]).succeeded();
    let ran = check(
        &house,
        &text,
        &[("CHAPERONE_RECORDING__MODE", "best-effort"), ("CHAPERONE_SECURTY__HOST_TOKENS", "true")],
    );
    assert_eq!(ran.status, Some(64));
    assert!(
        ran.err.contains("CHAPERONE_RECORDING__MODE") && ran.err.contains("CHAPERONE_SECURTY__HOST_TOKENS"),
        "{}",
        ran.err
    );
}

#[test]
fn a_configuration_that_is_not_there_is_said() {
    let house = House::furnish().empty();
    let ran = run(&house, &["serve", "--config", "/nowhere/chaperone.toml"], &[]);
    assert_eq!(ran.status, Some(64), "{}", ran.err);
    assert!(ran.err.contains("/nowhere/chaperone.toml") && ran.err.contains("chaperone init"), "{}", ran.err);
}

#[test]
fn no_fault_repeats_a_password() {
    let house = House::furnish().empty();
    let ran = check(&house, "[data]\ndir = \"d\"\n[database]\nurl = \"mysql://root:hunter2@db/x\"\n", &[]);
    assert_eq!(ran.status, Some(64));
    assert!(!ran.err.contains("hunter2"), "{}", ran.err);
}

#[test]
fn init_never_overwrites_an_installation() {
    let house = House::furnish().empty();
    let (config, data) = (house.gate.config(), house.gate.data());
    let before = everything(&data);
    let again =
        run(&house, &["init", "--config", config.to_str().unwrap(), "--data", data.to_str().unwrap()], &[]);
    assert_eq!(again.status, Some(1), "{}", again.err);
    let elsewhere = house.folder().join("elsewhere.toml");
    let again = run(
        &house,
        &["init", "--config", elsewhere.to_str().unwrap(), "--data", data.to_str().unwrap()],
        &[],
    );
    assert_eq!(again.status, Some(1), "{}", again.err);
    assert_eq!(everything(&data), before);
}

fn everything(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let keys = std::fs::read_dir(folder.join("keys")).unwrap().flatten();
    let mut all: Vec<_> =
        keys.map(|key| (key.path().display().to_string(), std::fs::read(key.path()).unwrap())).collect();
    all.sort();
    all
}

#[test]
fn init_names_the_administrator_the_public_keys_and_what_it_costs_to_have_them_on_one_machine() {
    let house = House::furnish().empty();
    let printed = house.gate.installed.to_string();
    assert!(house.gate.installed.get("administrator").is_some(), "{printed}");
    assert!(printed.contains("ssh-ed25519 ") && printed.contains("age1"), "{printed}");
    assert!(!printed.contains("PRIVATE") && !printed.contains("AGE-SECRET"), "{printed}");
    let other = House::furnish().empty();
    let config = other.folder().join("second.toml");
    let data = other.folder().join("second");
    let said =
        run(&other, &["init", "--config", config.to_str().unwrap(), "--data", data.to_str().unwrap()], &[])
            .succeeded();
    let text = format!("{}{}", said.text(), said.err).to_lowercase();
    assert!(
        text.contains("same machine") || text.contains("one machine") || text.contains("this machine"),
        "{text}"
    );
}

#[test]
fn a_taken_port_is_said_and_ends_the_start() {
    let mut house = House::furnish().empty();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", house.gate.ssh_port())).unwrap();
    assert_eq!(house.gate.try_to_rise(&[]), Ready::Ended);
    let log = house.gate.log();
    assert!(log.contains(&house.gate.ssh_port().to_string()) && log.contains("in use"), "{log}");
}

#[test]
fn the_usual_tls_port_is_no_reason_not_to_start_and_one_that_was_asked_for_is() {
    let mut house = House::furnish().without("CHAPERONE_GATE__TLS").empty();
    // Whoever has it, it is taken.
    let _taken = std::net::TcpListener::bind(("127.0.0.1", 8443));
    assert_eq!(house.gate.try_to_rise(&[]), Ready::Serving);
    let log = house.gate.log();
    assert!(log.contains("no TLS port") && log.contains("127.0.0.1:8443"), "{log}");
    house.gate.stop();
    assert_eq!(house.gate.try_to_rise(&[("CHAPERONE_GATE__TLS", "127.0.0.1:8443")]), Ready::Ended);
    let log = house.gate.log();
    assert!(log.contains("gate.tls") && log.contains("in use"), "{log}");
}
