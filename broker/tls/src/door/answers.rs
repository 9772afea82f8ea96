//! What is answered to a connection that is for no target, and how it is ended so that the answer arrives.

use std::time::Duration;

use chaperone_session::Severable;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::Inner;
use crate::names::{Door, Names};

/// A fatal alert, `unrecognized_name` (RFC 6066 §3), as a record of TLS that nobody encrypts yet.
const UNRECOGNIZED_NAME: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 112];
/// Longest head of a request that is looked at, in bytes.
const HEAD_BYTES: usize = 8 << 10;
/// What a peer may still send while its answer is on the way, in bytes, and how long that is waited for.
const REST_BYTES: usize = 256 << 10;
const REST: Duration = Duration::from_secs(1);

/// Redirects somebody who speaks HTTP where TLS is spoken: to the console that they name, or to where people sign in.
pub(super) async fn to_plain_http(inner: &Inner, mut stream: Severable, port: u16) {
    let is_whole = |seen: &[u8]| !is_request(seen) || seen.windows(4).any(|four| four == b"\r\n\r\n");
    if stream.looks_ahead(HEAD_BYTES, is_whole).await.is_err() || !is_request(stream.ahead()) {
        return say(&mut stream, &[]).await;
    }
    let answer = redirect(&place(inner, stream.ahead(), port));
    say(&mut stream, answer.as_bytes()).await;
}

/// The same, inside TLS, for the gate's own name.
pub(super) async fn to_http<S: AsyncRead + AsyncWrite + Unpin>(inner: &Inner, stream: &mut S) {
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while head.len() < HEAD_BYTES && !head.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(count @ 1..) => head.extend_from_slice(part.get(..count).unwrap_or_default()),
            _ => return,
        }
    }
    say(stream, redirect(&inner.site).as_bytes()).await;
}

/// Tells a client that nobody here has the name that it asks for.
pub(super) async fn unrecognized_name(mut stream: Severable) {
    say(&mut stream, &UNRECOGNIZED_NAME).await;
}

/// Ends a connection after what it has been told already.
pub(super) async fn nothing(mut stream: Severable) {
    say(&mut stream, &[]).await;
}

/// Says something and ends the connection. What the peer is still sending is read and dropped for a moment: a connection
/// that is closed with something unread is reset, and the answer with it.
pub(super) async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, answer: &[u8]) {
    let saying = async {
        stream.write_all(answer).await?;
        stream.flush().await?;
        stream.shutdown().await?;
        let mut left = REST_BYTES;
        let mut part = [0; 4096];
        while let count @ 1.. = stream.read(&mut part).await? {
            left = left.saturating_sub(count);
            if left == 0 {
                break;
            }
        }
        std::io::Result::Ok(())
    };
    // The peer may be gone, or go on talking: nobody waits for it.
    drop(timeout(REST, saying).await);
}

/// Whether it may be a request of HTTP/1, as far as its first line has come (RFC 9112 §3).
fn is_request(seen: &[u8]) -> bool {
    let mut lines = seen.splitn(2, |letter| *letter == b'\n');
    let line = lines.next().unwrap_or_default();
    lines.next().is_none()
        || line.rsplit(|letter| *letter == b' ').next().is_some_and(|last| last.starts_with(b"HTTP/1."))
}

fn redirect(to: &str) -> String {
    format!(
        "HTTP/1.1 308 Permanent Redirect\r\nLocation: {to}\r\nContent-Length: 0\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
}

/// Where somebody is sent: by HTTPS to the console that their request names, else to where people sign in.
fn place(inner: &Inner, head: &[u8], port: u16) -> String {
    match console(&inner.names, head) {
        Some(host) if port == 443 => format!("https://{host}/"),
        Some(host) => format!("https://{host}:{port}/"),
        None => format!("{}/", inner.site),
    }
}

/// The console that a request's `Host` (RFC 9110 §7.2) names.
fn console(names: &Names, head: &[u8]) -> Option<String> {
    let head = std::str::from_utf8(head).ok()?;
    let mut hosts = head.split("\r\n").skip(1).filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim())
    });
    let host = hosts.next()?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    match names.door(Some(name)) {
        Door::Web(label) => Some(names.of_console(&label)),
        Door::Tls(_) | Door::Gate | Door::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_redirect_leads_to_no_name_but_the_gates() {
        let names = Names::of("gate.example");
        let asks = |host: &str| {
            console(&names, format!("GET / HTTP/1.1\r\nA: b\r\nHOST: {host}\r\n\r\n").as_bytes())
        };
        for host in ["console-01.web.gate.example", "Console-01.web.GATE.example:8443"] {
            assert_eq!(asks(host).as_deref(), Some("console-01.web.gate.example"));
        }
        for host in
            ["evil.example", "gate.example", "console-01.tls.gate.example", "", "a b.web.gate.example"]
        {
            assert_eq!(asks(host), None, "{host:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_asked_a_redirect_is_one_line_and_leads_to_the_gates_own_names(
            head in proptest::collection::vec(any::<u8>(), 0..200),
            host in "\\PC{0,40}(\\.web\\.gate\\.example)?"
        ) {
            let names = Names::of("gate.example");
            let mut said = format!("GET / HTTP/1.1\r\nHost: {host}\r\n").into_bytes();
            said.extend(head);
            if let Some(to) = console(&names, &said) {
                prop_assert!(to.ends_with(".web.gate.example"));
                prop_assert!(to.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c)));
            }
        }
    }
}
