//! A certificate whose visit somebody stopped enters no other: not when the gate has started again, and not at another node.

use chaperone_tests::{Engine, Furnishing, House, Visit, free_port, on_both_databases, soon};

use crate::world::{Proof, Server, World};

/// A visit that the SOC has stopped, and what it was entered with.
fn stopped(furnishing: Furnishing) -> (World, Server, String, Proof) {
    let world = World::of(furnishing);
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    let window = world.window("+10m");
    let proof = world.proof(&window);
    let mut client = world.client(&proof);
    client.types("ready\n");
    client.shows("ydaer");
    let session = world.house.newest_session();
    world.house.sam().does(&["session", "stop", &session, "--reason", "not planned"]);
    client.ends();
    world.house.sealed(&session);
    (world, server, window, proof)
}

/// Comes with a certificate that is spent, twice: whoever has been told of it once is told in the handshake from then on.
#[track_caller]
fn comes_in_vain(world: &World, proof: &Proof) {
    let visits = world.house.sessions().len();
    let mut first = Visit::of(world.s_client(crate::world::CONSOLE, proof, &[]));
    first.types("let me in\n");
    first.ends();
    assert!(!String::from_utf8_lossy(&first.out()).contains("ni em tel"));
    let failed = world.house.refusal("attempt-failed", "credential");
    assert_eq!(failed.body["why"], "TLS certificate: its visit was stopped", "{:#}", failed.body);
    assert!(failed.body["user"].as_str().unwrap().starts_with("dana+console-01"), "{:#}", failed.body);
    let again = world.tries(proof);
    assert!(again.err.contains("alert bad certificate"), "{}", again.err);
    assert_eq!(world.house.sessions().len(), visits, "nothing was opened anew");
}

on_both_databases!(a_stopped_visits_certificate_is_spent_when_the_gate_has_started_again);

fn a_stopped_visits_certificate_is_spent_when_the_gate_has_started_again(furnishing: Furnishing) {
    let (mut world, _server, window, proof) = stopped(furnishing);
    world.house.gate.stop();
    world.house.gate.rise();
    comes_in_vain(&world, &proof);
    let mut again = world.client(&world.proof(&window));
    again.types("again\n");
    again.shows("niaga");
}

#[test]
fn a_certificate_that_was_spent_at_one_node_is_spent_at_the_other() {
    let (mut world, _server, window, proof) = stopped(House::furnish().on(Engine::Postgresql));
    let mut second = world.house.gate.beside(&world.folder().join("second"));
    let port = free_port();
    second.is_told("CHAPERONE_GATE__TLS", &format!("127.0.0.1:{port}"));
    second.rise();
    let first = std::mem::replace(&mut world.port, port);
    comes_in_vain(&world, &proof);
    let mut again = world.client(&world.proof(&window));
    again.types("again\n");
    again.shows("niaga");
    world.port = first;
    assert!(world.tries(&proof).err.contains("alert bad certificate"));
}

#[test]
fn a_gate_that_dies_before_it_obeys_an_order_to_stop_lets_nobody_in_afterwards() {
    let mut world = World::start();
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    let window = world.window("+10m");
    let proof = world.proof(&window);
    let mut client = world.client(&proof);
    client.types("ready\n");
    client.shows("ydaer");
    let session = world.house.newest_session();
    world.house.sam().does(&["session", "stop", &session, "--reason", "not planned"]);
    world.house.gate.kill();
    client.ends();
    world.house.gate.rise();
    soon("the visit to be over", || {
        world.house.sessions().iter().all(|visit| !visit["end_reason"].is_null()).then_some(())
    });
    comes_in_vain(&world, &proof);
}

#[test]
fn new_factors_end_visits_by_certificate_and_spend_certificates() {
    let world = World::start();
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    let window = world.window("+10m");
    let (proof, unused) = (world.proof(&window), world.proof(&window));
    let mut client = world.client(&proof);
    client.types("ready\n");
    client.shows("ydaer");
    for who in [world.house.admin(), world.house.priya()] {
        who.does(&["person", "reset", "dana", "--reason", "her laptop was stolen"]);
    }
    client.ends();
    let session = world.house.newest_session();
    assert_eq!(world.house.sealed(&session)["end_reason"], "client-closed");
    assert!(world.tries(&proof).err.contains("alert bad certificate"));
    let mut first = Visit::of(world.s_client(crate::world::CONSOLE, &unused, &[]));
    first.types("let me in\n");
    first.ends();
    assert!(!String::from_utf8_lossy(&first.out()).contains("ni em tel"));
    let failed = world.house.refusal("attempt-failed", "credential");
    assert_eq!(
        failed.body["why"],
        "TLS certificate: its holder has left the visit or signed out, or was locked or given new factors since",
        "{:#}",
        failed.body
    );
    assert_eq!(world.house.sessions().len(), 1, "nothing was opened anew");
}
