//! Off schedule: the handshake says that access is denied, and the ledger and the SOC hear what they always hear; a proof
//! that fails is told nothing.

use std::time::Duration;

use chaperone_tests::{Fact, PATIENCE, Process, Ran, soon};
use jiff::{SignedDuration, Timestamp};

use crate::world::{CONSOLE, Proof, Server, World, openssl};

/// The promise is one second on the wire; these tests run beside others on a small machine.
const HEARD_WITHIN: SignedDuration = SignedDuration::from_millis(2500);

fn tries(world: &World, label: &str, proof: &Proof, more: &[&str]) -> Ran {
    let mut command = world.s_client(label, proof, more);
    command.stdin(std::process::Stdio::null());
    Process::run("openssl", PATIENCE, &mut command)
}

/// Checks everything that one refused attempt must leave, and nothing more.
#[track_caller]
fn refused_for(world: &World, reason: &str, ran: &Ran) -> Fact {
    assert!(ran.err.contains("alert access denied"), "{}", ran.err);
    assert!(ran.out.is_empty(), "nothing came from anywhere: {:?}", ran.text());
    let fact = world.house.refusal("attempt-refused", reason);
    assert_eq!(fact.body["protocol"], "tls", "{:#}", fact.body);
    assert_eq!(fact.body["proof"]["method"], "tls-certificate");
    let alerts =
        soon("the alert", || Some(world.house.alerts_because(reason)).filter(|alerts| !alerts.is_empty()));
    assert_eq!(alerts.len(), 1, "one alert: {alerts:#?}");
    let heard = world.house.webhook.hears(Duration::from_secs(10), reason, |delivery| {
        delivery.event["class_uid"] == 2004 && delivery.event.to_string().contains(&format!("\"{reason}\""))
    });
    assert_eq!(heard.event["unmapped"]["alert"]["what"]["protocol"], "tls");
    let told = heard.event.to_string();
    assert!(told.contains("T1133") && !told.to_lowercase().contains("ssh"), "{:#}", heard.event);
    let took = heard.arrived.duration_since(fact.at);
    assert!(took <= HEARD_WITHIN, "the SOC heard {} ms after the fact", took.as_millis());
    fact
}

fn world() -> (World, Server) {
    let world = World::start();
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    (world, server)
}

#[test]
fn a_window_that_was_revoked_lets_nobody_in_who_holds_its_certificate() {
    let (world, _server) = world();
    let window = world.window("+10m");
    let proof = world.proof(&window);
    world.house.priya().does(&["window", "revoke", &window, "--reason", "the ward needs it"]);
    for version in ["-tls1_3", "-tls1_2"] {
        let ran = tries(&world, CONSOLE, &proof, &[version]);
        assert!(ran.err.contains("alert access denied"), "{version}: {}", ran.err);
    }
    let facts =
        soon("both facts", || Some(world.house.facts_of("attempt-refused")).filter(|facts| facts.len() == 2));
    assert!(facts.iter().all(|fact| fact.reason() == Some("revoked")));
    let alerts =
        soon("the alert", || Some(world.house.alerts_because("revoked")).filter(|alerts| !alerts.is_empty()));
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    assert!(world.house.sessions().is_empty());
}

#[test]
fn a_certificate_is_for_its_own_window_and_for_no_other_of_the_same_person() {
    let (world, _server) = world();
    let window = world.window("+10m");
    let proof = world.proof(&window);
    let other = world.window("+20m");
    let inside = world.proof(&other);
    world.house.priya().does(&["window", "revoke", &window, "--reason", "the laptop was stolen"]);
    let ran = tries(&world, CONSOLE, &proof, &[]);
    let fact = refused_for(&world, "revoked", &ran);
    assert_eq!(fact.body["proof"]["window"], window.as_str());
    let mut client = world.client(&inside);
    client.types("mine\n");
    client.shows("enim");
}

#[test]
fn who_comes_late_with_a_certificate_that_died_with_the_window_is_late() {
    let (world, _server) = world();
    let window = world.window("+4s");
    let proof = world.proof(&window);
    let closes = world.house.closes(&window);
    soon("the window to close", || (Timestamp::now() > closes + SignedDuration::from_secs(2)).then_some(()));
    let ran = tries(&world, CONSOLE, &proof, &[]);
    let fact = refused_for(&world, "late", &ran);
    let off_by: u64 = fact.body["off_by_s"].as_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&off_by), "{:#}", fact.body);
    assert_eq!(fact.body["refusal"]["nearest"]["window"], window);
}

#[test]
fn a_certificate_that_is_over_lets_nobody_in_even_inside_another_window() {
    let (world, _server) = world();
    let window = world.window("+4s");
    let proof = world.proof(&window);
    let closes = world.house.closes(&window);
    soon("the window to close", || (Timestamp::now() > closes + SignedDuration::from_secs(1)).then_some(()));
    world.window("+10m");
    let ran = tries(&world, CONSOLE, &proof, &[]);
    let fact = refused_for(&world, "late", &ran);
    assert_eq!(fact.body["proof"]["window"], window.as_str());
    assert!(world.house.sessions().is_empty());
}

#[test]
fn another_target_and_one_that_does_not_exist_are_refused_alike() {
    let (world, server) = world();
    world.add_as("console-02", server.port, &[]);
    let proof = world.proof(&world.window("+10m"));
    for label in ["console-02", "console-99"] {
        let ran = tries(&world, label, &proof, &[]);
        assert!(ran.err.contains("alert access denied"), "{label}: {}", ran.err);
    }
    let facts =
        soon("both facts", || Some(world.house.facts_of("attempt-refused")).filter(|facts| facts.len() == 2));
    let reasons: Vec<_> = facts.iter().map(Fact::reason).collect();
    assert_eq!(reasons, [Some("other-target"), Some("other-target")], "{facts:#?}");
}

#[test]
fn somebody_who_is_locked_is_refused_in_the_handshake() {
    let (world, _server) = world();
    let proof = world.proof(&world.window("+10m"));
    world.house.sam().does(&["person", "lock", "dana", "--reason", "lost laptop"]);
    let ran = tries(&world, CONSOLE, &proof, &[]);
    refused_for(&world, "locked", &ran);
}

#[test]
fn a_window_without_tls_gets_no_certificate_and_the_soc_hears_of_it() {
    let (world, _server) = world();
    let window = world.house.open_window_on(CONSOLE, "dana", "exec", "+10m");
    let (answer, _) = world.asks_for_a_proof(&window);
    assert_eq!(answer.status, 403, "{}", answer.body);
    let told = "Your change window does not allow this access or this account.";
    assert!(answer.body.contains(told), "{}", answer.body);
    let fact = world.house.refusal("attempt-refused", "access-not-granted");
    assert_eq!(fact.body["refusal"]["nearest"]["window"], window.as_str(), "{:#}", fact.body);
    soon("the alert", || (world.house.alerts_because("access-not-granted").len() == 1).then_some(()));
}

#[test]
fn a_connection_beside_a_visit_for_something_that_the_window_does_not_grant_is_refused_in_the_handshake() {
    let world = World::start();
    let (service, server) = (chaperone_tests::Service::answers(), Server::reverses(&world.issued()));
    world.add(server.port, &["--tcp", &format!("db={}", service.address())]);
    let proof = world.proof(&world.window("+10m"));
    let mut client = world.client(&proof);
    client.types("no\n");
    client.shows("on");
    let ran = tries(&world, &format!("db--{CONSOLE}"), &proof, &[]);
    assert!(ran.err.contains("alert access denied"), "{}", ran.err);
    let refused = world.house.fact("channel-refused");
    assert_eq!(refused.body["about"]["reason"], "access-not-granted", "{:#}", refused.body);
    assert!(refused.session.is_some());
    assert_eq!(service.connections(), 0);
    client.types("go\n");
    client.shows("og");
    client.signal(chaperone_tests::Signal::TERM);
}

#[test]
fn a_proof_that_fails_is_told_nothing_and_is_a_fact() {
    let (world, _server) = world();
    let good = world.proof(&world.window("+10m"));
    let text =
        openssl(&["x509", "-in", good.certificate.to_str().unwrap(), "-noout", "-ext", "subjectAltName"]);
    let names = text.lines().nth(1).unwrap().trim().to_owned();
    // Everything that the gate writes into one, by somebody else.
    let folder = world.folder();
    let forged = Proof { certificate: folder.join("forged.pem"), ..good.clone() };
    let words =
        ["req", "-x509", "-new", "-key", good.key.to_str().unwrap(), "-subj", "/CN=dana", "-days", "1"];
    let names = format!("subjectAltName={names}");
    let more = [
        "-addext",
        &names,
        "-addext",
        "extendedKeyUsage=clientAuth",
        "-out",
        forged.certificate.to_str().unwrap(),
    ];
    openssl(&[&words[..], &more].concat());
    for version in ["-tls1_3", "-tls1_2"] {
        let ran = tries(&world, CONSOLE, &forged, &[version]);
        assert!(ran.err.contains("alert bad certificate"), "{version}: {}", ran.err);
    }
    let failed =
        soon("facts", || Some(world.house.facts_of("attempt-failed")).filter(|facts| facts.len() == 2));
    for fact in failed {
        assert_eq!(
            (fact.reason(), fact.body["user"].as_str()),
            (Some("credential"), Some("dana+console-01"))
        );
        assert!(fact.body["why"].as_str().unwrap().starts_with("TLS certificate"), "{:#}", fact.body);
    }
    // Without any certificate nobody is named.
    let mut command = std::process::Command::new("openssl");
    command.args(["s_client", "-quiet", "-connect", &format!("127.0.0.1:{}", world.port)]);
    command.args(["-servername", "console-01.tls.gate.hospital.example"]).stdin(std::process::Stdio::null());
    let ran = Process::run("openssl", PATIENCE, &mut command);
    assert!(ran.err.contains("certificate required"), "{}", ran.err);
    assert!(world.house.fact("connections-unheard").body.to_string().contains("127.0.0.1"));
    assert!(world.house.facts_of("attempt-refused").is_empty() && world.house.sessions().is_empty());
}
