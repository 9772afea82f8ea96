//! What is under way while time passes: streams are passed on as they come, a pause holds everything that goes to the console, and
//! nothing outlasts the window but output in an overrun.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chaperone_tests::{House, Process, WebHouse, eventually, legs, noise, soon};

use crate::behind::{behind, passes_on};
use crate::ending::{ended, upgrade};

/// What a raw client hears, from now on.
pub fn hears(client: &mut Child) -> Receiver<Vec<u8>> {
    let mut out = client.stdout.take().unwrap();
    let (send, told) = sync_channel(64);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = out.read(&mut buffer) {
            if send.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    told
}

/// Orders the visit to be paused, or to go on, and waits until it is so.
#[track_caller]
fn orders(web: &WebHouse, order: &str, fact: &str) {
    let (session, before) = (web.house.newest_session(), web.house.facts_of(fact).len());
    web.house.sam().does(&["session", order, &session, "--reason", "what is this?"]);
    soon("the order to be in force", || (web.house.facts_of(fact).len() > before).then_some(()));
}

#[test]
fn what_a_console_streams_is_passed_on_at_once() {
    let (goes_on, waits) = sync_channel(0);
    let waits = Mutex::new(waits);
    let streams = behind(move |mut asked| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        asked.stream.write_all(head)?;
        for n in 0..3 {
            asked.stream.write_all(format!("data: {n}\n\n").as_bytes())?;
            // The next one is not said before this one was heard.
            let _told_or_late = waits.lock().unwrap().recv_timeout(Duration::from_secs(20));
        }
        Ok(())
    });
    let web = WebHouse::furnished(House::furnish(), &passes_on("/events", streams), &[]);
    let client = web.opened(&web.open_window("+10m"));
    for speaks in ["--http1.1", "--http2"] {
        let mut curl = client.curl(&[speaks, "--no-buffer", "--max-time", "60", &web.url("/events")]);
        let mut heard = Process::start("curl", curl.stdout(Stdio::piped()));
        let mut lines = BufReader::new(heard.child().stdout.take().unwrap()).lines();
        for n in 0..3 {
            assert_eq!(lines.next().unwrap().unwrap(), format!("data: {n}"), "{speaks}");
            assert_eq!(lines.next().unwrap().unwrap(), "");
            goes_on.send(()).unwrap();
        }
        assert!(heard.ends_within(Duration::from_secs(20)).success());
    }
}

#[test]
fn a_pause_holds_an_upload_on_either_protocol_and_it_goes_on() {
    let heard = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&heard);
    let sink = behind(move |mut asked| {
        let mut left: u64 = asked.field("content-length").unwrap().parse().unwrap();
        let mut buffer = vec![0; 1 << 16];
        while left > 0 {
            let count = asked.stream.read(&mut buffer)? as u64;
            left = if count == 0 { 0 } else { left - count };
            counts.fetch_add(count, Ordering::Relaxed);
        }
        asked.stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
    });
    let web = WebHouse::furnished(House::furnish(), &passes_on("/sink", sink), &[]);
    let client = web.opened(&web.open_window("+10m"));
    let file = web.house.folder().join("patch.bin");
    std::fs::write(&file, noise(8 << 20)).unwrap();
    let heard = || heard.load(Ordering::Relaxed);
    for speaks in ["--http1.1", "--http2"] {
        let begun = heard();
        let url = web.url("/sink");
        let more = [speaks, "--limit-rate", "1m", "--upload-file", file.to_str().unwrap(), &url];
        let mut curl = client.curl(&more);
        let mut upload = Process::start("curl", curl.stdout(Stdio::null()).stderr(Stdio::null()));
        soon("the upload to be under way", || (heard() > begun + (1 << 20)).then_some(()));
        orders(&web, "pause", "session-paused");
        // What the console's own nginx has already.
        std::thread::sleep(Duration::from_millis(700));
        let held = heard();
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(heard(), held, "{speaks}: nothing reaches the console");
        assert!(upload.is_running());
        orders(&web, "resume", "session-resumed");
        assert!(upload.ends_within(Duration::from_secs(60)).success(), "{speaks}");
        assert_eq!(heard(), begun + (8 << 20));
    }
}

#[test]
fn a_pause_holds_what_is_said_on_a_web_socket_and_it_goes_on() {
    let web = WebHouse::start();
    let client = web.opened(&web.open_window("+10m"));
    assert_eq!(client.gets("/", &[]).status, 200);
    let mut socket = web.raw("http/1.1");
    let (mut says, hears) = (socket.stdin.take().unwrap(), hears(&mut socket));
    let mut all = Vec::new();
    let mut heard = |within: Duration, what: &[u8]| {
        let deadline = std::time::Instant::now() + within;
        while !chaperone_tests::contains(&all, what) {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            let Ok(more) = hears.recv_timeout(left) else { return false };
            all.extend(more);
        }
        true
    };
    // A short text frame, masked with nothing (RFC 6455 §5.2).
    let frame = |text: &str| {
        let len = u8::try_from(text.len()).unwrap();
        [&[0x81, 0x80 | len, 0, 0, 0, 0][..], text.as_bytes()].concat()
    };
    says.write_all(upgrade(&web, &client.cookie()).as_bytes()).unwrap();
    assert!(heard(Duration::from_secs(20), b"101 Switching"));
    says.write_all(&frame("before")).unwrap();
    assert!(heard(Duration::from_secs(20), b"before"));
    orders(&web, "pause", "session-paused");
    says.write_all(&frame("meanwhile")).unwrap();
    assert!(!heard(Duration::from_secs(3), b"meanwhile"), "the console has not had it");
    orders(&web, "resume", "session-resumed");
    assert!(heard(Duration::from_secs(20), b"meanwhile"));
    drop((socket.kill(), socket.wait()));
}

#[test]
fn a_download_and_an_idle_connection_of_http1_are_gone_when_the_window_closes() {
    let web = WebHouse::start();
    std::fs::write(web.console.files().join("image.bin"), noise(64 << 20)).unwrap();
    let window = web.open_window("+14s");
    let client = web.opened(&window);
    assert_eq!(client.gets("/", &[]).status, 200);
    let session = web.house.newest_session();
    let part = web.house.folder().join("part");
    let url = web.url("/image.bin");
    let mut curl = client.curl(&["--limit-rate", "200k", "--output", part.to_str().unwrap(), &url]);
    let _slow = Process::start("curl", curl.stderr(Stdio::null()));
    let mut idle = web.raw("http/1.1");
    let mut kept = idle.stdin.take().unwrap();
    let cookie = client.cookie();
    let asks = format!(
        "GET /api/state HTTP/1.1\r\nHost: {}\r\nCookie: __Host-chaperone={cookie}\r\n\r\n",
        web.host()
    );
    kept.write_all(asks.as_bytes()).unwrap();
    soon("both to be under way", || {
        let begun = std::fs::metadata(&part).is_ok_and(|part| part.len() > 100_000);
        (begun && web.console.log().contains("/api/state")).then_some(())
    });
    let gone = soon("every connection of the console to be gone", || {
        (legs(web.port(), web.console.port()) == (0, 0)).then(jiff::Timestamp::now)
    });
    let late = gone.duration_since(web.house.closes(&window));
    assert!(late.as_millis() < 1000 && late.as_millis() > -200, "{late:?} after the deadline");
    ended(&web, &session, "window-closed");
    soon("the idle client to hear of it", || idle.try_wait().unwrap());
    let ends = web.events(&session, "http-response-end");
    assert!(ends.iter().any(|end| end["outcome"] == "cut"), "the download: {ends:#?}");
}

#[test]
fn in_the_overrun_a_download_is_seen_to_its_end_and_nothing_new_is_asked() {
    let lines = "location = /image.bin { limit_rate 400k; }";
    let web = WebHouse::furnished(House::furnish(), lines, &[]);
    std::fs::write(web.console.files().join("image.bin"), noise(8 << 20)).unwrap();
    let words = ["--purpose", "patch", "--ticket", "CHG0031337", "--reason", "a patch", "--overrun", "10m"];
    let times = ["--opens", "now", "--closes", "+10s", "--access", "tls"];
    let asked = ["window", "request", "--target", "console-01", "--person", "dana"];
    let window = web.house.gate.person("dana").does(&[&asked[..], &times, &words].concat());
    let window = window["id"].as_str().unwrap().to_owned();
    web.house.approve(&window);
    let client = web.opened(&window);
    let part = web.house.folder().join("part");
    let mut curl = client.curl(&["--output", part.to_str().unwrap(), &web.url("/image.bin")]);
    let mut download = Process::start("curl", curl.stderr(Stdio::null()));
    soon("the download to be under way", || {
        std::fs::metadata(&part).ok().filter(|part| part.len() > 100_000)
    });
    let began = web.house.fact("overrun-began");
    assert!(began.at >= web.house.closes(&window));
    for (method, speaks) in [("GET", "--http1.1"), ("POST", "--http2")] {
        let page = client.gets("/api/state", &["--request", method, speaks]);
        assert_ne!(page.status, 200, "{}", page.text());
        assert!(!page.text().contains("12 pumps"), "{}", page.text());
    }
    assert!(!web.console.log().contains("/api/state"), "nothing reached the console");
    eventually(Duration::from_secs(60), "the download to come to its end", || {
        (!download.is_running()).then_some(())
    });
    assert_eq!(std::fs::metadata(&part).unwrap().len(), 8 << 20);
    let session = web.house.newest_session();
    web.house.sam().does(&["session", "stop", &session, "--reason", "it is done"]);
    web.house.sealed(&session);
    let ends = web.events(&session, "http-response-end");
    assert!(ends.iter().any(|end| end["bytes"] == 8 << 20 && end["outcome"] == "complete"), "{ends:#?}");
}
