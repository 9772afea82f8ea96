use chaperone_policy::{PersonId, WindowId};
use jiff::SignedDuration;
use rcgen::KeyPair;
use uuid::Uuid;

use super::*;
use crate::authority::{Authority, AuthorityRole};

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn hours(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

fn authority(role: AuthorityRole) -> Authority {
    let made = Authority::make(role, now()).unwrap();
    Authority::open(&made.key, &made.pem).unwrap()
}

fn key() -> PublicKey {
    PublicKey::from_pem(&KeyPair::generate().unwrap().public_key_pem()).unwrap()
}

fn holder(login: &str, person: u128, window: u128) -> Holder {
    Holder {
        login: login.parse().unwrap(),
        person: PersonId(Uuid::from_u128(person)),
        window: WindowId(Uuid::from_u128(window)),
    }
}

fn dana() -> Holder {
    holder("dana", 7, 9)
}

#[test]
fn renewals_have_serials_of_their_own_and_are_of_one_visit() {
    let (gate, key) = (authority(AuthorityRole::Gate), key());
    let trusted = [authority(AuthorityRole::Gate).certificate().clone(), gate.certificate().clone()];
    let first = gate.for_technician(&dana(), &key, None, hours(1), now()).unwrap();
    let mut serials = vec![first.serial.clone()];
    let mut last = first.pem;
    for later in [0, 1, 5] {
        // One that is over, too.
        let renewal = Renewal::of(&last, &dana(), &key, &trusted, hours(later)).unwrap();
        assert_eq!(renewal.visit(), serials[0]);
        let issued =
            gate.for_technician(&dana(), &key, Some(&renewal), hours(later + 1), hours(later)).unwrap();
        assert!(issued.serial.starts_with(&serials[0]) && issued.serial.len() == 40, "{}", issued.serial);
        let der = pem::certificates(issued.pem.as_bytes()).unwrap().remove(0);
        assert_eq!(ClientCertificate::read(&der).unwrap().visit, serials[0]);
        assert!(!serials.contains(&issued.serial));
        serials.push(issued.serial);
        last = issued.pem;
    }
}

#[test]
fn nothing_else_is_renewed() {
    let (gate, key) = (authority(AuthorityRole::Gate), key());
    let trusted = [gate.certificate().clone()];
    let first = gate.for_technician(&dana(), &key, None, hours(1), now()).unwrap();
    let refused = |text: &str, holder: &Holder, key: &PublicKey| {
        Renewal::of(text, holder, key, &trusted, now()).unwrap_err().to_string()
    };
    for (holder, what) in [
        (holder("maya", 8, 9), "person"),
        (holder("maya", 7, 9), "person"),
        (holder("dana", 7, 10), "window"),
    ] {
        let said = refused(&first.pem, &holder, &key);
        assert!(said.starts_with(&format!("it is of another {what},")), "{said}");
    }
    let said = refused(&first.pem, &dana(), &self::key());
    assert!(said.starts_with("it is of another key,"), "{said}");
    let stranger =
        authority(AuthorityRole::Gate).for_technician(&dana(), &key, None, hours(1), now()).unwrap();
    let door = gate.for_the_gate("gate.example", &key, now()).unwrap();
    let not_ours = "it is no technician's certificate that this gate has signed";
    for text in [&stranger.pem, &door.pem, &first.pem.repeat(2), &"x".repeat(MAX_BYTES + 1)] {
        assert_eq!(refused(text, &dana(), &key), not_ours);
    }
    assert!(refused("", &dana(), &key).starts_with("it cannot be read:"));
}
