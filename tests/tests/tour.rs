//! The demo needs no configuration and no root, and tells the truth.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use chaperone_tests::{Process, Ran, Signal, chaperone, soon};

const TOUR_WITHIN: Duration = Duration::from_secs(180);

fn demo(folder: &Path) -> Command {
    let mut command = Command::new(chaperone());
    command.args(["demo", "--data"]).arg(folder.join("demo")).env("HOME", folder).stdin(Stdio::null());
    command
}

#[test]
fn every_step_of_the_tour_holds() {
    let folder = tempfile::tempdir().unwrap();
    let ran =
        Process::run("chaperone demo --tour", TOUR_WITHIN, demo(folder.path()).arg("--tour")).succeeded();
    let said = ran.text();
    for told in [
        "inside",
        "late",
        "sealed",
        "flipped",
        " ms ",
        "credential: basic",
        "This visit is over",
        "as Viktor",
    ] {
        assert!(said.contains(told), "the tour does not tell of {told:?}: {said}");
    }
    assert!(said.contains(folder.path().to_str().unwrap()), "it names its data folder: {said}");
}

/// A running demo, and what it prints.
struct Demo {
    process: Process,
    lines: Receiver<String>,
    printed: Vec<String>,
}

impl Demo {
    fn start(folder: &Path) -> Self {
        let mut process = Process::start("chaperone demo", demo(folder).stdout(Stdio::piped()));
        let out = process.child().stdout.take().unwrap();
        let (send, lines) = std::sync::mpsc::sync_channel(10_000);
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).for_each(|line| drop(send.send(line)))
        });
        Self { process, lines, printed: Vec::new() }
    }

    /// The lines of which this holds, once there are so many.
    fn says(&mut self, what: &str, count: usize, holds: impl Fn(&str) -> bool) -> Vec<String> {
        soon(what, || {
            self.printed.extend(self.lines.try_iter());
            let said: Vec<_> = self.printed.iter().filter(|line| holds(line.trim())).cloned().collect();
            (said.len() >= count).then_some(said)
        })
    }

    fn ends(mut self) {
        let children = children_of(self.process.id());
        assert!(!children.is_empty());
        self.process.signal(Signal::INT);
        self.process.ends_within(Duration::from_secs(30));
        for child in children {
            soon("the demo's children to end", || {
                (!Path::new(&format!("/proc/{child}")).exists()).then_some(())
            });
        }
    }
}

fn shell(line: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).stdin(Stdio::null());
    shell
}

fn paste(line: &str) -> Ran {
    Process::run("sh", Duration::from_secs(60), &mut shell(line))
}

#[test]
fn the_lines_that_the_demo_prints_can_be_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(folder.path());
    let ssh = demo.says("the lines to paste", 2, |line| line.starts_with("ssh "));
    let curl = demo.says("the line for curl", 1, |line| line.starts_with("curl "));
    only_this_machine_signs_in_with_a_click(&demo.printed);
    let id = |line: &str| format!("{} 'echo pasted'", line.trim());
    assert_eq!(paste(&id(&ssh[0])).succeeded().text(), "pasted\n");
    let sftp = ssh[0].trim().replacen("ssh ", "sftp -b - ", 1).replace(" -p ", " -P ");
    assert!(paste(&format!("echo pwd | {sftp}")).succeeded().text().contains("Remote"));
    paste(&id(&ssh[1])).refused();

    let link = demo.says("the line for a link", 1, |line| line.contains(" window console "));
    let made = paste(&link[0]).succeeded().text();
    let url = made.lines().next().unwrap();
    let (authority, jar) = (folder.path().join("demo/chaperone-ca.pem"), folder.path().join("cookies"));
    let browses =
        format!("curl -sS -L --cacert {0} -b {1} -c {1} '{url}'", authority.display(), jar.display());
    let page = paste(&browses).succeeded().text();
    assert!(page.contains("stand-in") && page.contains("Signed in as"), "{page}");

    let connect = demo.says("the line for programs", 1, |line| line.contains(" connect "));
    let mut connected = Process::start(
        "chaperone connect",
        shell(&format!("exec env {}", connect[0].trim())).stdout(Stdio::null()),
    );
    let status = soon("the console's status", || {
        let ran = paste(&curl[0].replace("curl ", "curl -sS "));
        (ran.status == Some(0)).then(|| ran.text())
    });
    assert!(status.contains("\"stand_in\":true"), "{status}");
    connected.kill();

    demo.says("the SOC's receiver to print the alert", 1, |line| line.contains("SOC received"));
    demo.ends();
}

/// A page from elsewhere whose name was made to lead here names another host.
fn only_this_machine_signs_in_with_a_click(printed: &[String]) {
    let front =
        printed.iter().find_map(|line| line.rsplit_once("one click: http://")).expect("its address").1;
    let clicked = |host: &str| {
        let mut stream = TcpStream::connect(front).unwrap();
        let body = r#"{"login":"sam"}"#;
        let about = "content-type: application/json\r\nconnection: close";
        let post = "POST /api/demo/sign-in HTTP/1.1";
        write!(stream, "{post}\r\nhost: {host}\r\n{about}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!((clicked("rebound.example:8080").as_str(), clicked(front).as_str()), ("403", "200"));
}

fn children_of(parent: u32) -> Vec<String> {
    let all = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    all.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}
