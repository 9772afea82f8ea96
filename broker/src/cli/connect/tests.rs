//! The local half, with an `openssl s_server` that plays the gate and `openssl s_client` or a plain socket as the client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chaperone_web::wire::{ConnectionEndpoint, ConnectionTarget, ConnectionView};
use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SubjectPublicKeyInfo};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::Way;
use super::dial::Dialer;
use super::keep::{Kept, accept};
use super::pass::{Keys, Pass};
use super::ports;
use super::tell::Tells;
use crate::cli::Cli;
use crate::cli::client::{Client, Credential};

/// Signs for the gate, the technician and this machine.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "authority");
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    fn issues(&self, names: &[&str], spki_pem: &str) -> String {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = SubjectPublicKeyInfo::from_pem(spki_pem).unwrap();
        CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap().pem()
    }
}

/// An `openssl s_server` that wants a certificate of the authority's, and answers each line by its reverse.
struct Gate {
    child: Child,
    port: u16,
}

impl Gate {
    fn start(folder: &Path, authority: &Authority, more: &[&str]) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = authority.issues(&["*.tls.localhost"], &key.public_key_pem());
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let (key, certificate) = (file("key.pem", &key.serialize_pem()), file("cert.pem", &certificate));
        let anchor = file("ca.pem", &authority.pem);
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-key"]).arg(key);
        command.arg("-cert").arg(certificate).args(["-Verify", "1", "-verify_return_error", "-CAfile"]);
        command.arg(anchor).args(more).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let gate = Self { child, port };
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return gate;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("openssl s_server does not listen");
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What is granted, with certificates by this authority for the gate at this port.
fn pass(authority: &Authority, by: &Authority, port: u16, kind: &str) -> Pass {
    let keys = Keys::make().unwrap();
    let asked = keys.asks("console-01", None);
    let until = Timestamp::now() + SignedDuration::from_hours(1);
    let endpoint = ConnectionEndpoint {
        label: "console-01".to_owned(),
        kind: kind.to_owned(),
        host: "10.0.0.7".to_owned(),
        port: 8443,
        server_name: Some("console.example".to_owned()),
        access: "tls".to_owned(),
        recorded: "plain".to_owned(),
    };
    let granted = ConnectionView {
        window: "w".to_owned(),
        opens: Timestamp::now(),
        closes: until,
        until,
        domain: "localhost".to_owned(),
        host: "localhost".to_owned(),
        port,
        authority_pem: authority.pem.clone(),
        certificate_pem: by.issues(&["dana"], &asked.public_key_pem),
        local_certificate_pem: Some(
            authority.issues(&["console.example", "localhost"], &asked.local_key_pem.unwrap()),
        ),
        local_authority_pem: Some(authority.pem.clone()),
        targets: vec![ConnectionTarget { name: "console-01".to_owned(), endpoints: vec![endpoint] }],
    };
    Pass::new(granted, &keys, "").unwrap()
}

/// A local port that leads to a gate.
struct Local {
    at: SocketAddr,
    kept: Arc<Kept>,
    /// The certificate to trust.
    anchor: PathBuf,
    _runtime: Runtime,
}

impl Local {
    fn open(folder: &Path, authority: &Authority, pass: Pass) -> Self {
        let runtime = Runtime::new().unwrap();
        let client = Client::tunnelled("http://127.0.0.1:1", Credential::Nothing, None).unwrap();
        let (at, kept) = runtime.block_on(async {
            let mut opened = ports::open(&pass, Some("127.0.0.1:0".parse().unwrap())).await.unwrap();
            let (opened, listener) = opened.remove(0);
            let kept = Arc::new(Kept::new(Dialer::new(client, Some(Way::Direct)), Tells::new(true), pass));
            let at = opened.local;
            tokio::spawn(accept(listener, Arc::new(opened), Arc::clone(&kept)));
            (at, kept)
        });
        let anchor = folder.join("anchor.pem");
        std::fs::write(&anchor, &authority.pem).unwrap();
        Self { at, kept, anchor, _runtime: runtime }
    }

    fn plain(&self) -> TcpStream {
        let stream = TcpStream::connect(self.at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// What `openssl s_client` prints that says this.
    fn tls(&self, says: &str, more: &[&str]) -> String {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &self.at.to_string(), "-servername", "console.example"]);
        command.args(["-verify_return_error", "-verify_hostname", "console.example", "-CAfile"]);
        command
            .arg(&self.anchor)
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(says.as_bytes()).unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let (mut all, mut line) = (String::new(), String::new());
        while out.read_line(&mut line).is_ok_and(|count| count > 0) {
            all.push_str(&line);
            if line.trim_end() == says.trim_end().chars().rev().collect::<String>() {
                break;
            }
            line.clear();
        }
        drop((child.kill(), child.wait()));
        all
    }
}

fn reversed(stream: &mut TcpStream, says: &str) -> String {
    stream.write_all(says.as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    answer
}

#[test]
fn a_plain_client_and_one_that_speaks_tls_reach_the_gate_on_one_port() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let gate = Gate::start(folder.path(), &authority, &["-rev", "-alpn", "pump/2,http/1.1"]);
    let local = Local::open(folder.path(), &authority, pass(&authority, &authority, gate.port, "tls"));
    let mut plain = local.plain();
    assert_eq!(reversed(&mut plain, "rate 12\n"), "21 etar\n");
    drop(plain);
    let heard = local.tls("dose 7\n", &["-alpn", "pump/1,pump/2"]);
    assert!(heard.contains("ALPN protocol: pump/2") && heard.contains("7 esod"), "{heard}");
    let heard = local.tls("dose 8\n", &["-tls1_2"]);
    assert!(heard.contains("No ALPN negotiated") && heard.contains("8 esod"), "{heard}");
    // A server that begins is waited for by a client that says nothing.
    let mut silent = local.plain();
    std::thread::sleep(Duration::from_millis(1300));
    assert_eq!(reversed(&mut silent, "late\n"), "etal\n");
}

#[test]
fn an_end_is_carried_on_as_an_end_and_a_broken_connection_as_a_broken_one() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let gate = Gate::start(folder.path(), &authority, &["-rev"]);
    let local = Local::open(folder.path(), &authority, pass(&authority, &authority, gate.port, "tls"));
    let mut ending = local.plain();
    ending.write_all(b"last word\n").unwrap();
    ending.shutdown(Shutdown::Write).unwrap();
    let mut heard = String::new();
    ending.read_to_string(&mut heard).expect("an orderly end");
    assert_eq!(heard, "drow tsal\n");
    let mut broken = local.plain();
    assert_eq!(reversed(&mut broken, "hello\n"), "olleh\n");
    drop(gate);
    let ended = broken.read(&mut [0; 1]);
    assert!(ended.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset));
    let mut over = local.plain();
    local.kept.over.cancel();
    assert!(!matches!(over.read(&mut [0; 1]), Ok(1)));
}

#[test]
fn who_is_not_the_gate_gets_nothing_and_whom_the_gate_does_not_take_gets_nothing_either() {
    let (folder, authority, stranger) = (tempfile::tempdir().unwrap(), Authority::new(), Authority::new());
    let gate = Gate::start(folder.path(), &authority, &["-rev"]);
    // The gate's certificate is another authority's than the one that was named.
    let mut wrong = pass(&stranger, &authority, gate.port, "tcp");
    let dialler = |pass: &Pass| {
        let client = Client::tunnelled("http://127.0.0.1:1", Credential::Nothing, None).unwrap();
        let dialer = Dialer::new(client, Some(Way::Direct));
        Runtime::new().unwrap().block_on(async {
            dialer.dial(pass, "console-01", Vec::new()).await.map(drop).map_err(|fault| fault.to_string())
        })
    };
    assert_eq!(dialler(&wrong), Err("what answers there does not have the gate's certificate".to_owned()));
    // A name that the gate has no certificate for.
    wrong.domain = "127.0.0.1".to_owned();
    assert!(dialler(&wrong).is_err());
    // The technician's certificate is nobody's.
    let local = Local::open(folder.path(), &authority, pass(&authority, &stranger, gate.port, "tcp"));
    let mut refused = local.plain();
    // It may be refused before it has said anything: then it is the write that says so.
    let ended = refused.write_all(b"hello\n").and_then(|()| refused.read(&mut [0; 1]));
    let broken = [std::io::ErrorKind::ConnectionReset, std::io::ErrorKind::BrokenPipe];
    assert!(ended.is_err_and(|error| broken.contains(&error.kind())));
}

#[test]
fn each_endpoint_keeps_its_port_number_where_that_is_free() {
    let authority = Authority::new();
    let mut pass = pass(&authority, &authority, 1, "tls");
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (taken, number) = (std::net::TcpListener::bind("127.0.0.1:0").unwrap(), free());
    let endpoint = |label: &str, port| ConnectionEndpoint {
        label: label.to_owned(),
        kind: "tcp".to_owned(),
        host: "10.0.0.7".to_owned(),
        port,
        server_name: None,
        access: "forward".to_owned(),
        recorded: "bytes".to_owned(),
    };
    pass.targets = vec![
        ConnectionTarget { name: "a".to_owned(), endpoints: vec![endpoint("a", number)] },
        ConnectionTarget { name: "b".to_owned(), endpoints: vec![endpoint("b", number)] },
        ConnectionTarget {
            name: "c".to_owned(),
            endpoints: vec![endpoint("c", taken.local_addr().unwrap().port())],
        },
    ];
    let runtime = Runtime::new().unwrap();
    let opened = runtime.block_on(ports::open(&pass, None)).unwrap();
    let at: Vec<_> = opened.iter().map(|(opened, _)| opened.local.to_string()).collect();
    assert_eq!(at[0], format!("127.0.0.1:{number}"));
    assert_eq!(at[1], format!("127.0.0.2:{number}"), "the same number, on an address of its own");
    assert!(at[2].starts_with("127.0.0.3:"), "{at:?}: each server on its own, whatever its number");
    pass.targets.rotate_left(2);
    let first = runtime.block_on(ports::open(&pass, None)).unwrap().remove(0).0.local;
    assert!(
        first.ip().to_string() == "127.0.0.1" && first != taken.local_addr().unwrap(),
        "{first}: any number"
    );
    let exactly = taken.local_addr().unwrap();
    assert!(runtime.block_on(ports::open(&pass, Some(exactly))).is_err(), "what was asked for, or nothing");
    drop(runtime.block_on(async { TcpListener::bind(exactly).await }));
}

#[test]
fn the_words_of_the_command_line_are_checked() {
    let parses = |line: &str| Cli::try_parse_from(std::iter::once("chaperone").chain(line.split(' ')));
    for right in [
        "connect console-01",
        "connect console-01 --listen 127.0.0.1:0 --json",
        "connect console-01 --listen [::1]:8443 --via websocket --authority ca.pem",
        "connect --stdio",
    ] {
        assert!(parses(right).is_ok(), "{right}");
    }
    for wrong in [
        "connect",
        "connect console-01 --stdio",
        "connect console-01 --listen 0.0.0.0:8443",
        "connect console-01 --listen 8443",
        "connect console-01 --via pigeon",
        "connect --stdio --listen 127.0.0.1:0",
    ] {
        assert!(parses(wrong).is_err(), "{wrong}");
    }
}
