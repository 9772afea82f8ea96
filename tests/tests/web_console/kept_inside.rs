//! What a console says of itself, and what clients say to it in unusual ways: it stays inside, whole, and without harm to the gate.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;

use chaperone_tests::{House, Process, WebHouse};

use crate::behind::{behind, passes_on};
use crate::ending::upgrade;

#[test]
fn a_cookie_of_the_console_that_is_no_ascii_breaks_nothing() {
    let web = WebHouse::start();
    let client = web.opened(&web.open_window("+10m"));
    assert_eq!(client.gets("/", &[]).status, 200);
    let kept = format!("__Host-chaperone={}", client.cookie());
    let cookies = format!("Cookie: ward=Übung; {kept}; bed=7");
    for speaks in ["--http1.1", "--http2"] {
        let page = web.client("another").gets("/cookies", &[speaks, "-H", &cookies]);
        assert_eq!(page.text(), "[ward=Übung; bed=7]", "{speaks}");
    }
    let asks = upgrade(&web, &client.cookie()).replace("Cookie: ", "Cookie: ward=Übung; ");
    assert!(web.says(asks.as_bytes()).starts_with("HTTP/1.1 101"), "a WebSocket too");
}

#[test]
fn a_console_that_calls_itself_by_its_address_stays_inside_and_has_nobody_report_to_others() {
    let lines = "location = /by-address { return 302 https://127.0.0.1:$server_port/landed; }\n\
                 location = /reports { add_header NEL \"{}\"; add_header Report-To \"{}\"; \
                   add_header Reporting-Endpoints \"out=x\"; add_header X-Own kept; return 200 in; }";
    let web = WebHouse::furnished(House::furnish(), lines, &[]);
    let client = web.opened(&web.open_window("+10m"));
    let go = client.gets("/by-address", &[]);
    assert_eq!((go.status, go.field("location")), (302, Some(web.url("/landed").as_str())));
    let page = client.gets("/reports", &[]);
    assert_eq!((page.status, page.field("x-own")), (200, Some("kept")));
    for name in ["nel", "report-to", "reporting-endpoints"] {
        assert_eq!(page.field(name), None, "{name}");
    }
}

#[test]
fn bodies_where_few_have_one_and_what_follows_a_body_pass_or_are_refused() {
    let echoes = behind(|mut asked| {
        let mut body = vec![0; asked.field("content-length").map_or(0, |length| length.parse().unwrap())];
        asked.stream.read_exact(&mut body)?;
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
        asked.stream.write_all(head)?;
        asked.stream.write_all(format!("{:x}\r\n", body.len().max(1)).as_bytes())?;
        asked.stream.write_all(if body.is_empty() { b"-".as_slice() } else { body.as_slice() })?;
        asked.stream.write_all(b"\r\n0\r\n\r\n")
    });
    // nginx takes the request's body whole, and says how long it is.
    let whole = passes_on("/body", echoes).replace("proxy_request_buffering off;", "");
    let sum = passes_on("/sum", echoes).replace('}', "add_header Trailer X-Sum; add_trailer X-Sum 5f1d; }");
    let web = WebHouse::with_old_console(&format!("{whole}{sum}"));
    let client = web.opened(&web.open_window("+10m"));
    let file = web.house.folder().join("query");
    std::fs::write(&file, "all pumps of ward 7").unwrap();
    for speaks in ["--http1.1", "--http2"] {
        // Nobody says how long it is.
        let mut curl = client.curl(&["--request", "GET", speaks, "--upload-file", "-"]);
        curl.arg(web.url("/body")).stdin(std::fs::File::open(&file).unwrap()).stderr(Stdio::inherit());
        let ran = Process::run("curl", Duration::from_secs(60), &mut curl).succeeded();
        assert_eq!(ran.text(), "all pumps of ward 7", "{speaks}");
    }
    let asks = |line: &str, fields: &str| {
        format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nCookie: __Host-chaperone={}\r\n{fields}\r\n",
            web.host(),
            client.cookie()
        )
    };
    let said =
        web.says(asks("GET /sum", "TE: trailers\r\nConnection: TE\r\n").as_bytes()).to_ascii_lowercase();
    assert!(said.contains("\r\n0\r\nx-sum: 5f1d\r\n"), "what follows the body passes: {said}");
    let refused = web.says((asks("HEAD /", "Content-Length: 1\r\n") + "x").as_bytes());
    assert!(refused.starts_with("HTTP/1.1 400"), "{refused}");
    let session = web.house.newest_session();
    client.leaves();
    web.house.sealed(&session);
    let ends = web.events(&session, "http-response-end");
    assert!(ends.iter().any(|end| end["trailers"].to_string().contains("5f1d")), "{ends:#?}");
}
