//! Plain HTTP on loopback: one request, for `/healthz` and its kind; and a browser that keeps its cookie, as far as
//! signing in is concerned. Everything else goes through the command line, or a real browser.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

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
    parse(&answer)
}

/// Asks with any method, headers and a JSON body; `None` when nobody answers.
#[must_use]
pub fn ask(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Option<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(ANSWER_WITHIN)).ok()?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    if !body.is_empty() {
        head.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    write!(stream, "{head}\r\n{body}").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    parse(&answer)
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let answer = String::from_utf8_lossy(answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

impl Answer {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// A browser that is signed in.
#[derive(Clone, Debug)]
pub struct Browser {
    port: u16,
    cookie: String,
    csrf: String,
}

impl Browser {
    /// Signs in; the refusal where it is refused.
    ///
    /// # Errors
    /// The answer.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn signs_in(port: u16, login: &str, password: &str, code: &str) -> Result<Self, Answer> {
        let body = json!({ "login": login, "password": password, "code": code });
        let answer = ask(port, "POST", "/api/sign-in", &[], Some(&body)).expect("the web answers");
        let cookie = answer.header("set-cookie").and_then(|value| value.split(';').next()).map(str::to_owned);
        match (answer.status, cookie) {
            (200, Some(cookie)) => {
                let csrf = answer.json()["csrf"].as_str().unwrap_or_default().to_owned();
                Ok(Self { port, cookie, csrf })
            }
            _ => Err(answer),
        }
    }

    /// Reads.
    ///
    /// # Panics
    /// When nobody answers.
    #[must_use]
    pub fn gets(&self, path: &str) -> Answer {
        ask(self.port, "GET", path, &[("cookie", &self.cookie)], None).expect("the web answers")
    }

    /// Changes something, as our own pages do.
    ///
    /// # Panics
    /// When nobody answers.
    #[must_use]
    pub fn posts(&self, path: &str, body: &Value) -> Answer {
        let headers = [("cookie", self.cookie.as_str()), ("x-csrf-token", &self.csrf)];
        ask(self.port, "POST", path, &headers, Some(body)).expect("the web answers")
    }

    /// Changes something with these headers beside the cookie: as somebody else's page would.
    ///
    /// # Panics
    /// When nobody answers.
    #[must_use]
    pub fn is_made_to_post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut all = vec![("cookie", self.cookie.as_str())];
        all.extend(headers);
        ask(self.port, "POST", path, &all, Some(body)).expect("the web answers")
    }

    /// What every changing request carries.
    #[must_use]
    pub fn csrf(&self) -> &str {
        &self.csrf
    }
}
