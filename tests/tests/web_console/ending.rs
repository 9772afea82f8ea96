//! A visit that is stopped, paused, extended or over: every connection of it obeys, whatever it is doing.

use std::io::Write;
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

use chaperone_tests::{House, Process, WebHouse, eventually, legs, noise, soon};

/// How long a stop may take to be in force on every connection.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A request that turns a connection into a WebSocket.
pub fn upgrade(web: &WebHouse, cookie: &str) -> String {
    format!(
        "GET /echo HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: __Host-chaperone={cookie}\r\n\r\n",
        web.host()
    )
}

#[test]
fn a_stop_ends_a_download_a_web_socket_and_idle_connections_within_a_second() {
    let web = WebHouse::start();
    std::fs::write(web.console.files().join("image.bin"), noise(64 << 20)).unwrap();
    let client = web.opened(&web.open_window("+10m"));
    assert_eq!(client.gets("/", &[]).status, 200);
    let session = web.house.newest_session();

    let part = web.house.folder().join("part");
    let mut slow =
        client.curl(&["--limit-rate", "200k", "--output", part.to_str().unwrap(), &web.url("/image.bin")]);
    let slow = Process::start("curl", slow.stderr(Stdio::null()));
    let mut socket = web.raw("http/1.1");
    let mut said = socket.stdin.take().unwrap();
    said.write_all(upgrade(&web, &client.cookie()).as_bytes()).unwrap();
    let mut idle = web.raw("http/1.1");
    let mut kept = idle.stdin.take().unwrap();
    let cookie = client.cookie();
    let asks = format!(
        "GET /api/state HTTP/1.1\r\nHost: {}\r\nCookie: __Host-chaperone={cookie}\r\n\r\n",
        web.host()
    );
    kept.write_all(asks.as_bytes()).unwrap();
    soon("everything to be under way", || {
        let log = web.console.log();
        let begun = std::fs::metadata(&part).is_ok_and(|part| part.len() > 100_000);
        (begun && log.matches("/api/state").count() == 1 && legs(web.port(), web.console.port()).0 >= 3)
            .then_some(())
    });

    let began = Instant::now();
    web.house.sam().does(&["session", "stop", &session, "--reason", "a tunnel that nobody asked for"]);
    let told = began.elapsed();
    eventually(Duration::from_secs(5), "every connection to be gone", || {
        (legs(web.port(), web.console.port()) == (0, 0)).then_some(())
    });
    let took = began.elapsed();
    assert!(took < AT_ONCE + told, "{took:?}, of which the command took {told:?}");
    // At its own pace it reads on through what its kernel still holds.
    drop(slow);
    let visit = web.house.sealed(&session);
    let ended = web.house.fact("session-ended");
    assert_eq!(
        (ended.body["reason"].as_str(), ended.body["sockets_gone"].as_bool()),
        (Some("stopped"), Some(true))
    );
    let ends = web.events(&session, "http-response-end");
    let cut = ends.iter().filter(|end| end["outcome"] == "cut").count();
    assert_eq!(cut, 2, "the download and the socket: {ends:#?}, {visit:#}");
    let again = client.gets("/", &[]);
    assert!(
        again.status == 403 && again.text().contains("the hospital has stopped this visit"),
        "{}",
        again.text()
    );
    drop((said, kept, socket.kill(), idle.kill(), socket.wait(), idle.wait()));
}

/// A client that asked once over HTTP/2 (RFC 9113), was answered, and says nothing more: as a browser whose page is left open.
fn idles(web: &WebHouse, cookie: &str) -> (Child, ChildStdin) {
    let host = web.host();
    let cookie = format!("__Host-chaperone={cookie}");
    let fields = [
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/api/state"),
        (":authority", &host),
        ("cookie", &cookie),
    ];
    let block: Vec<u8> = fields.iter().flat_map(|(name, value)| literal(name, value)).collect();
    let length = u32::try_from(block.len()).unwrap().to_be_bytes();
    let settings: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    // HEADERS of stream 1, which ends it.
    let asks = [settings, &length[1..], b"\x01\x05\0\0\0\x01", &block].concat();
    let mut client = web.raw("h2");
    let mut says = client.stdin.take().unwrap();
    says.write_all(&asks).unwrap();
    soon("the console to have answered", || {
        let asked = web.console.log().contains("/api/state");
        (asked && legs(web.port(), web.console.port()).0 == 1).then_some(())
    });
    (client, says)
}

/// A field as it is, that enters no table (RFC 7541 §6.2.2).
fn literal(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        let mut out = Vec::new();
        match text.len() {
            short @ ..127 => out.push(u8::try_from(short).unwrap()),
            long => {
                out.push(127);
                let mut rest = long - 127;
                while rest >= 128 {
                    out.push(u8::try_from(rest % 128 + 128).unwrap());
                    rest /= 128;
                }
                out.push(u8::try_from(rest).unwrap());
            }
        }
        out.extend_from_slice(text.as_bytes());
        out
    };
    [vec![0], text(name), text(value)].concat()
}

/// Whether it was said of a visit's end that all its connections are gone, and why.
#[track_caller]
pub fn ended(web: &WebHouse, session: &str, reason: &str) {
    web.house.sealed(session);
    let facts = web.house.facts_of("session-ended");
    let fact = facts.iter().find(|fact| fact.session.as_deref() == Some(session)).unwrap();
    assert_eq!(
        (fact.body["reason"].as_str(), fact.body["sockets_gone"].as_bool()),
        (Some(reason), Some(true)),
        "{:#}",
        fact.body
    );
}

/// Holds the gate to a second, from when a command was given, for every connection of a console to be gone.
#[track_caller]
fn at_once(web: &WebHouse, decides: impl FnOnce()) {
    let began = Instant::now();
    decides();
    let told = began.elapsed();
    eventually(Duration::from_secs(5), "every connection to be gone", || {
        (legs(web.port(), web.console.port()) == (0, 0)).then_some(())
    });
    let took = began.elapsed();
    assert!(took < AT_ONCE + told, "{took:?}, of which the command took {told:?}");
}

#[test]
fn an_idle_http2_connection_is_gone_within_a_second_of_a_stop() {
    let web = WebHouse::start();
    let client = web.opened(&web.open_window("+10m"));
    let (mut idle, _says) = idles(&web, &client.cookie());
    let session = web.house.newest_session();
    at_once(&web, || {
        web.house.sam().does(&["session", "stop", &session, "--reason", "a page that was left open"]);
    });
    ended(&web, &session, "stopped");
    soon("the client to hear of it", || idle.try_wait().unwrap());
}

#[test]
fn an_idle_http2_connection_is_gone_when_the_window_closes() {
    let web = WebHouse::start();
    let window = web.open_window("+12s");
    let client = web.opened(&window);
    let (mut idle, _says) = idles(&web, &client.cookie());
    let session = web.house.newest_session();
    let gone = soon("every connection of the console to be gone", || {
        (legs(web.port(), web.console.port()) == (0, 0)).then(jiff::Timestamp::now)
    });
    let late = gone.duration_since(web.house.closes(&window));
    assert!(late.as_millis() < 1000 && late.as_millis() > -200, "{late:?} after the deadline");
    ended(&web, &session, "window-closed");
    soon("the client to hear of it", || idle.try_wait().unwrap());
}

#[test]
fn a_console_that_is_declared_otherwise_or_withdrawn_ends_its_visits_within_a_second() {
    let web = WebHouse::furnished(House::furnish(), "", &["--tcp", "db=127.0.0.1:9"]);
    let client = web.opened(&web.open_window("+10m"));
    let (mut idle, says) = idles(&web, &client.cookie());
    let first = web.house.newest_session();
    let both = web.house.folder().join("both.pem");
    let pem = |path| std::fs::read_to_string(path).unwrap();
    std::fs::write(&both, pem(web.console.trust()) + &pem(web.authority())).unwrap();
    let trust = ["--trust", both.to_str().unwrap(), "--reason", "its authority is renewed"];
    at_once(&web, || {
        web.house.priya().does(&[&["target", "set-tls", "console-01"][..], &trust].concat());
    });
    ended(&web, &first, "endpoint-changed");
    drop((says, idle.wait()));
    assert_eq!(client.gets("/", &[]).status, 200, "the next visit goes as it is declared now");
    let second = web.house.newest_session();
    assert_ne!(first, second);
    web.house.priya().does(&["target", "remove-endpoint", "console-01", "tcp:db", "--reason", "not needed"]);
    assert_eq!(client.gets("/", &[]).status, 200);
    assert_eq!(web.house.newest_session(), second, "nothing that it uses was withdrawn");
    web.house.priya().does(&["target", "add-endpoint", "console-01", "--tcp", "db=127.0.0.1:9"]);
    at_once(&web, || {
        web.house.priya().does(&["target", "remove-endpoint", "console-01", "tls", "--reason", "it is gone"]);
    });
    ended(&web, &second, "endpoint-changed");
    let nowhere = client.gets("/", &[]);
    assert!(nowhere.status == 502 && nowhere.text().contains("call the hospital"), "{}", nowhere.text());
}

#[test]
fn what_the_gate_signs_in_with_ends_visits_when_it_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    let file = secret.to_str().unwrap();
    std::fs::write(&secret, "k1ngs-cross-9").unwrap();
    let web = WebHouse::furnished(House::furnish(), "", &["--basic", "service", "--console-secret", file]);
    let client = web.opened(&web.open_window("+10m"));
    assert_eq!(client.gets("/", &[]).status, 200);
    let session = web.house.newest_session();
    std::fs::write(&secret, "st-pancras-11").unwrap();
    let words = ["--basic", "service", "--console-secret", file, "--reason", "it was shared"];
    at_once(&web, || {
        web.house.priya().does(&[&["target", "set-tls", "console-01"][..], &words].concat());
    });
    ended(&web, &session, "endpoint-changed");
    assert_eq!(client.gets("/", &[]).status, 200);
}

#[test]
fn a_revoked_window_ends_it_and_is_refused_with_an_alert() {
    let web = WebHouse::start();
    let window = web.open_window("+10m");
    let client = web.opened(&window);
    assert_eq!(client.gets("/", &[]).status, 200);
    web.house.priya().does(&["window", "revoke", &window, "--reason", "the ward needs the pumps"]);
    eventually(Duration::from_secs(5), "every connection to be gone", || {
        (legs(web.port(), web.console.port()) == (0, 0)).then_some(())
    });
    let again = client.gets("/", &[]);
    assert_eq!(again.status, 403);
    let refused = web.house.refusal("attempt-refused", "revoked");
    assert!(again.text().contains(refused.body["reference"].as_str().unwrap()), "{}", again.text());
    assert_eq!(refused.body["protocol"], "tls");
    soon("the SOC's alert", || (!web.house.alerts_because("revoked").is_empty()).then_some(()));
    assert_eq!(client.gets("/", &[]).text(), again.text(), "an outcome that has not changed is no new fact");
    assert_eq!(web.house.facts_of("attempt-refused").len(), 1);
}

#[test]
fn a_lock_ends_it_and_is_refused_with_an_alert() {
    for lock in [["person", "lock", "dana"], ["target", "lock", "console-01"]] {
        let web = WebHouse::start();
        let client = web.opened(&web.open_window("+10m"));
        assert_eq!(client.gets("/", &[]).status, 200);
        let session = web.house.newest_session();
        at_once(&web, || drop(web.house.sam().does(&[&lock[..], &["--reason", "lost laptop"]].concat())));
        ended(&web, &session, "locked");
        let again = client.gets("/", &[]);
        assert_eq!(again.status, 403, "{lock:?}");
        let refused = web.house.refusal("attempt-refused", "locked");
        assert!(again.text().contains(refused.body["reference"].as_str().unwrap()), "{}", again.text());
        soon("the SOC's alert", || (!web.house.alerts_because("locked").is_empty()).then_some(()));
        assert_eq!(web.house.sessions().len(), 1, "nothing was opened anew");
    }
}

#[test]
fn paused_requests_wait_and_more_time_renews_the_cookie() {
    let web = WebHouse::start();
    let window = web.open_window("+10m");
    let client = web.opened(&window);
    assert_eq!(client.gets("/", &[]).status, 200);
    let session = web.house.newest_session();
    web.house.sam().does(&["session", "pause", &session, "--reason", "what is this?"]);
    soon("the pause to be in force", || (!web.house.facts_of("session-paused").is_empty()).then_some(()));
    let waits = client.runs("/api/state", &["--max-time", "2"]);
    assert_eq!(waits.status, Some(28), "curl gave up waiting: {}", waits.err);
    assert_eq!(web.console.log().matches("/api/state").count(), 0, "nothing reached the console");
    assert!(client.gets("/.chaperone/", &[]).text().contains("Paused"));
    web.house.sam().does(&["session", "resume", &session, "--reason", "all right"]);
    soon("requests to pass again", || {
        let ran = client.runs("/api/state", &["--max-time", "2"]);
        ran.text().contains("12 pumps").then_some(())
    });
    let before = client.cookie();
    web.house.priya().does(&["window", "extend", &window, "--closes", "+2h", "--reason", "it takes longer"]);
    soon("the visit to end later", || {
        let page = client.gets("/", &[]);
        let ends = page.field("chaperone-visit-ends")?.to_uppercase().parse::<jiff::Timestamp>().ok()?;
        (ends == web.house.closes(&window)).then_some(())
    });
    assert_ne!(client.cookie(), before);
}

#[test]
fn who_has_more_time_signs_in_no_more_at_the_old_end() {
    let web = WebHouse::start();
    let window = web.open_window("+12s");
    let client = web.opened(&window);
    let old = web.house.closes(&window);
    web.house.priya().does(&["window", "extend", &window, "--closes", "+2h", "--reason", "it takes longer"]);
    let first = client.cookie();
    soon("another cookie", || {
        assert_eq!(client.gets("/", &[]).status, 200);
        (client.cookie() != first).then_some(())
    });
    let beyond = old + jiff::SignedDuration::from_secs(1);
    soon("the old end to pass", || (jiff::Timestamp::now() > beyond).then_some(()));
    assert_eq!(client.gets("/api/state", &[]).status, 200);
    assert_eq!(web.house.sessions().len(), 1, "it is the visit that it was");
    // The second cookie is worth nothing beyond the visit either.
    let session = web.house.newest_session();
    web.house.sam().does(&["session", "stop", &session, "--reason", "enough"]);
    web.house.sealed(&session);
    assert_ne!(client.gets("/", &[]).status, 200);
}
