//! What is not HTTP as anybody may send it: each gets a clear answer, takes little, and is a fact.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use chaperone_tests::{CONSOLE_NAME, Process, WebHouse, soon, workspace};

/// A request with the cookie of a visit.
fn asks(web: &WebHouse, cookie: &str, line: &str, fields: &str, body: &str) -> String {
    format!("{line}\r\nHost: {}\r\nCookie: __Host-chaperone={cookie}\r\n{fields}\r\n{body}", web.host())
}

#[test]
fn smuggling_is_answered_once_told_of_and_reaches_nobody() {
    let web = WebHouse::start();
    let client = web.opened(&web.open_window("+10m"));
    assert_eq!(client.gets("/", &[]).status, 200);
    let cookie = client.cookie();
    let hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    let both = format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", hidden.len() + 5);
    let host = web.host();
    let begin = asks(&web, &cookie, "GET /api/state HTTP/1.1", "", "");
    for (n, (request, status, why)) in [
        (
            asks(&web, &cookie, "POST /a HTTP/1.1", &both, &format!("0\r\n\r\n{hidden}")),
            "400",
            "both content-length",
        ),
        (
            asks(&web, &cookie, "POST /a HTTP/1.1", "Content-Length: 0\r\nContent-Length: 5\r\n", hidden),
            "400",
            "content-length",
        ),
        (
            asks(&web, &cookie, "POST /a HTTP/1.1", "Transfer-Encoding: xchunked\r\n", hidden),
            "400",
            "transfer-encoding",
        ),
        (asks(&web, &cookie, "GET /a HTTP/1.1", "Host: other.web\r\n", ""), "400", "one host"),
        (asks(&web, &cookie, "GET /a HTTP/1.1", "X: y\n\r\n", hidden), "400", "line"),
        (
            asks(&web, &cookie, "GET https://other.web.gate.hospital.example/ HTTP/1.1", "", ""),
            "400",
            "more than one host",
        ),
        (asks(&web, &cookie, "TRACE / HTTP/1.1", "", ""), "405", "method"),
        (format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n"), "405", "method"),
        (
            asks(&web, &cookie, "GET /a HTTP/1.1", &format!("X: {}\r\n", "y".repeat(70_000)), ""),
            "431",
            "longer",
        ),
        (asks(&web, &cookie, "GET /a HTTP/1.1", &"X: y\r\n".repeat(200), ""), "431", "fields"),
    ]
    .into_iter()
    .enumerate()
    {
        // Behind a request that is served, so that it is known whose connection it is.
        let said = web.says_after(&begin, "12 pumps", request.as_bytes());
        assert!(said.contains("12 pumps"), "{n}: {said}");
        let last = said.rsplit("HTTP/1.1 ").next().unwrap_or_default();
        assert!(last.starts_with(status), "{n} {why}: {said}");
        soon(&format!("a fact that says {why:?}"), || {
            let facts = web.house.facts_of("channel-refused");
            (facts.len() == n + 1 && facts[n].body.to_string().contains(why)).then_some(())
        });
    }
    assert!(
        !web.console.log().contains("hidden") && !web.console.log().contains("/a "),
        "{}",
        web.console.log()
    );
    assert_eq!(client.gets("/", &[]).status, 200, "and others are served");
}

#[test]
fn bad_requests_of_strangers_are_counted_and_do_not_become_a_flood_of_facts() {
    let web = WebHouse::start();
    for _ in 0..2 {
        let said = web.says(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
        assert!(said.starts_with("HTTP/1.1 400"), "{said}");
    }
    let told = web.house.fact("connections-unheard");
    assert!(told.body["why"].to_string().contains("one host"), "{:#}", told.body);
    assert_eq!(web.house.facts_of("connections-unheard").len(), 1);
}

#[test]
fn an_answer_that_can_be_read_in_two_ways_is_not_passed_on() {
    let web = WebHouse::start();
    // OpenSSL's server sends a file as it is, head and all.
    let folder = web.house.folder().join("raw");
    std::fs::create_dir_all(&folder).unwrap();
    let both = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    std::fs::write(folder.join("twice"), both).unwrap();
    let issued = chaperone_tests::Authority::new(&folder, "maker").issues(CONSOLE_NAME);
    let port = chaperone_tests::free_port();
    let mut server = Command::new("openssl");
    server.args(["s_server", "-HTTP", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-cert"]);
    server.arg(&issued.certificate).arg("-key").arg(&issued.key).current_dir(&folder);
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _server = Process::start("openssl", &mut server);
    let (address, trust) = (format!("127.0.0.1:{port}"), folder.join("maker/ca.pem"));
    web.house.priya().does(&[
        "target",
        "add",
        "console-02",
        "--tls",
        &address,
        "--server-name",
        CONSOLE_NAME,
        "--trust",
        trust.to_str().unwrap(),
        "--http",
    ]);
    let window = web.house.open_window_on("console-02", "dana", "tls", "+10m");
    let made = web.house.gate.person("dana").does(&["window", "console", &window]);
    let client = web.client("two");
    let link = made["url"].as_str().unwrap();
    assert_eq!(client.gets(link, &[]).status, 303);
    let url = link.split("/.chaperone").next().unwrap();
    let page = client.gets(&format!("{url}/twice"), &[]);
    assert_eq!(page.status, 502, "{}", page.text());
    assert!(page.text().contains("could be read in two ways"), "{}", page.text());
    assert_eq!(client.gets(&format!("{url}/twice"), &[]).status, 502);
    let told = web.house.fact("target-failed");
    assert_eq!(told.body["failure"], "ambiguous-answer", "{:#}", told.body);
    assert!(told.body.to_string().contains("both content-length and transfer-encoding"), "{:#}", told.body);
    let alert = soon("the SOC's alert", || {
        let alerts = web.house.sam().lists(&["alert", "list"]);
        alerts.into_iter().find(|alert| alert["rule"] == "ambiguous-answer")
    });
    assert_eq!((&alert["severity"], &alert["count"]), (&"medium".into(), &1.into()), "{alert:#}");
}

#[test]
fn a_head_that_comes_too_slowly_is_given_up() {
    let web = WebHouse::start();
    let mut slow = web.raw("http/1.1");
    let mut says = slow.stdin.take().unwrap();
    says.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    let began = std::time::Instant::now();
    chaperone_tests::eventually(Duration::from_secs(80), "the gate to give it up", || {
        slow.try_wait().ok().flatten()
    });
    assert!(began.elapsed() > Duration::from_secs(50));
    let told = web.house.fact("connections-unheard");
    assert!(told.body["why"].to_string().contains("timeout"), "{:#}", told.body);
}

#[test]
fn a_stranger_keeps_no_connection_by_asking_now_and_then() {
    let web = WebHouse::start();
    let mut stranger = web.raw("http/1.1");
    let mut says = stranger.stdin.take().unwrap();
    let began = std::time::Instant::now();
    let mut asked = 0;
    while stranger.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(110), "it is still there");
        // The last one may find nobody.
        drop(says.write_all(format!("GET /{asked} HTTP/1.1\r\nHost: {}\r\n\r\n", web.host()).as_bytes()));
        asked += 1;
        std::thread::sleep(Duration::from_secs(5));
    }
    assert!(began.elapsed() > Duration::from_secs(80) && asked > 8, "{asked} asked");
}

#[test]
fn floods_of_http2_end_with_little_memory_while_others_are_served() {
    let web = WebHouse::start();
    let client = web.opened(&web.open_window("+10m"));
    assert_eq!(client.gets("/", &[]).status, 200);
    let script = workspace().join("tests/tests/web_console/flood.py");
    let before = Process::peak_kib(web.house.gate.id());
    let (cookie, port, host) = (client.cookie(), web.port().to_string(), web.host());
    let name = host.split(':').next().unwrap();
    for (n, (kind, cookie)) in
        [("reset", cookie.as_str()), ("reset", ""), ("continuation", cookie.as_str())].into_iter().enumerate()
    {
        let mut flood = Command::new("python3");
        flood.arg(&script).args([kind, &port, name]).arg(web.authority()).arg(cookie).stdin(Stdio::null());
        let ran = Process::run("the flood", Duration::from_secs(60), &mut flood);
        println!("{kind}: {}", ran.text().trim());
        ran.succeeded();
        assert_eq!(client.gets("/api/state", &[]).status, 200, "after flood {n}");
    }
    let grown = Process::peak_kib(web.house.gate.id()).saturating_sub(before);
    println!("the gate's peak grew by {grown} KiB");
    assert!(grown < 32 * 1024, "{grown} KiB");
    soon("a fact about the floods", || {
        let facts =
            [web.house.facts_of("channel-refused"), web.house.facts_of("connections-unheard")].concat();
        facts.iter().any(|fact| fact.body.to_string().contains("than are taken")).then_some(())
    });
}
