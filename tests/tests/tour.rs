//! The demo needs no configuration and no root, and tells the truth.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use chaperone_tests::{Process, Signal, chaperone, soon};

const TOUR_WITHIN: Duration = Duration::from_secs(180);

fn demo(folder: &std::path::Path) -> Command {
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
    for told in ["inside", "late", "sealed", "flipped", " ms "] {
        assert!(said.contains(told), "the tour does not tell of {told:?}: {said}");
    }
    assert!(said.contains(folder.path().to_str().unwrap()), "it names its data folder: {said}");
}

#[test]
fn the_lines_that_the_demo_prints_can_be_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start("chaperone demo", demo(folder.path()).stdout(Stdio::piped()));
    let out = process.child().stdout.take().unwrap();
    let (send, lines) = std::sync::mpsc::sync_channel(10_000);
    std::thread::spawn(move || {
        BufReader::new(out).lines().map_while(Result::ok).for_each(|line| drop(send.send(line)))
    });
    let mut printed = Vec::new();
    let pasted = |printed: &mut Vec<String>| {
        printed.extend(lines.try_iter());
        let ssh: Vec<_> = printed.iter().filter(|line| line.trim().starts_with("ssh ")).cloned().collect();
        (ssh.len() >= 2).then_some(ssh)
    };
    let ssh = soon("the lines to paste", || pasted(&mut printed));
    only_this_machine_signs_in_with_a_click(&printed);
    let paste = |line: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{} 'echo pasted'", line.trim())]).stdin(Stdio::null());
        Process::run("sh", Duration::from_secs(60), &mut shell)
    };
    assert_eq!(paste(&ssh[0]).succeeded().text(), "pasted\n");
    let sftp = ssh[0].trim().replacen("ssh ", "sftp -b - ", 1).replace(" -p ", " -P ");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("echo pwd | {sftp}")]);
    assert!(Process::run("sftp", Duration::from_secs(60), &mut shell).succeeded().text().contains("Remote"));
    paste(&ssh[1]).refused();
    soon("the SOC's receiver to print the alert", || {
        printed.extend(lines.try_iter());
        printed.iter().any(|line| line.contains("SOC received")).then_some(())
    });
    let children = children_of(process.id());
    assert!(!children.is_empty());
    process.signal(Signal::INT);
    process.ends_within(Duration::from_secs(30));
    for child in children {
        soon("the demo's children to end", || {
            (!std::path::Path::new(&format!("/proc/{child}")).exists()).then_some(())
        });
    }
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
