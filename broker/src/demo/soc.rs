//! The demo's SOC: a syslog receiver and a webhook receiver that print what they get and keep it for the tour.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Longest message that the receivers take, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// What the SOC received, newest last.
#[derive(Clone)]
pub(super) struct Soc {
    received: Arc<Mutex<Vec<Received>>>,
    count: watch::Sender<usize>,
    prints: bool,
}

/// One message on the wire.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// When it had arrived whole.
    pub at: Timestamp,
    /// `syslog` or `webhook`.
    pub by: &'static str,
    /// The OCSF event.
    pub event: Value,
}

impl Received {
    /// The alert's title, if it is one.
    pub(super) fn title(&self) -> Option<&str> {
        self.event.pointer("/finding_info/title").and_then(Value::as_str)
    }
}

impl Soc {
    pub(super) fn new(prints: bool) -> Self {
        Self { received: Arc::default(), count: watch::Sender::new(0), prints }
    }

    /// Starts the syslog receiver (RFC 5424 in RFC 6587 octet counting over TCP).
    pub(super) async fn syslog(&self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let soc = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let soc = soc.clone();
                tokio::spawn(async move {
                    if let Err(error) = soc.read_frames(stream).await {
                        tracing::debug!(%error, "a syslog sender went away");
                    }
                });
            }
        });
        Ok(address)
    }

    /// Starts the webhook receiver: answers 204 to every POST.
    pub(super) async fn webhook(&self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let soc = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let soc = soc.clone();
                tokio::spawn(async move {
                    if let Err(error) = soc.read_requests(stream).await {
                        tracing::debug!(%error, "a webhook sender went away");
                    }
                });
            }
        });
        Ok(address)
    }

    async fn read_frames(&self, stream: TcpStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let mut count = Vec::new();
            if stream.read_until(b' ', &mut count).await? == 0 {
                return Ok(());
            }
            let message = exactly(&mut stream, parse(count.strip_suffix(b" ").unwrap_or_default())?).await?;
            // The body is the last part: OCSF JSON from the first brace on.
            let from = message.iter().position(|byte| *byte == b'{').unwrap_or(message.len());
            self.take("syslog", message.get(from..).unwrap_or_default());
        }
    }

    async fn read_requests(&self, stream: TcpStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let mut length = 0;
            let mut line = String::new();
            loop {
                line.clear();
                if (&mut stream).take(8192).read_line(&mut line).await? == 0 {
                    return Ok(());
                }
                let line = line.trim_end();
                if line.is_empty() {
                    break;
                }
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = parse(value.trim().as_bytes())?;
                }
            }
            let body = exactly(&mut stream, length).await?;
            self.take("webhook", &body);
            stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n").await?;
        }
    }

    fn take(&self, by: &'static str, body: &[u8]) {
        let Ok(event) = serde_json::from_slice::<Value>(body) else { return };
        // A webhook's payload may be an envelope around the event.
        let event = match event.get("data") {
            Some(data) if event.get("class_uid").is_none() => data.clone(),
            _ => event,
        };
        let received = Received { at: Timestamp::now(), by, event };
        if self.prints {
            let title = received.title().unwrap_or("an event");
            println!("  SOC received by {by}: {title}");
        }
        self.received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
        self.count.send_modify(|count| *count += 1);
    }

    /// Waits for a message that satisfies `wanted`, from the `from`th on.
    pub(super) async fn wait_for(&self, from: usize, wanted: impl Fn(&Received) -> bool) -> Option<Received> {
        let mut count = self.count.subscribe();
        loop {
            let found = {
                let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
                received.iter().skip(from).find(|message| wanted(message)).cloned()
            };
            if found.is_some() {
                return found;
            }
            count.changed().await.ok()?;
        }
    }

    /// How many messages have arrived.
    pub(super) fn count(&self) -> usize {
        *self.count.borrow()
    }
}

fn parse(digits: &[u8]) -> io::Result<usize> {
    let number = std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok());
    number.filter(|count| *count <= MAX_BYTES).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

async fn exactly(stream: &mut (impl AsyncBufRead + Unpin), count: usize) -> io::Result<Vec<u8>> {
    let mut message = vec![0; count];
    stream.read_exact(&mut message).await?;
    Ok(message)
}
