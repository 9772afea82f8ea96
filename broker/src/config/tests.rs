//! Every fault of a configuration is named, and what is read is what was written.

use std::collections::BTreeMap;
use std::path::Path;

use super::reader::Reader;
use super::{Config, Fault, Mode, TlsPort, section};

fn read(text: &str) -> Result<Config, Vec<Fault>> {
    Config::read(text, Path::new("/etc/chaperone"), &BTreeMap::new())
}

fn with(text: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<Fault>> {
    let environment = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Config::read(text, Path::new("/etc/chaperone"), &environment)
}

const LEAST: &str = "[data]\ndir = \"data\"\n";
const EXAMPLE: &str = include_str!("../../../deploy/chaperone.example.toml");

#[test]
fn only_the_data_folder_must_be_given() {
    let config = read(LEAST).unwrap();
    assert_eq!(config.gate.ssh.to_string(), "0.0.0.0:2222");
    assert!(config.web.listen.ip().is_loopback());
    assert_eq!(config.database.url, "sqlite:/etc/chaperone/data/chaperone.db");
    assert!(!config.security.host_tokens);
}

#[test]
fn every_fault_is_named_at_once_with_its_line() {
    let text = "[gate]\nssh = \"2222\"\nbaner = \"x\"\n[recording]\nmode = \"best-effort\"\nlow_bytes = 5\ncritical_bytes = 9\n\
                [security]\nhost_tokens = \"yes\"\n[session]\nwarn_minutes = 5\n";
    let faults = read(text).unwrap_err();
    let seen: Vec<_> = faults.iter().map(|f| (f.key.clone().unwrap(), f.line)).collect();
    for expected in [
        ("gate.ssh", Some(2)),
        ("gate.baner", Some(3)),
        ("recording.mode", Some(5)),
        ("recording.critical_bytes", Some(7)),
        ("security.host_tokens", Some(9)),
        ("session.warn_minutes", Some(11)),
        ("data.dir", None),
    ] {
        assert!(seen.contains(&(expected.0.to_owned(), expected.1)), "{expected:?} in {seen:?}");
    }
    assert_eq!(faults.len(), 7);
    let unknown = faults.iter().find(|f| f.key.as_deref() == Some("gate.baner")).unwrap();
    assert_eq!(unknown.right, "the nearest known key is gate.banner");
}

#[test]
fn text_that_is_no_toml_is_a_fault_with_its_line_and_the_rest_is_still_read() {
    let faults = read("[gate]\nssh = 0.0.0.0:1\n[recording]\nmode = \"x\"\n").unwrap_err();
    assert!(faults.iter().any(|f| f.line == Some(2) && f.what.contains("no TOML")), "{faults:?}");
    assert!(faults.iter().any(|f| f.key.as_deref() == Some("recording.mode")), "{faults:?}");
}

#[test]
fn the_environment_overrides_the_file() {
    let config = with(
        LEAST,
        &[
            ("CHAPERONE_SECURITY__HOST_TOKENS", "true"),
            ("CHAPERONE_SESSION__WARN_MINUTES", "1,20"),
            ("CHAPERONE_RECORDING__MODE", "durable"),
            ("CHAPERONE_SERVER", "http://127.0.0.1:8080"),
        ],
    )
    .unwrap();
    assert!(config.security.host_tokens);
    assert_eq!(config.session.warn_minutes, [20, 1]);
    assert_eq!(config.recording.mode, Mode::Durable);
}

#[test]
fn an_unknown_or_faulty_variable_is_named() {
    let faults = with(LEAST, &[("CHAPERONE_SECURITY__HOST_TOKEN", "true"), ("CHAPERONE_GATE__SSH", "here")])
        .unwrap_err();
    let names: Vec<_> = faults.iter().map(|f| f.variable.clone().unwrap()).collect();
    assert_eq!(names, ["CHAPERONE_GATE__SSH", "CHAPERONE_SECURITY__HOST_TOKEN"]);
    assert!(faults[1].right.contains("security.host_tokens"));
}

#[test]
fn tls_has_the_usual_port_beside_ssh_unless_another_is_named_or_the_shared_one_carries_it() {
    let tls = |more: &str| read(&format!("{LEAST}[gate]\n{more}\n")).map(|config| config.gate.tls);
    let usual = |at: &str| Ok(TlsPort::Usual(at.parse().unwrap()));
    assert_eq!(tls(""), usual("0.0.0.0:8443"));
    assert_eq!(tls("ssh = \"[::1]:22\""), usual("[::1]:8443"));
    assert_eq!(tls("ssh = \"127.0.0.1:0\""), usual("127.0.0.1:0"));
    assert_eq!(tls("shared = \"0.0.0.0:443\""), Ok(TlsPort::Off));
    assert_eq!(tls("tls = \"off\""), Ok(TlsPort::Off));
    let both = tls("shared = \"0.0.0.0:443\"\ntls = \"0.0.0.0:8443\"");
    assert_eq!(both, Ok(TlsPort::At("0.0.0.0:8443".parse().unwrap())));
    assert_eq!(tls("tls = \"8443\"").unwrap_err()[0].key.as_deref(), Some("gate.tls"));
}

#[test]
fn networks_of_proxies_are_a_list_or_have_commas_between() {
    let config =
        read("[data]\ndir = \"d\"\n[gate]\nproxy_from = [\"10.0.0.0/24\", \"2001:db8::7\"]\n").unwrap();
    let shown: Vec<_> = config.gate.proxy_from.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["10.0.0.0/24", "2001:db8::7/128"]);
    let config = with(LEAST, &[("CHAPERONE_GATE__PROXY_FROM", "127.0.0.1, 10.0.0.0/8")]).unwrap();
    assert_eq!(config.gate.proxy_from.len(), 2);
    let faults = read("[data]\ndir = \"d\"\n[gate]\nproxy_from = [\"10.0.0.0/99\"]\n").unwrap_err();
    assert_eq!(faults[0].key.as_deref(), Some("gate.proxy_from"));
}

#[test]
fn where_the_gate_leaves_from_is_a_list_of_addresses_and_networks() {
    let config =
        read("[data]\ndir = \"d\"\n[gate]\nleaves_from = [\"10.20.0.2\", \"2001:db8::/64\"]\n").unwrap();
    let shown = |config: &Config| config.gate.leaves_from.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(&config), ["10.20.0.2/32", "2001:db8::/64"]);
    let config = with(LEAST, &[("CHAPERONE_GATE__LEAVES_FROM", "10.20.0.2, ::1")]).unwrap();
    assert_eq!(shown(&config), ["10.20.0.2/32", "::1/128"]);
    for wrong in ["[\"gate.example\"]", "[\"10.0.0.0/33\"]", "[\"::/129\"]", "[\"\"]", "[22]", "\"10.0.0.1\""]
    {
        let faults = read(&format!("[data]\ndir = \"d\"\n[gate]\nleaves_from = {wrong}\n")).unwrap_err();
        assert_eq!(faults[0].key.as_deref(), Some("gate.leaves_from"), "{wrong}");
    }
}

#[test]
fn the_door_has_bounds_that_may_be_narrower_and_not_wider_than_the_standard_asks_for() {
    let config = read(LEAST).unwrap();
    assert_eq!((config.gate.rekey_bytes, config.gate.rekey_after.as_secs()), (1 << 30, 3600));
    assert_eq!((config.gate.sign_in.as_secs(), config.gate.menu_idle.as_secs()), (60, 900));
    let config = with(LEAST, &[("CHAPERONE_GATE__REKEY_MEGABYTES", "8")]).unwrap();
    assert_eq!(config.gate.rekey_bytes, 8 << 20);
    for (key, wrong) in [
        ("rekey_megabytes", 1025),
        ("rekey_seconds", 3601),
        ("sign_in_seconds", 601),
        ("menu_idle_seconds", 1),
    ] {
        let faults = read(&format!("[data]\ndir = \"d\"\n[gate]\n{key} = {wrong}\n")).unwrap_err();
        assert_eq!(faults[0].key.as_deref(), Some(format!("gate.{key}").as_str()));
    }
}

#[test]
fn a_database_url_is_never_repeated() {
    let faults = read("[data]\ndir = \"d\"\n[database]\nurl = \"mysql://root:hunter2@db\"\n").unwrap_err();
    assert!(!faults[0].to_string().contains("hunter2"));
}

#[test]
fn a_certificate_without_its_key_is_a_fault() {
    let faults = read("[data]\ndir = \"d\"\n[web]\ntls_cert = \"a.pem\"\n").unwrap_err();
    assert_eq!(faults[0].key.as_deref(), Some("web.tls_cert"));
}

#[test]
fn the_example_loads_and_explains_every_key() {
    let environment = BTreeMap::new();
    let mut reader = Reader::new(EXAMPLE, Path::new("/etc/chaperone"), &environment);
    let config = section::config(&mut reader);
    let known = reader.known().to_vec();
    reader.finish(config).unwrap();
    for key in known {
        let (section, name) = key.split_once('.').unwrap();
        let body =
            EXAMPLE.split(&format!("[{section}]")).nth(1).unwrap_or_else(|| panic!("no section {section}"));
        let body = body.split("\n[").next().unwrap();
        let at = body
            .lines()
            .position(|line| line.trim_start_matches('#').trim_start().starts_with(&format!("{name} =")))
            .unwrap_or_else(|| panic!("the example does not show {key}"));
        let before = body.lines().nth(at - 1).unwrap();
        assert!(before.starts_with("# "), "the example does not explain {key}");
    }
}
