//! The gate's TLS CA is replaced while the gate serves: what the old one signed is good until it is retired, what the new one
//! signs is good from the first second on, at every node; and nothing that is open notices.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chaperone_tests::{
    Engine, Furnishing, House, PATIENCE, Process, Ran, Signal, Visit, free_port, legs, on_both_databases,
    soon,
};
use serde_json::{Value, json};

use crate::world::{CONSOLE, DOMAIN, Proof, Server, World, openssl};

const RENEW: [&str; 4] = ["target", "renew-tls-ca", "--reason", "ten years are over"];
const RETIRE: [&str; 4] = ["target", "retire-tls-ca", "--reason", "every trust store has the new one"];
/// A second server, for a visit that goes on.
const OTHER: &str = "console-02";

/// `openssl s_client` to a node's door.
fn client(world: &World, port: u16, label: &str, proof: &Proof) -> Command {
    let direct = format!("127.0.0.1:{}", world.port);
    let command = world.s_client(label, proof, &[]);
    let words: Vec<_> = command
        .get_args()
        .map(
            |word| if word == direct.as_str() { format!("127.0.0.1:{port}").into() } else { word.to_owned() },
        )
        .collect();
    let mut at_node = Command::new(command.get_program());
    at_node.args(words);
    at_node
}

/// A certificate opens the server at a node.
#[track_caller]
fn opens(world: &World, port: u16, proof: &Proof, server: &Server) {
    let mut visit = Visit::of(client(world, port, CONSOLE, proof));
    visit.types("ready\n");
    visit.shows("ydaer");
    visit.signal(Signal::TERM);
    visit.ends();
    // OpenSSL's server has one client at a time.
    soon("the server to be free", || (legs(port, server.port).1 == 0).then_some(()));
}

/// A certificate is worth nothing at a node, within seconds.
#[track_caller]
fn refused(world: &World, port: u16, proof: &Proof) {
    soon("the certificate to be refused", || {
        let mut command = client(world, port, CONSOLE, proof);
        let ran = Process::run("openssl", PATIENCE, command.stdin(Stdio::null()));
        ran.err.contains("alert bad certificate").then_some(())
    });
}

/// A certificate that the new authority has signed: it does so within seconds.
#[track_caller]
fn signed_by(world: &World, window: &str, fingerprint: &Value) -> Proof {
    soon("the new authority to sign", || {
        let proof = world.proof(window);
        let fact = world.house.facts_of("certificate-issued").pop().expect("a fact");
        (fact.body["authority"] == *fingerprint).then_some(proof)
    })
}

fn kept(world: &World, name: &str, pem: &Value) -> PathBuf {
    let file = world.folder().join(name);
    std::fs::write(&file, pem.as_str().expect("a certificate")).unwrap();
    file
}

/// What a browser finds that trusts one authority alone.
fn browses(port: u16, authority: &Path) -> Ran {
    let name = format!("{CONSOLE}.web.{DOMAIN}");
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "20", "--resolve"]);
    command.args([&format!("{name}:{port}:127.0.0.1"), "--cacert"]).arg(authority);
    Process::run("curl", PATIENCE, command.arg(format!("https://{name}:{port}/")))
}

/// A world with two servers, a window on each, and a visit on the second that goes on.
struct Going {
    world: World,
    server: Server,
    _other: Server,
    window: String,
    visit: Visit,
    session: String,
}

fn going(furnishing: Furnishing) -> Going {
    let world = World::of(furnishing);
    let (server, other) = (Server::reverses(&world.issued()), Server::reverses(&world.issued()));
    world.add(server.port, &[]);
    world.add_as(OTHER, other.port, &[]);
    let window = world.window("+30m");
    let proof = world.proof(&world.house.open_window_on(OTHER, "dana", "tls", "+30m"));
    let mut visit = Visit::of(world.s_client(OTHER, &proof, &[]));
    visit.types("begun\n");
    visit.shows("nugeb");
    let session = world.house.newest_session();
    Going { world, server, _other: other, window, visit, session }
}

on_both_databases!(an_authority_takes_the_place_of_another_and_no_visit_notices);

fn an_authority_takes_the_place_of_another_and_no_visit_notices(furnishing: Furnishing) {
    let Going { mut world, server, _other, window, mut visit, session } = going(furnishing);
    let (priya, port) = (world.house.priya(), world.port);
    let fails = |words: &[&str], why: &str| {
        let said = world.house.admin().tries(words);
        assert!(said.status == Some(1) && said.err.contains(why), "{said:?}");
    };
    let old = world.proof(&window);
    opens(&world, port, &old, &server);
    assert!(priya.tries(&RENEW).err.contains("no role"), "keys are the administrator's");
    fails(&RETIRE, "no new TLS CA");

    let made = world.house.admin().does(&RENEW);
    let next = made["next"].clone();
    let (before, after) = (kept(&world, "old.pem", &made["pem"]), kept(&world, "new.pem", &next["pem"]));
    fails(&RENEW, "waits already");
    fails(&RETIRE, "until");
    let fact = world.house.facts_of("gate-key-made").pop().unwrap();
    assert_eq!((&fact.body["key"], &fact.body["public"]), (&json!("tls-ca"), &next["pem"]));
    assert!(fact.body["reason"] == RENEW[3] && fact.person.is_some(), "{:#}", fact.body);
    let text = openssl(&["x509", "-in", after.to_str().unwrap(), "-noout", "-fingerprint", "-sha256"]);
    assert!(text.contains(next["fingerprint"].as_str().unwrap()), "{text}");

    // In between both count, and browsers that know the old one alone find the gate.
    let new = signed_by(&world, &window, &next["fingerprint"]);
    opens(&world, port, &old, &server);
    opens(&world, port, &new, &server);
    assert_eq!(browses(port, &before).status, Some(0));
    assert_eq!(browses(port, &after).status, Some(60), "nobody has to know the new one yet");
    let printed = world.house.gate.person("dana").runs(&["target", "tls-ca"]).succeeded().text();
    assert_eq!(printed.matches("BEGIN CERTIFICATE").count(), 2);
    visit.types("go on\n");
    visit.shows("no og");

    // Its key may be stolen: it is retired at once.
    let retired = world.house.admin().does(&[&RETIRE[..], &["--at-once"]].concat());
    assert_eq!((&retired["pem"], &retired["next"]), (&next["pem"], &Value::Null));
    let fact = world.house.fact("gate-key-retired");
    assert_eq!((&fact.body["public"], &fact.body["stays"]), (&made["pem"], &next["pem"]));
    assert!(fact.body["reason"] == RETIRE[3] && fact.person.is_some(), "{:#}", fact.body);
    let changed = world.house.fact("door-certificate-changed");
    assert_eq!(changed.body["part"], "gate.tls_cert", "{:#}", changed.body);
    assert_eq!(browses(port, &after).status, Some(0));
    assert_eq!(browses(port, &before).status, Some(60));
    let old = Proof { authority: after, ..old };
    refused(&world, port, &old);
    let failed = world.house.refusal("attempt-failed", "credential");
    assert!(failed.body["why"].as_str().unwrap().contains("TLS certificate"), "{:#}", failed.body);
    opens(&world, port, &new, &server);

    // The visit that began under the old one is still the same, recorded to its end.
    visit.types("to the end\n");
    visit.shows("dne eht ot");
    visit.signal(Signal::TERM);
    visit.ends();
    assert_eq!(world.house.sealed(&session)["end_reason"], "client-closed");
    let verdict = world.house.sam().does(&["recording", "verify", &session]);
    assert_eq!(verdict["sound"], true, "{verdict:#}");

    world.house.gate.stop();
    world.house.gate.rise();
    opens(&world, port, &new, &server);
    refused(&world, port, &old);
}

#[test]
fn every_node_trusts_both_and_then_the_new_one_alone() {
    let Going { world, server, _other, window, mut visit, .. } =
        going(House::furnish().on(Engine::Postgresql));
    let port = free_port();
    let mut second = world.house.gate.beside(&world.folder().join("second"));
    second.is_told("CHAPERONE_GATE__TLS", &format!("127.0.0.1:{port}"));
    second.rise();
    let old = world.proof(&window);
    let made = world.house.admin().does(&RENEW);
    let after = kept(&world, "new.pem", &made["next"]["pem"]);
    let new = signed_by(&world, &window, &made["next"]["fingerprint"]);
    // The first one that it signs is good everywhere.
    for node in [port, world.port] {
        opens(&world, node, &new, &server);
        opens(&world, node, &old, &server);
    }
    world.house.admin().does(&[&RETIRE[..], &["--at-once"]].concat());
    let old = Proof { authority: after.clone(), ..old };
    for node in [port, world.port] {
        soon("the door to show what the new one signed", || {
            (browses(node, &after).status == Some(0)).then_some(())
        });
        refused(&world, node, &old);
        opens(&world, node, &new, &server);
    }
    visit.types("go on\n");
    visit.shows("no og");
}
