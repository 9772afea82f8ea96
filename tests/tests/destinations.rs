//! Alerts by syslog over TLS to a real rsyslogd, and by mail to a real mail server: to whom they should, and to nobody else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chaperone_tests::{
    Authority, House, Issued, KeyPair, Letter, MailServer, Message, Syslog, TARGET, TlsDriver,
};

const DRIVERS: [TlsDriver; 2] = [TlsDriver::GnuTls, TlsDriver::OpenSsl];

/// A house whose destinations a scenario adds itself, and the hospital's own authority.
fn house() -> (House, Authority) {
    let house = House::furnish().without_soc().start();
    let hospital = Authority::new(house.folder(), "hospital");
    (house, hospital)
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Adds a collector, trusted through `ca`, that is shown a certificate.
fn connect(house: &House, name: &str, url: &str, ca: &Authority, client: Option<&Issued>) {
    let mut words = vec!["destination", "add", name, "--syslog", url, "--ca", path(ca.certificate())];
    if let Some(client) = client {
        words.extend(["--client-cert", path(&client.certificate), "--client-key", path(&client.key)]);
    }
    house.admin().does(&words);
}

fn refuse_dana(house: &House) {
    house.technician("dana").ssh(TARGET).runs("id").refused();
}

/// What a destination says of itself.
fn shown(house: &House, name: &str) -> serde_json::Value {
    let all = house.admin().lists(&["destination", "list"]);
    all.into_iter().find(|destination| destination["name"] == name).unwrap()
}

/// A test through the destination fails, says why, and waits.
#[track_caller]
fn fails(house: &House, name: &str, words: &str) {
    let said = house.admin().tries(&["destination", "test", name]);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.err.contains(words), "{name}: {}", said.err);
    let shown = shown(house, name);
    assert!(shown["waiting"].as_u64() >= Some(1), "nothing counts as delivered: {shown:#}");
}

#[test]
fn a_collector_that_wants_a_certificate_gets_alerts_from_who_has_one() {
    for driver in DRIVERS {
        let (house, hospital) = house();
        let stranger = Authority::new(house.folder(), "stranger");
        let own = hospital.issues("localhost");
        let soc = Syslog::start_tls(&house.folder().join("soc"), driver, &own, &hospital);
        let client = hospital.issues("gate");
        connect(&house, "soc", &soc.url(), &hospital, Some(&client));
        connect(&house, "bare", &soc.url(), &hospital, None);
        connect(&house, "stranger", &soc.url(), &hospital, Some(&stranger.issues("gate")));
        connect(&house, "fooled", &soc.url(), &stranger, Some(&client));
        house.admin().does(&["destination", "test", "soc"]);
        fails(&house, "bare", "client certificate");
        fails(&house, "stranger", "client certificate");
        fails(&house, "fooled", "does not lead to the CA");
        // By another name than its certificate's.
        let elsewhere = soc.url().replace("localhost", "127.0.0.1");
        connect(&house, "misnamed", &elsewhere, &hospital, Some(&client));
        fails(&house, "misnamed", "is for localhost, and not for 127.0.0.1");
        refuse_dana(&house);
        soc.hears(Duration::from_secs(10), "the alert", |message| message.raw.contains("\"dana\""));
        let names: BTreeSet<_> = soc
            .received()
            .into_iter()
            .filter_map(|message| {
                Some(message.raw.split("destination=\"").nth(1)?.split('"').next()?.to_owned())
            })
            .collect();
        assert_eq!(names, BTreeSet::from(["soc".to_owned()]), "{driver:?}: nobody else got through");
    }
}

#[test]
fn a_collector_that_comes_back_gets_the_last_minute_again_in_order_under_the_same_numbers() {
    for driver in DRIVERS {
        let (house, hospital) = house();
        let own = hospital.issues("localhost");
        let mut soc = Syslog::start_tls(&house.folder().join("soc"), driver, &own, &hospital);
        connect(&house, "soc", &soc.url(), &hospital, Some(&hospital.issues("gate")));
        refuse_dana(&house);
        let first =
            soc.hears(Duration::from_secs(10), "the alert", |message| message.raw.contains("\"dana\""));
        soc.fall();
        house.technician("viktor").ssh(TARGET).runs("id").refused();
        let before = soc.received().len();
        soc.rise();
        soc.hears(Duration::from_secs(30), "the second alert", |message| message.raw.contains("\"viktor\""));
        let again: Vec<_> = soc.received().into_iter().skip(before).collect();
        let numbers: Vec<_> = again.iter().filter_map(Message::sequence).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
        let repeat = again.iter().find(|message| message.sequence() == first.sequence());
        let repeat =
            repeat.unwrap_or_else(|| panic!("{driver:?}: the first was not sent again: {numbers:?}"));
        assert_eq!(repeat.event["metadata"]["uid"], first.event["metadata"]["uid"]);
    }
}

#[test]
fn a_certificate_that_is_no_use_is_refused_when_it_is_added() {
    let (house, hospital) = house();
    let (one, other) = (hospital.issues("gate"), hospital.issues("other"));
    let ca = path(hospital.certificate());
    let refused = |words: &[&str], why: &str| {
        let mut all = vec!["destination", "add", "soc", "--syslog"];
        all.extend(words);
        let said = house.admin().tries(&all);
        assert!(said.status != Some(0) && said.err.contains(why), "{words:?}: {said:?}");
    };
    let (certificate, key) = (path(&one.certificate), path(&one.key));
    let pair =
        ["tls://localhost", "--ca", ca, "--client-cert", certificate, "--client-key", path(&other.key)];
    refused(&pair, "do not go together");
    refused(&["tls://localhost", "--ca", key], "private key");
    refused(&["tcp://localhost:514", "--ca", ca], "has no meaning");
    refused(&["tls://localhost:0", "--ca", ca], "tls://HOST:PORT");
    refused(&["tls://localhost", "--ca", ca, "--client-cert", certificate], "--client-key");
    // A key is sealed, and in no file of the gate's as it came.
    connect(&house, "soc", "tls://localhost:1", &hospital, Some(&one));
    let secret = std::fs::read_to_string(&one.key).unwrap().lines().nth(1).unwrap().to_owned();
    let mut files = Vec::new();
    all_files(&house.gate.config().with_file_name(""), &mut files);
    assert!(files.len() > 8, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap_or_default();
        assert!(!chaperone_tests::contains(&bytes, secret.as_bytes()), "{} has the key", file.display());
    }
}

fn all_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => all_files(&path, files),
            path => files.push(path),
        }
    }
}

#[test]
fn alerts_go_by_mail_through_starttls_to_everybody_who_is_named() {
    let (house, hospital) = house();
    let own = hospital.issues("localhost");
    let login = ("gate", "correct horse");
    let mail = MailServer::start(&house.folder().join("mail"), &own, Some(login));
    let password = house.folder().join("password");
    std::fs::write(&password, format!("{}\n", login.1)).unwrap();
    let url = mail.url();
    let ca = path(hospital.certificate());
    let mut words =
        vec!["destination", "add", "desk", "--smtp", &url, "--ca", ca, "--from", "gate@hospital.example"];
    words.extend(["--to", "gone@hospital.example", "--to", "soc@hospital.example"]);
    words.extend(["--user", login.0, "--password-file", path(&password)]);
    house.admin().does(&words);
    house.admin().does(&["destination", "test", "desk"]);
    refuse_dana(&house);
    let is_alert = |letter: &Letter| letter.header("Subject").contains("Dana Reyes");
    let letter = mail.takes(Duration::from_secs(10), "the alert", is_alert);
    assert!(letter.encrypted && letter.login.as_deref() == Some("gate"));
    assert_eq!(letter.to, ["soc@hospital.example"]);
    assert!(letter.header("Subject").starts_with("[HIGH] Off schedule"), "{letter:?}");
    assert_eq!(letter.header("From"), "gate@hospital.example");
    assert!(letter.header("Message-ID").ends_with("@hospital.example>"));
    for words in ["Meridian Infusion", TARGET, "412 pumps", "What to do next:", "1. ", "/soc/alerts/"] {
        assert!(letter.text.contains(words), "no {words:?} in\n{}", letter.text);
    }
    // Who is not trusted gets no password.
    let stranger = Authority::new(house.folder(), "stranger");
    let mut words =
        vec!["destination", "add", "fooled", "--smtp", &url, "--ca", path(stranger.certificate())];
    words.extend(["--from", "gate@hospital.example", "--to", "soc@hospital.example"]);
    house.admin().does(&words);
    fails(&house, "fooled", "does not lead to the CA");
}

#[test]
fn a_reason_full_of_headers_stays_in_its_line() {
    let (house, hospital) = house();
    let mail = MailServer::start(&house.folder().join("mail"), &hospital.issues("localhost"), None);
    let (url, ca) = (mail.url(), path(hospital.certificate()));
    let mut words =
        vec!["destination", "add", "desk", "--smtp", &url, "--ca", ca, "--from", "gate@hospital.example"];
    words.extend(["--to", "soc@hospital.example"]);
    house.admin().does(&words);
    // A name of two lines, which whoever enrols people may give.
    let hostile = "Mallory\nBcc: thief@evil.example\n\n.\nMAIL FROM:<a@b>";
    let key = KeyPair::make(house.folder(), "mallory");
    let mut words = vec!["person", "add", "mallory", "--name", hostile, "--role", "technician"];
    words.extend(["--vendor", "Meridian Infusion", "--ssh-key", path(&key.public)]);
    house.admin().does(&words);
    house.technician("mallory").ssh(TARGET).runs("id").refused();
    let letter = mail
        .takes(Duration::from_secs(10), "about it", |letter| letter.header("Subject").contains("Mallory"));
    assert!(letter.headers.iter().all(|(name, _)| !name.eq_ignore_ascii_case("bcc")), "{letter:?}");
    assert!(letter.text.contains("Bcc: thief@evil.example"), "visible, in its line: {}", letter.text);
    assert!(!letter.text.contains("\nBcc"), "{}", letter.text);
    assert!(mail.taken().iter().all(|letter| letter.to == ["soc@hospital.example"]));
}
