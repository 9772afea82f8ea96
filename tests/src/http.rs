//! One plain HTTP request on loopback, for `/healthz` and its kind; everything else goes through the command line.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The whole head.
    pub head: String,
    /// The body, as text.
    pub body: String,
}

/// Asks for a path; `None` when nobody answers.
#[must_use]
pub fn get(port: u16, path: &str, token: Option<&str>) -> Option<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(ANSWER_WITHIN)).ok()?;
    let bearer = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{bearer}connection: close\r\n\r\n")
        .ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
