//! Consoles and clients that do not keep up their end: one that closes early, clients that take nothing, a body that never comes.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use chaperone_tests::{House, Process, WebHouse, eventually, noise, soon};

use crate::behind::{behind, passes_on};
use crate::meanwhile::hears;

#[test]
fn a_console_that_closes_early_is_told_of_once_and_goes_on_when_it_does() {
    let web = WebHouse::with_old_console("location = /early { return 444; }");
    let client = web.opened(&web.open_window("+10m"));
    assert_eq!(client.gets("/api/state", &[]).text(), "12 pumps");
    for _ in 0..3 {
        let page = client.gets("/early", &[]);
        assert_eq!(page.status, 502);
        assert!(page.text().contains("closed the connection before it answered"), "{}", page.text());
    }
    let failed = web.house.fact("target-failed");
    assert_eq!(failed.body["failure"], "protocol", "{:#}", failed.body);
    assert!(failed.body["channel"].is_number(), "{:#}", failed.body);
    assert_eq!(client.gets("/api/state", &[]).text(), "12 pumps");
    assert_eq!(client.gets("/early", &[]).status, 502);
    assert_eq!(web.house.facts_of("target-failed").len(), 1, "a page that asks again and again is no flood");
    let session = web.house.newest_session();
    client.leaves();
    web.house.sealed(&session);
    assert_eq!(web.events(&session, "target-failed").len(), 1);
    let answers = web.events(&session, "http-response");
    assert_eq!(answers.iter().filter(|answer| answer["by"] == "gate").count(), 4);
}

#[test]
fn a_console_that_closes_in_the_middle_of_an_answer_is_told_from_a_client_that_leaves() {
    let half = behind(|mut asked| {
        asked.stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nhalf of it")?;
        std::thread::sleep(Duration::from_millis(500));
        Ok(())
    });
    let web = WebHouse::furnished(House::furnish(), &passes_on("/half", half), &[]);
    std::fs::write(web.console.files().join("image.bin"), noise(64 << 20)).unwrap();
    let client = web.opened(&web.open_window("+10m"));
    let leaves = client.runs("/image.bin", &["--limit-rate", "100k", "--max-time", "2"]);
    assert!(leaves.status != Some(0), "its client leaves");
    for speaks in ["--http1.1", "--http2", "--http1.1"] {
        let told = client.runs("/half", &[speaks]);
        assert!(told.status != Some(0), "{told:?}");
    }
    let failed = web.house.fact("target-failed");
    assert_eq!(failed.body["failure"], "protocol", "{:#}", failed.body);
    assert!(
        failed.body["detail"].as_str().unwrap().contains("in the middle of an answer"),
        "{:#}",
        failed.body
    );
    assert_eq!(web.house.facts_of("target-failed").len(), 1, "news only, and of the console alone");
    let session = web.house.newest_session();
    client.leaves();
    web.house.sealed(&session);
    let ends = web.events(&session, "http-response-end");
    let outcomes: Vec<_> = ends.iter().map(|end| end["outcome"].as_str().unwrap()).collect();
    let count = |outcome: &str| outcomes.iter().filter(|one| **one == outcome).count();
    assert_eq!((count("broken"), count("aborted")), (3, 1), "{outcomes:?}");
}

#[test]
fn clients_that_take_nothing_hold_up_no_others_of_their_visit() {
    let web = WebHouse::start();
    std::fs::write(web.console.files().join("image.bin"), noise(64 << 20)).unwrap();
    let client = web.opened(&web.open_window("+10m"));
    assert_eq!(client.gets("/", &["--http2"]).status, 200);
    let cookie = format!("Cookie: __Host-chaperone={}", client.cookie());
    let stalled: Vec<Process> = (0..12)
        .map(|n| {
            let other = web.client(&format!("stalled-{n}"));
            let mut curl = other.curl(&["--http1.1", "--header", &cookie, &web.url("/image.bin")]);
            // Nobody reads what it writes.
            Process::start("curl", curl.stdout(Stdio::piped()).stderr(Stdio::null()))
        })
        .collect();
    soon("the downloads to be under way", || {
        let session = web.house.newest_session();
        let opened = web.house.facts_of("channel-opened");
        let lanes = opened.iter().filter(|fact| fact.session.as_deref() == Some(session.as_str())).count();
        (lanes >= stalled.len()).then_some(())
    });
    // Until all that may wait does.
    std::thread::sleep(Duration::from_secs(3));
    for speaks in ["--http1.1", "--http2"] {
        let page = client.gets("/api/state", &[speaks, "--max-time", "10"]);
        assert_eq!(page.text(), "12 pumps");
    }
    let peak = Process::peak_kib(web.house.gate.id());
    assert!(peak < 300 << 10, "{peak} KiB");
}

#[test]
fn a_body_that_does_not_come_is_given_up_answered_so_and_told_of() {
    let web = WebHouse::start();
    let client = web.opened(&web.open_window("+10m"));
    assert_eq!(client.gets("/", &[]).status, 200);
    let mut slow = web.raw("http/1.1");
    let (mut says, hears) = (slow.stdin.take().unwrap(), hears(&mut slow));
    let asks = format!(
        "PUT /uploads/slow HTTP/1.1\r\nHost: {}\r\nCookie: __Host-chaperone={}\r\nContent-Length: 100\r\n\r\nhalf",
        web.host(),
        client.cookie()
    );
    says.write_all(asks.as_bytes()).unwrap();
    let mut all = String::new();
    eventually(Duration::from_secs(80), "the gate to give it up", || {
        all.push_str(&String::from_utf8_lossy(&hears.try_recv().unwrap_or_default()));
        all.contains("408").then_some(())
    });
    let told = web.house.fact("channel-refused");
    assert!(told.body.to_string().contains("did not come in time"), "{:#}", told.body);
    assert!(web.house.facts_of("target-failed").is_empty(), "that is no fault of the console's");
    drop((slow.kill(), slow.wait()));
    assert!(!web.console.files().join("uploads/slow").exists());
}
