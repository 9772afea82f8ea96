use rcgen::KeyPair;
use rustls::pki_types::UnixTime;
use uuid::Uuid;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::*;
use crate::authority::AuthorityRole;
use crate::pem;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn authority(role: AuthorityRole) -> Authority {
    let made = Authority::make(role, now()).unwrap();
    Authority::open(&made.key, &made.pem).unwrap()
}

fn key() -> PublicKey {
    PublicKey::from_pem(&KeyPair::generate().unwrap().public_key_pem()).unwrap()
}

fn dana() -> Holder {
    Holder {
        login: "dana".parse().unwrap(),
        person: PersonId(Uuid::from_u128(7)),
        window: WindowId(Uuid::from_u128(9)),
    }
}

fn hours(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

/// Names, and whether it is for servers and for clients.
fn read(issued: &Issued) -> (Vec<String>, bool, bool) {
    let der = pem::certificates(issued.pem.as_bytes()).unwrap().remove(0);
    let (_, read) = X509Certificate::from_der(&der).unwrap();
    assert_eq!(hex::encode(read.raw_serial()), issued.serial);
    assert_eq!(read.validity().not_after.timestamp(), issued.until.as_second() - 1);
    assert!(!read.is_ca());
    let usage = read.extended_key_usage().unwrap().unwrap().value;
    assert!(!usage.any);
    let names = read.subject_alternative_name().unwrap().unwrap().value.general_names.iter();
    let names = names.map(|name| match name {
        GeneralName::DNSName(name) | GeneralName::URI(name) => (*name).to_owned(),
        GeneralName::IPAddress(octets) => format!("{octets:?}"),
        other => panic!("{other:?}"),
    });
    (names.collect(), usage.server_auth, usage.client_auth)
}

#[test]
fn a_technicians_certificate_says_who_and_in_which_window_and_dies_with_it() {
    let issued =
        authority(AuthorityRole::Gate).for_technician(&dana(), &key(), None, hours(2), now()).unwrap();
    let (names, server, client) = read(&issued);
    let expected = [
        "urn:uuid:00000000-0000-0000-0000-000000000007",
        "urn:chaperone:window:00000000-0000-0000-0000-000000000009",
    ];
    assert_eq!((names, server, client), (expected.map(str::to_owned).to_vec(), false, true));
    assert_eq!(issued.until, hours(2));
}

#[test]
fn no_certificate_of_a_technician_lives_longer_than_a_day_or_in_a_window_that_is_over() {
    let authority = authority(AuthorityRole::Gate);
    let long = authority.for_technician(&dana(), &key(), None, hours(100), now()).unwrap();
    assert_eq!(long.until, hours(24));
    let over = authority.for_technician(&dana(), &key(), None, now(), now());
    assert!(matches!(over, Err(IssueError::Over)));
}

#[test]
fn a_local_certificate_has_no_name_of_the_gate() {
    let authority = authority(AuthorityRole::Local);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let given = names(&["console-01", "pumps.vendor.example", "localhost", "127.0.0.1", "::1"]);
    let issued = authority.for_local(&given, "gate.example", &key(), hours(1), now()).unwrap();
    let (carried, server, client) = read(&issued);
    assert_eq!((carried.len(), server, client), (5, true, false));
    for wrong in ["gate.example", "GATE.example.", "a.web.gate.example", "x.gate.EXAMPLE"] {
        let refused = authority.for_local(&names(&[wrong]), "gate.example", &key(), hours(1), now());
        assert!(matches!(refused, Err(IssueError::OfTheGate(_))), "{wrong}");
    }
    for wrong in ["", "two words", "a..b", "-", "x\u{0}y"] {
        let refused = authority.for_local(&names(&[wrong]), "gate.example", &key(), hours(1), now());
        assert!(matches!(refused, Err(IssueError::Name(_))), "{wrong:?}");
    }
    assert!(!is_of("othergate.example", "gate.example"));
    // It dies with the window, or within a day: its key is worth nothing then.
    assert_eq!(issued.until, hours(1));
    let long = authority.for_local(&given, "gate.example", &key(), hours(100), now()).unwrap();
    assert_eq!(long.until, hours(24));
}

#[test]
fn none_passes_for_another_before_rustls() {
    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::server::WebPkiClientVerifier;
    use std::sync::Arc;

    let (gate, local) = (authority(AuthorityRole::Gate), authority(AuthorityRole::Local));
    let key_pair = KeyPair::generate().unwrap();
    let doors = gate.for_the_gate("gate.example", &key_pair, now()).unwrap();
    let technician = gate.for_technician(&dana(), &key(), None, hours(2), now()).unwrap();
    let own = local.for_local(&["console-01".to_owned()], "gate.example", &key(), hours(2), now()).unwrap();
    assert_eq!(read(&doors).0, ["gate.example", "*.tls.gate.example", "*.web.gate.example"]);

    let mut roots = RootCertStore::empty();
    roots.add(gate.certificate().clone()).unwrap();
    let roots = Arc::new(roots);
    let servers =
        WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), crate::provider()).build().unwrap();
    let clients = WebPkiClientVerifier::builder_with_provider(roots, crate::provider()).build().unwrap();
    let der = |issued: &Issued| pem::certificates(issued.pem.as_bytes()).unwrap().remove(0);
    let at =
        |at: Timestamp| UnixTime::since_unix_epoch(std::time::Duration::from_secs(at.as_second() as u64));
    let as_server = |issued: &Issued, name: &'static str| {
        let name = ServerName::try_from(name).unwrap();
        servers.verify_server_cert(&der(issued), &[], &name, &[], at(now())).is_ok()
    };
    let as_client = |issued: &Issued, when| clients.verify_client_cert(&der(issued), &[], at(when)).is_ok();

    assert!(as_server(&doors, "gate.example") && as_server(&doors, "console-01.tls.gate.example"));
    assert!(!as_server(&doors, "a.b.tls.gate.example") && !as_client(&doors, now()));
    assert!(as_client(&technician, now()) && !as_client(&technician, hours(2)));
    assert!(!as_server(&technician, "gate.example"));
    assert!(!as_server(&own, "console-01") && !as_client(&own, now()));
}
