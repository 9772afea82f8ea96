use super::*;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

#[test]
fn an_authority_opens_as_it_was_made_and_with_no_other_key() {
    let made = Authority::make(AuthorityRole::Gate, now()).unwrap();
    let other = Authority::make(AuthorityRole::Gate, now()).unwrap();
    let opened = Authority::open(&made.key, &made.pem).unwrap();
    assert_eq!(opened.certificate(), &Authority::certificate_of(&made.pem).unwrap());
    assert_eq!(opened.ends(), now() + VALID - SignedDuration::from_secs(1));
    assert!(matches!(Authority::open(&other.key, &made.pem), Err(AuthorityError::Certificate)));
    assert!(matches!(Authority::open(b"no key", &made.pem), Err(AuthorityError::Key)));
    assert!(matches!(Authority::open(&made.key, "no certificate"), Err(AuthorityError::Pem(_))));
}

#[test]
fn two_authorities_have_two_names_and_neither_may_make_another() {
    let named = |role| {
        let made = Authority::make(role, now()).unwrap();
        let certificate = Authority::certificate_of(&made.pem).unwrap();
        let (_, read) = X509Certificate::from_der(&certificate).unwrap();
        let constraints = read.basic_constraints().unwrap().unwrap();
        assert!(constraints.critical && constraints.value.ca);
        assert_eq!(constraints.value.path_len_constraint, Some(0));
        let usage = read.key_usage().unwrap().unwrap().value;
        assert!(usage.key_cert_sign() && !usage.digital_signature());
        read.subject().to_string()
    };
    let names = [AuthorityRole::Gate, AuthorityRole::Gate, AuthorityRole::Local].map(named);
    assert_ne!(names[0], names[1]);
    assert!(
        names[0].starts_with("CN=Chaperone gate CA ") && names[2].starts_with("CN=Chaperone connect CA ")
    );
}

#[test]
fn serials_are_positive_and_differ() {
    let some: std::collections::BTreeSet<Vec<u8>> = (0..100).map(|_| serial().unwrap().to_bytes()).collect();
    assert_eq!(some.len(), 100);
    assert!(some.iter().all(|serial| serial.len() == 16 && (0x40..0x80).contains(&serial[0])));
}
