//! What the hospital decides, and the clock, end open connections within a second, whatever state they are in.

use std::time::Duration;

use chaperone_tests::{House, PATIENCE, Visit, eventually, legs, soon};
use jiff::{SignedDuration, Timestamp};

use crate::world::{CONSOLE, Nginx, Server, World};

/// A visit whose client has had an answer.
fn visit(closes: &str) -> (World, Server, Visit, String) {
    let world = World::start();
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    let window = world.window(closes);
    let proof = world.proof(&window);
    let mut client = world.client(&proof);
    client.types("ready\n");
    client.shows("ydaer");
    (world, server, client, window)
}

#[track_caller]
fn ends_at_once(reason: &str, decides: impl FnOnce(&House, &str, &str)) {
    let (world, server, mut client, window) = visit("+10m");
    let session = world.house.newest_session();
    decides(&world.house, &window, &session);
    world.cut_at(Timestamp::now() - SignedDuration::from_millis(300), server.port, reason);
    assert!(!client.is_running() || !client.ends().0.success());
}

#[test]
fn a_stopped_visit_ends_at_once() {
    ends_at_once("stopped", |house, _, session| {
        house.sam().does(&["session", "stop", session, "--reason", "not planned"]);
    });
}

#[test]
fn the_certificate_of_a_stopped_visit_opens_no_other_and_a_new_one_does() {
    let world = World::start();
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
    for _ in 0..2 {
        let mut command = world.s_client(CONSOLE, &proof, &[]);
        command.stdin(std::process::Stdio::null());
        let ran = chaperone_tests::Process::run("openssl", PATIENCE, &mut command);
        assert!(ran.err.contains("alert bad certificate"), "{}", ran.err);
    }
    let failed = world.house.refusal("attempt-failed", "credential");
    assert_eq!(failed.body["why"], "TLS certificate: its visit was stopped", "{:#}", failed.body);
    assert_eq!(world.house.sessions().len(), 1, "nothing was opened anew");
    // The window is open still, and its technician is not locked: who signs in again comes in.
    let mut again = world.client(&world.proof(&window));
    again.types("again\n");
    again.shows("niaga");
}

#[test]
fn a_locked_persons_visit_ends_at_once() {
    ends_at_once("locked", |house, _, _| {
        house.sam().does(&["person", "lock", "dana", "--reason", "lost laptop"]);
    });
}

#[test]
fn a_locked_servers_visit_ends_at_once() {
    ends_at_once("locked", |house, _, _| {
        house.sam().does(&["target", "lock", CONSOLE, "--reason", "under investigation"]);
    });
}

#[test]
fn a_revoked_windows_visit_ends_at_once() {
    ends_at_once("revoked", |house, window, _| {
        house.priya().does(&["window", "revoke", window, "--reason", "the ward needs it"]);
    });
}

#[test]
fn a_visit_to_a_service_that_is_withdrawn_ends_at_once() {
    ends_at_once("endpoint-changed", |house, _, _| {
        let priya = house.priya();
        priya.does(&["target", "add-endpoint", CONSOLE, "--tcp", "db=127.0.0.1:9", "--reason", "backup"]);
        std::thread::sleep(Duration::from_millis(500));
        assert!(house.facts_of("session-ended").is_empty(), "another way to it ends nothing");
        priya.does(&["target", "remove-endpoint", CONSOLE, "tls", "--reason", "it moves"]);
    });
}

#[test]
fn a_visit_to_a_service_that_is_declared_otherwise_ends_at_once() {
    ends_at_once("endpoint-changed", |house, _, _| {
        let pin = "a".repeat(64);
        house.priya().does(&[
            "target",
            "set-tls",
            CONSOLE,
            "--pin",
            &pin,
            "--reason",
            "an impostor was seen",
        ]);
    });
}

#[test]
fn an_idle_connection_dies_at_the_deadline() {
    let (world, server, _client, window) = visit("+7s");
    world.cut_at(world.house.closes(&window), server.port, "window-closed");
}

#[test]
fn a_stopped_client_and_a_flooding_one_die_at_the_deadline() {
    let (world, server, mut client, window) = visit("+8s");
    client.floods();
    client.freezes();
    world.cut_at(world.house.closes(&window), server.port, "window-closed");
    client.thaws();
    client.ends();
}

#[test]
fn a_client_that_floods_a_server_that_does_not_read_dies_at_the_deadline() {
    let (world, mut server, mut client, window) = visit("+8s");
    server.process.freezes();
    client.floods();
    world.cut_at(world.house.closes(&window), server.port, "window-closed");
    server.process.thaws();
    client.ends();
}

#[test]
fn every_keep_alive_connection_of_a_visit_dies_at_the_deadline() {
    let world = World::start();
    let server = Nginx::start(world.folder(), &world.issued());
    world.add(server.port, &[]);
    let window = world.window("+10s");
    let proof = world.proof(&window);
    let ask = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut clients: Vec<Visit> = (0..5).map(|_| world.client(&proof)).collect();
    for client in &mut clients {
        client.types(ask);
        client.shows("hello from the pump server");
    }
    assert_eq!(legs(world.port, server.port), (5, 5));
    world.cut_at(world.house.closes(&window), server.port, "window-closed");
    assert_eq!(world.house.facts_of("session-admitted").len(), 1);
}

#[test]
fn a_download_that_nobody_takes_is_cut_in_its_middle() {
    let world = World::start();
    let server = Server::start(&world.issued(), &["-quiet"]);
    world.add(server.port, &[]);
    let window = world.window("+8s");
    let proof = world.proof(&window);
    let Server { port, mut process } = server;
    let mut client = Visit::unread(world.s_client(CONSOLE, &proof, &[]));
    soon("both legs", || (legs(world.port, port) == (1, 1)).then_some(()));
    process.floods();
    world.cut_at(world.house.closes(&window), port, "window-closed");
    client.signal(chaperone_tests::Signal::KILL);
}

#[test]
fn paused_input_waits_and_output_goes_on_and_more_time_is_more_time() {
    let (world, server, mut client, window) = visit("+9s");
    let session = world.house.newest_session();
    let closed = world.house.closes(&window);
    world.house.sam().does(&["session", "pause", &session, "--reason", "what is this?"]);
    client.types("level up\n");
    std::thread::sleep(Duration::from_millis(800));
    assert!(!String::from_utf8_lossy(&client.out()).contains("pu level"), "input waits");
    world.house.sam().does(&["session", "resume", &session, "--reason", "explained"]);
    client.shows("pu level");
    world.house.priya().does(&["window", "extend", &window, "--closes", "+120m"]);
    soon("the old end to pass", || {
        (Timestamp::now() > closed + SignedDuration::from_millis(1500)).then_some(())
    });
    client.types("still here\n");
    client.shows("ereh llits");
    assert_eq!(legs(world.port, server.port), (1, 1));
    world.house.sam().does(&["session", "stop", &session, "--reason", "enough"]);
    world.legs_gone(server.port);
}

#[test]
fn a_visit_stays_for_a_moment_when_its_last_connection_has_ended_and_then_ends_in_order() {
    let (world, server, mut client, _) = visit("+10m");
    client.signal(chaperone_tests::Signal::TERM);
    client.ends();
    world.legs_gone(server.port);
    let session = world.house.newest_session();
    let visit = world.house.sealed(&session);
    assert_eq!(visit["end_reason"], "client-closed");
    eventually(PATIENCE, "its channel to be closed", || {
        (world.house.facts_of("channel-closed").len() == 1).then_some(())
    });
}

#[test]
fn in_the_overrun_output_flows_and_input_goes_nowhere_and_a_connection_with_a_gap_does_not_go_on() {
    let world = World::start();
    let server = Server::start(&world.issued(), &["-quiet"]);
    world.add(server.port, &[]);
    let window = world.window_with("+8s", &["--overrun", "10m"]);
    let proof = world.proof(&window);
    let Server { port, process: mut console } = server;
    let mut client = world.client(&proof);
    client.types("inside the window\n");
    console.shows("inside the window");
    let session = world.house.newest_session();
    let closes = world.house.closes(&window);
    soon("the window to close", || {
        (Timestamp::now() > closes + SignedDuration::from_millis(600)).then_some(())
    });
    client.types("too late\n");
    console.types("progress: 80 %\n");
    client.shows("progress: 80 %");
    world.house.priya().does(&["window", "extend", &window, "--closes", "+10m"]);
    // What comes behind a gap would be read as something else: the connection ends, and the next one is whole.
    client.ends();
    assert!(!String::from_utf8_lossy(&console.out()).contains("too late"));
    let mut next = world.client(&world.proof(&window));
    next.types("after more time\n");
    console.shows("after more time");
    assert_eq!(legs(world.port, port), (1, 1));
    next.signal(chaperone_tests::Signal::TERM);
    let lines = world.recorded(&session);
    assert!(crate::world::stream(&lines, "forward-in").contains("too late"), "it is recorded all the same");
}

#[test]
fn a_visit_that_must_be_observed_waits_for_whoever_watches() {
    let world = World::start();
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    let window = world.window_with("+10m", &["--observer-required"]);
    let proof = world.proof(&window);
    let mut client = world.client(&proof);
    client.types("ward\n");
    let session = soon("the visit", || {
        let sessions = world.house.sessions();
        sessions.first().and_then(|session| session["id"].as_str().map(str::to_owned))
    });
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(legs(world.port, server.port), (1, 0), "nothing is dialled before somebody watches");
    let words = ["session", "watch", &session, "--reason", "the window asks for it"];
    let mut watching = Visit::of(world.house.sam().command(&words));
    client.shows("draw");
    watching.signal(chaperone_tests::Signal::TERM);
}
