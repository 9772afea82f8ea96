//! What a technician reads: where everything is, why a connection was refused, and that it is over.

use std::io::Write;

use chaperone_tests::{eventually, soon};

use crate::{CONSOLE, NAME, PATIENCE, has_ended, opens, reversed, site};

#[test]
fn the_ports_and_the_lines_for_the_hosts_file_are_told_in_words() {
    let site = site(true);
    let window = site.opens("+10m");
    let mut connected = site.house.gate.person("dana").connects_in_words(CONSOLE);
    let lines: Vec<String> =
        connected.told().iter().filter_map(|line| line.as_str().map(str::to_owned)).collect();
    let has = |line: &str| assert!(lines.iter().any(|known| known == line), "{line:?} in {lines:#?}");
    let port = site.port;
    has(&format!(
        "{CONSOLE}  127.0.0.1:{port}  web console to {NAME}:{port}  plain, or TLS ended here by a certificate of the gate's; \
         recorded in clear"
    ));
    has("Lines for the hosts file, for clients that insist on the server's own name:");
    has(&format!("127.0.0.1 {NAME}"));
    site.house.priya().does(&["window", "revoke", &window, "--reason", "stop now"]);
    assert!(connected.ends().success());
    assert!(connected.sentences().contains("The window is revoked: stop now."), "{}", connected.sentences());
}

#[test]
fn a_visit_that_somebody_stops_ends_it_with_a_sentence() {
    let site = site(false);
    site.opens("+10m");
    let mut connected = site.connects(CONSOLE, &[], &[]);
    let local = connected.local(CONSOLE);
    let mut idle = opens(&local);
    assert_eq!(reversed(&mut idle, "hello"), "olleh");
    let session = site.house.newest_session();
    site.house.sam().does(&["session", "stop", &session, "--reason", "not planned"]);
    assert!(has_ended(&mut idle));
    let mut again = opens(&local);
    drop(again.write_all(b"again\n"));
    assert!(has_ended(&mut again));
    let ended = connected.event("ended");
    assert_eq!(
        (ended["reason"].as_str(), ended["what"].as_str()),
        (Some("visit-stopped"), Some("The hospital has stopped this visit."))
    );
    assert!(connected.ends().success());
    assert!(std::net::TcpStream::connect(&local).is_err(), "no port is left that leads nowhere");
}

#[test]
fn a_refusal_is_told_in_the_gates_own_words() {
    let site = site(false);
    site.opens("+10m");
    let connected = site.connects(CONSOLE, &[], &[]);
    let local = connected.local(CONSOLE);
    assert_eq!(reversed(&mut opens(&local), "hello"), "olleh");
    site.house.sam().does(&["target", "lock", CONSOLE, "--reason", "the pumps are recalled"]);
    let refused = eventually(PATIENCE, "the refusal", || {
        assert!(has_ended(&mut opens(&local)));
        connected.told().into_iter().find(|line| line["event"] == "refused")
    });
    let why = refused["why"].as_str().unwrap();
    assert!(why.contains("locked") && !why.contains("AccessDenied"), "{refused}");
    assert_eq!(refused["endpoint"], CONSOLE);
}

#[test]
fn an_extension_splits_no_visit_in_two() {
    let site = site(false);
    let window = site.opens("+10m");
    let connected = site.connects(CONSOLE, &[], &[]);
    let local = connected.local(CONSOLE);
    let mut before = opens(&local);
    assert_eq!(reversed(&mut before, "hello"), "olleh");
    site.house.priya().does(&["window", "extend", &window, "--closes", "+30m", "--reason", "slow disk"]);
    connected.event("extended");
    assert_eq!(reversed(&mut before, "still here"), "ereh llits");
    // The server has one client at a time.
    drop(before);
    assert_eq!(reversed(&mut opens(&local), "me too"), "oot em");
    soon("one visit and no other", || (site.house.sessions().len() == 1).then_some(()));
    assert_eq!(site.house.facts_of("certificate-issued").len(), 1);
}
