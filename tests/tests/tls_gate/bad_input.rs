//! What is no TLS, no name of this gate's, or never says anything: a clear answer where there can be one, bounded, counted.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chaperone_tests::{PATIENCE, Process, Ran, noise, soon};

use crate::world::{CONSOLE, DOMAIN, Server, World};

/// What is said to whoever says this and then waits, until the other side ends it.
fn hears(port: u16, says: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    drop(stream.write_all(says));
    let mut heard = Vec::new();
    // A reset is an end, too.
    drop(stream.read_to_end(&mut heard));
    heard
}

fn shakes(world: &World, words: &[&str]) -> Ran {
    let mut command = Command::new("openssl");
    command
        .args(["s_client", "-connect", &format!("127.0.0.1:{}", world.port)])
        .args(words)
        .stdin(Stdio::null());
    Process::run("openssl", PATIENCE, &mut command)
}

#[test]
fn http_without_tls_is_sent_to_where_people_sign_in_or_to_the_console_that_it_names() {
    let world = World::of(
        chaperone_tests::House::furnish().with("CHAPERONE_WEB__URL", "https://web.hospital.example"),
    );
    let heard = |host: &str| {
        let said = format!("GET /wards?id=7 HTTP/1.1\r\nHost: {host}\r\nUser-Agent: x\r\n\r\n");
        String::from_utf8(hears(world.port, said.as_bytes())).unwrap()
    };
    let answer = heard("127.0.0.1");
    assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
    assert!(answer.contains("\r\nLocation: https://web.hospital.example/\r\n"), "{answer}");
    let port = world.port;
    let answer = heard(&format!("Console-01.WEB.{DOMAIN}:{port}"));
    assert!(
        answer.contains(&format!("\r\nLocation: https://console-01.web.{DOMAIN}:{port}/\r\n")),
        "{answer}"
    );
    let answer = heard("evil.example\r\nHost: other.example");
    assert!(answer.contains("\r\nLocation: https://web.hospital.example/\r\n"), "{answer}");
    assert!(world.house.fact("connections-unheard").body.to_string().contains("127.0.0.1"));
}

#[test]
fn http_without_tls_is_sent_to_the_port_that_clients_come_to() {
    let public = format!("{DOMAIN}:443");
    let world = World::of(chaperone_tests::House::furnish().with("CHAPERONE_GATE__TLS_PUBLIC", &public));
    let said = format!("GET / HTTP/1.1\r\nHost: console-01.web.{DOMAIN}\r\n\r\n");
    let answer = String::from_utf8(hears(world.port, said.as_bytes())).unwrap();
    assert!(answer.contains(&format!("\r\nLocation: https://console-01.web.{DOMAIN}/\r\n")), "{answer}");
}

#[test]
fn garbage_is_ended_without_a_word_and_counted() {
    let world = World::start();
    let mut almost = vec![0x16, 3, 1, 0xff, 0xff];
    almost.extend(noise(70_000));
    let mut lies = vec![0x16, 3, 1, 0, 5, 1, 0, 0, 1];
    lies.extend(noise(64));
    let odd = [vec![0xff], noise(63)].concat();
    for garbage in [odd, vec![0; 64], vec![0x80, 0x2e, 1, 3, 1], almost, lies] {
        let began = Instant::now();
        let heard = hears(world.port, &garbage);
        // At most an alert, which says nothing of the gate.
        assert!(heard.len() <= 7, "{heard:?}");
        assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    }
    let fact = world.house.fact("connections-unheard");
    assert!(fact.body.to_string().contains("127.0.0.1"), "{:#}", fact.body);
    soon("the gate goes on", || world.house.gate.log().contains("ready").then_some(()).or(Some(())));
}

#[test]
fn a_name_that_is_no_targets_is_told_so_and_one_in_other_letters_or_with_a_dot_is_the_same() {
    let world = World::start();
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    let proof = world.proof(&world.window("+10m"));
    for name in ["other.example", "tls.gate.hospital.example", "a.b.tls.gate.hospital.example"] {
        let ran = shakes(&world, &["-servername", name]);
        assert!(ran.err.contains("unrecognized name"), "{name}: {}", ran.err);
    }
    for words in [&["-noservername"][..], &["-noservername", "-tls1_2"]] {
        let ran = shakes(&world, words);
        assert!(ran.err.contains("unrecognized name"), "{words:?}: {}", ran.err);
    }
    // An address is no name (RFC 6066 §3).
    let ran = shakes(&world, &["-servername", "127.0.0.1"]);
    assert!(ran.err.contains("unrecognized name"), "{}", ran.err);
    for name in ["Console-01.TLS.Gate.Hospital.Example", "console-01.tls.gate.hospital.example."] {
        let mut command = Command::new("openssl");
        command.args([
            "s_client",
            "-quiet",
            "-connect",
            &format!("127.0.0.1:{}", world.port),
            "-servername",
            name,
        ]);
        command
            .arg("-CAfile")
            .arg(&proof.authority)
            .arg("-cert")
            .arg(&proof.certificate)
            .arg("-key")
            .arg(&proof.key);
        let mut client = chaperone_tests::Visit::of(command);
        client.types("no dot\n");
        client.shows("tod on");
        client.signal(chaperone_tests::Signal::TERM);
    }
    // Nothing before a proof tells whether there is such a target.
    let [known, unknown] = [CONSOLE, "console-99"].map(|label| {
        let ran = shakes(&world, &["-tls1_2", "-servername", &format!("{label}.tls.{DOMAIN}")]);
        ran.err
            .lines()
            .filter(|line| line.contains("alert"))
            .map(|line| line.split_once(':').unwrap().1.to_owned())
            .collect::<Vec<_>>()
    });
    assert_eq!(known, unknown);
    assert!(!known.is_empty());
}

#[test]
fn the_gates_own_name_leads_to_the_web_and_shows_no_client_certificate_request() {
    let world = World::of(
        chaperone_tests::House::furnish().with("CHAPERONE_WEB__URL", "https://web.hospital.example"),
    );
    let authority = world.authority();
    let mut command = Command::new("curl");
    command.args([
        "--silent",
        "--show-error",
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code} %{redirect_url}",
    ]);
    command
        .args(["--resolve", &format!("{DOMAIN}:{}:127.0.0.1", world.port), "--http2", "--cacert"])
        .arg(authority);
    command.arg(format!("https://{DOMAIN}:{}/", world.port));
    let ran = Process::run("curl", PATIENCE, &mut command).succeeded();
    assert_eq!(ran.text(), "308 https://web.hospital.example/");
    let ran = shakes(&world, &["-servername", &format!("console-01.web.{DOMAIN}")]);
    assert!(ran.text().contains("No client certificate CA names sent"), "{}", ran.text());
}

#[test]
fn who_says_nothing_or_too_little_is_ended_in_time_and_holds_up_nobody() {
    let world = World::start();
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    let proof = world.proof(&world.window("+10m"));
    let began = Instant::now();
    // Half a ClientHello, and then an octet at a time; many that say nothing at all.
    let silent: Vec<TcpStream> =
        (0..600).filter_map(|_| TcpStream::connect(("127.0.0.1", world.port)).ok()).collect();
    let port = world.port;
    let slow = std::thread::spawn(move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]).unwrap();
        let began = Instant::now();
        while stream.write_all(&[3]).is_ok() && began.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(200));
        }
        began.elapsed()
    });
    let mut client = world.client(&proof);
    client.types("deliver\n");
    client.shows("reviled");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let lasted = slow.join().unwrap();
    assert!(lasted < Duration::from_secs(16), "{lasted:?}");
    drop(silent);
    client.signal(chaperone_tests::Signal::TERM);
    assert!(world.house.fact("connections-unheard").body.to_string().contains("127.0.0.1"));
}
