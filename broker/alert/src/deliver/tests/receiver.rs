//! Small receivers: a collector that reads octet-counted frames, and a web server that answers as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A collector. Dropping it closes its port and every connection, unread bytes and all.
pub(crate) struct Collector {
    pub address: SocketAddr,
    messages: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Collector {
    pub(crate) async fn listen(address: &str) -> Self {
        let listener = bind(address).await;
        let address = listener.local_addr().unwrap();
        let messages = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&messages);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(read_frames(stream, Arc::clone(&kept)));
            }
        });
        Self { address, messages, task }
    }

    pub(crate) async fn listen_tls(config: Arc<ServerConfig>) -> Self {
        Self::listen_tls_at("127.0.0.1:0", config).await
    }

    pub(crate) async fn listen_tls_at(address: &str, config: Arc<ServerConfig>) -> Self {
        let listener = bind(address).await;
        let address = listener.local_addr().unwrap();
        let messages = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&messages);
        let acceptor = TlsAcceptor::from(config);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, kept) = (acceptor.clone(), Arc::clone(&kept));
                connections.spawn(async move {
                    // One side does not take the other: the tests look at what we say about it.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        read_frames(stream, kept).await;
                    }
                });
            }
        });
        Self { address, messages, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("tcp://{}", self.address)
    }

    /// The numbers of the events that arrived, in order of arrival.
    pub(crate) fn sequences(&self) -> Vec<u64> {
        self.messages.lock().unwrap().iter().map(|message| sequence(message)).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Binds as soon as a receiver that was dropped has let go of the port.
async fn bind(address: &str) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(taken) => assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse),
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

async fn read_frames(stream: impl AsyncRead + Unpin, kept: Arc<Mutex<Vec<String>>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut count = Vec::new();
        if reader.read_until(b' ', &mut count).await.is_err() {
            return;
        }
        let Some((b' ', digits)) = count.split_last() else { return };
        let Some(length) = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()) else {
            return;
        };
        let mut message = vec![0; length];
        reader.read_exact(&mut message).await.unwrap();
        kept.lock().unwrap().push(String::from_utf8(message).unwrap());
    }
}

/// The event's number, which the structured data and the body must agree on.
fn sequence(message: &str) -> u64 {
    let (header, body) = message.split_once("] ").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    let sequence = body["metadata"]["sequence"].as_u64().unwrap();
    assert!(header.contains(&format!("sequence=\"{sequence}\"")));
    sequence
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap()
    }

    pub(crate) fn sequence(&self) -> u64 {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        body["data"]["metadata"]["sequence"].as_u64().unwrap()
    }
}

/// A web server that answers with what `answers` holds, last answer for ever.
pub(crate) struct WebServer {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    task: tokio::task::JoinHandle<()>,
}

impl WebServer {
    pub(crate) async fn answering(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        let mut answers: Vec<&str> = answers.iter().rev().copied().collect();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Some(request) = read_request(&mut BufReader::new(stream), &answers).await {
                    kept.lock().unwrap().push(request);
                    if answers.len() > 1 {
                        answers.pop();
                    }
                }
            }
        });
        Self { address, requests, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read_request(reader: &mut BufReader<TcpStream>, answers: &[&str]) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).await.ok()?;
    assert!(line.starts_with("POST /hook HTTP/1.1"), "{line}");
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.ok()?;
    let answer = format!("HTTP/1.1 {}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", answers.last()?);
    reader.get_mut().write_all(answer.as_bytes()).await.ok()?;
    Some(Request { headers, body: String::from_utf8(body).ok()? })
}
