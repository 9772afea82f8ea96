//! Every stock client works through the gate as it works without it: PuTTY's, Dropbear's, Paramiko, curl with libssh2, and
//! OpenSSH with each of its ways to be started.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use chaperone_tests::{
    Direction, Enrolled, House, KeyPair, Process, Proxy, Sshd, SshdOptions, TARGET, digest, noise, soon,
};

#[test]
fn plink_runs_commands_and_opens_a_shell() {
    let house = House::start();
    house.open_window("dana", "shell,exec", "+10m");
    let dana = house.elsewhere("dana");
    let ran = dana.putty(
        "plink",
        TARGET,
        &["127.0.0.1", "read name; echo applied $name; echo warned >&2; exit 3"],
        "patch-7.2\n",
    );
    assert_eq!((ran.text().as_str(), ran.status), ("applied patch-7.2\n", Some(3)), "{}", ran.err);
    assert!(ran.err.contains("warned"), "{}", ran.err);
    let ran = dana.putty("plink", TARGET, &["-T", "127.0.0.1"], "echo $((6 * 7)) pumps\nexit 5\n");
    assert!(ran.text().contains("42 pumps") && ran.status == Some(5), "{ran:?}");
    let ran = dana.putty("plink", TARGET, &["-t", "127.0.0.1"], "echo $((6 * 7)) pumps\nexit 6\n");
    assert!(ran.text().contains("recorded") && ran.text().contains("42 pumps"), "{ran:?}");
    assert_eq!(ran.status, Some(6));
    let refused = dana.putty("plink", "alaris-sm-99", &["127.0.0.1", "true"], "");
    assert_eq!(refused.status, Some(77), "{refused:?}");
}

#[test]
fn pscp_copies_both_ways_in_its_old_form() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.elsewhere("dana");
    let bytes = noise(3 << 20);
    let [here, there, back] = ["here", "there", "back"].map(|name| house.folder().join(name));
    std::fs::write(&here, &bytes).unwrap();
    let remote = format!("127.0.0.1:{}", there.display());
    dana.putty("pscp", TARGET, &["-scp", "-q", here.to_str().unwrap(), &remote], "").succeeded();
    assert_eq!(digest(&std::fs::read(&there).unwrap()), digest(&bytes));
    dana.putty("pscp", TARGET, &["-scp", "-q", &remote, back.to_str().unwrap()], "").succeeded();
    assert_eq!(digest(&std::fs::read(&back).unwrap()), digest(&bytes));
}

#[test]
fn pscp_and_psftp_copy_both_ways_by_sftp() {
    let house = House::start();
    house.open_window("dana", "sftp-read,sftp-write", "+10m");
    let dana = house.elsewhere("dana");
    let bytes = noise(3 << 20);
    let [here, there, back] = ["here", "there", "back"].map(|name| house.folder().join(name));
    std::fs::write(&here, &bytes).unwrap();
    let same = |file: &std::path::Path| {
        assert_eq!(digest(&std::fs::read(file).unwrap()), digest(&bytes));
        std::fs::remove_file(file).unwrap();
    };
    let remote = format!("127.0.0.1:{}", there.display());
    dana.putty("pscp", TARGET, &["-sftp", "-q", "-p", here.to_str().unwrap(), &remote], "").succeeded();
    dana.putty("pscp", TARGET, &["-sftp", "-q", &remote, back.to_str().unwrap()], "").succeeded();
    same(&back);
    same(&there);
    let batch = house.folder().join("batch");
    let (from, to, back_to) = (here.display(), there.display(), back.display());
    std::fs::write(&batch, format!("put {from} {to}\nget {to} {back_to}\nquit\n")).unwrap();
    dana.putty("psftp", TARGET, &["-b", batch.to_str().unwrap(), "127.0.0.1"], "").succeeded();
    same(&back);
    same(&there);
    let told = soon("each file as a fact", || {
        Some(house.facts_of("file-transferred")).filter(|facts| facts.len() == 4)
    });
    assert!(told.iter().all(|fact| fact.body["sha256"] == digest(&bytes)), "{told:#?}");
}

#[test]
fn dropbears_client_runs_commands() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let ran = house.elsewhere("dana").dropbear(TARGET, "cat; echo warned >&2; exit 7", "one\ntwo\n");
    assert_eq!((ran.text().as_str(), ran.status), ("one\ntwo\n", Some(7)), "{}", ran.err);
    assert!(ran.err.contains("warned"), "{}", ran.err);
}

#[test]
fn curl_copies_both_ways_by_sftp_and_scp_though_its_library_has_neither_gcm_nor_encrypt_then_mac() {
    let house = House::start();
    house.open_window("dana", "exec,sftp-read,sftp-write", "+10m");
    let dana = house.elsewhere("dana");
    let bytes = noise(3 << 20);
    let [here, there, back] = ["here", "there", "back"].map(|name| house.folder().join(name));
    std::fs::write(&here, &bytes).unwrap();
    for scheme in ["sftp", "scp"] {
        dana.curl(TARGET, scheme, &there, &["--upload-file", here.to_str().unwrap()]).succeeded();
        assert_eq!(digest(&std::fs::read(&there).unwrap()), digest(&bytes), "{scheme}");
        dana.curl(TARGET, scheme, &there, &["--output", back.to_str().unwrap()]).succeeded();
        assert_eq!(digest(&std::fs::read(&back).unwrap()), digest(&bytes), "{scheme}");
        std::fs::remove_file(&there).unwrap();
        std::fs::remove_file(&back).unwrap();
    }
    let told = soon("each file as a fact", || {
        Some(house.facts_of("file-transferred")).filter(|facts| facts.len() == 4)
    });
    let all = bytes.len().to_string();
    assert!(told.iter().all(|fact| fact.body["bytes"] == all.as_str()), "{told:#?}");
    assert_eq!(told[0].body["sha256"], digest(&bytes));
    // Its library neither ends a file that it sends by scp nor answers one that it gets.
    let by_scp: Vec<_> = told.iter().filter(|fact| fact.body["protocol"] == "scp").collect();
    let ways: Vec<_> = by_scp.iter().map(|fact| fact.body["direction"].as_str()).collect();
    assert_eq!(ways, [Some("upload"), Some("download")]);
    for fact in by_scp {
        assert_eq!(fact.body["sha256"], digest(&bytes), "{fact:#?}");
        assert_eq!(fact.body["path"].as_str(), there.to_str());
    }
}

#[test]
fn a_client_that_has_the_older_kinds_alone_works_and_changes_its_keys_too() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let bytes = noise(24 << 20);
    let dana = house.technician("dana").ssh(TARGET);
    let table = [
        ["curve25519-sha256", "ssh-ed25519", "aes256-ctr", "hmac-sha2-256"],
        ["curve25519-sha256", "ssh-ed25519", "aes256-ctr", "hmac-sha2-512"],
        ["ecdh-sha2-nistp256", "ecdsa-sha2-nistp256", "aes128-ctr", "hmac-sha2-256"],
        ["ecdh-sha2-nistp384", "ecdsa-sha2-nistp256", "aes256-gcm@openssh.com", "hmac-sha2-256"],
        ["ecdh-sha2-nistp384", "ssh-ed25519", "aes192-ctr", "hmac-sha2-512-etm@openssh.com"],
        // OpenSSH where no curve is allowed.
        ["diffie-hellman-group16-sha512", "ssh-ed25519", "aes256-gcm@openssh.com", "hmac-sha2-256"],
        ["diffie-hellman-group14-sha256", "ecdsa-sha2-nistp256", "aes256-ctr", "hmac-sha2-256"],
    ];
    for [kex, key, cipher, mac] in table {
        let has = [("KexAlgorithms", kex), ("HostKeyAlgorithms", key), ("Ciphers", cipher), ("MACs", mac)];
        let older =
            has.iter().fold(dana.clone(), |ssh, (name, value)| ssh.option(&format!("{name}={value}")));
        // OpenSSH takes a host's key of another kind for one that has changed.
        let known = format!("UserKnownHostsFile={}", house.folder().join(key).display());
        let older =
            older.option(&known).option("RekeyLimit=8M").option("LogLevel=DEBUG1").input(bytes.clone());
        let ran = older.runs("cat").succeeded();
        assert_eq!(digest(&ran.out), digest(&bytes), "{has:?}");
        let rekeyed = ran.err.matches("SSH2_MSG_NEWKEYS received").count();
        assert!(rekeyed > 2, "{has:?}: {rekeyed} key exchanges");
    }
}

#[test]
fn the_host_key_of_clients_without_ed25519_is_the_same_after_a_restart() {
    let mut house = House::start();
    house.open_window("dana", "exec", "+10m");
    // Accepted and kept at first sight; any other is refused afterwards.
    let dana = house.technician("dana").ssh(TARGET).option("HostKeyAlgorithms=ecdsa-sha2-nistp256");
    dana.runs("true").succeeded();
    house.gate.stop();
    house.gate.rise();
    dana.option("StrictHostKeyChecking=yes").runs("true").succeeded();
}

#[test]
fn paramiko_runs_commands_and_a_shell_in_a_terminal() {
    let house = House::start();
    house.open_window("dana", "shell,exec", "+10m");
    let script = r"
i, o, e = client.exec_command('cat; echo warned >&2; exit 9')
i.write(bytes(range(256)) * 1000)
i.channel.shutdown_write()
got = o.read()
assert got == bytes(range(256)) * 1000, len(got)
assert e.read() == b'warned\n'
assert o.channel.recv_exit_status() == 9
shell = client.invoke_shell(term='xterm', width=100, height=30)
shell.settimeout(20)
shell.send('stty size; exit 4\n')
seen = b''
while True:
    part = shell.recv(4096)
    if not part: break
    seen += part
assert b'recorded' in seen and b'30 100' in seen, seen
assert shell.recv_exit_status() == 4
# Several channels of one connection at once.
many = [client.exec_command('sleep 0.2; echo %d; exit %d' % (n, n)) for n in range(8)]
for n, (i, o, e) in enumerate(many):
    assert o.read() == b'%d\n' % n and o.channel.recv_exit_status() == n
client.close()
out.write(b'all of it')
";
    let ran = house.elsewhere("dana").paramiko(TARGET, script).succeeded();
    assert_eq!(ran.text(), "all of it", "{}", ran.err);
    assert_eq!(house.sessions().len(), 1);
}

#[test]
fn paramiko_signs_in_with_the_second_of_its_keys_and_with_a_key_and_a_code() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    // It asks for the service anew before each method that it tries, and waits for the answer (RFC 4253 §10).
    let [other, dana] = [KeyPair::make(house.folder(), "of-another-house"), house.technician("dana").key]
        .map(|key| key.private);
    let (port, keys) = (house.gate.ssh_port(), format!("['{}', '{}']", other.display(), dana.display()));
    let head = format!("port, user, keys = {port}, 'dana+{TARGET}', {keys}\n");
    let hello = "out.write(client.exec_command('echo hello')[1].read())\nclient.close()\n";
    let connects = "client.connect('127.0.0.1', port, user, key_filename=keys, allow_agent=False, look_for_keys=False)\n";
    let elsewhere = house.elsewhere("dana");
    let ran = elsewhere.paramiko_alone(&format!("{head}{connects}{hello}")).succeeded();
    assert_eq!(ran.text(), "hello\n", "{}", ran.err);
    let link = house.admin().does(&["person", "enrol", "dana"]);
    let enrolled = Enrolled::by_link(house.gate.web_port(), link["link"].as_str().unwrap());
    let by_code = format!(
        "transport = client._transport = paramiko.Transport(('127.0.0.1', port))
transport.start_client(timeout=20)
left = transport.auth_publickey(user, paramiko.Ed25519Key.from_private_key_file(keys[1]))
assert left == ['keyboard-interactive'], left
assert transport.auth_interactive(user, lambda *_: ['{}']) == []
",
        enrolled.app.code(0)
    );
    let ran = elsewhere.paramiko_alone(&format!("{head}{by_code}{hello}")).succeeded();
    assert_eq!(ran.text(), "hello\n", "{}", ran.err);
}

#[test]
fn every_exit_status_from_0_to_255_arrives() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let script = r"
wrong = []
for n in range(256):
    i, o, e = client.exec_command('exit %d' % n)
    got = o.channel.recv_exit_status()
    if got != n: wrong.append((n, got))
client.close()
out.write(repr(wrong).encode())
";
    let ran = house.elsewhere("dana").paramiko(TARGET, script).succeeded();
    assert_eq!(ran.text(), "[]", "asked for, and what arrived");
}

#[test]
fn a_signal_that_ends_a_command_arrives_as_the_signal_that_it_is() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    // Paramiko has no name for it: what arrives is read as it is on the wire.
    let script = r"
seen, table = [], paramiko.Transport._channel_handler_table
real = table[98]
def request(channel, message):
    at = message.packet.tell()
    kind, _ = message.get_text(), message.get_boolean()
    if kind == 'exit-signal': seen.append((message.get_text(), message.get_boolean()))
    message.packet.seek(at)
    return real(channel, message)
table[98] = request
for name in ['TERM', 'KILL', 'HUP', 'INT', 'USR1']:
    i, o, e = client.exec_command('kill -%s $$' % name)
    o.read(); o.channel.recv_exit_status()
client.close()
out.write(repr(seen).encode())
";
    let ran = house.elsewhere("dana").paramiko(TARGET, script);
    for name in ["TERM", "KILL", "HUP", "INT", "USR1"] {
        assert!(ran.text().contains(&format!("('{name}', False)")), "{name}: {} {}", ran.text(), ran.err);
    }
}

#[test]
fn all_octets_pass_both_ways_whatever_they_mean_elsewhere() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let all: Vec<u8> = (0..=255_u8).cycle().take(256 * 400).collect();
    let dana = house.technician("dana").ssh(TARGET);
    for ways in [&[][..], &["-T"][..], &["-e", "none"][..]] {
        let ran = dana.clone().with(ways).input(all.clone()).runs("cat").succeeded();
        assert!(ran.out == all, "{ways:?}: {} octets", ran.out.len());
    }
    let ran = dana.input(all.clone()).runs("cat >&2").succeeded();
    assert!(ran.out.is_empty() && !ran.err.is_empty());
    // Octets of a command that are no UTF-8.
    let script = r"
i, o, e = client.exec_command(b'printf %s \xff\xfe\x80caf\xc3\xa9')
assert o.read() == b'\xff\xfe\x80caf\xc3\xa9'
client.close()
";
    house.elsewhere("dana").paramiko(TARGET, script).succeeded();
}

#[test]
fn without_input_without_a_terminal_with_one_and_without_a_command() {
    let house = House::start();
    house.open_window("dana", "shell,exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    assert_eq!(dana.clone().with(&["-n"]).runs("cat; echo done").succeeded().text(), "done\n");
    let ran = dana.clone().with(&["-T"]).input("tty; echo $((6 * 7)); exit 3\n").runs("");
    assert_eq!((ran.text().as_str(), ran.status), ("not a tty\n42\n", Some(3)), "{}", ran.err);
    let ran = dana.clone().with(&["-tt"]).runs("tty >/dev/null && echo on a terminal; exit 4");
    assert!(ran.text().contains("on a terminal") && ran.status == Some(4), "{ran:?}");
    // -N asks for no channel at all: the visit is there, and is recorded as one without any.
    let mut nothing = dana.clone().with(&["-N"]).begins("");
    let session = soon("a visit without a channel", || house.sessions().last().cloned());
    assert!(nothing.is_running(), "{session}");
    nothing.signal(chaperone_tests::Signal::TERM);
    nothing.ends();
    house.sealed(&house.newest_session());
}

#[test]
fn half_a_connection_goes_on_when_the_other_half_is_closed() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    let bytes = noise(1 << 20);
    let ran = dana.clone().input(bytes.clone()).runs("cat > /dev/null; sleep 1; echo then").succeeded();
    assert_eq!(ran.text(), "then\n");
    let ran = dana.input(bytes.clone()).runs("exec >&-; wc -c >&2; exit 2");
    assert_eq!((ran.err.trim(), ran.status), ((1 << 20).to_string().as_str(), Some(2)));
}

#[test]
fn keepalives_are_answered_both_ways() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let wire = Proxy::before(house.gate.ssh_port());
    let dana = house.technician("dana").at_port(wire.port()).ssh(TARGET);
    let alive = dana.option("ServerAliveInterval=1").option("ServerAliveCountMax=2");
    let mut visit = alive.begins("echo there; exec cat");
    visit.shows("there");
    wire.forget();
    // Twice as many unanswered ones would have ended it.
    soon("six of the client's keepalives to be answered", || {
        let back = wire.segments().iter().filter(|segment| segment.direction == Direction::Back).count();
        (back >= 6).then_some(())
    });
    visit.types("still\n");
    visit.shows("still");
    // The gate asks by itself, of a client that says nothing.
    let quiet = house.technician("dana").at_port(wire.port()).ssh(TARGET).option("ServerAliveInterval=0");
    let mut silent = quiet.begins("echo there; exec cat");
    silent.shows("there");
    drop(visit);
    wire.forget();
    chaperone_tests::eventually(
        Duration::from_secs(40),
        "the gate to ask whether its client is there",
        || wire.segments().iter().any(|segment| segment.direction == Direction::Out).then_some(()),
    );
    silent.types("still\n");
    silent.shows("still");
}

#[test]
fn keys_are_changed_again_and_again_in_the_middle_of_a_transfer() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana =
        house.technician("dana").ssh(TARGET).option("RekeyLimit=16M").with(&["-v"]).option("LogLevel=DEBUG1");
    let bytes = noise(200 << 20);
    let (file, sum) = (house.folder().join("noise"), digest(&bytes));
    let up = dana.clone().input(bytes.clone()).runs("sha256sum");
    assert_eq!(up.text().split(' ').next(), Some(sum.as_str()));
    let rekeyed = |err: &str| err.matches("SSH2_MSG_NEWKEYS received").count();
    assert!(rekeyed(&up.err) > 8, "{} key exchanges", rekeyed(&up.err));
    std::fs::write(&file, &bytes).unwrap();
    let down = dana.clone().runs(&format!("cat {}", file.display()));
    assert_eq!(digest(&down.out), sum);
    assert!(rekeyed(&down.err) > 8, "{} key exchanges", rekeyed(&down.err));
    let both = dana.input(bytes).runs("cat");
    assert_eq!((digest(&both.out), both.status), (sum, Some(0)));
}

#[test]
fn the_gate_asks_for_new_keys_after_a_gigabyte() {
    // OpenSSH does not by itself: with AES-GCM it would after 64 GB (RFC 4344 §3.2).
    const BYTES: u64 = 1200 << 20;
    let house = House::start();
    house.open_window("dana", "exec", "+30m");
    let dana = house.technician("dana").ssh(TARGET).with(&["-v"]).option("LogLevel=DEBUG1");
    let mut pipe = Command::new("sh");
    pipe.args(["-c", &format!("head -c {BYTES} /dev/zero | \"$@\" cat | wc -c"), "sh"]).args(dana.line());
    let ran = Process::run("ssh", Duration::from_secs(300), &mut pipe).succeeded();
    assert_eq!(ran.text().trim(), BYTES.to_string());
    let asked = ran.err.matches("SSH2_MSG_KEXINIT received").count();
    assert!(asked > 1, "{asked} key exchanges: {}", ran.err);
}

/// Key exchanges that somebody else began with a target, as its log tells them.
fn asked_of(target: &Sshd) -> usize {
    target.log().matches("SSH2_MSG_KEXINIT received").count()
}

/// A house whose target tells of each key exchange.
fn talkative(variable: &str, value: &str) -> House {
    // What stands behind `Match` overrides what stands before it, once somebody has signed in.
    let lines = ["Match all", "LogLevel DEBUG1"].map(str::to_owned).into();
    let house =
        House::furnish().with(variable, value).target(SshdOptions { lines, ..SshdOptions::default() });
    let house = house.start();
    house.open_window("dana", "exec", "+10m");
    house
}

#[test]
fn the_gate_asks_the_server_for_new_keys_too_in_the_middle_of_a_transfer() {
    let house = talkative("CHAPERONE_GATE__REKEY_MEGABYTES", "4");
    let dana = house.technician("dana").ssh(TARGET).with(&["-v"]).option("LogLevel=DEBUG1");
    let bytes = noise(48 << 20);
    let (file, sum) = (house.folder().join("noise"), digest(&bytes));
    std::fs::write(&file, &bytes).unwrap();
    let both = dana.clone().input(bytes.clone());
    let down = dana.clone().runs(&format!("cat {}", file.display())).succeeded();
    let after_down = asked_of(&house.target);
    let up = dana.input(bytes).runs("sha256sum").succeeded();
    let after_up = asked_of(&house.target);
    let both = both.runs("cat").succeeded();
    assert_eq!((digest(&down.out), digest(&both.out)), (sum.clone(), sum.clone()));
    assert_eq!(up.text().split(' ').next(), Some(sum.as_str()));
    let of_target = [after_down, after_up - after_down, asked_of(&house.target) - after_up];
    assert!(of_target.iter().all(|asked| *asked > 4), "{of_target:?} key exchanges with the server");
    for ran in [down, up, both] {
        let asked = ran.err.matches("SSH2_MSG_KEXINIT received").count();
        assert!(asked > 4, "{asked} key exchanges with the client: {}", ran.err);
    }
}

#[test]
fn the_gate_asks_both_ends_for_new_keys_after_a_time() {
    const STEP: usize = 100_000;
    const STEPS: usize = 50;
    let house = talkative("CHAPERONE_GATE__REKEY_SECONDS", "2");
    let dana = house.technician("dana").ssh(TARGET).with(&["-v"]).option("LogLevel=DEBUG1");
    let bytes = noise(STEPS * STEP);
    let file = house.folder().join("noise");
    std::fs::write(&file, &bytes).unwrap();
    // Up through the client's pipe, and down from where it ends, for some seconds.
    let slowly = format!(
        "for n in $(seq 0 {}); do dd if={} bs={STEP} skip=$n count=1 status=none; sleep 0.1; done | \"$@\" cat",
        STEPS - 1,
        file.display()
    );
    let mut pipe = Command::new("sh");
    pipe.args(["-c", &slowly, "sh"]).args(dana.line());
    let ran = Process::run("ssh", Duration::from_secs(120), &mut pipe).succeeded();
    assert_eq!(digest(&ran.out), digest(&bytes));
    let of_client = ran.err.matches("SSH2_MSG_KEXINIT received").count();
    let of_target = asked_of(&house.target);
    assert!(of_client > 2 && of_target >= 2, "{of_client} with the client, {of_target} with the server");
}

#[test]
fn the_environment_and_the_locale_arrive_as_the_server_takes_them() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    let sent = dana.option("SetEnv=LC_ALL=C.UTF-8 \"LC_CHAPERONE=yes it does\" NOT_TAKEN=1");
    let ran =
        sent.runs("printf '%s|%s|%s|%s' \"$LC_ALL\" \"$LC_CHAPERONE\" \"$NOT_TAKEN\" Größe").succeeded();
    assert_eq!(ran.text(), "C.UTF-8|yes it does||Größe");
}

#[test]
fn an_end_of_output_reaches_a_client_that_waits_for_it_and_the_exit_status_still_comes() {
    let house = House::start();
    house.open_window("dana", "exec", "+10m");
    let dana = house.technician("dana").ssh(TARGET);
    let kept = house.folder().join("kept");
    // What reads the output ends the input at its end, and the server has much to do after that.
    let remote = format!("echo out; exec >&- 2>&-; cat >{}; sleep 7; exit 9", kept.display());
    let line = dana.line();
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]).arg(&remote).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut client = Process::start("ssh", &mut command);
    let mut output = client.child().stdout.take().unwrap();
    let mut input = client.child().stdin.take().unwrap();
    let (heard, ended) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let mut out = String::new();
        output.read_to_string(&mut out).unwrap();
        heard.send(out).unwrap();
    });
    assert_eq!(ended.recv_timeout(Duration::from_secs(20)).unwrap(), "out\n", "the output ends");
    input.write_all(b"what the reader answers").unwrap();
    drop(input);
    assert_eq!(client.ends_within(Duration::from_secs(60)).code(), Some(9));
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "what the reader answers");
    // A client that waits for nothing but the status hears of both together.
    let ran = dana.runs("echo out; exec >&- 2>&-; sleep 3; exit 9");
    assert_eq!((ran.text().as_str(), ran.status), ("out\n", Some(9)));
}
