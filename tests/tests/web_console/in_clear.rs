//! A console that speaks no TLS: it is reached for as long as somebody has allowed it, the record says so, and not a moment
//! longer.

use std::process::Stdio;

use chaperone_tests::{Process, WebHouse, get, legs, noise, soon};
use jiff::Timestamp;
use serde_json::{Value, json};

#[test]
fn a_console_without_tls_is_reached_while_that_is_allowed_and_the_record_says_so() {
    let web = WebHouse::in_clear("+1h");
    std::fs::write(web.console.files().join("image.bin"), noise(64 << 20)).unwrap();
    let window = web.open_window("+10m");
    let words = ["--plain-http-until", "+15s", "--plain-http-reason", "it is renewed today"];
    let set = ["target", "set-tls", "console-01", "--reason", "it is renewed today"];
    web.house.priya().does(&[&set[..], &words].concat());
    // A browser opens it; a program of one's own has nothing to reach it by.
    let path = format!("/api/windows/{window}/connect");
    let ways = get(web.house.gate.web_port(), &path, Some(&web.house.gate.token("dana"))).unwrap().json();
    assert_eq!((&ways["tls"]["consoles"], &ways["tls"]["programs"]), (&json!(["console-01"]), &json!([])));
    let client = web.opened(&window);
    assert_eq!(client.gets("/api/state", &[]).text(), "12 pumps");
    let session = web.house.newest_session();
    let connected = web.house.fact("session-connected");
    assert_eq!(
        (&connected.body["tls"], &connected.body["address"]),
        (&Value::Null, &web.console.address().into())
    );
    let until: Timestamp = connected.body["plain_http_until"].as_str().unwrap().parse().unwrap();

    let part = web.house.folder().join("part");
    let url = web.url("/image.bin");
    let mut slow = client.curl(&["--limit-rate", "200k", "--output", part.to_str().unwrap(), &url]);
    let mut slow = Process::start("curl", slow.stderr(Stdio::null()));
    soon("a download to be under way", || {
        std::fs::metadata(&part).is_ok_and(|part| part.len() > 100_000).then_some(())
    });
    let gone = soon("every connection to the console to be gone", || {
        (legs(web.port(), web.console.port()).1 == 0).then(Timestamp::now)
    });
    let late = gone.duration_since(until);
    assert!(late.as_millis() < 1000 && late.as_millis() > -200, "{late:?} after that was allowed");
    slow.kill();

    let refused = client.gets("/api/state", &[]);
    assert_eq!(refused.status, 502, "{}", refused.text());
    assert!(refused.text().contains("only what the hospital no longer allows"), "{}", refused.text());
    let failed = web.house.fact("target-failed");
    assert_eq!(failed.body["failure"], "plain-http-expired", "{:#}", failed.body);
    assert_eq!(legs(web.port(), web.console.port()).1, 0, "nothing was dialled");
    assert_eq!(web.house.sessions().len(), 1, "the visit itself goes on");
    client.leaves();
    web.house.sealed(&session);
    let said = "nothing was encrypted";
    let sealed = web.house.fact("session-sealed");
    let coverage = sealed.body["coverage"].as_array().unwrap();
    assert!(!coverage.is_empty(), "{:#}", sealed.body);
    for lane in coverage {
        assert_eq!(lane["coverage"], "captured", "{lane:#}");
        assert!(lane["why"].as_str().is_some_and(|why| why.contains(said)), "{lane:#}");
    }
}
