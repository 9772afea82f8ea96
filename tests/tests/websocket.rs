//! SSH over HTTPS, for networks that let nothing else through: `chaperone connect --stdio` as OpenSSH's ProxyCommand,
//! through a proxy that lets `CONNECT` through. Inside, it is the SSH that it always is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use chaperone_tests::{
    ConnectProxy, House, KeyPair, PATIENCE, Ssh, TARGET, Technician, chaperone, digest, eventually,
    free_port, legs, noise, soon,
};

/// `ssh` whose connection is carried. `more` are words of `chaperone connect`, `variables` of its environment.
fn carried(house: &House, login: &str, server: &str, more: &str, variables: &str) -> Ssh {
    carried_for(house, &house.technician(login), server, more, variables)
}

fn carried_for(house: &House, technician: &Technician, server: &str, more: &str, variables: &str) -> Ssh {
    let token = house.gate.token(&technician.login);
    let program = chaperone().display().to_string();
    let clean = "env -u HTTP_PROXY -u http_proxy -u HTTPS_PROXY -u https_proxy -u NO_PROXY -u no_proxy -u ALL_PROXY -u all_proxy";
    let command = format!(
        "ProxyCommand={clean} HOME={} CHAPERONE_TOKEN={token} {variables} {program} connect --stdio --server {server} {more}",
        house.folder().display()
    );
    technician.ssh(TARGET).option(&command)
}

/// Over plain HTTP, on loopback.
fn plainly(house: &House, login: &str) -> Ssh {
    carried(house, login, &format!("http://127.0.0.1:{}", house.gate.web_port()), "", "")
}

#[test]
fn a_visit_over_a_web_socket_is_a_visit_like_any_other() {
    let house = House::start();
    house.open_window("dana", "shell,exec", "+10m");
    let dana = plainly(&house, "dana");
    let ran =
        dana.clone().input("patch-7.2\n").runs("read name; echo applied $name; echo warned >&2; exit 3");
    assert_eq!(
        (ran.text().as_str(), ran.err.as_str(), ran.status),
        ("applied patch-7.2\n", "warned\n", Some(3))
    );
    let bytes = noise(20 << 20);
    let both = dana.clone().input(bytes.clone()).runs("cat").succeeded();
    assert_eq!(digest(&both.out), digest(&bytes), "unchanged in both directions");
    let carried = house.facts_of("signed-in");
    let carried = carried.iter().find(|fact| fact.body["listener"] == "web-socket").expect("a fact");
    assert_eq!(carried.body["proof"]["login"], "dana");
    let admitted = house.fact("session-admitted");
    assert!(admitted.body.to_string().contains("127.0.0.1:"), "{admitted:?}");
    let mut terminal = dana.opens_a_shell();
    terminal.shows("recorded");
    terminal.types("echo $((6 * 7)) pumps; exit 5\n");
    terminal.shows("42 pumps");
    assert_eq!(terminal.ends(), Some(5));
    house.sealed(&house.newest_session());
}

#[test]
fn through_a_proxy_that_lets_connect_through_and_around_one_that_no_proxy_names() {
    let port = free_port();
    let house = House::furnish().with("CHAPERONE_GATE__SHARED", &format!("127.0.0.1:{port}")).start();
    house.open_window("dana", "exec", "+10m");
    let server = format!("https://127.0.0.1:{port}");
    let certificate = house.gate.data().join("tls").join("certificate.pem");
    let trusting = format!("--ca {}", certificate.display());
    let open = ConnectProxy::open();
    let through = format!("HTTPS_PROXY=http://127.0.0.1:{}", open.port());
    let ran = carried(&house, "dana", &server, &trusting, &through).runs("echo hello");
    assert_eq!(ran.succeeded().text(), "hello\n");
    assert_eq!(open.asked(), [format!("CONNECT 127.0.0.1:{port} HTTP/1.1")]);
    let around = format!("{through} NO_PROXY=127.0.0.0/8");
    let ran = carried(&house, "dana", &server, &trusting, &around).runs("echo hello");
    assert_eq!(ran.succeeded().text(), "hello\n");
    assert_eq!(open.asked().len(), 1, "that one went straight");
    let guarded = ConnectProxy::with_password("ward", "s3cret");
    let right = format!("HTTPS_PROXY=http://ward:s3cret@127.0.0.1:{}", guarded.port());
    let ran = carried(&house, "dana", &server, &trusting, &right).runs("echo hello");
    assert_eq!(ran.succeeded().text(), "hello\n");
    let wrong = format!("HTTPS_PROXY=http://ward:guess@127.0.0.1:{}", guarded.port());
    let ran = carried(&house, "dana", &server, &trusting, &wrong).option("LogLevel=INFO").runs("echo hello");
    assert_eq!(ran.status, Some(255));
    assert!(ran.err.contains("cannot be reached") && !ran.err.contains("guess"), "{}", ran.err);
    let nowhere = format!("HTTPS_PROXY=http://127.0.0.1:{}", free_port());
    assert_eq!(carried(&house, "dana", &server, &trusting, &nowhere).runs("true").status, Some(255));
    // A certificate that nobody vouched for carries nothing.
    assert_eq!(carried(&house, "dana", &server, "", "").runs("true").status, Some(255));
}

#[test]
fn the_token_opens_the_way_and_nothing_else() {
    let house = House::start();
    // Outside every window the SSH door says what it always says.
    plainly(&house, "dana").runs("true").refused();
    assert_eq!(house.refusal("attempt-refused", "no-window").body["proof"]["login"], "dana");
    house.open_window("dana", "exec", "+10m");
    let port = house.gate.web_port();
    let stranger = carried(&house, "dana", &format!("http://127.0.0.1:{port}"), "--token nonsense", "");
    let ran = stranger.runs("true");
    assert_eq!(ran.status, Some(255));
    assert!(ran.err.contains("token is not accepted"), "{}", ran.err);
    // Who may not connect anywhere carries nothing either.
    let sam = house.gate.token("sam");
    let ran = carried(&house, "dana", &format!("http://127.0.0.1:{port}"), &format!("--token {sam}"), "");
    let ran = ran.runs("true");
    assert!(ran.status == Some(255) && ran.err.contains("no role of sam allows this"), "{}", ran.err);
    // A key that is not Dana's is no key of hers, whoever's token it came with.
    let stranger = house.technician("dana").with_key(&KeyPair::make(house.folder(), "stranger"));
    let ran = carried_for(&house, &stranger, &format!("http://127.0.0.1:{port}"), "", "").runs("true");
    assert_eq!(ran.status, Some(255));
    assert_eq!(house.fact("attempt-failed").reason(), Some("credential"));
    // Nor is Viktor let in with it, who comes with his own key.
    house.open_window("viktor", "exec", "+10m");
    let borrowed = house.technician("viktor");
    let token = format!("--token {}", house.gate.token("dana"));
    let ran = carried_for(&house, &borrowed, &format!("http://127.0.0.1:{port}"), &token, "").runs("true");
    assert_eq!(ran.status, Some(255), "{ran:?}");
    soon("a fact about it", || (house.facts_of("attempt-failed").len() == 2).then_some(()));
    assert!(house.sessions().is_empty());
}

#[test]
fn the_end_of_a_window_ends_a_carried_visit_within_a_second() {
    let house = House::start();
    let window = house.open_window("dana", "exec", "+10m");
    let mut visit = plainly(&house, "dana").begins("echo working; exec cat");
    visit.shows("working");
    visit.freezes();
    house.priya().does(&["window", "revoke", &window, "--reason", "stop now"]);
    let ended = house.fact("session-ended");
    assert_eq!(ended.body["sockets_gone"], true, "{ended:?}");
    eventually(Duration::from_secs(2), "both legs to be gone", || {
        let (_, target) = legs(house.gate.ssh_port(), house.target.port());
        (target == 0).then_some(())
    });
    visit.thaws();
    let (status, _) = visit.ends();
    assert!(!status.success());
}

/// The head of an answer to an upgrade, and the connection.
fn upgrades(house: &House, token: &str, more: &str) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(("127.0.0.1", house.gate.web_port())).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "GET /api/ssh HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {token}\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let (mut answer, mut octet) = (Vec::new(), [0]);
    while !answer.ends_with(b"\r\n\r\n") && stream.read(&mut octet).unwrap() == 1 {
        answer.push(octet[0]);
    }
    (String::from_utf8(answer).unwrap(), stream)
}

#[test]
fn what_is_no_ssh_inside_ends_and_leaves_the_door_as_it_was() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let token = house.gate.token("dana");
    // Masked by zeros: the octets are as they are.
    let frames: [&[u8]; 5] = [
        b"\x81\x85\0\0\0\0hello",
        b"\x82\x85\0\0\0\0hello\x88\x80\0\0\0\0",
        b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",
        b"\x82\x05hello",
        b"\xff\xff\xff",
    ];
    for frame in frames {
        let (head, mut stream) = upgrades(&house, &token, "");
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        stream.write_all(frame).unwrap();
        let mut heard = Vec::new();
        let ended = stream.read_to_end(&mut heard);
        let waits = |error: &std::io::Error| error.kind() == std::io::ErrorKind::WouldBlock;
        assert!(!ended.as_ref().is_err_and(waits), "{frame:?} goes on");
    }
    assert_eq!(plainly(&house, "dana").runs("echo hello").succeeded().text(), "hello\n");
    let plain = chaperone_tests::get(house.gate.web_port(), "/api/ssh", Some(&token)).unwrap();
    assert_eq!(plain.status, 400, "{}", plain.body);
}

#[test]
fn the_way_can_be_configured_as_people_write_it() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let config = house.folder().join("ssh_config");
    let dana = house.technician("dana");
    let home: &Path = house.folder();
    std::fs::write(
        &config,
        format!(
            "Host gate\n  User dana+{TARGET}\n  IdentityFile {}\n  IdentitiesOnly yes\n  BatchMode yes\n  StrictHostKeyChecking accept-new\n  UserKnownHostsFile {}/known_hosts\n  ProxyCommand {} connect --stdio\n",
            dana.key.private.display(),
            home.display(),
            chaperone().display(),
        ),
    )
    .unwrap();
    let mut ssh = std::process::Command::new("ssh");
    ssh.arg("-F").arg(&config).args(["gate", "echo hello"]).env("HOME", home);
    ssh.env("CHAPERONE_SERVER", format!("http://127.0.0.1:{}", house.gate.web_port()));
    ssh.env("CHAPERONE_TOKEN", house.gate.token("dana"));
    let ran = chaperone_tests::Process::run("ssh", PATIENCE, ssh.stdin(std::process::Stdio::null()));
    assert_eq!(ran.succeeded().text(), "hello\n");
}
