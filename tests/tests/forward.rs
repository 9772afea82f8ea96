//! A forward reaches the endpoints that a server declares, is recorded in both directions before it goes on, and ends with
//! the visit; nothing else is reached, from any client, by any name.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use chaperone_tests::{
    Furnishing, House, Process, Service, Sshd, SshdOptions, TARGET, digest, free_port, noise,
    on_both_databases, soon,
};
use jiff::SignedDuration;
use serde_json::Value;

/// A server with a readable and an opaque endpoint.
const SERVER: &str = "alaris-sm-02";

/// A house with such a server, and Dana's window on it.
fn declared(house: &House, endpoints: &[&str], access: &str, closes: &str) -> String {
    house.add_target(SERVER, &house.target, endpoints);
    window(house, SERVER, access, closes)
}

fn window(house: &House, server: &str, access: &str, closes: &str) -> String {
    let words = ["window", "request", "--target", server, "--person", "dana", "--access", access];
    let times = ["--opens", "now", "--closes", closes, "--purpose", "patch", "--reason", "database work"];
    let asked = house.gate.person("dana").does(&[&words[..], &times[..]].concat());
    let id = asked["id"].as_str().unwrap().to_owned();
    house.approve(&id);
    if access.contains("opaque") {
        // What is encrypted inside asks for an observer, unless clinical engineering says otherwise.
        house.priya().does(&["window", "observer", &id, "--not-required", "--reason", "a test screen"]);
    }
    id
}

/// What a recording holds of a visit's forwards, by stream, and the events of its channels.
fn recorded(house: &House, session: &str) -> Vec<Value> {
    house.sealed(session);
    let file = house.folder().join(format!("{session}.jsonl"));
    let name = file.to_str().unwrap();
    house.sam().does(&[
        "recording",
        "export",
        session,
        "--format",
        "jsonl",
        "-o",
        name,
        "--reason",
        "looked into",
    ]);
    std::fs::read_to_string(&file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn stream(lines: &[Value], stream: &str) -> String {
    lines.iter().filter(|line| line["stream"] == stream).filter_map(|line| line["text"].as_str()).collect()
}

fn bytes_of(lines: &[Value], stream: &str) -> u64 {
    lines.iter().filter(|line| line["stream"] == stream).filter_map(|line| line["bytes"].as_u64()).sum()
}

fn event<'l>(lines: &'l [Value], kind: &str) -> &'l Value {
    lines.iter().find(|line| line["event"] == kind).unwrap_or_else(|| panic!("no event {kind}: {lines:#?}"))
}

/// Waits until a client's own listener takes connections.
fn tunnel(port: u16) -> TcpStream {
    soon("the client's local port", || TcpStream::connect(("127.0.0.1", port)).ok())
}

on_both_databases! { a_declared_endpoint_is_reached_and_every_byte_is_recorded }

fn a_declared_endpoint_is_reached_and_every_byte_is_recorded(house: Furnishing) {
    let house = house.start();
    let service = Service::answers();
    declared(&house, &["--tcp", &format!("db={}", service.address())], "forward", "+10m");
    let dana = house.technician("dana").ssh(SERVER).input("select 1;");
    let ran = dana.with(&["-W", &format!("db:{}", service.port())]).runs("").succeeded();
    assert_eq!(ran.text(), "SELECT 1;bye");
    let session = house.newest_session();
    let lines = recorded(&house, &session);
    assert_eq!(stream(&lines, "forward-in"), "select 1;");
    assert_eq!(stream(&lines, "forward-out"), "SELECT 1;bye");
    let open = &event(&lines, "channel-open")["body"];
    assert_eq!(open["kind"], "forward", "{open:#}");
    assert_eq!(
        (open["about"]["endpoint"].as_str(), open["about"]["asked"]["host"].as_str()),
        (Some("db"), Some("db"))
    );
    let peer = event(&lines, "forward-connected")["body"]["peer"].as_str().unwrap();
    assert_eq!(peer, service.address());
    let closed = &event(&lines, "channel-close")["body"];
    assert_eq!((closed["coverage"].as_str(), closed["as"].as_str()), (Some("captured"), Some("bytes")));
    assert_eq!(house.fact("channel-opened").body["access"], "forward");
    let verdict = house.sam().does(&["recording", "verify", &session]);
    assert_eq!(verdict["sound"], true, "{verdict:#}");
}

#[test]
fn the_same_endpoint_is_meant_by_its_name_by_its_address_and_by_localhost() {
    let house = House::start();
    let service = Service::answers();
    declared(&house, &["--tcp", &format!("db={}", service.address())], "forward", "+10m");
    let dana = house.technician("dana").ssh(SERVER).input("x");
    for place in ["db", "127.0.0.1", "localhost", "[::1]", SERVER] {
        let there = format!("{place}:{}", service.port());
        assert_eq!(dana.clone().with(&["-W", &there]).runs("").succeeded().text(), "Xbye", "{there}");
    }
}

#[test]
fn what_is_encrypted_inside_is_kept_as_bytes_and_said_to_be_the_flow_only() {
    let house = House::start();
    let service = Service::answers();
    let endpoint = format!("screen={}", service.address());
    declared(&house, &["--tcp-opaque", &endpoint], "forward-opaque", "+10m");
    let there = format!("screen:{}", service.port());
    house.technician("dana").ssh(SERVER).input("x").with(&["-W", &there]).runs("").succeeded();
    let session = house.newest_session();
    let lines = recorded(&house, &session);
    assert_eq!((bytes_of(&lines, "forward-in"), bytes_of(&lines, "forward-out")), (1, 4));
    let closed = &event(&lines, "channel-close")["body"];
    assert_eq!(closed["coverage"], "flow-only", "{closed:#}");
    assert_eq!(closed["why"], "encrypted inside: only the flow");
    let sealed = house.fact("session-sealed");
    assert_eq!(sealed.body["coverage"][0]["coverage"], "flow-only", "{:#}", sealed.body);
}

#[test]
fn ssh_inside_a_forward_that_was_declared_as_readable_is_ended_and_alarms() {
    let house = House::start();
    let other = Sshd::start(&house.folder().join("other"), &SshdOptions::default());
    declared(&house, &["--tcp", &format!("db={}", other.address())], "forward", "+10m");
    let there = format!("db:{}", other.port());
    // Whoever speaks first.
    for said in ["", "SSH-2.0-hidden\r\n"] {
        let ran = house.technician("dana").ssh(SERVER).input(said).with(&["-W", &there]).runs("");
        assert_eq!(ran.text(), "", "nothing of it passes");
    }
    let failed = soon("a fact of each", || {
        let failed = house.facts_of("target-failed");
        (failed.len() == 2).then_some(failed)
    });
    for (fact, said) in failed.iter().zip(["SSH-2.0-OpenSSH", "SSH-2.0-"]) {
        assert_eq!(fact.body["failure"], "ssh-inside", "{:#}", fact.body);
        assert!(fact.body["detail"].as_str().unwrap().contains(said), "{:#}", fact.body);
    }
    soon("an alert", || {
        let alerts = house.sam().lists(&["alert", "list"]);
        alerts.into_iter().find(|alert| alert["rule"] == "ssh-inside-forward")
    });
    let log = other.log();
    assert!(!log.contains("Accepted"), "{log}");
}

#[test]
fn what_is_encrypted_inside_a_readable_forward_is_said_to_be_the_flow_only() {
    let house = House::start();
    let service = Service::answers();
    declared(&house, &["--tcp", &format!("db={}", service.address())], "forward", "+10m");
    let there = format!("db:{}", service.port());
    let hello = "\u{16}\u{3}\u{1}\u{0}\u{5}\u{1}\u{0}\u{0}\u{1}\u{0}";
    house.technician("dana").ssh(SERVER).input(hello).with(&["-W", &there]).runs("").succeeded();
    let lines = recorded(&house, &house.newest_session());
    assert_eq!(event(&lines, "channel-close")["body"]["coverage"], "flow-only");
}

#[test]
fn nothing_that_is_not_declared_is_reached() {
    let house = House::start();
    let (service, other) = (Service::answers(), Service::answers());
    declared(&house, &["--tcp", &format!("db={}", service.address())], "shell,exec,forward", "+10m");
    let dana = house.technician("dana").ssh(SERVER);
    let undeclared = [
        // The server's own sshd, by every name.
        format!("127.0.0.1:{}", house.target.port()),
        format!("localhost:{}", house.target.port()),
        // The gate itself: its SSH and its web.
        format!("127.0.0.1:{}", house.gate.ssh_port()),
        format!("localhost:{}", house.gate.web_port()),
        // Something else on this machine, a cloud's metadata, another port of the endpoint, nowhere.
        other.address(),
        "169.254.169.254:80".to_owned(),
        format!("db:{}", other.port()),
        format!("0.0.0.0:{}", service.port()),
        "guardrails-01:443".to_owned(),
    ];
    for place in &undeclared {
        let ran = dana.clone().option("LogLevel=INFO").with(&["-W", place]).runs("");
        assert_ne!(ran.status, Some(0), "{place}");
        assert!(ran.err.contains("administratively prohibited"), "{place}: {}", ran.err);
    }
    assert_eq!((service.connections(), other.connections()), (0, 0));
    let told = soon("a fact of each", || {
        let told = house.facts_of("channel-refused");
        (told.len() == undeclared.len()).then_some(told)
    });
    for fact in told {
        let what = &fact.body["about"]["what"];
        assert_eq!(
            (&fact.body["channel"], &what["why"]),
            (&"direct-tcpip".into(), &"not declared".into()),
            "{:#}",
            fact.body
        );
        assert!(fact.session.is_some(), "it is about its visit");
    }
}

#[test]
fn the_servers_own_ssh_cannot_be_declared() {
    let house = House::start();
    let said = house.priya().tries(&[
        "target",
        "add",
        "alaris-sm-09",
        "--ssh",
        &house.target.address(),
        "--account",
        house.target.account(),
        "--key",
        house.target.account_key().private.to_str().unwrap(),
        "--host-key",
        house.target.host_key().public.to_str().unwrap(),
        "--tcp",
        &format!("ssh={}", house.target.address()),
    ]);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("the server's SSH"), "{}", said.err);
    // Nor by one of its further addresses, whichever of the two is declared first.
    let (first, also) = (house.target.address(), "alaris-backup.example:2022");
    let priya = house.priya();
    priya.does(&["target", "set-address", TARGET, "--ssh", &first, "--ssh", also, "--reason", "two"]);
    let tcp = format!("sneaky={also}");
    let said = priya.tries(&["target", "add-endpoint", TARGET, "--tcp", &tcp, "--reason", "a database"]);
    assert!(said.status == Some(1) && said.err.contains("the server's SSH"), "{said:?}");
    let two = ["target", "set-address", TARGET, "--ssh", &first, "--ssh", also, "--reason", "moved"];
    priya.does(&["target", "set-address", TARGET, "--ssh", &first, "--reason", "moved"]);
    priya.does(&["target", "add-endpoint", TARGET, "--tcp", &tcp, "--reason", "a database"]);
    let said = priya.tries(&two);
    assert!(said.status == Some(1) && said.err.contains("the server's SSH"), "{said:?}");
    let shown = priya.does(&["target", "show", TARGET]);
    assert_eq!(shown["endpoints"][0]["also"], serde_json::json!([]), "nothing has changed");
}

#[test]
fn a_window_without_this_access_forwards_nothing() {
    let house = House::start();
    let (service, screen) = (Service::answers(), Service::answers());
    let endpoints = [format!("db={}", service.address()), format!("screen={}", screen.address())];
    declared(&house, &["--tcp", &endpoints[0], "--tcp-opaque", &endpoints[1]], "shell,exec,forward", "+10m");
    let dana = house.technician("dana").ssh(SERVER).option("LogLevel=INFO").input("x");
    let ran = dana.clone().with(&["-W", &format!("screen:{}", screen.port())]).runs("");
    assert!(ran.err.contains("administratively prohibited"), "{}", ran.err);
    assert_eq!(screen.connections(), 0);
    let fact = house.fact("channel-refused");
    let (kind, reason) = (&fact.body["channel"], fact.reason());
    assert_eq!(
        (kind.as_str(), reason),
        (Some("forward-opaque"), Some("access-not-granted")),
        "{:#}",
        fact.body
    );
    let ran = dana.with(&["-W", &format!("db:{}", service.port())]).runs("").succeeded();
    assert_eq!(ran.text(), "Xbye", "what is granted still goes");
}

#[test]
fn either_end_may_finish_first_and_the_other_goes_on() {
    let house = House::start();
    let (heard, hears) = mpsc::sync_channel(1);
    let said = noise(300_000);
    let (counts, speaks) = (Service::counts(), Service::speaks_first(said.clone(), heard));
    let endpoints = [format!("counts={}", counts.address()), format!("speaks={}", speaks.address())];
    declared(&house, &["--tcp", &endpoints[0], "--tcp", &endpoints[1]], "forward", "+10m");
    let bytes = noise(3 << 20);
    let dana = house.technician("dana").ssh(SERVER).input(bytes.clone());
    let ran = dana.with(&["-W", &format!("counts:{}", counts.port())]).runs("").succeeded();
    assert_eq!(ran.text(), format!("{} {}", bytes.len(), digest(&bytes)));

    let local = free_port();
    let there = format!("{local}:speaks:{}", speaks.port());
    let mut visit = house.technician("dana").ssh(SERVER).with(&["-N", "-L", &there]).begins("");
    let mut stream = tunnel(local);
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    assert_eq!(digest(&got), digest(&said), "the endpoint finished first");
    stream.write_all(&bytes).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(hears.recv_timeout(Duration::from_secs(30)).unwrap(), bytes.len());
    visit.signal(chaperone_tests::Signal::TERM);
    visit.ends();
}

#[test]
fn an_endpoint_that_breaks_off_ends_its_channel_and_no_other() {
    let house = House::start();
    let (breaks, service) = (Service::breaks_off(), Service::answers());
    let endpoints = [format!("breaks={}", breaks.address()), format!("db={}", service.address())];
    declared(&house, &["--tcp", &endpoints[0], "--tcp", &endpoints[1]], "forward", "+10m");
    let (local, beside) = (free_port(), free_port());
    let there = [format!("{local}:breaks:{}", breaks.port()), format!("{beside}:db:{}", service.port())];
    let dana = house.technician("dana").ssh(SERVER);
    let mut visit = dana.with(&["-N", "-L", &there[0], "-L", &there[1]]).begins("");
    let mut stream = tunnel(local);
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The program waits for an answer, and says no more itself.
    stream.write_all(b"hello").unwrap();
    let mut got = Vec::new();
    match stream.read_to_end(&mut got) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
    }
    assert!(got.is_empty());
    let _ = house.fact("channel-closed");
    let mut other = tunnel(beside);
    other.write_all(b"x").unwrap();
    other.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    other.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "Xbye");
    visit.signal(chaperone_tests::Signal::TERM);
    visit.ends();
}

#[test]
fn many_connections_at_once_keep_their_bytes_apart() {
    const AT_ONCE: usize = 20;
    let house = House::start();
    let service = Service::counts();
    declared(&house, &["--tcp", &format!("db={}", service.address())], "forward", "+10m");
    let local = free_port();
    let there = format!("{local}:db:{}", service.port());
    let mut visit = house.technician("dana").ssh(SERVER).with(&["-N", "-L", &there]).begins("");
    drop(tunnel(local));
    std::thread::scope(|scope| {
        for n in 0..AT_ONCE {
            scope.spawn(move || {
                let bytes = noise(100_000 + n);
                let mut stream = TcpStream::connect(("127.0.0.1", local)).unwrap();
                stream.write_all(&bytes).unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
                let mut said = String::new();
                stream.read_to_string(&mut said).unwrap();
                assert_eq!(said, format!("{} {}", bytes.len(), digest(&bytes)));
            });
        }
    });
    visit.signal(chaperone_tests::Signal::TERM);
    visit.ends();
    let session = house.newest_session();
    let lines = recorded(&house, &session);
    let sent: usize = (0..AT_ONCE).map(|n| 100_000 + n).sum();
    assert_eq!(bytes_of(&lines, "forward-in"), u64::try_from(sent).unwrap());
    let closed = house.facts_of("channel-closed");
    assert_eq!(closed.len(), AT_ONCE + 1, "each is a channel of its own");
}

#[test]
fn the_end_of_the_window_ends_every_forward_at_the_server_too() {
    let house = House::start();
    let service = Service::answers();
    let id = declared(&house, &["--tcp", &format!("db={}", service.address())], "forward", "+8s");
    let local = free_port();
    let there = format!("{local}:db:{}", service.port());
    let mut visit = house.technician("dana").ssh(SERVER).with(&["-N", "-L", &there]).begins("");
    let mut open: Vec<TcpStream> = (0..4).map(|_| tunnel(local)).collect();
    for stream in &mut open {
        stream.write_all(b"x").unwrap();
        let mut answer = [0; 1];
        stream.read_exact(&mut answer).unwrap();
    }
    soon("the connections to be there", || (service.connections() == 4).then_some(()));
    let closes = house.closes(&id);
    let gone = soon("every connection to the endpoint to be gone", || {
        (service.ended() == 4).then(jiff::Timestamp::now)
    });
    let late = gone.duration_since(closes);
    assert!(late > SignedDuration::ZERO && late < SignedDuration::from_secs(1), "{late:#}");
    visit.ends();
    house.sealed(&house.newest_session());
    assert_eq!(house.fact("session-ended").body["sockets_gone"], true);
}

#[test]
fn a_forward_that_is_withdrawn_ends_the_visit_that_is_on_it_and_no_other() {
    let house = House::start();
    let service = Service::answers();
    declared(&house, &["--tcp", &format!("db={}", service.address())], "exec,forward", "+10m");
    let local = free_port();
    let there = format!("{local}:db:{}", service.port());
    let mut visit = house.technician("dana").ssh(SERVER).with(&["-N", "-L", &there]).begins("");
    let mut stream = tunnel(local);
    stream.write_all(b"x").unwrap();
    stream.read_exact(&mut [0; 1]).unwrap();
    let on_it = house.newest_session();
    let mut other = house.technician("dana").ssh(SERVER).begins("echo on; sleep 60");
    other.shows("on");
    let began = std::time::Instant::now();
    house.priya().does(&["target", "remove-endpoint", SERVER, "tcp:db", "--reason", "it moves"]);
    let told = began.elapsed();
    soon("the connection to the endpoint to be gone", || (service.ended() == 1).then_some(()));
    let took = began.elapsed();
    assert!(took < Duration::from_secs(1) + told, "{took:?}, of which the command took {told:?}");
    visit.ends();
    house.sealed(&on_it);
    let ended = house.facts_of("session-ended");
    assert_eq!(ended.len(), 1, "{ended:#?}");
    assert_eq!(
        (ended[0].session.as_deref(), &ended[0].body["reason"]),
        (Some(on_it.as_str()), &"endpoint-changed".into())
    );
    assert!(other.is_running());
}

#[test]
fn an_endpoint_that_is_down_fails_alone() {
    let house = House::start();
    let nobody = free_port();
    declared(&house, &["--tcp", &format!("db=127.0.0.1:{nobody}")], "exec,forward", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(SERVER).option(&socket);
    let mut master = dana.clone().with(&["-M"]).begins("echo ready; cat");
    master.shows("ready");
    let ran = dana.clone().with(&["-W", &format!("db:{nobody}")]).runs("");
    assert_ne!(ran.status, Some(0));
    assert_eq!(dana.runs("echo still here").succeeded().text(), "still here\n");
    let closed = soon("the channel's fact", || {
        house.facts_of("channel-closed").into_iter().find(|fact| fact.body["coverage"] == "refused")
    });
    assert!(closed.session.is_some());
    master.ends_input();
    master.ends();
}

#[test]
fn a_proxy_on_the_client_reaches_what_is_declared_and_nothing_else() {
    let house = House::start();
    let (service, other) = (Service::answers(), Service::answers());
    declared(&house, &["--tcp", &format!("db={}", service.address())], "forward", "+10m");
    let local = free_port();
    let proxy = local.to_string();
    let mut visit = house.technician("dana").ssh(SERVER).with(&["-N", "-D", &proxy]).begins("");
    assert_eq!(through_socks(local, "db", service.port(), b"x"), Some(b"Xbye".to_vec()));
    assert_eq!(through_socks(local, "127.0.0.1", service.port(), b"y"), Some(b"Ybye".to_vec()));
    assert_eq!(through_socks(local, "127.0.0.1", other.port(), b"z"), None);
    assert_eq!(other.connections(), 0);
    visit.signal(chaperone_tests::Signal::TERM);
    visit.ends();
}

/// One connection through a SOCKS 5 proxy (RFC 1928); `None` where it is refused.
fn through_socks(proxy: u16, host: &str, port: u16, says: &[u8]) -> Option<Vec<u8>> {
    let mut stream = tunnel(proxy);
    stream.write_all(&[5, 1, 0]).unwrap();
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).unwrap();
    let mut asks = vec![5, 1, 0, 3, u8::try_from(host.len()).unwrap()];
    asks.extend(host.as_bytes());
    asks.extend(port.to_be_bytes());
    stream.write_all(&asks).unwrap();
    let mut answer = [0; 10];
    // OpenSSH's client says success first and closes when the gate refuses.
    stream.read_exact(&mut answer).ok()?;
    stream.write_all(says).ok()?;
    stream.shutdown(Shutdown::Write).ok()?;
    let mut got = Vec::new();
    stream.read_to_end(&mut got).ok()?;
    Some(got).filter(|got| !got.is_empty())
}

#[test]
fn a_server_without_ssh_has_its_endpoints_and_no_more() {
    let house = House::start();
    let service = Service::answers();
    house.priya().does(&["target", "add", "pump-console", "--tcp", &format!("admin={}", service.address())]);
    window(&house, "pump-console", "exec,forward", "+10m");
    let dana = house.technician("dana").ssh("pump-console").input("x");
    let ran = dana.clone().with(&["-W", &format!("admin:{}", service.port())]).runs("").succeeded();
    assert_eq!(ran.text(), "Xbye");
    let ran = dana.runs("uptime");
    assert_eq!(ran.status, Some(64));
    assert!(ran.err.contains("This server has no SSH"), "{}", ran.err);
}

#[test]
fn a_forward_is_open_when_it_is_said_to_be_and_its_recording_has_begun() {
    let house = House::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    declared(&house, &["--tcp", &format!("db=127.0.0.1:{port}")], "forward", "+10m");
    let lines = house.technician("dana").ssh(SERVER).with(&["-W", &format!("db:{port}")]).line();
    let mut client = std::process::Command::new("ssh");
    client.args(&lines[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut client = Process::start("ssh", &mut client);
    let (mut stream, _) = listener.accept().unwrap();
    // The endpoint speaks first, before the client has said anything.
    stream.write_all(b"220 ready\n").unwrap();
    let mut got = [0; 10];
    client.child().stdout.as_mut().unwrap().read_exact(&mut got).unwrap();
    assert_eq!(&got, b"220 ready\n");
    drop(stream);
    drop(client);
    let session = house.newest_session();
    assert_eq!(stream_of(&house, &session), "220 ready\n");
}

fn stream_of(house: &House, session: &str) -> String {
    stream(&recorded(house, session), "forward-out")
}

#[test]
fn the_house_has_a_server_that_declares_nothing() {
    let house = House::start();
    house.open_window("dana", "forward,forward-opaque", "+10m");
    let dana = house.technician("dana").ssh(TARGET).option("LogLevel=INFO");
    let ran = dana.with(&["-W", "localhost:5432"]).runs("");
    assert!(ran.err.contains("administratively prohibited"), "{}", ran.err);
}
