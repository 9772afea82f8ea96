//! One port for SSH and the web: what a client says first decides, and who says nothing or nonsense holds up nobody.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use chaperone_tests::{House, Ran, TARGET, free_port};

/// A house whose gate has one more port, for both.
fn shared() -> (House, u16) {
    let port = free_port();
    let house = House::furnish().with("CHAPERONE_GATE__SHARED", &format!("127.0.0.1:{port}")).start();
    house.open_window("dana", "exec", "+10m");
    (house, port)
}

/// Asks the API by HTTPS.
fn by_https(house: &House, port: u16) -> Ran {
    let certificate = house.gate.data().join("tls").join("certificate.pem");
    let server = format!("https://127.0.0.1:{port}");
    house.sam().runs(&["session", "list", "--server", &server, "--ca", certificate.to_str().unwrap()])
}

/// What is said to whoever says this and then waits, until the other side ends it.
fn hears(port: u16, says: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(says).unwrap();
    let mut heard = Vec::new();
    // A reset is an end, too.
    drop(stream.read_to_end(&mut heard));
    heard
}

#[test]
fn ssh_and_https_come_through_one_port() {
    let (house, port) = shared();
    let dana = house.technician("dana").at_port(port).ssh(TARGET);
    let ran = dana.runs("echo hello; exit 3");
    assert_eq!((ran.text().as_str(), ran.status), ("hello\n", Some(3)), "{}", ran.err);
    by_https(&house, port).succeeded();
    let admitted = house.fact("session-admitted");
    assert!(admitted.body.to_string().contains("127.0.0.1:"), "{admitted:?}");
    // The ports of each are still there.
    assert_eq!(house.technician("dana").ssh(TARGET).runs("echo hello").succeeded().text(), "hello\n");
}

#[test]
fn a_client_that_waits_for_the_other_side_is_greeted_by_ssh() {
    let (_house, port) = shared();
    let began = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut greeting = [0; 17];
    stream.read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"SSH-2.0-Chaperone");
    assert!(began.elapsed() >= Duration::from_secs(1), "TLS clients had time to begin");
}

#[test]
fn http_without_tls_is_sent_to_https() {
    let port = free_port();
    let at = format!("127.0.0.1:{port}");
    let furnishing =
        House::furnish().with("CHAPERONE_GATE__SHARED", &at).with("CHAPERONE_GATE__DOMAIN", "gate.test");
    let _house = furnishing.with("CHAPERONE_WEB__URL", "https://web.hospital.example").start();
    let heard = |host: &str| {
        let said = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        String::from_utf8(hears(port, said.as_bytes())).unwrap()
    };
    let answer = heard("console-01.web.gate.test");
    assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
    assert!(
        answer.contains(&format!("\r\nLocation: https://console-01.web.gate.test:{port}/\r\n")),
        "{answer}"
    );
    let answer = heard("gate.test");
    assert!(answer.contains("\r\nLocation: https://web.hospital.example/\r\n"), "{answer}");
}

#[test]
fn what_is_neither_is_closed_without_a_word() {
    let (house, port) = shared();
    assert_eq!(hears(port, b"\x00\x01\x02"), b"");
    assert_eq!(hears(port, b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"), b"");
    // What begins like one of them and is not goes no further there.
    let heard = hears(port, b"SMTP is what I speak\r\n");
    assert!(heard.is_empty() || heard == b"SSH-2.0-Chaperone\r\n", "{:?}", String::from_utf8_lossy(&heard));
    let heard = hears(port, b"\x16\x03\x01\x00\x05hello");
    assert!(heard.first().is_none_or(|octet| *octet == 0x15), "nothing but a TLS alert: {heard:?}");
    assert_eq!(house.fact("connections-unheard").body["source"], "127.0.0.1");
}

#[test]
fn silent_and_half_spoken_connections_hold_up_nobody() {
    let (house, port) = shared();
    let begins: [&[u8]; 4] = [b"", b"S", b"\x16", b"\x16\x03\x01\x02\x00\x01"];
    let idle: Vec<TcpStream> = (0..600)
        .map(|n| {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.write_all(begins[n % begins.len()]).unwrap();
            stream
        })
        .collect();
    let began = Instant::now();
    by_https(&house, port).succeeded();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    // One address has its own line at the SSH door: theirs is given up in time, and then it is the next one's turn.
    let dana = house.technician("dana").at_port(port).ssh(TARGET);
    let elsewhere = dana.option("BindAddress=127.0.0.7");
    let ran = elsewhere.runs_within(Duration::from_secs(10), "echo hello").succeeded();
    assert_eq!(ran.text(), "hello\n");
    // Each is given up after its time.
    for mut stream in idle.into_iter().step_by(97) {
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        let mut heard = Vec::new();
        let ended = stream.read_to_end(&mut heard);
        let is_over = |error: &std::io::Error| error.kind() != std::io::ErrorKind::WouldBlock;
        assert!(ended.as_ref().err().is_none_or(is_over), "{ended:?} after {:?}", began.elapsed());
    }
}
