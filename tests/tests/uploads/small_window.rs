//! A release to a server whose window is smaller than what is written at once, as consoles have it.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use chaperone_tests::{House, KeyPair, Process, digest, noise, soon};

use crate::{a_file, release, scanned, send};

const SERVER: &str = "pump-console-01";
const SFTP_SERVER: &str = "/usr/lib/openssh/sftp-server";

/// A running `small_window.py`.
struct SmallWindow {
    host: KeyPair,
    says: Lines<BufReader<ChildStdout>>,
    told: ChildStdin,
    _process: Process,
}

impl SmallWindow {
    fn start(house: &House) -> Self {
        let host = KeyPair::make(house.folder(), "console");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/uploads/small_window.py");
        // Debian's own Python, whichever is on the path: paramiko is its.
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-W", "ignore", script]).arg(&host.private).arg(SFTP_SERVER);
        let mut process =
            Process::start("small_window.py", command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let says = BufReader::new(process.child().stdout.take().unwrap()).lines();
        let told = process.child().stdin.take().unwrap();
        Self { host, says, told, _process: process }
    }

    /// The number behind its next word, which is this one.
    #[track_caller]
    fn says(&mut self, word: &str) -> usize {
        let line = self.says.next().expect("it goes on").unwrap();
        line.strip_prefix(word).unwrap_or_else(|| panic!("{word}: {line}")).trim().parse().unwrap()
    }

    fn goes_on(&mut self) {
        self.told.write_all(b"go on\n").unwrap();
    }
}

/// A server, as clinical engineering adds it.
fn add(house: &House, port: usize, host_key: &KeyPair) {
    let (address, key) = (format!("127.0.0.1:{port}"), host_key.public.to_str().unwrap());
    let words = ["target", "add", SERVER, "--ssh", &address, "--account", "svc", "--host-key", key];
    let priya = house.priya();
    let mut command = priya.command(&[&words[..], &["--password-stdin"]].concat());
    let mut adding = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    adding.stdin.take().unwrap().write_all(b"any\n").unwrap();
    assert!(adding.wait().unwrap().success());
}

#[test]
fn a_pause_holds_what_waits_for_the_servers_window_in_the_middle_of_a_release() {
    let (house, _clamd) = scanned(House::furnish());
    let mut server = SmallWindow::start(&house);
    let port = server.says("listens");
    add(&house, port, &server.host);
    let window = house.open_window_on(SERVER, "dana", "exec,sftp-write", "+10m");
    let bytes = noise(200_000);
    assert_eq!(send(&house, "dana", &window, &a_file(&house, "patch.bin", &bytes)).status, Some(0));
    let visit = house.technician("dana").ssh(SERVER).begins("stay");
    visit.shows("in");
    let (session, place) = (house.newest_session(), house.folder().join("there.bin"));
    std::thread::scope(|scope| {
        let releasing = scope.spawn(|| release(&house, &window, "patch.bin", &place));
        let held = server.says("holds");
        assert!(held < 32 << 10, "{held} bytes: it waits in the middle of what is written at once");
        house.sam().does(&["session", "pause", &session, "--reason", "a question"]);
        soon("the pause", || house.facts_of("session-paused").pop());
        server.goes_on();
        assert_eq!(server.says("has"), held, "nothing goes in a pause, whatever room there is");
        house.sam().does(&["session", "resume", &session]);
        let said = releasing.join().unwrap();
        assert_eq!(said.status, Some(0), "{}", said.err);
    });
    assert_eq!(digest(&fs::read(&place).unwrap()), digest(&bytes), "and the rest went afterwards");
}
