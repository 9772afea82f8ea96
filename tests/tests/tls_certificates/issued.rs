//! What a technician gets: a certificate that says who and in which window, dies with it, and passes for nothing else.

use std::path::Path;

use chaperone_tests::{Browser, Enrolled, Furnishing, TARGET, on_both_databases, soon};
use serde_json::{Value, json};

use crate::world::{
    CONSOLE, DOMAIN, Key, add_console, connects, connects_with, furnish, kept, openssl, tries_openssl,
};

/// Whether OpenSSL takes a certificate for this purpose at this second.
fn verifies(authority: &Path, certificate: &Path, purpose: &str, at: i64) -> bool {
    let at = at.to_string();
    let words = ["verify", "-x509_strict", "-CAfile", authority.to_str().unwrap(), "-purpose", purpose];
    tries_openssl(&[&words[..], &["-attime", &at, certificate.to_str().unwrap()]].concat()).0
}

fn a_certificate_says_who_and_in_which_window_and_dies_with_it(furnishing: Furnishing) {
    let house = furnishing.with("CHAPERONE_GATE__TLS", "127.0.0.1:0").start();
    add_console(&house);
    let window = house.open_window_on(CONSOLE, "dana", "tls", "+30m");
    let folder = house.folder();
    let (key, own) = (Key::p256(folder, "dana"), Key::p256(folder, "local"));
    let body = json!({ "to": window, "public_key_pem": key.public_pem(), "local_key_pem": own.public_pem() });
    let answer = connects_with(&house, &house.gate.token("dana"), &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let said = answer.json();
    let closes = house.closes(&window);
    let until: jiff::Timestamp = said["until"].as_str().unwrap().parse().unwrap();
    assert_eq!((said["window"].as_str(), until), (Some(window.as_str()), closes));

    let authority = kept(folder, "authority.pem", &said["authority_pem"]);
    let certificate = kept(folder, "dana.pem", &said["certificate_pem"]);
    let last = closes.as_second() - 1;
    assert!(verifies(&authority, &certificate, "sslclient", last));
    assert!(!verifies(&authority, &certificate, "sslclient", last + 1), "it dies with the window");
    assert!(!verifies(&authority, &certificate, "sslserver", last), "it passes for no server");
    let text = openssl(&["x509", "-in", certificate.to_str().unwrap(), "-noout", "-text"]);
    let person = house.priya().does(&["person", "show", "dana"]);
    for expected in [
        "Subject: CN = dana".to_owned(),
        "TLS Web Client Authentication".to_owned(),
        format!("URI:urn:uuid:{}", person["id"].as_str().unwrap()),
        format!("URI:urn:chaperone:window:{window}"),
        "CA:FALSE".to_owned(),
    ] {
        assert!(text.contains(&expected), "{expected} is not in {text}");
    }
    let public = openssl(&["x509", "-in", certificate.to_str().unwrap(), "-noout", "-pubkey"]);
    assert_eq!(public, key.public_pem(), "it is for the key that was given");

    // What her machine serves to itself is vouched for by an authority that vouches for nothing else.
    let local_authority = kept(folder, "local-authority.pem", &said["local_authority_pem"]);
    let local = kept(folder, "local.pem", &said["local_certificate_pem"]);
    assert!(verifies(&local_authority, &local, "sslserver", last));
    assert!(!verifies(&local_authority, &local, "sslserver", last + 1));
    assert!(!verifies(&local_authority, &local, "sslclient", last));
    assert!(
        !verifies(&authority, &local, "sslserver", last)
            && !verifies(&local_authority, &certificate, "sslclient", last)
    );
    let names = openssl(&["x509", "-in", local.to_str().unwrap(), "-noout", "-ext", "subjectAltName"]);
    for name in [
        CONSOLE,
        "console.pumps.example",
        "DNS:localhost",
        "IP Address:127.0.0.1",
        "IP Address:0:0:0:0:0:0:0:1",
    ] {
        assert!(names.contains(name), "{name} is not in {names}");
    }

    // The authority is what `init` printed, and what everybody may have.
    let ca = &house.gate.installed["keys"]["tls_ca"];
    assert_eq!(ca["pem"], said["authority_pem"]);
    let printed = openssl(&["x509", "-in", authority.to_str().unwrap(), "-noout", "-fingerprint", "-sha256"]);
    assert!(printed.contains(ca["fingerprint"].as_str().unwrap()), "{printed}");

    let fact = house.fact("certificate-issued");
    let serial = openssl(&["x509", "-in", certificate.to_str().unwrap(), "-noout", "-serial"]);
    let named = fact.body["serial"].as_str().unwrap().to_uppercase();
    assert_eq!(
        (serial.trim(), &fact.person),
        (format!("serial={named}").as_str(), &person["id"].as_str().map(str::to_owned))
    );
    assert_eq!(fact.body["targets"], json!([CONSOLE]));
}

on_both_databases!(a_certificate_says_who_and_in_which_window_and_dies_with_it);

#[test]
fn the_answer_says_where_everything_is() {
    let house = furnish().start();
    add_console(&house);
    let (priya, dana) = (house.priya(), house.gate.token("dana"));
    priya.does(&[
        "target",
        "add",
        "historian",
        "--tcp",
        "db=10.1.2.3:5432",
        "--tcp-opaque",
        "rdp=10.1.2.3:3389",
    ]);
    house.open_window_on(CONSOLE, "dana", "tls", "+30m");
    house.open_window_on("historian", "dana", "forward", "+30m");
    let key = Key::p256(house.folder(), "dana");
    let said = connects(&house, &dana, CONSOLE, &key).json();
    assert_eq!((said["domain"].as_str(), said["local_certificate_pem"].is_null()), (Some(DOMAIN), true));
    assert_eq!(
        said["targets"],
        json!([{ "name": CONSOLE, "endpoints": [{
        "label": CONSOLE, "kind": "http", "host": "127.0.0.1", "port": 9, "server_name": "console.pumps.example",
        "access": "tls", "recorded": "plain",
    }] }])
    );
    // What the window does not grant is not said.
    let said = connects(&house, &dana, "historian", &key).json();
    assert_eq!(
        said["targets"],
        json!([{ "name": "historian", "endpoints": [{
        "label": "db--historian", "kind": "tcp", "host": "10.1.2.3", "port": 5432, "server_name": null,
        "access": "forward", "recorded": "bytes",
    }] }])
    );
}

#[test]
fn a_longer_window_gives_a_longer_certificate_and_none_lives_longer_than_a_day() {
    let house = furnish().start();
    add_console(&house);
    let window = house.open_window_on(CONSOLE, "dana", "tls", "+30m");
    let (dana, key) = (house.gate.token("dana"), Key::p256(house.folder(), "dana"));
    let until = |said: Value| said["until"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(until(connects(&house, &dana, &window, &key).json()), house.closes(&window));
    house.priya().does(&["window", "extend", &window, "--closes", "+3h", "--reason", "more to do"]);
    assert_eq!(until(connects(&house, &dana, &window, &key).json()), house.closes(&window));
    house.priya().does(&["window", "extend", &window, "--closes", "+30h", "--reason", "much more to do"]);
    let day = until(connects(&house, &dana, &window, &key).json());
    let left = day.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((86_400 - 60..=86_400).contains(&left), "{left}");
    house.priya().does(&["window", "revoke", &window, "--reason", "recall"]);
    assert_eq!(connects(&house, &dana, &window, &key).status, 403);
    assert_eq!(house.refusal("attempt-refused", "revoked").body["protocol"], "tls");
}

#[test]
fn whoever_may_not_come_gets_none_and_hears_what_the_door_would_say() {
    let house = furnish().start();
    add_console(&house);
    let (dana, viktor) = (house.gate.token("dana"), house.gate.token("viktor"));
    let key = Key::p256(house.folder(), "key");
    let refused = |token: &str, to: &str| {
        let answer = connects(&house, token, to, &key);
        assert_eq!(answer.status, 403, "{}", answer.body);
        let said = answer.json();
        (said["what"].as_str().unwrap().to_owned(), said["next"].as_str().unwrap().to_owned())
    };
    // Nobody learns whether there is such a server, or such a window.
    let (none, next) = refused(&dana, CONSOLE);
    assert!(none.contains("Outside your change window") && next.contains("Reference "), "{none} {next}");
    assert_eq!(refused(&dana, "no-such-console").0, none);
    let window = house.open_window_on(CONSOLE, "viktor", "tls", "+30m");
    assert_eq!(refused(&dana, &window).0, none);
    assert_eq!(refused(&dana, "00000000-0000-7000-8000-000000000000").0, none);
    let other = house.refusal("attempt-refused", "other-person");
    assert_eq!((&other.body["target"], &other.body["protocol"]), (&json!(CONSOLE), &json!("tls")));
    // Each is an alert.
    soon("an alert", || (!house.alerts_because("other-person").is_empty()).then_some(()));
    assert!(!house.alerts_because("no-window").is_empty());

    assert_eq!(connects(&house, &viktor, &window, &key).status, 200);
    let early = house.request("dana", "shell", "+2h", "+3h", &[]);
    house.approve(&early);
    assert!(refused(&dana, &early).0.contains("it opens"));
    house.open_window("dana", "shell", "+30m");
    assert!(refused(&dana, TARGET).0.contains("does not allow this access"));
    house.sam().does(&["person", "lock", "viktor", "--reason", "credential theft"]);
    assert!(refused(&viktor, &window).0.contains("Your access is locked"));
    assert_eq!(house.refusal("attempt-refused", "locked").body["target"], CONSOLE);
    soon("an alert", || (!house.alerts_because("locked").is_empty()).then_some(()));
    // Who is no technician at all has nothing to ask here.
    assert_eq!(connects(&house, &house.gate.token("audrey"), &window, &key).status, 403);
    assert_eq!(house.facts_of("certificate-issued").len(), 1);
}

#[test]
fn a_token_of_the_host_proves_no_second_factor() {
    let house = furnish().with("CHAPERONE_SECURITY__HOST_TOKENS", "true").start();
    add_console(&house);
    house.open_window_on(CONSOLE, "dana", "tls", "+30m");
    let link = house.admin().does(&["person", "enrol", "dana"]);
    let dana = Enrolled::by_link(house.gate.web_port(), link["link"].as_str().unwrap());
    let mut house = house;
    house.gate.stop();
    house.gate.is_told("CHAPERONE_SECURITY__HOST_TOKENS", "false");
    house.gate.rise();
    let key = Key::p256(house.folder(), "dana");
    let answer = connects(&house, &house.gate.token("dana"), CONSOLE, &key);
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(answer.json()["next"].as_str().unwrap().contains("chaperone login"), "{}", answer.body);
    assert_eq!(house.refusal("attempt-refused", "second-factor").body["target"], CONSOLE);
    assert!(house.facts_of("certificate-issued").is_empty());
    let browser =
        Browser::signs_in(house.gate.web_port(), "dana", &dana.password, &dana.app.code(0)).unwrap();
    let body = json!({ "to": CONSOLE, "public_key_pem": key.public_pem() });
    let answer = browser.posts("/api/connect", &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(house.fact("certificate-issued").body["proof"]["method"], "password+totp");
}

#[test]
fn strong_keys_are_certified_and_others_named() {
    let house = furnish().start();
    add_console(&house);
    house.open_window_on(CONSOLE, "dana", "tls", "+30m");
    let (dana, folder) = (house.gate.token("dana"), house.folder());
    for (name, kind) in [
        ("p384", &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"][..]),
        ("ed25519", &["ED25519"]),
        ("rsa", &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
    ] {
        let key = Key::make(folder, name, kind);
        let said = connects(&house, &dana, CONSOLE, &key).json();
        let certificate = kept(folder, "some.pem", &said["certificate_pem"]);
        let public = openssl(&["x509", "-in", certificate.to_str().unwrap(), "-noout", "-pubkey"]);
        assert_eq!(public, key.public_pem(), "{name}");
    }
    let weak = Key::make(folder, "weak", &["RSA", "-pkeyopt", "rsa_keygen_bits:1024"]);
    for (pem, says) in [
        (weak.public_pem(), "of no kind that is certified"),
        ("hello".to_owned(), "no public key"),
        (format!("{0}{0}", weak.public_pem()), "more than one"),
    ] {
        let answer = connects_with(&house, &dana, &json!({ "to": CONSOLE, "public_key_pem": pem }));
        let what = answer.json()["what"].as_str().unwrap().to_owned();
        assert!(
            answer.status == 400 && what.starts_with("public_key_pem: ") && what.contains(says),
            "{what}"
        );
    }
    let fine = Key::p256(folder, "fine").public_pem();
    let body = json!({ "to": CONSOLE, "public_key_pem": fine, "local_key_pem": weak.public_pem() });
    let answer = connects_with(&house, &dana, &body);
    assert!(answer.status == 400 && answer.body.contains("local_key_pem: "), "{}", answer.body);
}
