//! Requests of this machine go on, whole and unchanged; those that somebody else's page makes do not, wherever on a
//! connection they come.

use proptest::prelude::*;

use super::*;

fn opened(kind: &str) -> Opened {
    Opened {
        target: "console-01".to_owned(),
        endpoint: "console-01".to_owned(),
        kind: kind.to_owned(),
        local: "127.0.0.1:8443".parse().unwrap(),
        host: "10.0.0.7".to_owned(),
        port: 443,
        server_name: Some("Console.example".to_owned()),
        accepts: &["plain", "tls"],
        recorded: "plain".to_owned(),
    }
}

fn says(fields: &str) -> Result<(), Foreign> {
    let mut on = Vec::new();
    let request = format!("POST /reset HTTP/1.1\r\n{fields}Content-Length: 3\r\n\r\nyes");
    Guard::of(&opened("http")).takes(request.as_bytes(), &mut on)?;
    assert_eq!(String::from_utf8(on).unwrap(), request);
    Ok(())
}

#[test]
fn requests_of_this_machine_go_on() {
    for fields in [
        "",
        "Host: 127.0.0.1:8443\r\n",
        "Host: [::1]:8443\r\n",
        "host: LOCALHOST:8443\r\n",
        "Host: console.example\r\n",
        "Host: console.example.:8443\r\n",
        "Host: console-01:8443\r\n",
        "Host: 10.0.0.7\r\n",
        "Host: 127.0.0.1:8443\r\nOrigin: http://127.0.0.1:8443\r\nSec-Fetch-Site: same-origin\r\n",
        "Host: console.example\r\nOrigin: http://console.example\r\n",
        "Host: localhost\r\nSec-Fetch-Site: same-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
        "Host: console.example:8443\r\nOrigin: https://localhost:8443\r\nSec-Fetch-Site: none\r\n",
    ] {
        assert_eq!(says(fields), Ok(()), "{fields:?}");
    }
}

#[test]
fn requests_that_somebody_elses_page_makes_do_not() {
    let host = |name: &str| Err(Foreign::Host(name.to_owned()));
    let origin = |from: &str| Err(Foreign::Origin(from.to_owned()));
    let own = "Host: 127.0.0.1:8443\r\n";
    for (fields, why) in [
        ("Host: evil.example:8443\r\n".to_owned(), host("evil.example:8443")),
        ("Host: 127.0.0.1.evil.example\r\n".to_owned(), host("127.0.0.1.evil.example")),
        ("Host: evil.example\r\nHost: 127.0.0.1\r\n".to_owned(), host("evil.example")),
        ("Host: 10.0.0.8\r\n".to_owned(), host("10.0.0.8")),
        ("Host:\r\n".to_owned(), host("")),
        (format!("{own}Origin: https://evil.example\r\n"), origin("https://evil.example")),
        (format!("{own}ORIGIN:null\r\n"), origin("null")),
        (format!("{own}Origin: http://localhost:3000\r\n"), origin("http://localhost:3000")),
        (format!("{own}Origin: http://127.0.0.1\r\n"), origin("http://127.0.0.1")),
        (format!("{own}Sec-Fetch-Site: cross-site\r\n"), Err(Foreign::CrossSite)),
        (format!("{own}Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\n"), Err(Foreign::CrossSite)),
        (
            format!(
                "{own}Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"
            ),
            Err(Foreign::CrossSite),
        ),
        (format!("{own}Sec-Fetch-Mode: no-cors\r\nsec-fetch-site: Cross-Site\r\n"), Err(Foreign::CrossSite)),
    ] {
        assert_eq!(says(&fields), why, "{fields:?}");
    }
    let mut on = Vec::new();
    let whole = b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert!(Guard::of(&opened("tls")).takes(whole, &mut on).is_err());
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(HEAD_BYTES));
    assert_eq!(Guard::of(&opened("tls")).takes(long.as_bytes(), &mut on), Err(Foreign::TooLong));
    assert!(on.is_empty());
}

#[test]
fn a_program_without_a_place_goes_on_and_a_page_without_one_does_not() {
    let taken = |kind: &str, tls: bool, fields: &str| {
        let opened = opened(kind);
        let mut guard = if tls { Guard::within_tls(&opened) } else { Guard::of(&opened) };
        let request = format!("POST /reset HTTP/1.1\r\n{fields}\r\n\r\n");
        guard.takes(request.as_bytes(), &mut Vec::new()).is_ok()
    };
    let (own, named) = ("Host: 127.0.0.1:8443\r\n", "Host: console.example:8443\r\n");
    for nowhere in ["Origin: null", "Origin: file://", "Origin: file:///C:/pump/index.html"] {
        for kind in ["tls", "tcp"] {
            for host in [own, "Host: localhost:8443\r\n", "Host: [::1]:8443\r\n"] {
                assert!(taken(kind, false, &format!("{host}{nowhere}")), "{kind} {host} {nowhere}");
            }
            // A browser takes a name by plain HTTP for no trustworthy address, and would not say where it comes from.
            assert!(!taken(kind, false, &format!("{named}{nowhere}")), "{kind} {nowhere}");
            assert!(taken(kind, true, &format!("{named}{nowhere}\r\nUser-Agent: PumpTool/4.2")));
            for browser in [
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Site: none",
                "sec-fetch-mode: no-cors",
                "Sec-Fetch-Dest: iframe",
                "Sec-WebSocket-Version: 13",
                "User-Agent: Mozilla/5.0 (Macintosh) Version/15.6 Safari/605.1.15",
            ] {
                for tls in [false, true] {
                    let fields = format!("{own}{nowhere}\r\n{browser}");
                    assert!(!taken(kind, tls, &fields), "{kind} {tls} {fields:?}");
                }
            }
        }
        assert!(
            !taken("http", false, &format!("{own}{nowhere}"))
                && !taken("http", true, &format!("{own}{nowhere}"))
        );
    }
    // Somewhere else is somewhere else, whoever says it.
    assert!(!taken("tcp", true, &format!("{own}Origin: https://evil.example")));
    assert!(!taken("tls", false, &format!("{own}Origin: null\r\nOrigin: https://evil.example")));
    assert!(!taken("tls", false, "Host: 127.0.0.1\r\nHost: console.example\r\nOrigin: null"));
}

#[test]
fn each_request_of_a_connection_is_looked_at() {
    let own = "GET /state HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let sized = "PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 37\r\n\r\nPOST / HTTP/1.1\r\nHost: evil.example\r\n";
    let parts = "6;x=1\r\nGET / \r\n0A\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n";
    let chunked = format!("POST /b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{parts}");
    let evil = "POST /reset HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n";
    for before in [own.to_owned(), sized.to_owned(), chunked.clone(), [own, sized, &chunked, own].concat()] {
        for piece in [1, 7, 10_000] {
            let (mut guard, mut on) = (Guard::of(&opened("http")), Vec::new());
            let said = [&before, evil].concat();
            let mut taken = Ok(());
            for bytes in said.as_bytes().chunks(piece) {
                taken = guard.takes(bytes, &mut on);
                if taken.is_err() {
                    break;
                }
            }
            assert_eq!(
                taken,
                Err(Foreign::Origin("https://evil.example".to_owned())),
                "{before:?} by {piece}"
            );
            assert_eq!(String::from_utf8_lossy(&on), before);
        }
    }
}

#[test]
fn what_is_no_http_goes_on_as_it_comes() {
    for bytes in [
        &b"rate 12\n"[..],
        b"\x16\x03\x01",
        b"\x00\x00\x00\x08",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n",
    ] {
        let (mut guard, mut on) = (Guard::of(&opened("tls")), Vec::new());
        guard.takes(bytes, &mut on).unwrap();
        assert_eq!(on, bytes);
        guard.takes(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", &mut on).unwrap();
        assert!(!guard.is_in_doubt());
    }
    // A word without an end may be a method.
    let (mut guard, mut on) = (Guard::of(&opened("tcp")), Vec::new());
    guard.takes(b"HELLO", &mut on).unwrap();
    assert!(guard.is_in_doubt() && on.is_empty());
    guard.lets_go(&mut on);
    assert!(on == b"HELLO" && !guard.is_in_doubt());
    // A web socket's own bytes are none of HTTP.
    let (mut guard, mut on) = (Guard::of(&opened("http")), Vec::new());
    let upgrade = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
    guard.takes(upgrade.as_bytes(), &mut on).unwrap();
    guard.takes(b"\x81\x05hello", &mut on).unwrap();
    assert!(on.ends_with(b"hello"));
}

proptest! {
    #[test]
    fn nothing_is_changed_and_nothing_lost(
        said in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "(GET|POST|x) /[a-z]{0,9} HTTP/1\\.[01]\r\n(Host: localhost\r\n)?(Content-Length: [0-9]{1,2}\r\n|Transfer-Encoding: chunked\r\n)?\r\n[0-9a-f\r\n;]{0,60}"
                .prop_map(String::into_bytes),
        ],
        piece in 1_usize..64,
    ) {
        let (mut guard, mut on) = (Guard::of(&opened("tls")), Vec::new());
        let mut whole = true;
        for bytes in said.chunks(piece) {
            whole = guard.takes(bytes, &mut on).is_ok();
            if !whole {
                break;
            }
        }
        prop_assert!(said.starts_with(&on));
        guard.lets_go(&mut on);
        prop_assert!(!whole || on == said);
    }
}
