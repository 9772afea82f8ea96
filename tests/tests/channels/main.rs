//! Many channels of one connection, and every kind that a gate must not open: each is answered as the protocol has it, and
//! what is refused is a fact. Then the tricks that got past other gates: each ends recorded or refused.

mod beyond;
mod many;

use std::process::Stdio;

use chaperone_tests::{House, Process, Proxy, TARGET, Technician, Visit, Weather, soon};
use serde_json::Value;

/// Waits for the fact of a refused channel or request of this kind.
#[track_caller]
fn refused(house: &House, kind: &str) -> Value {
    soon(&format!("a refused {kind}"), || {
        house.facts_of("channel-refused").into_iter().find(|fact| fact.body["channel"] == kind)
    })
    .body
}

fn dana(house: &House) -> (Technician, String) {
    (house.technician("dana"), format!("dana+{TARGET}"))
}

/// The records of a visit, as lines of JSON.
fn recorded(house: &House, session: &str) -> Vec<Value> {
    house.sealed(session);
    let file = house.folder().join(format!("{session}.jsonl"));
    let (name, why) = (file.to_str().unwrap(), ["--reason", "looked into"]);
    let words = ["recording", "export", session, "--format", "jsonl", "-o", name];
    house.sam().does(&[&words[..], &why].concat());
    std::fs::read_to_string(&file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_the_gate_says_is_recorded_as_the_gates_and_not_as_the_servers() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let socket = format!("ControlPath={}/mux", house.folder().display());
    let dana = house.technician("dana").ssh(TARGET).option(&socket);
    let mut master = dana.clone().with(&["-M"]).begins("echo ready; echo of the server >&2; sleep 100");
    master.shows("ready");
    master.says("of the server");
    let refused = dana.with(&["-T"]).runs("").err;
    assert!(refused.contains("does not grant shell"), "{refused}");
    let session = house.newest_session();
    house.sam().does(&["session", "stop", &session, "--reason", "that is enough"]);
    assert!(!master.ends().0.success());
    assert!(master.err().contains("that is enough"), "{}", master.err());
    let lines = recorded(&house, &session);
    let stream = |name: &str| -> String {
        lines.iter().filter(|line| line["stream"] == name).filter_map(|line| line["text"].as_str()).collect()
    };
    assert_eq!(stream("stderr"), "of the server\n");
    assert!(stream("gate").contains("that is enough"), "{}", stream("gate"));
    let said: Vec<&Value> = lines.iter().filter(|line| line["event"] == "gate-said").collect();
    assert!(said.iter().any(|line| line.to_string().contains("does not grant shell")), "{said:?}");
}

#[test]
fn what_a_gate_must_not_forward_is_refused_by_the_protocols_own_answer_and_told() {
    let house = House::start();
    house.open_window("dana", "shell,exec,forward", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    let agent = chaperone_tests::Agent::holding(house.folder(), [&house.technician("dana").key]);
    // The agent's forwarding is asked for without wanting an answer: the command goes on, and has no agent.
    let ran = dana.clone().with(&["-A"]).option(&format!("IdentityAgent={}", agent.socket().display()));
    let ran = ran.runs("echo agent=$SSH_AUTH_SOCK").succeeded();
    assert_eq!(ran.text(), "agent=\n");
    assert_eq!(refused(&house, "agent")["about"]["reason"], "access-not-granted");
    for (words, kind) in [
        (["-R", "0:localhost:22"], "tcpip-forward"),
        (["-R", "/tmp/chaperone-test.sock:localhost:22"], "streamlocal-forward"),
    ] {
        let ran = dana.clone().option("ExitOnForwardFailure=yes").with(&words).runs("echo ran");
        assert_eq!(ran.status, Some(255), "{words:?}: {}", ran.text());
        assert!(ran.err.contains("remote port forwarding failed"), "{words:?}: {}", ran.err);
        refused(&house, kind);
    }
    // The client makes its own end of a tunnel first. Where it may not, it asks for none.
    let tunnel = dana.clone().with(&["-w", "any:any", "-o", "Tunnel=point-to-point"]).runs("echo ran");
    if tunnel.err.contains("Tunnel device open failed") {
        assert_eq!(tunnel.text(), "ran\n", "{}", tunnel.err);
    } else {
        assert!(tunnel.status == Some(255) && tunnel.err.contains("Tunnel forwarding failed"), "{tunnel:?}");
        assert_eq!(refused(&house, "channel-kind")["about"]["what"]["name"], "tun@openssh.com");
    }
}

#[test]
fn what_every_client_asks_to_hear_whether_anybody_is_there_is_no_fact() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let (technician, user) = dana(&house);
    let said = technician.raw(
        &user,
        "
channel = transport.open_session(timeout=20)
for name in ['keepalive@openssh.com', 'winadj@putty.projects.tartarus.org', 'simple@putty.projects.tartarus.org']:
    say(ask(channel, name))
for name in ['keepalive@openssh.com', 'no-more-sessions@openssh.com']:
    transport.global_request(name, wait=True)
# A channel that the gate closes first is closed in turn.
say('run', ask(channel, 'exec', 'true'))
everything(channel)
channel.close()
",
    );
    assert_eq!(said, ["failure", "failure", "failure", "run success"]);
    house.technician("dana").ssh(TARGET).option("ServerAliveInterval=1").runs("sleep 3").succeeded();
    house.sealed(&house.newest_session());
    assert!(house.facts_of("channel-refused").is_empty(), "{:#?}", house.facts_of("channel-refused"));
}

/// Opens and asks for everything that no client of ours does.
const KINDS: &str = "
def opens(kind, *parts):
    try:
        transport.open_channel(kind, *parts, timeout=20)
        return 'opened'
    except paramiko.ChannelException as refused:
        return refused.code
say('x11', opens('x11', None, ('127.0.0.1', 6000)))
say('forwarded', opens('forwarded-tcpip', ('127.0.0.1', 22), ('127.0.0.1', 1)))
# Kinds that Paramiko does not know how to open: the message is ours, the channel as it makes it.
def opens_raw(kind, *parts):
    before = len(failures)
    number = 1000 + before
    send(OPEN, kind, number, 65536, 32768, *parts)
    until = time.time() + 20
    while len(failures) <= before and time.time() < until:
        time.sleep(0.01)
    return failures[before] if len(failures) > before else 'no answer'
failures = []
was = paramiko.Transport._parse_channel_open_failure
def failed(self, m):
    number, code = m.get_int(), m.get_int()
    failures.append(code)
transport._handler_table = dict(transport._handler_table)
transport._handler_table[92] = failed
say('streamlocal', opens_raw('direct-streamlocal@openssh.com', '/var/run/docker.sock', '', 0))
say('forwarded streamlocal', opens_raw('forwarded-streamlocal@openssh.com', '/tmp/x', ''))
say('agent', opens_raw('auth-agent@openssh.com'))
say('tun', opens_raw('tun@openssh.com', 1, 0x7fffffff))
say('unknown', opens_raw('no-such-kind@example.com', 'whatever'))
channel = transport.open_session(timeout=20)
say('request', ask(channel, 'no-such-request@example.com'))
say('x11 request', ask(channel, 'x11-req', False, 'MIT-MAGIC-COOKIE-1', 'ab' * 16, 0))
say('agent request', ask(channel, 'auth-agent-req@openssh.com'))
say('subsystem', ask(channel, 'subsystem', 'no-such-subsystem'))
say('global', transport.global_request('no-such-global@example.com', wait=True))
say('streamlocal listen', transport.global_request('streamlocal-forward@openssh.com', ('/tmp/x',), wait=True))
say('listen', transport.global_request('tcpip-forward', ('', 0), wait=True))
transport.global_request('no-such-global@example.com', wait=False)
channel = transport.open_session(timeout=20)
channel.exec_command('echo still here')
say(everything(channel).decode().strip())
";

#[test]
fn kinds_of_channels_and_requests_that_no_client_of_ours_asks_for_are_refused() {
    let house = House::start();
    house.open_window("dana", "exec,forward", "+10m");
    let (technician, user) = dana(&house);
    let said = technician.raw(&user, KINDS);
    let expected = [
        "x11 1",
        "forwarded 1",
        "streamlocal 1",
        "forwarded streamlocal 1",
        "agent 1",
        "tun 3",
        "unknown 3",
        "request failure",
        "x11 request failure",
        "agent request failure",
        "subsystem failure",
        "global None",
        "streamlocal listen None",
        "listen None",
        "still here",
    ];
    assert_eq!(said, expected, "1: administratively prohibited, 3: unknown channel type (RFC 4254 §5.1)");
    for kind in [
        "x11",
        "forwarded-tcpip",
        "direct-streamlocal",
        "agent",
        "subsystem",
        "tcpip-forward",
        "streamlocal-forward",
    ] {
        refused(&house, kind);
    }
    // Those that the library knows no better than to answer are told by their names.
    for (kind, name) in [
        ("channel-kind", "forwarded-streamlocal@openssh.com"),
        ("channel-kind", "auth-agent@openssh.com"),
        ("channel-kind", "tun@openssh.com"),
        ("channel-kind", "no-such-kind@example.com"),
        ("channel-request", "no-such-request@example.com"),
        ("global-request", "no-such-global@example.com"),
    ] {
        soon(&format!("a refused {name}"), || {
            let told = house.facts_of("channel-refused").into_iter();
            told.map(|fact| fact.body)
                .find(|body| body["channel"] == kind && body["about"]["what"]["name"] == name)
        });
    }
}

#[test]
fn a_variable_that_is_in_no_utf8_is_refused_and_ends_nothing() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let (technician, user) = dana(&house);
    let said = technician.raw(
        &user,
        r"
channel = transport.open_session(timeout=20)
say('variable', ask(channel, 'env', 'LC_NAME', b'caf\xe9'))
channel.exec_command('echo still here')
say(everything(channel).decode().strip())
",
    );
    assert_eq!(said, ["variable failure", "still here"]);
    let what = &refused(&house, "environment")["about"]["what"];
    assert_eq!((&what["name"], &what["bytes"]), (&"LC_NAME".into(), &4.into()));
}

#[test]
fn a_copy_that_is_a_shell_in_disguise_is_recorded_to_its_last_byte() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let mut terminal = house.technician("dana").ssh(TARGET).opens("scp -t /nonexistent/x; exec bash --norc");
    // What is no message of scp's ends it, and then there is a shell.
    terminal.types("\necho in$((1))side; exit 3\n");
    terminal.shows("in1side");
    assert_eq!(terminal.ends(), Some(3));
    let session = house.newest_session();
    house.sealed(&session);
    let recorded = house.recorded(&session);
    assert!(recorded.output.contains("in1side"), "{}", recorded.output);
    assert!(
        !recorded.input.is_empty() && recorded.input.chars().all(|letter| letter == '*'),
        "{}",
        recorded.input
    );
}

#[test]
fn one_channel_starts_one_thing_once() {
    let house = House::start();
    house.open_window("dana", "shell,exec", "+10m");
    let (technician, user) = dana(&house);
    let said = technician.raw(
        &user,
        "
channel = transport.open_session(timeout=20)
say('first', ask(channel, 'exec', 'echo first; sleep 2'))
say('again', ask(channel, 'exec', 'echo second'))
say('shell', ask(channel, 'shell'))
say('terminal', ask(channel, 'pty-req', 'xterm', 80, 24, 0, 0, ''))
say('variable', ask(channel, 'env', 'LC_ALL', 'C'))
say(everything(channel).decode().strip())
channel = transport.open_session(timeout=20)
say('one terminal', ask(channel, 'pty-req', 'xterm', 80, 24, 0, 0, ''))
say('two terminals', ask(channel, 'pty-req', 'vt100', 132, 43, 0, 0, ''))
say('run', ask(channel, 'exec', 'stty size; echo kind=$TERM'))
got = everything(channel).decode()
say('80' if '24 80' in got and 'kind=xterm' in got else got)
",
    );
    let expected = [
        "first success",
        "again failure",
        "shell failure",
        "terminal failure",
        "variable failure",
        "first",
        "one terminal success",
        "two terminals failure",
        "run success",
        "80",
    ];
    assert_eq!(said, expected);
    refused(&house, "second-request");
    refused(&house, "second-terminal");
    assert_eq!(house.facts_of("channel-opened").len(), 2);
}

#[test]
fn payload_at_the_wrong_time_is_dropped_and_told() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let (technician, user) = dana(&house);
    let said = technician.raw(
        &user,
        "
channel = transport.open_session(timeout=20)
send(DATA, channel.remote_chanid, b'before anything was asked for')
say('run', ask(channel, 'exec', 'cat; echo done'))
send(DATA, channel.remote_chanid, b'in time;')
send(EOF, channel.remote_chanid)
send(DATA, channel.remote_chanid, b'after the end')
say(everything(channel).decode().strip())
# A channel that is closed, and one that never was: nothing answers, and the connection goes on.
send(CLOSE, channel.remote_chanid)
send(DATA, channel.remote_chanid, b'after the close')
send(REQUEST, channel.remote_chanid, 'exec', True, 'touch /tmp/never')
send(DATA, 4711, b'to nobody')
send(REQUEST, 4711, 'exec', True, 'touch /tmp/never')
send(EOF, 4711)
send(CLOSE, 4711)
channel = transport.open_session(timeout=20)
channel.exec_command('echo still here')
say(everything(channel).decode().strip())
",
    );
    assert_eq!(said, ["run success", "in time;done", "still here"]);
    assert_eq!(refused(&house, "data-before-request")["about"]["what"]["bytes"], 29);
    assert_eq!(refused(&house, "data-after-eof")["about"]["what"]["bytes"], 13);
    assert!(!std::path::Path::new("/tmp/never").exists());
    let for_nobody = soon("each message for nobody", || {
        let told = house.facts_of("channel-refused").into_iter().map(|fact| fact.body);
        let told: Vec<Value> = told.filter(|body| body["channel"] == "no-channel").collect();
        (told.len() >= 6).then_some(told)
    });
    let told = for_nobody.iter().map(|body| &body["about"]["what"]).filter(|what| what["channel"] == 4711);
    let mut told: Vec<&str> = told.filter_map(|what| what["message"].as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["close", "data", "eof", "request"], "{for_nobody:#?}");
    let session = house.newest_session();
    house.sealed(&session);
    let recorded = house.recorded(&session);
    assert!(!format!("{}{}", recorded.input, recorded.output).contains("after the"), "{recorded:?}");
}

#[test]
fn a_forward_to_the_servers_own_sshd_by_a_stock_client_is_refused() {
    let house = House::start();
    house.open_window("dana", "shell,exec,forward", "+10m");
    let dana = house.technician("dana");
    let proxy = dana.ssh(TARGET).with(&["-W", &house.target.address()]).line().join(" ");
    let mut inner = std::process::Command::new("ssh");
    inner.args(["-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"]);
    inner.args(["-o", "UserKnownHostsFile=/dev/null", "-o", &format!("ProxyCommand={proxy}")]);
    inner.args(["-i", house.target.account_key().private.to_str().unwrap(), "-o", "IdentitiesOnly=yes"]);
    inner.args(["-l", house.target.account(), "alaris", "echo got past"]).stdin(Stdio::null());
    let ran = Process::run("ssh", std::time::Duration::from_secs(60), &mut inner);
    assert!(!ran.text().contains("got past") && ran.status == Some(255), "{}", ran.err);
    assert_eq!(refused(&house, "direct-tcpip")["about"]["what"]["why"], "not declared");
}
