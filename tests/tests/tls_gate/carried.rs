//! The TLS door over a web socket: the token in front and the certificate inside are the same person's.

use chaperone_tests::Visit;

use crate::world::{CONSOLE, Proof, Server, World};

/// A client whose connection is carried from that port.
fn client(world: &World, port: u16, proof: &Proof) -> Visit {
    let direct = format!("127.0.0.1:{}", world.port);
    let command = world.s_client(CONSOLE, proof, &[]);
    let words = command.get_args().map(|word| match word == direct.as_str() {
        true => format!("127.0.0.1:{port}").into(),
        false => word.to_owned(),
    });
    let mut carried = std::process::Command::new(command.get_program());
    carried.args(words.collect::<Vec<std::ffi::OsString>>());
    Visit::of(carried)
}

#[test]
fn nobodys_certificate_is_taken_on_a_way_that_somebody_elses_token_has_opened() {
    let world = World::start();
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    let window = world.window("+10m");
    let danas = world.proof(&window);
    let theirs = world.house.open_window_on(CONSOLE, "viktor", "tls", "+10m");
    let viktors = world.proof_of("viktor", &theirs);
    let port = world.house.gate.carries(world.house.gate.token("dana"));

    let mut refused = client(&world, port, &viktors);
    refused.types("let me in\n");
    refused.ends();
    assert!(refused.err().contains("alert bad certificate"), "{}", refused.err());
    let failed = world.house.refusal("attempt-failed", "credential");
    assert_eq!(
        failed.body["why"], "TLS certificate: it is viktor's, and dana's token carries it",
        "{:#}",
        failed.body
    );
    assert!(failed.body["user"].as_str().unwrap().starts_with("viktor+"), "{:#}", failed.body);
    assert!(world.house.sessions().is_empty());

    let mut own = client(&world, port, &danas);
    own.types("ready\n");
    own.shows("ydaer");
    // OpenSSL's server has one client at a time.
    own.signal(chaperone_tests::Signal::TERM);
    own.ends();
    world.legs_gone(server.port);
    // Viktor's is good at the door itself.
    let mut direct = world.client(&viktors);
    direct.types("ready\n");
    direct.shows("ydaer");
}
