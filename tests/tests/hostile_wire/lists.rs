//! What the gate offers (RFC 4253 §7.1), and what an auditor's tool says of it.

use std::process::Command;
use std::time::Duration;

use chaperone_tests::{House, Process, TARGET, program};

use crate::raw::{Raw, lists};

/// What no auditor warns about, but for the first word on post-quantum exchange.
const KEX: &[&str] = &["mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org"];
const PSEUDO: &[&str] = &["ext-info-s", "kex-strict-s-v00@openssh.com"];
const CIPHERS: &[&str] = &["aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"];
const MACS: &[&str] = &["hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com"];
/// What is there besides for those who have nothing of the above.
const OLDER_KEX: &[&str] = &["ecdh-sha2-nistp256", "ecdh-sha2-nistp384"];
/// And for those who have no curve at all.
const NUMBERS: &[&str] = &["diffie-hellman-group16-sha512", "diffie-hellman-group14-sha256"];
const OLDER_CIPHERS: &[&str] = &["aes192-ctr", "aes128-ctr"];
const OLDER_MACS: &[&str] = &["hmac-sha2-512", "hmac-sha2-256"];
/// What is said of every exchange that stock clients of 2023 have.
const NOT_YET: &str = "does not provide protection against post-quantum attacks";
/// How long an audit may take, which connects for each kind of host key.
const WITHIN: Duration = Duration::from_secs(60);

/// What an offer has, without what is no algorithm: exchanges, host keys, ciphers, MACs.
fn algorithms(offer: &[u8]) -> [Vec<String>; 4] {
    let offered = lists(offer);
    let [kex, keys, ciphers_in, ciphers_out, macs_in, macs_out, compress_in, compress_out, ..] = &offered[..]
    else {
        panic!("an offer has ten lists")
    };
    assert_eq!((ciphers_in, macs_in), (ciphers_out, macs_out));
    for compressions in [compress_in, compress_out] {
        assert_eq!(compressions, &["none"]);
    }
    let (real, pseudo): (Vec<String>, Vec<String>) =
        kex.iter().cloned().partition(|name| !PSEUDO.contains(&name.as_str()));
    assert_eq!(pseudo.len(), PSEUDO.len(), "{pseudo:?}");
    [real, keys.clone(), ciphers_in.clone(), macs_in.clone()]
}

#[test]
fn the_post_quantum_exchange_is_first_the_strict_one_is_offered_and_nothing_weak_is() {
    let house = House::start();
    // As the stock client of 2023 that has no AES-GCM.
    let has = ["curve25519-sha256", "ssh-ed25519", "aes256-ctr", "hmac-sha2-256-etm@openssh.com"];
    let [kex, keys, ciphers, macs] = algorithms(&Raw::offered(house.gate.ssh_port(), has));
    assert_eq!(kex, KEX);
    assert_eq!(keys, ["ssh-ed25519"]);
    assert_eq!(ciphers, CIPHERS);
    assert_eq!(macs, MACS);
    let gcm = "aes128-ctr,aes256-gcm@openssh.com";
    let [_, _, ciphers, _] = algorithms(&Raw::offered(house.gate.ssh_port(), [has[0], has[1], gcm, has[3]]));
    assert_eq!(ciphers, CIPHERS[..1]);
}

#[test]
fn a_client_that_waits_for_the_gate_to_offer_first_is_offered_the_macs_of_its_age() {
    let house = House::start();
    let (_peer, offer) = Raw::greeted(house.gate.ssh_port());
    let [kex, keys, ciphers, macs] = algorithms(&offer);
    assert_eq!(
        (&kex[..], &keys[..], &ciphers[..]),
        (&owned(KEX)[..], &owned(&["ssh-ed25519"])[..], &owned(CIPHERS)[..])
    );
    assert_eq!(macs, [MACS, OLDER_MACS].concat());
}

#[test]
fn a_client_that_lacks_something_is_offered_the_older_kinds_of_that_and_of_nothing_else() {
    let house = House::start();
    let port = house.gate.ssh_port();
    let etm = "hmac-sha2-256-etm@openssh.com";
    let plain =
        algorithms(&Raw::offered(port, ["curve25519-sha256", "ssh-ed25519", "aes256-ctr", "hmac-sha2-256"]));
    assert_eq!(
        plain,
        [owned(KEX), owned(&["ssh-ed25519"]), owned(CIPHERS), owned(&[MACS, OLDER_MACS].concat())]
    );
    let fips =
        algorithms(&Raw::offered(port, ["ecdh-sha2-nistp256", "ecdsa-sha2-nistp256", "aes256-ctr", etm]));
    let both = owned(&["ssh-ed25519", "ecdsa-sha2-nistp256"]);
    assert_eq!(fips, [owned(&[KEX, OLDER_KEX].concat()), both, owned(CIPHERS), owned(MACS)]);
    let none = algorithms(&Raw::offered(
        port,
        ["diffie-hellman-group14-sha256", "ssh-ed25519", "aes256-gcm@openssh.com", etm],
    ));
    let every = owned(&[KEX, OLDER_KEX, NUMBERS].concat());
    assert_eq!(none, [every, owned(&["ssh-ed25519"]), owned(&CIPHERS[..1]), owned(MACS)]);
    let short = algorithms(&Raw::offered(port, ["curve25519-sha256", "ssh-ed25519", "aes128-ctr", etm]));
    assert_eq!(
        short,
        [owned(KEX), owned(&["ssh-ed25519"]), owned(&[CIPHERS, OLDER_CIPHERS].concat()), owned(MACS)]
    );
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn only_post_quantum_exchange_is_offered_where_that_is_configured() {
    let house = House::furnish().with("CHAPERONE_GATE__POST_QUANTUM_ONLY", "true").start();
    let (_peer, offer) = Raw::greeted(house.gate.ssh_port());
    let real: Vec<String> =
        lists(&offer).swap_remove(0).into_iter().filter(|name| !PSEUDO.contains(&name.as_str())).collect();
    assert_eq!(real, ["mlkem768x25519-sha256"]);
    assert_eq!(audited(&house), Vec::<String>::new());
}

#[test]
fn a_stock_client_that_has_aes_gcm_speaks_it_and_one_that_has_not_is_served_too() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    // Its own order has two slower ones first.
    let ran = dana.clone().option("LogLevel=DEBUG1").runs("true").succeeded();
    assert_eq!(ran.err.matches("cipher: aes256-gcm@openssh.com").count(), 2, "both ways: {}", ran.err);
    for cipher in ["aes256-ctr", "chacha20-poly1305@openssh.com"] {
        dana.clone().with(&["-c", cipher]).runs("true").succeeded();
    }
}

#[test]
fn an_auditors_tool_finds_nothing_to_warn_about_but_clients_that_are_not_post_quantum_yet() {
    let house = House::start();
    let mut warnings = audited(&house);
    warnings.retain(|warning| !warning.ends_with(NOT_YET));
    assert_eq!(warnings, Vec::<String>::new());
}

/// What ssh-audit fails or warns about. One before 3.3, such as Debian's, does not know the two newest names.
fn audited(house: &House) -> Vec<String> {
    const NEWEST: [&str; 2] = ["mlkem768x25519-sha256", "kex-strict-s-v00@openssh.com"];
    let port = house.gate.ssh_port().to_string();
    let mut command = Command::new(program("ssh-audit", "ssh-audit"));
    let said = Process::run("ssh-audit", WITHIN, command.args(["-b", "-n", "-p", &port, "127.0.0.1"])).text();
    for looked_at in
        ["(kex) mlkem768x25519-sha256", "(key) ssh-ed25519", "(enc) aes256-gcm", "(mac) hmac-sha2-"]
    {
        assert!(said.contains(looked_at), "{looked_at}: {said}");
    }
    assert!(!said.contains("(cve)"), "{said}");
    let unknown = |line: &str| {
        line.ends_with("[warn] unknown algorithm") && NEWEST.iter().any(|name| line.contains(name))
    };
    let warns = |line: &&str| ["[warn]", "[fail]"].iter().any(|level| line.contains(level)) && !unknown(line);
    said.lines().map(str::trim).filter(warns).map(str::to_owned).collect()
}
