//! Servers that are not what they should be: nothing is sent to them, the visit says what was wrong, and the SOC hears of an
//! impostor.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use chaperone_tests::{Authority, Fact, PATIENCE, Process, Visit, free_port, soon};

use crate::world::{CONSOLE, NAME, Server, World, openssl};

/// What comes of it when Dana visits a server on this port.
#[track_caller]
fn fails(world: &World, port: u16) -> Fact {
    world.add(port, &[]);
    let proof = world.proof(&world.window("+10m"));
    // The client stays until the gate ends it.
    let mut client = world.client(&proof);
    client.types("hello\n");
    client.ends();
    assert!(client.out().is_empty(), "nothing came");
    let failed = world.house.fact("target-failed");
    let closed = world.house.fact("channel-closed");
    assert_eq!(closed.body["coverage"], "refused", "{:#}", closed.body);
    failed
}

#[test]
fn another_certificate_is_an_impostor() {
    let world = World::start();
    let elsewhere = Authority::new(world.folder(), "elsewhere");
    let mut server = Server::start(&elsewhere.issues(NAME), &["-quiet"]);
    let failed = fails(&world, server.port);
    assert_eq!(failed.body["failure"], "certificate", "{:#}", failed.body);
    assert!(!String::from_utf8_lossy(&server.process.out()).contains("hello"), "nothing was sent");
    assert!(server.process.is_running());
    let alert = soon("the alert", || {
        let alerts = world.house.sam().lists(&["alert", "list"]);
        alerts.into_iter().find(|alert| alert["rule"] == "target-certificate")
    });
    assert_eq!(
        (alert["severity"].as_str(), alert["count"].as_u64()),
        (Some("critical"), Some(1)),
        "{alert:#}"
    );
}

#[test]
fn a_certificate_for_another_name_is_not_taken() {
    let world = World::start();
    let server = Server::start(&world.hospital.issues("other.pumps.example"), &["-quiet"]);
    let failed = fails(&world, server.port);
    assert_eq!(failed.body["failure"], "certificate", "{:#}", failed.body);
    assert!(failed.body["detail"].as_str().unwrap().contains("not valid for name"), "{:#}", failed.body);
}

#[test]
fn a_certificate_that_is_over_is_not_taken() {
    let world = World::start();
    let server = Server::start(&world.hospital.issues_for(NAME, -1), &["-quiet"]);
    let failed = fails(&world, server.port);
    assert_eq!(failed.body["failure"], "certificate", "{:#}", failed.body);
    assert!(failed.body["detail"].as_str().unwrap().contains("expired"), "{:#}", failed.body);
}

#[test]
fn a_pinned_key_says_who_it_is_and_another_one_is_an_impostor() {
    let world = World::start();
    let elsewhere = Authority::new(world.folder(), "elsewhere");
    let other = Server::start(&elsewhere.issues_for(NAME, 5), &["-quiet"]);
    let issued = elsewhere.issues(NAME);
    let server = Server::reverses(&issued);
    let pin = pin(issued.certificate.to_str().unwrap());
    for (name, port) in [(CONSOLE, server.port), ("console-02", other.port)] {
        let address = format!("127.0.0.1:{port}");
        let words = ["target", "add", name, "--tls", &address, "--server-name", NAME, "--pin", &pin];
        world.house.priya().does(&words);
        world.house.open_window_on(name, "dana", "tls", "+10m");
    }
    let mut client = world.client(&world.proof(CONSOLE));
    client.types("pins\n");
    client.shows("snip");
    assert_eq!(world.house.fact("session-connected").body["pin"], pin);
    client.signal(chaperone_tests::Signal::TERM);
    let mut client = Visit::of(world.s_client("console-02", &world.proof("console-02"), &[]));
    client.ends();
    assert_eq!(world.house.fact("target-failed").body["failure"], "certificate");
}

/// The SHA-256 of a certificate's public key.
fn pin(certificate: &str) -> String {
    let public = openssl(&["x509", "-in", certificate, "-noout", "-pubkey"]);
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "printf %s \"$KEY\" | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1",
    ]);
    Process::run("sh", PATIENCE, command.env("KEY", public)).succeeded().text().trim().to_owned()
}

#[test]
fn one_that_closes_early_broke_the_protocol() {
    let world = World::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            drop(stream);
        }
    });
    let failed = fails(&world, port);
    assert_eq!(failed.body["failure"], "protocol", "{:#}", failed.body);
}

#[test]
fn one_that_speaks_nothing_newer_than_tls_1_1_is_said_to_be_too_old() {
    let world = World::start();
    let old = ["-quiet", "-no_tls1_2", "-no_tls1_3", "-cipher", "ALL:@SECLEVEL=0"];
    let mut server = Server::start(&world.issued(), &old);
    let failed = fails(&world, server.port);
    assert_eq!(failed.body["failure"], "old-tls", "{:#}", failed.body);
    assert!(failed.body["detail"].as_str().unwrap().contains("opaque tcp endpoint"), "{:#}", failed.body);
    assert!(!String::from_utf8_lossy(&server.process.out()).contains("hello"), "nothing was sent");
    assert!(server.process.is_running());
}

#[test]
fn one_that_is_not_there_is_unreachable_and_told_of_once_a_visit() {
    let world = World::start();
    world.add(free_port(), &[]);
    let proof = world.proof(&world.window("+10m"));
    for tries in 1..=3 {
        let mut client = world.client(&proof);
        client.types("hello\n");
        client.ends();
        soon("the connection's end", || {
            (world.house.facts_of("channel-closed").len() == tries).then_some(())
        });
    }
    let failed = world.house.fact("target-failed");
    assert_eq!(failed.body["failure"], "unreachable", "{:#}", failed.body);
    let admitted = world.house.facts_of("session-admitted").len();
    assert!(world.house.facts_of("target-failed").len() <= admitted, "once a visit");
    assert!(admitted < 3, "of one visit");
}

#[test]
fn one_that_speaks_no_tls_broke_the_protocol() {
    let world = World::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            drop(stream.write_all(b"220 pump ready\r\n"));
            drop(stream.read(&mut [0; 512]));
        }
    });
    let failed = fails(&world, port);
    assert_eq!(failed.body["failure"], "protocol", "{:#}", failed.body);
}

#[test]
fn one_that_never_answers_is_given_up_in_time() {
    let world = World::start();
    // The kernel takes the connection; nobody reads it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let failed = fails(&world, listener.local_addr().unwrap().port());
    assert_eq!(failed.body["failure"], "slow", "{:#}", failed.body);
}

#[test]
fn a_servers_certificate_request_is_answered_with_the_gates_sealed_one() {
    let world = World::start();
    let own = world.hospital.issues("gate.pumps.example");
    let authority = world.hospital.certificate().to_str().unwrap().to_owned();
    let server = Server::start(
        &world.issued(),
        &["-rev", "-Verify", "1", "-verify_return_error", "-CAfile", &authority],
    );
    let client = [
        "--client-certificate",
        own.certificate.to_str().unwrap(),
        "--client-key",
        own.key.to_str().unwrap(),
    ];
    world.add(server.port, &client);
    let proof = world.proof(&world.window("+10m"));
    let mut client = world.client(&proof);
    client.types("known\n");
    client.shows("nwonk");
    client.signal(chaperone_tests::Signal::TERM);
}
