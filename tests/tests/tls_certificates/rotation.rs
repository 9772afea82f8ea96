//! Certificates are renewed while the gate serves, and their ends are told in time.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use chaperone_tests::{Authority, Furnishing, House, Issued, Process, free_port, on_both_databases, soon};
use serde_json::json;

use crate::world::{CONSOLE, DOMAIN, furnish, tries_openssl};

/// Which door shows the hospital's certificate: the web's, or the one for servers.
#[derive(Clone, Copy)]
enum Door {
    Web,
    Servers,
}

/// A gate that serves TLS with the hospital's certificate, from files that are written over.
struct Secured {
    house: House,
    authority: Authority,
    chain: PathBuf,
    key: PathBuf,
    port: u16,
    _gate: Process,
}

impl Secured {
    fn start(door: Door) -> Self {
        let house = House::furnish().without_soc().empty();
        let authority = Authority::new(house.folder(), "hospital");
        let (chain, key) = (house.folder().join("chain.pem"), house.folder().join("key.pem"));
        let port = free_port();
        let first = authority.issues_for(DOMAIN, 400);
        put(&first.certificate, &chain);
        put(&first.key, &key);
        let log = fs::File::create(house.gate.log_file()).unwrap();
        let mut command = house.gate.command();
        let config = house.gate.config();
        command.args(["serve", "--config", config.to_str().unwrap()]);
        let (section, listens) = match door {
            Door::Web => ("WEB", "CHAPERONE_WEB__LISTEN"),
            Door::Servers => ("GATE", "CHAPERONE_GATE__TLS"),
        };
        command.env(listens, format!("127.0.0.1:{port}")).env("CHAPERONE_GATE__DOMAIN", DOMAIN);
        command.env(format!("CHAPERONE_{section}__TLS_CERT"), &chain);
        command.env(format!("CHAPERONE_{section}__TLS_KEY"), &key);
        let gate = Process::start("the gate", command.stdout(Stdio::null()).stderr(log));
        let secured = Self { house, authority, chain, key, port, _gate: gate };
        soon("the gate to serve", || shown(secured.port));
        secured
    }

    fn put(&self, issued: &Issued) {
        put(&issued.certificate, &self.chain);
        put(&issued.key, &self.key);
    }

    fn shows(&self, issued: &Issued) {
        let wanted = fingerprint(&issued.certificate);
        soon("the new certificate to be shown", || (shown(self.port)? == wanted).then_some(()));
    }
}

/// Puts a file in place of another, whole.
fn put(from: &Path, to: &Path) {
    let beside = to.with_extension("new");
    fs::copy(from, &beside).unwrap();
    fs::rename(&beside, to).unwrap();
}

/// What OpenSSL is shown at a port, by a name that every door has.
fn shown(port: u16) -> Option<String> {
    let address = format!("127.0.0.1:{port}");
    let done = Command::new("openssl")
        .args(["s_client", "-connect", &address, "-servername", &format!("any.web.{DOMAIN}")])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let from = text.find("-----BEGIN CERTIFICATE-----")?;
    let end = "-----END CERTIFICATE-----";
    let to = text.find(end)? + end.len();
    let file = std::env::temp_dir().join(format!("shown-{}-{port}.pem", std::process::id()));
    fs::write(&file, &text[from..to]).unwrap();
    let print = fingerprint(&file);
    fs::remove_file(file).unwrap();
    Some(print)
}

fn fingerprint(certificate: &Path) -> String {
    let words = ["x509", "-in", certificate.to_str().unwrap(), "-noout", "-fingerprint", "-sha256"];
    let (good, out, err) = tries_openssl(&words);
    assert!(good, "{err}");
    out.trim().rsplit_once('=').unwrap().1.to_owned()
}

/// A connection that stays.
struct Kept(Child);

impl Kept {
    fn open(port: u16) -> Self {
        let address = format!("127.0.0.1:{port}");
        let mut child = Command::new("openssl")
            .args(["s_client", "-quiet", "-connect", &address, "-servername", DOMAIN])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.as_mut().unwrap().write_all(b"GET /healthz HTTP/1.1\r\nhost: gate\r\n\r\n").unwrap();
        let mut kept = Self(child);
        kept.is_answered();
        kept
    }

    fn asks(&mut self) {
        let request = b"GET /healthz HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n\r\n";
        self.0.stdin.as_mut().unwrap().write_all(request).unwrap();
        self.is_answered();
    }

    fn is_answered(&mut self) {
        let mut reader = BufReader::new(self.0.stdout.as_mut().unwrap());
        let mut line = String::new();
        // What is left of an answer before may stand before it.
        while !line.contains("HTTP/1.1 ") {
            line.clear();
            assert!(reader.read_line(&mut line).unwrap() > 0, "the connection is over");
        }
        assert!(line.contains(" 200 "), "{line}");
        // To the end of the head; the body is short and comes with it.
        while !line.trim().is_empty() {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_new_certificate_is_shown_without_a_restart_and_a_bad_one_never() {
    let gate = Secured::start(Door::Web);
    let mut kept = Kept::open(gate.port);
    let next = gate.authority.issues_for(DOMAIN, 500);
    gate.put(&next);
    gate.shows(&next);
    kept.asks();
    let changed = gate.house.fact("door-certificate-changed");
    assert_eq!(
        (&changed.body["part"], &changed.body["shown"]),
        (&json!("web.tls_cert"), &json!(fingerprint(&next.certificate)))
    );

    // Of another key, damaged, and over: the one before is shown on, and each is told once.
    let other = gate.authority.issues_for(DOMAIN, 600);
    put(&other.certificate, &gate.chain);
    let refused = |count: usize| {
        soon("the refusal", || {
            let facts = gate.house.facts_of("door-certificate-refused");
            (facts.len() == count).then(|| facts.last().unwrap().body.clone())
        })
    };
    assert!(refused(1)["why"].as_str().unwrap().contains("cannot be served together"));
    fs::write(&gate.chain, "-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap();
    assert!(refused(2)["why"].as_str().unwrap().contains("chain.pem"));
    gate.put(&gate.authority.issues_for(DOMAIN, -1));
    let over = refused(3);
    assert!(over["why"].as_str().unwrap().contains("over since"), "{over}");
    assert_eq!(
        (shown(gate.port), &over["shown"]),
        (Some(fingerprint(&next.certificate)), &json!(fingerprint(&next.certificate)))
    );
    soon("an alert", || {
        let raised = gate.house.facts_of("alert-raised");
        raised.iter().any(|fact| fact.body.to_string().contains("door-certificate-refused")).then_some(())
    });
    assert!(!gate.house.gate.log().contains("PRIVATE KEY"));

    // The right pair is shown again.
    gate.put(&other);
    gate.shows(&other);
    assert_eq!(gate.house.facts_of("door-certificate-refused").len(), 3);
}

#[test]
fn the_door_for_servers_shows_a_new_certificate_too() {
    let gate = Secured::start(Door::Servers);
    let next = gate.authority.issues_for(DOMAIN, 500);
    gate.put(&next);
    gate.shows(&next);
    let changed = gate.house.fact("door-certificate-changed");
    assert_eq!(changed.body["part"], "gate.tls_cert");
    fs::write(&gate.key, "nothing").unwrap();
    let refused = gate.house.fact("door-certificate-refused");
    assert!(refused.body["why"].as_str().unwrap().contains("key.pem"), "{refused:?}");
    assert_eq!(shown(gate.port), Some(fingerprint(&next.certificate)));
}

fn ends_of_certificates_are_told_once_each(furnishing: Furnishing) {
    let mut house = furnishing.start();
    let authority = Authority::new(house.folder(), "consoles");
    let (soon_over, last) =
        (authority.issues_for("console.pumps.example", 10), authority.issues_for("other", 2));
    let add = |name: &str, trust: &Issued| {
        let words = ["target", "add", name, "--tls", "127.0.0.1:9", "--server-name", "console.pumps.example"];
        let trust = ["--trust", trust.certificate.to_str().unwrap()];
        house.priya().does(&[&words[..], &trust].concat());
    };
    add(CONSOLE, &soon_over);
    add("console-02", &last);
    add("console-03", &last);
    house.gate.stop();
    house.gate.rise();
    let told = soon("both to be told", || {
        let facts = house.facts_of("certificate-ending");
        (facts.len() == 2).then_some(facts)
    });
    let of = |issued: &Issued| {
        let print = fingerprint(&issued.certificate);
        told.iter().find(|fact| fact.body["part"] == print.as_str()).unwrap().body.clone()
    };
    let (early, late) = (of(&soon_over), of(&last));
    assert_eq!((&early["days"], &early["failure"]), (&json!(14), &json!("ends-soon")));
    assert_eq!((&late["days"], &late["failure"]), (&json!(3), &json!("ends-now")));
    let places = late["name"].as_str().unwrap();
    assert!(places.contains("console-02") && places.contains("console-03"), "{places}");
    let rules = soon("two alerts", || {
        let alerts = house.sam().lists(&["alert", "list"]);
        let mut rules: Vec<_> =
            alerts.iter().filter_map(|alert| alert.pointer("/rule")?.as_str().map(str::to_owned)).collect();
        rules.retain(|rule| rule.starts_with("certificate-ends"));
        rules.sort();
        (rules.len() == 2).then_some(rules)
    });
    assert_eq!(rules, ["certificate-ends-now", "certificate-ends-soon"]);
    house.gate.stop();
    house.gate.rise();
    assert!(!house.sam().lists(&["alert", "list"]).is_empty());
    assert_eq!(house.facts_of("certificate-ending").len(), 2, "each is told once");
}

on_both_databases!(ends_of_certificates_are_told_once_each);

#[test]
fn a_gate_without_files_has_a_certificate_of_its_own_authority() {
    let port = free_port();
    let house = furnish().with("CHAPERONE_GATE__TLS", &format!("127.0.0.1:{port}")).start();
    let authority = house.folder().join("ca.pem");
    let ran = house.priya().runs(&["target", "tls-ca"]).succeeded();
    fs::write(&authority, ran.text()).unwrap();
    let (good, text, _) = tries_openssl(&["x509", "-in", authority.to_str().unwrap(), "-noout", "-text"]);
    assert!(good && text.contains("CA:TRUE, pathlen:0") && text.contains("prime256v1"), "{text}");
    // Every name of the gate, and no other, by whoever trusts that authority.
    let name = |host: &str| {
        let address = format!("127.0.0.1:{port}");
        let words = ["s_client", "-connect", &address, "-servername", host, "-verify_hostname", host];
        let trust = ["-verify_return_error", "-CAfile", authority.to_str().unwrap()];
        tries_openssl(&[&words[..], &trust].concat()).0
    };
    let console = format!("{CONSOLE}.web.{DOMAIN}");
    assert!(name(&console) && name(&format!("other.web.{DOMAIN}")));
    assert!(!name("console.pumps.example"));
}
