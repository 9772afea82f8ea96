//! What arrives at the SSH port is hostile until proven otherwise: garbage, silence, guesses, and requests for more than
//! a window grants.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use chaperone_tests::{Agent, House, KeyPair, TARGET, contains, eventually, noise, soon};

#[test]
fn an_unknown_person_learns_nothing_and_the_soc_sees_one_low_alert() {
    let house = House::start();
    let stranger = house.technician("dana").with_key(&KeyPair::make(house.folder(), "stranger"));
    let mut said = Vec::new();
    for user in
        [format!("nobody+{TARGET}"), format!("dana+{TARGET}"), "nobody".to_owned(), "dana+nowhere".to_owned()]
    {
        let ran = stranger.ssh_as(&user).runs("id");
        assert_eq!(ran.status, Some(255));
        said.push(ran.err.replace(&user, "USER"));
    }
    said.dedup();
    assert_eq!(said.len(), 1, "the same words for everybody: {said:#?}");
    soon("a fact for each", || (house.facts_of("attempt-failed").len() == 4).then_some(()));
    let reasons: Vec<_> =
        house.facts_of("attempt-failed").iter().filter_map(|fact| fact.reason().map(str::to_owned)).collect();
    assert!(
        reasons.contains(&"unknown-person".to_owned()) && reasons.contains(&"credential".to_owned()),
        "{reasons:?}"
    );
    assert_eq!(house.facts_of("attempt-refused").len(), 0);
    let low = soon("the alert", || {
        let alerts = house.sam().lists(&["alert", "list"]);
        let low: Vec<_> = alerts.into_iter().filter(|alert| alert["severity"] == "low").collect();
        (low.iter().map(|alert| alert["count"].as_u64().unwrap_or(0)).sum::<u64>() >= 4).then_some(low)
    });
    assert_eq!(low.len(), 1, "one rolling alert: {low:#?}");
}

#[test]
fn an_agent_with_twenty_keys_is_let_in_and_raises_no_alarm() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let mut keys: Vec<_> = (0..19).map(|n| KeyPair::make(house.folder(), &format!("other{n}"))).collect();
    keys.push(house.technician("dana").key);
    let agent = Agent::holding(house.folder(), &keys);
    let ran = house.technician("dana").ssh(TARGET).with_agent(agent.socket()).runs("echo in").succeeded();
    assert_eq!(ran.text(), "in\n");
    assert_eq!(house.facts_of("attempt-failed").len(), 0, "an offer is no attempt");
    let alerts = house.sam().lists(&["alert", "list"]);
    assert!(alerts.iter().all(|alert| alert["severity"] != "low"), "{alerts:#?}");
    let admitted = house.fact("session-admitted");
    let offers = admitted.body.to_string().matches("SHA256:").count();
    assert!(offers >= 20, "the offers on the way are listed on the attempt: {:#}", admitted.body);
}

#[test]
fn a_user_name_of_a_megabyte_harms_nobody() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    for length in [300, 5_000, 30_000, 1 << 20] {
        let ran = house.technician("dana").ssh_as_configured(&"d".repeat(length)).runs("id");
        assert_eq!(ran.status, Some(255), "{length}");
        house.technician("dana").ssh(TARGET).runs("true").succeeded();
    }
    let longest = house.facts().iter().map(|fact| fact.body.to_string().len()).max().unwrap();
    assert!(longest < 8192, "what an attacker names is bounded in a fact: {longest} bytes");
    assert!(!house.gate.log().contains(&"d".repeat(1000)), "and in the log");
}

#[test]
fn names_full_of_control_characters_never_reach_a_log_or_an_event() {
    let house = House::start();
    let evil = "dana\x1b[2J\x07<84>1 forged+\u{202e}target";
    let ran = house.technician("dana").ssh_as_configured(evil).runs("id");
    assert_ne!(ran.status, Some(0));
    soon("a fact", || house.facts().into_iter().find(|fact| fact.kind.starts_with("attempt-")));
    house.technician("dana").ssh(TARGET).runs("id").refused();
    house.syslog.hears(Duration::from_secs(10), "the refusal", |message| message.raw.contains("no-window"));
    let log = std::fs::read(house.gate.log_file()).unwrap();
    assert!(!contains(&log, b"\x1b[2J"), "the log has no escape sequence of a user name");
    for message in house.syslog.received() {
        assert!(!message.raw.contains("\u{202e}") && !message.raw.contains('\x1b'), "{}", message.raw);
        assert!(!message.raw.starts_with("<84>1 forged"), "a forged message: {}", message.raw);
    }
}

#[test]
fn garbage_on_the_port_is_closed_and_harms_nobody() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let inputs = [noise(1 << 16), vec![0; 1 << 20], b"GET / HTTP/1.1\r\nhost: gate\r\n\r\n".to_vec(), {
        let mut almost = b"SSH-2.0-almost\r\n".to_vec();
        almost.extend(noise(1 << 16));
        almost
    }];
    for input in inputs {
        let mut stream = TcpStream::connect(("127.0.0.1", house.gate.ssh_port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        // The gate may close while it is still being written to.
        drop(stream.write_all(&input));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        assert!(answer.len() < 8192, "{} bytes came back", answer.len());
    }
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
}

#[test]
fn a_client_that_says_nothing_is_closed_and_holds_up_nobody() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let silent: Vec<_> =
        (0..50).map(|_| TcpStream::connect(("127.0.0.1", house.gate.ssh_port())).unwrap()).collect();
    let began = Instant::now();
    house.technician("dana").ssh(TARGET).runs("true").succeeded();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    for mut stream in silent {
        stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
        let mut rest = Vec::new();
        stream
            .read_to_end(&mut rest)
            .or_else(|error| match error.kind() {
                std::io::ErrorKind::ConnectionReset => Ok(0),
                _ => Err(error),
            })
            .expect("the gate closes it");
    }
}

#[test]
fn a_stolen_public_key_file_is_no_proof() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    // An offer without a signature: ssh asks, and then has no private key to sign with.
    let thief = KeyPair::make(house.folder(), "thief");
    std::fs::copy(&house.technician("dana").key.public, &thief.public).unwrap();
    let ran = house.technician("dana").with_key(&thief).ssh(TARGET).runs("id");
    assert_eq!(ran.status, Some(255));
    assert_eq!(house.facts_of("session-admitted").len(), 0);
}

#[test]
fn every_other_kind_of_channel_is_refused_in_the_protocols_words_and_is_a_fact() {
    let house = House::start();
    house.open_window("dana", "shell,exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    let refusals = |expected: usize| {
        eventually(Duration::from_secs(15), "a fact for the refused channel", || {
            let facts = house.facts_of("channel-refused");
            (facts.len() >= expected).then(|| facts.last().unwrap().body.to_string())
        })
    };
    // -W: the client's own words for a refused channel.
    let ran = dana.clone().with(&["-W", "127.0.0.1:80"]).runs("");
    assert_ne!(ran.status, Some(0));
    assert!(refusals(1).contains("direct-tcpip"));
    // -R
    let remote =
        dana.clone().option("ExitOnForwardFailure=yes").with(&["-R", "127.0.0.1:0:127.0.0.1:1"]).runs("true");
    assert_ne!(remote.status, Some(0));
    assert!(refusals(2).contains("forward"));
    // -L: the tunnel's port opens on the client; what connects to it gets nothing.
    let port = chaperone_tests::free_port();
    let forward = format!("127.0.0.1:{port}:127.0.0.1:{}", house.target.port());
    let mut tunnel = dana.clone().with(&["-L", &forward]).begins("echo up; cat");
    tunnel.shows("up");
    let mut through = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut got = Vec::new();
    drop(through.read_to_end(&mut got));
    assert_eq!(got, b"", "no byte of the target came through the tunnel");
    assert!(refusals(3).contains("direct-tcpip"));
    assert!(tunnel.is_running(), "the visit itself goes on");
    tunnel.ends_input();
    tunnel.ends();
    // -s sftp and sftp itself
    let sftp = dana.clone().with(&["-s"]).runs("sftp");
    assert_ne!(sftp.status, Some(0));
    assert!(sftp.err.contains("subsystem request failed"), "{}", sftp.err);
    assert!(refusals(4).contains("subsystem"));
    // -A: the visit works, without an agent on the other side.
    let agent = Agent::holding(house.folder(), [&house.technician("dana").key]);
    let forwarded =
        dana.clone().with_agent(agent.socket()).with(&["-A"]).runs("echo agent=$SSH_AUTH_SOCK").succeeded();
    assert_eq!(forwarded.text(), "agent=\n");
    assert!(refusals(5).contains("agent"));
    assert_eq!(house.target.log().matches("Starting session").count(), 2, "only the two that were granted");
}

#[test]
fn x11_is_refused_and_the_visit_goes_on_without_it() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let line = house.technician("dana").ssh(TARGET).with(&["-Y"]).line();
    let mut command = std::process::Command::new("ssh");
    command.args(&line[1..]).arg("echo display=$DISPLAY").env("DISPLAY", "127.0.0.1:99");
    command.stdin(std::process::Stdio::null());
    let ran = chaperone_tests::Process::run("ssh", Duration::from_secs(60), &mut command).succeeded();
    assert_eq!(ran.text(), "display=\n");
    let fact = house.fact("channel-refused");
    assert!(fact.body.to_string().contains("x11"), "{:#}", fact.body);
}

#[test]
fn scp_without_file_access_copies_nothing() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let source = house.folder().join("library.bin");
    std::fs::write(&source, noise(1 << 16)).unwrap();
    let copied = house.folder().join("copied.bin");
    let line = house.technician("dana").ssh(TARGET).line();
    let options: Vec<_> = line[1..].iter().take_while(|word| *word != "-p").collect();
    for mode in ["-s", "-O"] {
        let mut scp = std::process::Command::new("scp");
        scp.arg(mode).args(&options).arg("-P").arg(house.gate.ssh_port().to_string()).arg(&source);
        scp.arg(format!("scp://dana+{TARGET}@127.0.0.1:{}/{}", house.gate.ssh_port(), copied.display()));
        let ran = chaperone_tests::Process::run(
            "scp",
            Duration::from_secs(60),
            scp.stdin(std::process::Stdio::null()),
        );
        assert_ne!(ran.status, Some(0));
        assert!(!copied.exists());
    }
}

#[test]
fn only_strong_algorithms_are_spoken() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    for weak in [
        "KexAlgorithms=diffie-hellman-group1-sha1",
        "KexAlgorithms=diffie-hellman-group14-sha1",
        "Ciphers=aes128-cbc",
        "Ciphers=3des-cbc",
        "HostKeyAlgorithms=ssh-rsa",
        "MACs=hmac-md5,hmac-sha1",
    ] {
        // A message authentication code is only negotiated beside a cipher that has none of its own.
        let with_macs = if weak.starts_with("MACs") { "Ciphers=aes256-ctr" } else { "Compression=no" };
        let ran = dana.clone().option(weak).option(with_macs).runs("true");
        assert_eq!(ran.status, Some(255), "{weak} is spoken");
    }
    for strong in [
        "Ciphers=aes256-gcm@openssh.com",
        "Ciphers=chacha20-poly1305@openssh.com",
        "KexAlgorithms=curve25519-sha256",
    ] {
        dana.clone().option(strong).runs("true").succeeded();
    }
}

#[test]
fn a_flood_of_requests_that_are_refused_is_a_few_facts_and_their_number() {
    let house = House::furnish().without_soc().start();
    house.open_window("dana", "exec", "+10m");
    let forwards: Vec<String> =
        (0..40).flat_map(|n| ["-R".to_owned(), format!("{}:127.0.0.1:1", 20_000 + n)]).collect();
    let words: Vec<&str> = forwards.iter().map(String::as_str).collect();
    house.technician("dana").ssh(TARGET).with(&words).runs("true").succeeded();
    let more = soon("the number of the rest", || {
        let refused = house.facts_of("channel-refused");
        (refused.len() == 17).then(|| refused.last().unwrap().body.to_string())
    });
    assert!(more.contains("\"24\""), "{more}");
}

#[test]
fn a_scan_is_one_rolling_alert_and_takes_nobody_elses_place() {
    let house = House::start();
    let port = house.gate.ssh_port();
    for _ in 0..5 {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        drop(std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\n\r\n"));
    }
    let fact = house.fact("connections-unheard");
    assert_eq!(fact.body["sources"][0], "127.0.0.1", "{:#}", fact.body);
    let alert = soon("one alert", || {
        house.sam().lists(&["alert", "list"]).into_iter().find(|alert| alert["rule"] == "connections-unheard")
    });
    assert_eq!(alert["severity"], "low", "{alert:#}");
    // One place has so many half-open connections, so many more wait, and the others are turned away at once.
    let held: Vec<_> = (0..340).map(|_| std::net::TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    let closed = soon("those beyond to be closed", || {
        let mut byte = [0; 1];
        let over = held.iter().filter(|stream| {
            stream.set_nonblocking(true).unwrap();
            matches!(stream.peek(&mut byte), Ok(0) | Err(_)) && stream.peek(&mut byte).is_ok_and(|n| n == 0)
        });
        let over = over.count();
        (over >= 20).then_some(over)
    });
    assert!(closed <= 24, "{closed} of 340 were turned away");
}

#[test]
fn a_sign_in_without_a_server_is_a_fact() {
    let house = House::furnish().without_soc().start();
    let ran = house.technician("dana").ssh_as("dana").runs("");
    assert_eq!(ran.status, Some(64), "{ran:?}");
    let fact = house.fact("signed-in");
    assert_eq!(fact.body["proof"]["login"], "dana", "{:#}", fact.body);
}
