//! Behind a load balancer the client is who its PROXY header names: for policy, facts and alerts. Only listed balancers are
//! believed, and from those a header must come. With a real HAProxy.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use chaperone_tests::{Furnishing, House, PATIENCE, Process, TARGET, eventually, free_port};

/// Where the balancer and every client of these scenarios really are.
const LOOPBACK: &str = "127.0.0.1/32";
/// A client that comes from somewhere else than the balancer.
const CLIENT: &str = "127.0.0.7";

/// A running HAProxy in front of a port.
struct Balancer {
    port: u16,
    _process: Process,
}

impl Balancer {
    /// `sends` is what it puts before each connection, in its own words.
    #[track_caller]
    fn before(house: &House, port: u16, sends: &str) -> Self {
        let own = free_port();
        let file = house.folder().join(format!("haproxy-{own}.cfg"));
        let text = format!(
            "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1h\n  timeout server 1h\n\
             listen gate\n  bind 127.0.0.1:{own}\n  server gate 127.0.0.1:{port} {sends}\n"
        );
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new("/usr/sbin/haproxy");
        command.arg("-db").arg("-f").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process::start("haproxy", &mut command);
        eventually(PATIENCE, "HAProxy to listen", || TcpStream::connect(("127.0.0.1", own)).ok());
        Self { port: own, _process: process }
    }
}

fn behind_a_balancer() -> Furnishing {
    House::furnish().with("CHAPERONE_GATE__PROXY_FROM", LOOPBACK)
}

/// A PROXY header, version 2, that names this client.
fn header(client: Ipv4Addr) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    header.extend(client.octets());
    header.extend([10, 0, 0, 1, 0x1f, 0x90, 0, 22]);
    header
}

/// What comes back to whoever says this, until the gate closes.
fn hears(port: u16, from: IpAddr, says: &[u8]) -> Vec<u8> {
    assert_eq!(from, IpAddr::V4(Ipv4Addr::LOCALHOST), "who says it is here");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(says).unwrap();
    let mut heard = Vec::new();
    // A reset is an end, too.
    drop(stream.read_to_end(&mut heard));
    heard
}

#[test]
fn the_client_behind_the_balancer_is_who_facts_recordings_and_alerts_name() {
    let house = behind_a_balancer().start();
    let balancer = Balancer::before(&house, house.gate.ssh_port(), "send-proxy-v2");
    let dana = house.technician("dana").at_port(balancer.port);
    let dana = dana.ssh(TARGET).option(&format!("BindAddress={CLIENT}"));
    dana.runs("true").refused();
    let refused = house.fact("attempt-refused");
    let source = refused.body["source"].as_str().unwrap_or_default();
    assert!(source.starts_with(&format!("{CLIENT}:")), "{refused:?}");
    eventually(PATIENCE, "an alert that names the client", || {
        let alerts = house.sam().lists(&["alert", "list"]);
        alerts.iter().any(|alert| alert.to_string().contains(CLIENT)).then_some(())
    });
    house.open_window("dana", "exec", "+10m");
    assert_eq!(dana.runs("echo hello").succeeded().text(), "hello\n");
    let admitted = house.fact("session-admitted");
    assert!(admitted.body.to_string().contains(&format!("{CLIENT}:")), "{admitted:?}");
}

#[test]
fn a_balancers_own_checks_are_its_own_and_a_listed_peer_without_a_header_is_refused() {
    let house = behind_a_balancer().start();
    house.open_window("dana", "exec", "+10m");
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let port = house.gate.ssh_port();
    // Straight to the gate, from where only the balancer should come.
    assert_eq!(house.technician("dana").ssh(TARGET).runs("true").status, Some(255));
    assert_eq!(hears(port, here, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"), b"", "not a word");
    assert_eq!(hears(port, here, b"PROXY TCP4 10.9.8.7 10.0.0.1 51000 22\r\nSSH-2.0-x\r\n"), b"");
    let mut odd = header(Ipv4Addr::new(10, 9, 8, 7));
    odd[13] = 0x31;
    assert_eq!(hears(port, here, &odd), b"", "a socket's path is no address");
    // It calls for itself: an SSH banner comes back, and it is who it is.
    let own = hears(port, here, b"\r\n\r\n\0\r\nQUIT\n\x20\x00\0\0SSH-1.0-check\r\n");
    assert!(own.starts_with(b"SSH-2.0-Chaperone"), "{own:?}");
    assert!(house.gate.log().contains("a proxy's connection is refused"));
    assert!(house.facts_of("attempt-refused").is_empty() && house.sessions().is_empty());
    let unheard = house.fact("connections-unheard");
    assert_eq!(unheard.body["source"], "127.0.0.1", "told of the balancer, since nobody knows of whom else");
}

#[test]
fn version_1_is_refused() {
    let house = behind_a_balancer().start();
    house.open_window("dana", "exec", "+10m");
    let balancer = Balancer::before(&house, house.gate.ssh_port(), "send-proxy");
    let dana = house.technician("dana").at_port(balancer.port);
    assert_eq!(dana.ssh(TARGET).runs("true").status, Some(255));
    assert!(house.gate.log().contains("version 1 of the PROXY protocol is not taken"));
}

#[test]
fn from_a_peer_that_is_not_listed_a_header_is_garbage() {
    let house = House::furnish().with("CHAPERONE_GATE__PROXY_FROM", "127.0.0.99").start();
    house.open_window("dana", "exec", "+10m");
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut says = header(Ipv4Addr::new(127, 0, 0, 7));
    says.extend(b"SSH-2.0-OpenSSH_9.2p1\r\n");
    let heard = hears(house.gate.ssh_port(), here, &says);
    assert!(!heard.windows(8).any(|part| part == b"curve255"), "no key exchange begins: {heard:?}");
    let balancer = Balancer::before(&house, house.gate.ssh_port(), "send-proxy-v2");
    let dana = house.technician("dana").at_port(balancer.port);
    assert_eq!(dana.ssh(TARGET).runs("true").status, Some(255));
    assert!(
        house.facts().iter().all(|fact| !fact.body.to_string().contains("127.0.0.7")),
        "nobody was lied to"
    );
    // Everybody else comes as ever.
    assert_eq!(house.technician("dana").ssh(TARGET).runs("echo hello").succeeded().text(), "hello\n");
}

#[test]
fn a_listed_peer_that_trickles_holds_up_nobody() {
    let house = House::furnish().with("CHAPERONE_GATE__PROXY_FROM", LOOPBACK).start();
    house.open_window("dana", "exec", "+10m");
    let port = house.gate.ssh_port();
    let slow: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.write_all(b"\r\n\r\n\0").unwrap();
            stream
        })
        .collect();
    let balancer = Balancer::before(&house, port, "send-proxy-v2");
    let dana = house.technician("dana").at_port(balancer.port).ssh(TARGET);
    let ran = dana.runs_within(Duration::from_secs(10), "echo hello").succeeded();
    assert_eq!(ran.text(), "hello\n");
    // They are given up after their time.
    let mut first = slow.into_iter().next().unwrap();
    first.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    assert!(!matches!(first.read(&mut [0; 1]), Ok(1)), "nothing is said to them");
}
