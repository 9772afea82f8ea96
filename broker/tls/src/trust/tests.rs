//! What is declared of a target is checked when it is declared; what it shows is checked at each connection.

use proptest::prelude::*;

use super::*;
use crate::sample::Authority;

fn now() -> Timestamp {
    Timestamp::now()
}

#[test]
fn anchors_and_names_are_checked_when_they_are_declared() {
    let authority = Authority::new("hospital");
    let pem = authority.pem();
    for name in ["console.example", "10.0.0.7", "2001:db8::7"] {
        let trust = TargetTrust::parse(&format!("{pem}{pem}"), name).unwrap();
        assert_eq!(format!("{trust:?}"), format!("TargetTrust({name}, 2 anchors, 0 pins)"));
    }
    for name in ["", "*.example", "console example", "https://console.example", "console.example:443"] {
        assert!(matches!(TargetTrust::parse(&pem, name), Err(TrustError::Name(_))), "{name:?}");
    }
    let fault = |text: &str| TargetTrust::parse(text, "console.example").unwrap_err();
    assert!(matches!(fault("hello"), TrustError::Pem(PemFault::NoCertificate)));
    assert!(matches!(fault(""), TrustError::Nothing));
    let (chain, key) = authority.issue(&["console.example"]).pem();
    assert!(matches!(fault(&format!("{key}{chain}")), TrustError::Pem(PemFault::PrivateKey)));
    let hollow = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(fault(&format!("{pem}{hollow}")), TrustError::Anchor(2, _)));
}

#[test]
fn what_is_over_is_refused_with_its_number_and_whose_it_is() {
    let authority = Authority::new("hospital");
    let (old, _) = authority.issue_expired(&["console.example"]).pem();
    let both = format!("{}{old}", authority.pem());
    let declared = Declared { trust_pem: &both, server_name: "console.example", ..Declared::default() };
    assert!(TargetTrust::of(&declared).is_ok(), "what was declared before goes on to be read");
    let error = TargetTrust::check(&declared, now()).unwrap_err();
    assert_eq!(error.part(), Part::Trust);
    let text = error.to_string();
    assert!(
        text.starts_with("certificate number 2 (") && text.contains("is over since 2021-01-01"),
        "{text}"
    );
}

#[test]
fn the_gates_own_certificate_goes_with_its_key_and_comes_first() {
    let authority = Authority::new("hospital");
    let (chain, key) = authority.issue(&["gate"]).pem();
    let (other, foreign) = authority.issue(&["gate"]).pem();
    let fault = |chain: &str, key: &str| {
        let client = Some((chain, key));
        let trust_pem = authority.pem();
        let declared =
            Declared { trust_pem: &trust_pem, server_name: "console.example", client, ..Declared::default() };
        TargetTrust::check(&declared, now()).err()
    };
    assert!(fault(&chain, &key).is_none());
    assert!(fault(&format!("{chain}{}", authority.pem()), &key).is_none());
    assert!(matches!(fault(&chain, &foreign), Some(TrustError::ClientPair(_))));
    assert!(matches!(fault(&format!("{other}{chain}"), &key), Some(TrustError::ClientOrder(2))));
    assert!(matches!(fault(&chain, "hello"), Some(TrustError::ClientKey(PemFault::NoKey))));
    assert!(matches!(fault(&key, &key), Some(TrustError::Client(PemFault::PrivateKey))));
    let (old, key) = authority.issue_expired(&["gate"]).pem();
    let error = fault(&old, &key).unwrap();
    assert!(matches!(&error, TrustError::Time { of: Part::Client, number: 1, .. }), "{error:?}");
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,300}", name in ".{0,300}", key in ".{0,300}") {
        drop(TargetTrust::parse(&text, &name));
        let client = Some((text.as_str(), key.as_str()));
        drop(TargetTrust::check(&Declared { trust_pem: &text, server_name: "x", client, pins: &[] }, now()));
    }
}
