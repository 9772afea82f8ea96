//! `ssh -J login@gate account@server`: the client's connection to the server is ended inside the gate, under the server's
//! own name, decided about and recorded as any other, and nobody signs in twice.

use std::time::Duration;

use chaperone_tests::{Enrolled, Furnishing, House, TARGET, digest, legs, noise, on_both_databases, soon};
use jiff::SignedDuration;

/// `account@server`.
fn there(house: &House) -> String {
    format!("{}@{TARGET}", house.target.account())
}

on_both_databases! { a_command_on_a_server_behind_the_gate_is_a_visit_of_its_own }

fn a_command_on_a_server_behind_the_gate_is_a_visit_of_its_own(house: Furnishing) {
    let house = house.start();
    house.open_window("dana", "exec", "+10m");
    let ran = house.beyond("dana", "dana").runs(&there(&house), "echo hello; echo warned >&2; exit 7");
    assert_eq!((ran.text().as_str(), ran.err.as_str(), ran.status), ("hello\n", "warned\n", Some(7)));
    let session = house.newest_session();
    house.sealed(&session);
    assert_eq!(house.sessions().len(), 1, "the way is no visit");
    let admitted = house.facts_of("session-admitted");
    assert_eq!(admitted.len(), 1, "one attempt, one decision");
    let body = &admitted[0].body;
    assert_eq!(body["account"], house.target.account());
    assert_eq!(
        (body["proof"]["login"].as_str(), body["proof"]["jumped"].as_bool()),
        (Some("dana"), Some(true)),
        "{body:#}"
    );
    assert_eq!(body["reference"], house.fact("session-admitted").body["reference"]);
    assert_eq!(house.fact("signed-in").person, admitted[0].person, "bound to who signed in");
    let recorded = house.recorded(&session);
    assert!(recorded.output.contains("hello"), "{}", recorded.output);
    let verdict = house.sam().does(&["recording", "verify", &session]);
    assert_eq!(verdict["sound"], true, "{verdict:#}");
}

#[test]
fn a_terminal_works_and_is_told_that_it_is_recorded() {
    let house = House::start();
    house.open_window("dana", "shell", "+10m");
    let beyond = house.beyond("dana", "dana");
    let mut terminal = beyond.opens_a_shell(&there(&house));
    terminal.shows("recorded");
    terminal.types("echo $((6 * 7)) pumps; stty size\n");
    terminal.shows("42 pumps");
    terminal.shows("24 80");
    terminal.types("exit 5\n");
    assert_eq!(terminal.ends(), Some(5));
}

#[test]
fn the_one_line_of_known_hosts_is_what_makes_strict_checking_work() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let key = house.gate.installed["keys"]["ssh_host"]["public"].as_str().unwrap().to_owned();
    let gate_alone = format!("[127.0.0.1]:{} {key}\n", house.gate.ssh_port());
    let without = house.technician("dana").beyond("dana", &gate_alone).runs(&there(&house), "true");
    assert_eq!(without.status, Some(255));
    assert!(without.err.contains("Host key verification failed"), "{}", without.err);
    let line = house.gate.installed["keys"]["host_ca"]["known_hosts"].as_str().unwrap();
    assert!(line.starts_with("@cert-authority * ssh-ed25519 "), "{line}");
    let config = house.gate.config();
    let said = house.gate.command().args(["key", "host-ca", "--config", config.to_str().unwrap()]).output();
    assert_eq!(String::from_utf8(said.unwrap().stdout).unwrap().trim(), line);
    let known = format!("{gate_alone}{line}\n");
    house.technician("dana").beyond("dana", &known).runs(&there(&house), "true").succeeded();
    let seen = house.beyond("dana", "dana").runs_with(&["-v"], &there(&house), "true").succeeded();
    assert!(
        seen.err.contains("Authenticated to alaris-sm-01") && seen.err.contains("using \"none\""),
        "{}",
        seen.err
    );
}

#[test]
fn a_client_that_has_the_older_kinds_alone_works_inside_too() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let beyond = house.beyond("dana", "dana");
    let bytes = noise(5 << 20);
    let file = house.folder().join("noise");
    std::fs::write(&file, &bytes).unwrap();
    let certified = "ssh-ed25519-cert-v01@openssh.com";
    let table = [
        ["curve25519-sha256", certified, "aes256-ctr", "hmac-sha2-256"],
        ["ecdh-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com", "aes128-ctr", "hmac-sha2-512"],
        ["diffie-hellman-group16-sha512", certified, "aes256-gcm@openssh.com", "hmac-sha2-256"],
    ];
    for [kex, key, cipher, mac] in table {
        let has = [("KexAlgorithms", kex), ("HostKeyAlgorithms", key), ("Ciphers", cipher), ("MACs", mac)];
        // Options of the command line are the inner client's alone.
        let words: Vec<String> =
            has.iter().flat_map(|(name, value)| ["-o".to_owned(), format!("{name}={value}")]).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = beyond.runs_with(&words, &there(&house), &format!("cat {}", file.display())).succeeded();
        assert_eq!(digest(&ran.out), digest(&bytes), "{has:?}");
    }
    // Who has AES-GCM is offered no other cipher, whatever it prefers.
    let seen = beyond.runs_with(&["-v"], &there(&house), "true").succeeded();
    assert!(seen.err.contains("cipher: aes256-gcm@openssh.com"), "{}", seen.err);
    assert!(!seen.err.contains("cipher: chacha20-poly1305"), "{}", seen.err);
}

#[test]
fn the_lines_to_paste_and_the_authority_stand_on_the_technicians_page() {
    let house = House::start();
    let window = house.open_window("dana", "shell,exec", "+10m");
    let token = house.gate.token("dana");
    let path = format!("/api/windows/{window}/connect");
    let view = chaperone_tests::get(house.gate.web_port(), &path, Some(&token)).unwrap().json();
    assert_eq!(view["cert_authority"], house.gate.installed["keys"]["host_ca"]["known_hosts"]);
    let lines = view["lines"].to_string();
    let jump = format!("ssh -J dana@127.0.0.1:{} {}", house.gate.ssh_port(), there(&house));
    assert!(lines.contains(&jump), "{lines}");
}

#[test]
fn files_are_copied_and_synchronised_through_it() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let beyond = house.beyond("dana", "dana");
    let folder = house.folder().join("files");
    std::fs::create_dir_all(&folder).unwrap();
    let (sent, got, back) = (folder.join("sent"), folder.join("got"), folder.join("back"));
    let bytes = noise(5 << 20);
    std::fs::write(&sent, &bytes).unwrap();
    let at = |path: &std::path::Path| format!("{}:{}", there(&house), path.display());
    beyond.copies(&["-O", "-q", sent.to_str().unwrap(), &at(&got)]).succeeded();
    assert_eq!(digest(&std::fs::read(&got).unwrap()), digest(&bytes));
    beyond.copies(&["-O", "-q", &at(&got), back.to_str().unwrap()]).succeeded();
    assert_eq!(digest(&std::fs::read(&back).unwrap()), digest(&bytes));
    let synced = folder.join("synced");
    beyond.synchronises(&["-a", sent.to_str().unwrap(), &at(&synced)]).succeeded();
    assert_eq!(digest(&std::fs::read(&synced).unwrap()), digest(&bytes));
}

#[test]
fn many_commands_share_one_connection_beyond_the_gate() {
    const COMMANDS: usize = 20;
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let beyond = house.beyond("dana", "dana");
    let socket = format!("ControlPath={}/beyond", house.folder().display());
    let over = ["-o", socket.as_str()];
    let mut master = beyond.begins(&[&over[..], &["-M"]].concat(), &there(&house), "echo ready; cat");
    master.shows("ready");
    std::thread::scope(|scope| {
        for n in 0..COMMANDS {
            let (beyond, over, to) = (&beyond, &over, there(&house));
            scope.spawn(move || {
                let ran = beyond.runs_with(over, &to, &format!("echo out {n}; exit {n}"));
                assert_eq!(
                    (ran.text(), ran.status),
                    (format!("out {n}\n"), i32::try_from(n).ok()),
                    "{}",
                    ran.err
                );
            });
        }
    });
    master.ends_input();
    assert_eq!(master.ends().0.code(), Some(0));
    assert_eq!(house.sessions().len(), 1, "one connection is one visit");
}

#[test]
fn what_is_refused_is_an_attempt_that_the_soc_hears_of() {
    let house = House::start();
    let beyond = house.beyond("dana", "dana");
    let outside = beyond.runs(&there(&house), "true").refused();
    let fact = house.refusal("attempt-refused", "no-window");
    assert_eq!(
        (fact.body["proof"]["jumped"].as_bool(), fact.body["account"].as_str()),
        (Some(true), Some(house.target.account()))
    );
    let unknown = beyond.runs("svc@no-such-server", "true").refused();
    let sentence = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    assert_eq!(sentence(&outside.err), sentence(&unknown.err), "nobody learns which servers there are");
    soon("an alert of each", || (house.alerts_because("no-window").len() == 2).then_some(()));
    house.open_window("dana", "exec", "+10m");
    let other = beyond.runs(&format!("nobody@{TARGET}"), "true").refused();
    assert!(other.err.contains("not"), "{}", other.err);
    let fact = house.refusal("attempt-refused", "access-not-granted");
    assert_eq!(fact.body["account"], "nobody");
}

#[test]
fn a_name_that_is_no_account_proves_nothing() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let beyond = house.beyond("dana", "dana");
    let ran = beyond.runs_with(&["-l", "dana+alaris-sm-01"], TARGET, "true");
    assert_eq!(ran.status, Some(255));
    assert!(ran.err.contains("Permission denied"), "{}", ran.err);
    assert_eq!(house.sessions().len(), 0);
    let _failed = house.fact("attempt-failed");
}

#[test]
fn files_go_by_sftp_through_it_decided_one_by_one() {
    let house = House::start();
    house.open_window("dana", "sftp-read,sftp-write", "+10m");
    let beyond = house.beyond("dana", "dana");
    let folder = house.folder().join("files");
    std::fs::create_dir_all(&folder).unwrap();
    let bytes = noise(5 << 20);
    let [sent, got, back, batch] = ["sent", "got", "back", "batch"].map(|name| folder.join(name));
    std::fs::write(&sent, &bytes).unwrap();
    let at = format!("{}:{}", there(&house), got.display());
    // scp's own form, and sftp.
    beyond.copies(&["-q", sent.to_str().unwrap(), &at]).succeeded();
    assert_eq!(digest(&std::fs::read(&got).unwrap()), digest(&bytes));
    let (here, remote) = (sent.display(), got.display());
    std::fs::write(
        &batch,
        format!("put {here} {remote}.2\nget {remote}.2 {}\nls {}\n", back.display(), folder.display()),
    )
    .unwrap();
    beyond.sftp(&["-q"], &there(&house), &batch).succeeded();
    assert_eq!(digest(&std::fs::read(&back).unwrap()), digest(&bytes));
    let told = soon("each file as a fact", || {
        Some(house.facts_of("file-transferred")).filter(|facts| facts.len() == 3)
    });
    assert!(told.iter().all(|fact| fact.body["sha256"] == digest(&bytes)), "{told:#?}");
    // What the window does not grant is refused inside, too.
    let house = House::start();
    house.open_window("dana", "sftp-read", "+10m");
    let never = folder.join("never");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(&sent, &bytes).unwrap();
    std::fs::write(&batch, format!("put {here} {}\n", never.display())).unwrap();
    let ran = house.beyond("dana", "dana").sftp(&["-q"], &there(&house), &batch);
    assert!(ran.status != Some(0) && ran.err.contains("Permission denied"), "{ran:?}");
    assert!(!never.exists());
    let refused = soon("the fact", || house.facts_of("channel-refused").pop());
    assert_eq!(refused.body["about"]["what"]["missing"], "sftp-write");
}

#[test]
fn the_end_of_the_window_ends_it_on_time() {
    let house = House::start();
    let window = house.open_window("dana", "exec", "+8s");
    let mut visit = house.beyond("dana", "dana").begins(&[], &there(&house), "echo ready; sleep 1000");
    visit.shows("ready");
    assert_eq!(legs(house.gate.ssh_port(), house.target.port()), (1, 1));
    let closes = house.closes(&window);
    let late = house.both_legs_gone(Duration::from_secs(60)).duration_since(closes);
    assert!(late >= SignedDuration::ZERO && late < SignedDuration::from_secs(1), "{late:#}");
    visit.says("your change window has closed");
    assert!(!visit.ends().0.success());
    house.sealed(&house.newest_session());
    assert_eq!(house.fact("session-ended").body["sockets_gone"], true);
}

#[test]
fn a_stopped_client_that_floods_is_cut_on_time_too() {
    let house = House::start();
    let window = house.open_window("dana", "exec", "+8s");
    let mut visit = house.beyond("dana", "dana").begins(&[], &there(&house), "echo ready; cat /dev/zero");
    visit.shows("ready");
    visit.freezes();
    let late = house.both_legs_gone(Duration::from_secs(60)).duration_since(house.closes(&window));
    assert!(late >= SignedDuration::ZERO && late < SignedDuration::from_secs(1), "{late:#}");
    visit.thaws();
    visit.signal(chaperone_tests::Signal::KILL);
    visit.ends();
}

#[test]
fn one_of_two_visits_through_one_connection_is_stopped_and_the_other_goes_on() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    house.add_target("alaris-sm-02", &house.target, &[]);
    let words = ["window", "request", "--target", "alaris-sm-02", "--person", "dana", "--access", "exec"];
    let times = ["--opens", "now", "--closes", "+10m", "--purpose", "patch", "--reason", "both"];
    let second = house.gate.person("dana").does(&[&words[..], &times[..]].concat());
    house.approve(second["id"].as_str().unwrap());
    // The way to the gate is shared, as ControlMaster does for whoever sets it for the gate.
    let beyond = house.beyond("dana", "dana");
    let shared = format!(
        "\nMatch originalhost 127.0.0.1\nControlMaster auto\nControlPersist 60\nControlPath {}/way\n",
        house.folder().display()
    );
    let text = std::fs::read_to_string(beyond.configuration()).unwrap();
    std::fs::write(beyond.configuration(), format!("{text}{shared}")).unwrap();
    let mut one = beyond.begins(&[], &there(&house), "echo ready; sleep 1000");
    one.shows("ready");
    let first = house.newest_session();
    let to = format!("{}@alaris-sm-02", house.target.account());
    let mut two = beyond.begins(&[], &to, "echo ready; cat");
    two.shows("ready");
    assert_eq!(legs(house.gate.ssh_port(), house.target.port()), (1, 2), "one way, two visits");
    house.sam().does(&["session", "stop", &first, "--reason", "enough"]);
    assert!(!one.ends().0.success());
    let stopped = house.sealed(&first);
    assert_eq!(stopped["end_reason"], "stopped");
    two.types("still here\n");
    two.shows("still here");
    two.ends_input();
    assert_eq!(two.ends().0.code(), Some(0));
    let mut close = beyond.ssh(&["-O", "exit"], "127.0.0.1", "");
    drop(close.output());
}

#[test]
fn a_user_name_that_names_the_server_already_leads_to_that_server_and_no_other() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let user = format!("dana+{TARGET}");
    let beyond = house.beyond("dana", &user);
    assert_eq!(beyond.runs(&there(&house), "echo hello").succeeded().text(), "hello\n");
    let other = beyond.runs("svc@alaris-sm-02", "true");
    assert_eq!(other.status, Some(255));
    assert!(house.facts_of("session-admitted").iter().any(|fact| fact.body["proof"]["jumped"] == true));
}

#[test]
fn from_a_connection_that_names_no_server_nothing_else_is_reached() {
    let house = House::start();
    house.open_window("dana", "exec,forward", "+10m");
    let dana = house.technician("dana").ssh_as("dana").option("LogLevel=INFO");
    let nowhere = [
        "localhost:22",
        "127.0.0.1:22",
        "169.254.169.254:80",
        "alaris-sm-01:23",
        "Not_A+Name:22",
        "[::1]:22",
    ];
    for place in nowhere {
        let ran = dana.clone().with(&["-W", place]).runs("");
        assert!(ran.err.contains("administratively prohibited"), "{place}: {}", ran.err);
    }
    assert_eq!(house.sessions().len(), 0);
    let refused = soon("a fact of each", || {
        Some(house.facts_of("channel-refused")).filter(|all| all.len() == nowhere.len())
    });
    assert!(refused.iter().all(|fact| fact.body["about"]["what"]["why"] == "no server is named"));
}

#[test]
fn more_connections_inside_one_than_one_persons_work_are_refused() {
    const MOST: usize = 16;
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh_as("dana").option(&socket).option("LogLevel=INFO");
    let mut outer = dana.clone().with(&["-M", "-N"]).begins("");
    soon("the outer connection", || house.folder().join("mux").exists().then_some(()));
    let inside = dana.with(&["-W", &format!("{TARGET}:22")]);
    let open: Vec<_> = (0..MOST).map(|_| inside.begins("")).collect();
    open.iter().for_each(|one| one.shows("SSH-2.0-"));
    let one_more = inside.runs("");
    assert_eq!((one_more.text().as_str(), one_more.status), ("", Some(255)), "{}", one_more.err);
    let fact = house.fact("channel-refused");
    assert_eq!(fact.body["about"]["what"]["why"], "too many connections inside this one", "{:#}", fact.body);
    drop(open);
    outer.signal(chaperone_tests::Signal::TERM);
    outer.ends();
}

#[test]
fn connections_inside_one_wait_in_the_line_of_all() {
    // A burst of 64, and then so many a second.
    let house = House::furnish().with("CHAPERONE_GATE__ATTEMPTS_PER_SECOND", "2").start();
    let said = house.technician("dana").raw(
        "dana",
        &format!(
            "
began, heard = time.time(), 0
while heard < 74:
    try:
        inside = transport.open_channel('direct-tcpip', ('{TARGET}', 22), ('127.0.0.1', 1), timeout=30)
    except paramiko.ChannelException:
        # Those before have not gone yet.
        time.sleep(0.01)
        continue
    inside.recv(8)
    inside.close()
    heard += 1
say(4 < time.time() - began < 30)
"
        ),
    );
    assert_eq!(said, ["True"]);
}

#[test]
fn who_names_no_account_inside_one_fails_as_often_as_anybody_may() {
    let house = House::start();
    let said = house.technician("dana").raw(
        "dana",
        &format!(
            "
inside = transport.open_channel('direct-tcpip', ('{TARGET}', 22), ('127.0.0.1', 1), timeout=30)
inner = paramiko.Transport(inside)
inner.start_client(timeout=30)
refused = 0
try:
    for n in range(20):
        try: inner.auth_none('bad name %d!' % n)
        except paramiko.BadAuthenticationType: refused += 1
except paramiko.SSHException: say(refused)
"
        ),
    );
    assert_eq!(said, ["6"]);
    // One each, and one of the name that nobody looked at any more.
    soon("the facts", || (house.facts_of("attempt-failed").len() == 7).then_some(()));
}

#[test]
fn those_that_are_asked_for_at_once_are_no_more_than_one_persons_work_either() {
    let house = House::start();
    let said = house.technician("dana").raw(
        "dana",
        &format!(
            "
got = {{91: 0, 92: 0}}
transport._handler_table = dict(transport._handler_table)
for kind in got:
    def heard(_, m, kind=kind):
        got[kind] += 1
    transport._handler_table[kind] = heard
for number in range(1000, 1040):
    # No window: what is said in it would be for nobody here.
    send(OPEN, 'direct-tcpip', number, 0, 32768, '{TARGET}', 22, '127.0.0.1', 1)
until = time.time() + 20
while sum(got.values()) < 40 and time.time() < until:
    time.sleep(0.01)
say(got[91], got[92])
"
        ),
    );
    assert_eq!(said, ["16 24"]);
}

#[test]
fn visits_inside_a_connection_that_is_ended_for_its_refusals_say_so() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let account = house.target.account();
    let said = house.technician("dana").raw(
        "dana",
        &format!(
            "
way = transport.open_channel('direct-tcpip', ('{TARGET}', 22), ('127.0.0.1', 1), timeout=30)
inside = paramiko.Transport(way)
inside.start_client(timeout=30)
inside.auth_none('{account}')
channel = inside.open_session(timeout=30)
channel.exec_command('echo ready; sleep 1000')
say(channel.recv(6).decode().strip())
try:
    for n in range(1500):
        send(OPEN, 'direct-tcpip', 1000 + n, 65536, 32768, '10.0.0.1', 1 + n, '127.0.0.1', 1)
except Exception:
    pass
until = time.time() + 20
while transport.is_active() and time.time() < until:
    time.sleep(0.05)
say('active' if transport.is_active() else 'ended')
"
        ),
    );
    assert_eq!(said, ["ready", "ended"]);
    assert_eq!(house.sealed(&house.newest_session())["end_reason"], "too-many-refusals");
}

#[test]
fn declared_endpoints_are_reached_through_it_and_nothing_deeper() {
    let house = House::start();
    let service = chaperone_tests::Service::answers();
    house.add_target("alaris-sm-02", &house.target, &["--tcp", &format!("db={}", service.address())]);
    let words =
        ["window", "request", "--target", "alaris-sm-02", "--person", "dana", "--access", "exec,forward"];
    let times = ["--opens", "now", "--closes", "+10m", "--purpose", "patch", "--reason", "both"];
    let window = house.gate.person("dana").does(&[&words[..], &times[..]].concat());
    house.approve(window["id"].as_str().unwrap());
    let beyond = house.beyond("dana", "dana");
    let to = format!("{}@alaris-sm-02", house.target.account());
    let place = format!("localhost:{}", service.port());
    assert_eq!(beyond.runs_with(&["-W", &place], &to, "").succeeded().text(), "bye");
    let deeper = beyond.runs_with(&["-o", "LogLevel=INFO", "-W", "alaris-sm-02:22"], &to, "");
    assert!(deeper.err.contains("administratively prohibited"), "{}", deeper.err);
}

#[test]
fn the_code_of_the_outer_sign_in_does_for_the_inner_one() {
    let house = House::furnish().with("CHAPERONE_SECURITY__SECOND_FACTOR_HOURS", "0").without_soc().start();
    house.open_window("dana", "shell", "+10m");
    let made = house.admin().does(&["person", "enrol", "dana"]);
    let dana = Enrolled::by_link(house.gate.web_port(), made["link"].as_str().unwrap());
    let beyond = house.beyond("dana", "dana");
    let asks =
        std::fs::read_to_string(beyond.configuration()).unwrap().replace("BatchMode yes", "BatchMode no");
    std::fs::write(beyond.configuration(), asks).unwrap();
    let mut terminal = beyond.opens_a_shell(&there(&house));
    terminal.shows("Authenticator code:");
    terminal.types(&format!("{}\n", dana.app.code(0)));
    terminal.shows("is recorded");
    terminal.types("exit 5\n");
    assert_eq!(terminal.ends(), Some(5));
    assert_eq!(terminal.screen().matches("Authenticator code:").count(), 1);
    assert_eq!(house.fact("session-admitted").body["proof"]["second_factor"], "totp");
}
