//! `chaperone connect`: a window's TLS and TCP endpoints as ports of the technician's own machine, with real servers behind
//! the gate and the clients that vendors use.

mod hostile;
mod told;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use chaperone_tests::{
    Authority, ConnectProxy, Connected, Furnishing, House, PATIENCE, Process, Ran, Service, TlsServer,
    free_port, soon,
};

const DOMAIN: &str = "gate.test";
const CONSOLE: &str = "console-01";
const NAME: &str = "console.example";

/// A house with a TLS gate, and a console behind it.
struct Site {
    house: House,
    authority: Authority,
    gate_port: u16,
    /// The console, at a port number that is free on 127.0.0.1.
    console: TlsServer,
    port: u16,
}

fn furnish(gate_port: u16) -> Furnishing {
    House::furnish()
        .with("CHAPERONE_GATE__TLS", &format!("127.0.0.1:{gate_port}"))
        .with("CHAPERONE_GATE__DOMAIN", DOMAIN)
}

/// With a web console by nginx, or a server that answers lines by their reverse.
fn site(web: bool) -> Site {
    let gate_port = free_port();
    site_in(furnish(gate_port), gate_port, web)
}

fn site_in(furnishing: Furnishing, gate_port: u16, web: bool) -> Site {
    let house = furnishing.start();
    let authority = Authority::new(house.folder(), "hospital");
    let port = free_port();
    let at = format!("127.0.0.9:{port}");
    let console = if web {
        TlsServer::nginx(house.folder(), &authority, NAME, &at, "pumps: 412")
    } else {
        TlsServer::reversing(&authority, NAME, &at)
    };
    let site = Site { house, authority, gate_port, console, port };
    site.adds(CONSOLE, &site.console.at, if web { &["--http"] } else { &[] });
    site
}

impl Site {
    fn adds(&self, target: &str, at: &str, more: &[&str]) {
        let trust = self.authority.certificate().display().to_string();
        let mut words = vec!["target", "add", target, "--tls", at, "--server-name", NAME, "--trust", &trust];
        words.extend(more);
        self.house.priya().does(&words);
    }

    fn opens(&self, closes: &str) -> String {
        self.house.open_window_on(CONSOLE, "dana", "tls", closes)
    }

    /// A window of Dana's, approved.
    fn asks(&self, targets: &[&str], opens: &str, closes: &str) -> String {
        let mut words =
            vec!["window", "request", "--person", "dana", "--access", "tls", "--purpose", "patch"];
        words.extend(["--ticket", "CHG0031337", "--reason", "security patch", "--opens", opens]);
        words.extend(["--closes", closes]);
        words.extend(targets.iter().flat_map(|target| ["--target", target]));
        let asked = self.house.gate.person("dana").does(&words);
        let window = asked["id"].as_str().expect("an id").to_owned();
        self.house.approve(&window);
        window
    }

    /// Dana connects, and has the certificate that her clients must trust in a file.
    fn connects(&self, to: &str, words: &[&str], variables: &[(&str, &str)]) -> Connected {
        let trust = self.trust().display().to_string();
        let words: Vec<_> = words.iter().copied().chain(["--authority", &trust]).collect();
        self.house.gate.person("dana").connects(to, &words, variables)
    }

    fn trust(&self) -> PathBuf {
        self.house.folder().join("local-ca.pem")
    }

    /// curl to a local port, by the server's own name.
    fn curl(&self, local: &str, scheme: &str, more: &[&str]) -> Ran {
        let (address, port) = local.rsplit_once(':').unwrap();
        let mut command = Command::new("curl");
        command.args(["-sS", "--max-time", "20", "--noproxy", "*", "-w", "%{http_version}", "--cacert"]);
        command.arg(self.trust()).args(["--resolve", &format!("{NAME}:{port}:{address}")]).args(more);
        Process::run("curl", PATIENCE, command.arg(format!("{scheme}://{NAME}:{port}/")))
    }
}

impl Site {
    /// A client that offers HTTP/2 is answered what the server takes, once the gate knows it.
    #[track_caller]
    fn speaks_http2(&self, local: &str) {
        soon("the protocol that the client offers and the server takes", || {
            let ran = self.curl(local, "https", &["--http2", "--tlsv1.3"]).succeeded();
            (ran.text() == "pumps: 412\n2").then_some(())
        });
    }
}

fn opens(local: &str) -> TcpStream {
    let stream = TcpStream::connect(local).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What a server answers that reverses lines.
fn reversed(stream: &mut TcpStream, line: &str) -> String {
    writeln!(stream, "{line}").unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    answer.trim_end().to_owned()
}

/// Whether whoever reads hears nothing more.
fn has_ended(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn a_console_is_reached_plain_and_by_tls_at_its_own_port_number() {
    let site = site(true);
    site.opens("+10m");
    let mut connected = site.connects(CONSOLE, &[], &[]);
    let endpoint = connected.endpoint(CONSOLE);
    assert_eq!(endpoint["local"], format!("127.0.0.1:{}", site.port), "its own number: {endpoint}");
    assert_eq!(
        (&endpoint["kind"], &endpoint["server_name"], &endpoint["target"]),
        (&"http".into(), &NAME.into(), &CONSOLE.into())
    );
    assert_eq!(endpoint["accepts"], serde_json::json!(["plain", "tls"]));
    let local = connected.local(CONSOLE);
    let plain = site.curl(&local, "http", &[]).succeeded().text();
    assert_eq!(plain, "pumps: 412\n1.1");
    let secured = site.curl(&local, "https", &["--http1.1"]).succeeded().text();
    assert_eq!(secured, "pumps: 412\n1.1");
    site.speaks_http2(&local);
    assert_eq!(connected.event("way")["way"], "direct");
    connected.interrupt();
    assert_eq!(connected.event("ended")["reason"], "stopped");
    assert!(connected.ends().success());
    assert!(TcpStream::connect(&local).is_err(), "nobody listens there any more");
    assert!(!site.house.facts_of("session-admitted").is_empty());
}

#[test]
fn two_servers_of_a_window_have_an_address_each_and_may_share_a_port_number() {
    let site = site(false);
    let other = TlsServer::reversing(&site.authority, NAME, &format!("127.0.0.10:{}", site.port));
    site.adds("console-02", &other.at, &[]);
    let window = site.asks(&[CONSOLE, "console-02"], "now", "+10m");
    let connected = site.connects(&window, &[], &[]);
    let locals = [connected.local(CONSOLE), connected.local("console-02")];
    assert_eq!(locals[0], format!("127.0.0.1:{}", site.port));
    assert_eq!(locals[1], format!("127.0.0.2:{}", site.port));
    for local in &locals {
        assert_eq!(reversed(&mut opens(local), "rate 12"), "21 etar");
    }
    let anywhere = site.connects(&window, &["--listen", "127.0.0.1:0"], &[]);
    for label in [CONSOLE, "console-02"] {
        assert_ne!(anywhere.local(label), format!("127.0.0.1:{}", site.port), "any port was asked for");
        assert_eq!(reversed(&mut opens(&anywhere.local(label)), "dose 7"), "7 esod");
    }
}

#[test]
fn a_declared_tcp_endpoint_carries_whatever_it_is_and_the_end_of_either_side() {
    let site = site(false);
    let service = Service::answers();
    site.house.priya().does(&["target", "add", "pump-db", "--tcp", &format!("db={}", service.address())]);
    site.house.open_window_on("pump-db", "dana", "forward", "+10m");
    for way in ["direct", "websocket"] {
        let connected = site.connects("pump-db", &["--via", way], &[]);
        let endpoint = connected.endpoint("db--pump-db");
        assert_eq!(
            (&endpoint["kind"], &endpoint["accepts"], &endpoint["recorded"]),
            (&"tcp".into(), &serde_json::json!(["plain"]), &"bytes".into())
        );
        let mut client = opens(&connected.local("db--pump-db"));
        client.write_all(b"select 1;").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an orderly end");
        assert_eq!(answer, "SELECT 1;bye", "{way}: what is said after the client's last word");
    }
}

#[test]
fn outside_a_window_it_is_refused_as_at_every_door() {
    let site = site(false);
    let dana = site.house.gate.person("dana");
    let ran = dana.fails_to_connect(CONSOLE);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.out.is_empty() && !ran.err.is_empty(), "{ran:?}");
    site.asks(&[CONSOLE], "+1h", "+2h");
    let ran = dana.fails_to_connect(CONSOLE);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    let refused = site.house.refusal("attempt-refused", "early");
    assert_eq!(refused.body["proof"]["login"], "dana", "{refused:?}");
    soon("the SOC's alert", || (!site.house.alerts_because("early").is_empty()).then_some(()));
    assert!(site.house.sessions().is_empty());
}

#[test]
fn the_windows_end_and_a_revocation_end_it_and_every_connection() {
    let site = site(false);
    site.opens("+20s");
    let mut connected = site.connects(CONSOLE, &[], &[]);
    let mut idle = opens(&connected.local(CONSOLE));
    assert_eq!(reversed(&mut idle, "hello"), "olleh");
    assert!(connected.event("time-left")["seconds"].as_i64().is_some_and(|left| (8..=10).contains(&left)));
    assert!(has_ended(&mut idle));
    assert_eq!(connected.event("ended")["reason"], "closed");
    assert!(connected.ends().success());
    let window = site.opens("+10m");
    let mut connected = site.connects(&window, &[], &[]);
    let mut idle = opens(&connected.local(CONSOLE));
    assert_eq!(reversed(&mut idle, "hello"), "olleh");
    site.house.priya().does(&["window", "revoke", &window, "--reason", "stop now"]);
    assert!(has_ended(&mut idle));
    let ended = connected.event("ended");
    assert!(ended["reason"] == "revoked" && ended["what"].to_string().contains("stop now"), "{ended}");
    assert!(connected.ends().success());
}

#[test]
fn an_extension_is_taken_without_anybodys_doing() {
    let site = site(false);
    let window = site.opens("+20s");
    let mut connected = site.connects(CONSOLE, &[], &[]);
    let before = connected.told()[0]["closes"].as_str().unwrap().to_owned();
    site.house.priya().does(&["window", "extend", &window, "--closes", "+10m", "--reason", "slow disk"]);
    let extended = connected.event("extended");
    assert!(extended["closes"].as_str().unwrap() > before.as_str(), "{extended}");
    let closes: jiff::Timestamp = before.parse().unwrap();
    let beyond = closes + jiff::SignedDuration::from_secs(2);
    soon("the first end to pass", || (jiff::Timestamp::now() > beyond).then_some(()));
    assert_eq!(reversed(&mut opens(&connected.local(CONSOLE)), "still here"), "ereh llits");
    assert!(connected.is_running());
}

#[test]
fn a_renewed_certificate_is_of_the_same_visit() {
    let site = site(false);
    site.adds("console-02", &site.console.at, &["--session-limit", "1"]);
    let window = site.asks(&["console-02"], "now", "+20s");
    let connected = site.connects(&window, &[], &[]);
    let mut before = opens(&connected.local("console-02"));
    assert_eq!(reversed(&mut before, "hello"), "olleh");
    site.house.priya().does(&["window", "extend", &window, "--closes", "+10m", "--reason", "slow disk"]);
    connected.event("extended");
    let issued = soon("the certificate to be renewed", || {
        let issued = site.house.facts_of("certificate-issued");
        (issued.len() == 2).then_some(issued)
    });
    let [first, renewed] = [&issued[0].body, &issued[1].body];
    assert_eq!((&first["renews"], &renewed["renews"]), (&serde_json::Value::Null, &first["serial"]));
    assert_eq!(reversed(&mut before, "as before"), "erofeb sa");
    // It speaks with one client at a time. The visit stays on for a while, and the server lets in no other: what comes with the
    // new certificate is of this one.
    drop(before);
    let mut after = opens(&connected.local("console-02"));
    assert_eq!(reversed(&mut after, "more"), "erom");
    assert_eq!(site.house.sessions().len(), 1);
    assert_eq!(site.house.facts_of("attempt-refused").len(), 0);
    // Who is stopped is stopped with both.
    let session = site.house.newest_session();
    site.house.sam().does(&["session", "stop", &session, "--reason", "enough"]);
    assert!(has_ended(&mut after));
    assert!(has_ended(&mut opens(&connected.local("console-02"))));
    assert_eq!(connected.event("ended")["reason"], "visit-stopped");
}

#[test]
fn when_the_gate_comes_back_new_connections_go_on() {
    let mut site = site(false);
    site.opens("+10m");
    let connected = site.connects(CONSOLE, &[], &[]);
    let local = connected.local(CONSOLE);
    let mut lost = opens(&local);
    assert_eq!(reversed(&mut lost, "hello"), "olleh");
    site.house.gate.kill();
    assert!(has_ended(&mut lost), "what was carried broke off");
    // Somebody tries while nobody is there, and is kept waiting.
    let mut waiting = opens(&local);
    connected.event("lost");
    site.house.gate.rise();
    assert_eq!(reversed(&mut waiting, "again"), "niaga");
    connected.event("reconnected");
}

#[test]
fn through_a_proxy_that_lets_connect_through_with_and_without_a_password() {
    let site = site(false);
    site.opens("+10m");
    let (open, guarded) = (ConnectProxy::open(), ConnectProxy::with_password("ward", "s3cret"));
    let through = format!("http://127.0.0.1:{}", open.port());
    let right = format!("http://ward:s3cret@127.0.0.1:{}", guarded.port());
    for (named, proxy) in [(&through, &open), (&right, &guarded)] {
        let connected = site.connects(CONSOLE, &["--listen", "127.0.0.1:0"], &[("HTTPS_PROXY", named)]);
        assert_eq!(reversed(&mut opens(&connected.local(CONSOLE)), "hello"), "olleh");
        assert_eq!(connected.event("way")["way"], "proxy");
        let asked = proxy.asked();
        let by_address = format!("CONNECT 127.0.0.1:{} HTTP/1.1", site.gate_port);
        assert!(asked.contains(&by_address), "{asked:?}");
    }
    let asked = open.asked().len();
    let around = [("HTTPS_PROXY", through.as_str()), ("NO_PROXY", "gate.test,127.0.0.1")];
    let connected = site.connects(CONSOLE, &["--listen", "127.0.0.1:0"], &around);
    assert_eq!(reversed(&mut opens(&connected.local(CONSOLE)), "hello"), "olleh");
    assert_eq!((connected.event("way")["way"].as_str(), open.asked().len()), (Some("direct"), asked));
    // A proxy that lets nobody through: the web socket does.
    let wrong = format!("http://ward:guess@127.0.0.1:{}", guarded.port());
    let connected = site.connects(CONSOLE, &["--listen", "127.0.0.1:0"], &[("HTTPS_PROXY", &wrong)]);
    assert_eq!(reversed(&mut opens(&connected.local(CONSOLE)), "hello"), "olleh");
    assert_eq!(connected.event("way")["way"], "websocket");
}

#[test]
fn where_the_gates_port_is_blocked_a_web_socket_carries_it() {
    let (gate_port, blocked) = (free_port(), free_port());
    let furnishing = furnish(gate_port).with("CHAPERONE_GATE__TLS_PUBLIC", &format!("{DOMAIN}:{blocked}"));
    let site = site_in(furnishing, gate_port, true);
    let window = site.opens("+10m");
    let mut connected = site.connects(CONSOLE, &["--listen", "127.0.0.1:0"], &[]);
    let local = connected.local(CONSOLE);
    assert_eq!(site.curl(&local, "http", &[]).succeeded().text(), "pumps: 412\n1.1");
    assert_eq!(connected.event("way")["way"], "websocket");
    site.speaks_http2(&local);
    let signed_in = site.house.facts_of("signed-in");
    let carried = signed_in.iter().find(|fact| fact.body["listener"] == "web-socket").expect("a fact");
    assert_eq!(carried.body["proof"]["login"], "dana");
    let mut idle = opens(&local);
    write!(idle, "GET / HTTP/1.1\r\nhost: {NAME}\r\n\r\n").unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    site.house.priya().does(&["window", "revoke", &window, "--reason", "stop now"]);
    assert!(has_ended(&mut idle), "the end of a window ends what a web socket carries");
    assert!(connected.ends().success());
    // The token opens this way and nothing else.
    let plain =
        chaperone_tests::get(site.house.gate.web_port(), "/api/tls", Some(&site.house.gate.token("dana")));
    assert_eq!(plain.unwrap().status, 400);
    let sam =
        chaperone_tests::get(site.house.gate.web_port(), "/api/tls", Some(&site.house.gate.token("sam")));
    assert_eq!(sam.unwrap().status, 403);
}

#[test]
fn one_way_alone_can_be_forced() {
    let site = site(false);
    site.opens("+10m");
    let proxy = ConnectProxy::open();
    let named = [("HTTPS_PROXY", format!("http://127.0.0.1:{}", proxy.port()))];
    let named: Vec<_> = named.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for way in ["direct", "websocket", "proxy"] {
        let connected = site.connects(CONSOLE, &["--via", way, "--listen", "127.0.0.1:0"], &named);
        assert_eq!(reversed(&mut opens(&connected.local(CONSOLE)), "hello"), "olleh");
        assert_eq!(connected.event("way")["way"], way);
    }
    let connected = site.connects(CONSOLE, &["--via", "proxy", "--listen", "127.0.0.1:0"], &[]);
    let mut nowhere = opens(&connected.local(CONSOLE));
    nowhere.write_all(b"hello\n").unwrap();
    let lost = connected.event("lost");
    assert!(lost["why"].to_string().contains("names no proxy"), "{lost}");
    nowhere.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    assert!(has_ended(&mut nowhere), "it is given up after its time");
}
