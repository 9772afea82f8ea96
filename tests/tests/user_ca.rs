//! The gate's own SSH user CA: a server that trusts it holds no credential of the gate's, each visit signs in with a
//! certificate that dies with its window, and the server's own log names the visit.

use std::path::Path;

use chaperone_tests::{Furnishing, House, Person, Sshd, SshdOptions, on_both_databases, soon};
use serde_json::Value;

const UNAVAILABLE: i32 = 69;
const SERVER: &str = "alaris-sm-09";

/// A server that trusts the CA, and has no key of anybody's.
fn trusting(house: &House) -> Sshd {
    let folder = house.folder().join("trusting");
    std::fs::create_dir_all(&folder).unwrap();
    let trusted = folder.join("user_ca.pub");
    let ca = house.priya().does(&["target", "user-ca"]);
    std::fs::write(&trusted, format!("{}\n", ca["public"].as_str().unwrap())).unwrap();
    let lines = vec![format!("TrustedUserCAKeys {}", trusted.display())];
    let sshd = Sshd::start(&folder, &SshdOptions { lines, ..SshdOptions::default() });
    std::fs::write(folder.join("authorized"), "").unwrap();
    house.priya().does(&[
        "target",
        "add",
        SERVER,
        "--ssh",
        &sshd.address(),
        "--account",
        sshd.account(),
        "--user-ca",
        "--host-key",
        sshd.host_key().public.to_str().unwrap(),
    ]);
    sshd
}

#[track_caller]
fn open_window(house: &House, access: &str) -> String {
    house.open_window_on(SERVER, "dana", access, "+30m")
}

/// The serial of a visit: the last sixteen digits of its id.
fn serial(session: &str) -> String {
    let digits: String = session.chars().filter(|c| *c != '-').skip(16).collect();
    u64::from_str_radix(&digits, 16).unwrap().to_string()
}

fn log_file(house: &House, text: &str) -> String {
    let file = house.folder().join("auth.log");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

fn a_visit_signs_in_with_a_certificate_that_names_it(furnishing: Furnishing) {
    let house = furnishing.start();
    let public = house.gate.installed["keys"]["user_ca"]["public"].as_str().unwrap();
    assert!(public.starts_with("ssh-ed25519 AAAA") && public.ends_with(" chaperone-user-ca"), "{public}");
    assert_eq!(house.priya().does(&["target", "user-ca"])["public"], public);
    assert_eq!(house.fact("gate-key-made").body["public"], public);
    let sshd = trusting(&house);
    let window = open_window(&house, "exec");
    house.technician("dana").ssh(SERVER).runs("true").succeeded();
    let session = house.newest_session();
    house.sealed(&session);
    let log = sshd.log();
    let accepted = log.lines().find(|line| line.starts_with("Accepted publickey")).unwrap();
    let (named, serial) = (format!("ID chaperone visit {session}"), serial(&session));
    assert!(accepted.contains("ED25519-CERT") && accepted.contains(&named), "{accepted}");
    assert!(accepted.contains(&format!("(serial {serial})")), "{accepted}");
    let connected = house.fact("session-connected");
    assert_eq!(
        (&connected.body["serial"], &connected.body["credential"]),
        (&serial.into(), &"user-ca".into())
    );
    let until: jiff::Timestamp = connected.body["certificate_until"].as_str().unwrap().parse().unwrap();
    assert_eq!(until, house.closes(&window), "it dies with the window");
}

on_both_databases!(a_visit_signs_in_with_a_certificate_that_names_it);

#[test]
fn reconcile_explains_a_sign_in_by_its_serial_and_no_second_one_with_the_same() {
    let house = House::start();
    let sshd = trusting(&house);
    open_window(&house, "exec");
    house.technician("dana").ssh(SERVER).runs("true").succeeded();
    house.sealed(&house.newest_session());
    // A firewall on the way gave the connection another address and port: the serial says whose it is.
    let seen = sshd.log().lines().find(|line| line.starts_with("Accepted publickey")).unwrap().to_owned();
    let after = seen.split(" ssh2: ").nth(1).unwrap();
    let moved =
        format!("Accepted publickey for {} from 203.0.113.7 port 61022 ssh2: {after}\n", sshd.account());
    let file = log_file(&house, &moved);
    let words = ["reconcile", "--target", SERVER, "--auth-log", &file];
    let fits = house.sam().does(&words);
    assert_eq!(fits["explained"], 1, "{fits:#}");
    assert!(fits["unexplained"].as_array().unwrap().is_empty(), "{fits:#}");
    log_file(&house, &format!("{moved}{}", moved.replace("203.0.113.7", "203.0.113.66")));
    let said = house.sam().tries(&words);
    assert_eq!((said.status, &said.answer["explained"]), (Some(1), &1.into()), "{said:?}");
    assert!(said.answer["unexplained"][0]["source"].as_str().unwrap().starts_with("203.0.113.66"));
}

#[test]
fn a_terminal_is_granted_with_a_shell() {
    let house = House::start();
    let _sshd = trusting(&house);
    open_window(&house, "shell,exec");
    let visit = house.technician("dana").ssh(SERVER).opens_a_shell();
    visit.types("tty && echo terminal-$((6 * 7))\n");
    visit.shows("terminal-42");
}

#[test]
fn a_certificate_is_bound_to_where_the_gate_leaves_from() {
    let house = House::furnish().with("CHAPERONE_GATE__LEAVES_FROM", "127.0.0.0/8,::1").start();
    let _here = trusting(&house);
    open_window(&house, "exec");
    house.technician("dana").ssh(SERVER).runs("true").succeeded();

    let house = House::furnish().with("CHAPERONE_GATE__LEAVES_FROM", "192.0.2.7").start();
    let elsewhere = trusting(&house);
    open_window(&house, "exec");
    let ran = house.technician("dana").ssh(SERVER).runs("true");
    assert_eq!(ran.status, Some(UNAVAILABLE), "{}", ran.err);
    soon("the server to say why", || elsewhere.log().contains("not from a permitted").then_some(()));
}

#[test]
fn an_extended_window_goes_on_and_a_server_that_no_longer_trusts_lets_nobody_in() {
    let house = House::start();
    let sshd = trusting(&house);
    let window = open_window(&house, "exec");
    let visit = house.technician("dana").ssh(SERVER).begins("echo in; sleep 3; echo still-$((6 * 7))");
    visit.shows("in");
    house.priya().does(&["window", "extend", &window, "--closes", "+50m", "--reason", "more to do"]);
    visit.shows("still-42");
    house.technician("dana").ssh(SERVER).runs("true").succeeded();
    let serials = |log: &str| {
        log.lines().filter(|line| line.starts_with("Accepted publickey") && line.contains("(serial ")).count()
    };
    assert_eq!(serials(&sshd.log()), 2, "each dial has its own: {}", sshd.log());
    forget(&house.folder().join("trusting").join("user_ca.pub"));
    let ran = house.technician("dana").ssh(SERVER).runs("true");
    assert_eq!(ran.status, Some(UNAVAILABLE), "{}", ran.err);
}

#[test]
fn a_new_ca_takes_the_old_one_s_place_while_visits_go_on() {
    let house = House::start();
    let sshd = trusting(&house);
    open_window(&house, "exec");
    let trusted = house.folder().join("trusting").join("user_ca.pub");
    let visit = || house.technician("dana").ssh(SERVER).runs("true");
    let authority = || {
        let connected = house.facts_of("session-connected");
        connected.last().unwrap().body["authority"].as_str().unwrap().to_owned()
    };
    let fails = |who: Person<'_>, words: &[&str], why: &str| {
        let said = who.tries(words);
        assert!(said.status == Some(1) && said.err.contains(why), "{said:?}");
    };
    visit().succeeded();
    let old_print = authority();
    let renew = ["target", "renew-user-ca", "--reason", "a year has passed"];
    let retire = ["target", "retire-user-ca", "--reason", "every server trusts the new one"];
    // The keys are the administrator's, and there is nothing to retire yet.
    fails(house.priya(), &renew, "no role");
    fails(house.admin(), &retire, "no new user CA");
    let made = house.admin().does(&renew);
    let (old, new) = (made["public"].as_str().unwrap(), made["next"].as_str().unwrap());
    assert!(new.starts_with("ssh-ed25519 ") && new != old);
    assert_eq!(house.priya().does(&["target", "user-ca"])["next"], new);
    let fact = house.facts_of("gate-key-made").pop().unwrap();
    assert_eq!((&fact.body["public"], &fact.body["reason"]), (&new.into(), &"a year has passed".into()));
    assert!(fact.person.is_some());
    fails(house.admin(), &renew, "waits already");
    // A server that does not trust it yet is signed in to as before.
    visit().succeeded();
    assert_eq!(authority(), old_print);
    std::fs::write(&trusted, format!("{old}\n{new}\n")).unwrap();
    visit().succeeded();
    let new_print = authority();
    assert_ne!(new_print, old_print, "the new one is shown first");
    let retired = house.admin().does(&retire);
    assert_eq!((&retired["public"], &retired["next"]), (&new.into(), &Value::Null));
    let fact = house.fact("gate-key-retired");
    assert_eq!((&fact.body["public"], &fact.body["stays"]), (&old.into(), &new.into()));
    std::fs::write(&trusted, format!("{new}\n")).unwrap();
    visit().succeeded();
    assert_eq!(authority(), new_print);
    // The old one opens nothing any more.
    std::fs::write(&trusted, format!("{old}\n")).unwrap();
    assert_eq!(visit().status, Some(UNAVAILABLE), "{}", sshd.log());
}

fn forget(trusted: &Path) {
    std::fs::write(trusted, "").unwrap();
}

#[test]
fn a_secret_beside_the_ca_is_refused_and_the_public_line_is_for_people_of_the_hospital() {
    let house = House::start();
    let said = house.gate.person("dana").tries(&["target", "user-ca"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    let account = house.target.account().to_owned();
    let kinds = ["--user-ca", "--password-stdin"];
    let words =
        [&["target", "set-credential", chaperone_tests::TARGET, "--account", &account][..], &kinds].concat();
    assert_eq!(house.priya().tries(&words).status, Some(2), "one credential, not two");
    let shown: Value = house.priya().does(&[
        "target",
        "set-credential",
        chaperone_tests::TARGET,
        "--account",
        &account,
        "--user-ca",
    ]);
    assert_eq!(shown["name"], chaperone_tests::TARGET);
    assert_eq!(house.facts_of("credential-sealed").last().unwrap().body["kind"], "user-ca");
}
