//! Inside the window: the bytes pass, and the recording has them in clear.

use chaperone_tests::{Furnishing, House, Process, Service, Visit, on_both_databases, soon};

use crate::world::{CONSOLE, DOMAIN, Nginx, Server, World, events, stream};

on_both_databases! { the_bytes_pass_and_both_directions_are_recorded_in_clear }

fn the_bytes_pass_and_both_directions_are_recorded_in_clear(house: Furnishing) {
    let world = World::of(house);
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    let window = world.window("+10m");
    let proof = world.proof(&window);
    let mut client = world.client(&proof);
    client.types("stressed\n");
    client.shows("desserts");
    client.ends_input();
    client.signal(chaperone_tests::Signal::TERM);
    client.ends();

    let session = world.house.newest_session();
    let lines = world.recorded(&session);
    assert_eq!(stream(&lines, "forward-in"), "stressed\n");
    assert_eq!(stream(&lines, "forward-out"), "desserts\n");
    let open = events(&lines, "channel-open")[0];
    assert_eq!(
        (open["kind"].as_str(), open["about"]["request"].as_str()),
        (Some("tls"), Some("tls")),
        "{open:#}"
    );
    assert_eq!(open["about"]["asked"]["name"], format!("{CONSOLE}.tls.{DOMAIN}"));
    let leg = events(&lines, "target-leg")[0];
    assert_eq!(
        (leg["server_name"].as_str(), leg["tls"].as_str()),
        (Some("console.pumps.example"), Some("TLSv1_3"))
    );
    let shown = soon_fingerprint(&world);
    assert_eq!(leg["certificate"], shown, "{leg:#}");
    let connected = world.house.fact("session-connected");
    for told in ["local", "peer", "address", "server_name", "certificate", "tls", "suite"] {
        assert!(connected.body[told].is_string(), "{told}: {:#}", connected.body);
        assert_eq!(connected.body[told], leg[told], "{told}");
    }
    assert_eq!(connected.body["address"], format!("127.0.0.1:{}", server.port));
    let closed = events(&lines, "channel-close")[0];
    assert_eq!((closed["coverage"].as_str(), closed["as"].as_str()), (Some("captured"), Some("plain")));
    let admitted = world.house.fact("session-admitted");
    assert_eq!(admitted.body["protocol"], "tls");
    let proof = &admitted.body["proof"];
    assert_eq!((proof["login"].as_str(), proof["method"].as_str()), (Some("dana"), Some("tls-certificate")));
    assert_eq!(proof["window"], window);
    let issued = world.house.fact("certificate-issued");
    assert!(issued.body.to_string().contains(proof["serial"].as_str().unwrap()), "{:#}", issued.body);
    assert_eq!(world.house.fact("session-ended").body["reason"], "client-closed");
    let verdict = world.house.sam().does(&["recording", "verify", &session]);
    assert_eq!(verdict["sound"], true, "{verdict:#}");
}

fn soon_fingerprint(world: &World) -> String {
    let issued = world.hospital.certificate().parent().unwrap().join("console.pumps.example.certificate.pem");
    let said = crate::world::openssl(&[
        "x509",
        "-in",
        issued.to_str().unwrap(),
        "-noout",
        "-fingerprint",
        "-sha256",
    ]);
    said.trim().split_once('=').unwrap().1.to_owned()
}

#[test]
fn tls_1_2_passes_and_nothing_older() {
    let world = World::start();
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    world.window("+10m");
    let proof = world.proof(CONSOLE);
    let mut client = Visit::of(world.s_client(CONSOLE, &proof, &["-tls1_2"]));
    client.types("drawer\n");
    client.shows("reward");
    client.signal(chaperone_tests::Signal::TERM);
    let mut old = world.s_client(CONSOLE, &proof, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]);
    let ran = Process::run("openssl", chaperone_tests::PATIENCE, &mut old);
    assert_ne!(ran.status, Some(0));
    assert!(ran.err.contains(" alert "), "{}", ran.err);
    assert_eq!(world.house.facts_of("channel-opened").len(), 1);
}

#[test]
fn many_connections_of_one_proof_are_one_visit_and_a_target_is_spoken_to_as_it_chooses() {
    let world = World::start();
    let server = Nginx::start(world.folder(), &world.issued());
    world.add(server.port, &[]);
    world.window("+10m");
    let proof = world.proof(CONSOLE);
    let version = ["--output", "/dev/null", "--write-out", "%{http_version} %{http_code}"];
    // What the server would choose is known from the first connection on.
    assert_eq!(world.curl(&proof, "/hello", &version).succeeded().text(), "1.1 200");
    assert_eq!(world.curl(&proof, "/hello", &version).succeeded().text(), "2 200");
    assert_eq!(
        world.curl(&proof, "/hello", &["--http1.1"]).succeeded().text(),
        "hello from the pump server\n"
    );
    let big = world.curl(&proof, "/big", &["--write-out", "%{size_download}", "--output", "/dev/null"]);
    assert_eq!(big.succeeded().text(), (3 << 20).to_string());
    let session = world.house.newest_session();
    let lines = world.recorded(&session);
    assert_eq!(world.house.facts_of("session-admitted").len(), 1, "one visit");
    assert_eq!(world.house.facts_of("channel-opened").len(), 4, "of four connections");
    assert_eq!(world.house.facts_of("session-connected").len(), 1, "the first of which is told");
    let bytes: u64 = lines
        .iter()
        .filter(|line| line["stream"] == "forward-out")
        .filter_map(|line| line["bytes"].as_u64())
        .sum();
    assert!(bytes > 3 << 20, "{bytes}");
}

#[test]
fn a_visit_that_has_had_all_its_connections_is_followed_by_another() {
    // As many as a seal has room for are far more.
    let world = World::of(House::furnish().with("CHAPERONE_FAILPOINT", "channels=2"));
    let server = Nginx::start(world.folder(), &world.issued());
    world.add(server.port, &[]);
    world.window("+10m");
    let proof = world.proof(CONSOLE);
    for _ in 0..5 {
        let got = world.curl(&proof, "/hello", &["--http1.1"]).succeeded();
        assert_eq!(got.text(), "hello from the pump server\n");
    }
    assert_eq!(world.house.facts_of("channel-opened").len(), 5);
    let visits = soon("each visit to be sealed", || {
        Some(world.house.facts_of("session-sealed")).filter(|sealed| sealed.len() == 3)
    });
    let channels: Vec<u64> = visits.iter().filter_map(|fact| fact.body["channels"].as_u64()).collect();
    assert_eq!(channels, [2, 2, 1]);
}

#[test]
fn two_gigabytes_pass_whole_and_the_gate_stays_small() {
    const BYTES: u64 = 2 << 30;
    let world = World::start();
    let server = Nginx::start(world.folder(), &world.issued());
    // Nothing but zeros: it takes no room on the disk.
    let image = server.home.join("image.iso");
    std::fs::File::create(image).and_then(|file| file.set_len(BYTES)).unwrap();
    world.add(server.port, &[]);
    world.window("+10m");
    let counted =
        ["--max-time", "110", "--output", "/dev/null", "--write-out", "%{http_code} %{size_download}"];
    let ran = world.curl(&world.proof(CONSOLE), "/image.iso", &counted).succeeded();
    assert_eq!(ran.text(), format!("200 {BYTES}"));
    let peak = Process::peak_kib(world.house.gate.id());
    assert!(peak < 300 << 10, "{peak} KiB");
    let session = world.house.newest_session();
    world.house.sealed(&session);
    let verdict = world.house.sam().does(&["recording", "verify", &session]);
    assert_eq!(verdict["sound"], true, "{verdict:#}");
}

#[test]
fn a_declared_endpoint_is_reached_by_its_name_before_the_servers() {
    let world = World::start();
    let service = Service::answers();
    let server = Server::reverses(&world.issued());
    world.add(server.port, &["--tcp", &format!("db={}", service.address())]);
    world.house.open_window_on(CONSOLE, "dana", "tls,forward", "+10m");
    let proof = world.proof(CONSOLE);
    let mut client = Visit::of(world.s_client(&format!("db--{CONSOLE}"), &proof, &[]));
    client.types("select 1;\n");
    client.shows("SELECT 1;");
    client.signal(chaperone_tests::Signal::TERM);
    client.ends();
    let session = world.house.newest_session();
    let lines = world.recorded(&session);
    assert_eq!(stream(&lines, "forward-in"), "select 1;\n");
    let open = events(&lines, "channel-open")[0];
    assert_eq!((open["kind"].as_str(), open["about"]["endpoint"].as_str()), (Some("forward"), Some("db")));
    assert_eq!(events(&lines, "channel-close")[0]["as"], "bytes");
    let connected = world.house.fact("session-connected");
    assert_eq!(
        (connected.body["endpoint"].as_str(), connected.body["address"].as_str()),
        (Some("db"), Some(service.address().as_str()))
    );
}

#[test]
fn a_session_of_tls_is_never_resumed() {
    let world = World::start();
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    world.window("+10m");
    let proof = world.proof(CONSOLE);
    for version in ["-tls1_2", "-tls1_3"] {
        let kept = world.folder().join(format!("session{version}"));
        let kept = kept.to_str().unwrap();
        // -quiet is taken back: what the handshake was is printed.
        let run = |more: &[&str]| {
            let mut command =
                world.s_client(CONSOLE, &proof, &[&[version, "-no_ign_eof"][..], more].concat());
            command.stdin(std::process::Stdio::null());
            let mut loud = std::process::Command::new(command.get_program());
            loud.args(command.get_args().filter(|word| *word != "-quiet")).stdin(std::process::Stdio::null());
            Process::run("openssl", chaperone_tests::PATIENCE, &mut loud)
        };
        let first = run(&["-sess_out", kept]);
        assert!(first.text().contains("New, TLSv1"), "{}", first.text());
        if std::path::Path::new(kept).exists() {
            let second = run(&["-sess_in", kept]);
            assert!(!second.text().contains("Reused"), "{}", second.text());
            assert!(second.text().contains("New, TLSv1"), "{}", second.text());
        }
        assert!(!first.text().contains("TLS session ticket:"), "{}", first.text());
    }
}

#[test]
fn targets_on_the_shared_port_are_found_by_their_names_beside_ssh_and_the_web() {
    let shared = chaperone_tests::free_port();
    let furnishing =
        chaperone_tests::House::furnish().with("CHAPERONE_GATE__SHARED", &format!("127.0.0.1:{shared}"));
    let mut world = World::of(furnishing);
    world.port = shared;
    let server = Server::reverses(&world.issued());
    world.add(server.port, &[]);
    world.window("+10m");
    let proof = world.proof(CONSOLE);
    let mut client = world.client(&proof);
    client.types("live\n");
    client.shows("evil");
    client.signal(chaperone_tests::Signal::TERM);
    let certificate = world.house.gate.data().join("tls").join("certificate.pem");
    let server = format!("https://127.0.0.1:{shared}");
    let words = ["session", "list", "--server", &server, "--ca", certificate.to_str().unwrap()];
    world.house.sam().runs(&words).succeeded();
    soon("the visit", || (!world.house.sessions().is_empty()).then_some(()));
    world.house.open_window("dana", "exec", "+10m");
    let ran = world.house.technician("dana").at_port(shared).ssh(chaperone_tests::TARGET).runs("echo hello");
    assert_eq!(ran.succeeded().text(), "hello\n");
}

#[test]
fn behind_a_balancer_the_client_is_whom_its_proxy_header_names() {
    let furnishing = chaperone_tests::House::furnish().with("CHAPERONE_GATE__PROXY_FROM", "127.0.0.1/32");
    let mut world = World::of(furnishing);
    let (server, balanced) = (Server::reverses(&world.issued()), chaperone_tests::free_port());
    world.add(server.port, &[]);
    let file = world.folder().join("haproxy.cfg");
    let text = format!(
        "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1h\n  timeout server 1h\n\
         listen gate\n  bind 127.0.0.1:{balanced}\n  server gate 127.0.0.1:{} send-proxy-v2\n",
        world.port
    );
    std::fs::write(&file, text).unwrap();
    let mut command = std::process::Command::new("/usr/sbin/haproxy");
    command.arg("-db").arg("-f").arg(&file).stdout(std::process::Stdio::null());
    let _balancer = Process::start("haproxy", &mut command);
    soon("HAProxy to listen", || crate::world::listens(balanced).then_some(()));
    world.window("+10m");
    let proof = world.proof(CONSOLE);
    // Without a header nobody is heard.
    let mut direct = world.s_client(CONSOLE, &proof, &[]);
    let ran = Process::run("openssl", chaperone_tests::PATIENCE, direct.stdin(std::process::Stdio::null()));
    assert_ne!(ran.status, Some(0));
    world.port = balanced;
    let mut client = Visit::of(world.s_client(CONSOLE, &proof, &["-bind", "127.0.0.7:0"]));
    client.types("pots\n");
    client.shows("stop");
    client.signal(chaperone_tests::Signal::TERM);
    let admitted = world.house.fact("session-admitted");
    assert!(admitted.body["source"].as_str().unwrap().starts_with("127.0.0.7:"), "{:#}", admitted.body);
}
