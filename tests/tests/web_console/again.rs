//! A console that is opened a second time by the same technician: what goes on in the first visit goes on beside the second,
//! and a visit on which nobody is any more is given up for it.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chaperone_tests::{House, Process, WebHouse, eventually, noise};

use crate::ending::upgrade;
use crate::meanwhile::hears;

/// Longer than an SSH client may say nothing.
const LONG: Duration = Duration::from_secs(23);

/// Waits until so long after this moment.
#[track_caller]
fn until(since: Instant, later: Duration) {
    eventually(Duration::from_secs(60), "some time to pass", || (since.elapsed() > later).then_some(()));
}

#[test]
fn what_is_under_way_goes_on_beside_a_second_visit() {
    let web = WebHouse::start();
    std::fs::write(web.console.files().join("image.bin"), noise(64 << 20)).unwrap();
    let window = web.open_window("+10m");
    let client = web.opened(&window);
    assert_eq!(client.gets("/", &[]).status, 200);
    let first = web.house.newest_session();
    let mut socket = web.raw("http/1.1");
    let (mut says, hears) = (socket.stdin.take().unwrap(), hears(&mut socket));
    says.write_all(upgrade(&web, &client.cookie()).as_bytes()).unwrap();
    let part = web.house.folder().join("part");
    let url = web.url("/image.bin");
    let mut curl =
        client.curl(&["--http1.1", "--limit-rate", "400k", "--output", part.to_str().unwrap(), &url]);
    let mut download = Process::start("curl", curl.stderr(Stdio::null()));
    let begun = Instant::now();
    let mut heard = String::new();
    eventually(Duration::from_secs(20), "the console to answer", || {
        heard.push_str(&String::from_utf8_lossy(&hears.try_recv().unwrap_or_default()));
        heard.contains("101 Switching").then_some(())
    });
    until(begun, LONG);

    let again = web.client("again");
    assert_eq!(again.gets(&web.link(&window), &[]).status, 303);
    assert_eq!(again.gets("/api/state", &[]).text(), "12 pumps");
    assert_ne!(web.house.newest_session(), first, "a visit of its own");
    let at = |part: &std::path::Path| std::fs::metadata(part).map_or(0, |file| file.len());
    let before = at(&part);
    eventually(Duration::from_secs(20), "the download to go on", || {
        (at(&part) > before + (1 << 20)).then_some(())
    });
    assert!(download.is_running());
    // A short text frame, masked with nothing (RFC 6455 §5.2).
    says.write_all(&[0x81, 0x85, 0, 0, 0, 0, b's', b't', b'i', b'l', b'l']).unwrap();
    eventually(Duration::from_secs(20), "the web socket to answer", || {
        heard.push_str(&String::from_utf8_lossy(&hears.try_recv().unwrap_or_default()));
        heard.contains("still").then_some(())
    });
    assert!(web.house.facts_of("session-ended").is_empty(), "both go on");
    drop((socket.kill(), socket.wait()));
}

#[test]
fn a_visit_on_which_nobody_is_any_more_is_given_up_for_the_next() {
    let web = WebHouse::furnished(House::furnish().with("CHAPERONE_FAILPOINT", "still=3"), "", &[]);
    let window = web.open_window("+10m");
    let opens = |name: &str| {
        let client = web.client(name);
        assert_eq!(client.gets(&web.link(&window), &[]).status, 303);
        assert_eq!(client.gets("/api/state", &[]).text(), "12 pumps");
        (web.house.newest_session(), client.cookie())
    };
    // Its browser is closed: the visit has no connection, and waits for the next one.
    let (first, _) = opens("first");
    until(Instant::now(), Duration::from_secs(4));
    let (second, cookie) = opens("second");
    assert_eq!(web.house.sealed(&first)["end_reason"], "client-lost");
    assert_eq!(web.house.sam().does(&["session", "show", &second])["visit"], first.as_str());
    // And on this one's connection nothing has moved for long.
    let mut idle = web.raw("http/1.1");
    let (mut says, hears) = (idle.stdin.take().unwrap(), hears(&mut idle));
    let asks = format!(
        "GET /api/state HTTP/1.1\r\nHost: {}\r\nCookie: __Host-chaperone={cookie}\r\n\r\n",
        web.host()
    );
    says.write_all(asks.as_bytes()).unwrap();
    let mut heard = String::new();
    eventually(Duration::from_secs(20), "an answer", || {
        heard.push_str(&String::from_utf8_lossy(&hears.try_recv().unwrap_or_default()));
        heard.contains("12 pumps").then_some(())
    });
    let beside = opens("third").0;
    assert!(web.house.facts_of("session-ended").len() == 1, "something has moved a moment ago");
    until(Instant::now(), Duration::from_secs(4));
    let fourth = opens("fourth").0;
    for session in [&second, &beside] {
        assert_eq!(web.house.sealed(session)["end_reason"], "client-lost");
    }
    assert_eq!(web.house.sam().does(&["session", "show", &fourth])["state"], "live");
    drop((idle.kill(), idle.wait()));
}
