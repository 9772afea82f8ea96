//! The leg to the target: passwords that answer one kind of prompt only and that nobody else ever sees, old algorithms for
//! a time, and several addresses.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use chaperone_tests::{Asking, Asks, House, Ran, Sshd, SshdOptions, soon};
use serde_json::Value;

/// `EX_UNAVAILABLE`: the target, not the schedule, is at fault.
const UNAVAILABLE: i32 = 69;
const SERVER: &str = "alaris-sm-09";
const PASSWORD: &str = "Zebra-Quartz-4711-Umbrella";

/// Adds a server that is known by a host key, with a password on standard input.
#[track_caller]
fn add_account(house: &House, address: &str, account: &str, host_key: &str, password: &str) {
    let priya = house.priya();
    let words = ["target", "add", SERVER, "--ssh", address, "--account", account, "--host-key", host_key];
    let mut command = priya.command(&[&words[..], &["--password-stdin"]].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut adding = command.spawn().unwrap();
    writeln!(adding.stdin.take().unwrap(), "{password}").unwrap();
    assert!(adding.wait().unwrap().success());
}

#[track_caller]
fn add_with_password(house: &House, target: &Asking, password: &str) {
    add_account(house, &target.address(), "svc", target.host_key().to_str().unwrap(), password);
}

fn visit(house: &House) -> Ran {
    house.technician("dana").ssh(SERVER).runs("id")
}

/// The visit came as far as the server and not in; the fact says why by this name.
#[track_caller]
fn fails(house: &House, failure: &str) -> Value {
    let ran = visit(house);
    assert_eq!(ran.status, Some(UNAVAILABLE), "out: {} err: {}", ran.text(), ran.err);
    let words = ran.err.trim();
    assert!(words.ends_with('.') && !words.contains("127.0.0.1") && !words.contains("svc"), "{words}");
    soon(&format!("the fact that says {failure}"), || {
        let facts = house.facts_of("target-failed");
        facts.into_iter().map(|fact| fact.body).find(|body| body["failure"] == failure)
    })
}

/// The newest visit's own fact of how it reached the server.
#[track_caller]
fn connected(house: &House) -> Value {
    let session = house.newest_session();
    soon("the fact of the connection", || {
        let facts = house.facts_of("session-connected");
        facts.into_iter().rfind(|fact| fact.session.as_deref() == Some(&session)).map(|fact| fact.body)
    })
}

#[test]
fn a_password_signs_in_by_the_method_and_stands_nowhere_else() {
    let house = House::start();
    let target = Asking::start(&house.folder().join("asking"), Asks::Password, PASSWORD);
    add_with_password(&house, &target, PASSWORD);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    assert_eq!(visit(&house).succeeded().text(), "ran id\n");
    assert_eq!(target.told(), [PASSWORD]);
    assert_eq!(connected(&house)["credential"], "password");
    house.sealed(&house.newest_session());
    no_trace_of(&house, PASSWORD);
}

#[test]
fn a_password_signs_in_to_an_openssh_server() {
    let house = House::start();
    let options = SshdOptions { password: Some(PASSWORD.to_owned()), ..SshdOptions::default() };
    let target = Sshd::start(&house.folder().join("openssh"), &options);
    let key = target.host_key().public.to_str().unwrap();
    add_account(&house, &target.address(), target.account(), key, PASSWORD);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    assert!(visit(&house).succeeded().text().starts_with("uid="));
    assert!(target.log().contains("Accepted password for"), "{}", target.log());
    house.sealed(&house.newest_session());
    no_trace_of(&house, PASSWORD);
}

#[test]
fn a_password_answers_a_hidden_prompt_for_it() {
    let house = House::start();
    let prompts = Asks::Prompts(&[&[], &[("(svc@alaris-sm-09) Password: ", false)]]);
    let target = Asking::start(&house.folder().join("asking"), prompts, PASSWORD);
    add_with_password(&house, &target, PASSWORD);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    assert_eq!(visit(&house).succeeded().text(), "ran id\n");
    assert_eq!(target.told(), [PASSWORD]);
    house.sealed(&house.newest_session());
    no_trace_of(&house, PASSWORD);
}

#[test]
fn a_wrong_password_is_tried_once() {
    let house = House::start();
    let target = Asking::start(&house.folder().join("asking"), Asks::Password, "another");
    add_with_password(&house, &target, PASSWORD);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    fails(&house, "target-credential");
    assert_eq!(target.told(), [PASSWORD]);
    no_trace_of(&house, PASSWORD);
}

#[test]
fn a_prompt_that_is_shown_or_asks_for_something_else_gets_no_answer() {
    let asked: [&'static [&'static [(&'static str, bool)]]; 4] = [
        &[&[("Password: ", true)]],
        &[&[("Verification code: ", false)]],
        &[&[("New password: ", false), ("Retype new password: ", false)]],
        &[&[("Password: ", false), ("Login: ", true)]],
    ];
    let house = House::start();
    for (at, prompts) in asked.into_iter().enumerate() {
        let target =
            Asking::start(&house.folder().join(format!("asking-{at}")), Asks::Prompts(prompts), PASSWORD);
        if at == 0 {
            add_with_password(&house, &target, PASSWORD);
            house.open_window_on(SERVER, "dana", "exec", "+30m");
        } else {
            let key = target.host_key().to_str().unwrap().to_owned();
            house.priya().does(&["target", "set-address", SERVER, "--ssh", &target.address()]);
            house.priya().does(&["target", "pin-host-key", SERVER, "--key", &key]);
            let waiting = house.priya().does(&["target", "show", SERVER]);
            let print = waiting["proposed_keys"][0]["fingerprint"].as_str().unwrap().to_owned();
            house.gate.person("quentin").does(&["target", "approve-host-key", SERVER, &print]);
        }
        fails(&house, "target-prompt");
        assert!(target.told().is_empty(), "{prompts:?}: {:?}", target.told());
    }
}

#[test]
fn a_password_that_is_asked_for_again_and_again_is_not_given_again_and_again() {
    const PROMPT: &[(&str, bool)] = &[("Password: ", false)];
    let house = House::start();
    let prompts = Asks::Prompts(&[PROMPT, PROMPT, PROMPT, PROMPT, PROMPT, PROMPT, PROMPT]);
    let target = Asking::start(&house.folder().join("asking"), prompts, PASSWORD);
    add_with_password(&house, &target, PASSWORD);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    fails(&house, "target-prompt");
    assert_eq!(target.told().len(), 2);
}

/// P6: not in what the gate wrote, and not in what it answers.
#[track_caller]
fn no_trace_of(house: &House, secret: &str) {
    let found = Command::new("grep").args(["-rlaF", "--", secret]).arg(house.folder()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "", "the secret stands in these files");
    let sam = house.sam();
    for words in [
        &["session", "list"][..],
        &["alert", "list"],
        &["target", "list"],
        &["target", "show", SERVER],
        &["recording", "list"],
    ] {
        let said = sam.runs(words);
        assert!(!said.text().contains(secret) && !said.err.contains(secret), "{words:?}");
    }
    let facts = house.facts().iter().map(|fact| fact.body.to_string()).collect::<String>();
    assert!(!facts.contains(secret));
}

#[test]
fn a_server_whose_words_are_in_no_utf8_is_spoken_to_all_the_same() {
    let house = House::start();
    let banner = house.folder().join("banner");
    fs::write(&banner, b"Zugang nur f\xfcr Berechtigte\n").unwrap();
    let target = old_server(&house, &[&format!("Banner {}", banner.display())]);
    house.add_target(SERVER, &target, &[]);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    assert_eq!(house.technician("dana").ssh(SERVER).runs("echo well").succeeded().text(), "well\n");
}

/// A server that speaks what the lines of its configuration say.
fn old_server(house: &House, lines: &[&str]) -> Sshd {
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    Sshd::start(&house.folder().join("old"), &SshdOptions { lines, ..SshdOptions::default() })
}

const OLD: [&str; 3] = ["KexAlgorithms diffie-hellman-group14-sha1", "Ciphers aes128-cbc", "MACs hmac-sha1"];

#[test]
fn old_algorithms_are_spoken_for_a_time_and_a_reason_and_not_after_it() {
    let house = House::start();
    let target = old_server(&house, &OLD);
    house.add_target(SERVER, &target, &[]);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    let failed = fails(&house, "old-algorithms");
    assert!(failed["detail"].as_str().unwrap().contains("diffie-hellman-group14-sha1"), "{failed:#}");
    let allow = |until: &str| {
        house.priya().does(&[
            "target",
            "allow-legacy",
            SERVER,
            "--algorithm",
            "dh-group14-sha1",
            "--algorithm",
            "aes-cbc",
            "--algorithm",
            "hmac-sha1",
            "--until",
            until,
            "--reason",
            "firmware 2.4, replaced in spring",
        ])
    };
    let shown = allow("+6s");
    let legacy = &shown["endpoints"][0]["legacy"];
    assert_eq!(legacy["algorithms"], serde_json::json!(["dh-group14-sha1", "aes-cbc", "hmac-sha1"]));
    assert_eq!(legacy["reason"], "firmware 2.4, replaced in spring");
    let card = house.priya().runs(&["target", "show", SERVER]).succeeded();
    assert!(card.text().contains("firmware 2.4"), "{}", card.text());
    let changed = house.facts_of("target-changed");
    assert!(changed.last().unwrap().body["reason"].as_str().unwrap().contains("firmware 2.4"));
    assert!(visit(&house).succeeded().text().starts_with("uid="));
    assert_eq!(connected(&house)["legacy"], serde_json::json!(["dh-group14-sha1", "aes-cbc", "hmac-sha1"]));
    let until: jiff::Timestamp = legacy["until"].as_str().unwrap().parse().unwrap();
    soon("the time to be over", || (jiff::Timestamp::now() >= until).then_some(()));
    fails(&house, "legacy-expired");
    allow("+1h");
    visit(&house).succeeded();
    house.priya().does(&["target", "forbid-legacy", SERVER, "--reason", "renewed"]);
    assert_eq!(visit(&house).status, Some(UNAVAILABLE));
}

#[test]
fn each_old_algorithm_is_spoken_where_it_is_allowed() {
    let house = House::start();
    for (at, (name, lines)) in [
        ("dh-group1-sha1", &["KexAlgorithms diffie-hellman-group1-sha1"][..]),
        ("dh-gex-sha1", &["KexAlgorithms diffie-hellman-group-exchange-sha1"]),
        ("aes-cbc", &["Ciphers aes256-cbc"]),
        ("hmac-sha1", &["Ciphers aes256-ctr", "MACs hmac-sha1-etm@openssh.com"]),
    ]
    .into_iter()
    .enumerate()
    {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        let folder = house.folder().join(format!("old-{at}"));
        let target = Sshd::start(&folder, &SshdOptions { lines, ..SshdOptions::default() });
        let server = format!("alaris-sm-1{at}");
        house.add_target(&server, &target, &[]);
        house.open_window_on(&server, "dana", "exec", "+30m");
        let ran = house.technician("dana").ssh(&server).runs("true");
        assert_eq!(ran.status, Some(UNAVAILABLE), "{name} is not allowed yet: {}", ran.err);
        let words = ["--algorithm", name, "--until", "+1h", "--reason", "firmware 2.4"];
        house.priya().does(&[&["target", "allow-legacy", &server], &words[..]].concat());
        house.technician("dana").ssh(&server).runs("true").succeeded();
    }
}

#[test]
fn old_algorithms_without_a_reason_an_end_or_a_known_name_are_refused() {
    let house = House::start();
    for (words, named) in [
        (&["--algorithm", "3des-cbc", "--until", "+1h", "--reason", "old"][..], "3des-cbc"),
        (&["--algorithm", "ssh-rsa", "--until", "+1h", "--reason", ""], "reason"),
        (&["--algorithm", "ssh-rsa", "--until", "-1h", "--reason", "old"], "until"),
        (&["--algorithm", "ssh-rsa", "--until", "+20000h", "--reason", "old"], "until"),
    ] {
        let words = [&["target", "allow-legacy", chaperone_tests::TARGET], words].concat();
        let said = house.priya().tries(&words);
        assert!(matches!(said.status, Some(1 | 2)) && said.err.contains(named), "{words:?}: {said:?}");
    }
    let said = house.sam().tries(&[
        "target",
        "allow-legacy",
        chaperone_tests::TARGET,
        "--algorithm",
        "ssh-rsa",
        "--until",
        "+1h",
        "--reason",
        "x",
    ]);
    assert_eq!(said.status, Some(1), "an analyst changes no server: {said:?}");
}

#[test]
fn a_server_with_nothing_but_an_rsa_key_signed_over_sha1_needs_a_word() {
    let house = House::start();
    let key = house.folder().join("rsa");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", key.to_str().unwrap()])
        .status();
    assert!(made.unwrap().success());
    let lines = [&format!("HostKey {}", key.display()), "HostKeyAlgorithms ssh-rsa"];
    let target = old_server(&house, &lines);
    let public = key.with_extension("pub");
    house.priya().does(&[
        "target",
        "add",
        SERVER,
        "--ssh",
        &target.address(),
        "--account",
        target.account(),
        "--key",
        target.account_key().private.to_str().unwrap(),
        "--host-key",
        public.to_str().unwrap(),
    ]);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    fails(&house, "old-algorithms");
    house.priya().does(&[
        "target",
        "allow-legacy",
        SERVER,
        "--algorithm",
        "ssh-rsa",
        "--until",
        "+1h",
        "--reason",
        "firmware 2.4",
    ]);
    visit(&house).succeeded();
}

#[test]
fn a_server_with_several_addresses_is_reached_by_the_one_that_answers() {
    let house = House::start();
    // Nobody has this address's port; the next has the server.
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    house.add_target_at(SERVER, &dead, &house.target, &["--also", &house.target.address()]);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    visit(&house).succeeded();
    assert_eq!(connected(&house)["address"], house.target.address());
    // An address that takes the connection and says nothing is not passed over: it is the one that answered.
    house.priya().does(&[
        "target",
        "set-address",
        SERVER,
        "--ssh",
        &house.target.address(),
        "--reason",
        "moved",
    ]);
    visit(&house).succeeded();
    let shown = house.priya().does(&["target", "show", SERVER]);
    assert_eq!(shown["endpoints"][0]["also"], serde_json::json!([]));
}

#[test]
fn a_server_that_has_ipv6_alone_is_reached_with_and_without_brackets() {
    let house = House::start();
    let lines = vec!["ListenAddress ::1".to_owned()];
    let target = Sshd::start(&house.folder().join("six"), &SshdOptions { lines, ..SshdOptions::default() });
    let port = target.port();
    house.add_target_at(SERVER, &format!("[::1]:{port}"), &target, &[]);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    visit(&house).succeeded();
    let told = connected(&house);
    assert_eq!(told["address"], format!("[::1]:{port}"));
    assert!(told["peer"].as_str().unwrap().starts_with("[::1]:"), "{told:#}");
    let shown = house.priya().does(&["target", "set-address", SERVER, "--ssh", "2001:db8::5"]);
    assert_eq!(shown["endpoints"][0]["address"], "[2001:db8::5]:22");
    let said = house.priya().tries(&["target", "set-address", SERVER, "--ssh", "2001:db8::1:22"]);
    assert!(said.status == Some(1) && said.err.contains("[2001:db8::1]:22"), "{said:?}");
}

#[test]
fn a_server_that_is_asked_for_by_name_is_reached_by_any_of_its_addresses() {
    let house = House::start();
    // The name has an IPv6 address on most machines; the server listens on IPv4 alone.
    house.add_target_at(SERVER, &format!("localhost:{}", house.target.port()), &house.target, &[]);
    house.open_window_on(SERVER, "dana", "exec", "+30m");
    visit(&house).succeeded();
    assert_eq!(connected(&house)["address"], format!("localhost:{}", house.target.port()));
}
