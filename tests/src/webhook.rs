//! The SOC's webhook receiver: takes POSTs, keeps them, and answers as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use crate::patience::eventually;
use crate::text::noise;

/// A running receiver. Its threads end with the test process.
#[derive(Clone)]
pub struct Webhook {
    port: u16,
    secret: String,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Default)]
struct Desk {
    received: Vec<Delivery>,
    answers: VecDeque<String>,
}

/// One POST.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// When it had arrived whole.
    pub arrived: Timestamp,
    /// Its headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body, byte by byte.
    pub body: Vec<u8>,
    /// Its body as JSON, an envelope taken off; null when it is none.
    pub event: Value,
}

impl Delivery {
    /// A header.
    ///
    /// # Panics
    /// When it is missing.
    #[track_caller]
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers))
    }

    /// The title of the alert that it is about, if it is about one.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.event.pointer("/finding_info/title")?.as_str()
    }

    /// Whether one of its signatures is that of the secret (Standard Webhooks 1.0.0: HMAC-SHA256 over id, timestamp and
    /// body, joined by dots).
    ///
    /// # Panics
    /// When a header is missing or the secret is no base64.
    #[must_use]
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("the secret is base64");
        let mut signed =
            format!("{}.{}.", self.header("webhook-id"), self.header("webhook-timestamp")).into_bytes();
        signed.extend_from_slice(&self.body);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed);
        let expected = format!("v1,{}", STANDARD.encode(tag));
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }
}

impl Webhook {
    /// Starts one with a fresh secret.
    ///
    /// # Panics
    /// When it cannot listen.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for webhooks");
        let port = listener.local_addr().expect("a listener has an address").port();
        let webhook =
            Self { port, secret: format!("whsec_{}", STANDARD.encode(noise(24))), desk: Arc::default() };
        let desk = Arc::clone(&webhook.desk);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let desk = Arc::clone(&desk);
                // A sender that breaks off has sent nothing.
                std::thread::spawn(move || drop(serve(&stream, &desk)));
            }
        });
        webhook
    }

    /// Where it listens, as `destination add --webhook` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/chaperone", self.port)
    }

    /// Its signing secret.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Answers the next POST with this status line (and headers), such as `503 Service Unavailable`.
    pub fn answers_next_with(&self, status: &str) {
        self.desk().answers.push_back(status.to_owned());
    }

    /// Everything received so far, in order.
    #[must_use]
    pub fn received(&self) -> Vec<Delivery> {
        self.desk().received.clone()
    }

    /// Waits for a delivery.
    ///
    /// # Panics
    /// When it has not come `within` the time.
    #[track_caller]
    pub fn hears(&self, within: Duration, what: &str, wanted: impl Fn(&Delivery) -> bool) -> Delivery {
        eventually(within, &format!("webhook: {what}"), || self.received().into_iter().find(&wanted))
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(stream: &TcpStream, desk: &Mutex<Desk>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut headers = BTreeMap::new();
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let event: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let event = event.get("data").cloned().unwrap_or(event);
        let status = {
            let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            desk.received.push(Delivery { arrived: Timestamp::now(), headers, body, event });
            desk.answers.pop_front().unwrap_or_else(|| "204 No Content".to_owned())
        };
        write!(&mut (&*stream), "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")?;
    }
}
