//! What an auditor's tool says of the gate's TLS: testssl.sh finds nothing weak at any of its names.

use std::path::Path;
use std::process::Command;

use chaperone_tests::{DOMAIN, House, free_port, get, program};
use serde_json::Value;

/// What counts; the tool's other words are `OK` and `INFO`.
const WEAK: &[&str] = &["LOW", "MEDIUM", "HIGH", "CRITICAL", "WARN", "FATAL"];

/// What it says of the gate's own authority (nobody is told of a revocation: policy is asked at each use), of a certificate
/// that people have pinned, and of itself.
const EXPECTED: &[&str] = &["cert_revocation", "cert_validityPeriod", "engine_problem"];

/// Protocols, kinds of ciphers, forward secrecy, what the server prefers, its certificate, its headers, and every known
/// vulnerability.
const LOOKS_AT: &[&str] = &["-p", "-s", "-f", "-P", "-S", "-h", "-U"];
/// Of the two doors for targets, which are made of the same parts: protocols, kinds of ciphers, and the certificate.
const LOOKS_AT_DOORS: &[&str] = &["-p", "-s", "-S"];

#[test]
fn an_auditors_tool_finds_nothing_weak_at_the_web() {
    let port = free_port();
    let house = House::furnish().with("CHAPERONE_GATE__SHARED", &format!("127.0.0.1:{port}")).start();
    let certificate = house.gate.data().join("tls").join("certificate.pem");
    let weak = weak(house.folder(), &format!("localhost:{port}"), &certificate, LOOKS_AT);
    assert_eq!(weak, Vec::<String>::new());
}

#[test]
fn an_auditors_tool_finds_nothing_weak_at_a_console_and_at_a_server_by_tls() {
    let (furnishing, port) = House::furnish().with_tls();
    let house = furnishing.start();
    let known = get(house.gate.web_port(), "/api/tls/authority", None).expect("the gate names its authority");
    let authority = house.folder().join("gate-ca.pem");
    let known = known.json();
    std::fs::write(&authority, known["pem"].as_str().expect("a certificate")).expect("the authority's file");
    for door in ["web", "tls"] {
        let at = format!("console-01.{door}.{DOMAIN}:{port}");
        assert_eq!(weak(house.folder(), &at, &authority, LOOKS_AT_DOORS), Vec::<String>::new(), "{at}");
    }
}

/// What the tool finds weak of what it looks at.
fn weak(folder: &Path, at: &str, trusted: &Path, looks_at: &[&str]) -> Vec<String> {
    let report = folder.join(format!("{at}.json"));
    let mut testssl = Command::new(program("testssl", "testssl.sh"));
    testssl.args(looks_at).args(["--quiet", "--color", "0", "--warnings", "off", "--nodns", "none"]);
    testssl.args(["--ip", "127.0.0.1", "--add-ca"]).arg(trusted).arg("--jsonfile").arg(&report).arg(at);
    let said = testssl.output().expect("testssl.sh runs");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let found = std::fs::read_to_string(&report).unwrap_or_else(|_| panic!("it reports: {said}"));
    let found: Vec<Value> = serde_json::from_str(&found).expect("testssl.sh reports in JSON");
    let word = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let offers = |protocol: &str| {
        let one =
            found.iter().find(|one| one["id"] == protocol).unwrap_or_else(|| panic!("no {protocol}: {said}"));
        word(one, "finding").starts_with("offered")
    };
    // It has looked, and seen what is there.
    assert!(offers("TLS1_2") && offers("TLS1_3") && !offers("TLS1_1"), "{said}");
    let counts = |one: &&Value| {
        WEAK.contains(&word(one, "severity").as_str()) && !EXPECTED.contains(&word(one, "id").as_str())
    };
    let weak = found.iter().filter(counts);
    weak.map(|one| format!("{}: {}: {}", word(one, "severity"), word(one, "id"), word(one, "finding")))
        .collect()
}
