//! Which certificates a server takes, and which it makes for itself.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::sample::Authority;

fn now() -> Timestamp {
    "2026-11-25T22:00:00Z".parse().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_self_signed_certificate_is_made_once_and_kept_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("tls");
    let made = ServerTls::self_signed(&names(&["gate.example", "127.0.0.1", "::1"]), &dir, now()).unwrap();
    assert!(made.carries("gate.example") && made.carries("127.0.0.1") && made.carries("::1"));
    assert!(!made.carries("other.example") && !made.carries("not a name"));
    assert_eq!((mode(&dir), mode(&dir.join("key.pem"))), (0o700, 0o600));
    assert!(ServerTls::self_signed_certificate(&dir).is_file());

    let again = ServerTls::self_signed(&names(&["other.example"]), &dir, now()).unwrap();
    assert_eq!(again.fingerprint(), made.fingerprint(), "people have pinned it");
}

#[test]
fn a_key_without_its_certificate_is_replaced_by_both() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key.pem"), "cut off").unwrap();
    fs::write(folder.path().join("certificate.new"), "cut off").unwrap();
    assert!(ServerTls::self_signed(&names(&["gate.example"]), folder.path(), now()).is_ok());
    assert_eq!(mode(&folder.path().join("key.pem")), 0o600);
}

#[test]
fn names_that_no_certificate_can_carry_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    for wrong in [&[][..], &["gate example"], &["", "x:443"]] {
        let made = ServerTls::self_signed(&names(wrong), folder.path(), now());
        assert!(matches!(made, Err(ServerTlsError::NoName(_))), "{wrong:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
    let made = ServerTls::self_signed(&names(&["", "gate.example"]), folder.path(), now()).unwrap();
    assert!(made.carries("gate.example"));
}

#[test]
fn a_fingerprint_is_what_browsers_show() {
    let folder = tempfile::tempdir().unwrap();
    let tls = Authority::new("hospital").issue(&["gate.example"]).serve_from(folder.path());
    let shown = tls.fingerprint();
    assert_eq!((shown.len(), shown.split(':').count()), (95, 32));
    assert!(shown.chars().all(|c| c == ':' || c.is_ascii_digit() || c.is_ascii_uppercase()));
}

#[test]
fn files_that_are_missing_empty_or_of_different_keys_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let authority = Authority::new("hospital");
    let (chain, _) = authority.issue(&["gate.example"]).pem();
    let (_, foreign) = authority.issue(&["gate.example"]).pem();
    fs::write(at("certificate.pem"), chain).unwrap();
    fs::write(at("foreign.pem"), foreign).unwrap();
    fs::write(at("empty.pem"), "").unwrap();

    let fault = |certificate: &str, key: &str| ServerTls::from_files(&at(certificate), &at(key)).unwrap_err();
    assert!(
        matches!(fault("none.pem", "foreign.pem"), ServerTlsError::Read(path, _) if path == at("none.pem"))
    );
    let empty = fault("certificate.pem", "empty.pem");
    assert!(
        matches!(empty, ServerTlsError::Content { path, fault: PemFault::NoKey } if path == at("empty.pem"))
    );
    let empty = fault("empty.pem", "foreign.pem");
    assert!(
        matches!(empty, ServerTlsError::Content { path, fault: PemFault::NoCertificate } if path == at("empty.pem"))
    );
    assert!(matches!(fault("certificate.pem", "foreign.pem"), ServerTlsError::Pair { .. }));
}

#[test]
fn what_is_renewed_is_shown_by_every_clone_from_then_on() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let authority = Authority::new("hospital");
    let served = authority.issue(&["gate.example"]).serve_from(old.path());
    let (clone, config) = (served.clone(), served.config());
    let next = authority.issue(&["gate.example", "gate2.example"]).serve_from(new.path());
    assert_ne!(clone.fingerprint(), next.fingerprint());
    served.shows(&next);
    assert_eq!((clone.fingerprint(), clone.carries("gate2.example")), (next.fingerprint(), true));
    assert!(Arc::ptr_eq(&config, &served.config()), "listeners keep what they have");
}

#[test]
fn the_gates_authority_signs_what_its_doors_show() {
    let made = crate::Authority::make(crate::AuthorityRole::Gate, now()).unwrap();
    let authority = crate::Authority::open(&made.key, &made.pem).unwrap();
    let own = authority.door_certificate("gate.example", now()).unwrap();
    assert!(own.carries("gate.example") && own.carries("console-01.web.gate.example"));
    assert_eq!(own.ends(), Some(now() + crate::SERVER_LIFE - jiff::SignedDuration::from_secs(1)));
}
