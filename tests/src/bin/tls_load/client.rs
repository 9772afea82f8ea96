//! The clients: each connection is made anew, and asked over HTTP/1.1.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::message::Head;
use crate::server::noise;
use crate::{Words, certificates};

const READ_BYTES: usize = 64 << 10;

/// Where to, and as whom.
pub struct Client {
    address: String,
    name: String,
    header: String,
    connector: TlsConnector,
}

/// A connection that can be asked.
pub struct Connection(BufReader<TlsStream<TcpStream>>);

impl Client {
    pub fn new(words: &Words) -> Self {
        let mut roots = RootCertStore::empty();
        for authority in certificates(Path::new(words.needed("--authority"))) {
            roots.add(authority).expect("an authority's certificate");
        }
        let config = ClientConfig::builder_with_provider(words.provider())
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_root_certificates(roots);
        let mut config = match words.identity() {
            Some((chain, key)) => config.with_client_auth_cert(chain, key).expect("a client certificate"),
            None => config.with_no_client_auth(),
        };
        config.resumption = Resumption::disabled();
        Self {
            address: words.needed("--connect").to_owned(),
            name: words.needed("--name").to_owned(),
            header: words.text("--header").map(|line| format!("{line}\r\n")).unwrap_or_default(),
            connector: TlsConnector::from(Arc::new(config)),
        }
    }

    async fn connect(&self) -> Connection {
        let stream = TcpStream::connect(&self.address).await.expect("it listens");
        stream.set_nodelay(true).expect("Nagle's algorithm can be turned off");
        let name = ServerName::try_from(self.name.clone()).expect("--name is a host name");
        let stream = self.connector.connect(name, stream).await.expect("the handshake");
        Connection(BufReader::with_capacity(READ_BYTES, stream))
    }

    fn head(&self, first: &str, length: Option<u64>) -> String {
        let length = length.map(|bytes| format!("content-length: {bytes}\r\n")).unwrap_or_default();
        format!("{first} HTTP/1.1\r\nhost: {}\r\n{}{length}\r\n", self.name, self.header)
    }

    /// One answer of so many bytes, from the connection's beginning on: how many came.
    pub async fn down(&self, bytes: u64) -> u64 {
        let mut connection = self.connect().await;
        connection.asks(&self.head(&format!("GET /bytes/{bytes}"), None)).await
    }

    /// One request of so many bytes, to the last byte of its answer: how many went.
    pub async fn up(&self, bytes: u64) -> u64 {
        let mut connection = self.connect().await;
        let stream = connection.0.get_mut();
        let (noise, mut left) = (noise(), bytes);
        stream.write_all(self.head("PUT /", Some(bytes)).as_bytes()).await.expect("the request goes out");
        while left > 0 {
            let piece = usize::try_from(left).unwrap_or(usize::MAX).min(noise.len());
            stream.write_all(&noise[..piece]).await.expect("the request goes out");
            left -= u64::try_from(piece).unwrap_or(left);
        }
        stream.flush().await.expect("the request goes out");
        connection.answer().await;
        bytes
    }

    /// A connection over which one small request has gone.
    pub async fn connect_and_ask(&self) -> Connection {
        let mut connection = self.connect().await;
        connection.asks(&self.head("GET /", None)).await;
        connection
    }

    /// So many small requests, over so many connections at once: how long each took, in milliseconds.
    pub async fn requests(self: Arc<Self>, count: u64, lanes: u64) -> Vec<f64> {
        let next = Arc::new(AtomicU64::new(0));
        let mut all = JoinSet::new();
        for _ in 0..lanes {
            let (client, next) = (Arc::clone(&self), Arc::clone(&next));
            all.spawn(async move {
                let (mut connection, head) = (client.connect_and_ask().await, client.head("GET /", None));
                let mut took = Vec::new();
                while next.fetch_add(1, Ordering::Relaxed) < count {
                    let began = Instant::now();
                    connection.asks(&head).await;
                    took.push(began.elapsed().as_secs_f64() * 1e3);
                }
                took
            });
        }
        all.join_all().await.concat()
    }

    /// So many connections, so many at once: how long each took with one small request, in milliseconds.
    pub async fn handshakes(self: Arc<Self>, count: u64, lanes: u64) -> Vec<f64> {
        let next = Arc::new(AtomicU64::new(0));
        let mut all = JoinSet::new();
        for _ in 0..lanes {
            let (client, next) = (Arc::clone(&self), Arc::clone(&next));
            all.spawn(async move {
                let mut took = Vec::new();
                while next.fetch_add(1, Ordering::Relaxed) < count {
                    let began = Instant::now();
                    drop(client.connect_and_ask().await);
                    took.push(began.elapsed().as_secs_f64() * 1e3);
                }
                took
            });
        }
        all.join_all().await.concat()
    }
}

impl Connection {
    /// How many bytes the answer has.
    async fn asks(&mut self, request: &str) -> u64 {
        let stream = self.0.get_mut();
        stream.write_all(request.as_bytes()).await.expect("the request goes out");
        stream.flush().await.expect("the request goes out");
        self.answer().await
    }

    async fn answer(&mut self) -> u64 {
        let head = Head::read(&mut self.0).await.expect("an answer");
        assert_eq!(head.first.split(' ').nth(1), Some("200"), "{}", head.first);
        head.drain(&mut self.0).await
    }
}
