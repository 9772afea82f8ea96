//! What the gate offers (RFC 4253 §7.1), and what an auditor's tool says of it.

use std::process::Command;

use chaperone_tests::{House, TARGET};
use serde_json::Value;

use crate::raw::{Raw, lists};

/// What no auditor warns about, but for the first word on post-quantum exchange.
const KEX: &[&str] = &["mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org"];
const PSEUDO: &[&str] = &["ext-info-s", "kex-strict-s-v00@openssh.com"];
const CIPHERS: &[&str] = &["aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"];
const MACS: &[&str] = &["hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com"];
/// What is said of every exchange that stock clients of 2023 have.
const NOT_YET: &str = "does not provide protection against post-quantum attacks";

#[test]
fn the_post_quantum_exchange_is_first_the_strict_one_is_offered_and_nothing_weak_is() {
    let house = House::start();
    let (_peer, offer) = Raw::greeted(house.gate.ssh_port());
    let offered = lists(&offer);
    let [kex, keys, ciphers_in, ciphers_out, macs_in, macs_out, compress_in, compress_out, ..] = &offered[..]
    else {
        panic!("an offer has ten lists")
    };
    let (real, pseudo): (Vec<&str>, Vec<&str>) =
        kex.iter().map(String::as_str).partition(|name| !PSEUDO.contains(name));
    assert_eq!(real, KEX);
    assert_eq!(pseudo.len(), PSEUDO.len(), "{pseudo:?}");
    assert_eq!(keys, &["ssh-ed25519"]);
    for ciphers in [ciphers_in, ciphers_out] {
        assert_eq!(ciphers, CIPHERS);
    }
    for macs in [macs_in, macs_out] {
        assert_eq!(macs, MACS);
    }
    for compressions in [compress_in, compress_out] {
        assert_eq!(compressions, &["none"]);
    }
}

#[test]
fn only_post_quantum_exchange_is_offered_where_that_is_configured() {
    let house = House::furnish().with("CHAPERONE_GATE__POST_QUANTUM_ONLY", "true").start();
    let (_peer, offer) = Raw::greeted(house.gate.ssh_port());
    let real: Vec<String> =
        lists(&offer).swap_remove(0).into_iter().filter(|name| !PSEUDO.contains(&name.as_str())).collect();
    assert_eq!(real, ["mlkem768x25519-sha256"]);
    if let Some(warnings) = audited(&house) {
        assert_eq!(warnings, Vec::<String>::new());
    }
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
    let Some(mut warnings) = audited(&house) else { return };
    warnings.retain(|warning| !warning.ends_with(NOT_YET));
    assert_eq!(warnings, Vec::<String>::new());
}

/// What ssh-audit (3.3 or newer: it must know ML-KEM) fails or warns about; `None` where it is not installed.
fn audited(house: &House) -> Option<Vec<String>> {
    let port = house.gate.ssh_port().to_string();
    let said = Command::new("ssh-audit").args(["-j", "-p", &port, "127.0.0.1"]).output().ok()?;
    let found: Value = serde_json::from_slice(&said.stdout).expect("ssh-audit reports in JSON");
    let mut warnings = Vec::new();
    for group in ["kex", "key", "enc", "mac"] {
        for one in found[group].as_array().expect("every group is looked at") {
            for level in ["fail", "warn"] {
                for note in one["notes"][level].as_array().into_iter().flatten() {
                    let (name, note) =
                        (one["algorithm"].as_str().unwrap_or("?"), note.as_str().unwrap_or("?"));
                    warnings.push(format!("{name}: {note}"));
                }
            }
        }
    }
    let known = found["cves"].as_array().map_or(0, Vec::len);
    assert_eq!(known, 0, "{found:#}");
    Some(warnings)
}
