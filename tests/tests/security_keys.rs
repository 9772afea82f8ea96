//! Security keys (FIDO) at the SSH door, with the stock client: enrolled and used like any key, and worth nothing unless
//! somebody touched them.

use chaperone_tests::{Furnishing, House, SecurityKey, Ssh, TARGET, TOUCHED, VERIFIED, on_both_databases};

on_both_databases!(a_security_key_signs_in_when_it_is_touched_and_only_then);

fn enrols(house: &House, key: &SecurityKey, more: &[&str]) {
    let mut words = vec!["person", "add-key", "dana", "--ssh-key", key.public().to_str().unwrap()];
    words.extend(more);
    house.admin().does(&words);
}

fn with(house: &House, key: &SecurityKey) -> Ssh {
    house.technician("dana").ssh(TARGET).with_agent(key.socket())
}

/// Why the newest proof failed, as the SOC reads it.
fn why(house: &House) -> String {
    let facts = house.facts_of("attempt-failed");
    let newest = facts.last().expect("a failed proof is a fact");
    assert_eq!(newest.reason(), Some("credential"));
    newest.body["why"].as_str().unwrap_or_default().to_owned()
}

fn a_security_key_signs_in_when_it_is_touched_and_only_then(furnishing: Furnishing) {
    let house = furnishing.without_soc().start();
    house.open_window("dana", "exec", "+10m");
    let keys =
        [SecurityKey::ed25519(house.folder(), "sk-ed25519"), SecurityKey::p256(house.folder(), "sk-p256")];
    for key in &keys {
        let stranger = with(&house, key).runs("echo hello");
        assert_eq!(stranger.status, Some(255), "it is not enrolled: {}", stranger.text());
        enrols(&house, key, &[]);
        let ran = with(&house, key).runs("echo hello");
        assert_eq!((ran.status, ran.out.as_slice()), (Some(0), &b"hello\n"[..]), "{}", ran.text());
        // The same key, the same signature in every other respect, with nobody there.
        for flags in [0, VERIFIED, 0xfe] {
            key.says(flags);
            let before = house.facts_of("attempt-failed").len();
            let ran = with(&house, key).runs("echo hello");
            assert_eq!(ran.status, Some(255), "flags {flags:#x} let somebody in: {}", ran.text());
            assert!(ran.err.contains("Permission denied"), "as any failed proof: {}", ran.err);
            assert_eq!(house.facts_of("attempt-failed").len(), before + 1, "one fact");
            assert_eq!(why(&house), "the security key was not touched");
        }
        key.says(TOUCHED | 0x80);
        assert_eq!(with(&house, key).runs("true").status, Some(0), "bits that say nothing of presence");
    }
    assert_eq!(house.sessions().len(), 4, "a visit for each touch");
}

#[test]
fn a_key_that_was_enrolled_so_must_verify_who_touches_it() {
    let house = House::furnish().without_soc().start();
    house.open_window("dana", "exec", "+10m");
    let key = SecurityKey::ed25519(house.folder(), "sk");
    enrols(&house, &key, &["--verify-required"]);
    let shown = house.admin().does(&["person", "show", "dana"]);
    assert_eq!(shown["keys"][1]["verify_required"], true, "{shown:#}");
    assert_eq!(with(&house, &key).runs("true").status, Some(255), "touched by somebody");
    assert_eq!(why(&house), "the security key did not verify who touched it");
    key.says(VERIFIED);
    assert_eq!(with(&house, &key).runs("true").status, Some(255), "verified, and not touched");
    assert_eq!(why(&house), "the security key was not touched");
    key.says(TOUCHED | VERIFIED);
    assert_eq!(with(&house, &key).runs("true").status, Some(0));
    let soft = house.admin().tries(&[
        "person",
        "add-key",
        "viktor",
        "--verify-required",
        "--ssh-key",
        house.target.host_key().public.to_str().unwrap(),
    ]);
    assert_eq!(soft.status, Some(1), "a key in a file verifies nobody: {soft:?}");
}
