//! Crowds: so many requests of one visit wait, so many strangers come from one place, and no more.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use chaperone_tests::{House, Process, WebHouse, contains, soon, workspace};

/// Requests of one visit that are under way, and that wait.
const UNDER_WAY: usize = 64;
const WAITING: usize = 128;
/// Connections from one place that have no visit.
const STRANGERS: usize = 256;

#[test]
fn a_request_too_many_is_answered_so_and_told_of_once() {
    const CROWD: usize = 250;
    // Takes connections, and answers nothing on them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let lines = format!("location = /slow {{ proxy_pass http://{}; }}", silent.local_addr().unwrap());
    let web = WebHouse::furnished(House::furnish(), &lines, &[]);
    let client = web.opened(&web.open_window("+10m"));
    let urls = web.url(&format!("/slow?[1-{CROWD}]"));
    let most = CROWD.to_string();
    // In a jar of its own: curl writes it while others read.
    let (many, cookie) = (web.client("many"), format!("Cookie: __Host-chaperone={}", client.cookie()));
    let at_once = ["--http1.1", "--parallel", "--parallel-immediate", "--parallel-max", &most];
    let answers = web.house.folder().join("answers");
    std::fs::create_dir(&answers).unwrap();
    let each = answers.join("#1");
    let prints = ["--header", &cookie, "--output", each.to_str().unwrap(), "--write-out", "%{http_code}\\n"];
    let were_refused = || {
        let texts =
            std::fs::read_dir(&answers).unwrap().flatten().map(|file| std::fs::read(file.path()).unwrap());
        texts.filter(|text| contains(text, b"one more is not taken")).count()
    };
    let told = || {
        let facts = web.house.facts_of("channel-refused");
        facts.iter().filter(|fact| fact.body.to_string().contains("too many requests at once")).count()
    };
    let ran = std::thread::scope(|scope| {
        let crowd = scope.spawn(|| many.runs(&urls, &[&at_once[..], &prints].concat()));
        let too_many = CROWD - UNDER_WAY - WAITING;
        soon("all of the crowd to be there", || (were_refused() == too_many).then_some(()));
        soon("a fact about the crowd", || (told() > 0).then_some(()));
        let page = client.gets("/api/state", &["--http1.1"]);
        assert_eq!(page.status, 503, "{}", page.text());
        assert!(page.text().contains("one more is not taken"), "{}", page.text());
        drop(silent);
        crowd.join().unwrap()
    });
    let text = ran.text();
    let count = |status: &str| text.lines().filter(|line| *line == status).count();
    assert_eq!(count("503"), CROWD - UNDER_WAY - WAITING, "{text}");
    assert_eq!(count("502"), UNDER_WAY + WAITING, "those who waited had their turn: {text}");
    assert_eq!(told(), 1);
    assert_eq!(client.gets("/api/state", &[]).text(), "12 pumps");
}

#[test]
fn strangers_of_one_place_keep_nobody_else_out() {
    let web = WebHouse::start();
    let (mut crowd, taken) = crowd(&web, STRANGERS + 12, &["127.0.0.1"]);
    assert_eq!(taken, STRANGERS);
    let stranger = web.client("stranger");
    assert_ne!(stranger.runs("/", &[]).status, Some(0), "from there nobody more is heard");
    let page = stranger.gets("/", &["--interface", "127.0.0.9"]);
    assert!(page.status == 403 && page.text().contains("Sign in first"), "{}", page.text());
    crowd.kill();
    soon("somebody from there to be heard again", || {
        (stranger.runs("/", &[]).status == Some(0)).then_some(())
    });
}

#[test]
fn strangers_of_many_places_keep_nobody_out() {
    let web = WebHouse::start();
    let window = web.open_window("+10m");
    let from: Vec<String> = (1..=5).map(|last| format!("127.0.1.{last}")).collect();
    // More than there are places, and each of them as many as one may have.
    let (_crowd, taken) = crowd(&web, STRANGERS, &from.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(taken, from.len() * STRANGERS, "each was heard");
    let client = web.opened(&window);
    assert_eq!(client.gets("/api/state", &[]).text(), "12 pumps");
    let page = web.client("stranger").gets("/", &["--interface", "127.0.0.9"]);
    assert!(page.status == 403 && page.text().contains("Sign in first"), "{}", page.text());
}

/// Strangers from some places, so many of each; and how many of them were taken.
fn crowd(web: &WebHouse, of_each: usize, from: &[&str]) -> (Process, usize) {
    let script = workspace().join("tests/tests/web_console/crowd.py");
    let (port, host) = (web.port().to_string(), web.host());
    let name = host.split(':').next().unwrap();
    let mut crowd = Command::new("python3");
    crowd.arg(&script).args([&port, name]).arg(web.authority()).arg(of_each.to_string()).args(from);
    let mut crowd = Process::start("the crowd", crowd.stdin(Stdio::piped()).stdout(Stdio::piped()));
    let mut taken = String::new();
    BufReader::new(crowd.child().stdout.take().unwrap()).read_line(&mut taken).unwrap();
    (crowd, taken.trim().parse().unwrap())
}
