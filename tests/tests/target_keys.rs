//! What a server is known by: two pairs of eyes on each host key, rotation, and authorities over host keys. Nothing secret
//! goes to anybody else.

use std::process::Command;

use chaperone_tests::{Furnishing, House, KeyPair, Sshd, SshdOptions, on_both_databases, soon};
use serde_json::Value;

const UNAVAILABLE: i32 = 69;
const SERVER: &str = "alaris-sm-09";

#[track_caller]
fn reached(house: &House) {
    house.technician("dana").ssh(SERVER).runs("true").succeeded();
}

#[track_caller]
fn not_reached(house: &House) -> String {
    let ran = house.technician("dana").ssh(SERVER).runs("true");
    assert_eq!(ran.status, Some(UNAVAILABLE), "{}", ran.err);
    ran.err
}

fn print_of(key: &KeyPair) -> String {
    let said = Command::new("ssh-keygen").arg("-lf").arg(&key.public).output().unwrap();
    String::from_utf8(said.stdout).unwrap().split(' ').nth(1).unwrap().to_owned()
}

fn file(key: &KeyPair) -> &str {
    key.public.to_str().unwrap()
}

/// A server without a pinned key, whose account's key is sealed.
#[track_caller]
fn add_unknown(house: &House, sshd: &Sshd) {
    house.priya().does(&[
        "target",
        "add",
        SERVER,
        "--ssh",
        &sshd.address(),
        "--account",
        sshd.account(),
        "--key",
        sshd.account_key().private.to_str().unwrap(),
    ]);
}

fn proposed(shown: &Value) -> Vec<(String, String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let keys = shown["proposed_keys"].as_array().unwrap();
    keys.iter()
        .map(|key| (text(&key["fingerprint"]).unwrap(), text(&key["origin"]).unwrap(), text(&key["by"])))
        .collect()
}

fn a_new_server_s_key_counts_once_two_engineers_have_looked(furnishing: Furnishing) {
    let house = furnishing.start();
    add_unknown(&house, &house.target);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    let before = house.target.log().matches("Connection from").count();
    assert!(not_reached(&house).contains("not set up"));
    assert_eq!(house.target.log().matches("Connection from").count(), before, "it was not even dialled");
    let shown = house.priya().does(&["target", "pin-host-key", SERVER, "--scan", "--reason", "new server"]);
    let print = print_of(house.target.host_key());
    assert_eq!(proposed(&shown), [(print.clone(), "scanned".to_owned(), Some("priya".to_owned()))]);
    assert!(!house.target.log().contains("Accepted"), "looking sends nothing secret");
    assert!(!house.target.log().contains("userauth"), "{}", house.target.log());
    not_reached(&house);
    let own = house.priya().tries(&["target", "approve-host-key", SERVER, &print]);
    assert!(own.status == Some(1) && own.err.contains("proposed"), "{own:?}");
    for other in ["sam", "adam", "audrey", "dana"] {
        let said = house.gate.person(other).tries(&["target", "approve-host-key", SERVER, &print]);
        assert_eq!(said.status, Some(1), "{other}: {said:?}");
    }
    let quentin = house.gate.person("quentin");
    let shown = quentin.does(&["target", "approve-host-key", SERVER, &print, "--reason", "on its console"]);
    assert_eq!(shown["endpoints"][0]["host_keys"], serde_json::json!([print]));
    assert!(proposed(&shown).is_empty());
    reached(&house);
    let fact = house.fact("host-key-approved");
    assert_eq!((&fact.body["fingerprint"], fact.reason()), (&print.clone().into(), Some("on its console")));
    assert!(fact.body["proposed_by"].is_string(), "{:#}", fact.body);
    // Once more is too late.
    let late = quentin.tries(&["target", "approve-host-key", SERVER, &print]);
    assert!(late.status == Some(1) && late.err.contains("waits"), "{late:?}");
}

on_both_databases!(a_new_server_s_key_counts_once_two_engineers_have_looked);

#[test]
fn a_proposal_is_refused_or_taken_back_and_counts_for_nothing() {
    let house = House::start();
    add_unknown(&house, &house.target);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    let (key, print) = (house.target.host_key(), print_of(house.target.host_key()));
    for who in ["quentin", "priya"] {
        house.priya().does(&["target", "pin-host-key", SERVER, "--key", file(key)]);
        let again = house.priya().tries(&["target", "pin-host-key", SERVER, "--host-key", file(key)]);
        assert!(again.status == Some(1) && again.err.contains("waits"), "{again:?}");
        let words = ["target", "refuse-host-key", SERVER, &print, "--reason", "not this one"];
        assert!(proposed(&house.gate.person(who).does(&words)).is_empty());
        let late = house.gate.person("quentin").tries(&["target", "approve-host-key", SERVER, &print]);
        assert_eq!(late.status, Some(1));
    }
    not_reached(&house);
    assert_eq!(house.facts_of("host-key-refused").len(), 2);
}

#[test]
fn a_changed_key_refuses_alarms_and_is_proposed_by_nobody_but_the_gate() {
    let house = House::start();
    let impostor = Sshd::start(&house.folder().join("impostor"), &SshdOptions::default());
    house.add_target_at(SERVER, &impostor.address(), &house.target, &[]);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    let words = not_reached(&house);
    assert_eq!(
        words.trim().matches('.').count(),
        1 + words.trim().matches(". ").count(),
        "plain words: {words}"
    );
    assert!(words.contains("identity has changed"), "{words}");
    assert!(!impostor.log().contains("publickey"), "no credential was offered: {}", impostor.log());
    let alert = soon("the alert", || {
        house.sam().lists(&["alert", "list"]).into_iter().find(|alert| alert["rule"] == "host-key-changed")
    });
    assert_eq!(alert["severity"], "critical");
    let print = print_of(impostor.host_key());
    let shown = house.priya().does(&["target", "show", SERVER]);
    assert_eq!(proposed(&shown), [(print.clone(), "shown".to_owned(), None)]);
    // A second visit proposes nothing anew.
    not_reached(&house);
    assert_eq!(house.facts_of("host-key-proposed").len(), 1);
    // One engineer stands for it, and it takes another still.
    let stood =
        house.priya().does(&["target", "approve-host-key", SERVER, &print, "--reason", "reinstalled"]);
    assert_eq!(proposed(&stood), [(print.clone(), "shown".to_owned(), Some("priya".to_owned()))]);
    assert_eq!(house.priya().tries(&["target", "approve-host-key", SERVER, &print]).status, Some(1));
    not_reached(&house);
    house.gate.person("quentin").does(&["target", "approve-host-key", SERVER, &print]);
    // Known now; the key of the true server's account opens nothing there.
    not_reached(&house);
    assert!(impostor.log().contains("publickey"), "{}", impostor.log());
}

#[test]
fn a_server_that_is_known_announces_its_other_keys_and_old_ones_are_retired() {
    let house = House::start();
    let second = KeyPair::make(house.folder(), "second-host-key");
    let third = house.folder().join("third-host-key");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ecdsa", "-N", "", "-f", third.to_str().unwrap()])
        .status();
    assert!(made.unwrap().success());
    let lines = vec![format!("HostKey {}", third.display())];
    let target = Sshd::start(&house.folder().join("two"), &SshdOptions { lines, ..SshdOptions::default() });
    house.add_target(SERVER, &target, &[]);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    reached(&house);
    let announced = soon("the announced key to be proposed", || {
        let keys = proposed(&house.priya().does(&["target", "show", SERVER]));
        keys.into_iter().next()
    });
    assert_eq!((announced.1.as_str(), announced.2), ("announced", None));
    let fact = house.fact("host-key-proposed");
    assert!(fact.session.is_some(), "the visit that heard it");
    house.priya().does(&["target", "approve-host-key", SERVER, &announced.0]);
    house.gate.person("quentin").does(&["target", "approve-host-key", SERVER, &announced.0]);
    let old = print_of(target.host_key());
    house.priya().does(&["target", "retire-host-key", SERVER, &old, "--reason", "ecdsa from now on"]);
    reached(&house);
    let shown = house.priya().does(&["target", "show", SERVER]);
    assert_eq!(shown["endpoints"][0]["host_keys"], serde_json::json!([announced.0]));
    assert_eq!(house.fact("host-key-retired").reason(), Some("ecdsa from now on"));
    let none = house.priya().tries(&["target", "retire-host-key", SERVER, &print_of(&second)]);
    assert_eq!(none.status, Some(1), "{none:?}");
}

#[test]
fn a_visit_ends_when_the_key_that_its_server_was_known_by_is_retired() {
    let house = House::start();
    house.add_target(SERVER, &house.target, &[]);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    let mut visit = house.technician("dana").ssh(SERVER).begins("echo on; sleep 60");
    visit.shows("on");
    let other = KeyPair::make(house.folder(), "other-host-key");
    let print = print_of(&other);
    house.priya().does(&["target", "pin-host-key", SERVER, "--key", file(&other)]);
    house.gate.person("quentin").does(&["target", "approve-host-key", SERVER, &print]);
    house.priya().does(&["target", "retire-host-key", SERVER, &print, "--reason", "it has none such"]);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(visit.is_running(), "another key ends nothing");
    let own = print_of(house.target.host_key());
    let began = std::time::Instant::now();
    house.priya().does(&["target", "retire-host-key", SERVER, &own, "--reason", "it was copied"]);
    let told = began.elapsed();
    visit.ends();
    let took = began.elapsed();
    assert!(took < std::time::Duration::from_secs(1) + told, "{took:?}, of which the command took {told:?}");
    assert_eq!(house.fact("session-ended").body["reason"], "endpoint-changed");
}

#[test]
fn an_authority_vouches_for_a_host_by_its_name_and_for_a_time() {
    let house = House::start();
    let (authority, other) =
        (KeyPair::make(house.folder(), "authority"), KeyPair::make(house.folder(), "other"));
    let folder = house.folder().join("certified");
    std::fs::create_dir_all(&folder).unwrap();
    let host = KeyPair::make(&folder, "host");
    let certify = |by: &KeyPair, names: &str, valid: &str, kind: &[&str]| {
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-s", by.private.to_str().unwrap(), "-I", "host", "-n", names, "-V", valid]);
        assert!(command.args(kind).arg(file(&host)).status().unwrap().success());
    };
    certify(&authority, SERVER, "-1h:+1h", &["-h"]);
    let lines = vec![format!("HostCertificate {}", folder.join("host-cert.pub").display())];
    let mut target = Sshd::start(&folder, &SshdOptions { lines, ..SshdOptions::default() });
    add_unknown(&house, &target);
    house.priya().does(&["target", "pin-host-key", SERVER, "--authority", "--key", file(&authority)]);
    let print = print_of(&authority);
    let shown = house.gate.person("quentin").does(&["target", "approve-host-key", SERVER, &print]);
    assert_eq!(shown["endpoints"][0]["authorities"], serde_json::json!([print]));
    assert_eq!(shown["endpoints"][0]["host_keys"], serde_json::json!([]));
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    reached(&house);
    for (by, names, valid) in [
        (&other, SERVER, "-1h:+1h"),
        (&authority, "alaris-sm-08", "-1h:+1h"),
        (&authority, SERVER, "-2h:-1h"),
        (&authority, SERVER, "+1h:+2h"),
    ] {
        certify(by, names, valid, &["-h"]);
        target.fall();
        target.rise();
        not_reached(&house);
    }
    certify(&authority, &format!("elsewhere,{SERVER}"), "-1h:+1h", &["-h"]);
    target.fall();
    target.rise();
    reached(&house);
}
